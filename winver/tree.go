package winver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

const (
	// maxWholeFile is how large a file may be that can only be read from its
	// start: it has to be held in memory. Today's SOFTWARE hives have 60 to
	// 120 MB.
	maxWholeFile = 256 << 20

	// maxRoots is how many directories of the root are looked at to find the
	// system root.
	maxRoots = 1024
)

// tree finds files as Windows does, without regard to case. The names looked
// for are ASCII, so only ASCII letters are folded.
type tree struct {
	fsys  fs.FS
	lists map[string][]fs.DirEntry // directories that were listed
}

func newTree(fsys fs.FS) *tree { return &tree{fsys, make(map[string][]fs.DirEntry)} }

// find returns the path of an existing file or directory, spelled as the tree
// has it.
func (t *tree) find(name string) (string, error) {
	if _, err := fs.Stat(t.fsys, name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return name, err
	}
	found := "."
	for element := range strings.SplitSeq(name, "/") {
		child, err := t.child(found, element)
		if err != nil {
			return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		found = child
	}
	return found, nil
}

func (t *tree) child(directory, name string) (string, error) {
	exact := path.Join(directory, name)
	if _, err := fs.Stat(t.fsys, exact); err == nil {
		return exact, nil
	}
	entries, err := t.list(directory)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if sameName(entry.Name(), name) {
			return path.Join(directory, entry.Name()), nil
		}
	}
	return "", fs.ErrNotExist
}

// list returns what is in a directory, given by its exact path.
func (t *tree) list(directory string) ([]fs.DirEntry, error) {
	if entries, ok := t.lists[directory]; ok {
		return entries, nil
	}
	entries, err := fs.ReadDir(t.fsys, directory)
	if err != nil && len(entries) == 0 {
		return nil, err
	}
	t.lists[directory] = entries
	return entries, nil
}

func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// systemRoot finds the directory that Windows is installed in: of the root's
// directories the one that has most of the files below, the one called
// "Windows" if several have as many (WIM format sheet, section 12.4; the kernel is
// ours, for trees that somebody has thinned out).
func (t *tree) systemRoot() (string, error) {
	entries, err := t.list(".")
	if err != nil {
		return "", err
	}
	marks := []string{"kernel32.dll", "config/SOFTWARE", "config/SYSTEM", "ntoskrnl.exe"}
	best, bestScore, looked := "", 0, 0
	consider := func(name string) {
		system, err := t.child(name, "System32")
		if err != nil {
			return
		}
		score := 0
		for _, mark := range marks {
			if _, err := t.find(path.Join(system, mark)); err == nil {
				score++
			}
		}
		if score > bestScore {
			best, bestScore = name, score
		}
	}
	for _, isWindows := range []bool{true, false} {
		for _, entry := range entries {
			if !entry.IsDir() || sameName(entry.Name(), "Windows") != isWindows {
				continue
			}
			if looked++; bestScore == len(marks) || looked > maxRoots {
				break
			}
			consider(entry.Name())
		}
	}
	if bestScore == 0 {
		return "", fmt.Errorf("no directory in the root has System32/kernel32.dll, ntoskrnl.exe there, or a registry in System32/config: %w", ErrNotWindows)
	}
	return best, nil
}

// source is an open file for reading at random.
type source struct {
	io.ReaderAt
	size int64
	file fs.File
}

func (s *source) Close() error { return s.file.Close() }

// open opens a file, given by its exact path, for reading at random. A file
// that can be read in order only is read whole.
func (t *tree) open(name string) (_ *source, err error) {
	file, err := t.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	s := &source{size: info.Size(), file: file}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s: is a directory", name)
	case s.size < 0:
		return nil, fmt.Errorf("%s: the content is not there", name)
	}
	switch file := file.(type) {
	case io.ReaderAt:
		s.ReaderAt = file
	case io.ReadSeeker:
		s.ReaderAt = seekReaderAt{file}
	default:
		data, err := io.ReadAll(io.LimitReader(file, maxWholeFile+1))
		if err != nil {
			return nil, err
		}
		if len(data) > maxWholeFile {
			return nil, fmt.Errorf("%s: can be read only whole, and has more than %d bytes", name, maxWholeFile)
		}
		s.ReaderAt, s.size = bytes.NewReader(data), int64(len(data))
	}
	return s, nil
}

// seekReaderAt reads at an offset by seeking. It is for one goroutine.
type seekReaderAt struct{ io.ReadSeeker }

func (r seekReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(r, p)
}
