package wim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/wimble-go/wimble/internal/sddl"
)

// A StreamFS is a file system whose files have named streams. [Writer.Capture]
// opens with it what the [Entry] of a file lists.
type StreamFS interface {
	fs.FS
	// OpenStream opens a stream of a file or directory itself, not of what a
	// link leads to.
	OpenStream(name, stream string) (fs.File, error)
}

// Capture adds an image with all that is in a file system, such as that of
// [os.DirFS]. It reads directories only; the contents of files are read when
// they are written, most of them once.
//
// Where the Sys method of a [fs.FileInfo] returns an *[Entry], all that this
// says is kept: attributes, times, short name, security descriptor, streams
// (those with names are opened with [StreamFS]), reparse data, hard links,
// object id and Unix data. The contents of an [FS] are copied as they are
// stored. Of other files the image has the name, the time of the last change
// and the content, and of links the target if the file system is an
// [fs.ReadLinkFS]; pipes, devices and sockets are left out.
//
// An entry that cannot be read, whose name Windows does not take, or that
// changes before its content was written, is an error; see [WithSkipUnreadable]
// and [WithRetries].
func (w *Writer) Capture(ctx context.Context, fsys fs.FS, opts ...CaptureOption) (*WriterImage, error) {
	info, err := fs.Stat(fsys, ".")
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "capture", Path: ".", Err: errNotDirectory}
	}
	security, err := sddl.Parse(neutralSecurity)
	if err != nil {
		return nil, err
	}
	c := newCapture(ctx, w, fsys, new(draft), security, opts)
	if err := c.run(".", info); err != nil {
		return nil, err
	}
	w.batch++
	image := &WriterImage{element: newImageElement(w.options.now), draft: c.draft, skipped: c.skipped, excluded: c.excluded, batch: w.batch}
	setWindows(image.element, fsys)
	w.flags |= c.flags
	w.images = append(w.images, image)
	return image, nil
}

// capture is one Capture under way.
type capture struct {
	captureOptions
	ctx     context.Context
	fsys    fs.FS
	image   *FS // fsys, if it is of a WIM file
	blobs   *blobSet
	draft   *draft
	links   map[linkedStream]*newBlob
	skipped []Skipped
	flags   HeaderFlags

	excluded int
}

// neutralSecurity has the administrators own everything.
const neutralSecurity = "O:BAG:BAD:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"

// newCapture returns a capture into a draft. The security descriptor is that of
// entries without one, unless they are of a WIM file.
func newCapture(ctx context.Context, w *Writer, fsys fs.FS, d *draft, security []byte, opts []CaptureOption) *capture {
	c := &capture{
		ctx:   ctx,
		fsys:  fsys,
		blobs: &w.blobs,
		draft: d,
		links: make(map[linkedStream]*newBlob),
	}
	if c.image, _ = fsys.(*FS); c.image == nil {
		c.security = security
	}
	for _, opt := range opts {
		opt.applyCapture(&c.captureOptions)
	}
	return c
}

// linkedStream is a stream of a file that has several names.
type linkedStream struct {
	group  uint64
	stream string
}

// Skipped is an entry that an image lacks, and why.
type Skipped struct {
	Path string // "." for the root
	Err  error
}

// capturedDirectory is a directory whose entries are not in the draft yet.
type capturedDirectory struct {
	node   *draftNode
	path   string
	length int // of the path in UTF-16 units
	below  *exclusionsBelow
}

// run takes a file, or a directory with all that is in it, for the root of the
// draft.
func (c *capture) run(name string, info fs.FileInfo) error {
	if err := c.checkOptions(); err != nil {
		return err
	}
	root, err := c.node(name, info)
	if err != nil {
		return capturePathError(name, err)
	}
	c.draft.root = root
	if c.image != nil {
		c.flags = c.image.reader.Header.Flags & FlagReparseFix
	}
	// Directories are taken in the order of their paths, and so are contents:
	// what is used together is often near to each other then.
	var waiting []capturedDirectory
	if root.Dentry.IsDirectory() {
		waiting = append(waiting, capturedDirectory{node: root, path: name, below: c.exclusions.below()})
	}
	for len(waiting) > 0 {
		if c.ctx.Err() != nil {
			return context.Cause(c.ctx)
		}
		dir := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		entries, err := fs.ReadDir(c.fsys, dir.path)
		if err != nil {
			if err := c.skip(dir.path, err); err != nil {
				return err
			}
		}
		first := len(waiting)
		for _, entry := range entries {
			sub, err := c.add(dir, entry)
			if err != nil {
				return err
			}
			if sub.node != nil {
				waiting = append(waiting, sub)
			}
		}
		for i, k := first, len(waiting)-1; i < k; i, k = i+1, k-1 {
			waiting[i], waiting[k] = waiting[k], waiting[i]
		}
	}
	c.dropSingleLinks()
	return nil
}

