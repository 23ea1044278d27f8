package wim

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// splitInMemory splits into files in memory, each of which is as its layout
// says.
func splitInMemory(t testing.TB, r *Reader, limit int64, opts ...SplitOption) ([]*breakingFile, error) {
	t.Helper()
	s, err := r.newSplitting(append([]SplitOption{WithGUID(GUID{1}), WithWorkers(1)}, opts...))
	if err != nil {
		return nil, err
	}
	layouts, err := s.begin(t.Context(), "", limit)
	if err != nil {
		return nil, err
	}
	if err := s.check(t.Context()); err != nil {
		return nil, err
	}
	var files []*breakingFile
	for _, l := range layouts {
		require.LessOrEqual(t, l.size, limit)
		file := &breakingFile{room: math.MaxInt}
		if err := s.write(t.Context(), file, l); err != nil {
			return nil, err
		}
		require.Len(t, file.data, int(l.size))
		files = append(files, file)
	}
	return files, nil
}

// readParts opens a set that is in memory.
func readParts(t testing.TB, files []*breakingFile) *Reader {
	t.Helper()
	r, err := NewReader(bytes.NewReader(files[0].data), int64(len(files[0].data)))
	require.NoError(t, err)
	for _, f := range files[1:] {
		require.NoError(t, r.AddPart(bytes.NewReader(f.data), int64(len(f.data))))
	}
	return r
}

// FuzzSplit reads any bytes as a file and splits it. What comes of it is a set
// without problems, that has what the file had, in parts of the size.
func FuzzSplit(f *testing.F) {
	fixtureSeeds(f, 30<<10, func(data []byte) { f.Add(data, uint32(len(data)/2), false) })
	for _, w := range craftedSeeds() {
		data := w.Bytes()
		if len(data) > 30<<10 {
			continue
		}
		f.Add(data, uint32(5000), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, limit uint32, unchecked bool) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)),
			WithLimits(Limits{XML: 1 << 18, BlobTable: 1 << 18, Metadata: 1 << 18, ChunkSize: 1 << 21, ChunkCache: 1 << 21}))
		if err != nil || len(r.Images) > 20 || r.blobBytes() > 4<<20 {
			return
		}
		var opts []SplitOption
		if unchecked {
			opts = append(opts, WithoutVerification())
		}
		files, err := splitInMemory(t, r, int64(limit), opts...)
		if err != nil {
			return
		}
		set := readParts(t, files)
		require.Len(t, set.Images, len(r.Images))
		require.Empty(t, set.MissingParts())
		if unchecked {
			return
		}
		report, err := set.Verify(t.Context(), WithWorkers(2))
		require.NoError(t, err)
		lacks := 0
		for _, p := range report.Problems {
			require.ErrorIs(t, p.Err, ErrMissingBlob)
			lacks++
		}
		for i, image := range set.Images {
			require.Equal(t, contentList(t, r.Images[i]), contentList(t, image))
		}
	})
}

// contentList lists where an image has which content.
func contentList(t testing.TB, image *Image) (list []SHA1) {
	t.Helper()
	tree, err := image.FS()
	require.NoError(t, err)
	tree.eachContent(func(_ int32, _ contentName, hash SHA1) { list = append(list, hash) })
	return list
}
