package wim

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// editContent is a content of a node: new, or one that the image has.
type editContent struct {
	blob *newBlob // nil if the hash is that of a stored one
	hash SHA1     // zero for an empty content
}

// sha1 is the SHA-1, zero as long as it is not known.
func (c editContent) sha1() SHA1 {
	if c.blob != nil {
		return c.blob.hash()
	}
	return c.hash
}

// sizeOf is -1 when the content is in none of the given files.
func (e *Edit) sizeOf(c editContent) int64 {
	if c.blob != nil {
		return c.blob.stored().size
	}
	return e.base.sizeOf(c.hash)
}

// open opens a content.
func (e *Edit) open(c editContent) (io.ReadCloser, error) {
	var b *blob
	switch {
	case c.blob == nil:
		var err error
		if b, err = e.base.reader.lookup(c.hash); err != nil {
			return nil, err
		}
	case c.blob.source != nil:
		return c.blob.source.open()
	default:
		b = c.blob.from
	}
	opened, err := b.open()
	if err != nil {
		return nil, err
	}
	return io.NopCloser(newBlobReader(opened)), nil
}

// editStreams are the contents of a node.
type editStreams struct {
	data, reparse       editContent
	hasData, hasReparse bool
	named               []namedContent
}

// namedContent is a named stream.
type namedContent struct {
	editContent
	name  []byte // UTF-16LE
	entry int    // the index of its stream entry
}

// find finds a named stream, exactly or else without regard to case. It returns
// -1 if there is none.
func (s *editStreams) find(stream string) int {
	found := -1
	for k := range s.named {
		if name := utf16le.Decode(s.named[k].name); name == stream {
			return k
		} else if found < 0 && utf16le.Fold(name) == utf16le.Fold(stream) {
			found = k
		}
	}
	return found
}

// contentAt is the content of a stream entry, or that of the dentry for -1.
// Where there is no blob the hash that is stored counts.
func (n *draftNode) contentAt(slot int) editContent {
	if slot < 0 {
		return editContent{n.content, n.Dentry.Hash}
	}
	return editContent{n.streams[slot], n.Streams[slot].Hash}
}

// slotHash stands for the content of a slot, while contents are sorted out: the
// hashes of new ones are not known.
func slotHash(slot int) SHA1 { return SHA1{0: 1, 1: byte(slot >> 8), 2: byte(slot)} }

// streamsOf sorts out the contents of a node.
func (e *Edit) streamsOf(i int32) editStreams {
	n := e.nodes[i].draft
	if n == nil {
		hashes := e.base.meta.streamsOf(&e.base.meta.nodes[i])
		s := editStreams{
			data: editContent{hash: hashes.data}, hasData: hashes.hasData,
			reparse: editContent{hash: hashes.reparse}, hasReparse: hashes.hasReparse,
		}
		for _, h := range hashes.named {
			s.named = append(s.named, namedContent{editContent: editContent{hash: h.hash}, name: h.name})
		}
		return s
	}
	of := func(h SHA1) editContent {
		if h.IsZero() {
			return editContent{}
		}
		return n.contentAt(int(h[1])<<8 + int(h[2]) - 1)
	}
	coded := func(slot int) (h SHA1) {
		if n.contentAt(slot) != (editContent{}) {
			h = slotHash(slot + 1)
		}
		return h
	}
	d := n.Dentry
	d.Hash = coded(-1)
	named := 0
	hashes := sortStreams(&d, func(yield func(wimfile.StreamEntry) bool) {
		for k, entry := range n.Streams {
			entry.Hash = coded(k)
			if !yield(entry) {
				return
			}
		}
	})
	s := editStreams{data: of(hashes.data), hasData: hashes.hasData, reparse: of(hashes.reparse), hasReparse: hashes.hasReparse}
	for _, h := range hashes.named {
		for len(n.Streams[named].Name) == 0 {
			named++
		}
		s.named = append(s.named, namedContent{of(h.hash), h.name, named})
		named++
	}
	return s
}

// contents yields the contents of a node that are not empty.
func (e *Edit) contents(i int32) iter.Seq[editContent] {
	return func(yield func(editContent) bool) {
		s := e.streamsOf(i)
		if s.hasReparse && s.reparse != (editContent{}) && !yield(s.reparse) {
			return
		}
		if s.hasData && s.data != (editContent{}) && !yield(s.data) {
			return
		}
		for _, n := range s.named {
			if n.editContent != (editContent{}) && !yield(n.editContent) {
				return
			}
		}
	}
}

