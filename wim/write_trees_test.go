package wim_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// A treeMaker crafts images with a bit of everything that an image can have.
// What it makes depends on its seed alone.
type treeMaker struct {
	*rand.Rand
	file     *wimtest.WIM
	contents [][20]byte // that the file has
	links    uint64     // groups of hard links in the image
	security int        // descriptors of the image
	inodes   []*wimtest.Dentry
}

// newTreeMaker returns a maker for a file whose contents are stored raw, or raw
// in chunks if there is a chunk size.
func newTreeMaker(seed uint64, file *wimtest.WIM) *treeMaker {
	m := &treeMaker{Rand: rand.New(rand.NewPCG(seed, 18)), file: file}
	known := map[[20]byte]bool{}
	for range 30 {
		content := m.content()
		if sum := sha1.Sum(content); !known[sum] {
			known[sum] = true
			m.contents = append(m.contents, m.add(content))
		}
	}
	return m
}

func (m *treeMaker) add(content []byte) [20]byte {
	if m.file.Header.ChunkSize != 0 && m.IntN(2) == 0 && len(content) > int(m.file.Header.ChunkSize) {
		return m.file.AddChunked(content)
	}
	return m.file.AddBlob(content)
}

// content makes zeros, words, noise, or a mixture of them; chunk ends are
// frequent sizes.
func (m *treeMaker) content() []byte {
	sizes := []int{1, 2, 3, 100, 255, 4095, 4096, 4097, 32767, 32768, 32769, 65536, 100_000}
	size := sizes[m.IntN(len(sizes))]
	var b []byte
	for len(b) < size {
		switch m.IntN(4) {
		case 0:
			b = append(b, make([]byte, m.IntN(9000))...)
		case 1:
			for range m.IntN(3000) {
				b = append(b, byte(m.Uint32()))
			}
		default:
			for range m.IntN(500) {
				b = fmt.Append(b, "word ", m.IntN(50), " ")
			}
		}
	}
	return b[:size]
}

// image makes the metadata of an image, and adds the image to the file.
func (m *treeMaker) image() {
	m.links, m.inodes = 0, nil
	metadata := &wimtest.Metadata{}
	for range m.IntN(4) {
		// A self-relative descriptor with an owner: S-1-5-32-n.
		d := []byte{1, 0, 0, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, byte(m.Uint32()), 2, 0, 0}
		metadata.Security = append(metadata.Security, d)
	}
	m.security = len(metadata.Security)
	metadata.Root = m.directory("", 0)
	m.file.AddImage(metadata)
}

// directory makes a directory with all that is in it. Names are in order.
func (m *treeMaker) directory(name string, depth int) *wimtest.Dentry {
	d := wimtest.Directory(name)
	m.describe(d)
	if m.IntN(8) == 0 {
		d.Streams = []wimtest.StreamEntry{{Name: "of a directory", Hash: m.hash()}}
	}
	names := []string{"A", "B.TXT", "Ä", "Ω", "日本語", "🚀", "long name with spaces.extension", "[", "_", "x"}
	for i := range m.IntN(10) {
		child := m.child(fmt.Sprintf("%02d %s", i, names[m.IntN(len(names))]), depth+1)
		if m.IntN(12) == 0 {
			child.RawName = wimtest.Units(uint16('0'+i/10), uint16('0'+i%10), 'x', uint16(0xD800+m.IntN(0x800)))
		}
		if m.IntN(4) == 0 {
			child.ShortName = fmt.Sprintf("SHORT~%d.X", i)
		}
		d.Children = append(d.Children, child)
	}
	return d
}

