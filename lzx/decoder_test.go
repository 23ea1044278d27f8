package lzx_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/lzx"
)

// newVariants returns decoders for all variants of the hot loop.
func newVariants(t testing.TB, windowSize int) map[string]*lzx.Decoder {
	t.Helper()
	d, err := lzx.NewVariants(windowSize)
	require.NoError(t, err)
	return d
}

func newDecoder(t testing.TB, windowSize int) *lzx.Decoder {
	t.Helper()
	d, err := lzx.NewDecoder(windowSize)
	require.NoError(t, err)
	return d
}

// Vectors B.2 and B.3 of the WIM format sheet.
var publishedVectors = []struct {
	name, chunk string
	size        int
	sha1        string
}{
	{"text", "0e2000620000000004324300693fdf43c9719a8d888220083788f5f700c0000000000006" +
		"4260f711cfe29fcd627e00000000000034000f415d2ddf67f37d7d71d52eb3e8ac5956c6" +
		"5b9f83a9e8c17ef81c1a201ecc19411e0000", 230, "4cabb06f5d2352d5594640e13b38e11895445760"},
	{"calls", "0a2000440000000014002300a90f72bfba36f226234672b900000000000033002100f408" +
		"be79effb40860000000000008806ed21cfaacf9fccbeaf76a8794903f015", 164,
		"d11124b5361cb403dd1d95d7b40be6dff7374029"},
}

func TestPublishedVectors(t *testing.T) {
	d := newVariants(t, lzx.MinWindow)
	for _, test := range publishedVectors {
		t.Run(test.name, func(t *testing.T) {
			output, err := codectest.Same(t, d, test.size, codectest.FromHex(t, test.chunk))
			require.NoError(t, err)
			require.Equal(t, test.sha1, codectest.SHA1(output))
		})
	}
}

func TestVectors(t *testing.T) {
	for _, v := range codectest.Vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			output, err := codectest.Same(t, newVariants(t, v.Window), v.Size, v.Chunk)
			require.NoError(t, err)
			require.Equal(t, v.SHA1, codectest.SHA1(output))

			if v.Size <= 1<<16 { // the naive decoder is slow
				naive, err := naiveDecode(v.Window, v.Size, v.Chunk)
				require.NoError(t, err)
				require.True(t, bytes.Equal(naive, output), "differs from the naive decoder")
			}
		})
	}
}

func TestNewDecoder(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 1 << 14, 1<<15 - 1, 1<<15 + 1, 3 << 15, 1 << 22, 1 << 30} {
		_, err := lzx.NewDecoder(size)
		require.ErrorContains(t, err, fmt.Sprint("window size ", size))
	}
	for size := lzx.MinWindow; size <= lzx.MaxWindow; size *= 2 {
		newDecoder(t, size)
	}
}

const text = "The quick brown fox jumps over the lazy dog. "

// repeated returns n bytes that go on as those before did, offset bytes back.
func repeated(before string, n, offset int) string {
	out := []byte(before)
	for range n {
		out = append(out, out[len(out)-offset])
	}
	return string(out[len(before):])
}

