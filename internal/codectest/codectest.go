// Package codectest holds what the tests of the chunk decoders share: the test
// vectors, a writer of bit streams, and the checks that every decoder must
// pass.
package codectest

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Decoder is what all chunk decoders have in common.
type Decoder interface {
	Decode(dst, src []byte) error
}

// A Vector is a compressed chunk that another program made.
type Vector struct {
	Name   string
	Window int
	Size   int
	SHA1   string // of the uncompressed data, in hexadecimal
	Chunk  []byte
}

// Vectors reads those that testdata/vectors.tsv lists. Where they come from is
// told in testdata/README.md beside this package.
func Vectors(t testing.TB) []Vector {
	t.Helper()
	list, err := os.ReadFile("testdata/vectors.tsv")
	require.NoError(t, err)
	var vectors []Vector
	for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		require.Len(t, fields, 4)
		v := Vector{Name: strings.TrimSuffix(fields[0], ".chunk"), SHA1: fields[3]}
		v.Window, err = strconv.Atoi(fields[1])
		require.NoError(t, err)
		v.Size, err = strconv.Atoi(fields[2])
		require.NoError(t, err)
		v.Chunk, err = os.ReadFile(filepath.Join("testdata", fields[0]))
		require.NoError(t, err)
		vectors = append(vectors, v)
	}
	require.NotEmpty(t, vectors)
	return vectors
}

// SHA1 returns the SHA-1 of data in hexadecimal.
func SHA1(data []byte) string {
	sum := sha1.Sum(data)
	return hex.EncodeToString(sum[:])
}

// FromHex is for vectors written in hexadecimal.
func FromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// Guarded decodes with other bytes around dst and checks that they stay as they
// are. src has no spare capacity, so that no decoder can look past its end unseen.
func Guarded(t testing.TB, d Decoder, size int, src []byte) ([]byte, error) {
	t.Helper()
	const guard = 64
	whole := bytes.Repeat([]byte{0xa5}, guard+size+guard)
	given := bytes.Clone(src)
	err := d.Decode(whole[guard:guard+size], given[:len(given):len(given)])
	for i := range guard {
		require.Equal(t, byte(0xa5), whole[i], "byte before dst")
		require.Equal(t, byte(0xa5), whole[guard+size+i], "byte behind dst")
	}
	require.True(t, bytes.Equal(src, given), "src is changed")
	return whole[guard : guard+size], err
}

// Same decodes with several decoders that must agree, as Guarded does, and
// returns what they all return.
func Same[D Decoder](t testing.TB, decoders map[string]D, size int, src []byte) ([]byte, error) {
	t.Helper()
	var output []byte
	var outputErr error
	first := ""
	for name, d := range decoders {
		got, err := Guarded(t, d, size, src)
		if first == "" {
			first, output, outputErr = name, got, err
			continue
		}
		require.Equal(t, outputErr == nil, err == nil, "%s: %v, but %s: %v", first, outputErr, name, err)
		if err != nil {
			require.EqualError(t, err, outputErr.Error(), "%s and %s", name, first)
		} else {
			require.True(t, bytes.Equal(output, got), "output of %s and %s differs", first, name)
		}
	}
	return output, outputErr
}

// Benchmark measures decoding of a vector.
func Benchmark(b *testing.B, v Vector, d Decoder) {
	b.Helper()
	dst := make([]byte, v.Size)
	require.NoError(b, d.Decode(dst, v.Chunk))
	b.SetBytes(int64(v.Size))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(dst, v.Chunk); err != nil {
			b.Fatal(err)
		}
	}
}
