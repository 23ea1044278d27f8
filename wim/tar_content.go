package wim

import (
	"io/fs"
)

// A tar has one content after the other, so that the order in which the
// contents are stored is the order of the tar: then each chunk is decoded once.
// Three kinds of content do not go that way. Reparse data and named streams
// stand in front of the content of their file, and are read before all. Large
// contents of several files that are no hard links are not kept for the second
// of these: there is another pass over all that have a second one, and so on.
// And a blob that begins inside of another, which only a hostile file has,
// cannot be written while that is. Those come last, each alone.

// tarPass writes contents as they are stored, none of which overlap.
type tarPass struct {
	blobs []*blob
	copy  int // of contents that are too large to be kept, which file to write
}

// filesOf returns the files with a content that are written in one pass.
func (t *tarring) filesOf(b *blob, copy int) []int32 {
	nodes := t.files.contents[b]
	if b.size() > tarCopy {
		nodes = nodes[copy : copy+1]
	}
	return nodes
}

// passesOf is how many passes write the files with a content.
func (t *tarring) passesOf(b *blob) int {
	if b.size() > tarCopy {
		return len(t.files.contents[b])
	}
	return 1
}

// writeContents writes the files that have content.
func (t *tarring) writeContents() error {
	sortAsStored(t.files.blobs)
	var passes []tarPass
	var alone []*blob  // since they overlap others
	var before content // in the passes
	for _, b := range t.files.blobs {
		c, err := b.open()
		if err != nil {
			return err // plan has opened it
		}
		if c.resource == before.resource && c.offset < before.offset+before.size {
			alone = append(alone, b)
			for range t.passesOf(b) {
				t.bulk.expect([]*blob{b})
			}
			continue
		}
		before = c
		for copy := range t.passesOf(b) {
			if copy == len(passes) {
				passes = append(passes, tarPass{copy: copy})
			}
			passes[copy].blobs = append(passes[copy].blobs, b)
		}
	}
	for _, pass := range passes {
		t.bulk.expect(pass.blobs)
	}
	for _, pass := range passes {
		open := func(b *blob) (BlobSink, error) { return t.newSink(b, t.filesOf(b, pass.copy)) }
		if err := t.bulk.runInOrder(t.ctx, pass.blobs, open); err != nil {
			return err
		}
	}
	for _, b := range alone {
		for copy := range t.passesOf(b) {
			sink, err := t.newSink(b, t.filesOf(b, copy))
			if err == nil {
				err = t.bulk.readCached(t.ctx, b, sink)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// tarSink writes one content to the tar, once for each file that has it.
type tarSink struct {
	t     *tarring
	nodes []int32
	keep  bool
	data  []byte // if it is to be kept
}

// newSink writes the header of the first file.
func (t *tarring) newSink(b *blob, nodes []int32) (*tarSink, error) {
	return &tarSink{t: t, nodes: nodes, keep: len(nodes) > 1}, t.writeFileHeader(nodes[0], b.size())
}

func (s *tarSink) path() string { return s.t.tree.meta.pathOf(s.nodes[0]) }

func (s *tarSink) Write(p []byte) (int, error) {
	if s.keep {
		s.data = append(s.data, p...)
	}
	return s.t.tar.Write(p)
}

// finish writes the other files. After an error the header is written already,
// and something of the content may be, so that there is no going on.
func (s *tarSink) Finish(err error) error {
	if err != nil {
		return &fs.PathError{Op: s.t.op, Path: s.path(), Err: err}
	}
	for k, i := range s.nodes {
		if k > 0 {
			if err := s.t.writeFileHeader(i, int64(len(s.data))); err != nil {
				return err
			}
			if _, err := s.t.tar.Write(s.data); err != nil {
				return err
			}
		}
		s.t.again[s.t.tree.meta.nodes[i].parent] = true
		if err := s.t.writeHardLinks(i); err != nil {
			return err
		}
	}
	return nil
}

// maxSmallContents is how much reparse data and how many bytes of named streams
// are kept in memory. What there is more of is read when it is needed, which
// takes longer, but no image in use has more.
const maxSmallContents = 16 << 20

// smallContent is the content of a named stream, or reparse data. It is a
// BlobSink.
type smallContent struct {
	data []byte
	err  error
}

func (s *smallContent) Write(p []byte) (int, error) {
	s.data = append(s.data, p...)
	return len(p), nil
}

func (s *smallContent) Finish(err error) error {
	s.err = err
	return nil
}

// readSmall reads the reparse data and named streams that are to be written.
func (t *tarring) readSmall() error {
	t.small = make(map[*blob]*smallContent)
	var blobs []*blob
	left := int64(maxSmallContents)
	want := func(hash SHA1, limit int64) {
		b, err := t.tree.reader.lookup(hash)
		if err != nil || b == nil || t.small[b] != nil || b.size() > min(limit, left) {
			return
		}
		left -= b.size()
		t.small[b] = new(smallContent)
		blobs = append(blobs, b)
	}
	t.each(func(i int32, n *node) error {
		if n.dentry < 0 {
			return nil
		}
		hashes := t.tree.meta.streamsOf(n)
		want(hashes.reparse, maxReparseData)
		for _, s := range hashes.named {
			want(s.hash, maxTarStream)
		}
		return nil
	})
	t.bulk.expect(blobs)
	return t.bulk.run(t.ctx, blobs, func(b *blob) (BlobSink, error) { return t.small[b], nil })
}

// content returns reparse data or the content of a named stream.
func (t *tarring) content(hash SHA1, limit int64) ([]byte, error) {
	b, err := t.tree.reader.lookup(hash)
	if err != nil {
		return nil, err
	}
	if s := t.small[b]; s != nil {
		return s.data, s.err
	}
	return b.readAll(limit)
}
