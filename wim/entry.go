package wim

import "encoding/binary"

// Entry is everything that the metadata of an image says about one name. The
// Sys method of the [io/fs.FileInfo] values of an [FS] returns an *Entry.
type Entry struct {
	Name      string   // the element of the fs path; nearly always the stored name
	RawName   []uint16 // the stored name, UTF-16, possibly with unpaired surrogates
	ShortName string   // the 8.3 name; each hard link has its own or none

	Attributes         Attributes
	CreationTime       Filetime
	LastAccessTime     Filetime
	LastWriteTime      Filetime
	SecurityDescriptor []byte // self-relative; nil for none. Shared: not to be changed

	// HardLinkGroup is the same number for all names of a file that has
	// several, and 0 for a file with one name.
	HardLinkGroup uint64
	// HardLinkCount is how many names the file has in the image, 1 or more.
	HardLinkCount int

	// Streams are the data streams, the unnamed one first, if there is one.
	// Directories have none that is unnamed. A file with EFS encryption has
	// one, which holds the raw backup data of ReadEncryptedFileRaw.
	Streams []Stream

	Reparse  *ReparsePoint // nil unless the entry is a reparse point
	ObjectID []byte        // object id, and if there are 64 bytes the three birth ids; nil for none
	Unix     *UnixData     // only in images that wimlib captured with Unix data
	Xattrs   []Xattr       // extended attributes, of Linux or of Windows
}

// Stream is one data stream of a file.
type Stream struct {
	Name string // "" for the unnamed stream
	Size int64  // -1 when the content is in none of the given files
	SHA1 SHA1   // zero for an empty stream
}

// streamHashes is where a dentry's contents are (WIM format sheet, section 8.4).
type streamHashes struct {
	data       SHA1 // the unnamed data stream
	hasData    bool
	reparse    SHA1 // the reparse data
	hasReparse bool
	named      []namedHash
}

type namedHash struct {
	name []byte // UTF-16LE
	hash SHA1
}

// streamsOf sorts out the hashes of a dentry and of its extra stream entries.
func (m *metadata) streamsOf(n *node) streamHashes {
	var s streamHashes
	encrypted := n.attributes&AttributeEncrypted != 0
	reparse := n.attributes&AttributeReparsePoint != 0
	unnamed := func(hash SHA1) {
		switch {
		case reparse && !encrypted && !s.hasReparse:
			s.reparse, s.hasReparse = hash, true
		case !s.hasData:
			s.data, s.hasData = hash, true
		}
	}
	main := SHA1(m.raw[n.dentry+dentryHash:][:20])
	if !main.IsZero() {
		unnamed(main)
	}
	at := n.dentry + int(align8(binary.LittleEndian.Uint64(m.raw[n.dentry:])))
	for range m.le16(n.dentry + dentryStreamCount) {
		entry := m.raw[at:]
		hash := SHA1(entry[0x10:][:20])
		name := entry[streamEntrySize:][:binary.LittleEndian.Uint16(entry[0x24:])]
		switch {
		case len(name) > 0:
			if !encrypted { // else it is inside the raw data
				s.named = append(s.named, namedHash{name, hash})
			}
		case !encrypted || !hash.IsZero():
			unnamed(hash)
		}
		at += int(align8(binary.LittleEndian.Uint64(entry)))
	}
	if !s.hasData && !s.hasReparse {
		unnamed(main)
	}
	if n.isDirectory() {
		s.hasData = false
	}
	return s
}

