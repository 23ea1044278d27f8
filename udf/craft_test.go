package udf_test

import (
	"encoding/binary"
	"unicode/utf16"
)

// disc is a volume that a test makes: all of it right, except what edit makes
// wrong. It is written from ECMA-167 and OSTA's UDF specifications; TestCrafted
// has 7-Zip read it too.
type disc struct {
	blockSize  int
	extended   bool // extended file entries
	long       bool // long allocation descriptors
	attributes bool // 56 bytes of extended attributes in each entry, as Microsoft writes them
	metadata   bool // a metadata partition for everything but the content of files: UDF 2.50
	whole      bool // the metadata file has one extent and an empty one, not two
	bridge     bool // an ISO 9660 file system, and descriptors in front of the anchor, as on Windows' discs

	// edit changes a descriptor before its checksums are made. It is named by
	// "anchor", "partition", "logical volume", "file set", "entry PATH",
	// "identifier PATH" or "more PATH".
	edit func(name string, b []byte)

	image     []byte
	physical  area
	meta      area
	positions map[string]int // of descriptors, in image; of those in partitions once they are there
}

// item is a file or a directory.
type item struct {
	name     string
	data     []byte
	children []*item // not nil for a directory
	embedded bool
	pieces   int  // the content lies in so many pieces, with a block between them
	more     int  // so many of the pieces are told in the entry, as many in each further descriptor
	wide     bool // 16 bits for each character of the name
}

func file(name string, data []byte) *item { return &item{name: name, data: data} }

func dir(name string, children ...*item) *item {
	if children == nil {
		children = []*item{}
	}
	return &item{name: name, children: children}
}

// area is the blocks of a partition.
type area struct {
	bytes     []byte
	positions map[string]int
}

var le = binary.LittleEndian

func (d *disc) block(a *area) uint32 { return uint32(len(a.bytes) / d.blockSize) }

// put writes bytes in blocks of their own.
func (d *disc) put(a *area, data []byte) uint32 {
	at := d.block(a)
	a.bytes = append(a.bytes, data...)
	a.bytes = append(a.bytes, make([]byte, (d.blockSize-len(data)%d.blockSize)%d.blockSize)...)
	return at
}

// seal completes the tag of a descriptor.
func (d *disc) seal(name string, b []byte, id uint16, location uint32) {
	le.PutUint16(b, id)
	le.PutUint16(b[2:], 2)
	if d.metadata {
		le.PutUint16(b[2:], 3)
	}
	le.PutUint32(b[12:], location)
	if d.edit != nil {
		d.edit(name, b)
	}
	fixTag(b)
}

// fixTag makes the checksums of a descriptor.
func fixTag(b []byte) {
	n := min(len(b)-16, 0xFFF0)
	le.PutUint16(b[10:], uint16(n))
	var crc uint16
	for _, c := range b[16:][:n] {
		crc ^= uint16(c) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			if crc <<= 1; carry {
				crc ^= 0x1021
			}
		}
	}
	le.PutUint16(b[8:], crc)
	b[4] = 0
	var sum byte
	for _, c := range b[:16] {
		sum += c
	}
	b[4] = sum
}

// cs0 encodes text, in 8 bits a character where that can be.
func cs0(text string, wide bool) []byte {
	if text == "" {
		return nil
	}
	units := utf16.Encode([]rune(text))
	for _, u := range units {
		wide = wide || u > 0xFF
	}
	b := []byte{8}
	if wide {
		b[0] = 16
	}
	for _, u := range units {
		if wide {
			b = append(b, byte(u>>8))
		}
		b = append(b, byte(u))
	}
	return b
}

func putDstring(field []byte, text string) {
	n := copy(field, cs0(text, false))
	field[len(field)-1] = byte(n)
}

// time is 2020-10-13 17:00:05.25 in a zone two hours east of UTC.
func putTime(b []byte) {
	le.PutUint16(b, 1<<12|120)
	le.PutUint16(b[2:], 2020)
	copy(b[4:], []byte{10, 13, 17, 0, 5, 25, 0, 0})
}

// entries is where entries and directories are.
func (d *disc) entries() (*area, uint16) {
	if d.metadata {
		return &d.meta, 1
	}
	return &d.physical, 0
}