// What the format allows, and what others' decoders forgive.
func TestAccepted(t *testing.T) {
	const w = 1 << 15
	r := func(s string, n, offset int) string { return s + repeated(s, n, offset) }
	long := strings.Repeat(text, 2)
	// lengths has matches of all lengths from first to last.
	lengths := func(first, last int) []byte {
		s := newStream(w).block(verbatim, 45+(last-first+1)*(first+last)/2).literals(text)
		for length := first; length <= last; length++ {
			s.match(length, 45)
		}
		return s.Stream()
	}
	tests := []struct {
		name  string
		chunk []byte
		want  string
	}{
		{"nothing", nil, ""},
		{"literals", newStream(w).block(verbatim, 90).literals(long).Stream(), long},
		{"trailing bytes", append(newStream(w).block(verbatim, 90).literals(long).Stream(), 1, 2, 3), long},
		{"first R0", newStream(w).block(verbatim, 6).literals("a").repeat(5, 0).Stream(), "aaaaaa"},
		{"first R2", newStream(w).block(verbatim, 6).literals("a").repeat(5, 2).Stream(), "aaaaaa"},
		{"short lengths", lengths(2, 100), r(text, 99*102/2, 45)},
		{"long lengths", lengths(200, 257), r(text, 58*457/2, 45)},
		{"all offsets to 45, all overlaps", func() []byte {
			s := newStream(w).block(verbatim, 45+45*13).literals(text)
			for offset := uint(1); offset <= 45; offset++ {
				s.match(13, offset)
			}
			return s.Stream()
		}(), func() string {
			want := text
			for offset := 1; offset <= 45; offset++ {
				want = r(want, 13, offset)
			}
			return want
		}()},
		{"recent offsets", newStream(w).block(verbatim, 45+7*9).literals(text).
			match(9, 10).match(9, 20).match(9, 30). // R = 30 20 10
			repeat(9, 1).                           // 20 30 10
			repeat(9, 2).                           // 10 30 20, a swap
			repeat(9, 1).                           // 30 10 20
			repeat(9, 2).Stream(),                  // 20 10 30
			r(r(r(r(r(r(r(text, 9, 10), 9, 20), 9, 30), 9, 20), 9, 10), 9, 30), 9, 20)},
		{"aligned", newStream(w).block(aligned, 45+8*9).literals(text).
			match(9, 1).match(9, 5).match(9, 13).match(9, 14).match(9, 21).match(9, 22).match(9, 40).repeat(9, 2).Stream(),
			r(r(r(r(r(r(r(r(text, 9, 1), 9, 5), 9, 13), 9, 14), 9, 21), 9, 22), 9, 40), 9, 21)},
		{"blocks keep lengths and offsets", newStream(w).block(verbatim, 45+9).literals(text).match(9, 17).
			block(aligned, 9+45).repeat(9, 0).literals(text).block(verbatim, 9).repeat(9, 0).Stream(),
			r(r(text, 18, 17)+text, 9, 17)},
		{"uncompressed block sets offsets", newStream(w).header(uncompressed, 45).raw(11, 12, 13, text).
			block(verbatim, 18).repeat(9, 1).repeat(9, 2).Stream(), r(r(text, 9, 12), 9, 13)},
		{"wild offsets that are not used", newStream(w).header(uncompressed, 45).raw(1<<32-1, 1<<31, 12, text).
			block(verbatim, 45+9).literals(text).repeat(9, 2).Stream(), r(text+text, 9, 12)},
		{"odd uncompressed block", newStream(w).header(uncompressed, 5).raw(1, 1, 1, "hello").
			block(verbatim, 5).literals("world").Stream(), "helloworld"},
		{"pad byte left out at the end", func() []byte {
			b := newStream(w).header(uncompressed, 5).raw(1, 1, 1, "hello").Stream()
			return b[:len(b)-1]
		}(), "hello"},
		{"no length code", func() []byte {
			s := newStream(w).header(verbatim, 45+8)
			s.main, s.length = codectest.FlatCode(496), codectest.NewCode(make([]uint8, 249))
			s.lengths(s.mainLengths[:256], s.main.Lengths[:256])
			s.lengths(s.mainLengths[256:], s.main.Lengths[256:])
			s.lengths(s.lengthLengths, s.length.Lengths)
			return s.literals(text).match(8, 20).Stream()
		}(), r(text, 8, 20)},
	}
	d := newVariants(t, w)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output, err := codectest.Same(t, d, len(test.want), test.chunk)
			require.NoError(t, err)
			require.Equal(t, test.want, string(output))
			compare(t, d, w, len(test.want), test.chunk)
		})
	}
}

