package wim

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/sddl"
)

// CaptureTar adds an image with what is in a tar, which may be compressed with
// gzip or zstd. The tar is read when the image is written, once and from
// beginning to end, and so may come from a pipe: contents are compressed in the
// order in which they come, and nothing is kept on a disk in between. Of a tar
// of Windows the registry is kept in memory until its end.
//
// What [Image.WriteTar] has written comes back whole, from its vendor records.
// Of an entry without these the image has what it has of a file of a [Dir]; see
// there about links, devices and [WithUnixData]. Directories that the tar only
// implies are made as of now. Of entries with the same name the last one
// counts, and slashes at the beginning of names do not.
//
// A name that leads out of the tar or through a link, a hard link to nothing, or
// a name that Windows does not take is an error, or listed in the report if
// [WithSkipUnreadable] is given. A tar that has no end is an error in any case, and
// so are sparse entries with many times more bytes than the tar has.
func (w *Writer) CaptureTar(r io.Reader, opts ...CaptureOption) (*WriterImage, error) {
	security, err := sddl.Parse(neutralSecurity)
	if err != nil {
		return nil, err
	}
	c := newCapture(context.Background(), w, nil, new(draft), security, opts) // it gets a context when it runs
	if err := c.checkOptions(); err != nil {
		return nil, err
	}
	if c.old != nil {
		return nil, fmt.Errorf("a tar has to be read in any case, and is no update of an older image: %w", ErrOption)
	}
	w.batch++
	image := &WriterImage{element: newImageElement(w.options.now), batch: w.batch}
	image.late = func(ctx context.Context, put putContent) (*draft, error) {
		t := &tarReading{capture: c, put: put, now: FiletimeOf(w.options.now)}
		c.ctx = ctx
		err := t.run(r)
		var ofTar tarSourceError
		if errors.As(err, &ofTar) {
			if file, ok := r.(interface{ Name() string }); ok {
				err = fmt.Errorf("%s: %w", file.Name(), err)
			}
		}
		image.skipped, image.excluded = c.skipped, c.excluded
		w.flags |= c.flags
		if err == nil {
			setWindows(image.element, tarTree{t.root})
		}
		return c.draft, err
	}
	w.images = append(w.images, image)
	return image, nil
}

// tarReading is one tar on its way into an image.
type tarReading struct {
	*capture
	put    putContent
	now    Filetime
	root   *tarNode
	groups uint64
	memory int64 // that the tree takes, more or less

	contents int64 // that are kept, see keep

	source *countingReader
	holes  int64 // bytes of sparse entries that the tar does not have
}

// tarNode is a name in the tree that a tar makes.
type tarNode struct {
	name      string
	parent    *tarNode
	length    int // of the path in UTF-16 units
	children  map[string]*tarNode
	below     *exclusionsBelow
	file      *tarFile // nil for one that is left out
	shortName string
}

// tarFile is what all names of a file share.
type tarFile struct {
	entry    *Entry
	contents map[contentName]*newBlob
	group    uint64
	kept     *bytes.Buffer // its content, if that tells about Windows
	target   string        // of a symbolic link that comes without reparse data
}

func (f *tarFile) isDirectory() bool {
	return f.entry.Attributes&(AttributeDirectory|AttributeReparsePoint) == AttributeDirectory
}

// maxTarMemory is how much memory the tree of a tar may take, more or less. A
// compressed tar of a few MB may have millions of entries.
const maxTarMemory = 2 << 30

// tarNodeMemory is what an entry takes beside its name and its records.
const tarNodeMemory = 600

func (t *tarReading) run(r io.Reader) error {
	source, err := decompress(r)
	if err != nil {
		return tarSourceError{err}
	}
	defer source.Close()
	counted := &countingReader{r: source}
	t.source = counted
	t.root = &tarNode{below: t.exclusions.below(), file: t.impliedDirectory()}
	for in := tar.NewReader(counted); ; {
		if t.ctx.Err() != nil {
			return context.Cause(t.ctx)
		}
		before := counted.n
		h, err := in.Next()
		if err == io.EOF {
			// What comes before the end of the last entry is padded to 512
			// bytes.
			if counted.n-before < tarBlock {
				return tarSourcef("the tar ends after %d bytes without a mark of its end: it is cut off, or whoever wrote it has failed: %w", counted.n, io.ErrUnexpectedEOF)
			}
			break
		}
		switch {
		case err != nil && before == 0:
			return tarSourcef("it is no tar, nor one that gzip or zstd has compressed: %w", err)
		case err != nil:
			return tarSourcef("tar, after %d bytes: %w", before, err)
		case isSparse(h):
			// What is not read of it is left to Next, which goes over holes.
			if err := t.entry(h, sparseContent{t, in}); err != nil {
				return err
			}
			continue
		}
		if err := t.entry(h, in); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			return capturePathError(h.Name, err)
		}
	}
	// A checksum comes last in a compressed file.
	if _, err := io.CopyN(io.Discard, counted, maxTarTrailer); err != nil && err != io.EOF {
		return tarSourcef("after the end of the tar: %w", err)
	}
	return t.build()
}