// writeItem writes an item and returns the block of its entry.
func (d *disc) writeItem(it *item, path string, parent uint32) uint32 {
	a, _ := d.entries()
	at := d.put(a, make([]byte, d.blockSize))
	if it.children == nil {
		d.entry(it, path, at, it.data, &d.physical)
		return at
	}
	type placed struct {
		it *item
		at uint32
	}
	var children []placed
	for _, c := range it.children {
		children = append(children, placed{c, d.writeItem(c, join(path, c.name), at)})
	}
	var content []byte
	identifier := func(name string, characteristics byte, text []byte, at uint32) {
		b := make([]byte, (38+len(text)+3)&^3)
		le.PutUint16(b[16:], 1)
		b[18], b[19] = characteristics, byte(len(text))
		_, partition := d.entries()
		putLong(b[20:], uint32(d.blockSize), at, partition)
		copy(b[38:], text)
		location := d.block(a) + uint32(len(content)/d.blockSize)
		if it.embedded {
			location = at
		}
		d.seal(name, b, 257, location)
		a.positions["identifier "+name] = len(a.bytes) + len(content) // unless embedded
		content = append(content, b...)
	}
	if path == "" {
		parent = at
	}
	identifier("identifier "+join(path, ".."), 2|8, nil, parent)
	for _, c := range children {
		var characteristics byte
		if c.it.children != nil {
			characteristics = 2
		}
		identifier("identifier "+join(path, c.it.name), characteristics, cs0(c.it.name, c.it.wide), c.at)
	}
	d.entry(it, path, at, content, a)
	return at
}

func join(path, name string) string { return path + "/" + name }

func putLong(b []byte, length, block uint32, partition uint16) {
	le.PutUint32(b, length)
	le.PutUint32(b[4:], block)
	le.PutUint16(b[8:], partition)
}

// entry writes an entry at a block, and its content into an area.
func (d *disc) entry(it *item, path string, at uint32, content []byte, to *area) {
	a, own := d.entries()
	partition := uint16(0)
	if to == &d.meta {
		partition = own
	}
	kind := byte(5)
	if it.children != nil {
		kind = 4
	}
	form := uint16(0)
	long := d.long || partition != own
	if long {
		form = 1
	}
	var descriptors [][]byte
	extent := func(data []byte) {
		block := d.put(to, data)
		for len(data) > 0 || descriptors == nil {
			n := min(len(data), 1<<30-d.blockSize)
			b := make([]byte, 8)
			if long {
				b = make([]byte, 16)
				putLong(b, uint32(n), block, partition)
			} else {
				le.PutUint32(b, uint32(n))
				le.PutUint32(b[4:], block)
			}
			descriptors = append(descriptors, b)
			block += uint32(n / d.blockSize)
			data = data[n:]
		}
	}
	var list []byte
	switch {
	case it.embedded:
		form, list = 3, content
	case it.pieces > 1:
		size := (len(content)/it.pieces + d.blockSize - 1) / d.blockSize * d.blockSize
		for rest := content; len(rest) > 0; {
			n := min(size, len(rest))
			extent(rest[:n])
			rest = rest[n:]
			d.put(to, []byte("a gap"))
		}
	case len(content) > 0:
		extent(content)
	}
	// The last descriptors first, as each block of more is known to those
	// before.
	if it.more > 0 {
		var more []byte // leads to what comes after
		for len(descriptors) > it.more {
			n := (len(descriptors) - 1) / it.more * it.more
			b := make([]byte, d.blockSize)
			size := 24
			for _, x := range descriptors[n:] {
				size += copy(b[size:], x)
			}
			size += copy(b[size:], more)
			le.PutUint32(b[20:], uint32(size-24))
			block := d.block(a)
			d.seal("more "+path, b[:size], 258, block)
			d.put(a, b)
			more = make([]byte, len(descriptors[0]))
			le.PutUint32(more, 3<<30|uint32(d.blockSize))
			le.PutUint32(more[4:], block)
			if long {
				le.PutUint16(more[8:], own)
			}
			descriptors = descriptors[:n]
		}
		descriptors = append(descriptors, more)
	}
	if list == nil {
		for _, x := range descriptors {
			list = append(list, x...)
		}
	}
	b := d.makeEntry(kind, form, uint64(len(content)), list)
	id := uint16(261)
	if d.extended {
		id = 266
	}
	d.seal("entry "+path, b, id, at)
	a.positions["entry "+path] = int(at) * d.blockSize
	copy(a.bytes[int(at)*d.blockSize:][:d.blockSize], b)
}

