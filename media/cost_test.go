package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// bigWIM returns a file of 30 MB with 6,000 blobs: a blob table of 300,000
// bytes, and the XML after it.
func bigWIM() []byte {
	w := wimtest.NewWIM()
	random := make([]byte, 5007)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random)
	for i := range 6000 {
		binary.LittleEndian.PutUint32(random, uint32(i))
		w.AddBlob(bytes.Clone(random[:5000+i%7]))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	return w.Bytes()
}

// requireCost opens a file on a server, and checks what that cost.
func requireCost(t *testing.T, s *server, name string, mostRequests int, mostBytes int64) *File {
	t.Helper()
	s.cost()
	file, err := Open(context.Background(), s.URL+name)
	require.NoError(t, err)
	requests, sent := s.cost()
	t.Logf("%s: %d requests, %d bytes", name, requests, sent)
	require.LessOrEqual(t, requests, mostRequests, name)
	require.LessOrEqual(t, sent, mostBytes, name)
	require.Empty(t, file.MissingParts())
	return file
}

// A WIM file costs the block of its header, and those of its blob table and XML.
func TestCostOfURL(t *testing.T) {
	s := serve(t, map[string][]byte{"/install.wim": bigWIM()})
	file := requireCost(t, s, "/install.wim", 4, 1<<20)
	require.Len(t, file.Images, 1)
	require.NoError(t, file.Close())
}

// makeISO makes an ISO file of a folder.
func makeISO(t *testing.T, dir string) []byte {
	program, err := exec.LookPath("genisoimage")
	if err != nil {
		t.Skip("genisoimage is not installed")
	}
	iso, err := exec.Command(program, "-quiet", "-udf", "-allow-limited-size", dir).Output()
	require.NoError(t, err)
	return iso
}

// In an ISO file, it costs the blocks of the file system as well.
func TestCostInISO(t *testing.T) {
	if testing.Short() {
		t.Skip("makes an ISO file with 300 files")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sources"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sources", "install.wim"), bigWIM(), 0o600))
	for i := range 300 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sources", "a file with some name "+string(rune('a'+i%26))+string(rune('a'+i/26))+".dll"), nil, 0o600))
	}
	s := serve(t, map[string][]byte{"/win.iso": makeISO(t, dir)})
	for _, name := range []string{"/win.iso", "/win.iso:sources/install.wim"} {
		file := requireCost(t, s, name, 8, 2<<20)
		require.NoError(t, file.Close())
	}
}

// wimlib splits a file of 40 MB; the set lies in an ISO file on a server. All of
// it can be read there.
func TestSetInRemoteISO(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, program := range []string{"genisoimage", "wimlib-imagex"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	run := func(args ...string) {
		t.Helper()
		said, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	work := t.TempDir()
	tree, disc := filepath.Join(work, "tree"), filepath.Join(work, "disc")
	require.NoError(t, os.MkdirAll(filepath.Join(disc, "sources"), 0o700))
	require.NoError(t, os.Mkdir(tree, 0o700))
	random := rand.NewChaCha8([32]byte{2})
	want := map[string][]byte{}
	for i := range 40 {
		data := make([]byte, 1_000_000)
		_, _ = random.Read(data)
		name := "file " + string(rune('a'+i)) + ".bin"
		want[name] = data
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), data, 0o600))
	}
	run("wimlib-imagex", "capture", tree, filepath.Join(work, "install.wim"), "--compress=none", "--check")
	run("wimlib-imagex", "split", filepath.Join(work, "install.wim"), filepath.Join(disc, "sources", "install.swm"), "10", "--check")
	parts, err := filepath.Glob(filepath.Join(disc, "sources", "*.swm"))
	require.NoError(t, err)
	require.Len(t, parts, 4)

	s := serve(t, map[string][]byte{"/win.iso": makeISO(t, disc)})
	file := requireCost(t, s, "/win.iso", 2+2*len(parts), 3<<20)
	defer file.Close()
	require.Equal(t, len(parts), file.Header.TotalParts)
	report, err := file.Verify(context.Background())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Problems)
	require.EqualValues(t, 40+1, report.Blobs) // the metadata as well
	requests, sent := s.cost()
	t.Logf("verify: %d requests, %d bytes", requests, sent)
	require.Less(t, sent, int64(50_000_000))
	fsys, err := file.Images[0].FS()
	require.NoError(t, err)
	for name, data := range want {
		got, err := fsys.ReadFile(name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got), name)
	}
}

// Verify with one worker compares a file with its integrity table and reads the
// contents in turns, so that the cache has for both what was sent once.
func TestCostOfVerifyWithOneWorker(t *testing.T) {
	w := wimtest.NewWIM()
	w.IntegrityChunk = 3 << 20
	random := rand.NewChaCha8([32]byte{3})
	for i := range 24 { // some are read in pieces, others many at a time
		large, small := make([]byte, 400_000+i*70_000), make([]byte, 20_000)
		_, _ = random.Read(large)
		_, _ = random.Read(small)
		w.AddBlob(large)
		w.AddBlob(small)
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	data := w.Bytes()
	s := serve(t, map[string][]byte{"/install.wim": data})
	s.cost()
	source, err := httpat.Open(context.Background(), s.URL+"/install.wim", httpat.WithCache(8<<20))
	require.NoError(t, err)
	defer source.Close()
	r, err := wim.NewReader(source, source.Size())
	require.NoError(t, err)
	report, err := r.Verify(context.Background(), wim.WithWorkers(1))
	require.NoError(t, err)
	require.True(t, report.OK(), report.Problems)
	require.Equal(t, wim.IntegrityGood, report.Integrity)
	requests, sent := s.cost()
	t.Logf("%d requests, %d bytes of %d", requests, sent, len(data))
	require.Less(t, sent, int64(len(data))*5/4)
}