const (
	tarBlock = 512
	// maxTarTrailer is how much is read after the end of the tar: zeros up to
	// the size of a record, mostly.
	maxTarTrailer = 64 << 20
)

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// tarSourceError is an error of the tar itself, and not of an entry or of what
// is written.
type tarSourceError struct{ error }

func (e tarSourceError) Unwrap() error { return e.error }

func tarSourcef(format string, args ...any) error {
	return tarSourceError{fmt.Errorf(format, args...)}
}

// tarError is an error of one entry of the tar, which may be left out. All
// others are of the whole tar or of the file that is written.
type tarError struct{ error }

func (e tarError) Unwrap() error { return e.error }

func tarErrorf(format string, args ...any) error { return tarError{fmt.Errorf(format, args...)} }

// entry takes an entry of the tar.
func (t *tarReading) entry(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader, 'V': // comments, and the name of the volume
		return nil
	}
	err := t.take(h, content)
	var of tarError
	if errors.As(err, &of) {
		return t.skip(strings.TrimPrefix(strings.TrimSuffix(h.Name, "/"), "./"), of.error)
	}
	if err != nil {
		return capturePathError(h.Name, err)
	}
	return nil
}

func (t *tarReading) take(h *tar.Header, content io.Reader) error {
	t.memory += tarNodeMemory + int64(len(h.Name)+len(h.Linkname))
	for key, value := range h.PAXRecords {
		t.memory += int64(len(key) + len(value))
	}
	if t.memory > maxTarMemory {
		return fmt.Errorf("the tree of the tar takes more than %d MiB of memory: %w", int64(maxTarMemory)>>20, ErrLimit)
	}
	elements, err := tarElements(h.Name)
	if err != nil {
		return err
	}
	if len(elements) == 0 {
		if h.Typeflag != tar.TypeDir {
			return tarErrorf("the root of the tar is no directory: %w", fs.ErrInvalid)
		}
		file, err := t.file(h, nil)
		if err == nil {
			t.root.file = file
		}
		return err
	}
	dir, err := t.directory(elements[:len(elements)-1])
	if dir == nil || err != nil {
		return err
	}
	name := elements[len(elements)-1]
	old := dir.children[name]
	if old == nil {
		below, keep := dir.below.child(name, h.Typeflag == tar.TypeDir)
		if !keep {
			t.excluded++
			return t.addChild(dir, &tarNode{name: name})
		}
		old = &tarNode{name: name, below: below}
	} else if old.file == nil {
		return nil // which is left out, as it was
	}
	file, err := t.linkedFile(h)
	if file == nil && err == nil {
		file, err = t.file(h, content)
	}
	if err != nil {
		return err
	}
	if old.parent == nil {
		if err := t.addChild(dir, old); err != nil {
			return err
		}
	} else if len(old.children) > 0 && !file.isDirectory() {
		return tarErrorf("a file replaces a directory that is not empty: %w", fs.ErrExist)
	}
	old.file, old.shortName = file, h.PAXRecords[recordShortName]
	return nil
}

// tarElements splits a name. Of an absolute one it takes what follows the root.
func tarElements(name string) ([]string, error) {
	var elements []string
	for element := range strings.SplitSeq(name, "/") {
		switch element {
		case "", ".":
		case "..":
			return nil, tarErrorf("the name %q has the element \"..\": %w", name, fs.ErrInvalid)
		default:
			elements = append(elements, element)
		}
	}
	return elements, nil
}

// addChild puts a node into a directory.
func (t *tarReading) addChild(dir, n *tarNode) error {
	stored, err := (&Entry{Name: n.name}).storedName()
	if err == nil {
		err = checkName(stored)
	}
	n.length = dir.length + 1 + len(stored)/2
	if err == nil && n.length > maxPath {
		err = fmt.Errorf("the path has %d characters, more than Windows allows: %w", n.length, ErrLimit)
	}
	if err != nil {
		return tarError{err}
	}
	if dir.children == nil {
		dir.children = make(map[string]*tarNode)
	}
	n.parent = dir
	dir.children[n.name] = n
	return nil
}

// directory finds a directory, or makes it. It returns nil for one that is left
// out.
func (t *tarReading) directory(elements []string) (*tarNode, error) {
	at := t.root
	for i, name := range elements {
		next := at.children[name]
		if next == nil {
			t.memory += tarNodeMemory + int64(len(name))
			next = &tarNode{name: name, file: t.impliedDirectory()}
			var keep bool
			if next.below, keep = at.below.child(name, true); !keep {
				t.excluded++
				next.file = nil
			}
			if err := t.addChild(at, next); err != nil {
				return nil, err
			}
		}
		if next.file == nil {
			return nil, nil
		}
		if !next.file.isDirectory() {
			return nil, tarErrorf("%q is no directory: %w", strings.Join(elements[:i+1], "/"), fs.ErrInvalid)
		}
		at = next
	}
	return at, nil
}

