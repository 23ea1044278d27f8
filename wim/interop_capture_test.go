package wim_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// wholeSource is all of Go's source, 11,000 files; under the race detector
// some of it.
func wholeSource(t *testing.T) string {
	if wimtest.Race {
		return goSource(t, "net")
	}
	return goSource(t, "")
}

// The source of Go, captured by wimlib in every way, is what it was: to wimlib,
// and to the folder that was captured. Slow encoders get a folder of it.
func TestCapturesOfGoSource(t *testing.T) {
	needsWimlib(t)
	whole, some := wholeSource(t), goSource(t, "net/http")
	for _, c := range []struct {
		name, tree string
		args       []string
		solid      bool
	}{
		{"none", whole, []string{"--compress=none", "--check"}, false},
		{"xpress", whole, []string{"--compress=xpress"}, false},
		{"lzx", goSource(t, "net"), []string{"--compress=lzx", "--chunk-size=32K", "--check"}, false},
		{"lzms", some, []string{"--compress=lzms"}, false},
		{"solid lzms", some, []string{"--solid", "--compress=lzms", "--solid-chunk-size=1M", "--check"}, true},
		{"solid lzx", goSource(t, "net"), []string{"--solid", "--compress=lzx", "--solid-compress=lzx"}, true},
		{"solid xpress", goSource(t, "net"), []string{"--solid", "--compress=xpress", "--solid-compress=xpress"}, true},
		{"pipable", some, []string{"--pipable", "--compress=lzx"}, false},
		{"pipable with unix data", some, []string{"--pipable", "--compress=xpress", "--unix-data"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "go.wim")
			mustWimlib(t, append([]string{"capture", c.tree, file, "go"}, c.args...)...)
			r := openFile(t, file)
			require.Equal(t, c.solid, r.Solid())
			tree := imageFS(t, r, 1)
			requireDisk(t, scanDisk(t, c.tree), tree)
			requireWimlibListing(t, tree, file)
			requireGood(t, r, file)
		})
	}
}

// A split set is found as a whole, and reads as the file that it was.
func TestSplitOfGoSource(t *testing.T) {
	needsWimlib(t)
	t.Parallel()
	dir, source := t.TempDir(), goSource(t, "net")
	file := filepath.Join(dir, "go.wim")
	mustWimlib(t, "capture", source, file, "go", "--compress=xpress", "--check")
	mustWimlib(t, "split", file, filepath.Join(dir, "part.swm"), "0.5")
	parts, err := filepath.Glob(filepath.Join(dir, "part*.swm"))
	require.NoError(t, err)
	require.Greater(t, len(parts), 2)
	disk := scanDisk(t, source)
	for _, part := range []string{parts[0], parts[len(parts)-1]} {
		r := openFile(t, part)
		require.Equal(t, len(parts), r.Header.TotalParts)
		require.Empty(t, r.MissingParts())
		tree := imageFS(t, r, 1)
		requireDisk(t, disk, tree)
		requireWimlibListing(t, tree, filepath.Join(dir, "part.swm"), "--ref="+filepath.Join(dir, "part*.swm"))
		requireGood(t, r, filepath.Join(dir, "part.swm"), "--ref="+filepath.Join(dir, "part*.swm"))
	}
}

// A delta holds what its base has not.
func TestDeltaOfGoSource(t *testing.T) {
	needsWimlib(t)
	t.Parallel()
	dir, source := t.TempDir(), goSource(t, "net")
	base, delta := filepath.Join(dir, "base.wim"), filepath.Join(dir, "delta.wim")
	mustWimlib(t, "capture", filepath.Join(source, "http"), base, "http", "--compress=lzx")
	mustWimlib(t, "capture", source, delta, "net", "--compress=xpress", "--delta-from="+base)
	r := openFile(t, delta)
	tree := imageFS(t, r, 1)
	_, err := tree.ReadFile("http/server.go")
	require.ErrorIs(t, err, wim.ErrMissingBlob)
	r.Reference(openFile(t, base))
	requireDisk(t, scanDisk(t, source), tree)
	requireWimlibListing(t, tree, delta, "--ref="+base)
	requireGood(t, r, delta, "--ref="+base)
	got, err := tree.ReadFile("http/server.go")
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join(source, "http", "server.go"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// A small tree with everything odd in it, in each chunk size of each codec.
func TestCapturesInEveryChunkSize(t *testing.T) {
	needsWimlib(t)
	root := makeOddTree(t)
	disk := scanDisk(t, root)
	type codec struct {
		name  string
		sizes []string
	}
	capture := func(name string, args ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "odd.wim")
			mustWimlib(t, append([]string{"capture", root, file, "odd", "--norpfix"}, args...)...)
			r := openFile(t, file)
			tree := imageFS(t, r, 1)
			requireDisk(t, disk, tree)
			requireWimlibListing(t, tree, file)
			requireGood(t, r, file)
			for name := range disk { // through FS as well, in no order
				if disk[name].kind.IsRegular() {
					got, err := tree.ReadFile(name)
					require.NoError(t, err)
					want, err := os.ReadFile(filepath.Join(root, name))
					require.NoError(t, err)
					require.True(t, string(want) == string(got), name)
				}
			}
		})
	}
	for _, c := range []codec{
		{"xpress", []string{"4K", "8K", "16K", "32K", "64K"}},
		{"lzx", []string{"32K", "64K", "128K", "256K", "512K", "1M", "2M"}},
		{"lzms", []string{"32K", "128K", "512K", "2M"}},
	} {
		for _, size := range c.sizes {
			capture(c.name+" "+size, "--compress="+c.name, "--chunk-size="+size)
			if size == c.sizes[0] || size == c.sizes[len(c.sizes)-1] {
				capture("solid "+c.name+" "+size, "--solid", "--compress="+c.name, "--solid-compress="+c.name, "--solid-chunk-size="+size)
				if c.name != "lzms" {
					capture("pipable "+c.name+" "+size, "--pipable", "--compress="+c.name, "--chunk-size="+size)
				}
			}
		}
	}
	capture("none", "--compress=none")
	capture("pipable none", "--pipable", "--compress=none")
}

