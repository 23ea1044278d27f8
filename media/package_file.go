package media

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/wimble-go/wimble/internal/fileid"
)

// PackageFile is a file of a [Package], and what changes when the file does.
type PackageFile struct {
	Path     string
	Size     int64
	Modified time.Time

	info fs.FileInfo // nil for what package os does not tell of
}

func newPackageFile(path string, info fs.FileInfo) PackageFile {
	f := PackageFile{Path: path, Size: info.Size(), Modified: info.ModTime()}
	if fileid.Known(info) {
		f.info = info
	}
	return f
}

// Is tells whether a file that package os tells of is the one of the package,
// and not another that took its name, and whether it has the size and the time
// of modification that it had.
func (f PackageFile) Is(info fs.FileInfo) bool {
	return info.Size() == f.Size && info.ModTime().Equal(f.Modified) && (f.info == nil || os.SameFile(f.info, info))
}

// is is Is for a file as it was at another look.
func (f PackageFile) is(other PackageFile) bool {
	if other.info != nil {
		return f.Path == other.Path && f.Is(other.info)
	}
	return f.Path == other.Path && f.Size == other.Size && f.Modified.Equal(other.Modified)
}

// untouched tells whether nothing at all happened to a file between two looks.
func (f PackageFile) untouched(other PackageFile) bool {
	return f.is(other) && (f.info == nil || other.info == nil || !fileid.Touched(f.info, other.info))
}

// changed tells whether a file is no longer what it was.
func (f PackageFile) changed() bool {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && !f.untouched(newPackageFile(f.Path, info))
}

// untouched tells whether nothing happened to files between two looks.
func untouched(was, now []PackageFile) bool { return slices.EqualFunc(was, now, PackageFile.untouched) }
