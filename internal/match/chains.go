// Package match finds repeats in a chunk for the encoders: where bytes that
// follow a position stood before.
package match

import (
	"math/bits"
)

// Padding is how many bytes a finder wants to read past the end of the chunk.
const Padding = 16

// A Match repeats Length bytes that stand Offset bytes back.
type Match struct {
	Length, Offset uint32
}

// A Position is a number of a byte in a chunk. 16 bits are enough for chunks of
// up to 64 KiB, and take half the cache.
type Position interface{ uint16 | uint32 }

// Chains finds matches by hash chains: positions where the same 4 bytes begin
// (or others of the same hash) are linked, each to the one before.
//
// All links of a chunk are made first, before any search. A finder that inserts
// positions as the encoder moves on does the same work in small steps; in one
// loop the processor overlaps the cache misses of many positions, a search
// starts from a link that is read in order, and what a match skips needs no
// visit.
//
// That all links are there is also what makes searches short: the chains of all
// parts of a long match are known, and the rarest part's is followed. See
// [Chains.rarest].
//
// There is no mark for the end of a chain. An empty place of the hash table
// means position 0, which ends every chain and is tried like any other
// candidate: whether it matches is seen from its bytes.
type Chains[P Position] struct {
	data  []byte // the chunk and padding
	size  int
	limit int // no match needs to be longer
	link4 []P // the last position with the same hash of 4 bytes
	link3 []P // and of 3 bytes
	head4 []P // by hash, while links are made
	head3 []P
}

// NewChains returns a finder for chunks of up to maxSize bytes.
func NewChains[P Position](maxSize int) *Chains[P] {
	bits4, bits3 := hashBits(maxSize)
	return &Chains[P]{
		limit: maxSize,
		data:  make([]byte, maxSize+Padding),
		link4: make([]P, maxSize),
		link3: make([]P, maxSize),
		head4: make([]P, 1<<bits4),
		head3: make([]P, 1<<bits3),
	}
}

// Limit tells that no match needs to be longer than length.
func (c *Chains[P]) Limit(length int) { c.limit = length }

// hashBits returns the sizes of the hash tables for a chunk of size bytes, as
// logarithms: small tables for small chunks, as they are cleared for each.
func hashBits(size int) (bits4, bits3 int) {
	bits4 = min(max(bits.Len(uint(size-1))+1, 10), 17)
	return bits4, min(bits4-3, 15)
}

// Reset takes the chunk that the next searches are about. It keeps a copy.
func (c *Chains[P]) Reset(chunk []byte) {
	c.size = copy(c.data, chunk)
	clear(c.data[c.size:][:Padding])
	c.link()
}

// link makes the links.
func (c *Chains[P]) link() {
	bits4, bits3 := hashBits(c.size)
	data, head4, head3 := c.data, c.head4[:1<<bits4], c.head3[:1<<bits3]
	clear(head4)
	clear(head3)
	link4, link3 := c.link4[:c.size], c.link3[:c.size]
	link3 = link3[:len(link4)]
	for i := c.linkFast(bits4, bits3); i < len(link4); i++ {
		v := load32(data, i)
		link4[i] = replace(head4, hash(v, bits4), P(i))
		link3[i] = replace(head3, hash(v<<8, bits3), P(i))
	}
}

// Links returns what the searches work on: the chunk and padding, and for each
// position the one before that has the same hash of 4 bytes, and of 3 bytes.
func (c *Chains[P]) Links() (data []byte, link4, link3 []P) { return c.data, c.link4, c.link3 }

// hash returns the top bits of v when it is spread by hashFactor, which is 2^32
// divided by the golden ratio, and odd.
func hash(v uint32, bits int) uint32 { return v * hashFactor >> (-bits & 31) }

const hashFactor = 0x9e3779b1

