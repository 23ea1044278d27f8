package regf

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// Type is the type of a registry value.
type Type uint32

// The types of values, as Windows' headers call them.
const (
	TypeNone Type = iota
	TypeSZ
	TypeExpandSZ
	TypeBinary
	TypeDWORD
	TypeDWORDBigEndian
	TypeLink
	TypeMultiSZ
	TypeQWORD Type = 11
)

var typeNames = map[Type]string{
	TypeNone: "REG_NONE", TypeSZ: "REG_SZ", TypeExpandSZ: "REG_EXPAND_SZ", TypeBinary: "REG_BINARY", TypeDWORD: "REG_DWORD",
	TypeDWORDBigEndian: "REG_DWORD_BIG_ENDIAN", TypeLink: "REG_LINK", TypeMultiSZ: "REG_MULTI_SZ", TypeQWORD: "REG_QWORD",
}

// String returns the type's name, such as "REG_SZ".
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

const (
	// maxData is how long the data of a value may be.
	maxData = 1 << 20

	// maxCellData is how much data one cell holds, in hives that have big data.
	maxCellData = 16344

	valueNameLatin1 = 0x0001
	valueTombstone  = 0x0002 // says that the value does not exist, in layered hives
)

// Value is a registry value.
type Value struct {
	hive   *Hive
	name   []uint16
	kind   Type
	size   uint32 // of the data, with the flag below
	data   [4]byte
	offset uint32
}

// dataInline is a flag of the size: the data is where its offset would be.
const dataInline = 1 << 31

// value reads the vk cell at an offset. If a name is wanted and it is not the
// value's, or if the cell only says that there is no such value, the value is
// nil.
func (h *Hive) value(offset uint32, w *wanted) (*Value, error) {
	c, err := h.cell(offset, "value")
	if err != nil {
		return nil, err
	}
	const fixed = 20
	var vk [fixed]byte
	if err := c.read(vk[:], 0); err != nil {
		return nil, err
	}
	if string(vk[:2]) != "vk" {
		return nil, corruptf("value at offset %#x begins with %q, not with \"vk\"", offset, vk[:2])
	}
	flags := binary.LittleEndian.Uint16(vk[16:])
	if flags&valueTombstone != 0 {
		return nil, nil
	}
	v := &Value{
		hive: h, offset: offset,
		kind: Type(binary.LittleEndian.Uint32(vk[12:])),
		size: binary.LittleEndian.Uint32(vk[4:]),
		data: [4]byte(vk[8:]),
	}
	name := storedName{c, fixed, uint32(binary.LittleEndian.Uint16(vk[2:])), flags&valueNameLatin1 != 0}
	if v.name, err = name.read(w); err != nil || v.name == nil {
		return nil, err
	}
	return v, nil
}

// Values yields the values of the key in the order of the hive. Those that
// cannot be read are yielded as errors.
func (k *Key) Values() iter.Seq2[*Value, error] { return k.valuesNamed(nil) }

// valuesNamed yields the values of a name, or all.
func (k *Key) valuesNamed(w *wanted) iter.Seq2[*Value, error] {
	return func(yield func(*Value, error) bool) {
		list, err := k.valueOffsets()
		if err != nil {
			yield(nil, err)
			return
		}
		for ; len(list) > 0; list = list[4:] {
			v, err := k.hive.value(binary.LittleEndian.Uint32(list), w)
			if (v != nil || err != nil) && !yield(v, err) {
				return
			}
		}
	}
}

// valueOffsets reads the list of values: four bytes for each.
func (k *Key) valueOffsets() ([]byte, error) {
	if k.values == 0 {
		return nil, nil
	}
	if k.values > maxValues {
		return nil, corruptf("key at offset %#x has %d values, more than %d", k.offset, k.values, maxValues)
	}
	c, err := k.hive.cell(k.valueList, "list of values")
	if err != nil {
		return nil, err
	}
	return c.content(0, 4*k.values)
}

// Value returns the value of a name, in whatever case; the name of the default
// value is empty. The error wraps ErrNotFound if there is none. Malformed
// values are passed over, and are an error only if no other is found.
func (k *Key) Value(name string) (*Value, error) {
	var failed error
	for v, err := range k.valuesNamed(newWanted(name)) {
		if err == nil || !errors.Is(err, ErrCorrupt) { // the source fails
			return v, err
		}
		failed = cmp.Or(failed, err)
	}
	return nil, cmp.Or(failed, fmt.Errorf("value %q: %w", name, ErrNotFound))
}

// Name returns the value's name. Unpaired surrogates in it become U+FFFD.
func (v *Value) Name() string { return string(utf16.Decode(v.name)) }

// Type returns the type of the data.
func (v *Value) Type() Type { return v.kind }

