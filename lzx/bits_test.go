package lzx

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The unit of bytes 2i and 2i+1 is the one of bytes size-2i-2 and size-2i-1 of
// the output, and nothing around the output is written.
func TestReverseUnits(t *testing.T) {
	const around = 40
	for _, v := range variants {
		for length := range 300 {
			src := make([]byte, length)
			for i := range src {
				src[i] = byte(1 + i%255)
			}
			size := (length + 1) &^ 1
			want := make([]byte, around+size+around)
			for i, b := range src {
				want[around+size-2-i&^1+i%2] = b
			}
			got := make([]byte, len(want))
			v.reverseUnits()(got[around:around+size], src)
			require.Equal(t, want, got, "%s, %d bytes", v, length)
		}
	}
}
