//go:build ignore

// Empty writes a hive without keys to standard output.
package main

import (
	"os"

	"github.com/wimble-go/wimble/internal/regf/regftest"
)

func main() { os.Stdout.Write(regftest.Build(&regftest.Key{Name: "ROOT"}, regftest.Options{})) }
