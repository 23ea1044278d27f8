package wimfile

import "encoding/binary"

// StreamEntrySize is the fixed part of a [StreamEntry], before the name.
const StreamEntrySize = 38

// StreamEntry is a stream that has no room in the dentry that it follows (WIM
// format sheet, section 8.4).
type StreamEntry struct {
	Length   uint64 // rounded up to 8 on disk
	Reserved uint64
	Hash     [20]byte // zero for an empty stream
	Name     []byte   // UTF-16LE; empty for the content or the reparse data
	Tail     []byte   // all after the name: its terminator and padding
}

// NewStreamEntry returns the entry of a stream.
func NewStreamEntry(name []byte, hash [20]byte) StreamEntry {
	size := StreamEntrySize + int(nameSize(len(name)))
	size = (size + 7) &^ 7
	return StreamEntry{
		Length: uint64(size),
		Hash:   hash,
		Name:   name,
		Tail:   make([]byte, size-StreamEntrySize-len(name)),
	}
}

// ParseStreamEntry takes apart the stream entry that raw begins with. Other
// bytes may follow it.
func ParseStreamEntry(raw []byte) (StreamEntry, error) {
	le := binary.LittleEndian
	if len(raw) < StreamEntrySize {
		return StreamEntry{}, formatErrorf("runs beyond the metadata")
	}
	e := StreamEntry{
		Length:   le.Uint64(raw[0x00:]),
		Reserved: le.Uint64(raw[0x08:]),
		Hash:     [20]byte(raw[0x10:]),
	}
	name := int(le.Uint16(raw[0x24:]))
	size := e.Size()
	switch {
	case size < StreamEntrySize || size > uint64(len(raw)):
		return StreamEntry{}, formatErrorf("length %d", size)
	case name%2 != 0 || uint64(StreamEntrySize+name) > size:
		return StreamEntry{}, formatErrorf("a name of %d bytes", name)
	}
	rest := raw[StreamEntrySize:size:size]
	e.Name, e.Tail = rest[:name:name], rest[name:]
	return e, nil
}

// Size is the number of bytes that the entry takes: Length, rounded up.
func (e *StreamEntry) Size() uint64 { return Align8(e.Length) }

// Append appends the entry's bytes to b.
func (e *StreamEntry) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, e.Length)
	b = le.AppendUint64(b, e.Reserved)
	b = append(b, e.Hash[:]...)
	b = le.AppendUint16(b, uint16(len(e.Name)))
	b = append(b, e.Name...)
	return append(b, e.Tail...)
}
