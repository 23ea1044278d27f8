package inventory_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/inventory"
)

// A tree is any fs.FS: os.DirFS("/mnt"), or an image of a WIM. The article of a
// cumulative update is not in the name of its package: it comes from the .mum
// file, or, as here, from the table of package winver.
func ExampleRead() {
	hive := &regftest.Key{Name: "ROOT"}
	hive.At(`Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\`+
		`Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6`).
		Set(regftest.DWORD("CurrentState", 0x70), regftest.DWORD("Visibility", 1))
	tree := fstest.MapFS{
		"Windows/System32/config/SOFTWARE": {Data: regftest.Build(hive, regftest.Options{})},
	}
	found, err := inventory.Read(context.Background(), tree)
	if err != nil {
		panic(err)
	}
	for _, update := range found.Updates {
		fmt.Println(update.KB, update.Kind, update.State, update.Released)
	}
	// Output: KB4577671 cumulative Installed 2020-10-13
}