// An uncompressed block begins at the next boundary of a unit, and a whole unit
// is skipped if the header ends at one. Literals of eight and of nine bits in
// the block before bring it to all 16 places; the flag for the default size,
// without a size, to others.
func TestUncompressedBlockPlaces(t *testing.T) {
	for _, window := range []int{1 << 15, 1 << 16, 1 << 21} {
		seen := map[int]bool{}
		for _, size := range []int{5, 6, 32768} {
			d := newVariants(t, window)
			data := strings.Repeat(text, 1000)[:size]
			for literals := 1; literals <= 40; literals++ {
				before := strings.Repeat("\x00\xfe", 20)[:literals]
				s := newStream(window).block(verbatim, literals).literals(before)
				if size == 32768 {
					s.Bits(uncompressed, 3)
					s.Bits(1, 1)
				} else {
					s.header(uncompressed, size)
				}
				seen[s.Len()%16] = true
				s.raw(3, 2, 1, data).block(verbatim, 5+9).literals("after").repeat(9, 0)
				want := before + data + "after" + repeated("after", 9, 3)
				if len(want) > window {
					continue
				}
				output, err := codectest.Same(t, d, len(want), s.Stream())
				require.NoError(t, err)
				require.True(t, want == string(output))
			}
		}
		require.Len(t, seen, 16)
	}
}

// Pretree runs: 17 and 18 are zeros, 19 repeats a difference from the length at
// the run's start.
func TestPretreeRuns(t *testing.T) {
	const w = 1 << 15
	s := newStream(w).header(verbatim, 256)
	// Literals: 256 lengths of 8, a complete code. 51 runs of 5, the last by
	// itself.
	pretree := s.pretree()
	for range 51 {
		pretree.Write(&s.BitWriter, 19)
		s.Bits(1, 1)
		pretree.Write(&s.BitWriter, 9) // 0 - 9 mod 17 = 8
	}
	pretree.Write(&s.BitWriter, 9)
	// 240 match symbols: 4 runs of 51 zeros, one of 19, 16, and one by itself.
	pretree = s.pretree()
	for range 4 {
		pretree.Write(&s.BitWriter, 18)
		s.Bits(31, 5)
	}
	pretree.Write(&s.BitWriter, 17)
	s.Bits(15, 4)
	pretree.Write(&s.BitWriter, 17)
	s.Bits(12, 4)
	pretree.Write(&s.BitWriter, 0)
	// 249 length symbols: zeros again.
	pretree = s.pretree()
	for range 4 {
		pretree.Write(&s.BitWriter, 18)
		s.Bits(31, 5)
	}
	pretree.Write(&s.BitWriter, 18)
	s.Bits(25, 5)
	var want []byte
	for b := range 256 {
		want = append(want, byte(b))
		s.Bits(uint(b), 8)
	}
	want[0xe8+1] = 0xe9 // see below
	chunk := s.Stream()
	output, err := codectest.Same(t, newVariants(t, w), 256, chunk)
	require.NoError(t, err)
	// The bytes after 0xe8 are a call with the operand 0xecebeae9, far out of
	// range.
	require.Equal(t, want, output)
	compare(t, newVariants(t, w), w, 256, chunk)
}

