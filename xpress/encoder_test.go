package xpress_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/xpress"
)

// encode checks all that a chunk must be: small enough for dst, the same from a
// new encoder, decodable by a decoder that shares nothing with the package, and
// with the end that strict decoders want.
func encode(t testing.TB, e *xpress.Encoder, src []byte) []byte {
	t.Helper()
	dst := bytes.Repeat([]byte{0xa5}, len(src)+64)
	n := e.Encode(dst[:len(src)], src)
	if n == 0 {
		return nil
	}
	require.Less(t, n, len(src))
	for _, b := range dst[len(src):] {
		require.Equal(t, byte(0xa5), b, "byte after dst")
	}
	chunk := dst[:n:n]
	got, strict, err := naiveDecodeStrictly(len(src), chunk)
	require.NoError(t, err)
	require.True(t, strict, "does not end as strict decoders want it")
	require.True(t, bytes.Equal(src, got), "decodes to something else")
	return chunk
}

func edgeChunks() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	all := map[string][]byte{}
	noise := make([]byte, 65536)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, n := range []int{1, 2, 3, 4, 255, 256, 259, 260, 261, 262, 263, 300, 1000, 4096, 32768, 65535, 65536} {
		all[fmt.Sprint("zeros ", n)] = make([]byte, n)
		two, few, text := make([]byte, n), make([]byte, n), make([]byte, n)
		for i := range two {
			two[i] = 'a' + byte(random.IntN(2))
			few[i] = 'a' + byte(random.IntN(10))
			text[i] = "the quick brown fox jumps over a lazy dog"[(i+i/97*random.IntN(3))%41]
		}
		all[fmt.Sprint("two symbols ", n)] = two
		all[fmt.Sprint("ten symbols ", n)] = few
		all[fmt.Sprint("text ", n)] = text
		all[fmt.Sprint("noise ", n)] = noise[:n]
	}
	return all
}

func TestEncode(t *testing.T) {
	edges := edgeChunks()
	for level := 1; level <= 100; level += 11 {
		e, err := xpress.NewEncoder(65536, level)
		require.NoError(t, err)
		for name, src := range edges {
			chunk := encode(t, e, src)
			if name[:5] != "noise" && len(src) >= 1000 {
				require.NotNil(t, chunk, "%s level %d", name, level)
			}
		}
	}
}

// An encoder's output does not depend on the chunks before, and nothing is
// allocated.
func TestEncoderIsReused(t *testing.T) {
	edges := edgeChunks()
	for _, level := range []int{1, 20, 50, 60, 100} {
		used, err := xpress.NewEncoder(65536, level)
		require.NoError(t, err)
		for _, src := range edges {
			got, want := make([]byte, len(src)), make([]byte, len(src))
			n := used.Encode(got, src)
			fresh, err := xpress.NewEncoder(len(src), level)
			require.NoError(t, err)
			require.Equal(t, n, fresh.Encode(want, src))
			require.True(t, bytes.Equal(got, want))
		}
		src, dst := edges["text 32768"], make([]byte, 65536)
		if !codectest.AddressSanitizer {
			require.Zero(t, testing.AllocsPerRun(3, func() { used.Encode(dst, src) }))
		}
	}
}

// dst may be as small as the chunk, and no smaller.
func TestEncodeRoom(t *testing.T) {
	e, err := xpress.NewEncoder(4096, xpress.DefaultLevel)
	require.NoError(t, err)
	src := bytes.Repeat([]byte("0123456789"), 400)
	dst := make([]byte, len(src))
	n := e.Encode(dst, src)
	require.NotZero(t, n)
	require.Equal(t, n, e.Encode(make([]byte, n), src))
	require.Zero(t, e.Encode(make([]byte, n-1), src))
	require.Zero(t, e.Encode(nil, src))
}

func TestNewEncoderErrors(t *testing.T) {
	for _, wrong := range [][2]int{{0, 50}, {65537, 50}, {-1, 50}, {32768, 0}, {32768, 101}} {
		_, err := xpress.NewEncoder(wrong[0], wrong[1])
		require.Error(t, err, "%v", wrong)
	}
	e, err := xpress.NewEncoder(4096, 50)
	require.NoError(t, err)
	require.Panics(t, func() { e.Encode(make([]byte, 5000), make([]byte, 4097)) })
}

// FuzzEncode repeats and varies what it is given, so that chunks get long
// enough to become smaller.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("abcabcabc"), byte(50), uint16(4096), uint32(1))
	f.Add([]byte{0}, byte(1), uint16(65535), uint32(0))
	f.Add([]byte("a man, a plan, a canal: panama"), byte(99), uint16(300), uint32(1<<20))
	encoders := map[int]*xpress.Encoder{}
	f.Fuzz(func(t *testing.T, seed []byte, level byte, size uint16, noise uint32) {
		l := 1 + int(level)%100
		if encoders[l] == nil {
			var err error
			encoders[l], err = xpress.NewEncoder(xpress.MaxChunk, l)
			require.NoError(t, err)
		}
		src := make([]byte, int(size)+1)
		random := rand.New(rand.NewPCG(uint64(noise), 1))
		for i := 0; i < len(src); {
			if len(seed) == 0 || random.Uint32()%1024 < noise%1024 {
				src[i] = byte(random.Uint32() >> (noise >> 10 % 32))
				i++
				continue
			}
			from := random.IntN(len(seed))
			i += copy(src[i:], seed[from:from+1+random.IntN(len(seed)-from)])
		}
		chunk := encode(t, encoders[l], src)
		if chunk != nil {
			got := make([]byte, len(src))
			require.NoError(t, xpress.NewDecoder().Decode(got, chunk))
			require.True(t, bytes.Equal(src, got))
		}
	})
}
