package wim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// TestWriteSameBytes writes with different numbers of workers.
func TestWriteSameBytes(t *testing.T) {
	sources := [][]byte{madeFile(1, 5), wimtest.FixtureBytes(t, "xpress-32k.wim"), wimtest.FixtureBytes(t, "multi.wim")}
	for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
		for i, source := range sources {
			var first []byte
			for _, workers := range []int{1, 2, 7} {
				w := newWriter(t, wim.WithCompression(codec), wim.WithIntegrityTable(true), wim.WithLevel(20))
				require.NoError(t, w.Export(openBytes(t, source).Images...))
				dst := &memoryFile{room: 1 << 30}
				_, err := w.Write(t.Context(), dst, wim.WithWorkers(workers))
				require.NoError(t, err)
				if first == nil {
					first = dst.data
					requireInvariants(t, first, false)
				}
				require.True(t, bytes.Equal(first, dst.data), "%v of source %d with %d workers", codec, i, workers)
			}
		}
	}
}

// TestExportImageTwice writes one image under two names, raw and anew: both
// have metadata of their own, since programs refuse two entries with one place.
func TestExportImageTwice(t *testing.T) {
	r := openBytes(t, wimtest.FixtureBytes(t, "xpress-32k.wim"))
	for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
		w := newWriter(t, wim.WithCompression(codec))
		require.NoError(t, w.Export(r.Images[0], r.Images[0]))
		require.NoError(t, w.Images()[1].Set("NAME", "again"))
		dst := &memoryFile{room: 1 << 30}
		_, err := w.Write(t.Context(), dst)
		require.NoError(t, err)
		requireInvariants(t, dst.data, false)
		requireClean(t, dst.data)
		want := contentsOfImage(t, r.Images[0])
		require.Equal(t, [][]string{want, want}, contentsOf(t, openBytes(t, dst.data)))
	}
}

// TestHostileExport flips bytes of a source. An export fails, and leaves
// nothing, or gives images that the source had.
func TestHostileExport(t *testing.T) {
	flips := 60
	if testing.Short() {
		flips = 12
	}
	sources := map[string][]byte{
		"raw":    madeFile(2, 3),
		"chunks": madeFile(3, 3),
	}
	for _, name := range []string{"xpress-32k.wim", "multi.wim"} {
		sources[name] = wimtest.FixtureBytes(t, name)
	}
	for _, name := range wimtest.FixtureFiles(t) {
		if strings.HasSuffix(name, ".esd") && len(wimtest.FixtureBytes(t, name)) < 200<<10 {
			sources[name] = wimtest.FixtureBytes(t, name)
		}
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(4, uint64(len(source))))
			whole := contentsOf(t, openBytes(t, source))
			failed := 0
			for range flips {
				damaged := bytes.Clone(source)
				at := 208 + random.IntN(len(source)-208)
				damaged[at] ^= byte(1 + random.IntN(255))
				out := filepath.Join(t.TempDir(), "out.wim")
				codec := []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX}[random.IntN(3)]
				if err := exportAll(t, damaged, out, codec); err != nil {
					failed++
					require.NotContains(t, err.Error(), "\n")
					entries, err := os.ReadDir(filepath.Dir(out))
					require.NoError(t, err)
					require.Empty(t, entries, "byte %d", at)
					continue
				}
				data, err := os.ReadFile(out)
				require.NoError(t, err)
				requireInvariants(t, data, false)
				requireClean(t, data)
				for _, got := range contentsOf(t, openBytes(t, data)) {
					require.True(t, slices.ContainsFunc(whole, func(want []string) bool { return slices.Equal(want, got) }), "byte %d", at)
				}
				requireOnly(t, out)
			}
			require.NotZero(t, failed)
		})
	}
}

func exportAll(t *testing.T, source []byte, out string, codec wim.Compression) error {
	r, err := wim.NewReader(bytes.NewReader(source), int64(len(source)))
	if err != nil {
		return err
	}
	w := newWriter(t, wim.WithCompression(codec), wim.WithLevel(10))
	if err := w.Export(r.Images...); err != nil {
		return err
	}
	_, err = w.WriteFile(t.Context(), out)
	return err
}

