package regf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf"
	"github.com/wimble-go/wimble/internal/regf/regftest"
)

func put16(b []byte, at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
func put32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

func TestDirty(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At("Key").Set(regftest.DWORD("UBR", 1139))
	clean := regftest.Build(root, regftest.Options{})
	require.False(t, open(t, clean).Dirty())

	sequence := regftest.Build(root, regftest.Options{Dirty: true})
	checksum := bytes.Clone(clean)
	checksum[508] ^= 1
	for name, data := range map[string][]byte{"sequence numbers differ": sequence, "checksum is wrong": checksum} {
		h := open(t, data)
		require.True(t, h.Dirty(), name)
		n, err := value(t, h, "Key", "UBR").Uint32()
		require.NoError(t, err, name)
		require.Equal(t, uint32(1139), n, name)
	}
}

// The checksum's two special results: all zeros give 1, and all ones in one
// number give 0xFFFFFFFE (section 13.3).
func TestChecksumSpecials(t *testing.T) {
	base := regftest.Build(&regftest.Key{Name: "ROOT"}, regftest.Options{})
	var rest uint32
	for at := 0; at < 504; at += 4 {
		rest ^= binary.LittleEndian.Uint32(base[at:])
	}
	for sum, stored := range map[uint32]uint32{0: 1, 0xFFFFFFFF: 0xFFFFFFFE, 5: 5} {
		put32(base, 504, rest^sum)
		put32(base, 508, stored)
		require.False(t, open(t, base).Dirty(), "%#x", sum)
		put32(base, 508, stored+2)
		require.True(t, open(t, base).Dirty(), "%#x", sum)
	}
}

func TestBaseBlock(t *testing.T) {
	original := regftest.Build(&regftest.Key{Name: "ROOT"}, regftest.Options{})
	for name, patch := range map[string]func(b []byte) []byte{
		"empty":                 func(b []byte) []byte { return nil },
		"cut in the base block": func(b []byte) []byte { return b[:4095] },
		"signature":             func(b []byte) []byte { b[0] = 'R'; return b },
		"major version":         func(b []byte) []byte { put32(b, 20, 2); return b },
		"minor version":         func(b []byte) []byte { put32(b, 24, 2); return b },
		"log file":              func(b []byte) []byte { put32(b, 28, 1); return b },
		"format":                func(b []byte) []byte { put32(b, 32, 0); return b },
	} {
		data := patch(bytes.Clone(original))
		_, err := regf.Open(bytes.NewReader(data), int64(len(data)))
		require.ErrorIs(t, err, regf.ErrCorrupt, name)
	}
}

// spread is a hive of 41 bins: a key with 40 subkeys, each of which has a value
// of a page.
func spread(list string) []byte {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 40 {
		root.At(fmt.Sprintf("Key %d", i)).Set(regftest.Binary("Data", bytes.Repeat([]byte{byte(i)}, 4000)))
	}
	return regftest.Build(root, regftest.Options{List: list})
}

// A base block that was not written when the bins were: its checksum is wrong,
// and so may be the size that it has for the bins, which the file knows.
func TestBinsBeyondBaseBlock(t *testing.T) {
	clean := spread("lh")
	for name, bins := range map[string]uint32{"fewer": 4096, "none": 0, "without end": 0xFFFFFFFF} {
		data := bytes.Clone(clean)
		put32(data, 40, bins)
		h := open(t, data)
		require.True(t, h.Dirty(), name)
		require.False(t, h.Truncated(), name)
		for i := range 40 {
			got, err := value(t, h, fmt.Sprintf("Key %d", i), "Data").Data()
			require.NoError(t, err, name)
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, 4000), got, name)
		}
	}
	// With the right checksum, what is after the bins is not of the hive.
	data := bytes.Clone(clean)
	put32(data, 40, 4096)
	regftest.SetChecksum(data)
	h := open(t, data)
	require.False(t, h.Dirty())
	_, err := h.Key("Key 39")
	require.ErrorIs(t, err, regf.ErrCorrupt)
}

