// Package huffman builds decoding tables for canonical Huffman codes.
//
// A canonical code is given by the length of each symbol's codeword alone.
// Codewords of one length are consecutive numbers in the order of their
// symbols, and the first codeword of length L+1 is the one after the last of
// length L, shifted left by one (the WIM format sheet, section 7.1). Written
// as binary fractions, the codewords in (length, symbol) order are therefore
// the left ends of intervals that fill [0, 1) from left to right:
//
//	lengths  A=1 B=2 C=3 D=3
//	code     A=0   B=10 C=110 D=111
//	         |----A----|--B--|-C-|-D-|
//	         0        1/2   3/4 7/8  1
//
// A table with 2^bits entries is this line cut into equal pieces, and the next
// bits of the input, read most significant bit first, are the number of the
// piece. Building one is a single walk from left to right: each symbol's entry
// is repeated for the width of its interval.
//
// Codewords longer than the table's index stand together at the right end of
// the line. That stretch is cut a second time, into finer pieces, as wide as
// the longest codeword: see [Table.Long].
//
// An entry is 32 bits of the caller's own design, so that a decoder finds there
// all that it needs to know about a symbol. The builder only adds the length of
// the codeword to it.
package huffman

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxLength is the longest codeword that a Table takes.
const MaxLength = 16

// What can be wrong with a set of codeword lengths. Build wraps
// ErrOversubscribed and ErrIncomplete.
var (
	ErrOversubscribed = errors.New("more codewords than their lengths allow")
	ErrIncomplete     = errors.New("codewords do not fill the code")
	ErrEmpty          = errors.New("code has no symbols")
)

// A Table decodes one canonical code at a time. Build makes it ready for a code
// and reuses its memory.
type Table struct {
	// Main has 1<<bits entries, indexed by the next bits of the input.
	Main []uint32

	// Long holds the entries of the codewords longer than the index of Main,
	// indexed by (input >> LongShift) - LongBase, where input has the next bit
	// as its most significant one. Long[0] is the first long codeword.
	Long      []uint32
	LongShift uint
	LongBase  uint64

	bits    int
	longest int
	escape  uint32
	step    uint32
	storage []uint32 // Main, and after it Long
	sorted  []uint32 // entries in the order of their codewords

	// What the table was last built for; built has no length when that failed.
	built   []uint8
	payload *uint32
}

// lengthCounts has a number for each codeword length. Its size lets an index be
// reduced modulo 32 in place of a bounds check.
type lengthCounts [32]uint16

// NewTable returns a Table for alphabets of up to symbols symbols, whose Main
// part has 1<<bits entries and whose codewords have at most longest bits. The
// entries of Main that stand for more than one codeword are set to escape, a
// value that no symbol's entry has and that is not zero. Each bit of a codeword
// adds step to its symbol's entry.
//
// The memory for Main and Long is the caller's, so that a decoder can have it
// in a place that it reaches fast: storage must have 1<<bits entries, and if
// longest is above bits, symbols<<(longest-bits-1) more. Main is its beginning.
func NewTable(storage []uint32, symbols, bits, longest int, escape, step uint32) *Table {
	// A codeword of more than bits bits takes at most 2^(longest-bits-1) of
	// the pieces that Long is cut into.
	capacity := 0
	if longest > bits {
		capacity = symbols << (longest - bits - 1)
	}
	storage = storage[:1<<bits+capacity]
	return &Table{
		Main:    storage[: 1<<bits : 1<<bits],
		bits:    bits,
		longest: longest,
		escape:  escape,
		step:    step,
		storage: storage,
		sorted:  make([]uint32, symbols),
		built:   make([]uint8, 0, symbols),
	}
}

// Build makes the table for a code. The entry of symbol s, which has a codeword
// of lengths[s] bits (0 for none), is payload[s] + lengths[s] * step. The
// payload must not change between calls: when it and the lengths are those of
// the last call, there is nothing to do.
//
// It returns [ErrEmpty] when no symbol has a codeword; every entry of Main is
// then zero, which no symbol of a real code has. It wraps [ErrOversubscribed]
// or [ErrIncomplete] when the lengths are not those of a complete code; the
// table is then of no use. A length above the longest one that the table was
// made for counts as over-subscribed; it must be below 32.
func (t *Table) Build(lengths []uint8, payload []uint32) error {
	if len(lengths) == 0 {
		return ErrEmpty
	}
	if t.payload == &payload[0] && bytes.Equal(t.built, lengths) {
		return nil
	}
	t.built = t.built[:0]
	payload = payload[:len(lengths)]

	// The two halves of the alphabet are counted apart, and later placed apart:
	// the processor does both at a time, as neither waits for the other's
	// counters. Most of an alphabet is often unused: of that, sixteen symbols
	// at a time are neither counted nor placed.
	half := (len(lengths) + 1) / 2
	low, high := lengths[:half], lengths[half:]
	var lowPlaces, highPlaces lengthCounts
	i := 0
	for ; i+8 <= len(high); i += 8 {
		l, h := binary.LittleEndian.Uint64(low[i:]), binary.LittleEndian.Uint64(high[i:])
		if l|h == 0 {
			continue
		}
		for range 8 {
			lowPlaces[l%32]++
			highPlaces[h%32]++
			l >>= 8
			h >>= 8
		}
	}
	for ; i < len(low); i++ {
		lowPlaces[low[i]%32]++
		if i < len(high) {
			highPlaces[high[i]%32]++
		}
	}

	// Where each length begins in sorted. Unused symbols come first. used
	// counts pieces of the line [0, 1) at the finest grain; whole is all of it.
	// A codeword longer than allowed counts as all of the line and more.
	var count lengthCounts
	used, whole, next := 0, 1<<t.longest, uint16(0)
	for length := range count {
		l, h := lowPlaces[length], highPlaces[length]
		lowPlaces[length], highPlaces[length] = next, next+l
		count[length] = l + h
		next += l + h
		switch {
		case length > t.longest:
			used += int(l+h) * 2 * whole
		case length > 0:
			used += int(l+h) << (t.longest - length)
		}
	}
	if used != whole {
		switch {
		case used > whole:
			return fmt.Errorf("%w (%d of %d parts used)", ErrOversubscribed, used, whole)
		case used > 0:
			return fmt.Errorf("%w (%d of %d parts used)", ErrIncomplete, used, whole)
		default:
			clear(t.Main)
			t.Long, t.LongBase, t.LongShift = nil, 0, 0
			return ErrEmpty
		}
	}
	t.sort(lengths, payload, &lowPlaces, &highPlaces)
	t.fill(&count)
	t.built = append(t.built, lengths...)
	t.payload = &payload[0]
	return nil
}

