package catalog_test

import (
	"fmt"
	"log"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/winver"
)

func Example() {
	c, err := catalog.New([]string{"../../../../../testdata/install.wim"}, winver.DefaultTable())
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range c.Packages() {
		fmt.Println(p.Name, p.Images[0].Status.Update)
	}
	// Output: install.wim KB4577671 2020-10-13
}
