package match

import (
	"encoding/binary"
	"math/bits"
)

// A Tree finds, at each position, the nearest match of every length above 1 that has
// one nearer than all longer ones have.
//
// Positions whose first four bytes have the same hash are in one binary search
// tree, in the order of the text that starts there. The newest position is always
// the root: to insert it, the walk down the old tree, where the new text would
// belong, takes that tree apart into what is smaller and what is larger, and
// these become the two subtrees. The walk meets the texts most like the new one,
// and meets them newest first, since no node is newer than its parent: each one
// that is longer than all before is a match to report.
//
// The positions are indices of a buffer that holds the chunk from 1 on, and
// [Padding] bytes of any value after it; 0 means "none".
//
// Two small tables have the newest position of each hash of two and of three
// bytes, for the matches that are too short for the trees.
type Tree struct {
	heads2   []uint32
	heads3   []uint32
	heads4   []uint32
	children []uint32 // of position p: the smaller at 2p, the larger at 2p+1
}

// MinRest is how many bytes must be left of the chunk at a position where a Tree is
// asked.
const MinRest = 3

const (
	hashBits2 = 12
	hashBits3 = 15
	hashBits4 = 16
)

// NewTree returns a Tree for chunks of up to size bytes.
func NewTree(size int) *Tree {
	return &Tree{
		heads2:   make([]uint32, 1<<hashBits2),
		heads3:   make([]uint32, 1<<hashBits3),
		heads4:   make([]uint32, 1<<hashBits4),
		children: make([]uint32, 2*(size+1)),
	}
}

// Reset makes the Tree forget all positions.
func (t *Tree) Reset() {
	clear(t.heads2)
	clear(t.heads3)
	clear(t.heads4)
}

// hash returns a number of count bits that depends on all bits of v.
func hash(v uint32, count uint) uint32 {
	return v * hashFactor >> (32 - count)
}

// Find appends the matches at pos to found, in the order of their lengths, and
// inserts pos. No match is longer than longest, which is at most the number of
// bytes that are left of the chunk. A match of at least enough bytes ends the
// search, and so does the visit of depth nodes.
//
// Every position of the chunk must be given to Find or Skip, in order, up to the
// last one with MinRest bytes left.
func (t *Tree) Find(found []Match, data []byte, pos, longest, enough, depth int) []Match {
	head := binary.LittleEndian.Uint32(data[pos:])
	enough = min(enough, longest)
	best := 1

	h2 := hash(head<<16, hashBits2)
	if near := int(t.heads2[h2]); near != 0 && binary.LittleEndian.Uint16(data[near:]) == uint16(head) {
		best = 2
		found = append(found, Match{2, uint32(pos - near)})
	}
	t.heads2[h2] = uint32(pos)

	h3 := hash(head<<8, hashBits3)
	if near := int(t.heads3[h3]); near != 0 && (binary.LittleEndian.Uint32(data[near:])^head)<<8 == 0 {
		// A match of two bytes that is no nearer is of no use.
		if best == 2 && int(found[len(found)-1].Offset) == pos-near {
			found = found[:len(found)-1]
		}
		best = 3
		found = append(found, Match{3, uint32(pos - near)})
	}
	t.heads3[h3] = uint32(pos)

	h4 := hash(head, hashBits4)
	node := int(t.heads4[h4])
	t.heads4[h4] = uint32(pos)

	// Where the next smaller and the next larger node go.
	smaller, larger := 2*pos, 2*pos+1
	// How many bytes the nearest nodes on both sides have in common with the
	// text at pos; so much any node between them has too.
	alikeSmaller, alikeLarger := 0, 0
	for ; node != 0 && depth > 0; depth-- {
		length := min(alikeSmaller, alikeLarger)
		length = extend(data, pos, node, length, enough)
		if length > best {
			if n := len(found) - 1; best > 1 && int(found[n].Offset) == pos-node {
				found = found[:n]
			}
			best = length
			found = append(found, Match{uint32(length), uint32(pos - node)})
			if length >= enough {
				break
			}
		} else if length >= enough {
			break
		}
		if data[node+length] < data[pos+length] {
			t.children[smaller] = uint32(node)
			smaller = 2*node + 1
			node = int(t.children[smaller])
			alikeSmaller = length
		} else {
			t.children[larger] = uint32(node)
			larger = 2 * node
			node = int(t.children[larger])
			alikeLarger = length
		}
	}
	if node != 0 && depth > 0 {
		// Too alike to tell which is smaller: the new position takes the node's place.
		t.children[smaller] = t.children[2*node]
		t.children[larger] = t.children[2*node+1]
		return found
	}
	t.children[smaller] = 0
	t.children[larger] = 0
	return found
}

// extend returns how many bytes are the same at a and b, at most limit, where length
// are known to be.
func extend(data []byte, a, b, length, limit int) int {
	for length < limit {
		differ := binary.LittleEndian.Uint64(data[a+length:]) ^ binary.LittleEndian.Uint64(data[b+length:])
		if differ != 0 {
			return min(limit, length+bits.TrailingZeros64(differ)/8)
		}
		length += 8
	}
	return limit
}
