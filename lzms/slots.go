package lzms

// A slot stands for a range of numbers: base to base + mask. The slot itself
// is Huffman coded, and as many plain bits as mask has pick the number.
type slot struct {
	base uint32
	mask uint32
}

// slots tells what the symbols of a code stand for. Both arrays are longer
// than any alphabet, so that ten bits are a safe index.
type slots struct {
	slot [1024]slot
	// entry[s] is what code.table holds for symbol s, except for the length
	// of its codeword, which is to be added.
	entry [1024]entry
}

// A slotRun says that the next count slots all have extra plain bits.
type slotRun struct{ count, extra int }

const (
	maxOffsetSlots = 799
	lengthSlots    = 54
)

var (
	// offsets are those of matches, 1 to 1180427428, and lengths are 1 to
	// 1073809578 (WIM format sheet, section 6.6).
	offsets = makeSlots(1, []slotRun{
		{8, 0}, {9, 2}, {7, 3}, {10, 4}, {15, 5}, {15, 6}, {20, 7}, {20, 8},
		{30, 9}, {33, 10}, {40, 11}, {42, 12}, {45, 13}, {60, 14}, {73, 15},
		{80, 16}, {85, 17}, {95, 18}, {105, 19}, {6, 20}, {1, 30},
	})
	lengths = makeSlots(1, []slotRun{
		{26, 0}, {4, 1}, {6, 2}, {4, 3}, {5, 4}, {2, 5}, {1, 6}, {1, 7},
		{1, 8}, {1, 9}, {1, 10}, {1, 16}, {1, 30},
	})
	// plain are symbols that stand for themselves.
	plain = makeSlots(0, []slotRun{{256, 0}})
)

// makeSlots lays out runs of slots one after the other. The first slot has
// the given base, and each slot starts where the one before it ends.
func makeSlots(base uint32, runs []slotRun) (s slots) {
	i := 0
	for _, r := range runs {
		for range r.count {
			s.slot[i] = slot{base, 1<<r.extra - 1}
			s.entry[i] = entry(i<<entryBits + r.extra)
			base += 1 << r.extra
			i++
		}
	}
	return s
}

// offsetSlots returns the number of offset slots in the codes of a chunk of
// size uncompressed bytes: all slots up to the one that size-1, the greatest
// offset possible, falls in.
func offsetSlots(size int) int {
	n := 1
	for n < maxOffsetSlots && int64(offsets.slot[n].base) <= int64(size)-1 {
		n++
	}
	return n
}