// TestWriteCancelled cancels the writing of a file in place of another one
// after any progress. The other file is as it was, and alone.
func TestWriteCancelled(t *testing.T) {
	source := madeFile(5, 4)
	r := openBytes(t, source)
	out := filepath.Join(t.TempDir(), "out.wim")
	require.NoError(t, os.WriteFile(out, []byte("precious"), 0o666))
	write := func(codec wim.Compression, stop int64) (calls int64, err error) {
		w := newWriter(t, wim.WithCompression(codec), wim.WithLevel(10), wim.WithIntegrityTable(true))
		require.NoError(t, w.Export(r.Images...))
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		var n atomic.Int64
		_, err = w.WriteFile(ctx, out, wim.WithProgress(func(wim.Progress) {
			if n.Add(1) == stop {
				cancel(errStopped)
			}
		}))
		return n.Load(), err
	}
	for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
		require.NoError(t, os.WriteFile(out, []byte("precious"), 0o666))
		stopped := 0
		for stop := int64(1); stop < 40; stop += 3 {
			_, err := write(codec, stop)
			if err == nil {
				break // it is done before
			}
			stopped++
			require.ErrorIs(t, err, errStopped)
			data, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Equal(t, "precious", string(data))
			requireOnly(t, out)
		}
		require.NotZero(t, stopped)
		_, err := write(codec, -1)
		require.NoError(t, err)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		requireClean(t, data)
	}
}

var (
	errStopped = errors.New("stopped")
	errSource  = errors.New("the source is gone")
)

// TestWriteDiskFull has room for less and less of a file. What is there then is
// not taken for a file.
func TestWriteDiskFull(t *testing.T) {
	for name, source := range map[string][]byte{"raw": madeFile(6, 3), "chunks": madeFile(7, 3)} {
		for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS} {
			t.Run(fmt.Sprint(name, " ", codec), func(t *testing.T) {
				write := func(room int) (*memoryFile, error) {
					w := newWriter(t, wim.WithCompression(codec), wim.WithIntegrityTable(true))
					require.NoError(t, w.Export(openBytes(t, source).Images...))
					dst := &memoryFile{room: room}
					_, err := w.Write(t.Context(), dst, wim.WithWorkers(7))
					return dst, err
				}
				whole, err := write(1 << 30)
				require.NoError(t, err)
				size := len(whole.data)
				rooms := []int{0, 207, 208, size - 1, size - 21}
				for i := range 10 {
					rooms = append(rooms, i*size/10)
				}
				for _, room := range rooms {
					dst, err := write(room)
					require.ErrorIs(t, err, errDiskFull, "room for %d", room)
					require.Equal(t, 1, strings.Count(err.Error(), errDiskFull.Error()), "said once: %v", err)
					_, err = wim.NewReader(bytes.NewReader(dst.data), int64(len(dst.data)))
					require.ErrorIs(t, err, wim.ErrFormat, "room for %d", room)
				}
			})
		}
	}
}

// A vanishingSource cannot be read from some offset on, once it is told so.
type vanishingSource struct {
	data []byte
	from atomic.Int64
}

func (s *vanishingSource) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > s.from.Load() {
		return 0, errSource
	}
	return bytes.NewReader(s.data).ReadAt(p, at)
}

// TestWriteSourceFails has reading fail after the images were added.
func TestWriteSourceFails(t *testing.T) {
	for name, data := range map[string][]byte{"raw": madeFile(8, 3), "chunks": madeFile(9, 3), "fixture": wimtest.FixtureBytes(t, "xpress-32k.wim")} {
		for _, codec := range []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX} {
			t.Run(fmt.Sprint(name, " ", codec), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out.wim")
				for i := range 8 {
					source := &vanishingSource{data: data}
					source.from.Store(int64(len(data)))
					r, err := wim.NewReader(source, int64(len(data)))
					require.NoError(t, err)
					w := newWriter(t, wim.WithCompression(codec), wim.WithLevel(10))
					require.NoError(t, w.Export(r.Images...))
					source.from.Store(int64(208 + i*len(data)/20))
					_, err = w.WriteFile(t.Context(), out)
					require.ErrorIs(t, err, errSource)
					require.Equal(t, 1, strings.Count(err.Error(), errSource.Error()), "said once: %v", err)
					require.NotContains(t, err.Error(), "\n")
					entries, err := os.ReadDir(filepath.Dir(out))
					require.NoError(t, err)
					require.Empty(t, entries)
				}
			})
		}
	}
}

// TestWriteNowhere writes where nothing can be written.
func TestWriteNowhere(t *testing.T) {
	r := openBytes(t, wimtest.FixtureBytes(t, "xpress-32k.wim"))
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Mkdir(closed, 0o555))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	cases := map[string]error{
		filepath.Join(dir, "missing", "out.wim"): fs.ErrNotExist,
		filepath.Join(dir, "file", "out.wim"):    nil, // the system's word differs
		dir:                                      nil,
	}
	if os.Geteuid() > 0 {
		cases[filepath.Join(closed, "out.wim")] = fs.ErrPermission
	}
	for name, want := range cases {
		w := newWriter(t)
		require.NoError(t, w.Export(r.Images...))
		_, err := w.WriteFile(t.Context(), name)
		require.Error(t, err, name)
		if want != nil {
			require.ErrorIs(t, err, want)
		}
		require.Equal(t, 1, strings.Count(err.Error(), name), "named once: %v", err)
		require.NotContains(t, err.Error(), ".tmp")
		require.NotContains(t, err.Error(), "\n")
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
}
