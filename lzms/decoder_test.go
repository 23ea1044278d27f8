package lzms

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
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

func hash(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:])
}

// forVariants runs f with a Decoder of each variant.
func forVariants(t *testing.T, f func(t *testing.T, d *Decoder)) {
	for _, v := range variants {
		t.Run(v.String(), func(t *testing.T) { f(t, newDecoder(v)) })
	}
}

func TestVectors(t *testing.T) {
	forVariants(t, func(t *testing.T, d *Decoder) {
		for range 2 { // the second time, d has been used
			for _, v := range append(published, files...) {
				dst := make([]byte, v.size)
				require.NoError(t, d.Decode(dst, v.load(t)), v.name)
				require.Equal(t, v.sha1, hash(dst), v.name)
			}
		}
	})
}

func TestReferenceVectors(t *testing.T) {
	for _, v := range append(published, files...) {
		if v.size > 128<<10 {
			continue // it is slow
		}
		dst := make([]byte, v.size)
		require.NoError(t, referenceDecode(dst, v.load(t)), v.name)
		require.Equal(t, v.sha1, hash(dst), v.name)
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

// TestItems decodes chunks made item by item at random, with what each item
// stands for as the expected output: every kind of match, short and long
// distances, overlapping copies, and queues in all states.
func TestItems(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		size := 1<<random.IntN(17) + random.IntN(100)
		w := randomItems(random, size)
		chunk, want := w.chunk(), w.out
		referenceFilter(want)

		got := make([]byte, size)
		require.NoError(t, referenceDecode(got, chunk))
		require.True(t, bytes.Equal(want, got), "the reference differs")
		forVariants(t, func(t *testing.T, d *Decoder) { checkDecode(t, d, chunk, want, nil) })
	}
}

// randomItems writes a chunk of random items.
func randomItems(random *rand.Rand, size int) *chunkWriter {
	// A number of 1 to limit, more likely a small one.
	skewed := func(limit int) uint32 {
		return uint32(1 + random.IntN(1+random.IntN(limit)))
	}
	// Each chunk leans towards some kinds of items and some letters.
	weights := [5]int{1 + random.IntN(8), random.IntN(8), random.IntN(8), random.IntN(4), random.IntN(4)}
	letters := 1 + random.IntN(255)

	w := newChunkWriter(size)
	for len(w.out) < size {
		n := len(w.out)
		length := skewed(size - n)
		if random.IntN(50) != 0 {
			length = skewed(min(size-n, 40))
		}
		total := 0
		for _, weight := range weights {
			total += weight
		}
		kind := 0
		for at := random.IntN(total); at >= weights[kind]; kind++ {
			at -= weights[kind]
		}
		i := random.IntN(3)
		power := random.IntN(8)
		reach := func(s deltaSource) int { return int(s.offset+1) << s.power }
		switch {
		case kind == 1 && n > 0:
			w.lz(skewed(n), length)
		case kind == 2 && int(w.lzOffset(i)) <= n:
			w.lzRepeat(i, length)
		case kind == 3 && n>>power >= 2:
			w.delta(deltaSource{uint32(power), skewed(n>>power - 1)}, length)
		case kind == 4 && reach(w.deltaSource(i)) <= n:
			w.deltaRepeat(i, length)
		default:
			w.literal(byte(random.IntN(1 + random.IntN(letters))))
		}
	}
	return w
}

func TestErrors(t *testing.T) {
	tooFar := newChunkWriter(100)
	tooFar.literal('a')
	tooFar.lz(2, 5)
	tooLong := newChunkWriter(100)
	tooLong.literal('a')
	tooLong.lz(1, 100)
	deltaTooFar := newChunkWriter(100)
	deltaTooFar.literal('a')
	deltaTooFar.literal('b')
	deltaTooFar.literal('c')
	deltaTooFar.delta(deltaSource{1, 1}, 5)
	farthest := newChunkWriter(1 << 27)
	farthest.literal('a')
	farthest.delta(deltaSource{7, 1180427428}, 5) // reaches back over 2^37
	zeros := make([]byte, 64)

	const corrupt = "lzms: corrupt chunk: "
	for _, test := range []struct {
		size  int
		chunk []byte
		want  string
	}{
		{10, nil, "0 bytes, want at least 4"},
		{10, zeros[:2], "2 bytes, want at least 4"},
		{10, zeros[:5], "odd size of 5 bytes"},
		{100, tooFar.chunk(), "match at output byte 1 reaches back 2 bytes, to before the chunk's start"},
		{100, tooLong.chunk(), "match at output byte 1 has 100 bytes, but only 99 are left of the chunk's 100"},
		{100, deltaTooFar.chunk(), "match at output byte 3 reaches back 4 bytes, to before the chunk's start"},
		{1 << 27, farthest.chunk(), "match at output byte 1 reaches back 151094710912 bytes, to before the chunk's start"},
		{10, zeros, ""},
		{0, zeros[:4], ""},
		{1, zeros[:4], ""},
		{2, zeros[:4], ""},
	} {
		dst := make([]byte, test.size)
		forVariants(t, func(t *testing.T, d *Decoder) {
			err := d.Decode(dst, test.chunk)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrCorrupt)
			require.EqualError(t, err, corrupt+test.want)
		})
	}
}

