package safefile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace makes a file, or a new one in place of one, with what write writes. It
// is synced and gets its name when write has returned nil; until then, and after
// an error, what had the name before is as it was. A symbolic link is followed.
// A new file gets the permissions of the one that it replaces.
func Replace(name string, write func(*os.File) error) error {
	old, err := os.Lstat(name)
	if err == nil {
		if name, err = filepath.EvalSymlinks(name); err == nil {
			old, err = os.Stat(name)
		}
		switch {
		case err != nil:
		case old.IsDir():
			err = &fs.PathError{Op: "replace", Path: name, Err: syscall.EISDIR}
		case !old.Mode().IsRegular():
			err = &fs.PathError{Op: "replace", Path: name, Err: errors.New("not a regular file")}
		}
		if err != nil {
			return err
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
	defer os.Remove(temp) // if it is still there
	if err := os.Rename(temp, name); err != nil {
		return &fs.PathError{Op: "replace", Path: name, Err: errors.Unwrap(err)}
	}
	return syncDirectory(filepath.Dir(name))
}

// createTemp makes a file in the directory of a file that has not its name yet,
// with what write writes, and syncs it. After an error there is no file.
func createTemp(name string, write func(*os.File) error) (temp string, err error) {
	temp = filepath.Join(filepath.Dir(name), ".wimble-"+rand.Text()+".tmp")
	defer func() {
		if err == nil {
			return
		}
		os.Remove(temp)
		var pathError *fs.PathError // is to have the name that is known
		if errors.As(err, &pathError) && pathError.Path == temp {
			err = &fs.PathError{Op: pathError.Op, Path: name, Err: pathError.Err}
		}
	}()
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return temp, err
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return temp, err
}
