package match

import "math/bits"

// Tree finds matches by binary trees.
//
// The positions whose first four bytes have the same hash are in one binary search
// tree, in the order of the bytes that start there. The newest position is always
// the root. To insert one, the walk down the old tree to the place where the new
// bytes belong takes that tree apart into what is smaller and what is larger, and
// these become the two subtrees of the new root. The walk meets those positions
// that have most in common with the new one, and meets them newest first, since no
// node is newer than its parent. So each that has more in common than all before
// is a match to report.
//
// A search costs more than one of [Chains] of the same depth, but each step halves
// what may still match, and so it finds more.
type Tree[P Position] struct {
	data  []byte // the chunk and padding
	size  int
	limit int // no match needs to be longer

	// Nodes are positions plus 1: 0 is none.
	head4 []P // the roots, by hash
	head3 []P // the last node with the same hash of 3 bytes
	child []P // of position p: the smaller node at 2p, the larger at 2p+1
	bits4 int // of the hashes
	bits3 int
}

// NewTree returns a finder for chunks of up to maxSize bytes, which is less than P
// can count, and for matches of up to limit bytes.
func NewTree[P Position](maxSize, limit int) *Tree[P] {
	bits4, bits3 := treeHashBits(maxSize)
	return &Tree[P]{
		data:  make([]byte, maxSize+Padding),
		limit: limit,
		head4: make([]P, 1<<bits4),
		head3: make([]P, 1<<bits3),
		child: make([]P, 2*maxSize),
	}
}

// treeHashBits is hashBits for a Tree.
func treeHashBits(size int) (bits4, bits3 int) {
	bits4 = min(max(bits.Len(uint(size-1))+1, 8), 18)
	return bits4, min(bits4, 15)
}

// Reset takes the chunk that the next searches are about. It keeps a copy.
func (t *Tree[P]) Reset(chunk []byte) {
	t.size = copy(t.data, chunk)
	clear(t.data[t.size:][:Padding])
	t.bits4, t.bits3 = treeHashBits(t.size)
	clear(t.head4[:1<<t.bits4])
	clear(t.head3[:1<<t.bits3])
}

// All is [Chains.All]. It must be called for all positions of the chunk, in their
// order: it inserts pos, too.
func (t *Tree[P]) All(to []Match, pos, depth, nice int) []Match {
	data := t.data
	rest := min(t.size-pos, t.limit)
	if rest < 4 {
		return to
	}
	nice = min(nice, rest)
	best := 3
	first := load32(data, pos)
	node := int(replace(t.head3, hash(first<<8, t.bits3), P(pos+1)))
	if node != 0 {
		if v := load32(data, node-1); v^first != 0 && (v^first)<<8 == 0 {
			to = append(to, Match{3, uint32(pos + 1 - node)})
		}
	}
	node = int(replace(t.head4, hash(first, t.bits4), P(pos+1)))

	// Where the next smaller and the next larger node go.
	smaller, larger := 2*pos, 2*pos+1
	// How many bytes the last nodes on both sides have in common with what is at
	// pos. A node between them has the fewer of these, at least.
	alikeSmaller, alikeLarger := 0, 0
	for ; node != 0 && depth > 0; depth-- {
		at := node - 1
		length := min(alikeSmaller, alikeLarger)
		for {
			x := load64(data, pos+length) ^ load64(data, at+length)
			if x != 0 {
				length += bits.TrailingZeros64(x) >> 3
				break
			}
			length += 8
			if length >= nice {
				break
			}
		}
		if length > best {
			if length >= nice {
				to = append(to, Match{uint32(t.extend(at, pos, nice, rest)), uint32(pos - at)})
				// Which is smaller does not matter: the new position takes the
				// node's place.
				t.child[smaller] = t.child[2*at]
				t.child[larger] = t.child[2*at+1]
				return to
			}
			best = length
			to = append(to, Match{uint32(length), uint32(pos - at)})
		}
		if data[at+length] < data[pos+length] {
			t.child[smaller] = P(node)
			smaller = 2*at + 1
			node = follow(t.child, smaller)
			alikeSmaller = length
		} else {
			t.child[larger] = P(node)
			larger = 2 * at
			node = follow(t.child, larger)
			alikeLarger = length
		}
	}
	t.child[smaller] = 0
	t.child[larger] = 0
	return to
}

// extend returns the length of the match of pos with at, of which length bytes are
// known, but no more than rest.
func (t *Tree[P]) extend(at, pos, length, rest int) int {
	for length < rest {
		if x := load64(t.data, at+length) ^ load64(t.data, pos+length); x != 0 {
			return min(length+bits.TrailingZeros64(x)>>3, rest)
		}
		length += 8
	}
	return rest
}