func TestCorrupt(t *testing.T) {
	const w = 1 << 15
	// with writes a block whose codes have the given lengths.
	with := func(kind uint, mainLengths, lengthLengths []uint8) *stream {
		s := newStream(w).header(kind, 100)
		if kind == aligned {
			s.Bits(0xffffff, 24)
		}
		s.lengths(s.mainLengths[:256], append(slices.Clone(mainLengths), make([]uint8, 256)...)[:256])
		s.lengths(s.mainLengths[256:], make([]uint8, 240))
		s.lengths(s.lengthLengths, append(slices.Clone(lengthLengths), make([]uint8, 249)...)[:249])
		s.Bits(0, 64)
		return s
	}
	bits := func(pairs ...uint) *stream {
		s := newStream(w)
		for i := 0; i < len(pairs); i += 2 {
			s.Bits(pairs[i], int(pairs[i+1]))
		}
		s.Bits(0, 1000)
		return s
	}
	// run writes a pretree and a run.
	run := func(write func(s *stream, pretree *codectest.Code)) *stream {
		s := newStream(w).header(verbatim, 100)
		write(s, s.pretree())
		s.Bits(0, 2000)
		return s
	}
	noLengthCode := func() *stream {
		s := newStream(w).header(verbatim, 100)
		s.main = codectest.FlatCode(496)
		s.lengths(s.mainLengths[:256], s.main.Lengths[:256])
		s.lengths(s.mainLengths[256:], s.main.Lengths[256:])
		s.lengths(s.lengthLengths, make([]uint8, 249))
		s.length = codectest.FlatCode(249)
		return s
	}
	long := strings.Repeat(text, 2)
	tests := []struct {
		name   string
		stream *stream
		want   string
	}{
		{"empty", newStream(w), "block type 0"},
		{"block type 0", bits(0, 3), "block at output offset 0: unknown block type 0"},
		{"block type 4", bits(4, 3), "unknown block type 4"},
		{"block type 7", bits(7, 3), "unknown block type 7"},
		{"second block of type 6", newStream(w).block(verbatim, 45).literals(text).header(6, 1), "block at output offset 45: unknown block type 6"},
		{"block size 0", bits(1, 3, 0, 1, 0, 16), "block size is 0"},
		{"block too large", bits(1, 3, 0, 1, 101, 16), "block size 101, but only 100 bytes are left"},
		{"default size too large", bits(2, 3, 1, 1), "block size 32768, but only 100"},
		{"pretree empty", bits(1, 3, 0, 1, 100, 16), "lengths of the literals: pretree: code has no symbols"},
		{"pretree incomplete", bits(1, 3, 0, 1, 100, 16, 0x1, 4), "pretree: codewords do not fill"},
		{"pretree over-subscribed", bits(1, 3, 0, 1, 100, 16, 0x111, 12), "pretree: more codewords"},
		{"run past the literals", run(func(s *stream, pretree *codectest.Code) {
			for range 6 { // 5 x 51 leave one
				pretree.Write(&s.BitWriter, 18)
				s.Bits(31, 5)
			}
		}), "lengths of the literals: run of 51 lengths where 1 are left"},
		{"repeated run past the literals", run(func(s *stream, pretree *codectest.Code) {
			for range 5 {
				pretree.Write(&s.BitWriter, 18)
				s.Bits(31, 5)
			}
			pretree.Write(&s.BitWriter, 19)
			s.Bits(0, 1)
			pretree.Write(&s.BitWriter, 3)
		}), "run of 4 lengths where 1 are left"},
		{"run of a run", run(func(s *stream, pretree *codectest.Code) {
			pretree.Write(&s.BitWriter, 19)
			s.Bits(0, 1)
			pretree.Write(&s.BitWriter, 17)
		}), "run of pretree symbol 17"},
		{"main code empty", with(verbatim, nil, nil), "main code: code has no symbols"},
		{"main code incomplete", with(verbatim, []uint8{1, 2}, nil), "main code: codewords do not fill"},
		{"main code of one symbol", with(verbatim, []uint8{1}, nil), "main code: codewords do not fill"},
		{"main code over-subscribed", with(verbatim, []uint8{1, 1, 16}, nil), "main code: more codewords"},
		{"length code incomplete", with(verbatim, []uint8{1, 1}, []uint8{1, 2}), "length code: codewords do not fill"},
		{"length code over-subscribed", with(verbatim, []uint8{1, 1}, []uint8{1, 1, 2}), "length code: more codewords"},
		{"aligned code empty", bits(2, 3, 0, 1, 100, 16), "aligned offset code: code has no symbols"},
		{"aligned code incomplete", bits(2, 3, 0, 1, 100, 16, 1, 3), "aligned offset code: codewords do not fill"},
		{"aligned code over-subscribed", bits(2, 3, 0, 1, 100, 16, 0x249249, 24), "aligned offset code: more codewords"},
		{"no length code", noLengthCode().literals("a").repeat(9, 0), "output offset 1 needs a length symbol"},
		{"no length code, late", noLengthCode().literals(text).repeat(9, 0).literals(text), "output offset 45 needs a length symbol"},
		{"match at the start", newStream(w).block(verbatim, 100).repeat(5, 0), "output offset 0 reaches 1 bytes back"},
		{"match before the start", newStream(w).block(verbatim, 100).literals("abc").match(5, 4), "output offset 3 reaches 4 bytes back"},
		{"match before the start, late", newStream(w).block(verbatim, 100).literals(text).match(5, 46).literals(text), "output offset 45 reaches 46 bytes back"},
		{"long match before the start", newStream(w).block(verbatim, 100).literals(text).match(15, 32765).literals(text), "output offset 45 reaches 32765 bytes back"},
		{"aligned match before the start", newStream(w).block(aligned, 100).literals(text).match(5, 100).literals(text), "output offset 45 reaches 100 bytes back"},
		{"wild recent offset", newStream(w).header(uncompressed, 45).raw(1<<32-1, 1, 1, text).block(verbatim, 55).literals(text).repeat(5, 0), "output offset 90 reaches"},
		{"match past the block", newStream(w).block(verbatim, 92).literals(long).match(5, 9), "match of 5 bytes at output offset 90 passes the end"},
		{"match past the first block", newStream(w).block(verbatim, 50).literals(text).match(9, 9).block(verbatim, 50), "match of 9 bytes at output offset 45 passes the end"},
		{"long match past the block", newStream(w).block(verbatim, 100).literals(text).match(257, 9), "match of 257 bytes at output offset 45 passes the end"},
		{"uncompressed block without offsets", bits(3, 3, 0, 1, 100, 16), "uncompressed block sets a recent offset to 0"},
		{"uncompressed block, R1 0", newStream(w).header(uncompressed, 100).raw(1, 0, 1, long+"1234567890"), "recent offset to 0"},
		{"uncompressed block, R2 0", newStream(w).header(uncompressed, 100).raw(1, 1, 0, long+"1234567890"), "recent offset to 0"},
		{"uncompressed block too short", newStream(w).header(uncompressed, 100).raw(1, 1, 1, long+"12345678"), "100 bytes does not fit"},
		{"uncompressed block at the end", newStream(w).header(uncompressed, 100), "100 bytes does not fit"},
		{"input ends in the tables", newStream(w).header(verbatim, 100), "pretree: code has no symbols"},
		{"input ends early", newStream(w).block(verbatim, 100).literals(text), "bytes ends early, in the block at output offset 0"},
	}
	d := newVariants(t, w)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chunk := test.stream.Stream()
			_, err := codectest.Same(t, d, 100, chunk)
			require.ErrorIs(t, err, lzx.ErrCorrupt)
			require.ErrorContains(t, err, "lzx: corrupt chunk: ")
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
			compare(t, d, w, 100, chunk)
		})
	}

	// The decoder is as good as new.
	v := publishedVectors[0]
	output, err := codectest.Same(t, d, v.size, codectest.FromHex(t, v.chunk))
	require.NoError(t, err)
	require.Equal(t, v.sha1, codectest.SHA1(output))
}

