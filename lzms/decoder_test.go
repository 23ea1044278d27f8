package lzms

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A vector is a chunk and what a decoder must make of it.
type vector struct {
	name  string
	chunk string // in hex, or the name of a file in testdata
	size  int
	sha1  string
}

// published vectors are those of the WIM format sheet, appendix B: made for
// it, and decoded by wimlib and by 7-Zip.
var published = []vector{
	{"B.4 text", "3e064ea4d6c8fa0f2ce1000010779fba4dd339254e7953da9435254d3953ca943196484e" +
		"a18c4d2cac0a65687420666f203020776f72",
		230, "4cabb06f5d2352d5594640e13b38e11895445760"},
	{"B.5 delta matches", "62330f5ad0cc000000d4a01b84505e8734d5e183a56efdc5000186a0",
		256, "83f6962ede67f111d4e2a94c3556be2b0ee81bb0"},
	{"B.6 x86 code", "58606e5ea61d0000009399f87dcefa0a0e7701003c80a3972756a1909090",
		164, "d11124b5361cb403dd1d95d7b40be6dff7374029"},
}

// files are chunks that libwim compressed. testdata/README.md says from what;
// the hashes are those of the originals.
var files = []vector{
	{"text 32 KiB", "text-32k.lzms", 32768, "dadbba3f7548c98c5aaca82a2513bd4e4c6972e6"},
	{"text 256 KiB", "text-256k.lzms", 262144, "36977314d11b791de0bbe44acdf14710d469303e"},
	{"text 2 MiB", "text-2m.lzms", 2097152, "e95a3a769aeeadfce235a63523ff2db85e2411a3"},
	{"PE 32 KiB", "pe-32k.lzms", 32768, "a1aef48dc933d78471145b6711603298925185dc"},
	{"PE 64 KiB", "pe-64k.lzms", 65536, "25a32998619b28dcaca8f57242cdba6bd75f9756"},
	{"PE 100001 bytes", "pe-100001.lzms", 100001, "070aa7570c18842fc5d13fcc2843cfebb0b736b5"},
	{"PE 128 KiB", "pe-128k.lzms", 131072, "e473192f1267828572cd7532a640799054a4b30e"},
	{"PE 512 KiB", "pe-512k.lzms", 524288, "542d211d5bb8662ca44e7711aed7ef1fdfb4c755"},
	{"squares 64 KiB", "squares-64k.lzms", 65536, "e75d49f9a5a9bca3fa783c97a3afa5a59292d158"},
}

func (v vector) load(t testing.TB) []byte {
	if filepath.Ext(v.chunk) == "" {
		chunk, err := hex.DecodeString(v.chunk)
		require.NoError(t, err)
		return chunk
	}
	chunk, err := os.ReadFile(filepath.Join("testdata", v.chunk))
	require.NoError(t, err)
	return chunk
}

func TestVectors(t *testing.T) {
	d := NewDecoder()
	for range 2 { // the second time, d has been used
		for _, v := range append(published, files...) {
			dst := make([]byte, v.size)
			require.NoError(t, d.Decode(dst, v.load(t)), v.name)
			sum := sha1.Sum(dst)
			require.Equal(t, v.sha1, hex.EncodeToString(sum[:]), v.name)
		}
	}
}

// The original of this vector is arithmetic: squares divided by seven.
func TestSquares(t *testing.T) {
	var want []byte
	for i := range uint32(16384) {
		want = binary.LittleEndian.AppendUint32(want, i*i/7)
	}
	got := make([]byte, len(want))
	require.NoError(t, NewDecoder().Decode(got, vector{chunk: "squares-64k.lzms"}.load(t)))
	require.True(t, bytes.Equal(want, got))
}

func TestReferenceVectors(t *testing.T) {
	for _, v := range append(published, files...) {
		if v.size > 128<<10 {
			continue // it is slow
		}
		dst := make([]byte, v.size)
		require.NoError(t, referenceDecode(dst, v.load(t)), v.name)
		sum := sha1.Sum(dst)
		require.Equal(t, v.sha1, hex.EncodeToString(sum[:]), v.name)
	}
}

func TestErrors(t *testing.T) {
	// No bit pattern is special to the forward stream, so a chunk of ones
	// is a run of the less likely outcomes: a delta match at once.
	ones := bytes.Repeat([]byte{0xFF}, 64)
	// And a chunk of zeros is a run of literals.
	zeros := make([]byte, 64)
	for _, test := range []struct {
		size int
		src  []byte
		want string
	}{
		{10, nil, "lzms: corrupt chunk: 0 bytes, want at least 4"},
		{10, zeros[:2], "lzms: corrupt chunk: 2 bytes, want at least 4"},
		{10, zeros[:5], "lzms: corrupt chunk: odd size of 5 bytes"},
		{10, ones, "lzms: corrupt chunk: match at output byte 0 reaches back "},
		{10, zeros, ""},
		{0, zeros[:4], ""},
		{1, zeros[:4], ""},
	} {
		err := NewDecoder().Decode(make([]byte, test.size), test.src)
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrCorrupt)
		require.ErrorContains(t, err, test.want)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	d := NewDecoder()
	for _, v := range []vector{published[1], files[0], files[3]} {
		src, dst := v.load(t), make([]byte, v.size)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if err := d.Decode(dst, src); err != nil {
				panic(err)
			}
		}), v.name)
	}
}

// FuzzDecode compares the Decoder with the reference decoder, and looks for
// writes outside dst.
func FuzzDecode(f *testing.F) {
	for _, v := range append(published, files[0], files[3]) {
		f.Add(v.load(f), uint32(v.size))
		f.Add(v.load(f), uint32(v.size+100)) // longer than what src holds
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, src []byte, size uint32) {
		size %= 32 << 10
		want := make([]byte, size)
		wantErr := referenceDecode(want, src)
		checkDecode(t, d, src, want, wantErr)
	})
}

// checkDecode decodes src into a part of a greater slice.
func checkDecode(t *testing.T, d *Decoder, src, want []byte, wantErr error) {
	const canary = 0xA5
	const margin = 64
	buf := bytes.Repeat([]byte{canary}, margin+len(want)+margin)
	dst := buf[margin : margin+len(want)]
	saved := bytes.Clone(src)

	err := d.Decode(dst, src)
	if wantErr == nil {
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, dst), "output differs from the reference")
	} else {
		require.ErrorIs(t, err, ErrCorrupt)
		require.True(t, errors.Is(err, ErrCorrupt))
	}
	edge := bytes.Repeat([]byte{canary}, margin)
	require.Equal(t, edge, buf[:margin], "before dst")
	require.Equal(t, edge, buf[margin+len(want):], "after dst")
	require.True(t, bytes.Equal(saved, src), "src changed")
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range files {
		b.Run(v.name, func(b *testing.B) {
			d, src, dst := NewDecoder(), v.load(b), make([]byte, v.size)
			b.SetBytes(int64(v.size))
			for b.Loop() {
				if err := d.Decode(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
