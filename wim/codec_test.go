package wim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers, flags and chunk sizes are those of the format sheet, sections
// 1.3, 1.5 and 3.3.
func TestCodecs(t *testing.T) {
	for number, want := range []struct {
		name        string
		flags       []HeaderFlags
		least, most uint32
	}{
		{"none", nil, 256, 1 << 31},
		{"XPRESS", []HeaderFlags{0x20000, 0x200000, 0x220000}, 4096, 65536},
		{"LZX", []HeaderFlags{0x40000}, 32768, 2 << 20},
		{"LZMS", []HeaderFlags{0x80000}, 32768, 1 << 30},
	} {
		codec := Compression(number)
		require.Equal(t, want.name, codec.String())
		for _, flags := range want.flags {
			require.Equal(t, []Compression{codec}, codecsOf(flags|0xFF))
		}
		require.NoError(t, codec.checkChunkSize(want.least))
		require.NoError(t, codec.checkChunkSize(want.most))
		require.ErrorIs(t, codec.checkChunkSize(want.least/2), ErrUnsupported)
		require.Error(t, codec.checkChunkSize(want.most<<1))
		require.ErrorIs(t, codec.checkChunkSize(want.least*3), ErrFormat)
	}
	require.Equal(t, []Compression{CompressionXPRESS, CompressionLZMS}, codecsOf(0xA0000))
	require.Empty(t, codecsOf(0x10002))
}

// A number that nobody has given to a codec is an error, and not another codec.
func TestUnknownCodec(t *testing.T) {
	for _, codec := range []Compression{4, 1 << 31} {
		require.ErrorIs(t, codec.checkChunkSize(32768), ErrUnsupported)
		require.ErrorIs(t, new(decoders).decode(codec, 32768, make([]byte, 8), make([]byte, 4)), ErrUnsupported)
		_, err := newEncoder(codec, 32768, 1)
		require.ErrorIs(t, err, ErrUnsupported)
	}
	require.ErrorIs(t, new(decoders).decode(CompressionNone, 32768, make([]byte, 8), make([]byte, 4)), ErrUnsupported)
}
