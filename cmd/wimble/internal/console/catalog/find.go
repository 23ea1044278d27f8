package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
)

// root is one of the paths that a catalog was made for.
type root struct {
	path   string  // absolute, without links in it
	folder bool    // it is one
	label  string  // unlike that of all other roots
	prefix string  // of the names of what is in a folder
	remote *remote // what is at a URL; nil for what is here
}

// newRoots checks paths and gives them labels.
func newRoots(paths []string, options []media.Option) ([]root, error) {
	var roots []root
	labels := map[string]int{}
	for _, path := range paths {
		var r root
		if media.IsURL(path) {
			r.remote = &remote{url: path, options: options}
			r.label = media.DisplayName(path)
		} else {
			absolute, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			if r.path, err = filepath.EvalSymlinks(absolute); err != nil {
				return nil, err
			}
			info, err := os.Stat(r.path)
			if err != nil {
				return nil, err
			}
			r.folder = info.IsDir()
			r.label = filepath.Base(r.path)
		}
		if labels[r.label]++; labels[r.label] > 1 {
			r.label = fmt.Sprintf("%s (%d)", r.label, labels[r.label])
		}
		if len(paths) > 1 {
			r.prefix = r.label + "/"
		}
		roots = append(roots, r)
	}
	return roots, nil
}

// name returns what people see of a package, if it is one of the root.
func (r *root) name(p media.Package) (name string, ok bool) {
	switch {
	case r.remote != nil:
		return "", false
	case r.folder:
		relative, err := filepath.Rel(r.path, p.Path)
		return r.prefix + filepath.ToSlash(relative), err == nil && filepath.IsLocal(relative)
	}
	if inside, ok := strings.CutPrefix(p.Path, r.path); ok && (inside == "" || inside[0] == ':') {
		return r.label + inside, true
	}
	ok = slices.ContainsFunc(p.Files, func(f media.PackageFile) bool { return f.Path == r.path }) // a part of a set
	return r.label, ok
}

// found is a file, or the files of a set, that may be a package.
type found struct {
	name   string // what people see, with slashes
	path   string // what media.Open takes
	files  []media.PackageFile
	inside string  // the path in an ISO file; "" for a file of its own
	remote *remote // what is not here
	err    error   // why it cannot be looked at
}

// find makes of a package of a watcher what was found, nil for what is a link to
// another one.
func (c *Catalog) find(p media.Package) *found {
	for i := range c.roots {
		name, ok := c.roots[i].name(p)
		if !ok {
			continue
		}
		f := &found{name: name, path: p.Path, files: slices.Clone(p.Files)}
		if len(f.files) > 0 {
			inside, isInside := strings.CutPrefix(f.path, f.files[0].Path+":")
			if isInside {
				f.inside = inside
			}
			// Others are opened anew, and that error has no path of this system.
			if errors.Is(p.Err, wim.ErrLimit) || isISO(f.path) {
				f.err = p.Err
			}
		} else {
			f.err = p.Err
		}
		if c.roots[i].folder && !f.resolve(c.roots[i].path) {
			return nil
		}
		return f
	}
	return nil
}

func isISO(path string) bool { return strings.EqualFold(filepath.Ext(path), ".iso") }

// errOutside is the error of a link that leads out of the folder.
var errOutside = fmt.Errorf("a link that leads out of the folder; it is not followed: %w", fs.ErrPermission)

// resolve follows links. It returns false for a link to what is found itself.
func (f *found) resolve(folder string) bool {
	for i := range f.files {
		path := f.files[i].Path
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			f.err = err
			return true
		}
		relative, err := filepath.Rel(folder, target)
		if err != nil || !filepath.IsLocal(relative) {
			f.err = errOutside
			return true
		}
		if target != path && media.HasExtension(target) {
			return false
		}
		f.files[i].Path = target
	}
	return true
}
