package safefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace makes a file, or a new one in place of one, with what write writes.
// It is synced and gets its name when write has returned nil; until then, and
// after an error, what had the name before is as it was. A symbolic link is
// followed. A new file gets the permissions of the one that it replaces.
func Replace(name string, write func(*os.File) error) error {
	old, err := os.Lstat(name)
	if err == nil {
		var real string
		if real, err = filepath.EvalSymlinks(name); err == nil {
			old, err = os.Stat(real)
		}
		switch {
		case err != nil:
			if target, linkErr := os.Readlink(name); linkErr == nil {
				var path *fs.PathError
				if errors.As(err, &path) {
					err = path.Err
				}
				err = &fs.PathError{Op: "replace", Path: name, Err: fmt.Errorf("a link to %s: %w", target, err)}
			}
		case old.IsDir():
			err = &fs.PathError{Op: "replace", Path: name, Err: syscall.EISDIR}
		case !old.Mode().IsRegular():
			err = &fs.PathError{Op: "replace", Path: name, Err: errors.New("not a regular file")}
		}
		if err != nil {
			return err
		}
		name = real
	}
	temp, err := createTemp(name, func(file *os.File) error {
		if old != nil {
			file.Chmod(old.Mode().Perm()) // where files have modes
		}
		return write(file)
	})
	if err != nil {
		return err
	}
	if err := temp.sync(); err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // if it is still there
	if err := os.Rename(temp.Name(), name); err != nil {
		return &fs.PathError{Op: "replace", Path: name, Err: errors.Unwrap(err)}
	}
	return syncDirectory(filepath.Dir(name))
}

// A tempFile is a file that is to have a name, in the same directory, and has
// another one until it is whole.
type tempFile struct {
	*os.File
	final string // the name that it is to have
}

// createTemp makes a file with what write writes. After an error there is none.
func createTemp(name string, write func(*os.File) error) (*tempFile, error) {
	temp := filepath.Join(filepath.Dir(name), ".wimble-"+rand.Text()+".tmp")
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	t := &tempFile{file, name}
	if err != nil {
		return nil, t.named(err, temp)
	}
	if err := write(file); err != nil {
		t.abandon()
		return nil, t.named(err, temp)
	}
	return t, nil
}

// sync brings the file to the disk, and closes it. After an error there is
// none.
func (t *tempFile) sync() error {
	err := t.Sync()
	if closeErr := t.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(t.Name())
	}
	return t.named(err, t.Name())
}

// abandon removes the file, which is open still.
func (t *tempFile) abandon() {
	t.Close()
	os.Remove(t.Name())
}

// named is an error of the file, with the name that is known outside.
func (t *tempFile) named(err error, temp string) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) && pathError.Path == temp {
		return &fs.PathError{Op: pathError.Op, Path: t.final, Err: pathError.Err}
	}
	return err
}
