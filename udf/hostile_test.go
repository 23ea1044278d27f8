package udf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/udf"
)

// requireClear checks that an error is of a kind, and one line.
func requireClear(t testing.TB, err, kind error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	require.NotContains(t, err.Error(), "\n")
}

// small is a volume for tests that break it.
func small() *item {
	return dir("", dir("d", file("f", counted(3000)), dir("below")), file("g", counted(5000)))
}

// edited makes a volume of which one descriptor is edited.
func edited(root *item, name string, edit func(b []byte)) []byte {
	d := &disc{blockSize: 2048, attributes: true}
	d.edit = func(n string, b []byte) {
		if n == name {
			edit(b)
		}
	}
	return d.build(root)
}

func TestHostileVolume(t *testing.T) {
	put := func(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }
	id := func(id uint16) func([]byte) { return func(b []byte) { le.PutUint16(b, id) } }
	for name, test := range map[string]struct {
		descriptor string
		edit       func([]byte)
		kind       error
	}{
		"no anchor":                       {"anchor", put(0, 0xFFFFFFFF), udf.ErrFormat},
		"anchor of another place":         {"anchor", put(12, 5), udf.ErrFormat},
		"sequences of nothing":            {"anchor", func(b []byte) { clear(b[16:32]) }, udf.ErrFormat},
		"sequences beyond the file":       {"anchor", func(b []byte) { put(20, 0xFFFFFFFF)(b); put(28, 0xFFFFFFFF)(b) }, udf.ErrFormat},
		"no logical volume":               {"logical volume", id(4), udf.ErrFormat},
		"no partition":                    {"partition", id(4), udf.ErrFormat},
		"descriptor of version 9":         {"partition", func(b []byte) { b[2] = 9 }, udf.ErrFormat},
		"partition of another number":     {"partition", put(20, 7<<16), udf.ErrFormat},
		"partition beyond the file":       {"partition", put(188, 0xFFFFFFF0), udf.ErrFormat},
		"partition of no size":            {"partition", put(192, 0), udf.ErrFormat},
		"blocks of 4 GiB":                 {"logical volume", put(212, 0xFFFFFFFF), udf.ErrUnsupported},
		"another domain":                  {"logical volume", func(b []byte) { b[217] = 'x' }, udf.ErrUnsupported},
		"maps of 4 GiB":                   {"logical volume", put(264, 0xFFFFFFFF), udf.ErrFormat},
		"4 billion maps":                  {"logical volume", put(268, 0xFFFFFFFF), udf.ErrFormat},
		"two maps in the bytes of one":    {"logical volume", put(268, 2), udf.ErrFormat},
		"map of no bytes":                 {"logical volume", func(b []byte) { b[441] = 0 }, udf.ErrFormat},
		"map of another type":             {"logical volume", func(b []byte) { b[440] = 3 }, udf.ErrUnsupported},
		"file set in another partition":   {"logical volume", put(256, 9), udf.ErrFormat},
		"file set beyond the partition":   {"logical volume", put(252, 0xFFFFFFFF), udf.ErrFormat},
		"file set that is something else": {"file set", id(257), udf.ErrFormat},
		"root beyond the partition":       {"file set", put(404, 0xFFFFFFFF), udf.ErrFormat},
		"root that is the file set":       {"file set", put(404, 0), udf.ErrFormat},
		"root that is a file":             {"entry ", func(b []byte) { b[27] = 5 }, udf.ErrFormat},
		"root of strategy 5":              {"entry ", func(b []byte) { b[20] = 5 }, udf.ErrUnsupported},
		"root that is elsewhere":          {"entry ", id(259), udf.ErrUnsupported},
		"pointers in a circle": {"primary volume", func(b []byte) {
			place := le.Uint32(b[16:])
			id(3)(b)
			put(20, 1<<20)(b)
			put(24, place)(b)
		}, udf.ErrLimit},
	} {
		image := edited(small(), test.descriptor, test.edit)
		_, err := udf.NewReader(bytes.NewReader(image), int64(len(image)))
		require.Error(t, err, name)
		requireClear(t, err, test.kind)
	}
	for _, image := range [][]byte{nil, make([]byte, 100), make([]byte, 1<<20), []byte(strings.Repeat("MSWIM\x00\x00\x00", 1<<17))} {
		_, err := udf.NewReader(bytes.NewReader(image), int64(len(image)))
		requireClear(t, err, udf.ErrFormat)
	}
	iso := make([]byte, 40_000)
	copy(iso[32769:], "CD001")
	_, err := udf.NewReader(bytes.NewReader(iso), int64(len(iso)))
	requireClear(t, err, udf.ErrISO9660)

	// A bridge that is cut off before its anchor is no ISO 9660 without UDF.
	bridge := (&disc{blockSize: 2048, bridge: true}).build(small())[:400_000]
	_, err = udf.NewReader(bytes.NewReader(bridge), int64(len(bridge)))
	requireClear(t, err, udf.ErrFormat)
	require.NotErrorIs(t, err, udf.ErrISO9660)
	require.Contains(t, err.Error(), "it may be cut off")
}

