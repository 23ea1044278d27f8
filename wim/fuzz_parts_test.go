package wim

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// FuzzXML parses any document.
func FuzzXML(f *testing.F) {
	fixtureSeeds(f, 64<<10, func(data []byte) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			f.Add(r.XML())
		}
	})
	for _, document := range []string{
		"<WIM>" + imageName + "</WIM>", "<!DOCTYPE a [<!ENTITY b 'c'>]><WIM>&b;</WIM>", "<WIM><a b='1'>&#65;</a></WIM>", "</WIM>", "<WIM",
		"<WIM><![CDATA[x]]><ESD><ENCRYPTED/></ESD></WIM>", strings.Repeat("<a>", 60),
	} {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if len(document) > 1<<18 {
			return
		}
		// As it is stored, and as it is parsed.
		text := decodeXML(wimtest.XML(document))
		decodeXML([]byte(document))
		root, err := parseXML(text)
		if root == nil && err == nil {
			t.Fatal("neither a root nor an error")
		}
		elements, attributes := 0, 0
		var walk func(e *Element, depth int)
		walk = func(e *Element, depth int) {
			if depth > maxXMLDepth {
				t.Fatal("too deep")
			}
			elements++
			attributes += len(e.Attributes)
			for _, child := range e.Children {
				walk(child, depth+1)
			}
		}
		if root != nil {
			walk(root, 1)
		}
		if elements+attributes > maxXMLElements {
			t.Fatal("too many elements")
		}
		var warn warnings
		for index, e := range imageElements(root, 3, &warn) {
			if index < 1 || index > 3 {
				t.Fatal("index", index)
			}
			info := imageInfo(e)
			if info.Windows != nil {
				_ = info.Windows.Version.String() + info.Windows.Architecture.String()
			}
		}
		root.Find("ESD/ENCRYPTED")
	})
}

// FuzzMetadata parses any bytes as metadata and looks at each node of the tree.
func FuzzMetadata(f *testing.F) {
	fixtureSeeds(f, 64<<10, func(data []byte) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, image := range r.Images {
			if tree, err := image.FS(); err == nil && len(tree.meta.raw) < 16<<10 {
				f.Add(tree.meta.raw)
			}
		}
	})
	var sane *FS // to compare with
	for _, w := range craftedSeeds() {
		r, err := NewReader(bytes.NewReader(w.Bytes()), int64(len(w.Bytes())))
		if err != nil {
			f.Fatal(err)
		}
		tree, err := r.Images[0].FS()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(tree.meta.raw)
		sane = tree
	}
	empty := emptyReader()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<18 {
			return
		}
		meta, err := parseMetadata(raw)
		if err != nil {
			return
		}
		if len(meta.nodes)-1 > len(raw)/wimfile.DentrySize {
			t.Fatal("more nodes than there is room for")
		}
		tree := newFS(empty, meta)
		checkDiff(t, tree, tree)
		checkDiff(t, tree, sane)
		checkDiff(t, sane, tree)
		paths := 0
		for i := range meta.nodes {
			n := &meta.nodes[i]
			if i > 0 && n.parent >= int32(i) {
				t.Fatal("a child before its parent")
			}
			children := meta.children(int32(i))
			if len(children) > 0 && !n.isDirectory() {
				t.Fatal("children of what is no directory")
			}
			if !slices.IsSortedFunc(children, func(a, b node) int { return strings.Compare(a.name, b.name) }) {
				t.Fatal("children out of order")
			}
			for k := range children {
				if children[k].parent != int32(i) || k > 0 && children[k].name == children[k-1].name {
					t.Fatal("a wrong parent, or a name twice")
				}
			}
			entry := tree.entry(int32(i))
			_ = entry.CreationTime.Time()
			tree.info(int32(i)).Mode()
			tree.isSpecial(int32(i))
			if i > 0 && n.dentry >= 0 {
				tree.hostName(int32(i))
			}
			if paths < 1<<20 {
				path := meta.pathOf(int32(i))
				paths += len(path)
				if !fs.ValidPath(path) {
					t.Fatalf("path %q", path)
				}
				at, err := tree.resolve(path, false)
				if err != nil || at != int32(i) {
					// A link on the way is followed, so a node below one is not
					// found.
					t.Fatalf("%q leads to %d, not %d: %v", path, at, i, err)
				}
			}
		}
		tree.eachContent(func(i int32, _ contentName, hash SHA1) {
			if hash.IsZero() {
				t.Fatal("empty content")
			}
		})
	})
}

// emptyReader returns a reader without anything.
func emptyReader() *Reader {
	data := wimtest.NewWIM().Bytes()
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	return r
}