// Longest returns the longest match at pos that is longer than length, and the
// nearest of these, or else length and 0. It tries depth candidates, and stops
// at a match of at least nice bytes. pos is not 0.
//
// The lazy parses of packages xpress and lzx have all this in assembly.
func (c *Chains[P]) Longest(pos, length, depth, nice int) (int, int) {
	data := c.data
	best, offset := length, 0
	rest := min(c.size-pos, c.limit)
	if rest <= best || rest < 4 {
		return best, 0
	}
	first := load32(data, pos)
	// The chain to follow is that of the 4 bytes that end where a longer match
	// does.
	var at, shift int
	if best < 3 {
		best = 3
		at = follow(c.link4, pos)
		if load32(data, at) != first {
			// Other bytes than these 4 could only follow by chance. The place
			// for 3 bytes may have them, as its chain is another one.
			at = follow(c.link3, pos)
			x := load32(data, at) ^ first
			if x<<8 != 0 {
				return length, 0
			}
			if x != 0 {
				return 3, pos - at
			}
		}
	} else {
		shift = best - 3
		at = follow(c.link4, pos+shift) - shift
	}
	for last := load32(data, pos+shift); at >= 0; depth-- {
		if load32(data, at+best-3) == last && load32(data, at) == first {
			if n := c.extend(at, pos, 4, rest); n > best {
				best, offset = n, pos-at
				if best >= nice || best >= rest || depth <= 1 {
					break
				}
				last = load32(data, pos+best-3)
				at, shift = c.rarest(pos, at, best)
				continue
			}
		}
		if depth <= 1 || at == 0 {
			break
		}
		at = follow(c.link4, at+shift) - shift
	}
	if offset == 0 {
		return length, 0
	}
	return min(best, rest), offset
}

// rarest chooses the chain to follow for a longer match of pos than the one of
// length bytes with at, and makes its first step. Any 4 bytes of the longer
// match would do, the shift-th and those after it: all earlier places are in
// their chain. Rare ones are best, and those are likely whose chain goes far
// back in one step. next is that place, less shift.
func (c *Chains[P]) rarest(pos, at, length int) (next, shift int) {
	// The last 4 bytes of a longer match are the only ones that at does not
	// have.
	pack := func(start, shift int) int64 { return int64(start-shift)<<32 | int64(shift) }
	first, middle, end, new := 0, (length-4)/2, length-4, length-3
	found := min(
		pack(follow(c.link4, at+first), first),
		pack(follow(c.link4, at+middle), middle),
		pack(follow(c.link4, at+end), end),
		pack(follow(c.link4, pos+new), new))
	return int(found >> 32), int(uint32(found))
}

// extend returns the length of the match of pos with at, of which length bytes
// are known, and no more than rest are of interest. It may count padding.
func (c *Chains[P]) extend(at, pos, length, rest int) int {
	for {
		x := load64(c.data, at+length) ^ load64(c.data, pos+length)
		if x != 0 {
			return length + bits.TrailingZeros64(x)>>3
		}
		length += 8
		if length >= rest {
			return length
		}
	}
}

// All appends to to the matches at pos, each longer than those before and with
// the nearest offset for its length; the last one is the longest. They are at
// least 3 bytes long. It tries depth candidates, and stops at a match of at
// least nice bytes. At position 0 there are none.
func (c *Chains[P]) All(to []Match, pos, depth, nice int) []Match {
	data := c.data
	rest := min(c.size-pos, c.limit)
	if rest < 4 || pos == 0 {
		return to
	}
	best := 3
	first := load32(data, pos)
	at := follow(c.link3, pos)
	if x := load32(data, at) ^ first; x != 0 && x<<8 == 0 {
		to = append(to, Match{3, uint32(pos - at)})
	}
	last, shift := first, 0
	for at = follow(c.link4, pos); at >= 0; depth-- {
		if load32(data, at+best-3) == last && load32(data, at) == first {
			if n := min(c.extend(at, pos, 4, rest), rest); n > best {
				best = n
				to = append(to, Match{uint32(n), uint32(pos - at)})
				if best >= nice || best >= rest || depth <= 1 {
					break
				}
				last = load32(data, pos+best-3)
				at, shift = c.rarest(pos, at, best)
				continue
			}
		}
		if depth <= 1 || at == 0 {
			break
		}
		at = follow(c.link4, at+shift) - shift
	}
	return to
}