// The reserve sequence and the anchor at the end are used where the first ones
// are damaged. Of descriptors with one purpose the one with the highest number
// counts.
func TestReserve(t *testing.T) {
	d := &disc{blockSize: 2048}
	image := d.build(small())
	for _, at := range []int{257, 258, 259} { // primary volume, partition, logical volume
		damaged := bytes.Clone(image)
		damaged[at*2048+100] ^= 1
		requireTree(t, open(t, damaged), files(small(), "", map[string][]byte{}))
	}
	damaged := bytes.Clone(image)
	clear(damaged[256*2048:][:512])
	requireTree(t, open(t, damaged), files(small(), "", map[string][]byte{}))
	damaged[258*2048+100] ^= 1
	damaged[(258+16)*2048+100] ^= 1
	_, err := udf.NewReader(bytes.NewReader(damaged), int64(len(damaged)))
	requireClear(t, err, udf.ErrFormat)
	require.ErrorContains(t, err, "sector 258: CRC of the descriptor")

	// In place of the terminator an older partition descriptor, which is wrong.
	image = edited(small(), "terminator", func(b []byte) {
		le.PutUint16(b, 5)
		le.PutUint32(b[16:], 0)
		le.PutUint32(b[188:], 0xFFFFFFF0)
	})
	requireTree(t, open(t, image), files(small(), "", map[string][]byte{}))
}

// A damaged file or directory is no harm to the others.
func TestHostileEntries(t *testing.T) {
	put := func(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }
	id := func(id uint16) func([]byte) { return func(b []byte) { le.PutUint16(b, id) } }
	const list = 176 + 56 // where extents begin
	for name, test := range map[string]struct {
		edit func([]byte)
		kind error
	}{
		"4 GiB of attributes":     {put(168, 0xFFFFFFFF), udf.ErrFormat},
		"4 GiB of descriptors":    {put(172, 0xFFFFFFFF), udf.ErrFormat},
		"2^63 bytes":              {put(60, 0x80000000), udf.ErrFormat},
		"larger than its extents": {put(56, 5001), udf.ErrFormat},
		"no extents":              {put(172, 0), udf.ErrFormat},
		"half an extent":          {put(172, 7), udf.ErrFormat},
		"beyond the partition":    {put(list+4, 0xFFFFFF), udf.ErrFormat},
		"before its end":          {put(list+4, 13), udf.ErrFormat},
		"form 2":                  {put(34, 2), udf.ErrUnsupported},
		"form 7":                  {put(34, 7), udf.ErrUnsupported},
		"embedded, not there":     {put(34, 3), udf.ErrFormat},
		"in another partition":    {func(b []byte) { b[34] = 1; put(172, 16)(b); b[list+8] = 9 }, udf.ErrFormat},
		"more, which is its own":  {put(list, 3<<30|2048), udf.ErrFormat},
		"strategy":                {put(20, 1), udf.ErrUnsupported},
		"indirect":                {id(259), udf.ErrUnsupported},
		"something else":          {id(256), udf.ErrFormat},
		"a link":                  {func(b []byte) { b[27] = 12 }, udf.ErrUnsupported},
		"a device":                {func(b []byte) { b[27] = 6 }, udf.ErrUnsupported},
		"a metadata file":         {func(b []byte) { b[27] = 250 }, udf.ErrUnsupported},
	} {
		r := open(t, edited(small(), "entry /g", test.edit))
		data, err := fs.ReadFile(r, "g")
		require.Error(t, err, name)
		requireClear(t, err, test.kind)
		require.LessOrEqual(t, len(data), 5000, name)
		got, err := fs.ReadFile(r, "d/f")
		require.NoError(t, err, name)
		require.Equal(t, counted(3000), got, name)
		entries, err := fs.ReadDir(r, ".")
		require.NoError(t, err, name)
		require.Len(t, entries, 2, name)
	}
	// As a directory: it ends where it is damaged.
	for name, edit := range map[string]func([]byte){
		"16 EiB": put(60, 0x7FFFFFFF), "17 MB": put(56, 17<<20), "not enough": put(172, 0), "some of it": put(56, 60),
	} {
		r := open(t, edited(small(), "entry /d", edit))
		_, err := fs.ReadFile(r, "d/f")
		require.Error(t, err, name)
		require.NotErrorIs(t, err, fs.ErrNotExist, name)
		_, err = fs.ReadDir(r, "d")
		require.Error(t, err, name)
		_, err = fs.ReadFile(r, "g")
		require.NoError(t, err, name)
	}
}