// Of a hive that is cut off, what is there can be read. The writer puts a key's
// subkeys before its values.
func TestTruncated(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.At("Key").Set(regftest.DWORD("Number", 7))
	for i := range 10 {
		root.Set(regftest.Binary(fmt.Sprintf("Data %d", i), pattern(4000)))
	}
	whole := regftest.Build(root, regftest.Options{})
	require.False(t, open(t, whole).Truncated())
	for _, size := range []int{len(whole) - 1, len(whole) - 4096, len(whole)/2 + 1, 8192, 6000} {
		h := open(t, whole[:size])
		require.True(t, h.Truncated(), size)
		require.False(t, h.Dirty(), size)
		n, err := value(t, h, "Key", "Number").Uint32()
		require.NoError(t, err, size)
		require.Equal(t, uint32(7), n, size)
		k, err := h.Root()
		require.NoError(t, err)
		_, err = k.Value("Data 9")
		if size >= len(whole)-4096 {
			continue // what is missing may be a free cell
		}
		require.ErrorIs(t, err, regf.ErrCorrupt, size)
		require.ErrorContains(t, err, "the file is cut off", size)
	}
}

// small is a hive with two keys and two values, of which the tests below know
// where everything is.
type small struct {
	data                             []byte
	root, list, a, values, v, number int // where cells begin
}

func newSmall(t *testing.T, list string) small {
	root := &regftest.Key{Name: "ROOT"}
	root.At("AAAA").Set(regftest.SZ("Text", "some text"), regftest.DWORD("Number", 7))
	root.At("BBBB").Set(regftest.DWORD("Number", 8))
	s := small{data: regftest.Build(root, regftest.Options{List: list})}
	at := func(field int) int { return 4096 + int(binary.LittleEndian.Uint32(s.data[field:])) }
	s.root = at(36)
	s.list = at(s.root + 4 + 28)
	require.Equal(t, list, string(s.data[s.list+4:s.list+6]))
	s.a = at(s.list + 8)
	if list == "ri" {
		s.a = at(s.a + 8)
	}
	require.Equal(t, "nk", string(s.data[s.a+4:s.a+6]))
	s.values = at(s.a + 4 + 40)
	s.v, s.number = at(s.values+4), at(s.values+8)
	require.Equal(t, "vk", string(s.data[s.v+4:s.v+6]))
	return s
}

