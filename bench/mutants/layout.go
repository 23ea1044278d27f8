package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/lzms"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

// A field is a number in a file, or in the metadata of an image.
type field struct {
	name  string
	at    int
	width int // bytes, at most 8
}

// A region is a part of a file with one meaning.
type region struct {
	name       string
	start, end int
}

// layout says where the structures of a good file are (WIM format sheet,
// sections 1 to 3, 8 and 10). It believes every size that it meets.
type layout struct {
	pipable  bool
	headerAt int // of the header that counts
	flags    uint32
	chunk    int
	header   []field
	table    region
	entries  []field // of the blob table
	chunks   []field // of chunk tables
	solid    []field // of the headers of solid resources
	xml      region
	integral region // the integrity table
	images   []imageLayout
	regions  []region
}

// imageLayout is the metadata of one image.
type imageLayout struct {
	entry    int // its offset in the file's blob table
	metadata []byte
	fields   []field
	names    []region // the bytes of names in the metadata
}

const (
	headerSize  = 208
	entrySize   = 50
	pipableMark = "WLPWM"

	flagMetadata   = 0x02
	flagCompressed = 0x04
	flagSolid      = 0x10
	solidMarker    = 1 << 32

	flagXPRESS = 0x00020000
	flagLZX    = 0x00040000
	flagLZMS   = 0x00080000
)

var le = binary.LittleEndian

// A resource is a resource header (WIM format sheet, section 1.2).
type resource struct {
	size, offset, usize int
	flags               byte
}

func readResource(b []byte) resource {
	first := le.Uint64(b)
	return resource{int(first & (1<<56 - 1)), int(le.Uint64(b[8:])), int(le.Uint64(b[16:])), byte(first >> 56)}
}

func (r resource) put(b []byte) {
	le.PutUint64(b, uint64(r.size)|uint64(r.flags)<<56)
	le.PutUint64(b[8:], uint64(r.offset))
	le.PutUint64(b[16:], uint64(r.usize))
}

func (r resource) end() int { return r.offset + r.size }

func resourceFields(name string, at int) []field {
	return []field{{name + " size", at, 7}, {name + " flags", at + 7, 1}, {name + " offset", at + 8, 8}, {name + " usize", at + 16, 8}}
}

// The places of the resource headers in the header.
const (
	tableAt     = 0x30
	xmlAt       = 0x48
	bootAt      = 0x60
	bootIndexAt = 0x78
	integrityAt = 0x7C
)

func headerFields(at int, prefix string) []field {
	list := []field{
		{"magic", at, 8}, {"header size", at + 8, 4}, {"version", at + 0xC, 4}, {"flags", at + 0x10, 4}, {"chunk size", at + 0x14, 4},
		{"GUID", at + 0x18, 8}, {"part number", at + 0x28, 2}, {"total parts", at + 0x2A, 2}, {"image count", at + 0x2C, 4},
		{"boot index", at + bootIndexAt, 4},
	}
	list = append(list, resourceFields("blob table", at+tableAt)...)
	list = append(list, resourceFields("XML", at+xmlAt)...)
	list = append(list, resourceFields("boot metadata", at+bootAt)...)
	list = append(list, resourceFields("integrity", at+integrityAt)...)
	for i := range list {
		list[i].name = prefix + list[i].name
	}
	return list
}

func parseLayout(data []byte) (*layout, error) {
	l := &layout{pipable: string(data[:5]) == pipableMark}
	if l.pipable {
		l.headerAt = len(data) - headerSize
		l.regions = append(l.regions, region{"leading header", 0, headerSize})
	}
	h := data[l.headerAt:]
	l.flags, l.chunk = le.Uint32(h[0x10:]), int(le.Uint32(h[0x14:]))
	l.header = headerFields(l.headerAt, "")
	l.regions = append(l.regions, region{"header", l.headerAt, l.headerAt + headerSize})
	place := func(name string, at int) region {
		r := readResource(h[at:])
		l.regions = append(l.regions, region{name, r.offset, r.end()})
		return region{name, r.offset, r.end()}
	}
	l.table, l.xml, l.integral = place("blob table", tableAt), place("XML", xmlAt), place("integrity table", integrityAt)
	for at := l.table.start; at+entrySize <= l.table.end; at += entrySize {
		if err := l.addEntry(data, at); err != nil {
			return nil, fmt.Errorf("blob table at %d: %w", at, err)
		}
	}
	return l, nil
}

// addEntry describes an entry of the blob table and the resource it names.
func (l *layout) addEntry(data []byte, at int) error {
	r := readResource(data[at:])
	kind := "blob "
	switch {
	case r.flags&flagMetadata != 0:
		kind = "metadata "
	case r.flags&flagSolid != 0 && r.usize == solidMarker:
		kind = "solid resource "
	case r.flags&flagSolid != 0:
		kind = "solid blob "
	}
	l.entries = append(l.entries, resourceFields(kind+"entry", at)...)
	l.entries = append(l.entries, field{kind + "entry part", at + 24, 2}, field{kind + "entry references", at + 26, 4},
		field{kind + "entry hash", at + 30, 8})
	switch kind {
	case "solid blob ":
		return nil
	case "solid resource ":
		l.addSolid(data, r)
		return nil
	}
	name := "file data"
	if kind == "metadata " {
		name = "metadata resource"
	}
	if r.flags&flagCompressed != 0 {
		table := l.chunkTable(r)
		for i := table.start; i < table.end; i += 4 {
			l.chunks = append(l.chunks, field{"chunk table entry", i, 4})
		}
		l.regions = append(l.regions, region{"chunk table", table.start, table.end})
		if l.pipable {
			l.chunks = append(l.chunks, field{"pipable chunk size", r.offset, 4})
		}
	}
	l.regions = append(l.regions, region{name, r.offset, r.end()})
	if kind == "metadata " {
		metadata, err := l.decode(data, r)
		if err != nil {
			return err
		}
		image := imageLayout{entry: at, metadata: metadata}
		image.parse()
		l.images = append(l.images, image)
	}
	return nil
}

