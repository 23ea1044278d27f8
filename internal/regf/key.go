package regf

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"unicode/utf16"
)

// The limits of real hives are far below these. wimlib has the same ones.
const (
	maxSubkeys   = 65536
	maxValues    = 65536
	maxKeyName   = 512 // bytes: 255 characters
	maxListDepth = 5
	maxLists     = 4096 // of one key
)

// Flags of keys.
const (
	keyNameLatin1       = 0x0020
	keyPredefinedHandle = 0x0040 // the key stands for another one and has nothing itself
)

// Key is a registry key.
type Key struct {
	hive   *Hive
	name   []uint16
	offset uint32

	subkeys, subkeyList uint32 // number, offset of the list
	values, valueList   uint32
}

// key reads the nk cell at an offset. If a name is wanted and it is not the
// key's, the key is nil.
func (h *Hive) key(offset uint32, w *wanted) (*Key, error) {
	c, err := h.cell(offset, "key")
	if err != nil {
		return nil, err
	}
	const fixed = 76
	var nk [fixed]byte
	if err := c.read(nk[:], 0); err != nil {
		return nil, err
	}
	if string(nk[:2]) != "nk" {
		return nil, corruptf("key at offset %#x begins with %q, not with \"nk\"", offset, nk[:2])
	}
	flags := binary.LittleEndian.Uint16(nk[2:])
	name := storedName{c, fixed, uint32(binary.LittleEndian.Uint16(nk[72:])), flags&keyNameLatin1 != 0}
	if name.length > maxKeyName {
		return nil, corruptf("key at offset %#x has a name of %d bytes", offset, name.length)
	}
	k := &Key{hive: h, offset: offset}
	if k.name, err = name.read(w); err != nil || k.name == nil {
		return nil, err
	}
	if flags&keyPredefinedHandle != 0 {
		return k, nil
	}
	k.subkeys, k.subkeyList = binary.LittleEndian.Uint32(nk[20:]), binary.LittleEndian.Uint32(nk[28:])
	k.values, k.valueList = binary.LittleEndian.Uint32(nk[36:]), binary.LittleEndian.Uint32(nk[40:])
	return k, nil
}

// Name returns the key's name. Unpaired surrogates in it become U+FFFD.
func (k *Key) Name() string { return string(utf16.Decode(k.name)) }

// Counts returns how many subkeys and values the key says it has, and so what
// it may cost to go through them.
func (k *Key) Counts() (subkeys, values uint32) { return k.subkeys, k.values }

// Subkey returns the subkey of a name, in whatever case. The error wraps
// ErrNotFound if there is none. Malformed keys are passed over, and are an
// error only if no other is found.
func (k *Key) Subkey(name string) (*Key, error) {
	w := newWanted(name)
	var failed error
	// Hints are right in every hive that Windows made, and spare the reading
	// of up to hundreds of keys. Where no key is found by them, all are tried.
	for _, hinted := range []bool{true, false} {
		for entry, err := range k.listed() {
			if err == nil {
				if w.mayBe(entry.signature, entry.hint) != hinted {
					continue
				}
				var subkey *Key
				if subkey, err = k.hive.key(entry.offset, w); subkey != nil {
					return subkey, nil
				}
			}
			if err != nil && !errors.Is(err, ErrCorrupt) { // the source fails
				return nil, err
			}
			failed = cmp.Or(failed, err)
		}
	}
	return nil, cmp.Or(failed, fmt.Errorf("key %q: %w", name, ErrNotFound))
}

// Subkeys yields the subkeys in the order of the hive, which is that of their
// names in upper case. Those that cannot be read are yielded as errors.
func (k *Key) Subkeys() iter.Seq2[*Key, error] {
	return func(yield func(*Key, error) bool) {
		for entry, err := range k.listed() {
			var subkey *Key
			if err == nil {
				subkey, err = k.hive.key(entry.offset, nil)
			}
			if !yield(subkey, err) {
				return
			}
		}
	}
}

// listEntry is an entry of a list of subkeys.
type listEntry struct {
	offset    uint32
	signature string // of the list
	hint      [4]byte
}

// listed yields the entries of the lists of subkeys, without looking at the
// subkeys. It ends with an error if there are not as many as the key says.
func (k *Key) listed() iter.Seq2[listEntry, error] {
	return func(yield func(listEntry, error) bool) {
		w := listWalk{hive: k.hive, left: k.subkeys, yield: func(e listEntry) bool { return yield(e, nil) }}
		err := error(nil)
		switch {
		case k.subkeys == 0:
			return
		case k.subkeys > maxSubkeys:
			err = corruptf("key at offset %#x has %d subkeys, more than %d", k.offset, k.subkeys, maxSubkeys)
		default:
			err = w.walk(k.subkeyList, 1)
		}
		if err == nil && !w.stopped && w.left > 0 {
			err = corruptf("key at offset %#x has %d subkeys, but %d of them are not listed", k.offset, k.subkeys, w.left)
		}
		if err != nil && !w.stopped {
			yield(listEntry{}, err)
		}
	}
}

// listWalk goes through lists of subkeys and lists of such lists.
type listWalk struct {
	hive    *Hive
	left    uint32 // entries that may still come
	lists   int    // lists read
	stopped bool   // yield wants no more
	yield   func(listEntry) bool
}

func (w *listWalk) walk(offset uint32, depth int) error {
	if w.lists++; depth > maxListDepth || w.lists > maxLists {
		return corruptf("list of subkeys at offset %#x: too many lists of lists", offset)
	}
	c, err := w.hive.cell(offset, "list of subkeys")
	if err != nil {
		return err
	}
	var head [4]byte
	if err := c.read(head[:], 0); err != nil {
		return err
	}
	signature, count := string(head[:2]), uint32(binary.LittleEndian.Uint16(head[2:]))
	width := uint32(8)
	switch signature {
	case "lf", "lh":
	case "li", "ri":
		width = 4
	default:
		return corruptf("list of subkeys at offset %#x begins with %q", offset, signature)
	}
	// Before memory is spent on it: lists may say more than the key does.
	if signature == "ri" && int(count) > maxLists-w.lists || signature != "ri" && count > w.left {
		return corruptf("list of subkeys at offset %#x has %d entries, more than its key", offset, count)
	}
	entries, err := c.content(4, count*width)
	if err != nil {
		return err
	}
	for ; len(entries) > 0 && !w.stopped; entries = entries[width:] {
		e := listEntry{offset: binary.LittleEndian.Uint32(entries), signature: signature}
		if signature == "ri" {
			if err := w.walk(e.offset, depth+1); err != nil {
				return err
			}
			continue
		}
		w.left--
		if width == 8 {
			e.hint = [4]byte(entries[4:])
		}
		w.stopped = !w.yield(e)
	}
	return nil
}