// add adds an entry of a directory. If it is a directory itself, its entries
// are to be added.
func (c *capture) add(dir capturedDirectory, entry fs.DirEntry) (sub capturedDirectory, err error) {
	name := entry.Name()
	if dir.path != "." {
		name = dir.path + "/" + name
	}
	below, keep := dir.below.child(entry.Name(), entry.IsDir())
	if !keep {
		c.excluded++
		return sub, nil
	}
	info, err := entry.Info()
	var node *draftNode
	if err == nil {
		node, err = c.node(name, info)
	}
	length := dir.length + 1
	if node != nil {
		length += len(node.Dentry.Name) / 2
		if node.Dentry.IsDirectory() && length > maxPath {
			err = fmt.Errorf("the path has %d characters, more than Windows allows: %w", length, ErrLimit)
		}
	}
	if err != nil {
		return sub, c.skip(name, err)
	}
	dir.node.children = append(dir.node.children, node)
	if node.Dentry.IsDirectory() {
		sub = capturedDirectory{node, name, length, below}
	}
	return sub, nil
}

// skip lists an entry as left out, or returns the error if that is not wanted.
func (c *capture) skip(name string, err error) error {
	if !c.skipUnreadable && !errors.Is(err, errSpecialFile) {
		return capturePathError(name, err)
	}
	c.skipped = append(c.skipped, Skipped{name, err})
	return nil
}

// capturePathError names the path that an error is about, if it does not yet.
func capturePathError(name string, err error) error {
	var has *fs.PathError
	if errors.As(err, &has) {
		return err
	}
	return &fs.PathError{Op: "capture", Path: name, Err: err}
}

// errSpecialFile is why a pipe, a device or a socket is left out.
var errSpecialFile error = &kindError{"a pipe, device or socket, which Windows does not have", ErrUnsupported}

// node makes the node of an entry.
func (c *capture) node(name string, info fs.FileInfo) (*draftNode, error) {
	e, _ := info.Sys().(*Entry)
	if e == nil {
		var err error
		if e, err = c.plainEntry(name, info); err != nil {
			return nil, err
		}
	}
	if e.SecurityDescriptor == nil && c.security != nil {
		with := *e
		with.SecurityDescriptor = c.security
		e = &with
	}
	old := c.unchanged(name, e)
	return c.newNode(name, e, func(content contentName) (*newBlob, error) { return c.blob(name, e, content, old) })
}

// newNode makes the node of an entry, whose path is name.
func (c *capture) newNode(name string, e *Entry, blobOf func(contentName) (*newBlob, error)) (*draftNode, error) {
	var stored []byte
	var err error
	if name != "." {
		if stored, err = e.storedName(); err == nil && c.image == nil {
			err = checkName(stored)
		}
	}
	if err == nil && c.image == nil {
		err = e.checkNames()
	}
	if err != nil {
		return nil, err
	}
	n, err := c.draft.newNode(e, blobOf)
	if err != nil {
		return nil, err
	}
	n.Dentry.Name = stored
	if c.image == nil && e.Reparse != nil && e.Reparse.IsLink() && e.Reparse.Flags&reparseNotFixed == 0 {
		c.flags |= FlagReparseFix
	}
	return n, nil
}

// plainEntry is what a FileInfo without an Entry says.
func (c *capture) plainEntry(name string, info fs.FileInfo) (*Entry, error) {
	at := FiletimeOf(info.ModTime())
	e := &Entry{Name: info.Name(), CreationTime: at, LastAccessTime: at, LastWriteTime: at}
	switch mode := info.Mode(); {
	case mode.IsDir():
		e.Attributes = AttributeDirectory
	case mode.IsRegular():
		e.Attributes = AttributeNormal
		e.Streams = []Stream{{Size: info.Size()}}
	case mode.Type() == fs.ModeSymlink:
		target, err := fs.ReadLink(c.fsys, name)
		if err != nil {
			return nil, err
		}
		e.Attributes = AttributeReparsePoint
		if to, err := fs.Stat(c.fsys, name); err == nil && to.IsDir() {
			e.Attributes |= AttributeDirectory
		}
		if e.Reparse, err = NewSymlink(target); err != nil {
			return nil, err
		}
	default:
		return nil, errSpecialFile
	}
	return e, nil
}

