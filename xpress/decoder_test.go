package xpress_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/xpress"
)

// publishedVector is vector B.1 of the WIM format sheet: 400 bytes, "abc"
// repeated to 395 of them and then "xyz!?".
func publishedVector(t testing.TB) []byte {
	return append(bytes.Repeat([]byte{0x99}, 256), codectest.FromHex(t, "9830718ce0f97af2ff85018f1000e00000")...)
}

func TestPublishedVector(t *testing.T) {
	output, err := codectest.Same(t, xpress.NewVariants(), 400, publishedVector(t))
	require.NoError(t, err)
	require.Equal(t, "e0e0840eba4ca7fab15bae2735716d9d4629be1b", codectest.SHA1(output))
}

func TestVectors(t *testing.T) {
	d := xpress.NewVariants()
	for _, v := range codectest.Vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			output, err := codectest.Same(t, d, v.Size, v.Chunk)
			require.NoError(t, err)
			require.Equal(t, v.SHA1, codectest.SHA1(output))

			naive, err := naiveDecode(v.Size, v.Chunk)
			require.NoError(t, err)
			require.True(t, bytes.Equal(naive, output), "differs from the naive decoder")
		})
	}
}

// An encoder of test streams: a flat code of nine bits for each symbol.
type stream struct {
	codectest.BitWriter
	code *codectest.Code
}

func newStream() *stream {
	return &stream{code: codectest.FlatCode(512)}
}

func (s *stream) literals(text string) *stream {
	for _, b := range []byte(text) {
		s.code.Write(&s.BitWriter, int(b))
	}
	return s
}

// match writes a match with a length of 3 to 17, or with length bytes, whose
// value is then not looked at here.
func (s *stream) match(length int, offset uint, lengthBytes ...byte) *stream {
	footer := 0
	for 2<<footer <= offset {
		footer++
	}
	if lengthBytes != nil {
		length = 18
	}
	s.code.Write(&s.BitWriter, 256+footer<<4+length-3)
	if lengthBytes != nil {
		s.LengthBytes(lengthBytes...)
	}
	s.Bits(offset-1<<footer, footer)
	return s
}

func (s *stream) chunk() []byte {
	return append(packLengths(s.code.Lengths), s.Stream()...)
}

func packLengths(lengths []uint8) []byte {
	packed := make([]byte, 256)
	for symbol, length := range lengths {
		packed[symbol/2] |= length << (symbol % 2 * 4)
	}
	return packed
}

// What the format allows, and what others' decoders forgive.
func TestAccepted(t *testing.T) {
	long := string(bytes.Repeat([]byte("0123456789abcdef"), 8))
	tests := []struct {
		name  string
		chunk []byte
		want  string
	}{
		{"nothing", newStream().chunk(), ""},
		{"symbol 256 at the end", newStream().literals("abc").match(3, 1).chunk(), "abc"},
		{"symbol 256 before the end", newStream().literals("abc").match(3, 1).literals("d").chunk(), "abccccd"},
		{"trailing bytes", append(newStream().literals("abc").chunk(), 1, 2, 3), "abc"},
		{"length byte", newStream().literals("ab").match(0, 2, 10).chunk(), "ab" + string(bytes.Repeat([]byte("ab"), 14))},
		{"long length", newStream().literals(long).match(0, 128, 255, 125, 0).literals("!").chunk(), long + long + "!"},
		{"long length that is short", newStream().literals(long).match(0, 128, 255, 5, 0).literals("!").chunk(), long + "01234567!"},
		{"long length 0", newStream().literals(long).match(0, 128, 255, 0, 0).literals("!").chunk(), long + "012!"},
		{"two lengths", newStream().literals(long).match(0, 128, 1).match(0, 16, 2).literals("!").chunk(),
			long + long[:19] + long[3:16] + long[:7] + "!"},
		{"overlap of each offset", newStream().literals(long).match(17, 1).match(16, 2).match(15, 3).match(14, 4).chunk(),
			long + "fffffffffffffffff" + "ffffffffffffffff" + "fffffffffffffff" + "ffffffffffffff"},
	}
	d := xpress.NewVariants()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output, err := codectest.Same(t, d, len(test.want), test.chunk)
			require.NoError(t, err)
			require.Equal(t, test.want, string(output))
		})
	}
}

