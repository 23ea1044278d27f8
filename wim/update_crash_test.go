package wim

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// breakingFile is a file in memory that takes so many bytes and then fails, as
// a disk that is full does, or a machine that stops.
type breakingFile struct {
	data  []byte
	room  int  // bytes that are still written
	dead  bool // nothing works after the first failure, as after a crash
	calls []int
}

var errBroken = errors.New("no more")

func (f *breakingFile) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(f.data).ReadAt(p, at)
}

func (f *breakingFile) WriteAt(p []byte, at int64) (int, error) {
	if f.dead && f.room == 0 {
		return 0, errBroken
	}
	f.calls = append(f.calls, len(p))
	n := min(len(p), f.room)
	// The header is one sector, which is written or not.
	if at == 0 && n < len(p) {
		n = 0
	}
	if grow := int(at) + n - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	copy(f.data[at:], p[:n])
	f.room -= n
	if n < len(p) {
		f.room = 0
		return n, errBroken
	}
	return n, nil
}

func (f *breakingFile) Truncate(size int64) error {
	if f.dead && f.room == 0 {
		return errBroken
	}
	if grow := int(size) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	f.data = f.data[:size]
	return nil
}

func (f *breakingFile) Sync() error {
	if f.dead && f.room == 0 {
		return errBroken
	}
	return nil
}

func (f *breakingFile) Close() error { return nil }

// TestCommitBreaksOff has an update fail at every byte that it writes. The file
// then is what it was, except for a tail that nothing leads to; where the
// program can still tidy up it is what it was to the byte.
func TestCommitBreaksOff(t *testing.T) {
	before := wimtest.FixtureBytes(t, "multi.wim")
	other, err := NewReader(bytes.NewReader(wimtest.FixtureBytes(t, "xpress-32k.wim")), int64(len(wimtest.FixtureBytes(t, "xpress-32k.wim"))))
	require.NoError(t, err)
	for name, change := range map[string]func(u *Update){
		"set": func(u *Update) { require.NoError(t, u.Images()[0].Set("DESCRIPTION", "new")) },
		"add": func(u *Update) {
			require.NoError(t, u.Export(other.Images[0]))
			require.NoError(t, u.Images()[len(u.Images())-1].Set("NAME", "added"))
		},
		"capture": func(u *Update) {
			noise := make([]byte, smallSource+5000) // is compressed first, and does not get smaller
			rand.NewChaCha8([32]byte{}).Read(noise)
			image, err := u.Capture(t.Context(), fstest.MapFS{"a/b": {Data: []byte("b")}, "a/c": {Data: noise}, "d": {Data: bytes.Repeat([]byte("d"), 70_000)}})
			require.NoError(t, err)
			require.NoError(t, image.Set("NAME", "captured"))
		},
		"delete": func(u *Update) { u.Delete(u.Images()[0]) },
		"edit": func(u *Update) {
			e, err := u.Images()[0].Edit()
			require.NoError(t, err)
			require.NoError(t, e.WriteFile("new/file", bytes.Repeat([]byte("content"), 2000)))
			require.NoError(t, e.RemoveAll("deep"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			commit := func(file *breakingFile) error {
				u, err := newUpdate(file, int64(len(file.data)), "", []WriterOption{WithTime(time.Unix(1e9, 0))})
				require.NoError(t, err)
				change(u)
				_, err = u.Commit(t.Context(), WithWorkers(1))
				return err
			}
			whole := &breakingFile{data: bytes.Clone(before), room: 1 << 30}
			require.NoError(t, commit(whole))
			verifyWhole(t, whole.data)
			require.NotEqual(t, before, whole.data)
			total := 0
			for _, n := range whole.calls {
				total += n
			}
			step := 1
			if total > 400 {
				step = total/400 + 1
			}
			if testing.Short() {
				step *= 20
			}
			for room := 0; room < total; room += step {
				file := &breakingFile{data: bytes.Clone(before), room: room}
				require.ErrorIs(t, commit(file), errBroken)
				require.True(t, bytes.Equal(before, file.data), "room for %d bytes", room)

				file = &breakingFile{data: bytes.Clone(before), room: room, dead: true}
				require.ErrorIs(t, commit(file), errBroken)
				require.True(t, bytes.Equal(before, file.data[:len(before)]), "room for %d bytes", room)
				verifyWhole(t, file.data)

				// The next update succeeds. It cannot know whose the tail is.
				left := len(file.data)
				file.room, file.dead = 1<<30, false
				require.NoError(t, commit(file))
				verifyWhole(t, file.data)
				require.Len(t, file.data, left+len(whole.data)-len(before), "after room for %d bytes", room)
			}
		})
	}
}

// verifyWhole reads all of a file.
func verifyWhole(t *testing.T, data []byte) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	report, err := r.Verify(t.Context(), WithWorkers(1))
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}

// TestWriteBreaksOff has a new file fail at every byte: what is there then is
// no WIM file that anything takes for whole.
func TestWriteBreaksOff(t *testing.T) {
	data := wimtest.FixtureBytes(t, "multi.wim")
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	write := func(file *breakingFile) error {
		w, err := NewWriter(WithCompression(CompressionXPRESS), WithGUID(GUID{1}), WithTime(time.Unix(1e9, 0)))
		require.NoError(t, err)
		require.NoError(t, w.Export(r.Images...))
		_, err = w.Write(t.Context(), file, WithWorkers(1))
		return err
	}
	whole := &breakingFile{room: 1 << 30}
	require.NoError(t, write(whole))
	verifyWhole(t, whole.data)
	for room := 0; room < len(whole.data)+headerSize; room += 97 {
		file := &breakingFile{room: room}
		require.ErrorIs(t, write(file), errBroken)
		_, err := NewReader(bytes.NewReader(file.data), int64(len(file.data)))
		require.ErrorIs(t, err, ErrFormat, "room for %d bytes", room)
	}
}

var _ io.ReaderAt = (*breakingFile)(nil)
