package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// Package is what was found out about a file or a set. It does not change: a
// file that is replaced has a new Package.
type Package struct {
	ID         string // the same as long as the name is
	Name       string // a path below what the catalog was made for, with slashes
	Size       int64  // of all files of a set
	Modified   time.Time
	Generation int   // counts how often the file was read
	Err        error // why it cannot be read; then there is nothing below
	Incomplete bool  // it is being copied or written, or was cut off

	File     describe.File
	Rows     []describe.Row // what is said of the file as a whole
	Images   []*Image
	Warnings []string

	held *media.Images // for what a newer one says to have changed; nil if it was never whole
}

// Image is an image of a package.
type Image struct {
	*wim.Image // without its tree
	Boots      bool
	Status     winver.Status // of its version; zero for what is no Windows
}

// Image returns an image by its index, nil if there is none.
func (p *Package) Image(index int) *Image {
	if index < 1 || index > len(p.Images) {
		return nil
	}
	return p.Images[index-1]
}

// idOf names a package in URLs.
func idOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:6])
}

// describeFiles makes a package of what is known of its files.
func describeFiles(f *found) *Package {
	p := &Package{ID: idOf(f.name), Name: f.name}
	for _, file := range f.files {
		p.Size += file.Size
		if file.Modified.After(p.Modified) {
			p.Modified = file.Modified
		}
	}
	return p
}

var errIncomplete = errors.New("it is being copied or written, or that did not finish")

// newIncomplete is a package that is not whole yet.
func newIncomplete(f *found, table *winver.Table) *Package {
	p := describeFiles(f)
	p.Err, p.Incomplete = newPackage(f, table).Err, true
	if p.Err == nil || errors.Is(p.Err, wim.ErrChanged) {
		p.Err = errIncomplete
	}
	return p
}

// newPackage reads what a file says.
func newPackage(f *found, table *winver.Table) *Package {
	p := describeFiles(f)
	opened, err := openFiles(f)
	if err != nil {
		p.Err, p.held = err, &media.Images{Err: err}
		return p
	}
	defer opened.Close()
	r := opened.reader
	p.held = media.NewImages(r, p.Size)
	missing := r.MissingBytes()
	if len(r.MissingParts()) > 0 {
		missing = 0 // that is said already
	}
	p.File = describe.NewFile(f.name, r, missing, table)
	p.Rows = describe.FileRows(f.name, r, missing)
	for _, w := range r.Warnings() {
		p.Warnings = append(p.Warnings, w.Error())
	}
	for _, image := range r.Images {
		i := &Image{Image: &wim.Image{Index: image.Index, Info: image.Info}, Boots: r.BootIndex() == image.Index}
		if w := image.Info.Windows; w != nil {
			i.Status = describe.StatusOf(w, table)
		}
		p.Images = append(p.Images, i)
	}
	return p
}