// SetStream gives a file or directory a named stream, or replaces the content
// of one. It is a stream of the file under all names that this has.
func (e *Edit) SetStream(name, stream string, data []byte) error {
	return e.putStream(name, stream, func() (*newBlob, error) {
		if len(data) == 0 {
			return nil, nil
		}
		return e.writer.blobs.addBytes(name+":"+stream, slices.Clone(data)), nil
	})
}

// AddStream is SetStream with the content of a file, which is read when the
// image is written.
func (e *Edit) AddStream(fsys fs.FS, src, name, stream string) error {
	return e.putStream(name, stream, func() (*newBlob, error) {
		info, err := fs.Stat(fsys, src)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, &fs.PathError{Op: "open", Path: src, Err: errNoContent}
		}
		if info.Size() == 0 {
			return nil, nil
		}
		return newSource(src, info.Size(), func() (io.ReadCloser, error) { return fsys.Open(src) }), nil
	})
}

var errNoContent error = &kindError{"not a regular file", fs.ErrInvalid}

func (e *Edit) putStream(name, stream string, content func() (*newBlob, error)) error {
	fail := func(err error) error { return &fs.PathError{Op: "setstream", Path: name + ":" + stream, Err: err} }
	stored, err := newStreamName(stream)
	if err != nil {
		return fail(err)
	}
	i, err := e.find(name)
	switch {
	case err != nil:
		return fail(err)
	case e.attributes(i)&AttributeEncrypted != 0:
		return fail(errEncryptedStreams)
	}
	names := e.linked(i)
	for _, k := range names {
		if count := e.streamCount(k); count > maxStreams {
			return fail(fmt.Errorf("%s has %d streams, there can be no more: %w", e.pathOf(k), count, ErrLimit))
		}
	}
	blob, err := content()
	if err != nil {
		return err
	}
	for _, k := range names {
		e.setStream(k, stream, stored, blob)
	}
	e.markChanged()
	return nil
}

var errEncryptedStreams error = &kindError{"the file is encrypted, with all its streams", ErrUnsupported}

// RemoveStream takes a named stream from a file or directory.
func (e *Edit) RemoveStream(name, stream string) error {
	i, err := e.find(name)
	if err == nil {
		if streams := e.streamsOf(i); streams.find(stream) < 0 {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		return &fs.PathError{Op: "removestream", Path: name + ":" + stream, Err: err}
	}
	for _, i := range e.linked(i) {
		n := e.edited(i)
		streams := e.streamsOf(i)
		if k := streams.find(stream); k >= 0 {
			slot := streams.named[k].entry
			n.Streams, n.streams = slices.Delete(n.Streams, slot, slot+1), slices.Delete(n.streams, slot, slot+1)
		}
	}
	e.markChanged()
	return nil
}

// maxStreams is how many stream entries a node may have that gets one more,
// with those that the unnamed streams may need: their number has 16 bits.
const maxStreams = 0xFFFF - 3

// streamCount is the number of stream entries of a node.
func (e *Edit) streamCount(i int32) int {
	if draft := e.nodes[i].draft; draft != nil {
		return len(draft.Streams)
	}
	d := e.dentry(i)
	return int(d.StreamCount)
}

// newStreamName converts the name of a stream to what is stored.
func newStreamName(stream string) ([]byte, error) {
	name, err := nameOf(stream)
	if err == nil && strings.Contains(stream, ":") {
		err = fmt.Errorf("a stream named %q: %w", stream, fs.ErrInvalid)
	}
	return name, err
}

// setStream sets a named stream of a node (WIM format sheet, section 8.4).
func (e *Edit) setStream(i int32, stream string, stored []byte, blob *newBlob) {
	n := e.edited(i)
	streams := e.streamsOf(i)
	if k := streams.find(stream); k >= 0 {
		slot := streams.named[k].entry
		n.Streams[slot].Hash, n.streams[slot] = SHA1{}, blob
		return
	}
	add := func(name []byte, c editContent) {
		entry := wimfile.NewStreamEntry(name, c.hash)
		n.Streams, n.streams = append(n.Streams, entry), append(n.streams, c.blob)
	}
	if len(n.Streams) == 0 && Attributes(n.Dentry.Attributes)&AttributeDirectory == 0 {
		// All are entries then, the reparse data first.
		add(nil, n.contentAt(-1))
		if streams.hasReparse {
			add(nil, editContent{})
		}
		n.content, n.Dentry.Hash = nil, SHA1{}
	}
	add(stored, editContent{blob: blob})
}
