package lzx

import "encoding/binary"

// A bitWriter writes the chunk's bits in 16-bit little-endian units, most
// significant bit first (the WIM format sheet, section 5.2).
type bitWriter struct {
	out  []byte
	next int    // where the next unit goes
	buf  uint64 // bits that wait, the last one lowest
	n    uint   // how many of them count
}

// bitWriterSlack is how many bytes flush may touch after the unit it writes
// last.
const bitWriterSlack = 8

// put appends the low count bits of v; its other bits are zero. At most 64 bits
// may wait.
func (w *bitWriter) put(v uint64, count uint) {
	w.buf = w.buf<<(count&63) | v
	w.n += count
}

// flush writes all whole units. Up to 15 bits go on waiting.
func (w *bitWriter) flush() {
	// The waiting bits from the top: the first unit is the highest 16-bit lane,
	// and must be the first, lowest one of the word that is stored.
	v := w.buf << (-w.n & 63)
	v = v<<32 | v>>32
	v = v&evenLanes<<16 | v>>16&evenLanes
	binary.LittleEndian.PutUint64(w.out[w.next:], v)
	w.next += int(w.n / 16 * 2)
	w.n %= 16
}

// finish fills the last unit with zero bits and returns all that was written.
func (w *bitWriter) finish() []byte {
	w.put(0, -w.n%16)
	w.flush()
	return w.out[:w.next]
}

// bitsWritten is how many bits there are so far.
func (w *bitWriter) bitsWritten() int { return 8*w.next + int(w.n) }