// TestDamage decodes chunks with some bytes changed, and truncated ones.
func TestDamage(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, v := range append(published, files[0], files[3]) {
		chunk := v.load(t)
		for range 10 {
			damaged := bytes.Clone(chunk)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] = byte(random.Uint32())
			}
			if random.IntN(2) == 0 {
				damaged = damaged[:4+random.IntN(len(damaged)-4)&^1]
			}
			want := make([]byte, v.size+random.IntN(3))
			wantErr := referenceDecode(want, damaged)
			forVariants(t, func(t *testing.T, d *Decoder) { checkDecode(t, d, damaged, want, wantErr) })
		}
	}
}

// checkDecode decodes chunk into a part of a greater slice, expects want or
// any error at all, and that nothing else has been written to.
func checkDecode(t *testing.T, d *Decoder, chunk, want []byte, wantErr error) {
	t.Helper()
	const margin = 64
	edge := bytes.Repeat([]byte{0xA5}, margin)
	buf := bytes.Repeat(edge[:1], margin+len(want)+margin)
	dst := buf[margin : margin+len(want)]
	saved := bytes.Clone(chunk)

	err := d.Decode(dst, chunk)
	if wantErr != nil {
		require.ErrorIs(t, err, ErrCorrupt)
	} else {
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, dst), "the output differs")
	}
	require.Equal(t, edge, buf[:margin], "before dst")
	require.Equal(t, edge, buf[margin+len(want):], "after dst")
	require.True(t, bytes.Equal(saved, chunk), "src has changed")
	require.Nil(t, d.dst)
	require.Nil(t, d.src)
}

func TestDecodeAllocatesNothing(t *testing.T) {
	forVariants(t, func(t *testing.T, d *Decoder) {
		for _, v := range []vector{published[1], files[0], files[3]} {
			chunk, dst := v.load(t), make([]byte, v.size)
			require.Zero(t, testing.AllocsPerRun(10, func() {
				if err := d.Decode(dst, chunk); err != nil {
					panic(err)
				}
			}), v.name)
		}
	})
}

// The memory that a Decoder takes is in its doc comment.
func TestDecoderSize(t *testing.T) {
	size := reflect.TypeFor[Decoder]().Size()
	require.LessOrEqual(t, size, uintptr(360<<10))
	require.Greater(t, size, uintptr(340<<10))
}

// FuzzDecode compares all variants with the reference decoder. Each has
// one Decoder for all inputs, so that leftovers of a chunk would show.
func FuzzDecode(f *testing.F) {
	for _, v := range append(published, files[0], files[3]) {
		f.Add(v.load(f), uint32(v.size))
		f.Add(v.load(f), uint32(v.size+100)) // more than the chunk stands for
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		w := randomItems(random, 2000)
		f.Add(w.chunk(), uint32(len(w.out)))
	}
	var decoders []*Decoder
	for _, v := range variants {
		decoders = append(decoders, newDecoder(v))
	}
	f.Fuzz(func(t *testing.T, chunk []byte, size uint32) {
		want := make([]byte, size%(32<<10))
		wantErr := referenceDecode(want, chunk)
		for _, d := range decoders {
			checkDecode(t, d, chunk, want, wantErr)
		}
	})
}