func (m *treeMaker) child(name string, depth int) *wimtest.Dentry {
	switch k := m.IntN(12); {
	case k < 3 && depth < 5:
		return m.directory(name, depth)
	case k == 3:
		d := wimtest.Symlink(name, m.add(wimtest.SymlinkData(fmt.Sprintf(`..\target %d`, m.Uint64()), true)))
		m.describe(d)
		return d
	case k == 4: // some reparse point, of a file or of a directory
		d := wimtest.Symlink(name, m.add(fmt.Append(nil, "reparse data ", m.Uint64())))
		d.Reparse = &wimtest.Reparse{Tag: 0x80000017 + uint32(m.IntN(3)), Reserved: uint16(m.Uint32()), Flags: uint16(m.IntN(2))}
		d.Attributes |= uint32(m.IntN(2)) * wimtest.AttributeDirectory
		m.describe(d)
		return d
	case k == 5 && len(m.inodes) > 0: // one more name of a file
		first := m.inodes[m.IntN(len(m.inodes))]
		if first.HardLink == 0 {
			m.links++
			first.HardLink = m.links
		}
		d := *first
		d.Name, d.RawName, d.ShortName = name, nil, ""
		m.inodes = append(m.inodes, &d)
		return &d
	}
	d := wimtest.RegularFile(name, m.hash())
	m.describe(d)
	if m.IntN(4) == 0 { // then all streams are entries
		d.Streams = append(d.Streams, wimtest.StreamEntry{Hash: d.Hash})
		d.Hash = [20]byte{}
		for i := range 1 + m.IntN(3) {
			d.Streams = append(d.Streams, wimtest.StreamEntry{Name: fmt.Sprint("stream ", i), Hash: m.hash()})
		}
	}
	m.inodes = append(m.inodes, d)
	return d
}

// hash is that of a content, zero for an empty one.
func (m *treeMaker) hash() [20]byte {
	if m.IntN(8) == 0 {
		return [20]byte{}
	}
	return m.contents[m.IntN(len(m.contents))]
}

// describe gives an entry attributes, times, a security descriptor and tagged
// items.
func (m *treeMaker) describe(d *wimtest.Dentry) {
	d.Attributes |= []uint32{0, 0x1, 0x2, 0x4, 0x20, 0x2000}[m.IntN(6)]
	for i := range d.Times {
		d.Times[i] = 130_000_000_000_000_000 + m.Uint64N(10_000_000_000_000_000)
	}
	if m.security > 0 {
		d.SecurityID = int32(m.IntN(m.security+1)) - 1
	}
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(m.Uint32())
		}
		return b
	}
	if m.IntN(8) == 0 {
		d.Tagged = append(d.Tagged, wimtest.TaggedItem{Tag: 1, Data: random(64)}) // object id
	}
	if m.IntN(8) == 0 {
		d.Tagged = append(d.Tagged, wimtest.TaggedItem{Tag: 0x7F000000 | m.Uint32N(1<<16), Data: random(m.IntN(40))})
	}
}

// madeFile is a file with random images.
func madeFile(seed uint64, images int) []byte {
	file := wimtest.NewWIM()
	if seed%2 == 1 {
		file = wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
	}
	m := newTreeMaker(seed, file)
	for range images {
		m.image()
	}
	if boot := m.IntN(images + 1); boot > 0 {
		file.Header.BootIndex = uint32(boot)
		metadata := 0
		for _, e := range file.Table {
			if e.Flags&wimtest.ResourceMetadata != 0 {
				if metadata++; metadata == boot {
					file.Header.Boot = e.ResourceHeader
				}
			}
		}
	}
	return file.Bytes()
}

// TestExportRandomTrees exports random images to each codec and back. Each time
// the trees are as they were, and wimlib lists them as it lists the first ones.
func TestExportRandomTrees(t *testing.T) {
	files, images := 6, 25
	if testing.Short() {
		files, images = 2, 10
	}
	steps := []struct {
		codec     wim.Compression
		chunkSize int
	}{
		{wim.CompressionLZX, 32 << 10}, {wim.CompressionXPRESS, 4 << 10}, {wim.CompressionXPRESS, 32 << 10},
		{wim.CompressionLZX, 64 << 10}, {wim.CompressionXPRESS, 64 << 10}, {wim.CompressionNone, 0},
	}
	for seed := range files {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			source := madeFile(uint64(seed), images)
			dir := t.TempDir()
			file := filepath.Join(dir, "source.wim")
			require.NoError(t, os.WriteFile(file, source, 0o666))
			want := contentsOf(t, openBytes(t, source))
			listing := listingOf(t, file)
			data := source
			for i, step := range steps {
				dst := &memoryFile{room: 1 << 30}
				w := newWriter(t, wim.WithCompression(step.codec), wim.WithChunkSize(step.chunkSize), wim.WithLevel(20), wim.WithIntegrityTable(i%2 == 0))
				r := openBytes(t, data)
				require.NoError(t, w.Export(r.Images...))
				_, err := w.Write(t.Context(), dst)
				require.NoError(t, err)
				data = dst.data
				requireInvariants(t, data, false)
				requireClean(t, data)
				require.Equal(t, want, contentsOf(t, openBytes(t, data)), "%v", step)
				if i%2 == 1 || i == 0 {
					file := filepath.Join(dir, "written.wim")
					require.NoError(t, os.WriteFile(file, data, 0o666))
					require.Equal(t, listing, listingOf(t, file), "%v", step)
				}
			}
		})
	}
}

