package wim_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// counters is the content of large/multiple-of-128k.bin: 32-bit squares modulo
// 127. It is a whole number of chunks of every codec except LZX of 2 MiB.
func counters(n int) []byte {
	var out []byte
	for i := uint32(0); len(out) < n; i++ {
		out = binary.LittleEndian.AppendUint32(out, i*i%127)
	}
	return out[:n]
}

// A sample is a file of several chunks, with its content from elsewhere.
type sample struct {
	fixture, path string
	content       []byte
}

// samples has a file for each codec, chunk size and layout of resource.
func samples(t testing.TB) []sample {
	t.Helper()
	var list []sample
	squares := counters(131072)
	for _, fixture := range []string{
		"xpress-4k.wim", "xpress-32k.wim", "xpress-64k.wim", "lzx-32k.wim", "lzx-128k.wim", "lzms-32k.wim", "lzms-128k.wim",
		"solid-lzms.esd", "solid-lzms-128k.esd", "solid-lzx-32k.esd", "solid-xpress-32k.esd", "split.swm",
	} {
		list = append(list, sample{fixture, "large/multiple-of-128k.bin", squares})
	}
	// Files whose last chunk is short, and with a chunk that is stored raw.
	for _, s := range []struct{ fixture, path string }{
		{"lzx-32k.wim", "large/cbs.log"}, {"solid-lzx-32k.esd", "large/cbs.log"},
		{"xpress-8k.wim", "counters.bin"}, {"xpress-16k.wim", "counters.bin"}, {"lzx-64k.wim", "counters.bin"},
		{"pipable-xpress-4k.wim", "counters.bin"}, {"split-pipable.swm", "cbs.log"},
		{"raw-xpress-32k.wim", "raw-chunk-between.bin"}, {"raw-lzx-32k.wim", "raw-chunk-between.bin"},
		{"raw-lzms-32k.wim", "raw-chunk-between.bin"}, {"pipable-lzx-32k.wim", "raw-chunk-between.bin"},
		{"none.wim", "setup.log"}, {"pipable-none.wim", "setup.log"},
	} {
		list = append(list, sample{s.fixture, s.path, contentOf(t, s.fixture, s.path)})
	}
	return list
}

// contentOf reads a file, and checks it against sha1sum of what was captured.
func contentOf(t testing.TB, fixture, path string) []byte {
	t.Helper()
	data, err := fixtureFS(t, fixture, 1).ReadFile(path)
	require.NoError(t, err)
	for _, image := range wimtest.FixtureImages(t) {
		if image.File != fixture || image.Index != 1 {
			continue
		}
		for _, sum := range wimtest.FixtureSums(t, image.Listing) {
			if sum.Path == path {
				require.Equal(t, sha1Of(t, sum.SHA1), wim.SHA1(sha1.Sum(data)))
				return data
			}
		}
	}
	require.Failf(t, "no sum", "%s %s", fixture, path)
	return nil
}

func eachSample(t *testing.T, test func(t *testing.T, s sample, file *wim.File)) {
	for _, s := range samples(t) {
		t.Run(s.fixture+"/"+s.path, func(t *testing.T) {
			t.Parallel()
			file, err := fixtureFS(t, s.fixture, 1).OpenStream(s.path, "")
			require.NoError(t, err)
			defer file.Close()
			test(t, s, file)
		})
	}
}

func TestFileConformsToIO(t *testing.T) {
	eachSample(t, func(t *testing.T, s sample, file *wim.File) {
		if tooSlow(int64(len(s.content))) {
			t.Skipf("reading %d bytes one by one takes long here", len(s.content))
		}
		require.NoError(t, iotest.TestReader(file, s.content))
	})
}

func TestReadAt(t *testing.T) {
	eachSample(t, func(t *testing.T, s sample, file *wim.File) {
		size := int64(len(s.content))
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			offset := random.Int64N(size + 10)
			buf := make([]byte, random.IntN(40000))
			n, err := file.ReadAt(buf, offset)
			want := s.content[min(offset, size):min(offset+int64(len(buf)), size)]
			require.True(t, bytes.Equal(want, buf[:n]), "%d bytes at %d", len(buf), offset)
			if n < len(buf) {
				require.Equal(t, io.EOF, err)
			} else {
				require.True(t, err == nil || err == io.EOF, "%v", err)
			}
		}
		whole := make([]byte, size)
		n, err := file.ReadAt(whole, 0)
		require.EqualValues(t, size, n)
		require.True(t, err == nil || err == io.EOF)
		require.True(t, bytes.Equal(s.content, whole))

		_, err = file.ReadAt(whole, -1)
		require.ErrorIs(t, err, fs.ErrInvalid)
		for _, offset := range []int64{size, size + 1, 1<<63 - 1} {
			n, err := file.ReadAt(whole, offset)
			require.Zero(t, n)
			require.Equal(t, io.EOF, err)
		}
		// ReadAt does not move what Read reads.
		data, err := io.ReadAll(file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(s.content, data))
	})
}