func (t *tarReading) impliedDirectory() *tarFile {
	e := &Entry{
		Attributes: AttributeDirectory, CreationTime: t.now, LastAccessTime: t.now, LastWriteTime: t.now,
		SecurityDescriptor: t.security,
	}
	if t.unixData {
		e.Unix = &UnixData{Mode: 0o040755}
	}
	return &tarFile{entry: e}
}

// linkedFile returns the file that a hard link leads to, or nil for another
// entry. Symbolic links have one name on Windows: a hard link to one is another
// one like it.
func (t *tarReading) linkedFile(h *tar.Header) (*tarFile, error) {
	if h.Typeflag != tar.TypeLink {
		return nil, nil
	}
	elements, err := tarElements(h.Linkname)
	if err != nil {
		return nil, err
	}
	at := t.root
	for _, name := range elements {
		if at = at.children[name]; at == nil {
			break
		}
	}
	switch {
	case at == nil || at.file == nil:
		return nil, tarErrorf("a hard link to %q, which is not in the image before it: %w", h.Linkname, fs.ErrNotExist)
	case at.file.isDirectory():
		return nil, tarErrorf("a hard link to the directory %q: %w", h.Linkname, fs.ErrInvalid)
	case at.file.group == 0 && at.file.entry.Reparse == nil && at.file.target == "":
		t.groups++
		at.file.group = t.groups
	}
	return at.file, nil
}

// content writes a content.
func (t *tarReading) content(name string, size int64, r io.Reader) (*newBlob, error) {
	if size == 0 {
		return nil, nil
	}
	return t.put(name, size, r)
}

// bytes writes a content that is in memory.
func (t *tarReading) bytes(name string, data []byte) (*newBlob, error) {
	return t.content(name, int64(len(data)), bytes.NewReader(data))
}

// path is the path of a node for messages.
func (n *tarNode) path() string {
	var names []string
	for ; n.parent != nil; n = n.parent {
		names = append(names, n.name)
	}
	slices.Reverse(names)
	return path.Join(names...)
}

// waitingTarNode is a directory whose entries are not in the draft yet.
type waitingTarNode struct {
	from *tarNode
	to   *draftNode
}

// build makes the draft. Directories are taken in the order of their paths.
func (t *tarReading) build() error {
	root, err := t.draftNode(t.root)
	if err != nil {
		return err
	}
	t.draft.root = root
	waiting := []waitingTarNode{{t.root, root}}
	for len(waiting) > 0 {
		if t.ctx.Err() != nil {
			return context.Cause(t.ctx)
		}
		dir := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		first := len(waiting)
		for _, name := range slices.Sorted(maps.Keys(dir.from.children)) {
			child := dir.from.children[name]
			if child.file == nil {
				continue
			}
			n, err := t.draftNode(child)
			if err != nil {
				if err := t.skip(child.path(), err); err != nil {
					return err
				}
				continue
			}
			dir.to.children = append(dir.to.children, n)
			if len(child.children) > 0 {
				waiting = append(waiting, waitingTarNode{child, n})
			}
		}
		slices.Reverse(waiting[first:])
	}
	t.dropSingleLinks()
	return nil
}

// draftNode makes the draft's node of a node.
func (t *tarReading) draftNode(n *tarNode) (*draftNode, error) {
	e := *n.file.entry
	e.Name, e.ShortName = n.name, n.shortName
	e.HardLinkGroup = n.file.group
	if n.file.target != "" {
		if target := t.resolve(n.parent, n.file.target); target != nil && target.file.isDirectory() {
			e.Attributes |= AttributeDirectory
		}
	}
	name := n.name
	if n == t.root {
		name = "."
	}
	return t.newNode(name, &e, func(content contentName) (*newBlob, error) { return n.file.contents[content], nil })
}

// resolve follows the target of a link in a directory through the tree. It
// returns nil where that leads nowhere.
func (t *tarReading) resolve(at *tarNode, target string) *tarNode {
	links, elements := 0, 0
	for rest := target; rest != ""; {
		if rest[0] == '/' {
			at = t.root
		}
		var name string
		name, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if elements++; elements > maxLinkElements {
			return nil
		}
		switch name {
		case "", ".":
			continue
		case "..":
			if at = at.parent; at == nil {
				return nil
			}
			continue
		}
		next := at.children[name]
		switch {
		case next == nil || next.file == nil:
			return nil
		case next.file.target == "":
			at = next
		default:
			if links++; links > maxLinks {
				return nil
			}
			rest = strings.TrimSuffix(next.file.target+"/"+rest, "/")
		}
	}
	return at
}
