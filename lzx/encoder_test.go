package lzx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/lzx"
)

func newEncoder(t testing.TB, windowSize, level int) *lzx.Encoder {
	t.Helper()
	e, err := lzx.NewEncoder(windowSize, level)
	require.NoError(t, err)
	return e
}

// roundTrip encodes src with guards around dst, and decodes the result. It
// returns the compressed chunk, nil if src does not get smaller.
func roundTrip(t testing.TB, e *lzx.Encoder, d *lzx.Decoder, src []byte) []byte {
	t.Helper()
	const guard = 16
	whole := bytes.Repeat([]byte{0xa5}, guard+len(src)+guard)
	given := bytes.Clone(src)
	n := e.Encode(whole[guard:guard+len(src)], given[:len(given):len(given)])
	require.True(t, bytes.Equal(src, given), "src is changed")
	for i := range guard {
		require.Equal(t, byte(0xa5), whole[i], "byte before dst")
		require.Equal(t, byte(0xa5), whole[guard+len(src)+i], "byte after dst")
	}
	if n == 0 {
		return nil
	}
	require.Less(t, n, len(src))
	chunk := whole[guard : guard+n]
	output, err := codectest.Guarded(t, d, len(src), chunk)
	require.NoError(t, err)
	require.True(t, bytes.Equal(src, output), "decodes to something else")
	return chunk
}

// levels are those that tests try.
var levels = []int{1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}

// storm is x86 calls and nothing else, with targets around the limits of what
// is translated.
func storm(random *rand.Rand, size int) []byte {
	out := make([]byte, 0, size+5)
	for len(out) < size {
		near := int32(random.IntN(5)) - 2
		at := int32(len(out))
		target := []int32{0, -at, 12000000, 12000000 - at, random.Int32(), 1000}[random.IntN(6)] + near
		out = append(out, 0xe8)
		out = binary.LittleEndian.AppendUint32(out, uint32(target))
	}
	return out[:size]
}

// fibonacci has counts of bytes that make the longest codewords.
func fibonacci(random *rand.Rand, size int) []byte {
	out := make([]byte, 0, size)
	for symbol, n, next := 0, 1, 1; len(out) < size; symbol, n, next = symbol+1, next, n+next {
		for range min(n, size-len(out)) {
			out = append(out, byte(symbol*7))
		}
	}
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func randomBytes(random *rand.Rand, size, symbols int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(random.IntN(symbols))
	}
	return out
}

// contents are the kinds of content that are hard on an encoder.
var contents = []struct {
	name string
	make func(random *rand.Rand, size int) []byte
}{
	{"zeros", func(_ *rand.Rand, size int) []byte { return make([]byte, size) }},
	{"opcodes", func(_ *rand.Rand, size int) []byte { return bytes.Repeat([]byte{0xe8}, size) }},
	{"two symbols", func(r *rand.Rand, size int) []byte { return randomBytes(r, size, 2) }},
	{"random", func(r *rand.Rand, size int) []byte { return randomBytes(r, size, 256) }},
	{"words", func(r *rand.Rand, size int) []byte {
		words := []string{"chunk ", "block ", "match ", "literal ", "offset ", "of ", "the ", "a ", "\n"}
		var out []byte
		for len(out) < size {
			out = append(out, words[r.IntN(len(words))]...)
		}
		return out[:size]
	}},
	{"period", func(r *rand.Rand, size int) []byte {
		period := randomBytes(r, 1+r.IntN(700), 256)
		return bytes.Repeat(period, size/len(period)+1)[:size]
	}},
	{"table", func(r *rand.Rand, size int) []byte {
		var out []byte
		for i := 0; len(out) < size; i++ {
			out = binary.LittleEndian.AppendUint32(out, uint32(i*24))
			out = binary.LittleEndian.AppendUint32(out, uint32(r.IntN(100)))
		}
		return out[:size]
	}},
	{"calls", storm},
	{"fibonacci", fibonacci},
}

func TestEncodeContents(t *testing.T) {
	for _, window := range []int{1 << 15, 1 << 17} {
		if window > 1<<15 && testing.Short() {
			break
		}
		d := newDecoder(t, window)
		for _, level := range levels {
			e := newEncoder(t, window, level)
			for _, content := range contents {
				random := rand.New(rand.NewPCG(1, 2))
				roundTrip(t, e, d, content.make(random, window))
			}
		}
	}
}

