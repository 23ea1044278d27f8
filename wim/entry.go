package wim

import (
	"iter"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

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

	// Tagged are all items of metadata in their order, those of unknown tags as
	// well. ObjectID, Unix and Xattrs are what the first one of each tag says.
	Tagged   []TaggedItem
	Reserved Reserved
}

// Stream is one data stream of a file.
type Stream struct {
	Name string // "" for the unnamed stream
	Size int64  // -1 when the content is in none of the given files
	SHA1 SHA1   // zero for an empty stream
}

// streamHashes is where a dentry's contents are (WIM format sheet, section
// 8.4).
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
	d := m.dentry(n)
	return m.sortStreams(n, &d)
}

func (m *metadata) sortStreams(n *node, d *wimfile.Dentry) streamHashes {
	if d.StreamCount == 0 && d.Attributes&wimfile.AttributeReparsePoint == 0 { // nearly all
		return streamHashes{data: d.Hash, hasData: !d.IsDirectory()}
	}
	return sortStreams(d, m.streamEntries(n, d))
}

// sortStreams sorts out the hashes of a dentry and of its stream entries.
func sortStreams(d *wimfile.Dentry, entries iter.Seq[wimfile.StreamEntry]) streamHashes {
	var s streamHashes
	attributes := Attributes(d.Attributes)
	encrypted := attributes&AttributeEncrypted != 0
	reparse := attributes&AttributeReparsePoint != 0
	link := reparse && ReparseTag(d.Reparse().Tag).isLink()
	unnamed := func(hash SHA1) {
		switch {
		case reparse && !encrypted && !s.hasReparse:
			s.reparse, s.hasReparse = hash, true
		case s.hasData:
		case link && s.hasReparse && s.reparse.IsZero():
			// No link is without data, so what came first was the content.
			s.reparse, s.data, s.hasData = hash, SHA1{}, true
		default:
			s.data, s.hasData = hash, true
		}
	}
	main := SHA1(d.Hash)
	if !main.IsZero() {
		unnamed(main)
	}
	for e := range entries {
		hash := SHA1(e.Hash)
		switch {
		case len(e.Name) > 0:
			if !encrypted { // else it is inside the raw data
				s.named = append(s.named, namedHash{e.Name, hash})
			}
		case !encrypted || !hash.IsZero():
			unnamed(hash)
		}
	}
	if !s.hasData && !s.hasReparse {
		unnamed(main)
	}
	if d.IsDirectory() {
		s.hasData = false
	}
	return s
}

func (f *FS) newReparsePoint(d *wimfile.Dentry, hash SHA1) *ReparsePoint {
	fields := d.Reparse()
	return &ReparsePoint{
		Tag: ReparseTag(fields.Tag), Reserved: fields.Reserved, Flags: fields.Flags,
		Size: f.sizeOf(hash), SHA1: hash, fs: f,
	}
}

// reparsePoint returns what entry has of a node that is a reparse point.
func (f *FS) reparsePoint(i int32) *ReparsePoint {
	n := &f.meta.nodes[i]
	d := f.meta.dentry(n)
	hashes := f.meta.sortStreams(n, &d)
	return f.newReparsePoint(&d, hashes.reparse)
}

// entry parses all that is known about a node.
func (f *FS) entry(i int32) *Entry {
	m, n := f.meta, &f.meta.nodes[i]
	if n.dentry < 0 { // the made-up root of an empty image
		return &Entry{Name: ".", Attributes: n.attributes, HardLinkCount: 1}
	}
	d := m.dentry(n)
	e := newEntry(n.name, &d, m.descriptors)
	if i == 0 {
		e.Name = "."
	}
	e.HardLinkGroup = f.hardLinkGroup(i)
	e.HardLinkCount = max(1, len(f.hardLinks().names[e.HardLinkGroup]))
	hashes := m.sortStreams(n, &d)
	if hashes.hasData {
		e.Streams = append(e.Streams, f.stream("", hashes.data))
	}
	for _, s := range hashes.named {
		e.Streams = append(e.Streams, f.stream(utf16le.Decode(s.name), s.hash))
	}
	if e.Reparse != nil {
		e.Reparse = f.newReparsePoint(&d, hashes.reparse)
	}
	return e
}

// newEntry returns what a dentry itself says: all but contents and hard links.
func newEntry(name string, d *wimfile.Dentry, descriptors [][]byte) *Entry {
	e := &Entry{
		Name:           name,
		RawName:        utf16le.Units(d.Name),
		ShortName:      utf16le.Decode(d.ShortName),
		Attributes:     Attributes(d.Attributes),
		CreationTime:   Filetime(d.CreationTime),
		LastAccessTime: Filetime(d.LastAccessTime),
		LastWriteTime:  Filetime(d.LastWriteTime),
		Reserved:       Reserved{Unused: d.Unused, Unknown: d.Unknown},
	}
	// Any id that is out of range means none, not only -1.
	if id := uint32(d.SecurityID); uint64(id) < uint64(len(descriptors)) {
		e.SecurityDescriptor = descriptors[id]
	}
	if e.Attributes&AttributeReparsePoint != 0 {
		fields := d.Reparse()
		e.Reparse = &ReparsePoint{Tag: ReparseTag(fields.Tag), Reserved: fields.Reserved, Flags: fields.Flags}
	}
	items, _ := d.Items()
	for _, item := range items {
		e.addTagged(item.Tag, item.Data)
	}
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

// Xattr is an extended attribute.
type Xattr struct {
	Name  string
	Flags uint8 // 0x80: a program that does not know the attribute shall not use the file
	Value []byte
}

// TaggedItem is an item of metadata in the form in which a dentry holds it (WIM
// format sheet, section 8.6).
type TaggedItem struct {
	Tag  uint32
	Data []byte // shared: not to be changed
}

// Reserved are fields that nobody knows a use of. They are 0 nearly always.
type Reserved struct {
	Unused  [2]uint64
	Unknown uint32
}

func (e *Entry) addTagged(tag uint32, data []byte) {
	if tag == 0 && len(data) == 0 {
		return // padding
	}
	e.Tagged = append(e.Tagged, TaggedItem{tag, data})
	switch {
	case tag == wimfile.TagObjectID && len(data) >= 16 && e.ObjectID == nil:
		e.ObjectID = data
	case tag == wimfile.TagUnixData && e.Unix == nil:
		e.Unix = parseUnixData(data)
	case tag == wimfile.TagXattrs && e.Xattrs == nil:
		e.Xattrs = newXattrs(wimfile.ParseXattrs(data))
	case tag == wimfile.TagLinuxXattrs && e.Xattrs == nil:
		e.Xattrs = newXattrs(wimfile.ParseLinuxXattrs(data))
	}
}

// newXattrs takes what of a list is well formed.
func newXattrs(stored []wimfile.Xattr, _ []byte) (list []Xattr) {
	for _, x := range stored {
		list = append(list, Xattr(x))
	}
	return list
}
