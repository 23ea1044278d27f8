package codectest

import "math/rand/v2"

// Repeats makes a chunk of what a fuzzer gave: programs of three bytes, over and
// over. A program appends a byte, or repeats what was there, at any offset or at a
// small one, and may change it at the end.
func Repeats(programs []byte, size int) []byte {
	chunk := []byte{0}
	for at := 0; len(chunk) < size; at += 3 {
		var p [3]byte
		for i := range p {
			if len(programs) > 0 {
				p[i] = programs[(at+i)%len(programs)]
			}
		}
		if p[0] < 80 {
			chunk = append(chunk, p[1])
			continue
		}
		// at/len makes each round reach elsewhere.
		offset := 1 + (int(p[1])<<8+int(p[2])+at/(len(programs)+1))%len(chunk)
		if p[0] < 140 {
			offset = 1 + int(p[1])%min(len(chunk), 20)
		}
		for range 2 + p[0]%(2+p[2]%60) {
			chunk = append(chunk, chunk[len(chunk)-offset])
		}
		if p[2]%4 == 0 {
			chunk[len(chunk)-1] ^= p[1]
		}
	}
	return chunk[:size]
}

// Endings makes a chunk whose last few bytes are repeats, some of them far, of what
// zeros come after: a search that looks beyond the end finds more than there is.
func Endings(random *rand.Rand) []byte {
	tail := make([]byte, 9+random.IntN(6), 24)
	for i := range tail {
		tail[i] = byte(random.IntN(3))
	}
	padded := append(tail, 0, 0, 0, 0)
	var chunk []byte
	gap := 1 << random.IntN(15)
	for range 2 + random.IntN(10) {
		from := random.IntN(2) * random.IntN(len(tail)-1)
		chunk = append(chunk, padded[from:from+min(2+random.IntN(16), len(padded)-from)]...)
		for range gap {
			chunk = append(chunk, byte(3+random.IntN(253)))
		}
		gap = 1 << random.IntN(8)
	}
	return append(chunk, tail...)
}
