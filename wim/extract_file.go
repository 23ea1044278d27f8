package wim

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// newFile is a file that is being written, under a temporary name beside its
// place.
type newFile struct {
	*os.File
	destination
	temp string
}

// tempName returns a name that no other file has.
func (x *extraction) tempName() string {
	return ".wimble-" + x.token + "-" + strconv.FormatInt(x.temps.Add(1), 36) + ".tmp"
}

// create makes the temporary file for a node.
func (x *extractedTree) create(i int32) (file *newFile, err error) {
	file = &newFile{destination: destination{x, i}, temp: x.tempName()}
	err = x.in(i, func(dir *os.Root, _ string) error {
		file.File, err = dir.OpenFile(file.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return nil, err
	}
	x.extraction.mu.Lock()
	defer x.extraction.mu.Unlock()
	x.writing[file] = true
	return file, nil
}

// discard removes a file that was not completed.
func (x *extraction) discard(file *newFile) error {
	file.Close()
	x.forget(file)
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

// complete gives a written file its mode, time and name.
func (x *extraction) complete(file *newFile) error {
	info := file.tree.tree.info(file.node)
	err := file.tree.in(file.node, func(dir *os.Root, name string) error {
		var err error
		if info.hasUnixData() {
			err = file.Chmod(info.Mode())
		} else if info.Mode()&0o200 == 0 {
			err = file.Chmod(0o444)
		}
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			err = setTime(dir, file.temp, info)
		}
		if err == nil {
			err = dir.Rename(file.temp, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	x.forget(file)
	x.mu.Lock()
	x.report.Files++
	x.mu.Unlock()
	return nil
}

func setTime(dir *os.Root, name string, info *fileInfo) error {
	modified := info.ModTime()
	if modified.IsZero() {
		return nil
	}
	return dir.Chtimes(name, time.Time{}, modified)
}

// fileSink writes one content to the first of the files that have it, and
// copies that to the others.
type fileSink struct {
	x      *extraction
	file   *newFile
	copies []destination
	bytes  int64
}

func (x *extraction) newFileSink(places []destination) (*fileSink, error) {
	file, err := places[0].tree.create(places[0].node)
	return &fileSink{x: x, file: file, copies: places[1:]}, err
}

func (s *fileSink) path() string { return s.file.tree.pathOf(s.file.node) }

func (s *fileSink) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.bytes += int64(n)
	if err != nil {
		err = fmt.Errorf("extracting %s: %w", s.path(), err)
	}
	return n, err
}

func (s *fileSink) finish(err error) error {
	x := s.x
	if err != nil {
		s.file.tree.problem(s.file.node, err)
		for _, to := range s.copies {
			to.tree.problem(to.node, err)
		}
		return x.discard(s.file)
	}
	if err := x.complete(s.file); err != nil {
		return err
	}
	for _, to := range s.copies {
		if err := x.copy(s.file.destination, to); err != nil {
			return err
		}
	}
	x.mu.Lock()
	x.report.Bytes += s.bytes * int64(1+len(s.copies))
	x.mu.Unlock()
	return nil
}

// copy writes a file that has the content of one that was just written.
func (x *extraction) copy(from, to destination) error {
	return from.tree.in(from.node, func(dir *os.Root, name string) error {
		source, err := dir.Open(name)
		if err != nil {
			return err
		}
		defer source.Close()
		file, err := to.tree.create(to.node)
		if err != nil {
			return err
		}
		if _, err := file.ReadFrom(source); err != nil {
			return err
		}
		return x.complete(file)
	})
}