// FuzzBlobTable parses any bytes as a blob table of a file that holds some
// solid resources, and places each blob. The file begins as the seeds do, so
// that entries can point at resources.
func FuzzBlobTable(f *testing.F) {
	var file []byte
	for _, w := range craftedSeeds() {
		data := w.Bytes()
		if w.Header.Version == wimtest.VersionSolid {
			file = data[:w.Body().Size()]
		}
		f.Add(w.TableData(), uint16(1), uint16(1), true)
		f.Add(w.TableData(), uint16(1), uint16(2), false)
	}
	f.Fuzz(func(t *testing.T, table []byte, number, total uint16, solid bool) {
		if number == 0 || number > total || len(table) > 1<<18 {
			return
		}
		version := uint32(VersionStandard)
		if solid {
			version = VersionSolid
		}
		r := emptyReader()
		r.limits = fuzzLimits
		header := Header{Version: version, PartNumber: int(number), TotalParts: int(total), Compression: CompressionXPRESS, ChunkSize: 4096}
		r.Header = header
		p := r.newPart(bytes.NewReader(file), int64(len(file)), "", header)
		var warn warnings
		p.table = parseBlobTable(table, p, &warn)
		entries := len(table) / blobEntrySize
		if len(p.table.metadata)+len(p.table.blobs) > entries || len(warn.list) > maxWarnings {
			t.Fatal("more than there is")
		}
		r.parts = []*part{p}
		r.assemble()
		of := locateAll(r.parts)
		for i := range p.table.blobs {
			b := &p.table.blobs[i]
			if b.sha1.IsZero() || b.size() <= 0 && b.err == nil {
				t.Fatal("a blob without a hash or bytes")
			}
			c, err := b.open()
			if at := of[b]; b.run != nil && b.err == nil && int(b.partNumber) == p.header.PartNumber {
				if (at.err == nil) != (at.resource != nil) {
					t.Fatal("neither a place nor an error, or both")
				}
				if at.err == nil && (at.offset < 0 || at.offset+b.size() > at.resource.usize) {
					t.Fatal("outside of its resource")
				}
			}
			if err == nil && c.resource != nil && i < 50 {
				buf := make([]byte, 100)
				c.ReadAt(buf, 0)
				c.ReadAt(buf, c.size-1)
				for k := range min(c.resource.chunkCountOfAny(), 20) {
					where, err := c.resource.chunkSpan(p.source, k)
					if err == nil && (where.offset < 0 || where.size <= 0 || where.offset+where.size > p.size) {
						t.Fatal("a chunk outside of the file")
					}
				}
			}
		}
		for _, b := range r.ownBlobs() {
			b.position()
		}
		r.lookup(SHA1{1})
	})
}

// chunkCountOfAny is chunkCount, of which raw resources have none.
func (res *resource) chunkCountOfAny() int64 {
	if res.raw {
		return 0
	}
	return res.chunkCount()
}

// FuzzIntegrityTable checks any bytes as an integrity table of 1000 bytes.
func FuzzIntegrityTable(f *testing.F) {
	w := wimtest.NewWIM()
	w.AddBlob(counted(1000 - 208 - 50))
	body := w.Bytes()[:1000]
	for _, chunk := range []uint32{1, 100, 256, 791, 792, 10 << 20} {
		var table []byte
		w.IntegrityChunk = chunk
		w.Integrity = func(data []byte) []byte {
			table = data
			return data
		}
		w.Bytes()
		f.Add(table, uint64(208+742))
	}
	f.Fuzz(func(t *testing.T, table []byte, end uint64) {
		file := append(bytes.Clone(body), table...)
		p := emptyReader().newPart(bytes.NewReader(file), int64(len(file)), "", Header{PartNumber: 1, TotalParts: 1,
			blobTable: wimfile.ResourceHeader{Size: 50, Offset: end - 50, USize: 50},
			integrity: wimfile.ResourceHeader{Size: uint64(len(table)), Offset: uint64(len(body)), USize: uint64(len(table))}})
		parsed, err := p.readIntegrityTable()
		if err != nil || parsed == nil {
			return
		}
		if parsed.count != int64(binary.LittleEndian.Uint32(table[4:])) || parsed.count*20+12 > int64(len(table)) {
			t.Fatal("more chunks than there are")
		}
		problems, err := parsed.check(t.Context(), p, newBulk(newBulkOptions([]BulkOption{WithWorkers(2)})))
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) > maxWarnings+1 {
			t.Fatal("too many problems")
		}
	})
}

// checkDiff checks what follows from any comparison: a tree is equal to itself,
// and what was removed and added makes the number of entries what it is.
func checkDiff(t *testing.T, old, new *FS) {
	count := len(old.meta.nodes)
	for change, err := range Diff(t.Context(), old, new, WithAspects(^Aspects(0))) {
		switch {
		case err != nil:
			t.Fatal(err)
		case old == new:
			t.Fatalf("%v %q: %v, in a tree and itself", change.Kind, change.Path, change.Aspects)
		case change.Kind == ChangeAdded:
			count++
		case change.Kind == ChangeRemoved:
			count--
		}
	}
	if count != len(new.meta.nodes) {
		t.Fatalf("%d entries after the changes, the new tree has %d", count, len(new.meta.nodes))
	}
}
