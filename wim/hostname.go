package wim

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// hostName returns the name that a node gets when it is extracted: the stored
// one, or an error if the host's file systems cannot hold that.
func (f *FS) hostName(i int32) (string, error) {
	n := &f.meta.nodes[i]
	units := unitsOf(f.meta.longName(n.dentry))
	name := string(utf16.Decode(units))
	if name != n.name {
		// The path element differs: the name needs a closer look.
		if strings.ContainsRune(name, utf8.RuneError) && !slices.Contains(units, utf8.RuneError) {
			return "", fmt.Errorf("the name has unpaired surrogates, which this system's names cannot hold: %w", ErrUnsupported)
		}
		if pathElement(f.meta.longName(n.dentry)) == name {
			return "", fmt.Errorf("a second entry with the name %q: %w", name, ErrFormat)
		}
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q cannot be a name on this system: %w", name, ErrUnsupported)
	}
	if runtime.GOOS == "windows" && !validOnWindows(name) {
		return "", fmt.Errorf("%q cannot be a name on Windows: %w", name, ErrUnsupported)
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