func TestHostile(t *testing.T) {
	// What is read of each hive.
	read := func(data []byte) error {
		h, err := regf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		k, err := h.Key("aaaa")
		if err != nil {
			return err
		}
		v, err := k.Value("text")
		if err != nil {
			return err
		}
		_, err = v.Text()
		return err
	}
	for _, list := range []string{"lf", "lh", "li", "ri"} {
		require.NoError(t, read(newSmall(t, list).data), list)
	}
	for name, patch := range map[string]func(s small){
		"root offset none":            func(s small) { put32(s.data, 36, 0xFFFFFFFF) },
		"root offset at the end":      func(s small) { put32(s.data, 36, uint32(len(s.data)-4096-4)) },
		"root offset unaligned":       func(s small) { put32(s.data, 36, uint32(s.root-4096+4)) },
		"root offset in a bin's head": func(s small) { put32(s.data, 36, 0) },
		"root is a value":             func(s small) { put32(s.data, 36, uint32(s.v-4096)) },
		"no bins":                     func(s small) { put32(s.data, 40, 0); regftest.SetChecksum(s.data) },
		"cell is free":                func(s small) { put32(s.data, s.root, -binary.LittleEndian.Uint32(s.data[s.root:])) },
		"cell of no size":             func(s small) { put32(s.data, s.root, 0) },
		"cell of least size":          func(s small) { put32(s.data, s.root, 0x80000000) },
		"cell too small for a key":    func(s small) { put32(s.data, s.root, neg(72)) },
		"cell size odd":               func(s small) { put32(s.data, s.root, neg(81)) },
		"cell beyond the bins":        func(s small) { put32(s.data, s.root, neg(1<<20)) },
		"key's name too long":         func(s small) { put16(s.data, s.a+4+72, 0xFFFF) },
		"key's name beyond its cell":  func(s small) { put16(s.data, s.root+4+72, 200) },
		"subkeys too many":            func(s small) { put32(s.data, s.root+4+20, 0xFFFFFFFF) },
		"subkeys fewer than listed":   func(s small) { put32(s.data, s.root+4+20, 1) },
		"list is none":                func(s small) { put32(s.data, s.root+4+28, 0xFFFFFFFF) },
		"list is a key":               func(s small) { put32(s.data, s.root+4+28, uint32(s.a-4096)) },
		"list beyond its cell":        func(s small) { put16(s.data, s.list+6, 60000); put32(s.data, s.root+4+20, 65536) },
		"subkey is none":              func(s small) { put32(s.data, s.list+8, 0xFFFFFFFF) },
		"subkey is a value":           func(s small) { put32(s.data, s.list+8, uint32(s.v-4096)) },
		"values too many":             func(s small) { put32(s.data, s.a+4+36, 0xFFFFFFFF) },
		"values beyond their cell":    func(s small) { put32(s.data, s.a+4+36, 60000) },
		"values are none":             func(s small) { put32(s.data, s.a+4+40, 0xFFFFFFFF) },
		"value is a key":              func(s small) { put32(s.data, s.values+4, uint32(s.a-4096)) },
		"value's name beyond its cell": func(s small) {
			put32(s.data, s.v, neg(24))
		},
		"data none":                func(s small) { put32(s.data, s.v+4+8, 0xFFFFFFFF) },
		"data beyond its cell":     func(s small) { put32(s.data, s.v+4+4, 1000) },
		"data of 4 GiB":            func(s small) { put32(s.data, s.v+4+4, 0x7FFFFFFF) },
		"data in place, but long":  func(s small) { put32(s.data, s.v+4+4, 0x80000005) },
		"data big, but not listed": func(s small) { put32(s.data, s.v+4+4, 20000) },
	} {
		s := newSmall(t, "lh")
		patch(s)
		require.ErrorIs(t, read(s.data), regf.ErrCorrupt, name)
	}

	// A list of lists that is in itself, and one with more entries than any
	// hive.
	s := newSmall(t, "ri")
	put32(s.data, s.list+8, uint32(s.list-4096))
	require.ErrorIs(t, read(s.data), regf.ErrCorrupt)
	s = newSmall(t, "ri")
	put16(s.data, s.list+6, 0xFFFF)
	require.ErrorIs(t, read(s.data), regf.ErrCorrupt)
}

func neg(n int32) uint32 { return uint32(-n) }

// TestKeyInItself walks a hive whose key is its own subkey: every path exists,
// and none takes longer than its length.
func TestKeyInItself(t *testing.T) {
	s := newSmall(t, "lh")
	copy(s.data[s.a+4+20:s.a+4+32], s.data[s.root+4+20:s.root+4+32]) // AAAA has ROOT's subkeys
	h := open(t, s.data)
	k, err := h.Key(`AAAA\AAAA\AAAA\AAAA\BBBB`)
	require.NoError(t, err)
	require.Equal(t, "BBBB", k.Name())
}

// TestDamageBeside finds what is sound beside what is not.
func TestDamageBeside(t *testing.T) {
	s := newSmall(t, "li") // without hints, so that AAAA is looked at first
	copy(s.data[s.a+4:], "xx")
	h := open(t, s.data)
	n, err := value(t, h, "BBBB", "Number").Uint32()
	require.NoError(t, err)
	require.Equal(t, uint32(8), n)
	_, err = h.Key("CCCC") // it might be the one that cannot be read
	require.ErrorIs(t, err, regf.ErrCorrupt)

	s = newSmall(t, "lh")
	copy(s.data[s.v+4:], "xx")
	h = open(t, s.data)
	n, err = value(t, h, "AAAA", "Number").Uint32()
	require.NoError(t, err)
	require.Equal(t, uint32(7), n)
}