// Size returns how many bytes of data the value says it has.
func (v *Value) Size() int { return int(v.size &^ dataInline) }

// Data reads the data: at most 1 MiB.
func (v *Value) Data() ([]byte, error) {
	size := v.size &^ dataInline
	if v.size&dataInline != 0 {
		if size > 4 {
			return nil, corruptf("value at offset %#x has %d bytes where 4 are", v.offset, size)
		}
		return v.data[:size:size], nil
	}
	if size == 0 {
		return nil, nil
	}
	if size > maxData {
		return nil, corruptf("value at offset %#x has %d bytes, more than %d", v.offset, size, maxData)
	}
	c, err := v.hive.cell(binary.LittleEndian.Uint32(v.data[:]), "data")
	if err != nil {
		return nil, err
	}
	if size > maxCellData && v.hive.minor > 3 {
		return v.hive.bigData(c, size)
	}
	return c.content(0, size)
}

// bigData reads data that is in several cells.
func (h *Hive) bigData(c cell, size uint32) ([]byte, error) {
	var head [8]byte
	if err := c.read(head[:], 0); err != nil {
		return nil, err
	}
	segments := (size + maxCellData - 1) / maxCellData
	if count := binary.LittleEndian.Uint16(head[2:]); string(head[:2]) != "db" || uint32(count) != segments {
		return nil, corruptf("data at offset %#x begins with %q and has %d segments, in place of %d", c.at-4, head[:2], count, segments)
	}
	list, err := h.cell(binary.LittleEndian.Uint32(head[4:]), "list of segments")
	if err != nil {
		return nil, err
	}
	offsets, err := list.content(0, 4*segments)
	if err != nil {
		return nil, err
	}
	var data []byte // grows with what is there
	for ; len(offsets) > 0; offsets = offsets[4:] {
		segment, err := h.cell(binary.LittleEndian.Uint32(offsets), "segment")
		if err != nil {
			return nil, err
		}
		part, err := segment.content(0, min(maxCellData, size-uint32(len(data))))
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
	}
	return data, nil
}

// of reads the data if it is of one of the given types.
func (v *Value) of(what string, types ...Type) ([]byte, error) {
	if !slices.Contains(types, v.kind) {
		return nil, fmt.Errorf("%s instead of %s: %w", v.kind, what, ErrType)
	}
	return v.Data()
}

// Text returns the text of a REG_SZ or REG_EXPAND_SZ up to its first NUL, if
// it has one. What it has of %VARIABLES% is not expanded.
func (v *Value) Text() (string, error) {
	data, err := v.of("text", TypeSZ, TypeExpandSZ)
	if err != nil {
		return "", err
	}
	text, _, _ := strings.Cut(utf16le.Decode(data), "\x00")
	return text, nil
}

// Texts returns the texts of a REG_MULTI_SZ. A NUL ends each, and one more the
// list; what is empty at the end is the end, what is empty before is a text.
func (v *Value) Texts() ([]string, error) {
	data, err := v.of("a list of texts", TypeMultiSZ)
	if err != nil {
		return nil, err
	}
	list := strings.TrimRight(utf16le.Decode(data), "\x00")
	if list == "" {
		return nil, nil
	}
	return strings.Split(list, "\x00"), nil
}

// AllTexts returns the texts of a REG_MULTI_SZ as Texts does, and those that
// are empty at its end too: where texts are in pairs, as in
// PendingFileRenameOperations, the second of each may be empty.
func (v *Value) AllTexts() ([]string, error) {
	data, err := v.of("a list of texts", TypeMultiSZ)
	if err != nil {
		return nil, err
	}
	list := strings.TrimSuffix(utf16le.Decode(data), "\x00") // the end of the list
	if list == "" {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(list, "\x00"), "\x00"), nil
}

// Uint32 returns the number of a REG_DWORD of either byte order.
func (v *Value) Uint32() (uint32, error) {
	data, err := v.of("a 32-bit number", TypeDWORD, TypeDWORDBigEndian)
	switch {
	case err != nil:
		return 0, err
	case len(data) != 4:
		return 0, corruptf("value at offset %#x: %s of %d bytes", v.offset, v.kind, len(data))
	case v.kind == TypeDWORDBigEndian:
		return binary.BigEndian.Uint32(data), nil
	}
	return binary.LittleEndian.Uint32(data), nil
}

// Uint64 returns the number of a REG_QWORD.
func (v *Value) Uint64() (uint64, error) {
	data, err := v.of("a 64-bit number", TypeQWORD)
	switch {
	case err != nil:
		return 0, err
	case len(data) != 8:
		return 0, corruptf("value at offset %#x: %s of %d bytes", v.offset, v.kind, len(data))
	}
	return binary.LittleEndian.Uint64(data), nil
}