// entry parses all that is known about a node.
func (f *FS) entry(i int32) *Entry {
	m, n := f.meta, &f.meta.nodes[i]
	if n.dentry < 0 { // the made-up root of an empty image
		return &Entry{Name: ".", Attributes: n.attributes, HardLinkCount: 1}
	}
	le := binary.LittleEndian
	d := m.raw[n.dentry:]
	e := &Entry{
		Name:           n.name,
		RawName:        unitsOf(m.longName(n.dentry)),
		ShortName:      decodeUTF16(m.shortName(n.dentry)),
		Attributes:     n.attributes,
		CreationTime:   Filetime(le.Uint64(d[dentryCreationTime:])),
		LastAccessTime: Filetime(le.Uint64(d[dentryAccessTime:])),
		LastWriteTime:  Filetime(le.Uint64(d[dentryWriteTime:])),
		HardLinkGroup:  f.hardLinkGroup(i),
	}
	e.HardLinkCount = max(1, len(f.hardLinks().names[e.HardLinkGroup]))
	if i == 0 {
		e.Name = "."
	}
	// Any id that is out of range means none, not only -1.
	if id := le.Uint32(d[dentrySecurityID:]); uint64(id) < uint64(len(m.descriptors)) {
		s := m.descriptors[id]
		e.SecurityDescriptor = m.raw[s.offset : s.offset+s.size : s.offset+s.size]
	}
	hashes := m.streamsOf(n)
	if hashes.hasData {
		e.Streams = append(e.Streams, f.stream("", hashes.data))
	}
	for _, s := range hashes.named {
		e.Streams = append(e.Streams, f.stream(decodeUTF16(s.name), s.hash))
	}
	if n.attributes&AttributeReparsePoint != 0 {
		e.Reparse = &ReparsePoint{
			Tag:   ReparseTag(le.Uint32(d[dentryReparseTag:])),
			Flags: le.Uint16(d[dentryReparseFlags:]),
			Size:  f.sizeOf(hashes.reparse),
			SHA1:  hashes.reparse,
			fs:    f,
		}
	}
	m.taggedItems(n.dentry, func(tag uint32, data []byte) { e.addTagged(tag, data) })
	return e
}

func (f *FS) stream(name string, hash SHA1) Stream {
	return Stream{Name: name, Size: f.sizeOf(hash), SHA1: hash}
}

// sizeOf returns the size of a content, -1 when it is in no given file.
func (f *FS) sizeOf(hash SHA1) int64 {
	b, err := f.reader.lookup(hash)
	switch {
	case err != nil:
		return -1
	case b == nil:
		return 0
	}
	return b.size()
}

// Stream returns the stream with the name, or nil. The unnamed stream is "".
func (e *Entry) Stream(name string) *Stream {
	for i := range e.Streams {
		if e.Streams[i].Name == name {
			return &e.Streams[i]
		}
	}
	return nil
}

// hardLinks is which nodes are names of one file.
type hardLinks struct {
	group map[int32]uint64   // by node; only nodes whose file has several names
	names map[uint64][]int32 // by group
}

// hardLinkGroup returns the group of a node, 0 if it is its file's only name.
func (f *FS) hardLinkGroup(i int32) uint64 { return f.hardLinks().group[i] }

// findHardLinks groups the nodes of an image. Old Microsoft tools gave one id
// to different files, so that the content has to be equal as well; the second
// file of such an id gets a number that the image does not use (WIM format
// sheet, section 8.7).
func (m *metadata) findHardLinks() *hardLinks {
	type file struct {
		id   uint64
		hash SHA1
	}
	files := make(map[file][]int32)
	ids := make(map[uint64]bool)
	var order []file
	for i := range m.nodes {
		n := &m.nodes[i]
		if n.attributes&(AttributeDirectory|AttributeReparsePoint) != 0 || n.dentry < 0 {
			continue
		}
		id := binary.LittleEndian.Uint64(m.raw[n.dentry+dentryHardLink:])
		if id == 0 {
			continue
		}
		ids[id] = true
		key := file{id, m.streamsOf(n).data}
		if files[key] == nil {
			order = append(order, key)
		}
		files[key] = append(files[key], int32(i))
	}
	links := &hardLinks{group: make(map[int32]uint64), names: make(map[uint64][]int32)}
	unused := uint64(0)
	for _, key := range order {
		nodes := files[key]
		if len(nodes) < 2 {
			continue
		}
		group := key.id
		if links.names[group] != nil {
			for unused++; ids[unused]; unused++ {
			}
			group = unused
		}
		links.names[group] = nodes
		for _, i := range nodes {
			links.group[i] = group
		}
	}
	return links
}

