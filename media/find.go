package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// folders are where installation media have their images, in the order in
// which [Find] looks: media for one architecture, media for several, and the
// folder of the images itself.
var folders = []string{"sources", "x64/sources", "x86/sources", "arm64/sources", "."}

// images are the files that hold them. The images that are installed come
// before the one that installs them.
var images = [][]string{{"install.wim", "install.esd", "install.swm"}, {"reconstruct.wim"}, {"boot.wim"}}

// Find returns the WIM file of the installation media in a folder:
// sources/install.wim, .esd or .swm, the same in x64/sources, x86/sources and
// arm64/sources, or directly in the folder; without any of those, in the same
// places, the Reconstruct.WIM of a recovery drive, or boot.wim. Case does not
// count. The error wraps [fs.ErrNotExist] if there is none.
func Find(dir string) (string, error) {
	name, err := FindFS(hostFolder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: a folder without sources/install.wim, .esd or .swm, and without sources/boot.wim; name a WIM file: %w",
			dir, fs.ErrNotExist)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// FindFS is [Find] for a file system, such as an ISO file that package udf
// opened. It returns a path in it.
func FindFS(fsys fs.FS) (string, error) {
	for _, names := range images {
		for _, folder := range folders {
			for _, name := range names {
				found, err := lookUp(fsys, path.Join(folder, name))
				if !errors.Is(err, fs.ErrNotExist) {
					return found, err
				}
			}
		}
	}
	return "", fmt.Errorf("no sources/install.wim, .esd or .swm, and no boot.wim: %w", fs.ErrNotExist)
}

// lookUp finds a file by its path without regard to case.
func lookUp(fsys fs.FS, name string) (string, error) {
	at := "."
	for element := range strings.SplitSeq(name, "/") {
		exact := path.Join(at, element)
		if _, err := fs.Stat(fsys, exact); err == nil {
			at = exact
			continue
		}
		entries, err := fs.ReadDir(fsys, at)
		i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), element) })
		switch {
		case i >= 0:
		case err == nil, errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrInvalid):
			return "", fs.ErrNotExist
		default:
			return "", err
		}
		at = path.Join(at, entries[i].Name())
	}
	info, err := fs.Stat(fsys, at)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	return at, err
}

// hostFolder has the files below a folder. Unlike those of [os.DirFS], its
// errors have whole names.
type hostFolder string

func (f hostFolder) join(name string) string {
	return filepath.Join(string(f), filepath.FromSlash(name))
}
func (f hostFolder) Open(name string) (fs.File, error)     { return os.Open(f.join(name)) }
func (f hostFolder) Stat(name string) (fs.FileInfo, error) { return os.Stat(f.join(name)) }
func (f hostFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(f.join(name))
}
