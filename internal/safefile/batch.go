package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A Batch is new files in one directory, which get their names together. The
// zero value is an empty one.
type Batch struct {
	files []batchFile
}

type batchFile struct{ temp, name string }

// Create makes a file with what write writes, and syncs it. It has another name
// until Commit.
func (b *Batch) Create(name string, write func(*os.File) error) error {
	temp, err := createTemp(name, write)
	if err != nil {
		return err
	}
	b.files = append(b.files, batchFile{temp, name})
	return nil
}

// Commit gives the files their names, the first one last. If one of the names is
// taken, or cannot be had, none of the files is left.
func (b *Batch) Commit() error {
	for i, f := range slices.Backward(b.files) {
		_, err := os.Lstat(f.name)
		switch {
		case err == nil:
			err = &fs.PathError{Op: "create", Path: f.name, Err: fs.ErrExist}
		case !errors.Is(err, fs.ErrNotExist):
		default:
			if err = os.Rename(f.temp, f.name); err != nil {
				err = &fs.PathError{Op: "create", Path: f.name, Err: errors.Unwrap(err)}
			}
		}
		if err != nil {
			for _, named := range b.files[i+1:] {
				os.Remove(named.name)
			}
			return err
		}
	}
	if len(b.files) == 0 {
		return nil
	}
	dir := filepath.Dir(b.files[0].name)
	b.files = nil
	return syncDirectory(dir)
}

// Discard removes the files, if they were not committed.
func (b *Batch) Discard() {
	for _, f := range b.files {
		os.Remove(f.temp)
	}
	b.files = nil
}