// Links of a captured tree lead where they led, but not out of the image.
func TestLinksOfACapture(t *testing.T) {
	needsWimlib(t)
	root := makeOddTree(t)
	file := filepath.Join(t.TempDir(), "odd.wim")
	mustWimlib(t, "capture", root, file, "odd", "--norpfix")
	tree := imageFS(t, openFile(t, file), 1)
	want, err := tree.ReadFile("text.go")
	require.NoError(t, err)
	for _, name := range []string{"links/in", "links/odd", "links/here/in", "links/root/text.go", "links/root/links/here/here/root/links/in"} {
		got, err := tree.ReadFile(name)
		require.NoError(t, err, name)
		require.Equal(t, string(want), string(got))
	}
	for name, message := range map[string]string{
		"links/up":                "the link leads out of the image",
		"links/up and back":       "the link leads out of the image",
		"links/root/links/up":     "the link leads out of the image",
		"links/self":              "too many levels of links",
		"links/empty ":            "file does not exist",
		"links/file below a file": "not a directory",
	} {
		info, err := tree.Stat(name)
		require.NoError(t, err, name)
		require.Equal(t, fs.ModeSymlink, info.Mode().Type())
		_, err = tree.ReadFile(name)
		require.ErrorContains(t, err, message, name)
	}
	_, err = tree.Stat("links/up/anything")
	require.ErrorContains(t, err, "the link leads out of the image")
}

// An absolute target inside of a captured tree is rooted in the image, and on
// extraction in the new place of the tree.
func TestAbsoluteLinksOfACapture(t *testing.T) {
	needsWimlib(t)
	root := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "a"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "a", "file"), []byte("content"), 0o644))
	require.NoError(t, os.Symlink(filepath.Join(root, "a", "file"), filepath.Join(root, "inside")))
	require.NoError(t, os.Symlink("/outside/file", filepath.Join(root, "outside")))
	for _, fix := range []bool{true, false} {
		dir := t.TempDir()
		file := filepath.Join(dir, "links.wim")
		option := map[bool]string{true: "--rpfix", false: "--norpfix"}[fix]
		mustWimlib(t, "capture", root, file, "links", option)
		r := openFile(t, file)
		require.Equal(t, fix, r.Header.Flags&wim.FlagReparseFix != 0)
		tree := imageFS(t, r, 1)
		target, err := tree.ReadLink("inside")
		require.NoError(t, err)
		data, err := tree.ReadFile("inside")
		if fix {
			require.Equal(t, "/a/file", target)
			require.NoError(t, err)
			require.Equal(t, "content", string(data))
		} else {
			require.Equal(t, filepath.Join(root, "a", "file"), target)
			require.ErrorIs(t, err, fs.ErrNotExist)
		}
		ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
		extract(t, r.Images[0], ours)
		mustWimlib(t, "apply", file, "1", theirs)
		require.Equal(t, readDisk(t, theirs), readDisk(t, ours))
	}
}

// What is extracted is the folder that was captured.
func TestExtractOfGoSource(t *testing.T) {
	needsWimlib(t)
	source := goSource(t, "net")
	for name, args := range map[string][]string{
		"xpress": {"--compress=xpress"}, "solid lzx": {"--compress=lzx", "--solid", "--solid-compress=lzx"}, "none": {"--compress=none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "go.wim")
			mustWimlib(t, append([]string{"capture", source, file, "go"}, args...)...)
			report := extract(t, openFile(t, file).Images[0], filepath.Join(dir, "out"))
			want, got := scanDisk(t, source), scanDisk(t, filepath.Join(dir, "out"))
			require.Equal(t, len(want)-1, report.Files+report.Directories+report.Links)
			require.Equal(t, len(want), len(got))
			for name := range want {
				require.Equal(t, want[name], got[name], name)
			}
		})
	}
}

// Images that are appended, renamed and deleted are seen as wimlib sees them.
func TestUpdatedFile(t *testing.T) {
	needsWimlib(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "updated.wim")
	sources := map[string]string{}
	for _, folder := range []string{"sort", "strings", "bytes"} {
		sources[folder] = goSource(t, folder)
		command := "append"
		if len(sources) == 1 {
			command = "capture"
		}
		mustWimlib(t, command, sources[folder], file, folder, "--compress=xpress")
	}
	mustWimlib(t, "info", file, "2", "renamed", "a description")
	mustWimlib(t, "delete", file, "1", "--soft")
	extra := filepath.Join(dir, "extra.txt")
	require.NoError(t, os.WriteFile(extra, []byte("added"), 0o644))
	mustWimlib(t, "update", file, "2", "--command=add "+extra+" /extra.txt")

	r := openFile(t, file)
	require.Equal(t, []string{"renamed", "bytes"}, imageNames(r))
	require.Equal(t, "a description", r.Images[0].Info.Description)
	requireDisk(t, scanDisk(t, sources["strings"]), imageFS(t, r, 1))
	data, err := imageFS(t, r, 2).ReadFile("extra.txt")
	require.NoError(t, err)
	require.Equal(t, "added", string(data))
	requireGood(t, r, file)
	require.Equal(t, string(mustWimlib(t, "info", file, "--xml")), string(utf16le(byteOrderMark+r.XML())))
}
