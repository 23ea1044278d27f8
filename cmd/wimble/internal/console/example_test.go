package console_test

import (
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console"
	"github.com/wimble-go/wimble/winver"
)

func Example() {
	server, err := console.New(console.Config{Paths: []string{"../../../../testdata/install.wim"}, Table: winver.DefaultTable()})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://localhost/api/packages", nil)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"), server.Packages())
	// Output: 200 application/json 1
}
