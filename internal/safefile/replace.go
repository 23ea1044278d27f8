package safefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Replace makes a file, or a new one in place of one, with what write writes.
// It is synced and gets its name when write has returned nil; until then, and
// after an error, what had the name before is as it was. A symbolic link is
// followed. A new file gets the permissions of the one that it replaces.
//
// An old file that may not be written to is not replaced. It is locked
// meanwhile: the error is ErrLocked if another program has the lock. It is
// ErrReplaced if another program has put a file there meanwhile, and
// [fs.ErrExist] if there was none.
func Replace(name string, write func(*os.File) error) error {
	return ReplaceLocked(name, nil, write)
}

// ReplaceLocked is Replace for one who may have the old file open and locked. On
// Windows, which replaces no file that is open, it closes that.
func ReplaceLocked(name string, locked io.Closer, write func(*os.File) error) error {
	name, old, err := replaced(name)
	if err != nil {
		return err
	}
	if old != nil && locked == nil {
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err == nil {
			defer file.Close()
			locked = file
			err = Lock(file)
		}
		switch {
		case errors.Is(err, fs.ErrPermission):
			return &fs.PathError{Op: "replace", Path: name, Err: fs.ErrPermission}
		case errors.Is(err, ErrLocked):
			return &fs.PathError{Op: "replace", Path: name, Err: err}
		}
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
	if old == nil {
		err = temp.place()
	} else {
		if runtime.GOOS == "windows" && locked != nil {
			locked.Close()
		}
		err = temp.replace(old)
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// replaced returns the name of the file that is to be replaced, with links
// followed, and what it is; nil if there is none.
func replaced(name string) (string, fs.FileInfo, error) {
	old, err := os.Lstat(name)
	if err != nil {
		return name, nil, nil
	}
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
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
	return real, old, err
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

// place gives the file its name, which is no other file's.
func (t *tempFile) place() error {
	err := os.Link(t.Name(), t.final)
	switch {
	case err == nil:
		os.Remove(t.Name())
		return nil
	case !errors.Is(err, fs.ErrExist): // perhaps there are no links
		if _, err = os.Lstat(t.final); err == nil {
			err = fs.ErrExist
		} else if errors.Is(err, fs.ErrNotExist) {
			err = os.Rename(t.Name(), t.final)
		}
	}
	return t.fails("create", err)
}

// replace gives the file its name, which the old file has.
func (t *tempFile) replace(old fs.FileInfo) error {
	now, err := os.Stat(t.final)
	if err == nil && (!os.SameFile(old, now) || now.Size() != old.Size() || !now.ModTime().Equal(old.ModTime())) {
		err = ErrReplaced
	}
	if err == nil {
		err = os.Rename(t.Name(), t.final)
	}
	return t.fails("replace", err)
}

// fails is an error of an operation on the file, with the name that is known
// outside.
func (t *tempFile) fails(op string, err error) error {
	if err == nil {
		return nil
	}
	var link *os.LinkError
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrExist):
		err = fs.ErrExist
	case errors.As(err, &link):
		err = link.Err
	case errors.As(err, &path):
		err = path.Err
	}
	return &fs.PathError{Op: op, Path: t.final, Err: err}
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