// Descriptors that go round in a circle.
func TestHostileMore(t *testing.T) {
	it := file("f", counted(9*2048))
	it.pieces, it.more = 9, 2
	d := &disc{blockSize: 2048}
	d.edit = func(name string, b []byte) {
		if name == "more /f" { // leads to itself, with no extent
			le.PutUint32(b[20:], 8)
			le.PutUint32(b[24:], 3<<30|2048)
			copy(b[28:32], b[12:16])
		}
	}
	_, err := fs.ReadFile(open(t, d.build(dir("", it))), "f")
	requireClear(t, err, udf.ErrLimit)
}

func TestHostileIdentifiers(t *testing.T) {
	for name, edit := range map[string]func([]byte){
		"id":              func(b []byte) { b[0] = 9 },
		"name beyond":     func(b []byte) { b[19] = 255 },
		"use beyond":      func(b []byte) { le.PutUint16(b[36:], 0xFFFF) },
		"name's encoding": func(b []byte) { b[38] = 5 },
	} {
		r := open(t, edited(small(), "identifier /g", edit)) // the last of two
		entries, err := fs.ReadDir(r, ".")
		requireClear(t, err, udf.ErrFormat)
		require.Len(t, entries, 1, name)
		_, err = fs.ReadFile(r, "g")
		requireClear(t, err, udf.ErrFormat) // it may have been there
		_, err = fs.ReadFile(r, "d/f")
		require.NoError(t, err)
	}
	// Deleted ones are not there, even if they lead nowhere.
	r := open(t, edited(small(), "identifier /g", func(b []byte) { b[18] = 4; le.PutUint32(b[24:], 0xFFFFFFFF); b[38] = 254 }))
	_, err := fs.ReadFile(r, "g")
	requireClear(t, err, fs.ErrNotExist)
	entries, err := fs.ReadDir(r, ".")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	// One that leads nowhere is listed.
	r = open(t, edited(small(), "identifier /g", func(b []byte) { le.PutUint32(b[24:], 0xFFFFFFFF) }))
	entries, err = fs.ReadDir(r, ".")
	require.NoError(t, err)
	require.Len(t, entries, 2)
	_, err = entries[1].Info()
	requireClear(t, err, udf.ErrFormat)
}