// UnixData is what wimlib stores of a file's Unix metadata.
type UnixData struct {
	UID, GID, Mode, Rdev uint32
}

// Xattr is an extended attribute.
type Xattr struct {
	Name  string
	Flags uint8 // 0x80: a program that does not know the attribute shall not use the file
	Value []byte
}

// The tags of metadata items (WIM format sheet, section 8.6).
const (
	tagObjectID    = 0x00000001
	tagXattrs      = 0x00000002
	tagUnixData    = 0x337DD873
	tagLinuxXattrs = 0x337DD874
)

// taggedItems calls yield for each item between a dentry's names and its end.
// A malformed item ends the list; the dentry is good without it.
func (m *metadata) taggedItems(dentry int, yield func(tag uint32, data []byte)) {
	le := binary.LittleEndian
	end := uint64(dentry) + align8(le.Uint64(m.raw[dentry:]))
	at := align8(uint64(m.namesEnd(dentry)))
	for at < end && end-at >= 8 {
		tag, n := le.Uint32(m.raw[at:]), uint64(le.Uint32(m.raw[at+4:]))
		at += 8
		if n > end-at {
			return
		}
		yield(tag, m.raw[at:at+n:at+n])
		at += align8(n)
	}
}

func (e *Entry) addTagged(tag uint32, data []byte) {
	switch {
	case tag == tagObjectID && len(data) >= 16 && e.ObjectID == nil:
		e.ObjectID = data
	case tag == tagUnixData && e.Unix == nil:
		e.Unix = parseUnixData(data)
	case tag == tagXattrs && e.Xattrs == nil:
		e.Xattrs = parseXattrs(data)
	case tag == tagLinuxXattrs && e.Xattrs == nil:
		e.Xattrs = parseLinuxXattrs(data)
	}
}

// unixData returns the Unix metadata of a node, or nil.
func (m *metadata) unixData(n *node) (unix *UnixData) {
	if n.dentry < 0 {
		return nil
	}
	m.taggedItems(n.dentry, func(tag uint32, data []byte) {
		if tag == tagUnixData && unix == nil {
			unix = parseUnixData(data)
		}
	})
	return unix
}

func parseUnixData(data []byte) *UnixData {
	if len(data) < 16 {
		return nil
	}
	le := binary.LittleEndian
	return &UnixData{UID: le.Uint32(data), GID: le.Uint32(data[4:]), Mode: le.Uint32(data[8:]), Rdev: le.Uint32(data[12:])}
}

// parseXattrs reads entries of u16 value bytes, u8 name bytes, u8 flags, name,
// NUL, value. A malformed entry ends the list.
func parseXattrs(data []byte) (list []Xattr) {
	for len(data) >= 4 {
		valueSize, nameSize := int(binary.LittleEndian.Uint16(data)), int(data[2])
		size := 4 + nameSize + 1 + valueSize
		if nameSize == 0 || size > len(data) {
			break
		}
		list = append(list, Xattr{
			Name:  string(data[4 : 4+nameSize]),
			Flags: data[3],
			Value: data[size-valueSize : size : size],
		})
		data = data[size:]
	}
	return list
}

// parseLinuxXattrs reads the form of wimlib 1.11 and 1.12: entries of u16 name
// bytes, u16 reserved, u32 value bytes, name, value, each padded to 4.
func parseLinuxXattrs(data []byte) (list []Xattr) {
	for len(data) >= 8 {
		nameSize := uint64(binary.LittleEndian.Uint16(data))
		valueSize := uint64(binary.LittleEndian.Uint32(data[4:]))
		size := 8 + nameSize + valueSize
		if nameSize == 0 || size > uint64(len(data)) {
			break
		}
		list = append(list, Xattr{Name: string(data[8 : 8+nameSize]), Value: data[8+nameSize : size : size]})
		data = data[min((size+3)&^3, uint64(len(data))):]
	}
	return list
}