func TestEncodeSizes(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 7
	}
	d := newDecoder(t, 1<<15)
	for _, level := range []int{1, 50, 100} {
		e := newEncoder(t, 1<<15, level)
		for _, content := range contents {
			random := rand.New(rand.NewPCG(3, 4))
			for size := 1; size <= 1000; size += step {
				roundTrip(t, e, d, content.make(random, size))
			}
		}
	}
}

func TestNewEncoder(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 1 << 14, 1<<15 - 1, 1<<15 + 1, 3 << 15, 1 << 22, 1 << 30} {
		_, err := lzx.NewEncoder(size, 50)
		require.ErrorContains(t, err, "window size")
	}
	for _, level := range []int{-1, 0, 101} {
		_, err := lzx.NewEncoder(1<<15, level)
		require.ErrorContains(t, err, "level")
	}
}

// The output depends on the chunk alone: neither on the chunks before nor on
// the room that there is.
func TestEncodeKeepsNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, level := range levels {
		used := newEncoder(t, 1<<15, level)
		for _, content := range contents {
			src := content.make(random, 1+random.IntN(1<<15))
			want, got := make([]byte, len(src)), make([]byte, len(src))
			n := newEncoder(t, 1<<15, level).Encode(want, src)
			require.Equal(t, n, used.Encode(got, src), content.name)
			require.True(t, bytes.Equal(want[:n], got[:n]), content.name)

			require.Equal(t, n, used.Encode(got[:n], src), content.name)
			if n > 0 {
				require.Zero(t, used.Encode(got[:n-1], src), content.name)
			}
			require.Zero(t, used.Encode(nil, src))
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, level := range levels {
		e := newEncoder(t, 1<<16, level)
		dst := make([]byte, 1<<16)
		for _, content := range contents {
			src := content.make(random, 1<<16)
			if !codectest.AddressSanitizer {
				require.Zero(t, testing.AllocsPerRun(1, func() { e.Encode(dst, src) }), "%s, level %d", content.name, level)
			}
		}
	}
}

// FuzzEncode encodes at any level and decodes. The byte before the content
// picks the window and the level.
func FuzzEncode(f *testing.F) {
	random := rand.New(rand.NewPCG(9, 10))
	for i, content := range contents {
		f.Add(byte(i*23), content.make(random, 300))
	}
	f.Add(byte(200), bytes.Repeat([]byte("\xe8\x00\x1b\xb7\x00 and so on "), 4000))
	type pair struct{ window, level int }
	encoders := map[pair]*lzx.Encoder{}
	decoders := map[int]*lzx.Decoder{}
	for _, window := range []int{1 << 15, 1 << 16, 1 << 17} {
		decoders[window] = newDecoder(f, window)
		for _, level := range levels {
			encoders[pair{window, level}] = newEncoder(f, window, level)
		}
	}
	f.Fuzz(func(t *testing.T, how byte, src []byte) {
		if len(src) == 0 || len(src) > 1<<17 {
			return
		}
		window := []int{1 << 15, 1 << 16, 1 << 17}[how/16%3]
		src = src[:min(len(src), window)]
		level := levels[int(how)%len(levels)]
		roundTrip(t, encoders[pair{window, level}], decoders[window], src)
	})
}

// BenchmarkEncode measures all kinds of content.
func BenchmarkEncode(b *testing.B) {
	for _, level := range []int{10, 50, 100} {
		for _, content := range contents {
			b.Run(fmt.Sprintf("level %d/%s", level, content.name), func(b *testing.B) {
				const window = 1 << 15
				src := content.make(rand.New(rand.NewPCG(1, 2)), window)
				e := newEncoder(b, window, level)
				dst := make([]byte, window)
				b.SetBytes(window)
				b.ReportAllocs()
				for b.Loop() {
					e.Encode(dst, src)
				}
			})
		}
	}
}

// BenchmarkWorst is where the speeds that the package's documentation gives
// come from.
func BenchmarkWorst(b *testing.B) {
	for _, window := range []int{1 << 15, 1 << 21} {
		for _, level := range []int{1, 10, 40, 50, 100} {
			e := newEncoder(b, window, level)
			for name, src := range codectest.WorstChunks(window) {
				b.Run(fmt.Sprintf("%d KiB, level %d/%s", window>>10, level, name), func(b *testing.B) {
					dst := make([]byte, window)
					b.SetBytes(int64(window))
					for b.Loop() {
						e.Encode(dst, src)
					}
				})
			}
		}
	}
}
