package lzms

import (
	"encoding/binary"
	"math/bits"
)

// A chunkWriter makes chunks item by item, to drive decoders into every
// corner; it is no compressor. It follows section 6 of the WIM format sheet,
// and its model of the decoder is that of referenceDecoder.
type chunkWriter struct {
	out []byte // what the items so far stand for

	model     *referenceDecoder // its contexts
	literals  *referenceCode
	lzOffsets *referenceCode
	lengths   *referenceCode
	deltas    *referenceCode
	powers    *referenceCode

	// The queues, with what the last item put off at the front.
	lzQueue        []uint32
	deltaQueue     []deltaSource
	lzLate         int // 1 if lzQueue[0] cannot be repeated yet, else 0
	deltaLate      int
	low            uint64   // of the interval, with a carry in bit 32
	rng            uint32   // its width
	words          []uint16 // of the forward stream
	backward       []byte   // the other stream
	backwardLength int      // in bits
}

// newChunkWriter makes a writer for a chunk of size uncompressed bytes.
func newChunkWriter(size int) *chunkWriter {
	slots := max(offsetSlots(size), 2)
	return &chunkWriter{
		model:      newReferenceDecoder(nil),
		literals:   newReferenceCode(256, 1024),
		lzOffsets:  newReferenceCode(slots, 1024),
		lengths:    newReferenceCode(54, 512),
		deltas:     newReferenceCode(slots, 1024),
		powers:     newReferenceCode(8, 512),
		lzQueue:    []uint32{1, 2, 3, 4},
		deltaQueue: []deltaSource{{0, 1}, {0, 2}, {0, 3}, {0, 4}},
		rng:        0xFFFFFFFF,
	}
}

func (w *chunkWriter) literal(b byte) {
	w.decide("main", 4, 0)
	w.symbol(w.literals, int(b))
	w.out = append(w.out, b)
	w.lzLate, w.deltaLate = 0, 0
}

// lz writes an LZ match with an explicit offset.
func (w *chunkWriter) lz(offset, length uint32) {
	w.decide("main", 4, 1)
	w.decide("match", 5, 0)
	w.decide("lz", 6, 0)
	w.number(w.lzOffsets, &offsets, offset)
	w.lzQueue = append([]uint32{offset}, w.lzQueue...)[:4]
	w.endLZ(offset, length)
}

// lzOffset returns the offset that lzRepeat(i, ...) uses.
func (w *chunkWriter) lzOffset(i int) uint32 { return w.lzQueue[w.lzLate+i] }

// lzRepeat writes an LZ match with a repeat offset.
func (w *chunkWriter) lzRepeat(i int, length uint32) {
	w.decide("main", 4, 1)
	w.decide("match", 5, 0)
	w.decide("lz", 6, 1)
	w.index("lzrep", i)
	offset := w.lzOffset(i)
	i += w.lzLate
	w.lzQueue = append(append([]uint32{offset}, w.lzQueue[:i]...), w.lzQueue[i+1:]...)
	w.endLZ(offset, length)
}

func (w *chunkWriter) endLZ(offset, length uint32) {
	w.number(w.lengths, &lengths, length)
	for range length {
		n := len(w.out)
		if n < int(offset) {
			break // the decoder will object
		}
		w.out = append(w.out, w.out[n-int(offset)])
	}
	w.lzLate, w.deltaLate = 1, 0
}

// delta writes a delta match with an explicit source.
func (w *chunkWriter) delta(s deltaSource, length uint32) {
	w.decide("main", 4, 1)
	w.decide("match", 5, 1)
	w.decide("delta", 6, 0)
	w.symbol(w.powers, int(s.power))
	w.number(w.deltas, &offsets, s.offset)
	w.deltaQueue = append([]deltaSource{s}, w.deltaQueue...)[:4]
	w.endDelta(s, length)
}

// deltaSource returns the source that deltaRepeat(i, ...) uses.
func (w *chunkWriter) deltaSource(i int) deltaSource { return w.deltaQueue[w.deltaLate+i] }

// deltaRepeat writes a delta match with a repeat source.
func (w *chunkWriter) deltaRepeat(i int, length uint32) {
	w.decide("main", 4, 1)
	w.decide("match", 5, 1)
	w.decide("delta", 6, 1)
	w.index("deltarep", i)
	s := w.deltaSource(i)
	i += w.deltaLate
	w.deltaQueue = append(append([]deltaSource{s}, w.deltaQueue[:i]...), w.deltaQueue[i+1:]...)
	w.endDelta(s, length)
}

func (w *chunkWriter) endDelta(s deltaSource, length uint32) {
	w.number(w.lengths, &lengths, length)
	span, offset := 1<<s.power, int(s.offset)<<s.power
	for range length {
		n := len(w.out)
		if n < offset+span {
			break
		}
		w.out = append(w.out, w.out[n-span]+w.out[n-offset]-w.out[n-offset-span])
	}
	w.lzLate, w.deltaLate = 0, 1
}

func (w *chunkWriter) index(kind string, i int) {
	w.decide(kind+"0", 6, min(i, 1))
	if i > 0 {
		w.decide(kind+"1", 6, i-1)
	}
}

func (w *chunkWriter) decide(kind string, k, outcome int) {
	if w.rng <= 0xFFFF {
		w.renormalise()
	}
	bound := (w.rng >> 6) * w.model.chance(kind, k)
	if outcome == 0 {
		w.rng = bound
	} else {
		w.low += uint64(bound)
		w.rng -= bound
	}
	w.model.learn(kind, k, outcome)
}

// renormalise moves the top word of low to the stream.
func (w *chunkWriter) renormalise() {
	if w.low>>32 != 0 {
		for i := len(w.words) - 1; ; i-- { // the carry
			w.words[i]++
			if w.words[i] != 0 {
				break
			}
		}
	}
	w.words = append(w.words, uint16(w.low>>16))
	w.low = w.low & 0xFFFF << 16
	w.rng <<= 16
}

func (w *chunkWriter) symbol(c *referenceCode, s int) {
	for word, symbol := range c.symbols {
		if symbol == s {
			w.bits(uint32(word.bits), word.length)
			c.count(s)
			return
		}
	}
	panic("no such symbol")
}

func (w *chunkWriter) number(c *referenceCode, table *slots, v uint32) {
	s := 0
	for s+1 < len(c.freq) && table.slot[s+1].base <= v {
		s++
	}
	w.symbol(c, s)
	w.bits(v-table.slot[s].base, bits.Len32(table.slot[s].mask))
}

func (w *chunkWriter) bits(v uint32, n int) {
	for n--; n >= 0; n-- {
		if w.backwardLength%8 == 0 {
			w.backward = append(w.backward, 0)
		}
		w.backward[w.backwardLength/8] |= byte(v>>n&1) << (7 - w.backwardLength%8)
		w.backwardLength++
	}
}

// chunk ends the streams and returns the chunk.
func (w *chunkWriter) chunk() []byte {
	for range 2 {
		w.renormalise()
	}
	var chunk []byte
	for _, word := range w.words {
		chunk = binary.LittleEndian.AppendUint16(chunk, word)
	}
	if len(w.backward)%2 != 0 {
		w.backward = append(w.backward, 0)
	}
	for i := range w.backward {
		chunk = append(chunk, w.backward[len(w.backward)-1-i])
	}
	return chunk
}