// TestWrongHints finds keys whose hashes or first letters are wrong in the
// list.
func TestWrongHints(t *testing.T) {
	for _, list := range []string{"lf", "lh"} {
		s := newSmall(t, list)
		put32(s.data, s.list+12, 0x12345678)
		k, err := open(t, s.data).Key("AAAA")
		require.NoError(t, err, list)
		require.Equal(t, "AAAA", k.Name())
	}
}

// Names are compared by units in upper case, and no letter becomes ASCII.
func TestCase(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for _, name := range []string{"Straße", "ΑΒΓ", "ı", "K", "ſ", "µ", "𐐨", "ÿ"} {
		root.At(name)
	}
	h := open(t, regftest.Build(root, regftest.Options{}))
	for name, want := range map[string]string{"STRAßE": "Straße", "αβγ": "ΑΒΓ", "k": "K", "𐐨": "𐐨", "Ÿ": "ÿ"} {
		k, err := h.Key(name)
		require.NoError(t, err, name)
		require.Equal(t, want, k.Name())
	}
	for _, name := range []string{"STRASSE", "i", "I", "\u212A", "s", "S", "Μ", "μ", "𐐀"} { // U+212A is the Kelvin sign
		_, err := h.Key(name)
		require.ErrorIs(t, err, regf.ErrNotFound, name)
	}
}

// countingReader counts what is read.
type countingReader struct {
	io.ReaderAt
	reads, bytes int
}

func (r *countingReader) ReadAt(p []byte, offset int64) (int, error) {
	r.reads++
	r.bytes += len(p)
	return r.ReaderAt.ReadAt(p, offset)
}

// TestReadsLittle looks up a version among 400 keys with 40 values each, as big
// as the key Microsoft of a SOFTWARE hive. A path of three keys and a value
// takes at most the base block and, for each key, a page with its cell, one
// with its list, and one more where they cross into the next.
func TestReadsLittle(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 400 {
		k := root.At(fmt.Sprintf(`Microsoft\Product %d`, i))
		for n := range 40 {
			k.Set(regftest.SZ(fmt.Sprintf("Value %d", n), "some text that takes space"))
		}
	}
	root.At(`Microsoft\Windows NT\CurrentVersion`).Set(regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("UBR", 1139))
	for _, list := range []string{"lf", "lh", "ri"} {
		data := regftest.Build(root, regftest.Options{List: list})
		require.Greater(t, len(data), 1<<20)

		r := &countingReader{ReaderAt: bytes.NewReader(data)}
		h, err := regf.Open(r, int64(len(data)))
		require.NoError(t, err)
		n, err := value(t, h, `Microsoft\Windows NT\CurrentVersion`, "UBR").Uint32()
		require.NoError(t, err)
		require.Equal(t, uint32(1139), n)
		require.LessOrEqual(t, r.reads, 1+4*3, list)
		require.LessOrEqual(t, r.bytes, (1+4*3)*4096, list)
	}
}

// TestBigDataHostile breaks data of two segments: where they are listed, and
// the list itself.
func TestBigDataHostile(t *testing.T) {
	root := (&regftest.Key{Name: "ROOT"}).Set(regftest.Binary("Big", pattern(20000)))
	original := regftest.Build(root, regftest.Options{})
	db := bytes.Index(original, []byte("db\x02\x00"))
	require.Positive(t, db)
	list := 4096 + 4 + int(binary.LittleEndian.Uint32(original[db+4:]))
	for name, patch := range map[string]func(b []byte){
		"":                   func(b []byte) {},
		"signature":          func(b []byte) { b[db] = 'x' },
		"one segment":        func(b []byte) { put16(b, db+2, 1) },
		"three segments":     func(b []byte) { put16(b, db+2, 3) },
		"list none":          func(b []byte) { put32(b, db+4, 0xFFFFFFFF) },
		"list too short":     func(b []byte) { put32(b, list-4, neg(8)) },
		"segment none":       func(b []byte) { put32(b, list+4, 0xFFFFFFFF) },
		"segment is no data": func(b []byte) { put32(b, list, uint32(list-4-4096)) },
	} {
		data := bytes.Clone(original)
		patch(data)
		k, err := open(t, data).Root()
		require.NoError(t, err)
		v, err := k.Value("Big")
		require.NoError(t, err)
		got, err := v.Data()
		if name == "" {
			require.NoError(t, err)
			require.Equal(t, pattern(20000), got)
			continue
		}
		require.ErrorIs(t, err, regf.ErrCorrupt, name)
	}
}