func (l *layout) addSolid(data []byte, r resource) {
	n := (int(le.Uint64(data[r.offset:])) + int(le.Uint32(data[r.offset+8:])) - 1) / int(le.Uint32(data[r.offset+8:]))
	l.solid = append(l.solid, field{"solid header usize", r.offset, 8}, field{"solid header chunk size", r.offset + 8, 4},
		field{"solid header codec", r.offset + 12, 4})
	for i := range n {
		l.solid = append(l.solid, field{"solid chunk size", r.offset + 16 + 4*i, 4})
	}
	l.regions = append(l.regions, region{"solid header", r.offset, r.offset + 16 + 4*n}, region{"solid data", r.offset + 16 + 4*n, r.end()})
}

// chunkTable returns where a compressed resource's chunk table is.
func (l *layout) chunkTable(r resource) region {
	size := 4 * ((r.usize+l.chunk-1)/l.chunk - 1)
	if l.pipable {
		return region{"", r.end() - size, r.end()}
	}
	return region{"", r.offset, r.offset + size}
}

// decode returns the content of a resource.
func (l *layout) decode(data []byte, r resource) ([]byte, error) {
	if r.flags&flagCompressed == 0 {
		return slices.Clone(data[r.offset:r.end()]), nil
	}
	var decoder interface{ Decode(dst, src []byte) error }
	var err error
	switch {
	case l.flags&flagLZX != 0:
		decoder, err = lzx.NewDecoder(l.chunk)
	case l.flags&flagXPRESS != 0:
		decoder = xpress.NewDecoder()
	case l.flags&flagLZMS != 0:
		decoder = lzms.NewDecoder()
	}
	if err != nil {
		return nil, err
	}
	table := l.chunkTable(r)
	n := (table.end-table.start)/4 + 1
	start, end, prefix := table.end, r.end(), 0
	if l.pipable {
		start, end, prefix = r.offset, table.start, 4
	}
	offset := func(i int) int { // of chunk i, after its prefix
		switch i {
		case 0:
			return start + prefix
		case n:
			return end + prefix
		}
		return start + int(le.Uint32(data[table.start+4*(i-1):])) + prefix*(i+1)
	}
	out := make([]byte, r.usize)
	for i := range n {
		dst, src := out[i*l.chunk:min(r.usize, (i+1)*l.chunk)], data[offset(i):offset(i+1)-prefix]
		if len(src) == len(dst) {
			copy(dst, src)
		} else if err := decoder.Decode(dst, src); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func align8(n int) int { return (n + 7) &^ 7 }

// parse finds the fields of the metadata (WIM format sheet, section 8).
func (m *imageLayout) parse() {
	b := m.metadata
	add := func(name string, at, width int) { m.fields = append(m.fields, field{name, at, width}) }
	add("security total length", 0, 4)
	add("security count", 4, 4)
	for i := range int(le.Uint32(b[4:])) {
		add("security size", 8+8*i, 8)
	}
	lists := []int{max(8, align8(int(le.Uint32(b))))}
	for root := true; len(lists) > 0; root = false {
		at := lists[0]
		for lists = lists[1:]; le.Uint64(b[at:]) > 8; {
			length, subdir, streams := int(le.Uint64(b[at:])), int(le.Uint64(b[at+0x10:])), int(le.Uint16(b[at+0x60:]))
			m.dentry(at)
			if subdir != 0 && le.Uint32(b[at+8:])&0x10 != 0 {
				lists = append(lists, subdir)
			}
			for at += align8(length); streams > 0; streams-- {
				add("stream length", at, 8)
				add("stream reserved", at+8, 8)
				add("stream hash", at+0x10, 8)
				add("stream name bytes", at+0x24, 2)
				at += align8(int(le.Uint64(b[at:])))
			}
			if root {
				break
			}
		}
		if !root {
			add("end of directory", at, 8)
		}
	}
}

func (m *imageLayout) dentry(at int) {
	for _, f := range []field{
		{"length", 0, 8}, {"attributes", 8, 4}, {"security id", 0xC, 4}, {"subdir offset", 0x10, 8}, {"unused", 0x18, 8},
		{"creation time", 0x28, 8}, {"access time", 0x30, 8}, {"write time", 0x38, 8}, {"hash", 0x40, 8}, {"unknown", 0x54, 4},
		{"hard link or reparse", 0x58, 8}, {"reparse flags", 0x5E, 2}, {"stream count", 0x60, 2}, {"short name bytes", 0x62, 2}, {"name bytes", 0x64, 2},
	} {
		m.fields = append(m.fields, field{"dentry " + f.name, at + f.at, f.width})
	}
	b := m.metadata[at:]
	end := 0x66
	for _, n := range []int{int(le.Uint16(b[0x64:])), int(le.Uint16(b[0x62:]))} {
		if n > 0 {
			m.names = append(m.names, region{"dentry name", at + end, at + end + n})
			end += n + 2
		}
	}
	if end = align8(end); end+8 <= int(le.Uint64(b)) {
		m.fields = append(m.fields, field{"dentry tagged item tag", at + end, 4}, field{"dentry tagged item length", at + end + 4, 4})
	}
}

// regionOf names the part of the file that holds a byte. A smaller part comes
// before one that it is in.
func (l *layout) regionOf(at int) string {
	best := region{"unused bytes", 0, 1 << 62}
	for _, r := range l.regions {
		if at >= r.start && at < r.end && r.end-r.start < best.end-best.start {
			best = r
		}
	}
	return best.name
}