// newWriter returns a writer whose output depends on nothing but its input.
func newWriter(t testing.TB, opts ...wim.WriterOption) *wim.Writer {
	t.Helper()
	w, err := wim.NewWriter(append([]wim.WriterOption{wim.WithGUID(wim.GUID{7}), wim.WithTime(wim.Filetime(133e15).Time())}, opts...)...)
	require.NoError(t, err)
	return w
}

// listingOf is what wimlib lists of all images, without what tells how contents
// are stored; "" where wimlib is not.
func listingOf(t *testing.T, file string) string {
	t.Helper()
	if testing.Short() {
		return ""
	}
	needsWimlib(t)
	var lines []string
	for line := range bytes.Lines(mustWimlib(t, "dir", file, "all", "--detailed")) {
		if !storedAnew(string(line)) {
			lines = append(lines, string(line))
		}
	}
	require.Greater(t, len(lines), 100)
	return strings.Join(lines, "")
}

// requireClean has our Verify find nothing.
func requireClean(t testing.TB, data []byte) {
	t.Helper()
	r := openBytes(t, data)
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.True(t, report.OK())
}

// contentsOf describes all images: each entry with all that it has, and the
// SHA-1s that its contents have when they are read.
func contentsOf(t testing.TB, r *wim.Reader) [][]string {
	t.Helper()
	var all [][]string
	for _, image := range r.Images {
		all = append(all, contentsOfImage(t, image))
	}
	return all
}

func contentsOfImage(t testing.TB, image *wim.Image) []string {
	t.Helper()
	tree, err := image.FS()
	require.NoError(t, err)
	sums := map[wim.SHA1]wim.SHA1{}
	var list []string
	for _, w := range walk(t, tree) {
		e := *w.entry
		line := fmt.Sprintf("%q %x %q %x %d %d %d %x %d", w.path, e.RawName, e.ShortName, uint32(e.Attributes), e.CreationTime,
			e.LastAccessTime, e.LastWriteTime, e.SecurityDescriptor, e.HardLinkGroup)
		if e.Reparse != nil {
			line += fmt.Sprintf(" %x %x %x %x", uint32(e.Reparse.Tag), e.Reparse.Reserved, e.Reparse.Flags, e.Reparse.SHA1)
		}
		line += fmt.Sprintf(" %x %v %v %v", e.ObjectID, e.Tagged, e.Xattrs, e.Reserved)
		for _, s := range e.Streams {
			line += fmt.Sprintf(" %q %d %x", s.Name, s.Size, s.SHA1)
			if s.SHA1 == (wim.SHA1{}) || w.info.Mode()&fs.ModeSymlink != 0 {
				continue
			}
			if _, known := sums[s.SHA1]; !known {
				file, err := tree.OpenStream(w.path, s.Name)
				require.NoError(t, err)
				hash := sha1.New()
				_, err = io.Copy(hash, file)
				require.NoError(t, err)
				sums[s.SHA1] = wim.SHA1(hash.Sum(nil))
			}
			line += fmt.Sprintf(" %x", sums[s.SHA1])
			require.Equal(t, s.SHA1, sums[s.SHA1], w.path)
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}