// blob returns the blob of a content of an entry, nil if it is empty.
func (c *capture) blob(name string, e *Entry, content contentName, old *oldStreams) (*newBlob, error) {
	if content.reparse && c.image == nil {
		data, err := e.Reparse.Data()
		if err != nil || len(data) == 0 {
			return nil, err
		}
		if len(data) > maxReparseData {
			return nil, fmt.Errorf("reparse data of %d bytes, Windows takes %d: %w", len(data), maxReparseData, fs.ErrInvalid)
		}
		return c.blobs.addBytes(name, data), nil
	}
	if content.reparse {
		return c.stored(c.image, e.Reparse.SHA1)
	}
	stream := content.stream
	if c.image != nil {
		return c.stored(c.image, e.Stream(stream).SHA1)
	}
	if old != nil {
		return c.stored(c.old, old.entry.Stream(stream).SHA1)
	}
	size := e.Stream(stream).Size
	if size < 0 {
		return nil, fmt.Errorf("stream %q: %w", stream, ErrMissingBlob)
	}
	if size == 0 {
		return nil, nil
	}
	key := linkedStream{e.HardLinkGroup, stream}
	if b := c.links[key]; b != nil && key.group != 0 {
		return b, nil
	}
	path := name // for messages
	var open func() (io.ReadCloser, error)
	if stream == "" {
		open = func() (io.ReadCloser, error) { return c.fsys.Open(name) }
	} else {
		streams, ok := c.fsys.(StreamFS)
		if !ok {
			return nil, fmt.Errorf("stream %q: the file system has no OpenStream to read it with: %w", stream, ErrUnsupported)
		}
		open = func() (io.ReadCloser, error) { return streams.OpenStream(name, stream) }
		path += ":" + stream
	}
	b := newSource(path, size, open)
	b.source.skip, b.source.stream = c.skipUnreadable, stream != ""
	if key.group != 0 {
		c.links[key] = b
	}
	return b, nil
}

// stored returns the blob of a content that an image has.
func (c *capture) stored(image *FS, hash SHA1) (*newBlob, error) {
	b, err := image.reader.lookup(hash)
	if err != nil || b == nil {
		return nil, err
	}
	return c.blobs.add(b), nil
}

// oldStreams is a file of the older image that is the same as the one that is
// captured.
type oldStreams struct{ entry *Entry }

// unchanged finds the file in the older image that an entry is the same as.
func (c *capture) unchanged(name string, e *Entry) *oldStreams {
	if c.old == nil || len(e.Streams) == 0 || c.image != nil {
		return nil
	}
	i, err := c.old.resolve(name, false)
	if err != nil {
		return nil
	}
	old := c.old.entry(i)
	if old.CreationTime != e.CreationTime || old.LastWriteTime != e.LastWriteTime || old.LastAccessTime > e.LastAccessTime ||
		len(old.Streams) != len(e.Streams) {
		return nil
	}
	for _, s := range e.Streams {
		was := old.Stream(s.Name)
		if was == nil || was.Size != s.Size {
			return nil
		}
		if _, err := c.old.reader.available(was.SHA1); err != nil {
			return nil
		}
	}
	return &oldStreams{old}
}

// dropSingleLinks clears the group of files of which only one name was taken.
func (c *capture) dropSingleLinks() {
	names := make(map[uint64]int)
	for n := range c.draft.all() {
		if n.linkGroup() != 0 {
			names[n.linkGroup()]++
		}
	}
	for n := range c.draft.all() {
		if names[n.linkGroup()] == 1 {
			n.Dentry.Link = 0
		}
	}
}

// linkGroup is the hard link group of a node, 0 for none.
func (n *draftNode) linkGroup() uint64 {
	if Attributes(n.Dentry.Attributes)&(AttributeDirectory|AttributeReparsePoint) != 0 {
		return 0
	}
	return n.Dentry.Link
}

func (c *capture) checkOptions() error {
	if c.security == nil {
		return nil
	}
	if _, err := parseSecurityDescriptor(c.security); err != nil {
		return fmt.Errorf("%w: %w", err, ErrOption)
	}
	return nil
}
