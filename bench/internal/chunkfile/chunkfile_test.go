package chunkfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
)

// Two chunks: "ab" for "AAAA", "c" for "BBB".
const twoChunks = "WIMCHNK1" +
	"\x02\x00\x00\x00" + "\x00\x80\x00\x00" + "\x02\x00\x00\x00" +
	"\x02\x00\x00\x00\x04\x00\x00\x00" + "\x01\x00\x00\x00\x03\x00\x00\x00" +
	"ab" + "c" + "AAAA" + "BBB"

func TestParse(t *testing.T) {
	f, err := chunkfile.Parse([]byte(twoChunks))
	require.NoError(t, err)
	require.Equal(t, &chunkfile.File{
		Codec:     chunkfile.LZX,
		ChunkSize: 32768,
		Chunks: []chunkfile.Chunk{
			{Compressed: []byte("ab"), Original: []byte("AAAA")},
			{Compressed: []byte("c"), Original: []byte("BBB")},
		},
	}, f)
	require.Equal(t, twoChunks, string(f.Append(nil)))
	compressed, original := f.Sizes()
	require.EqualValues(t, 3, compressed)
	require.EqualValues(t, 7, original)
}

func TestParseCutOff(t *testing.T) {
	for n := range len(twoChunks) {
		_, err := chunkfile.Parse([]byte(twoChunks[:n]))
		require.Error(t, err, "%d bytes", n)
	}
}
