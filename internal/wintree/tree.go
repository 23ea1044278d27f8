package wintree

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/regf"
)

var _ regf.Scattered = (*Source)(nil)

const (
	// maxWholeFile is how large a file may be that can only be read from its
	// start: it has to be held in memory. Today's SOFTWARE hives have 60 to
	// 120 MB.
	maxWholeFile = 256 << 20

	// maxLinks is how many links a path may lead through.
	maxLinks = 40

	// maxRoots is how many directories of the root are looked at to find the
	// system root.
	maxRoots = 1024
)

// Tree finds files as Windows does, without regard to case. The names looked
// for are ASCII, so only ASCII letters are folded. It follows links itself
// where the file system can tell them, so that what a path costs is known.
type Tree struct {
	fsys     fs.FS
	links    fs.ReadLinkFS            // fsys, nil if it tells no links
	lists    map[string][]fs.DirEntry // directories that were listed
	followed map[string]string        // the targets of links
	Work     *Budget                  // pays for what is done from now on
}

// New returns the tree of a file system.
func New(fsys fs.FS, work *Budget) *Tree {
	t := &Tree{fsys: fsys, lists: make(map[string][]fs.DirEntry), followed: make(map[string]string), Work: work}
	t.links, _ = fsys.(fs.ReadLinkFS)
	return t
}

// Find returns the path of an existing file or directory, spelled as the tree
// has it, and without links in it.
func (t *Tree) Find(name string) (string, error) {
	found, links := ".", 0
	for name != "" {
		if err := t.Work.Spend(1 + len(found)/stepPath); err != nil {
			return "", err
		}
		var element string
		switch element, name, _ = strings.Cut(name, "/"); element {
		case "", ".":
			continue
		case "..":
			if found == "." {
				return "", OfKind(errors.New("a link leads out of the tree"), fs.ErrNotExist)
			}
			found = path.Dir(found)
			continue
		}
		child, mode, err := t.child(found, element)
		if err != nil {
			return "", err
		}
		if mode&fs.ModeSymlink != 0 && t.links != nil {
			if links++; links > maxLinks {
				return "", OfKind(errors.New("too many levels of links"), fs.ErrNotExist)
			}
			target, err := t.followLink(child)
			if err != nil {
				return "", err
			}
			if strings.HasPrefix(target, "/") {
				found = "."
			}
			name = strings.TrimSuffix(target+"/"+name, "/")
			continue
		}
		if name != "" && !mode.IsDir() {
			return "", fs.ErrNotExist
		}
		found = child
	}
	return found, nil
}

// followLink returns the target of a link.
func (t *Tree) followLink(name string) (string, error) {
	if target, ok := t.followed[name]; ok {
		return target, nil
	}
	if err := t.Work.Spend(stepsOfLink); err != nil {
		return "", err
	}
	target, err := t.links.ReadLink(name)
	if err != nil {
		return "", WithoutPath(err)
	}
	if strings.HasPrefix(target, "//") {
		return "", OfKind(errors.New("a link leads out of the tree"), fs.ErrNotExist)
	}
	t.followed[name] = target
	return target, nil
}

// child finds a name in a directory, given by its exact path.
func (t *Tree) child(directory, name string) (string, fs.FileMode, error) {
	exact := path.Join(directory, name)
	mode, err := t.mode(exact)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return exact, mode, err
	}
	entries, err := t.List(directory)
	if err == nil {
		err = t.Work.Spend(len(entries)) // they are looked through
	}
	if err != nil {
		return "", 0, err
	}
	for _, entry := range entries {
		if SameName(entry.Name(), name) {
			exact = path.Join(directory, entry.Name())
			mode, err = t.mode(exact)
			return exact, mode, err
		}
	}
	return "", 0, fs.ErrNotExist
}

// mode tells what a path is: a link itself, where links can be told.
func (t *Tree) mode(name string) (fs.FileMode, error) {
	var info fs.FileInfo
	var err error
	if t.links != nil {
		info, err = t.links.Lstat(name)
	} else {
		info, err = fs.Stat(t.fsys, name)
	}
	if err != nil {
		return 0, WithoutPath(err)
	}
	return info.Mode(), nil
}

