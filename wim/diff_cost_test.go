package wim_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// bigPair returns a file with two images of so many files, in folders of 100,
// with named streams, descriptors and hard links as Windows has them. One file
// in 100 has another content in the second image, one has another name, and one
// is missing. The contents are not in the file, since nobody may want them.
func bigPair(files int) []byte {
	w := wimtest.NewWIM()
	image := func(second bool) *wimtest.Metadata {
		m := &wimtest.Metadata{Root: wimtest.Directory("")}
		for i := range 200 {
			m.Security = append(m.Security, bytes.Repeat([]byte{byte(i)}, 200))
		}
		var dir *wimtest.Dentry
		for i := range files {
			if i%100 == 0 {
				dir = wimtest.Directory(fmt.Sprintf("amd64_microsoft-windows-component-%06d_31bf3856ad364e35_10.0.18362.1139_none", i/100))
				dir.SecurityID = int32(i / 100 % 200)
				m.Root.Children = append(m.Root.Children, dir)
			}
			var hash [20]byte
			binary.LittleEndian.PutUint64(hash[:], uint64(i/2+1)) // each content has two names
			name := fmt.Sprintf("file %d of the component.dll", i)
			if second {
				switch i % 100 {
				case 10:
					hash[19] = 1
				case 20:
					hash[10] = 1
				case 30:
					continue
				}
			}
			file := wimtest.RegularFile(name, hash)
			file.HardLink = uint64(i/2 + 1)
			file.SecurityID = int32(i % 200)
			dir.Children = append(dir.Children, file)
		}
		return m
	}
	w.AddImage(image(false))
	w.AddImage(image(true))
	return w.Bytes()
}

// Images are compared without a look at any content.
func TestDiffReadsMetadataOnly(t *testing.T) {
	data := bigPair(2_000)
	source := &wimtest.CountingReader{ReaderAt: bytes.NewReader(data)}
	r, err := wim.NewReader(source, int64(len(data)))
	require.NoError(t, err)
	old, new := imageFS(t, r, 1), imageFS(t, r, 2)
	before := source.Calls.Load()
	lines := changes(t, old, new, wim.WithAspects(wim.AspectContent))
	require.Equal(t, before, source.Calls.Load())
	require.Len(t, lines, 3*2_000/100)
}

// A descriptor as long as the metadata that all entries have is compared once,
// not once for each of them, which would be 100 GB here.
func TestHostileDiffDescriptor(t *testing.T) {
	const size, count = 4 << 20, 25_000
	image := func(id int32, change byte) *wimtest.Metadata {
		m := &wimtest.Metadata{Security: [][]byte{{1}, bytes.Repeat([]byte{2}, size), append(bytes.Repeat([]byte{2}, size-1), change)}}
		m.Root = wimtest.Directory("")
		for i := range count {
			file := wimtest.RegularFile(fmt.Sprint("file", i), [20]byte{})
			file.SecurityID = id
			m.Root.Children = append(m.Root.Children, file)
		}
		return m
	}
	for change, want := range map[byte]int{2: 0, 3: count} {
		old, new := twoTrees(t, func(*wimtest.WIM) (*wimtest.Metadata, *wimtest.Metadata) { return image(1, change), image(2, change) })
		require.Len(t, changes(t, old, new), want)
	}
}

// BenchmarkDiff opens and compares two images of 120,000 files each, which
// has to take less than a second and 300 MB.
func BenchmarkDiff(b *testing.B) {
	data := bigPair(120_000)
	b.ReportAllocs()
	for b.Loop() {
		r := openBytes(b, data)
		n := 0
		for _, err := range wim.Diff(b.Context(), imageFS(b, r, 1), imageFS(b, r, 2)) {
			require.NoError(b, err)
			n++
		}
		require.Greater(b, n, 3*1200)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/1e6, "MB-of-system")
	}
}
