package lzx_test

import (
	"encoding/binary"
	"errors"
)

// naiveDecode is written from the format's description alone, bit by bit, and
// shares nothing with the package: no table of entries, no wide buffer.
func naiveDecode(window, size int, src []byte) ([]byte, error) {
	n := &naive{src: src, window: window, size: size, recent: [3]uint32{1, 1, 1}}
	slots := map[int]int{1 << 15: 30, 1 << 16: 32, 1 << 17: 34, 1 << 18: 36, 1 << 19: 38, 1 << 20: 42, 1 << 21: 50}[window]
	n.mainLengths = make([]int, 256+8*slots)
	n.lengthLengths = make([]int, 249)
	base := int64(-2)
	for slot := range slots {
		extra := 0
		if slot >= 4 {
			extra = min(17, slot/2-1)
		}
		n.extra = append(n.extra, extra)
		n.base = append(n.base, base)
		base += 1 << extra
	}
	for len(n.out) < size {
		if err := n.block(); err != nil {
			return nil, err
		}
		// At most two units of zeros after the input may have been used.
		if n.bit > (len(src)+1)/2*16+32 {
			return nil, errors.New("input ends early")
		}
	}
	n.translate()
	return n.out, nil
}

type naive struct {
	src                        []byte
	bit                        int // the number of bits read
	window, size               int
	extra                      []int
	base                       []int64
	out                        []byte
	recent                     [3]uint32
	mainLengths, lengthLengths []int
}

func (n *naive) read(count int) int {
	v := 0
	for range count {
		unit, bit := n.bit/16, 15-n.bit%16
		at := unit*2 + bit/8
		v <<= 1
		if at < len(n.src) {
			v |= int(n.src[at]) >> (bit % 8) & 1
		}
		n.bit++
	}
	return v
}

type codeword struct{ length, number int }

// newCode maps codewords to symbols. Codewords are numbers; shorter ones come
// first, and the next length goes on at twice the number.
func newCode(lengths []int) (map[codeword]int, error) {
	symbols := map[codeword]int{}
	number := 0
	for length := 1; length <= 16; length++ {
		number <<= 1
		for symbol, l := range lengths {
			if l == length {
				symbols[codeword{length, number}] = symbol
				number++
			}
		}
	}
	if len(symbols) > 0 && number != 1<<16 {
		return nil, errors.New("not a complete code")
	}
	return symbols, nil
}

func (n *naive) symbol(code map[codeword]int) int {
	word := codeword{}
	for {
		word = codeword{word.length + 1, word.number<<1 | n.read(1)}
		if symbol, ok := code[word]; ok {
			return symbol
		}
	}
}

func (n *naive) lengths(old []int) error {
	pre := make([]int, 20)
	for i := range pre {
		pre[i] = n.read(4)
	}
	code, err := newCode(pre)
	if err != nil || len(code) == 0 {
		return errors.New("bad pretree")
	}
	for i := 0; i < len(old); {
		symbol := n.symbol(code)
		run, value := 1, 0
		switch symbol {
		default:
			value = (old[i] - symbol + 17) % 17
		case 17:
			run = 4 + n.read(4)
		case 18:
			run = 20 + n.read(5)
		case 19:
			run = 4 + n.read(1)
			symbol = n.symbol(code)
			if symbol > 16 {
				return errors.New("bad run")
			}
			value = (old[i] - symbol + 17) % 17
		}
		if i+run > len(old) {
			return errors.New("run past the end")
		}
		for range run {
			old[i] = value
			i++
		}
	}
	return nil
}

func (n *naive) block() error {
	kind := n.read(3)
	if kind < 1 || kind > 3 {
		return errors.New("block type")
	}
	size := 32768
	if n.read(1) == 0 {
		size = n.read(16)
		if n.window > 1<<15 {
			size = size<<8 | n.read(8)
		}
	}
	end := len(n.out) + size
	if size == 0 || end > n.size {
		return errors.New("block size")
	}
	if kind == 3 {
		return n.uncompressed(size)
	}
	var alignedCode map[codeword]int
	var err error
	if kind == 2 {
		lengths := make([]int, 8)
		for i := range lengths {
			lengths[i] = n.read(3)
		}
		if alignedCode, err = newCode(lengths); err != nil || len(alignedCode) == 0 {
			return errors.New("aligned code")
		}
	}
	for _, part := range [][]int{n.mainLengths[:256], n.mainLengths[256:], n.lengthLengths} {
		if err := n.lengths(part); err != nil {
			return err
		}
	}
	mainCode, err := newCode(n.mainLengths)
	if err != nil || len(mainCode) == 0 {
		return errors.New("main code")
	}
	lengthCode, err := newCode(n.lengthLengths)
	if err != nil {
		return err
	}

	for len(n.out) < end {
		symbol := n.symbol(mainCode)
		if symbol < 256 {
			n.out = append(n.out, byte(symbol))
			continue
		}
		length, slot := (symbol-256)&7+2, (symbol-256)>>3
		if length == 9 {
			if len(lengthCode) == 0 {
				return errors.New("no length code")
			}
			length += n.symbol(lengthCode)
		}
		if slot < 3 {
			n.recent[0], n.recent[slot] = n.recent[slot], n.recent[0]
		} else {
			offset := n.base[slot]
			if alignedCode != nil && n.extra[slot] >= 3 {
				offset += int64(n.read(n.extra[slot]-3)) << 3
				offset += int64(n.symbol(alignedCode))
			} else {
				offset += int64(n.read(n.extra[slot]))
			}
			n.recent = [3]uint32{uint32(offset), n.recent[0], n.recent[1]}
		}
		offset := int64(n.recent[0])
		if offset > int64(len(n.out)) || length > end-len(n.out) {
			return errors.New("bad match")
		}
		for range length {
			n.out = append(n.out, n.out[len(n.out)-int(offset)])
		}
	}
	return nil
}

func (n *naive) uncompressed(size int) error {
	n.read(16 - n.bit%16)
	at := n.bit / 8
	if at+12+size > len(n.src) {
		return errors.New("uncompressed block past the end")
	}
	for i := range n.recent {
		n.recent[i] = binary.LittleEndian.Uint32(n.src[at+4*i:])
		if n.recent[i] == 0 {
			return errors.New("recent offset 0")
		}
	}
	at += 12
	n.out = append(n.out, n.src[at:at+size]...)
	n.bit = (at + size + size%2) * 8
	return nil
}

func (n *naive) translate() {
	for i := 0; i < len(n.out)-10; i++ {
		if n.out[i] != 0xe8 {
			continue
		}
		v := int32(binary.LittleEndian.Uint32(n.out[i+1:]))
		switch {
		case v >= 0 && v < 12000000:
			binary.LittleEndian.PutUint32(n.out[i+1:], uint32(v-int32(i)))
		case v < 0 && v >= int32(-i):
			binary.LittleEndian.PutUint32(n.out[i+1:], uint32(v+12000000))
		}
		i += 4
	}
}
