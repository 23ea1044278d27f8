package wintree

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// chunkFile is a file of a size, in chunks, that counts how many are
// decompressed with a cache of four.
type chunkFile struct {
	size, chunk, shift int64 // shift: where in a chunk the file begins
	cache              []int64
	decoded            int64
}

func (f *chunkFile) Open(string) (fs.File, error) { return f, nil }
func (f *chunkFile) Close() error                 { return nil }
func (f *chunkFile) Read([]byte) (int, error)     { panic("not at random") }
func (f *chunkFile) ChunkSize() int64             { return f.chunk }
func (f *chunkFile) Stat() (fs.FileInfo, error) {
	info, err := fstest.MapFS{"f": {}}.Stat("f")
	return sized{info, f.size}, err
}

type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

func (f *chunkFile) ReadAt(p []byte, offset int64) (int, error) {
	for at := (offset + f.shift) / f.chunk; at <= (offset+f.shift+int64(len(p))-1)/f.chunk; at++ {
		for i, known := range f.cache {
			if known == at {
				f.cache = append(f.cache[:i], f.cache[i+1:]...)
				f.decoded -= f.chunk
				break
			}
		}
		f.decoded += f.chunk
		if f.cache = append(f.cache, at); len(f.cache) > 4 {
			f.cache = f.cache[1:]
		}
	}
	return len(p), nil
}

// A hive whose pages lie in turns in many chunks has some 1 GiB of them
// decompressed at most, wherever in its chunks it begins.
func TestHostileHiveInManyChunks(t *testing.T) {
	const chunk = 64 << 20
	for _, shift := range []int64{0, chunk / 2, chunk - 1} {
		for chunks := int64(3); chunks <= 9; chunks += 2 {
			file := &chunkFile{size: chunks * chunk, chunk: chunk, shift: shift}
			source, err := New(file, NewBudget("a test", MaxSteps, nil)).Open("f")
			require.NoError(t, err)
			page := make([]byte, 4096)
			reads := 0
			for err == nil && reads < 10_000 {
				_, err = source.ReadAt(page, int64(reads)%(2*chunks)*(chunk/2))
				reads++
			}
			require.ErrorIs(t, err, ErrLimit)
			require.ErrorContains(t, err, "decompressed")
			require.LessOrEqual(t, file.decoded, int64(2<<30)) // a read may lie in two
		}
	}

	// A hive as large as those of Windows is read as often as it takes, and
	// once as a whole.
	file := &chunkFile{size: 120 << 20, chunk: chunk, shift: chunk / 2}
	source, err := New(file, NewBudget("a test", MaxSteps, nil)).Open("f")
	require.NoError(t, err)
	for reads := range int64(128) {
		_, err = source.ReadAt(make([]byte, 4096), reads%12*(10<<20)-reads%12*4096)
		require.NoError(t, err)
	}
	_, err = source.ReadAt(make([]byte, file.size), 0)
	require.NoError(t, err)
	require.EqualValues(t, 3*chunk, file.decoded)

	// Small chunks cost next to nothing.
	file = &chunkFile{size: 120 << 20, chunk: 32 << 10}
	source, err = New(file, NewBudget("a test", MaxSteps, nil)).Open("f")
	require.NoError(t, err)
	for reads := range int64(1000) {
		_, err = source.ReadAt(make([]byte, 4096), reads*(120<<10))
		require.NoError(t, err)
	}
}
