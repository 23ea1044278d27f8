package xpress_test

import (
	"errors"
	"slices"
)

// naiveDecode is written from the format's description alone, bit by bit, and
// shares nothing with the package: no table, no wide buffer, no window.
func naiveDecode(size int, src []byte) ([]byte, error) {
	out, _, err := naiveDecodeStrictly(size, src)
	return out, err
}

// naiveDecodeStrictly also tells whether the chunk ends as 7-Zip wants it to:
// with symbol 256, zero bits, and no byte that is not fetched by then.
func naiveDecodeStrictly(size int, src []byte) (out []byte, strict bool, err error) {
	if len(src) < 256 {
		return nil, false, errors.New("no room for the lengths")
	}
	lengths := make([]int, 512)
	for i := range lengths {
		lengths[i] = int(src[i/2]) >> (i % 2 * 4) & 15
	}
	// Kraft's sum, in units of 2^-15.
	sum := 0
	for _, l := range lengths {
		if l > 0 {
			sum += 1 << (15 - l)
		}
	}
	if sum != 1<<15 {
		return nil, false, errors.New("not a complete code")
	}

	// Codewords are numbers; shorter ones come first, and the next length goes
	// on at twice the number.
	type codeword struct{ length, number int }
	symbols := map[codeword]int{}
	for length, number := 1, 0; length <= 15; length++ {
		for symbol, l := range lengths {
			if l == length {
				symbols[codeword{length, number}] = symbol
				number++
			}
		}
		number <<= 1
	}

	at := 256
	byteAt := func(i int) int {
		if i < len(src) {
			return int(src[i])
		}
		return 0
	}
	var queue []int // bits fetched and not used
	fetch := func() {
		unit := byteAt(at) | byteAt(at+1)<<8
		at += 2
		for i := 15; i >= 0; i-- {
			queue = append(queue, unit>>i&1)
		}
	}
	take := func() int {
		bit := queue[0]
		queue = queue[1:]
		return bit
	}
	fetch()
	fetch()

	for len(out) < size {
		word := codeword{}
		symbol, found := 0, false
		for !found {
			word = codeword{word.length + 1, word.number<<1 | take()}
			symbol, found = symbols[word]
		}
		for len(queue) < 16 {
			fetch()
		}
		if symbol < 256 {
			out = append(out, byte(symbol))
			continue
		}
		length, footer := symbol&15, symbol>>4&15
		if length == 15 {
			if at+1 > len(src) {
				return nil, false, errors.New("no length byte")
			}
			length = 15 + int(src[at])
			at++
			if length == 15+255 {
				if at+2 > len(src) {
					return nil, false, errors.New("no long length")
				}
				length = byteAt(at) | byteAt(at+1)<<8
				at += 2
			}
		}
		length += 3
		offset := 1
		for range footer {
			offset = offset<<1 | take()
		}
		for len(queue) < 16 {
			fetch()
		}
		if offset > len(out) || length > size-len(out) {
			return nil, false, errors.New("bad match")
		}
		for range length {
			out = append(out, out[len(out)-offset])
		}
	}
	// At most two units of zeros after the input may have been used.
	if at*8-len(queue) > len(src)*8+32 {
		return nil, false, errors.New("input ends early")
	}
	word := codeword{}
	symbol, found := 0, false
	for !found && word.length < 15 && len(queue) > 0 {
		word = codeword{word.length + 1, word.number<<1 | take()}
		symbol, found = symbols[word]
	}
	for len(queue) < 16 {
		fetch()
	}
	return out, found && symbol == 256 && at == len(src) && !slices.Contains(queue, 1), nil
}
