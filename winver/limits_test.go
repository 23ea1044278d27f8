package winver_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// endlessFS has a registry that can be read from its start only, and never
// ends.
type endlessFS struct{ fstest.MapFS }

func (e endlessFS) Open(name string) (fs.File, error) {
	file, err := e.MapFS.Open(name)
	if err == nil && strings.HasSuffix(name, "/SOFTWARE") {
		return endlessFile{file}, nil
	}
	if directory, ok := file.(fs.ReadDirFile); ok {
		return directory, err
	}
	return file, err
}

type endlessFile struct{ file fs.File }

func (f endlessFile) Stat() (fs.FileInfo, error) { return f.file.Stat() }
func (f endlessFile) Close() error               { return f.file.Close() }
func (f endlessFile) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A file that has to be held in memory ends at a limit; the other witnesses
// count.
func TestEndlessFile(t *testing.T) {
	if testing.Short() {
		t.Skip("holds 256 MiB in memory")
	}
	i := newImage().software(windows10).kernel(t, version(t, "10.0.18362.1110"))
	r, err := winver.Read(endlessFS{fstest.MapFS(i)})
	require.NoError(t, err)
	require.ErrorContains(t, evidence(t, r, winver.WitnessHive).Err, "has more than 268435456 bytes")
	require.Equal(t, "10.0.18362.1110", evidence(t, r, winver.WitnessKernel).Version.String())
}