// A directory that is in itself, in one below, or in two places is a directory
// in the first place only, so that walking ends.
func TestHostileTree(t *testing.T) {
	d := &disc{blockSize: 2048}
	d.build(small())
	block := func(path string) uint32 { return uint32(d.physical.positions["entry "+path] / 2048) }
	walk := func(image []byte) (names []string, bad int) {
		r := open(t, image)
		require.NoError(t, fs.WalkDir(r, ".", func(name string, e fs.DirEntry, err error) error {
			require.Less(t, len(names), 100)
			if err != nil {
				return nil
			}
			if _, err := e.Info(); err != nil {
				requireClear(t, err, udf.ErrFormat)
				bad++
			}
			names = append(names, name)
			return nil
		}))
		return names, bad
	}
	names, bad := walk(edited(small(), "", nil))
	require.Equal(t, []string{".", "d", "d/below", "d/f", "g"}, names)
	require.Zero(t, bad)
	for to, more := range map[string]int{"": 1, "/d": 1, "/d/below": 1} { // d/below, g and one of the two
		for _, from := range []string{"/d/below", "/g", "/d/f"} {
			names, bad := walk(edited(small(), "identifier "+from, func(b []byte) { le.PutUint32(b[24:], block(to)) }))
			require.LessOrEqual(t, len(names), 5, "%s is %s", from, to)
			if from != to {
				require.Equal(t, more, bad, "%s is %s", from, to)
			}
		}
	}
}

func TestHostileDepth(t *testing.T) {
	root := dir("")
	path, at := "", root
	for range 600 {
		next := dir("d")
		at.children = append(at.children, next)
		path, at = path+"/d", next
	}
	r := open(t, (&disc{blockSize: 512}).build(root))
	_, err := fs.Stat(r, path[1:][:2*512-1])
	require.NoError(t, err)
	_, err = fs.Stat(r, path[1:])
	requireClear(t, err, udf.ErrLimit)
}

// counting counts what is read.
type counting struct {
	io.ReaderAt
	reads, bytes int
}

func (c *counting) ReadAt(p []byte, offset int64) (int, error) {
	c.reads++
	c.bytes += len(p)
	return c.ReaderAt.ReadAt(p, offset)
}

// 300 directories share the 10,000 names of one: what is read of directories is
// no more than the volume has.
func TestHostileSharedDirectories(t *testing.T) {
	root := dir("", dir("a"))
	for i := range 10_000 {
		root.children[0].children = append(root.children[0].children, file(fmt.Sprintf("name %d", i), nil))
	}
	for i := range 300 {
		root.children = append(root.children, dir(fmt.Sprintf("b%d", i)))
	}
	d := &disc{blockSize: 512}
	var own []byte // size and extent of the directory a
	d.edit = func(name string, b []byte) {
		switch {
		case name == "entry /a":
			own = bytes.Clone(b)
		case strings.HasPrefix(name, "entry /b"):
			copy(b[56:64], own[56:64])
			copy(b[172:184], own[172:184])
		}
	}
	image := d.build(root)
	source := &counting{ReaderAt: bytes.NewReader(image)}
	r, err := udf.NewReader(source, int64(len(image)))
	require.NoError(t, err)
	limited := 0
	for _, c := range root.children {
		_, err := r.Stat(c.name + "/name 1")
		if err != nil {
			requireClear(t, err, udf.ErrLimit)
			limited++
		}
	}
	require.Greater(t, limited, 250)
	require.LessOrEqual(t, source.bytes, 2*len(image))
}

// Names that a path cannot hold, and names twice.
func TestHostileNames(t *testing.T) {
	names := []string{"..", ".", "a/b", `a\b`, "nul\x00", "twice", "twice", "twice", "twice~2", "%u", "case", "CASE"}
	root := dir("")
	for i, name := range names {
		root.children = append(root.children, file(name, []byte(fmt.Sprint(i))))
	}
	root.children = append(root.children, file("", []byte("no name")), file("xx", []byte("half a pair")))
	d := &disc{blockSize: 2048}
	d.edit = func(name string, b []byte) {
		if name == "identifier /xx" {
			copy(b[38:], []byte{16, 0xD8, 0x00}) // in three bytes
		}
	}
	r := open(t, d.build(root))
	want := map[string]string{
		"%u002E%u002E": "0", "%u002E": "1", "a%u002Fb": "2", "a%u005Cb": "3", "nul%u0000": "4",
		"twice": "5", "twice~3": "6", "twice~4": "7", "twice~2": "8", "%u": "9", "case": "10", "CASE": "11", "%u~2": "no name", "%uD800": "half a pair",
	}
	got := map[string]string{}
	var list []string
	entries, err := r.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		data, err := r.ReadFile(e.Name())
		require.NoError(t, err)
		got[e.Name()] = string(data)
		list = append(list, e.Name())
	}
	require.Equal(t, want, got)
	require.NoError(t, fstest.TestFS(r, list...))
	data, err := r.ReadFile("Case") // neither exactly: the first
	require.NoError(t, err)
	require.Contains(t, []string{"10", "11"}, string(data))
}

