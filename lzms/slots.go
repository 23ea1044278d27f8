package lzms

// A slot stands for a range of numbers: base to base + 2^extra - 1. The slot
// itself is Huffman coded, and extra plain bits pick the number in its range.
type slot struct {
	base  uint32
	extra uint32
}

const (
	maxOffsetSlots = 799 // match offsets, 1 to 1180427428
	lengthSlots    = 54  // match lengths, 1 to 1073809578
)

// A slotRun says that the next count slots all have extra extra bits.
type slotRun struct{ count, extra int }

// The runs of the two slot tables (WIM format sheet, section 6.6). Each run
// starts where the one before it ends, and the first slot has base 1. The
// tables are padded to powers of two so that a masked index is always inside.
var (
	offsetTable = makeSlots[[1024]slot]([]slotRun{
		{8, 0}, {9, 2}, {7, 3}, {10, 4}, {15, 5}, {15, 6}, {20, 7}, {20, 8},
		{30, 9}, {33, 10}, {40, 11}, {42, 12}, {45, 13}, {60, 14}, {73, 15},
		{80, 16}, {85, 17}, {95, 18}, {105, 19}, {6, 20}, {1, 30},
	})
	lengthTable = makeSlots[[64]slot]([]slotRun{
		{26, 0}, {4, 1}, {6, 2}, {4, 3}, {5, 4}, {2, 5}, {1, 6}, {1, 7},
		{1, 8}, {1, 9}, {1, 10}, {1, 16}, {1, 30},
	})
)

func makeSlots[T [64]slot | [1024]slot](runs []slotRun) (table T) {
	i, base := 0, uint32(1)
	for _, r := range runs {
		for range r.count {
			table[i] = slot{base, uint32(r.extra)}
			base += 1 << r.extra
			i++
		}
	}
	return table
}

// offsetSlots returns the number of offset slots in the codes of a chunk of
// size uncompressed bytes: all slots up to the one that size-1, the greatest
// offset possible, falls in.
func offsetSlots(size int) int {
	n := 1
	for n < maxOffsetSlots && int64(offsetTable[n].base) <= int64(size)-1 {
		n++
	}
	return n
}