func TestSeek(t *testing.T) {
	eachSample(t, func(t *testing.T, s sample, file *wim.File) {
		size := int64(len(s.content))
		for _, c := range []struct {
			offset int64
			whence int
			want   int64
		}{
			{10, io.SeekStart, 10}, {5, io.SeekCurrent, 15}, {-15, io.SeekCurrent, 0}, {0, io.SeekEnd, size},
			{-1, io.SeekEnd, size - 1}, {3, io.SeekEnd, size + 3}, {size / 2, io.SeekStart, size / 2},
		} {
			at, err := file.Seek(c.offset, c.whence)
			require.NoError(t, err)
			require.Equal(t, c.want, at)
			rest, err := io.ReadAll(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(s.content[min(at, size):], rest))
			_, err = file.Seek(at, io.SeekStart)
			require.NoError(t, err)
		}
		for _, c := range []struct {
			offset int64
			whence int
		}{{-1, io.SeekStart}, {-size - 1, io.SeekEnd}, {0, 3}, {0, -1}} {
			before, err := file.Seek(0, io.SeekCurrent)
			require.NoError(t, err)
			_, err = file.Seek(c.offset, c.whence)
			require.ErrorIs(t, err, fs.ErrInvalid)
			after, err := file.Seek(0, io.SeekCurrent)
			require.NoError(t, err)
			require.Equal(t, before, after)
		}
	})
}

func TestWriteTo(t *testing.T) {
	eachSample(t, func(t *testing.T, s sample, file *wim.File) {
		var out bytes.Buffer
		n, err := file.WriteTo(&out)
		require.NoError(t, err)
		require.EqualValues(t, len(s.content), n)
		require.True(t, bytes.Equal(s.content, out.Bytes()))
		n, err = file.WriteTo(&out) // at the end: nothing more
		require.NoError(t, err)
		require.Zero(t, n)

		// From the position on.
		_, err = file.Seek(0, io.SeekStart)
		require.NoError(t, err)
		_, err = io.CopyN(io.Discard, file, 1001)
		require.NoError(t, err)
		out.Reset()
		_, err = io.Copy(&out, file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(s.content[1001:], out.Bytes()))

		// An error of the writer is the writer's, as it is.
		_, err = file.Seek(0, io.SeekStart)
		require.NoError(t, err)
		full := errors.New("disk full")
		n, err = file.WriteTo(&limitedWriter{space: 100, err: full})
		require.Equal(t, full, err)
		require.EqualValues(t, 100, n)
	})
}

// limitedWriter takes some bytes and then fails.
type limitedWriter struct {
	space int
	err   error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.space)
	w.space -= n
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

func TestClosedFile(t *testing.T) {
	tree := fixtureFS(t, "lzx-32k.wim", 1)
	for _, read := range []bool{false, true} {
		file, err := tree.OpenStream("large/cbs.log", "")
		require.NoError(t, err)
		if read {
			_, err = file.Read(make([]byte, 100))
			require.NoError(t, err)
		}
		require.NoError(t, file.Close())
		require.NoError(t, file.Close())
		_, err = file.Read(make([]byte, 1))
		require.ErrorIs(t, err, fs.ErrClosed)
		_, err = file.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, fs.ErrClosed)
		_, err = file.Seek(0, io.SeekStart)
		require.ErrorIs(t, err, fs.ErrClosed)
		_, err = file.WriteTo(io.Discard)
		require.ErrorIs(t, err, fs.ErrClosed)
	}
}

// changeText returns a copy of a fixture in which one byte of a content that
// is stored raw is another.
func changeText(t *testing.T, fixture, text string) []byte {
	t.Helper()
	data := wimtest.FixtureBytes(t, fixture)
	at := bytes.Index(data, []byte(text))
	require.Positive(t, at)
	require.Equal(t, at, bytes.LastIndex(data, []byte(text)))
	data[at+len(text)/2] ^= 0x20
	return data
}