// A volume that is cut off anywhere: what is there is read, and the rest is an
// error.
func TestCutOff(t *testing.T) {
	image := (&disc{blockSize: 512}).build(tree(512))
	opened := 0
	for size := len(image) - 1; size > 0; size -= 1 + len(image)/97 {
		r, err := udf.NewReader(bytes.NewReader(image[:size]), int64(size))
		if err != nil {
			requireClear(t, err, udf.ErrFormat)
			continue
		}
		opened++
		walkAll(t, r, size)
	}
	require.Positive(t, opened)
}

// walkAll reads all that there is, and checks the errors.
func walkAll(t *testing.T, r *udf.Reader, size int) {
	known := func(err error) {
		for _, kind := range []error{udf.ErrFormat, udf.ErrUnsupported, udf.ErrLimit} {
			if errors.Is(err, kind) && !strings.Contains(err.Error(), "\n") {
				return
			}
		}
		require.NoError(t, err)
	}
	seen, directories := 0, 0
	err := fs.WalkDir(r, ".", func(name string, d fs.DirEntry, err error) error {
		if seen++; seen > 3000 {
			return fs.SkipAll
		}
		if err != nil {
			known(err)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			known(err)
			return nil
		}
		if d.IsDir() {
			directories++
			return nil
		}
		file, err := r.Open(name)
		if err != nil {
			known(err)
			return nil
		}
		n, err := io.Copy(io.Discard, io.LimitReader(file, 1<<20))
		if known(err); err == nil {
			require.Equal(t, min(info.Size(), 1<<20), n)
		}
		return nil
	})
	known(err)
	require.LessOrEqual(t, directories, 1+size/512)
}

// Sizes that a file cannot back cost no memory.
func TestHostileMemory(t *testing.T) {
	var images [][]byte
	for _, size := range []uint64{1 << 40, 1<<63 - 1} {
		images = append(images, edited(small(), "entry /g", func(b []byte) { le.PutUint64(b[56:], size) }))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, image := range images {
		_, err := open(t, image).ReadFile("g")
		requireClear(t, err, udf.ErrFormat)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

// FuzzReader has everything from the anchor on be anything. Where fix is set,
// the checksums are made right, so that what they cover is looked at.
func FuzzReader(f *testing.F) {
	few := func() *item {
		embedded := file("e", []byte("in the entry"))
		embedded.embedded = true
		pieces := file("pieces", counted(2000))
		pieces.pieces, pieces.more = 4, 2
		return dir("", dir("d", file("f", counted(700)), dir("below")), embedded, pieces, file("日本", nil))
	}
	for _, d := range []*disc{
		{blockSize: 512}, {blockSize: 512, extended: true, long: true, attributes: true}, {blockSize: 512, extended: true, metadata: true},
	} {
		f.Add(bytes.TrimRight(d.build(few())[256*512:], "\x00"), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, fix bool) {
		image := append(make([]byte, 256*512), data...)
		image = append(image, make([]byte, -len(image)&511)...)
		if fix {
			fixTags(image[256*512:])
		}
		r, err := udf.NewReader(bytes.NewReader(image), int64(len(image)))
		if err != nil {
			if !errors.Is(err, udf.ErrUnsupported) && !errors.Is(err, udf.ErrLimit) {
				require.ErrorIs(t, err, udf.ErrFormat)
			}
			require.NotContains(t, err.Error(), "\n")
			return
		}
		walkAll(t, r, len(image))
	})
}

// fixTags makes the checksums right of whatever looks like a descriptor.
func fixTags(b []byte) {
	for at := 0; at+40 <= len(b); at += 4 {
		d := b[at:]
		id, version, n := le.Uint16(d), le.Uint16(d[2:]), int(le.Uint16(d[10:]))
		if version != 2 && version != 3 || id == 0 || id > 266 || id > 9 && id < 256 || at%512 != 0 && id != 257 {
			continue
		}
		if n += 16; n <= len(d) && n <= 4096 {
			fixTag(d[:n])
		}
	}
}
