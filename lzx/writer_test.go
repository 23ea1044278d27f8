package lzx_test

import (
	"encoding/binary"

	"github.com/wimble-go/wimble/internal/codectest"
)

// A stream is an encoder of test chunks. It writes what it is told, right or
// wrong.
type stream struct {
	codectest.BitWriter
	window        int
	mainLengths   []uint8 // of the last block
	lengthLengths []uint8
	main, length  *codectest.Code
	aligned       *codectest.Code // nil in a verbatim block
}

func newStream(window int) *stream {
	slots := map[int]int{1 << 15: 30, 1 << 16: 32, 1 << 17: 34, 1 << 18: 36, 1 << 19: 38, 1 << 20: 42, 1 << 21: 50}[window]
	return &stream{
		window:        window,
		mainLengths:   make([]uint8, 256+8*slots),
		lengthLengths: make([]uint8, 249),
	}
}

const (
	verbatim     = 1
	aligned      = 2
	uncompressed = 3
)

// header writes a block's type and explicit size.
func (s *stream) header(kind uint, size int) *stream {
	s.Bits(kind, 3)
	s.Bits(0, 1)
	if s.window == 1<<15 {
		s.Bits(uint(size), 16)
	} else {
		s.Bits(uint(size), 24)
	}
	return s
}

// lengths writes one part of the lengths, all with pretree symbols 0 to 16.
func (s *stream) lengths(old, lengths []uint8) {
	pretree := s.pretree()
	for i, l := range lengths {
		pretree.Write(&s.BitWriter, (int(old[i])-int(l)+17)%17)
		old[i] = l
	}
}

// pretree writes a pretree with all 20 symbols.
func (s *stream) pretree() *codectest.Code {
	pretree := codectest.FlatCode(20)
	for _, l := range pretree.Lengths {
		s.Bits(uint(l), 4)
	}
	return pretree
}

// tables writes flat codes for all symbols, and with them the block's tables.
func (s *stream) tables(kind uint) *stream {
	s.aligned = nil
	if kind == aligned {
		s.aligned = codectest.NewCode([]uint8{1, 2, 3, 4, 5, 6, 7, 7})
		for _, l := range s.aligned.Lengths {
			s.Bits(uint(l), 3)
		}
	}
	s.main = codectest.FlatCode(len(s.mainLengths))
	s.length = codectest.FlatCode(249)
	s.lengths(s.mainLengths[:256], s.main.Lengths[:256])
	s.lengths(s.mainLengths[256:], s.main.Lengths[256:])
	s.lengths(s.lengthLengths, s.length.Lengths)
	return s
}

func (s *stream) block(kind uint, size int) *stream {
	return s.header(kind, size).tables(kind)
}

// raw writes an uncompressed block without its header: from 1 to 16 bits to the
// boundary of a unit, three recent offsets, and the bytes.
func (s *stream) raw(r0, r1, r2 uint32, data string) *stream {
	s.Bits(0, 16-s.Len()%16)
	b := binary.LittleEndian.AppendUint32(nil, r0)
	b = binary.LittleEndian.AppendUint32(b, r1)
	b = binary.LittleEndian.AppendUint32(b, r2)
	b = append(b, data...)
	if len(b)%2 != 0 {
		b = append(b, 0)
	}
	s.Bytes(b...)
	return s
}

func (s *stream) literals(text string) *stream {
	for _, b := range []byte(text) {
		s.main.Write(&s.BitWriter, int(b))
	}
	return s
}

// repeat writes a match with one of the recent offsets.
func (s *stream) repeat(length, which int) *stream {
	return s.item(length, which, 0, 0)
}

// match writes a match with a new offset. Offsets are written with 2 added;
// from 4 on, two slots share each number of footer bits.
func (s *stream) match(length int, offset uint) *stream {
	slot, base, extra := 2, uint(2), 0
	for {
		if slot >= 4 {
			extra = min(17, slot/2-1)
		}
		if offset+2 < base+1<<extra {
			return s.item(length, slot, offset+2-base, extra)
		}
		base += 1 << extra
		slot++
	}
}

func (s *stream) item(length, slot int, footer uint, extra int) *stream {
	s.main.Write(&s.BitWriter, 256+8*slot+min(length, 9)-2)
	if length >= 9 {
		s.length.Write(&s.BitWriter, length-9)
	}
	if s.aligned != nil && extra >= 3 {
		s.Bits(footer>>3, extra-3)
		s.aligned.Write(&s.BitWriter, int(footer&7))
	} else {
		s.Bits(footer, extra)
	}
	return s
}