func TestTooLarge(t *testing.T) {
	err := newDecoder(t, lzx.MinWindow).Decode(make([]byte, lzx.MinWindow+1), nil)
	require.ErrorContains(t, err, "32769")
	require.NotErrorIs(t, err, lzx.ErrCorrupt)
}

// Zeros may stand in for the last 32 bits of the input, and no more. Literal 0
// of the flat code is eight zeros.
func TestZeroFill(t *testing.T) {
	const w = 1 << 15
	d := newVariants(t, w)
	for size, want := range map[int]bool{90: true, 94: true, 96: false, 2000: false} {
		s := newStream(w).block(verbatim, size).literals(strings.Repeat(text, 2))
		unused := 16 - s.Len()%16
		require.Less(t, unused, 16)
		if size == 94 {
			require.LessOrEqual(t, 4*8, unused+32)
		} else if size == 96 {
			require.Greater(t, 6*8, unused+32)
		}
		_, err := codectest.Same(t, d, size, s.Stream())
		if want {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, lzx.ErrCorrupt)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	for _, v := range codectest.Vectors(t) {
		d := newDecoder(t, v.Window)
		dst := make([]byte, v.Size)
		require.Zero(t, testing.AllocsPerRun(3, func() {
			if err := d.Decode(dst, v.Chunk); err != nil {
				panic(err)
			}
		}))
	}
}

// A source may be larger than the window, though no WIM has such a chunk: here
// by blocks of one byte.
func TestLargeSource(t *testing.T) {
	const w = 1 << 15
	s := newStream(w)
	for range 200 {
		s.block(verbatim, 1).literals("x")
	}
	chunk := s.Stream()
	require.Greater(t, len(chunk), w)
	output, err := codectest.Same(t, newVariants(t, w), 200, chunk)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", 200), string(output))
}

// Chunks that are cut or bent decode to the same, or fail, in both decoders.
func TestDamaged(t *testing.T) {
	for _, v := range codectest.Vectors(t) {
		if v.Size > 32768 {
			continue
		}
		d := newVariants(t, v.Window)
		for i := 1; i < len(v.Chunk); i += 499 {
			compare(t, d, v.Window, v.Size, v.Chunk[:i])
			bent := slices.Clone(v.Chunk)
			bent[i] ^= 1 << (i % 8)
			compare(t, d, v.Window, v.Size, bent)
		}
	}
}

// compare decodes with all variants of the package and with the naive decoder.
func compare(t testing.TB, d map[string]*lzx.Decoder, window, size int, chunk []byte) {
	t.Helper()
	want, wantErr := naiveDecode(window, size, chunk)
	got, err := codectest.Same(t, d, size, chunk)
	if wantErr != nil {
		require.ErrorIs(t, err, lzx.ErrCorrupt, "the naive decoder says: %v", wantErr)
		return
	}
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "output differs")
}