// Length bytes are placed by how many units a simple decoder has read by then.
// All 16 places within a unit, each with all three kinds of length.
func TestLengthBytePlaces(t *testing.T) {
	text := "The quick brown fox jumps over the lazy dog"
	d := xpress.NewVariants()
	for _, lengthBytes := range [][]byte{{7}, {255, 30, 0}, {255, 30, 1}} {
		length := map[int]int{1: 15 + 7, 3: 30}[len(lengthBytes)] + 3
		if lengthBytes[len(lengthBytes)-1] == 1 {
			length += 256
		}
		for literals := 17; literals < 17+16; literals++ {
			s := newStream().literals(text[:literals]).match(0, 17, lengthBytes...).literals(text)
			want := []byte(text[:literals])
			for range length {
				want = append(want, want[len(want)-17])
			}
			want = append(want, text...)
			output, err := codectest.Same(t, d, len(want), s.chunk())
			require.NoError(t, err)
			require.Equal(t, string(want), string(output))
		}
	}
}

func TestCorrupt(t *testing.T) {
	lengths := func(set ...uint8) []byte {
		all := make([]uint8, 512)
		copy(all, set)
		return append(packLengths(all), make([]byte, 64)...)
	}
	long := string(bytes.Repeat([]byte("0123456789abcdef"), 8))
	cut := func(chunk []byte, by int) []byte { return chunk[:len(chunk)-by] }
	tests := []struct {
		name  string
		size  int
		chunk []byte
		want  string
	}{
		{"empty", 1, nil, "0 bytes of input"},
		{"no room for the lengths", 1, make([]byte, 255), "255 bytes of input"},
		{"no symbols", 1, lengths(), "no symbols"},
		{"one symbol", 1, lengths(1), "do not fill the code"},
		{"incomplete", 1, lengths(1, 2), "do not fill the code"},
		{"over-subscribed", 1, lengths(1, 1, 1), "more codewords"},
		{"over-subscribed by long codewords", 1, lengths(1, 1, 15), "more codewords"},
		{"match at the start", 10, newStream().match(3, 1).chunk(), "output offset 0 reaches 1 bytes back"},
		{"match before the start", 10, newStream().literals("abc").match(3, 4).chunk(), "output offset 3 reaches 4 bytes back"},
		{"match before the start, late", 300, newStream().literals(long).match(3, 129).literals(long).chunk(), "output offset 128 reaches 129 bytes back"},
		{"long match before the start", 300, newStream().literals(long).match(17, 1000).literals(long).chunk(), "output offset 128 reaches 1000 bytes back"},
		{"farthest match before the start", 300, newStream().literals(long).match(4, 65535).literals(long).chunk(), "output offset 128 reaches 65535 bytes back"},
		{"match past the end", 5, newStream().literals("abc").match(3, 1).chunk(), "match of 3 bytes at output offset 3 passes the end"},
		{"long match past the end", 300, newStream().literals(long).match(0, 1, 255, 0xff, 0xff).literals(long).chunk(), "match of 65538 bytes at output offset 128 passes the end"},
		{"no length byte", 40, cut(newStream().literals("abc").match(0, 1, 9).chunk(), 1), "input ends in the length"},
		{"no long length", 400, cut(newStream().literals("abc").match(0, 1, 255, 1, 1).chunk(), 1), "input ends in the length"},
		{"half a long length", 400, cut(newStream().literals("abc").match(0, 1, 255, 1, 1).chunk(), 2), "input ends in the length"},
		{"input ends early", 1000, newStream().literals(long).chunk(), "ends early"},
		{"no input", 40, make([]byte, 0, 1), "0 bytes of input"},
	}
	d := xpress.NewVariants()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := codectest.Same(t, d, test.size, test.chunk)
			require.ErrorIs(t, err, xpress.ErrCorrupt)
			require.ErrorContains(t, err, "xpress: corrupt chunk: ")
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}

	// The decoder is as good as new.
	output, err := codectest.Same(t, d, 400, publishedVector(t))
	require.NoError(t, err)
	require.Equal(t, "e0e0840eba4ca7fab15bae2735716d9d4629be1b", codectest.SHA1(output))
}