func TestChecksum(t *testing.T) {
	const text = "A fixture of wimble. Each line ends as on Windows.\r\n" // readme.txt
	for _, fixture := range []string{"none.wim", "pipable-none.wim", "lzx-32k.wim", "xpress-4k.wim", "lzms-128k.wim"} {
		t.Run(fixture, func(t *testing.T) {
			tree := imageFS(t, openBytes(t, changeText(t, fixture, text)), 1)
			open := func() *wim.File {
				file, err := tree.OpenStream("readme.txt", "")
				require.NoError(t, err)
				return file
			}
			bad := []byte(text)
			bad[len(text)/2] ^= 0x20

			// The bytes are delivered, the error comes with the last ones and
			// stays.
			for _, step := range []int{1, 7, len(text), 1000} {
				file := open()
				var got []byte
				var err error
				for err == nil {
					buf := make([]byte, step)
					var n int
					n, err = file.Read(buf)
					got = append(got, buf[:n]...)
				}
				require.Equal(t, string(bad), string(got))
				require.ErrorIs(t, err, wim.ErrChecksum)
				require.ErrorContains(t, err, "read readme.txt: blob 5793137ad1d77e403917e3a8ff4072068762bdcd: ")
				n, err := file.Read(make([]byte, 1))
				require.Zero(t, n)
				require.ErrorIs(t, err, wim.ErrChecksum)
			}
			_, err := tree.ReadFile("readme.txt")
			require.ErrorIs(t, err, wim.ErrChecksum)
			_, err = io.ReadAll(open())
			require.ErrorIs(t, err, wim.ErrChecksum)
			n, err := io.Copy(io.Discard, open())
			require.ErrorIs(t, err, wim.ErrChecksum)
			require.EqualValues(t, len(text), n)
			_, err = io.ReadFull(open(), make([]byte, len(text)+1))
			require.ErrorIs(t, err, wim.ErrChecksum)

			// A second read from the start is checked anew.
			file := open()
			_, err = io.ReadAll(file)
			require.ErrorIs(t, err, wim.ErrChecksum)
			_, err = file.Seek(0, io.SeekStart)
			require.NoError(t, err)
			_, err = io.ReadAll(file)
			require.ErrorIs(t, err, wim.ErrChecksum)
			// So is one after a look elsewhere.
			file = open()
			_, err = file.Seek(-5, io.SeekEnd)
			require.NoError(t, err)
			_, err = io.ReadAll(file)
			require.NoError(t, err)
			_, err = file.Seek(0, io.SeekStart)
			require.NoError(t, err)
			_, err = io.ReadAll(file)
			require.ErrorIs(t, err, wim.ErrChecksum)

			// Parts cannot be checked.
			buf := make([]byte, len(text))
			_, err = open().ReadAt(buf, 0)
			require.True(t, err == nil || err == io.EOF)
			require.Equal(t, bad, buf)

			// Other files are as they were.
			_, err = tree.ReadFile("setup.log")
			require.NoError(t, err)
		})
	}
}

// Many goroutines share one Reader, its trees and even one File.
func TestConcurrentReads(t *testing.T) {
	for _, fixture := range []string{"lzx-32k.wim", "lzms-128k.wim", "solid-lzms-128k.esd", "solid-xpress-32k.esd", "split.swm", "xpress-4k.wim"} {
		t.Run(fixture, func(t *testing.T) {
			t.Parallel()
			r := openFixture(t, fixture)
			sums := wimtest.FixtureSums(t, "common")
			shared := sync.OnceValues(func() (*wim.File, error) {
				tree, err := r.Images[0].FS()
				if err != nil {
					return nil, err
				}
				return tree.OpenStream("large/multiple-of-128k.bin", "")
			})
			squares := counters(131072)
			var workers sync.WaitGroup
			failures := make(chan error, 100)
			for worker := range 8 {
				workers.Go(func() {
					failures <- func() error {
						tree, err := r.Images[0].FS() // whoever comes first loads it
						if err != nil {
							return err
						}
						random := rand.New(rand.NewPCG(uint64(worker), 3))
						for range 40 {
							sum := sums[random.IntN(len(sums))]
							name := sum.Path
							if random.IntN(2) == 0 {
								name = strings.ToUpper(name[:1]) + name[1:] // folds the names of the root
							}
							data, err := tree.ReadFile(name)
							if err != nil {
								return err
							}
							if wim.SHA1(sha1.Sum(data)).String() != sum.SHA1 {
								return errors.New(name + ": other bytes")
							}
							if _, err := tree.Stat("links/relative"); err != nil {
								return err
							}
						}
						file, err := shared()
						if err != nil {
							return err
						}
						buf := make([]byte, 5000)
						for range 40 {
							at := random.IntN(len(squares) - len(buf))
							if _, err := file.ReadAt(buf, int64(at)); err != nil {
								return err
							}
							if !bytes.Equal(squares[at:at+len(buf)], buf) {
								return errors.New("ReadAt: other bytes")
							}
						}
						report, err := r.Verify(t.Context())
						if err == nil && !report.OK() {
							err = report.Problems[0].Err
						}
						return err
					}()
				})
			}
			workers.Wait()
			close(failures)
			for err := range failures {
				require.NoError(t, err)
			}
		})
	}
}

// Read calls of one File take turns: every byte is delivered to one of them.
func TestConcurrentReadOfOneFile(t *testing.T) {
	file, err := fixtureFS(t, "lzx-32k.wim", 1).OpenStream("large/multiple-of-128k.bin", "")
	require.NoError(t, err)
	var mu sync.Mutex
	var total int
	var got [127]int
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			buf := make([]byte, 1000)
			for {
				n, err := file.Read(buf)
				mu.Lock()
				total += n
				for _, b := range buf[:n] {
					got[b]++
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	var want [127]int
	for _, b := range counters(131072) {
		want[b]++
	}
	require.Equal(t, 131072, total)
	require.Equal(t, want, got)
}
