// Package repeat has the tables with which the assembly of the codecs copies a
// match that reads what it writes: a match with an offset of fewer than 16
// bytes is a repetition of so many bytes.
package repeat

// Tables returns shuffles and steps. With shuffles[n], the instruction PSHUFB
// makes 16 bytes of repetitions of the first n. steps[n] is the greatest
// multiple of n that is not over 16: how far the next 16 bytes may be from
// those.
func Tables() (shuffles [16][16]uint8, steps [16]uint8) {
	for n := 1; n < 16; n++ {
		steps[n] = uint8(16 - 16%n)
		for i := range shuffles[n] {
			shuffles[n][i] = uint8(i % n)
		}
	}
	return shuffles, steps
}
