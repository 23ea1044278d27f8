package lzx

// recentOffsets is the queue R0, R1, R2 of the last match offsets, R0 in the
// low bits. Three offsets of 21 bits fit in one register, where a new one is
// pushed by a shift. (The top bit is what is left of an offset that was
// forgotten.)
type recentOffsets uint64

const (
	offsetBits = windowBitsLast
	offsetMask = 1<<offsetBits - 1
)

// newRecentOffsets makes a queue. An offset above the mask is stored as the
// mask: it is as useless, since a match of two bytes or more at the one
// position that it can reach back from would pass the end of the largest
// window.
func newRecentOffsets(r0, r1, r2 uint32) recentOffsets {
	return recentOffsets(min(r0, offsetMask)) |
		recentOffsets(min(r1, offsetMask))<<offsetBits |
		recentOffsets(min(r2, offsetMask))<<(2*offsetBits)
}

// newest returns R0.
func (q recentOffsets) newest() uint64 {
	return uint64(q & offsetMask)
}

// push puts offset in front.
func (q recentOffsets) push(offset uint64) recentOffsets {
	return q<<offsetBits | recentOffsets(offset)
}

// pushIf pushes offset if s is a slot of new offsets, without a branch. If it
// is not, offset must be 0, which s.newOffset says.
func (q recentOffsets) pushIf(offset uint64, s *slot) recentOffsets {
	return q<<(s.push&63) | recentOffsets(offset)
}

// repeat makes R0 and Rk change places. This is not a move to the front: with
// k = 2, R1 stays where it is.
func (q recentOffsets) repeat(k uint32) recentOffsets {
	shift := k * offsetBits % 64
	differences := (q ^ q>>shift) & offsetMask
	return q ^ differences ^ differences<<shift
}

// after returns the queue after a match with an offset as in an [item].
func (q recentOffsets) after(offset uint32) recentOffsets {
	if offset < repeatSlots {
		return q.repeat(offset)
	}
	return q.push(uint64(offset - offsetBias))
}