// sort puts the entries in the order of their codewords, a counting sort by
// (length, symbol). There is no branch for unused symbols among used ones.
func (t *Table) sort(lengths []uint8, payload []uint32, lowPlaces, highPlaces *lengthCounts) {
	sorted, half := t.sorted, (len(lengths)+1)/2
	low, high := lengths[:half], lengths[half:]
	i := 0
	for ; i+8 <= len(high); i += 8 {
		l, h := binary.LittleEndian.Uint64(low[i:]), binary.LittleEndian.Uint64(high[i:])
		if l|h == 0 {
			continue
		}
		lowPayload, highPayload := payload[i:i+8], payload[half+i:half+i+8]
		for j, e := range lowPayload {
			place := &lowPlaces[l%32]
			sorted[*place] = e + uint32(l%32)*t.step
			*place++
			place = &highPlaces[h%32]
			sorted[*place] = highPayload[j] + uint32(h%32)*t.step
			*place++
			l >>= 8
			h >>= 8
		}
	}
	for ; i < len(low); i++ {
		place := &lowPlaces[low[i]%32]
		sorted[*place] = payload[i] + uint32(low[i])*t.step
		*place++
		if i < len(high) {
			place = &highPlaces[high[i]%32]
			sorted[*place] = payload[half+i] + uint32(high[i])*t.step
			*place++
		}
	}
}

// fill writes the intervals from left to right.
func (t *Table) fill(count *lengthCounts) {
	sorted, out := t.sorted[count[0]:], t.storage
	for l := 1; l <= t.bits; l++ {
		n := int(count[l])
		out = Fill(out, sorted[:n], 1<<(t.bits-l))
		sorted = sorted[n:]
	}
	t.Long, t.LongBase, t.LongShift = nil, 0, 0
	rest := t.storage[len(t.storage)-len(out) : len(t.Main)]
	if len(rest) == 0 {
		return
	}

	// What is left of Main belongs to longer codewords. Long begins where they
	// begin, and its grain is the longest of them.
	longest := t.longest
	for count[longest] == 0 {
		longest--
	}
	t.LongShift = uint(64 - longest)
	t.LongBase = uint64(len(t.Main)-len(rest)) << (longest - t.bits)
	for i := range rest {
		rest[i] = t.escape
	}
	out = t.storage[len(t.Main):]
	for l := t.bits + 1; l <= longest; l++ {
		n := int(count[l])
		out = Fill(out, sorted[:n], 1<<(longest-l))
		sorted = sorted[n:]
	}
	t.Long = t.storage[len(t.Main) : len(t.storage)-len(out)]
}

// Fill writes each entry width times, a power of two, one after the other, and
// returns what is after them.
func Fill(out, entries []uint32, width int) []uint32 {
	switch width {
	case 1:
		out = out[copy(out, entries):]
	case 2:
		for _, e := range entries {
			out[0], out[1] = e, e
			out = out[2:]
		}
	case 4:
		for _, e := range entries {
			out[0], out[1], out[2], out[3] = e, e, e, e
			out = out[4:]
		}
	default:
		for _, e := range entries {
			for end := len(out) - width; len(out) > end; out = out[8:] {
				out[0], out[1], out[2], out[3] = e, e, e, e
				out[4], out[5], out[6], out[7] = e, e, e, e
			}
		}
	}
	return out
}

// Lookup returns the entry of the codeword that input begins with, the next bit
// being the most significant one.
func (t *Table) Lookup(input uint64) uint32 {
	e := t.Main[input>>(64-uint(t.bits))]
	if e == t.escape {
		e = t.LookupLong(input)
	}
	return e
}

// LookupLong is Lookup for a codeword whose entry in Main is the escape.
func (t *Table) LookupLong(input uint64) uint32 {
	return t.Long[input>>(t.LongShift&63)-t.LongBase]
}
