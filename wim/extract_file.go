package wim

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"
)

// newFile is a file that is being written, under a temporary name beside its
// place, or a stream of a file that is in its place.
type newFile struct {
	*os.File
	destination
	temp string // of a file
}

// tempName returns a name that no other file has.
func (x *extraction) tempName() string {
	return ".wimble-" + x.token + "-" + strconv.FormatInt(x.temps.Add(1), 36) + ".tmp"
}

// create makes the temporary file for a file, or a stream.
func (x *extraction) create(at destination) (file *newFile, err error) {
	if err := context.Cause(x.ctx); err != nil {
		return nil, err
	}
	file = &newFile{destination: at}
	err = at.tree.in(at.node, func(dir *os.Root, name string) error {
		if at.stream != "" {
			file.File, err = x.host.createStream(dir, name, at.stream)
			return err
		}
		file.temp = x.tempName()
		file.File, err = dir.OpenFile(file.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, at.tree.createMode(at.node))
		return err
	})
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.writing[file] = true
	return file, nil
}

// discard removes a file that was not completed.
func (x *extraction) discard(file *newFile) error {
	x.forget(file)
	if file.stream != "" {
		defer file.Close()
		return x.host.removeStream(file.File)
	}
	file.Close()
	return file.tree.in(file.node, func(dir *os.Root, _ string) error { return dir.Remove(file.temp) })
}

func (x *extraction) forget(file *newFile) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.writing, file)
}

// discardAll removes what an extraction that was ended left half written.
func (x *extraction) discardAll() {
	for file := range x.writing {
		x.discard(file)
	}
}

// complete gives a written file its mode, time and name. Where there is a
// metadataHost it is that which sets mode and time, once nothing else is to be
// done with the file.
func (x *extraction) complete(file *newFile) error {
	if file.stream != "" {
		x.forget(file)
		return file.Close()
	}
	info := file.tree.tree.info(file.node)
	err := file.tree.in(file.node, func(dir *os.Root, name string) error {
		var err error
		if x.host == nil && x.unixData && file.tree.tree.hasUnixData(file.node) {
			err = file.Chmod(extractedMode(info))
		}
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err == nil && x.host == nil {
			err = setTime(dir, file.temp, info)
		}
		if err == nil {
			x.naming.Lock()
			defer x.naming.Unlock()
			if err = file.tree.checkName(file.node, dir, name); err != nil {
				return err
			}
			err = dir.Rename(file.temp, name)
		}
		if err != nil && x.host != nil && makeWay(dir, name) == nil {
			err = dir.Rename(file.temp, name) // Windows does not replace what is read-only
		}
		return err
	})
	if errors.Is(err, errAlias) {
		file.problem(errAlias)
		return x.discard(file)
	}
	if err != nil {
		return err
	}
	x.forget(file)
	x.mu.Lock()
	x.report.Files++
	x.mu.Unlock()
	return nil
}

// createMode is what a file is made with: the permissions that it has in the
// end, of which the umask takes some. An open file can be written whatever its
// mode is.
func (x *extractedTree) createMode(i int32) fs.FileMode {
	info := x.tree.info(i)
	switch {
	case x.host != nil:
		return 0o666
	case x.tree.hasUnixData(i):
		return info.Mode().Perm()
	case info.Mode()&0o200 == 0:
		return 0o444
	}
	return 0o666
}

// extractedMode returns the mode of an extracted file or directory. Owners are
// not restored, and a program that runs as its owner must not become one that
// runs as whoever extracts it.
func extractedMode(info fs.FileInfo) fs.FileMode {
	return info.Mode() &^ (fs.ModeSetuid | fs.ModeSetgid)
}

func setTime(dir *os.Root, name string, info fs.FileInfo) error {
	modified := info.ModTime()
	switch {
	case modified.IsZero():
		return nil
	case !time.Unix(0, modified.UnixNano()).Equal(modified): // package os knows the years 1678 to 2262
		return setLinkTime(dir, name, modified)
	}
	return dir.Chtimes(name, time.Time{}, modified)
}

// fileSink writes one content to the first of the files or streams that have
// it, and copies that to the others. If some are deep down, the first is a
// staged one.
type fileSink struct {
	x      *extraction
	file   *newFile // nil if the host has no place for the content
	copies []destination
	deep   []destination
	name   string // in progress reports
	bytes  int64
}

func (x *extraction) newFileSink(places []destination) (*fileSink, error) {
	s := &fileSink{x: x, name: places[0].path()}
	if near, deep := byDepth(places); deep != nil {
		s.copies, s.deep = near, deep
		var err error
		s.file, err = x.stage(deep[0].tree)
		return s, err
	}
	for s.file == nil && len(places) > 0 {
		var err error
		if s.file, err = x.createAt(places[0]); err != nil {
			return nil, err
		}
		places = places[1:]
	}
	s.copies = places
	return s, nil
}

// createAt is like create, but returns no file if the host refuses a named
// stream, which is then reported as not restored.
func (x *extraction) createAt(at destination) (*newFile, error) {
	file, err := x.create(at)
	if err != nil && at.stream != "" {
		at.tree.lostStream(at.node)
		return nil, nil
	}
	return file, err
}

func (s *fileSink) path() string { return s.name }

func (s *fileSink) Write(p []byte) (int, error) {
	s.bytes += int64(len(p))
	if s.file == nil {
		return len(p), nil
	}
	n, err := s.file.Write(p)
	if err != nil {
		err = s.file.targetError(err)
	}
	return n, err
}

func (s *fileSink) Finish(err error) error {
	x := s.x
	if s.file == nil {
		return nil
	}
	if err != nil {
		if s.deep == nil {
			s.file.problem(err)
		}
		for _, to := range slices.Concat(s.copies, s.deep) {
			to.problem(err)
		}
		return x.discard(s.file)
	}
	written := int64(0)
	if s.deep == nil {
		written = s.bytes
	}
	for _, to := range s.copies {
		n, err := x.copy(s.file, to)
		if err != nil {
			return err
		}
		written += n
	}
	if s.deep != nil {
		x.keepStaged(s.file, s.deep)
	} else if err := x.complete(s.file); err != nil {
		return err
	}
	x.mu.Lock()
	x.report.Bytes += written
	x.mu.Unlock()
	return nil
}

// copyStep is how many bytes are copied before the context is looked at.
const copyStep = 16 << 20

// copy writes a file that has the content of one that was just written.
func (x *extraction) copy(from *newFile, to destination) (written int64, err error) {
	file, err := x.createAt(to)
	if file == nil {
		return 0, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	for {
		n, err := file.ReadFrom(io.LimitReader(from.File, copyStep))
		written += n
		if err == nil {
			err = context.Cause(x.ctx)
		}
		if err != nil {
			return 0, to.targetError(err)
		}
		if n < copyStep {
			return written, x.complete(file)
		}
	}
}