func FuzzDecode(f *testing.F) {
	for _, v := range publishedVectors {
		f.Add(uint8(0), v.size, codectest.FromHex(f, v.chunk))
	}
	for _, v := range codectest.Vectors(f) {
		if v.Size < 32768 {
			f.Add(uint8(0), v.Size, v.Chunk)
		}
	}
	for _, bits := range []uint8{0, 1, 6} {
		s := newStream(lzx.MinWindow<<bits).block(aligned, 45+9+200).literals(text).match(9, 17).match(200, 40)
		s.header(uncompressed, 45).raw(7, 8, 9, text).block(verbatim, 90).literals(text).repeat(9, 2).match(36, 50)
		f.Add(bits, 45+9+200+45+90, s.Stream())
	}
	f.Fuzz(func(t *testing.T, bits uint8, size int, chunk []byte) {
		window := lzx.MinWindow << (bits % 7)
		if size < 0 || size > min(window, 1<<17) {
			return
		}
		compare(t, newVariants(t, window), window, size, chunk)
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range codectest.Vectors(b) {
		for name, d := range newVariants(b, v.Window) {
			b.Run(v.Name+"/"+name, func(b *testing.B) { codectest.Benchmark(b, v, d) })
		}
	}
}

// Blocks of one byte, each with another main code: the most work for the least
// output. It is bounded by the input, some 400 bytes for each block.
func BenchmarkTinyBlocks(b *testing.B) {
	const blocks = 80
	forward := codectest.FlatCode(496).Lengths
	backward := slices.Clone(forward)
	slices.Reverse(backward)
	s := newStream(lzx.MinWindow)
	for i := range blocks {
		lengths := [][]uint8{forward, backward}[i%2]
		s.header(verbatim, 1)
		s.main = codectest.NewCode(lengths)
		s.lengths(s.mainLengths[:256], lengths[:256])
		s.lengths(s.mainLengths[256:], lengths[256:])
		s.lengths(s.lengthLengths, make([]uint8, 249))
		s.literals("x")
	}
	chunk := s.Stream()
	d := newDecoder(b, lzx.MinWindow)
	output := make([]byte, blocks)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if err := d.Decode(output, chunk); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*blocks), "ns/block")
}