// A hive may be read by many goroutines at once. This is for the race detector.
func TestManyReaders(t *testing.T) {
	h := open(t, regftest.Build(everything(), regftest.Options{}))
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 50 {
				k, err := h.Key(fmt.Sprintf(`Many\Key %d`, (i+g)%50))
				if assert.NoError(t, err) {
					_, err = k.Value("Number")
					assert.NoError(t, err)
				}
			}
		})
	}
	group.Wait()
}

func TestReadFails(t *testing.T) {
	data := newSmall(t, "lh").data
	h, err := regf.Open(bytes.NewReader(data[:4096]), int64(len(data)))
	require.NoError(t, err)
	_, err = h.Root()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, regf.ErrCorrupt)
}

// failing fails after some reads, and counts them.
type failing struct {
	io.ReaderAt
	left, failed int
}

var errSource = errors.New("the source fails")

func (r *failing) ReadAt(p []byte, offset int64) (int, error) {
	if r.left--; r.left < 0 {
		r.failed++
		return 0, errSource
	}
	return r.ReaderAt.ReadAt(p, offset)
}

// A source that fails is not asked for each of 400 keys.
func TestSourceFails(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 400 {
		root.At(fmt.Sprintf("Key %d", i)).Set(regftest.DWORD("Number", uint32(i)), regftest.DWORD("Other", 1))
	}
	data := regftest.Build(root, regftest.Options{List: "li"})
	for reads := range 20 {
		r := &failing{bytes.NewReader(data), reads, 0}
		h, err := regf.Open(r, int64(len(data)))
		var k *regf.Key
		if err == nil {
			k, err = h.Key("Key 399")
		}
		if err == nil {
			_, err = k.Value("Other")
		}
		if err != nil {
			require.ErrorIs(t, err, errSource)
			require.Equal(t, 1, r.failed)
		}
	}
}

// A hive that is looked through is read whole after 128 reads, and once: the
// 300 keys lie on 300 pages, and each is looked for twice.
func TestManyPages(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 300 {
		root.At(fmt.Sprintf("Key %d", i)).Set(regftest.Binary("Data", bytes.Repeat([]byte{byte(i)}, 4000)))
	}
	data := regftest.Build(root, regftest.Options{})
	r := &countingReader{ReaderAt: bytes.NewReader(data)}
	h, err := regf.Open(r, int64(len(data)))
	require.NoError(t, err)
	for range 2 {
		for i := range 300 {
			data, err := value(t, h, fmt.Sprintf("Key %d", i), "Data").Data()
			require.NoError(t, err)
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, 4000), data)
		}
	}
	require.LessOrEqual(t, r.reads, 128+1)
	require.LessOrEqual(t, r.bytes, 128*4096+len(data))
}

// A hive that is too large to be held is not read on and on.
func TestManyPagesOfLargeHive(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 300 {
		root.At(fmt.Sprintf("Key %d", i)).Set(regftest.Binary("Data", bytes.Repeat([]byte{byte(i)}, 4000)))
	}
	data := regftest.Build(root, regftest.Options{})
	r := &countingReader{ReaderAt: bytes.NewReader(data)}
	h, err := regf.Open(r, 256<<20+1)
	require.NoError(t, err)
	for i := range 300 {
		_, err = h.Key(fmt.Sprintf("Key %d", i))
	}
	require.ErrorIs(t, err, regf.ErrLimit)
	require.Equal(t, 128, r.reads)
}