// List returns what is in a directory, given by its exact path, sorted by name.
func (t *Tree) List(directory string) ([]fs.DirEntry, error) {
	if entries, ok := t.lists[directory]; ok {
		return entries, nil
	}
	file, err := t.fsys.Open(directory)
	if err != nil {
		return nil, WithoutPath(err)
	}
	defer file.Close()
	read := func(int) ([]fs.DirEntry, error) {
		all, err := fs.ReadDir(t.fsys, directory)
		return all, cmp.Or(err, io.EOF)
	}
	if file, ok := file.(fs.ReadDirFile); ok {
		read = file.ReadDir // some at a time, so that a long list ends with the budget
	}
	var entries []fs.DirEntry
	for err == nil {
		var more []fs.DirEntry
		more, err = read(1024)
		if over := t.Work.Spend(1 + len(more)); over != nil {
			return nil, over
		}
		entries = append(entries, more...)
	}
	if err != io.EOF && len(entries) == 0 {
		return nil, WithoutPath(err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	t.lists[directory] = entries
	return entries, nil
}

// forget drops the lists of all directories but the root.
func (t *Tree) forget() {
	maps.DeleteFunc(t.lists, func(directory string, _ []fs.DirEntry) bool { return directory != "." })
}

func SameName(a, b string) bool {
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

// SystemRoot finds the directory that Windows is installed in: of the root's
// directories the one that has most of the files below, the one called
// "Windows" if several have as many (WIM format sheet, section 12.4; the kernel
// is ours, for trees that somebody has thinned out).
func (t *Tree) SystemRoot() (string, error) {
	entries, err := t.List(".")
	if err != nil {
		return "", err
	}
	marks := []string{"kernel32.dll", "config/SOFTWARE", "config/SYSTEM", "ntoskrnl.exe"}
	best, bestScore, looked := "", 0, 0
	consider := func(name string) {
		defer t.forget()
		system, err := t.Find(path.Join(name, "System32"))
		if err != nil {
			return
		}
		score := 0
		for _, mark := range marks {
			if _, err := t.Find(path.Join(system, mark)); err == nil {
				score++
			}
		}
		if score > bestScore {
			best, bestScore = name, score
		}
	}
	for _, isWindows := range []bool{true, false} {
		for _, entry := range entries {
			if !entry.IsDir() || SameName(entry.Name(), "Windows") != isWindows {
				continue
			}
			if looked++; bestScore == len(marks) || looked > maxRoots {
				break
			}
			consider(entry.Name())
		}
	}
	if t.Work.over != nil {
		return "", t.Work.over
	}
	if bestScore == 0 {
		return "", OfKind(errors.New("not a Windows image: no directory in the root has System32/kernel32.dll, ntoskrnl.exe there, or a registry in System32/config"), ErrNotWindows)
	}
	return best, nil
}

// Source is an open file for reading at random.
type Source struct {
	reader io.ReaderAt
	Size   int64
	file   fs.File
	work   *Budget
	chunk  int64    // bytes that are decompressed together; 0 if the file does not tell
	recent [2]int64 // the numbers of the chunks that were read last, plus 1
	total  int64    // bytes that were decompressed
}

// chunked is a file that tells what it costs to read some bytes of it, as those
// of package wim do.
type chunked interface{ ChunkSize() int64 }

// ReadAt implements io.ReaderAt, at the expense of the tree's budget.
func (s *Source) ReadAt(p []byte, offset int64) (int, error) {
	if err := s.work.Spend(1 + len(p)/stepBytes + s.decoded(offset, int64(len(p)))); err != nil {
		return 0, err
	}
	n, err := s.reader.ReadAt(p, offset)
	return n, WithoutPath(err)
}

// decoded returns the steps that the decompression for a read takes. What is in
// the two chunks that were read last costs nothing. Where chunks begin is not
// known, so these may be four, which is what package wim keeps.
func (s *Source) decoded(offset, size int64) int {
	if s.chunk <= 0 {
		return 0
	}
	before, steps := s.total, int64(0)
	for number := offset/s.chunk + 1; number <= (offset+size-1)/s.chunk+1 && steps <= int64(s.work.left); number++ {
		if number != s.recent[0] {
			if number != s.recent[1] {
				s.total += s.chunk
				steps = (s.total - before) / stepDecoded
			}
			s.recent[0], s.recent[1] = number, s.recent[0]
		}
	}
	return int(min(steps, math.MaxInt32))
}

// Scattered implements [regf.Scattered]: as much was decompressed as all of the
// file, and the two chunks that cost nothing. So each chunk is decompressed a
// few times at most, whatever order the keys of a hive are in. A file that is
// too large to be held is read in pieces for as long as the budget lasts.
func (s *Source) Scattered() bool {
	return s.Size <= maxWholeFile && s.total > s.Size+2*s.chunk
}

func (s *Source) Close() error { return s.file.Close() }

// Open opens a file, given by its exact path, for reading at random. A file
// that can be read in order only is read whole.
func (t *Tree) Open(name string) (_ *Source, err error) {
	// Before it is opened: opening a named pipe waits for somebody to write to
	// it.
	mode, err := t.mode(name)
	if err == nil {
		err = refuse(mode)
	}
	if err != nil {
		return nil, err
	}
	file, err := t.fsys.Open(name)
	if err != nil {
		return nil, WithoutPath(err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, WithoutPath(err)
	}
	if err := refuse(info.Mode()); err != nil {
		return nil, err
	}
	s := &Source{Size: info.Size(), file: file, work: t.Work}
	if s.Size < 0 {
		return nil, OfKind(errors.New("the content is not there"), fs.ErrNotExist)
	}
	switch file := file.(type) {
	case io.ReaderAt:
		s.reader = file
		if file, ok := file.(chunked); ok {
			s.chunk = file.ChunkSize()
		}
	case io.ReadSeeker:
		s.reader = seekReaderAt{file}
	default:
		data, err := io.ReadAll(io.LimitReader(file, maxWholeFile+1))
		if err != nil {
			return nil, WithoutPath(err)
		}
		if len(data) > maxWholeFile {
			return nil, OfKind(fmt.Errorf("can be read only whole, and has more than %d bytes", maxWholeFile), ErrLimit)
		}
		s.reader, s.Size = bytes.NewReader(data), int64(len(data))
	}
	return s, nil
}

// refuse returns an error for what has no content of its own.
func refuse(mode fs.FileMode) error {
	switch {
	case mode.IsDir():
		return OfKind(errors.New("is a directory, not a file"), ErrFormat)
	case mode&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice|fs.ModeCharDevice) != 0:
		return OfKind(errors.New("is a pipe, a socket or a device, not a file"), ErrFormat)
	}
	return nil
}

// seekReaderAt reads at an offset by seeking. It is for one goroutine.
type seekReaderAt struct{ io.ReadSeeker }

func (r seekReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(r, p)
}
