package wim

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// plainName returns the stored name of a node as UTF-8, or an error if it is
// not the name of one file in any file system: paths of the [FS] escape such
// names, but what is written out must not be called by another name silently.
func (f *FS) plainName(i int32) (string, error) {
	n := &f.meta.nodes[i]
	units := utf16le.Units(f.meta.longName(n.dentry))
	name := string(utf16.Decode(units))
	switch {
	case name == n.name && !strings.Contains(name, "%u"):
		return name, nil // nearly always
	case strings.ContainsRune(name, utf8.RuneError) && !slices.Contains(units, utf8.RuneError):
		return "", fmt.Errorf("the name has unpaired surrogates, which UTF-8 cannot hold: %w", ErrUnsupported)
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
		return "", fmt.Errorf("%q cannot be a file name: %w", name, ErrUnsupported)
	case f.meta.renamed[n.dentry]:
		return "", formatErrorf("a second entry with the name %q", name)
	}
	return name, nil
}

// maxName is how long file names are at most: in bytes, or in UTF-16 units on
// Windows and macOS.
const maxName = 255

// hostName returns the name that a node gets when it is extracted: the stored
// one, or an error if the host's file systems cannot hold that.
func (f *FS) hostName(i int32) (string, error) {
	name, err := f.plainName(i)
	if err != nil {
		return "", err
	}
	length := len(name)
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		length = len(utf16.Encode([]rune(name)))
	}
	if length > maxName {
		return "", fmt.Errorf("the name is %d long, file names have at most %d on this system: %w", length, maxName, ErrUnsupported)
	}
	if !filepath.IsLocal(name) || runtime.GOOS == "windows" && !validOnWindows(name) {
		return "", fmt.Errorf("%q cannot be a file name on this system: %w", name, ErrUnsupported)
	}
	return name, nil
}

// validOnWindows says whether Win32 takes the name as it is. Device names such
// as CON are refused by filepath.IsLocal there.
func validOnWindows(name string) bool {
	return !strings.ContainsAny(name, `<>:"/\|?*`) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) &&
		!strings.HasSuffix(name, ".") && !strings.HasSuffix(name, " ")
}
