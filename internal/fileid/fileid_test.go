package fileid

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTouched(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("one"), 0o600))
	was, err := os.Stat(name)
	require.NoError(t, err)
	require.True(t, Known(was))
	require.False(t, Touched(was, was))
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" && runtime.GOOS != "freebsd" {
		t.Skip("the system does not tell")
	}
	require.Eventually(t, func() bool { // clocks of file systems have ticks
		require.NoError(t, os.WriteFile(name, []byte("two"), 0o600))
		require.NoError(t, os.Chtimes(name, was.ModTime(), was.ModTime()))
		now, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, was.ModTime(), now.ModTime())
		return Touched(was, now)
	}, time.Minute, time.Millisecond)
}

func TestOtherFileSystems(t *testing.T) {
	info, err := fstest.MapFS{"a": {Data: []byte("a")}}.Stat("a")
	require.NoError(t, err)
	require.False(t, Known(info))
	require.False(t, Touched(info, info))
}
