package lzx_test

import (
	"crypto/sha1"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/lzx"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func newDecoder(t testing.TB, windowSize int) *lzx.Decoder {
	t.Helper()
	d, err := lzx.NewDecoder(windowSize)
	require.NoError(t, err)
	return d
}

// Vectors B.2 and B.3 of the WIM format sheet.
func TestPublishedVectors(t *testing.T) {
	tests := []struct {
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
	d := newDecoder(t, lzx.MinWindow)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output := make([]byte, test.size)
			require.NoError(t, d.Decode(output, fromHex(t, test.chunk)))
			sum := sha1.Sum(output)
			require.Equal(t, test.sha1, hex.EncodeToString(sum[:]))
		})
	}
}