// Zeros in a list of kind lf are no hint. Of 60 keys with the first letters
// that are looked for, the right one is the first, and has no hint.
func TestNoHint(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	for i := range 60 {
		root.At(fmt.Sprintf("Key %02d", i)).Set(regftest.Binary("Data", pattern(4000)))
	}
	data := regftest.Build(root, regftest.Options{List: "lf"})
	list := 4096 + int(binary.LittleEndian.Uint32(data[4096+int(binary.LittleEndian.Uint32(data[36:]))+4+28:]))
	require.Equal(t, "lf", string(data[list+4:list+6]))
	require.Equal(t, "Key ", string(data[list+12:list+16]))
	put32(data, list+12, 0)
	r := &countingReader{ReaderAt: bytes.NewReader(data)}
	h, err := regf.Open(r, int64(len(data)))
	require.NoError(t, err)
	_, err = h.Key("Key 00")
	require.NoError(t, err)
	require.LessOrEqual(t, r.reads, 1+4*2) // as in TestReadsLittle, for two keys
}

// Mutations should hit what matters, so the inputs of FuzzHive leave out what
// is empty anyway: the unused part of the base block, and zeros at the end.
func squeeze(hive []byte) []byte {
	return bytes.TrimRight(append(bytes.Clone(hive[:512]), hive[4096:]...), "\x00")
}

func unsqueeze(data []byte) []byte {
	hive := make([]byte, 4096)
	bins := data[copy(hive[:512], data):]
	hive = append(hive, bins...)
	return append(hive, make([]byte, -len(hive)&4095)...)
}

func FuzzHive(f *testing.F) {
	seed := &regftest.Key{Name: "ROOT"}
	seed.At(`Microsoft\Windows NT\CurrentVersion`).Set(regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("UBR", 1139),
		regftest.MultiSZ("Words", "one", "two"), regftest.QWORD("Time", 5))
	for _, options := range variants {
		f.Add(squeeze(regftest.Build(seed, options)))
	}
	// A value that says that it has big data: a list of two segments.
	big := regftest.Build(seed.Set(regftest.Binary("Big", []byte("db\x02\x00\x20\x00\x00\x00"))), regftest.Options{})
	at := bytes.Index(big, []byte("Big")) - 20
	put32(big, at+4, 16345)
	f.Add(squeeze(big))
	f.Fuzz(func(t *testing.T, data []byte) {
		allowed := func(err error) {
			if !errors.Is(err, regf.ErrCorrupt) && !errors.Is(err, regf.ErrNotFound) && !errors.Is(err, regf.ErrType) {
				require.NoError(t, err)
			}
		}
		data = unsqueeze(data)
		h, err := regf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			require.ErrorIs(t, err, regf.ErrCorrupt)
			return
		}
		k, err := h.Key(`Microsoft\Windows NT\CurrentVersion`)
		if err != nil {
			allowed(err)
			k, err = h.Root()
		}
		if err != nil {
			allowed(err)
			return
		}
		for v, err := range k.Values() {
			allowed(err)
			if err != nil {
				continue
			}
			if data, err := v.Data(); err == nil {
				require.LessOrEqual(t, len(data), 1<<20)
			}
			_, err = v.Text()
			allowed(err)
			_, err = v.Texts()
			allowed(err)
			_, err = v.Uint32()
			allowed(err)
			_, err = v.Uint64()
			allowed(err)
		}
		looked := 0
		for sub, err := range k.Subkeys() {
			allowed(err)
			if looked++; err != nil || looked > 10 {
				continue
			}
			_, err = k.Subkey(sub.Name()) // what is listed is found, or damaged
			if errors.Is(err, regf.ErrNotFound) {
				require.Contains(t, sub.Name(), "\uFFFD") // the name has no spelling
			}
		}
	})
}
