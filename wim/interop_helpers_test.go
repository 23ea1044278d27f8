package wim_test

import (
	"bytes"
	"crypto/sha1"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// needsWimlib skips a test where wimlib-imagex is not to be had, and in short
// mode: these tests take seconds, not milliseconds.
func needsWimlib(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("tests with other programs are left out in short mode")
	}
	if _, err := exec.LookPath("wimlib-imagex"); err != nil {
		t.Skip("wimlib-imagex is not on PATH; on Debian it is in the package wimtools")
	}
}

// wimlib runs wimlib-imagex and returns what it printed and whether it
// succeeded.
func wimlib(args ...string) (output []byte, ok bool) {
	cmd := exec.Command("wimlib-imagex", args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "WIMLIB_IMAGEX_USE_UTF8=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stderr.Bytes(), false
	}
	return stdout.Bytes(), true
}

// mustWimlib is wimlib where it has to succeed.
func mustWimlib(t *testing.T, args ...string) []byte {
	t.Helper()
	output, ok := wimlib(args...)
	require.True(t, ok, "wimlib-imagex %s: %s", strings.Join(args, " "), output)
	return output
}

// goSource is the source tree of Go, or a folder of it.
func goSource(t *testing.T, folder string) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "src", folder)
}

// diskEntry is what a captured tree has under a name.
type diskEntry struct {
	kind     fs.FileMode
	size     int64
	sha1     wim.SHA1 // zero for an empty file
	target   string
	modified time.Time
}

// scanDisk describes a tree.
func scanDisk(t *testing.T, root string) map[string]diskEntry {
	t.Helper()
	tree := map[string]diskEntry{}
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		// FILETIMEs have units of 100 ns.
		entry := diskEntry{kind: d.Type(), modified: info.ModTime().UTC().Truncate(100)}
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if entry.size = int64(len(data)); entry.size > 0 {
				entry.sha1 = sha1.Sum(data)
			}
		case d.Type() == fs.ModeSymlink:
			if entry.target, err = os.Readlink(name); err != nil {
				return err
			}
		}
		relative, err := filepath.Rel(root, name)
		tree[filepath.ToSlash(relative)] = entry
		return err
	}))
	return tree
}

// requireDisk compares a tree with what was captured: names, kinds, sizes,
// SHA-1s, times and the targets of links. That the bytes have these SHA-1s is
// for Verify to say.
func requireDisk(t *testing.T, want map[string]diskEntry, tree *wim.FS) {
	t.Helper()
	list := walk(t, tree)
	require.Len(t, list, len(want))
	for _, w := range list {
		disk, found := want[strings.TrimPrefix(path.Clean("/"+w.stored), "/")]
		if w.path == "." {
			disk, found = want["."]
		}
		require.True(t, found, w.path)
		got := diskEntry{kind: w.info.Mode().Type(), size: w.info.Size(), modified: w.info.ModTime()}
		if s := w.entry.Stream(""); s != nil {
			got.sha1 = s.SHA1
		}
		if got.kind == fs.ModeSymlink {
			target, err := tree.ReadLink(w.path)
			require.NoError(t, err)
			got.target = target
		}
		require.Equal(t, disk, got, w.path)
	}
}

// requireWimlibListing compares the tree with wimlib's listing of the image.
func requireWimlibListing(t *testing.T, tree *wim.FS, file string, args ...string) {
	t.Helper()
	output := mustWimlib(t, append([]string{"dir", file, "1", "--detailed"}, args...)...)
	listing, err := wimtest.ParseListing(output)
	require.NoError(t, err)
	require.Equal(t, bytes.Count(output, []byte("\nFull Path ")), len(listing))
	requireListing(t, tree, listing)
}

// requireGood verifies a file, with us and with wimlib.
func requireGood(t *testing.T, r *wim.Reader, file string, args ...string) {
	t.Helper()
	report, err := r.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.True(t, report.OK())
	mustWimlib(t, append([]string{"verify", file}, args...)...)
}

// makeOddTree makes a small tree with a bit of everything: machine code, text,
// noise and zeros, sizes around those of chunks, links that lead in, out and
// around, and files with several names.
func makeOddTree(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	random := rand.New(rand.NewPCG(5, 6))
	file := func(name string, data []byte) {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, data, 0o644))
		at := time.Date(1999, 12, 31, 23, 59, 59, random.IntN(1e9), time.UTC)
		require.NoError(t, os.Chtimes(name, at, at))
	}
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	text, err := os.ReadFile(filepath.Join(goSource(t, "net"), "http", "server.go"))
	require.NoError(t, err)
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	program = program[len(program)/4:][:300_000]

	for _, size := range []int{0, 1, 2, 4095, 4096, 4097, 32767, 32768, 32769, 65536, 131072, 131073} {
		file(filepath.Join("sizes", "text-"+strconv.Itoa(size)), repeat(text, size))
		file(filepath.Join("sizes", "code-"+strconv.Itoa(size)), program[:size])
	}
	file("noise.bin", noise)
	file("program", program)
	file("text.go", text)
	file("zeros", make([]byte, 150_000))
	file("half noise", append(append(bytes.Clone(text[:50_000]), noise[:70_000]...), program[:60_000]...))
	file("äöü/日本語/🚀/ǅ.txt", []byte("names"))
	file("many/names/one", []byte("of a file with three names"))
	require.NoError(t, os.Link(filepath.Join(root, "many/names/one"), filepath.Join(root, "many/two")))
	require.NoError(t, os.Link(filepath.Join(root, "many/names/one"), filepath.Join(root, "three")))
	for i := range 300 {
		file(filepath.Join("crowd", "file "+strconv.Itoa(i)), noise[i:2*i])
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "empty/directory"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "links"), 0o755))
	for name, target := range map[string]string{
		"links/in": "../text.go", "links/up": "../../outside", "links/up and back": "../../tree/text.go",
		"links/self": "self", "links/here": ".", "links/root": "..", "links/odd": "./.././/links/../text.go",
		"links/empty ": " ", "links/file below a file": "../text.go/x",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, name)))
	}
	return root
}

// repeat repeats text up to a size.
func repeat(text []byte, size int) []byte {
	return bytes.Repeat(text, size/len(text)+1)[:size]
}
