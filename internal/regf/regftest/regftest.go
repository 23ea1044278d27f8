// Package regftest writes small registry hives for tests. It can write what
// Windows writes, and, patched by the test, what nobody should. That the hives
// are well made is proven in package regf's tests by programs of others.
package regftest

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

// Key is a key of a hive to be written.
type Key struct {
	Name   string
	Values []Value
	Keys   []*Key
}

// Value is a value of a key. Type and Data are as in the hive.
type Value struct {
	Name string
	Type uint32
	Data []byte
}

// At returns the key at a path below k, which is made if it does not exist.
func (k *Key) At(path string) *Key {
	for name := range strings.SplitSeq(path, `\`) {
		i := slices.IndexFunc(k.Keys, func(sub *Key) bool { return strings.EqualFold(sub.Name, name) })
		if i < 0 {
			i = len(k.Keys)
			k.Keys = append(k.Keys, &Key{Name: name})
		}
		k = k.Keys[i]
	}
	return k
}

// Set adds values to k, which it returns.
func (k *Key) Set(values ...Value) *Key {
	k.Values = append(k.Values, values...)
	return k
}

// Text encodes text in UTF-16, without a NUL at its end.
func Text(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// SZ is text.
func SZ(name, text string) Value { return Value{name, 1, Text(text + "\x00")} }

// ExpandSZ is text with variables in it.
func ExpandSZ(name, text string) Value { return Value{name, 2, Text(text + "\x00")} }

// MultiSZ is a list of texts.
func MultiSZ(name string, texts ...string) Value {
	return Value{name, 7, Text(strings.Join(append(texts, ""), "\x00") + "\x00")}
}

// DWORD is a 32-bit number.
func DWORD(name string, n uint32) Value {
	return Value{name, 4, binary.LittleEndian.AppendUint32(nil, n)}
}

// QWORD is a 64-bit number.
func QWORD(name string, n uint64) Value {
	return Value{name, 11, binary.LittleEndian.AppendUint64(nil, n)}
}

// Binary is bytes.
func Binary(name string, data []byte) Value { return Value{name, 3, data} }

// Options vary how a hive is written. The zero value is what Windows does
// today.
type Options struct {
	List  string // kind of the lists of subkeys: "lf", "lh" (the default), "li", "ri" (of two lh each)
	Wide  bool   // names in UTF-16, where Latin-1 would do
	Minor uint32 // minor version, 5 by default; up to 3 there is no big data
	Dirty bool   // the second sequence number is one behind
}

const (
	none       = 0xFFFFFFFF
	binHeader  = 32
	pageSize   = 4096
	maxSegment = 16344
)

// Build writes a hive.
func Build(root *Key, o Options) []byte {
	if o.List == "" {
		o.List = "lh"
	}
	if o.Minor == 0 {
		o.Minor = 5
	}
	w := &writer{options: o}
	rootOffset := w.key(root, none, true)
	w.closeBin()

	base := make([]byte, pageSize)
	copy(base, "regf")
	put := binary.LittleEndian.PutUint32
	put(base[4:], 2)
	put(base[8:], 2)
	if o.Dirty {
		put(base[8:], 1)
	}
	put(base[20:], 1)
	put(base[24:], o.Minor)
	put(base[32:], 1)
	put(base[36:], rootOffset)
	put(base[40:], uint32(len(w.bins)))
	put(base[44:], 1)
	SetChecksum(base)
	return append(base, w.bins...)
}

// SetChecksum corrects the checksum of a hive whose base block was changed.
func SetChecksum(hive []byte) {
	var sum uint32
	for at := 0; at < 508; at += 4 {
		sum ^= binary.LittleEndian.Uint32(hive[at:])
	}
	switch sum {
	case 0:
		sum = 1
	case none:
		sum = none - 1
	}
	binary.LittleEndian.PutUint32(hive[508:], sum)
}

type writer struct {
	options  Options
	bins     []byte
	bin      int // start of the last bin
	security uint32
}

// cell writes a cell and returns its offset.
func (w *writer) cell(content []byte) uint32 {
	size := (4 + len(content) + 7) &^ 7
	if w.bins == nil || len(w.bins)+size > w.binEnd() {
		w.closeBin()
		w.bin = len(w.bins)
		header := make([]byte, binHeader)
		copy(header, "hbin")
		binary.LittleEndian.PutUint32(header[4:], uint32(w.bin))
		binary.LittleEndian.PutUint32(header[8:], uint32((binHeader+size+pageSize-1)&^(pageSize-1)))
		w.bins = append(w.bins, header...)
	}
	offset := len(w.bins)
	w.bins = binary.LittleEndian.AppendUint32(w.bins, uint32(-size))
	w.bins = append(w.bins, content...)
	w.bins = append(w.bins, make([]byte, offset+size-len(w.bins))...)
	return uint32(offset)
}

func (w *writer) binEnd() int {
	return w.bin + int(binary.LittleEndian.Uint32(w.bins[w.bin+8:]))
}

// closeBin fills the last bin with a free cell.
func (w *writer) closeBin() {
	if w.bins == nil {
		return
	}
	if free := w.binEnd() - len(w.bins); free > 0 {
		w.bins = binary.LittleEndian.AppendUint32(w.bins, uint32(free))
		w.bins = append(w.bins, make([]byte, free-4)...)
	}
}

// put changes a field of a cell that has been written.
func (w *writer) put(cell uint32, field int, v uint32) {
	binary.LittleEndian.PutUint32(w.bins[int(cell)+4+field:], v)
}

func (w *writer) key(k *Key, parent uint32, root bool) uint32 {
	name, latin1 := w.name(k.Name)
	nk := make([]byte, 76, 76+len(name))
	copy(nk, "nk")
	var flags uint16
	if root {
		flags |= 0x0004 | 0x0008
	}
	if latin1 {
		flags |= 0x0020
	}
	put := binary.LittleEndian.PutUint32
	binary.LittleEndian.PutUint16(nk[2:], flags)
	put(nk[16:], parent)
	put(nk[20:], uint32(len(k.Keys)))
	put(nk[28:], none)
	put(nk[32:], none)
	put(nk[36:], uint32(len(k.Values)))
	put(nk[40:], none)
	put(nk[44:], none)
	put(nk[48:], none)
	for _, sub := range k.Keys {
		put(nk[52:], max(binary.LittleEndian.Uint32(nk[52:]), uint32(2*len(utf16.Encode([]rune(sub.Name))))))
	}
	for _, v := range k.Values {
		put(nk[60:], max(binary.LittleEndian.Uint32(nk[60:]), uint32(2*len(utf16.Encode([]rune(v.Name))))))
		put(nk[64:], max(binary.LittleEndian.Uint32(nk[64:]), uint32(len(v.Data))))
	}
	binary.LittleEndian.PutUint16(nk[72:], uint16(len(name)))
	offset := w.cell(append(nk, name...))
	if root {
		w.writeSecurity()
	}
	w.put(offset, 44, w.security)

	if len(k.Keys) > 0 {
		keys := slices.Clone(k.Keys)
		slices.SortFunc(keys, func(a, b *Key) int { return slices.Compare(upper(a.Name), upper(b.Name)) })
		offsets := make([]uint32, len(keys))
		for i, sub := range keys {
			offsets[i] = w.key(sub, offset, false)
		}
		w.put(offset, 28, w.list(w.options.List, keys, offsets))
	}
	if len(k.Values) > 0 {
		var list []byte
		for _, v := range k.Values {
			list = binary.LittleEndian.AppendUint32(list, w.value(v))
		}
		w.put(offset, 40, w.cell(list))
	}
	return offset
}

// writeSecurity writes the security descriptor that all keys share: everything
// is empty in it.
func (w *writer) writeSecurity() {
	descriptor := []byte{1, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	sk := make([]byte, 20, 40)
	copy(sk, "sk")
	binary.LittleEndian.PutUint32(sk[12:], 1)
	binary.LittleEndian.PutUint32(sk[16:], uint32(len(descriptor)))
	w.security = w.cell(append(sk, descriptor...))
	w.put(w.security, 4, w.security)
	w.put(w.security, 8, w.security)
}

func (w *writer) list(kind string, keys []*Key, offsets []uint32) uint32 {
	list := []byte(kind)
	if kind == "ri" {
		half := (len(keys) + 1) / 2
		parts := []uint32{w.list("lh", keys[:half], offsets[:half])}
		if half < len(keys) {
			parts = append(parts, w.list("lh", keys[half:], offsets[half:]))
		}
		list = binary.LittleEndian.AppendUint16(list, uint16(len(parts)))
		for _, part := range parts {
			list = binary.LittleEndian.AppendUint32(list, part)
		}
		return w.cell(list)
	}
	list = binary.LittleEndian.AppendUint16(list, uint16(len(keys)))
	for i, k := range keys {
		list = binary.LittleEndian.AppendUint32(list, offsets[i])
		switch kind {
		case "lf":
			var hint [4]byte
			copy(hint[:], k.Name)
			list = append(list, hint[:]...)
		case "lh":
			var hash uint32
			for _, u := range upper(k.Name) {
				hash = 37*hash + uint32(u)
			}
			list = binary.LittleEndian.AppendUint32(list, hash)
		}
	}
	return w.cell(list)
}

func (w *writer) value(v Value) uint32 {
	name, latin1 := w.name(v.Name)
	vk := make([]byte, 20, 20+len(name))
	copy(vk, "vk")
	put := binary.LittleEndian.PutUint32
	binary.LittleEndian.PutUint16(vk[2:], uint16(len(name)))
	size := uint32(len(v.Data))
	if size <= 4 {
		put(vk[4:], size|1<<31)
		copy(vk[8:12], v.Data)
	} else {
		put(vk[4:], size)
		put(vk[8:], w.data(v.Data))
	}
	put(vk[12:], v.Type)
	if latin1 {
		binary.LittleEndian.PutUint16(vk[16:], 1)
	}
	return w.cell(append(vk, name...))
}

func (w *writer) data(data []byte) uint32 {
	if len(data) <= maxSegment || w.options.Minor <= 3 {
		return w.cell(data)
	}
	var list []byte
	for part := range slices.Chunk(data, maxSegment) {
		segment := append(slices.Clone(part), make([]byte, 4)...)
		list = binary.LittleEndian.AppendUint32(list, w.cell(segment))
	}
	db := []byte("db")
	db = binary.LittleEndian.AppendUint16(db, uint16(len(list)/4))
	return w.cell(binary.LittleEndian.AppendUint32(db, w.cell(list)))
}

// name encodes a name: in Latin-1 where it can be.
func (w *writer) name(name string) (raw []byte, latin1 bool) {
	latin1 = !w.options.Wide && !strings.ContainsFunc(name, func(r rune) bool { return r > 0xFF })
	if !latin1 {
		return Text(name), false
	}
	for _, r := range name {
		raw = append(raw, byte(r))
	}
	return raw, true
}

func upper(name string) []uint16 { return utf16.Encode([]rune(strings.ToUpper(name))) }