// Zeros may stand in for the last 32 bits of the input, and no more. The flat
// code's symbol 0 has nine bits, so its codeword is nine zeros.
func TestZeroFill(t *testing.T) {
	d := xpress.NewVariants()
	// 16 literals of 9 bits are 144 bits, 9 units. Of the bits after them, 32
	// are three more zeros and a bit: up to 19 bytes of output.
	chunk := newStream().literals("0123456789abcdef").chunk()
	require.Len(t, chunk, 256+18)
	for size, want := range map[int]bool{16: true, 17: true, 19: true, 20: false, 1000: false} {
		output, err := codectest.Same(t, d, size, chunk)
		if want {
			require.NoError(t, err)
			require.Equal(t, "0123456789abcdef\x00\x00\x00"[:size], string(output))
		} else {
			require.ErrorIs(t, err, xpress.ErrCorrupt)
		}
	}
}

func TestTooLarge(t *testing.T) {
	err := xpress.NewDecoder().Decode(make([]byte, xpress.MaxChunk+1), publishedVector(t))
	require.ErrorContains(t, err, "65537")
	require.NotErrorIs(t, err, xpress.ErrCorrupt)
}

func TestDecodeAllocatesNothing(t *testing.T) {
	d := xpress.NewDecoder()
	for _, v := range codectest.Vectors(t) {
		dst := make([]byte, v.Size)
		require.Zero(t, testing.AllocsPerRun(5, func() {
			if err := d.Decode(dst, v.Chunk); err != nil {
				panic(err)
			}
		}))
	}
}

// Chunks that are cut or bent decode to the same, or fail, in both decoders.
func TestDamaged(t *testing.T) {
	d := xpress.NewVariants()
	for _, v := range codectest.Vectors(t) {
		if v.Size > 16384 {
			continue
		}
		for i := 250; i < len(v.Chunk); i += 199 {
			compare(t, d, v.Size, v.Chunk[:i])
			bent := slices.Clone(v.Chunk)
			bent[i] ^= 1 << (i % 8)
			compare(t, d, v.Size, bent)
		}
	}
}

// compare decodes with all variants of the package and with the naive decoder.
func compare(t testing.TB, d map[string]*xpress.Decoder, size int, chunk []byte) {
	t.Helper()
	want, wantErr := naiveDecode(size, chunk)
	got, err := codectest.Same(t, d, size, chunk)
	if wantErr != nil {
		require.ErrorIs(t, err, xpress.ErrCorrupt, "the naive decoder says: %v", wantErr)
		return
	}
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "output differs")
}

func FuzzDecode(f *testing.F) {
	f.Add(400, publishedVector(f))
	for _, v := range codectest.Vectors(f) {
		if v.Size <= 8192 {
			f.Add(v.Size, v.Chunk)
		}
	}
	text := "The quick brown fox jumps over the lazy dog"
	f.Add(2000, newStream().literals(text).match(0, 17, 255, 30, 1).match(9, 2).match(0, 40, 77).literals(text).chunk())
	f.Fuzz(func(t *testing.T, size int, chunk []byte) {
		if size < 0 || size > xpress.MaxChunk {
			return
		}
		compare(t, xpress.NewVariants(), size, chunk)
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range codectest.Vectors(b) {
		for name, d := range xpress.NewVariants() {
			b.Run(v.Name+"/"+name, func(b *testing.B) { codectest.Benchmark(b, v, d) })
		}
	}
}