func (d *disc) makeEntry(kind byte, form uint16, size uint64, list []byte) []byte {
	var attributes []byte
	if d.attributes {
		attributes = make([]byte, 56)
		le.PutUint32(attributes[16:], 56) // there are no implementation attributes
		le.PutUint32(attributes[20:], 56)
		le.PutUint16(attributes, 262)
		le.PutUint16(attributes[2:], 2)
		fixTag(attributes[:24])
		le.PutUint32(attributes[24:], 5) // file times
		attributes[28] = 1
		le.PutUint32(attributes[32:], 32)
		le.PutUint32(attributes[36:], 12)
		le.PutUint32(attributes[40:], 1)
		putTime(attributes[44:])
	}
	fixed, modified := 176, 84
	if d.extended {
		fixed, modified = 216, 92
	}
	b := make([]byte, fixed, d.blockSize)
	le.PutUint16(b[20:], 4)
	le.PutUint16(b[24:], 1)
	b[27] = kind
	le.PutUint16(b[34:], form)
	le.PutUint32(b[44:], 0x14A5)
	le.PutUint16(b[48:], 1)
	le.PutUint64(b[56:], size)
	if d.extended {
		le.PutUint64(b[64:], size)
	}
	putTime(b[modified:])
	le.PutUint32(b[fixed-8:], uint32(len(attributes)))
	le.PutUint32(b[fixed-4:], uint32(len(list)))
	b = append(append(b, attributes...), list...)
	return b[:d.blockSize]
}

// build writes the volume.
func (d *disc) build(root *item) []byte {
	d.physical.positions, d.meta.positions = map[string]int{}, map[string]int{}
	a, partition := d.entries()
	fileSet := make([]byte, 512)
	d.put(a, make([]byte, d.blockSize))
	rootAt := d.writeItem(root, "", 0)
	putTime(fileSet[16:])
	le.PutUint16(fileSet[28:], 3)
	le.PutUint16(fileSet[30:], 3)
	putDstring(fileSet[112:240], "LABEL")
	putDstring(fileSet[304:336], "SET")
	putLong(fileSet[400:], uint32(d.blockSize), rootAt, partition)
	copy(fileSet[417:], "*OSTA UDF Compliant")
	d.seal("file set", fileSet, 256, 0)
	copy(a.bytes, fileSet)
	var metadataAt uint32
	if d.metadata {
		// The metadata file.
		half := len(d.meta.bytes) / 2 / d.blockSize * d.blockSize
		if d.whole {
			half = len(d.meta.bytes)
		}
		first := d.put(&d.physical, d.meta.bytes[:half])
		d.put(&d.physical, []byte("a gap"))
		second := d.put(&d.physical, d.meta.bytes[half:])
		list := make([]byte, 16)
		le.PutUint32(list, uint32(half))
		le.PutUint32(list[4:], first)
		le.PutUint32(list[8:], uint32(len(d.meta.bytes)-half))
		if !d.whole {
			le.PutUint32(list[12:], second)
		}
		metadataAt = d.block(&d.physical)
		b := d.makeEntry(250, 0, uint64(len(d.meta.bytes)), list)
		id := uint16(261)
		if d.extended {
			id = 266
		}
		d.seal("metadata file", b, id, metadataAt)
		d.put(&d.physical, b)
	}

	// The volume.
	sequence, start := 257, 289
	if d.bridge {
		sequence, start = 32, 257
	}
	sector := func(n int) []byte {
		if need := (n + 1) * d.blockSize; len(d.image) < need {
			d.image = append(d.image, make([]byte, need-len(d.image))...)
		}
		return d.image[n*d.blockSize:]
	}
	sector(start)
	recognition := []string{"BEA01", "NSR02", "TEA01"}
	if d.metadata {
		recognition[1] = "NSR03"
	}
	at := 32768
	if d.bridge {
		putISO(d.image)
		at += 2 * 2048
	}
	for _, id := range recognition {
		copy(d.image[at+1:], id)
		d.image[at+6] = 1
		at += max(2048, d.blockSize)
	}
	for _, s := range []int{sequence, sequence + 16} {
		d.describe(sector, s, start, metadataAt, partition)
	}
	d.image = append(d.image[:start*d.blockSize], d.physical.bytes...)
	last := len(d.image) / d.blockSize
	for _, at := range []int{256, last} {
		b := sector(at)[:512]
		le.PutUint32(b[16:], uint32(16*d.blockSize))
		le.PutUint32(b[20:], uint32(sequence))
		le.PutUint32(b[24:], uint32(16*d.blockSize))
		le.PutUint32(b[28:], uint32(sequence+16))
		d.seal("anchor", b, 2, uint32(at))
	}
	d.positions = map[string]int{}
	for name, at := range d.physical.positions {
		d.positions[name] = start*d.blockSize + at
	}
	return d.image
}

