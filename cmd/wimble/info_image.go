package main

import (
	"io"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// printImage prints all that the XML says of one image.
func printImage(w io.Writer, s *session, image *wim.Image, table *winver.Table) error {
	t := newTable(w)
	t.row("File", s.Name)
	for _, row := range describe.ImageRows(image, s.BootIndex() == image.Index, table, today()) {
		t.row(row.Name, row.Value)
	}
	return t.flush()
}
