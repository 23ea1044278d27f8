package xpress_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/xpress"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// Vector B.1 of the WIM format sheet.
func TestPublishedVector(t *testing.T) {
	chunk := append(bytes.Repeat([]byte{0x99}, 256), fromHex(t, "9830718ce0f97af2ff85018f1000e00000")...)
	output := make([]byte, 400)
	require.NoError(t, xpress.NewDecoder().Decode(output, chunk))
	sum := sha1.Sum(output)
	require.Equal(t, "e0e0840eba4ca7fab15bae2735716d9d4629be1b", hex.EncodeToString(sum[:]))
}