// describe writes a volume descriptor sequence.
func (d *disc) describe(sector func(int) []byte, at, start int, metadataAt uint32, partition uint16) {
	put := func(name string, id uint16, b []byte) {
		le.PutUint32(b[16:], uint32(at)) // sequence number
		d.seal(name, b, id, uint32(at))
		copy(sector(at), b)
		at++
	}
	revision := uint16(0x0102)
	if d.metadata {
		revision = 0x0250
	}
	charset := func(b []byte) { copy(b[1:], "OSTA Compressed Unicode") }

	b := make([]byte, 512)
	putDstring(b[24:56], "LABEL")
	le.PutUint16(b[56:], 1)
	le.PutUint16(b[58:], 1)
	le.PutUint16(b[60:], 2)
	le.PutUint16(b[62:], 2)
	le.PutUint32(b[64:], 1)
	le.PutUint32(b[68:], 1)
	putDstring(b[72:200], "0123456789ABCDEF SET")
	charset(b[200:])
	charset(b[264:])
	putTime(b[376:])
	put("primary volume", 1, b)

	b = make([]byte, 512)
	le.PutUint16(b[20:], 1)
	copy(b[25:], "+NSR02")
	if d.metadata {
		copy(b[25:], "+NSR03")
	}
	le.PutUint32(b[184:], 1)
	le.PutUint32(b[188:], uint32(start))
	le.PutUint32(b[192:], uint32(len(d.physical.bytes)/d.blockSize))
	put("partition", 5, b)

	b = make([]byte, 440, 512)
	charset(b[20:])
	putDstring(b[84:212], "LABEL")
	le.PutUint32(b[212:], uint32(d.blockSize))
	copy(b[217:], "*OSTA UDF Compliant")
	le.PutUint16(b[240:], revision)
	putLong(b[248:], uint32(d.blockSize), 0, partition)
	maps, count := []byte{1, 6, 1, 0, 0, 0}, uint32(1)
	if d.metadata {
		m := make([]byte, 64)
		m[0], m[1] = 2, 64
		copy(m[5:], "*UDF Metadata Partition")
		le.PutUint16(m[28:], revision)
		le.PutUint16(m[36:], 1)
		le.PutUint32(m[40:], metadataAt)
		le.PutUint32(m[44:], metadataAt)
		le.PutUint32(m[48:], 0xFFFFFFFF)
		le.PutUint32(m[52:], 1)
		le.PutUint16(m[56:], 1)
		maps, count = append(maps, m...), 2
	}
	le.PutUint32(b[264:], uint32(len(maps)))
	le.PutUint32(b[268:], count)
	put("logical volume", 6, append(b, maps...))

	put("terminator", 8, make([]byte, 512))
}

// putISO writes an ISO 9660 file system with nothing but a README.TXT.
func putISO(image []byte) {
	const text = "This disc contains a \"UDF\" file system.\r\n"
	both32 := func(b []byte, n uint32) { le.PutUint32(b, n); binary.BigEndian.PutUint32(b[4:], n) }
	both16 := func(b []byte, n uint16) { le.PutUint16(b, n); binary.BigEndian.PutUint16(b[2:], n) }
	record := func(name string, flags byte, sector, size uint32) []byte {
		b := make([]byte, (33+len(name)+1)&^1)
		b[0] = byte(len(b))
		both32(b[2:], sector)
		both32(b[10:], size)
		copy(b[18:], []byte{120, 10, 13, 17, 0, 5, 0})
		b[25] = flags
		both16(b[28:], 1)
		b[32] = byte(len(name))
		copy(b[33:], name)
		return b
	}
	d := image[16*2048:]
	copy(d, "\x01CD001\x01")
	for i := 8; i < 72; i++ {
		d[i] = ' '
	}
	both32(d[80:], uint32(len(image)/2048))
	both16(d[120:], 1)
	both16(d[124:], 1)
	both16(d[128:], 2048)
	both32(d[132:], 10)
	le.PutUint32(d[140:], 26)
	binary.BigEndian.PutUint32(d[148:], 27)
	copy(d[156:], record("\x00", 2, 24, 2048))
	for i := 190; i < 813; i++ {
		d[i] = ' '
	}
	d[881] = 1
	copy(image[17*2048:], "\xFFCD001\x01")
	root := image[24*2048:]
	for _, r := range [][]byte{record("\x00", 2, 24, 2048), record("\x01", 2, 24, 2048), record("README.TXT;1", 0, 25, uint32(len(text)))} {
		root = root[copy(root, r):]
	}
	copy(image[25*2048:], text)
	copy(image[26*2048:], []byte{1, 0, 24, 0, 0, 0, 1, 0, 0, 0})
	copy(image[27*2048:], []byte{1, 0, 0, 0, 0, 24, 0, 1, 0, 0})
}
