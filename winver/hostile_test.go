package winver_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf/regftest"
	"github.com/wimble-go/wimble/winver"
)

// countingFS counts what a tree is asked for.
type countingFS struct {
	fstest.MapFS
	lookups, names, links *int
}

func newCountingFS(tree fstest.MapFS) countingFS {
	return countingFS{tree, new(int), new(int), new(int)}
}

func (c countingFS) Lstat(name string) (fs.FileInfo, error) {
	*c.lookups++
	return c.MapFS.Lstat(name)
}

func (c countingFS) ReadLink(name string) (string, error) {
	*c.links++
	return c.MapFS.ReadLink(name)
}

func (c countingFS) Open(name string) (fs.File, error) {
	file, err := c.MapFS.Open(name)
	if directory, ok := file.(fs.ReadDirFile); ok {
		return countingDirectory{directory, c.names}, err
	}
	return file, err
}

type countingDirectory struct {
	fs.ReadDirFile
	names *int
}

func (d countingDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	list, err := d.ReadDirFile.ReadDir(n)
	*d.names += len(list)
	return list, err
}

func link(target string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
}

// A Windows that is reached through links, relative ones, rooted ones, and with
// steps up in them, is read. Links that lead nowhere are as if they were not
// there.
func TestLinks(t *testing.T) {
	i := image{
		"Windows/System32":                 link("../store/./sys"),
		"store/sys/config":                 link("/registry/here"),
		"registry/here/software":           {Data: regftest.Build(softwareHive(windows10), regftest.Options{})},
		"Windows/servicing":                link("servicing"),      // itself
		"store/sys/ntoskrnl.exe":           link("../../../x.exe"), // out of the tree
		"store/sys/kernel32.dll":           link("//server/share/kernel32.dll"),
		"Windows/WinSxS/Manifests":         link("../WinSxS2"),
		"Windows/WinSxS2/notes/readme.txt": {},
	}
	r := read(t, i)
	require.Equal(t, "10.0.18363.1139", r.Best().String())
	require.Equal(t, `registry/here/software: Microsoft\Windows NT\CurrentVersion`, evidence(t, r, winver.WitnessHive).Source)
	require.EqualError(t, evidence(t, r, winver.WitnessKernel).Err, "a link leads out of the tree")
	require.ErrorIs(t, evidence(t, r, winver.WitnessKernel).Err, fs.ErrNotExist)
	require.EqualError(t, evidence(t, r, winver.WitnessRollupFix).Err, "too many levels of links")
	require.EqualError(t, evidence(t, r, winver.WitnessCoreOSRevision).Err, "no such file among 1")
}

// 1,024 directories whose System32 is a link to one directory of 20,000 names.
func TestHostileLinksToOneDirectory(t *testing.T) {
	tree := fstest.MapFS{}
	for n := range 20_000 {
		tree[fmt.Sprintf("zz/big/%d", n)] = &fstest.MapFile{}
	}
	for n := range 1024 {
		tree[fmt.Sprintf("d%04d/System32", n)] = link("../zz/big")
	}
	c := newCountingFS(tree)
	_, err := winver.Read(c, winver.Fast())
	require.ErrorIs(t, err, winver.ErrLimit)
	require.NotContains(t, err.Error(), "\n")
	require.LessOrEqual(t, *c.links, 32)
	require.LessOrEqual(t, *c.names, 1<<22)
}

// Chains of links whose targets have thousands of elements each, reached from
// many places: too many links, or too many elements in few.
func TestHostileLongLinks(t *testing.T) {
	for _, test := range []struct{ chain, elements, places int }{{37, 2000, 1024}, {15, 16_000, 16}} {
		tree := fstest.MapFS{"zz/end": {Mode: fs.ModeDir}}
		long := strings.Repeat("./", test.elements)
		for n := range test.chain {
			tree[fmt.Sprintf("zz/l%d", n)] = link(long + fmt.Sprintf("l%d", n+1))
		}
		tree[fmt.Sprintf("zz/l%d", test.chain)] = link("end")
		for n := range test.places {
			tree[fmt.Sprintf("d%04d/System32", n)] = link("../zz/l0")
		}
		c := newCountingFS(tree)
		_, err := winver.Read(c, winver.Fast())
		require.ErrorIs(t, err, winver.ErrLimit)
		require.LessOrEqual(t, *c.links, 32)
		require.LessOrEqual(t, *c.lookups, 1<<22)
	}
}

// Directories with as many names as the component store of a Windows, or more,
// each of which is listed for what it may have in another case.
func TestHostileNames(t *testing.T) {
	for roots, kind := range map[int]error{12: winver.ErrNotWindows, 1024: winver.ErrLimit} {
		tree := namesFS{roots, 60_000, new(int)}
		_, err := winver.Read(tree, winver.Fast())
		require.ErrorIs(t, err, kind)
		require.LessOrEqual(t, *tree.listed, 1<<22)
	}
}

// namesFS has directories d0, d1, ..., each with a directory system32, and in
// that as many names as told.
type namesFS struct {
	roots, names int
	listed       *int
}

func (f namesFS) Open(name string) (fs.File, error) {
	directory, system, below := strings.Cut(name, "/")
	switch {
	case name == ".":
		return &namesDirectory{f, "d", f.roots}, nil
	case directory[0] == 'd' && !below:
		return &namesDirectory{f, "system3", 3}, nil // system30 to system32
	case directory[0] == 'd' && system == "system32":
		return &namesDirectory{f, "name", f.names}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

type namesDirectory struct {
	fs   namesFS
	name string
	left int
}

func (d *namesDirectory) Stat() (fs.FileInfo, error) { return name(d.name).Info() }
func (d *namesDirectory) Read([]byte) (int, error)   { return 0, fs.ErrInvalid }
func (d *namesDirectory) Close() error               { return nil }

func (d *namesDirectory) ReadDir(n int) (list []fs.DirEntry, err error) {
	if n <= 0 {
		n = d.left
	} else if d.left == 0 {
		return nil, io.EOF
	}
	for ; n > 0 && d.left > 0; n-- {
		d.left--
		list = append(list, name(fmt.Sprintf("%s%d", d.name, d.left)))
	}
	*d.fs.listed += len(list)
	return list, nil
}

// name is a directory.
type name string

func (n name) Name() string               { return string(n) }
func (n name) Size() int64                { return 0 }
func (n name) Mode() fs.FileMode          { return fs.ModeDir | 0o755 }
func (n name) Type() fs.FileMode          { return fs.ModeDir }
func (n name) IsDir() bool                { return true }
func (n name) ModTime() time.Time         { return time.Time{} }
func (n name) Sys() any                   { return nil }
func (n name) Info() (fs.FileInfo, error) { return n, nil }

// A pipe is not opened: that waits for a writer.
func TestNotFiles(t *testing.T) {
	for _, mode := range []fs.FileMode{fs.ModeNamedPipe, fs.ModeSocket, fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice} {
		i := newImage().kernel(t, version(t, "10.0.18362.1110"))
		for _, name := range []string{"SOFTWARE", "SYSTEM"} {
			i["Windows/System32/config/"+name] = &fstest.MapFile{Mode: mode}
		}
		r, err := winver.Read(noPipes{fstest.MapFS(i), t})
		require.NoError(t, err)
		require.EqualError(t, evidence(t, r, winver.WitnessHive).Err, "is a pipe, a socket or a device, not a file")
		require.Equal(t, []string{"Windows/System32/config/SYSTEM: is a pipe, a socket or a device, not a file"}, r.Notes)
		require.Equal(t, "10.0.18362.1110", r.Best().String())
	}
}

type noPipes struct {
	fstest.MapFS
	t *testing.T
}

func (f noPipes) Open(name string) (fs.File, error) {
	require.False(f.t, strings.Contains(name, "/config/S"), "%s was opened", name)
	return f.MapFS.Open(name)
}

// A hive whose keys lie on pages far from each other: values of CurrentVersion
// are each on a page of their own, 400 of them before those that count.
func TestHostileScatteredHive(t *testing.T) {
	root := softwareHive(windows10)
	k := root.At(currentVersion)
	var padding []regftest.Value
	for n := range 400 {
		padding = append(padding, regftest.Binary(fmt.Sprintf("P%03d", n), bytes.Repeat([]byte{1}, 4000)))
	}
	k.Values = append(padding, k.Values...)
	data := regftest.Build(root, regftest.Options{})
	r := readerFS{newImage().add("Windows/System32/config/SOFTWARE", data), &readCount{}}
	report, err := winver.Read(r)
	require.NoError(t, err)
	require.Equal(t, "10.0.18363.1139", report.Best().String())
	require.LessOrEqual(t, r.count.reads, 128+1)
	require.LessOrEqual(t, r.count.bytes, 128*4096+len(data))
}

type readCount struct{ reads, bytes int }

// readerFS counts the reads of a SOFTWARE hive.
type readerFS struct {
	image
	count *readCount
}

func (r readerFS) Open(name string) (fs.File, error) {
	file, err := fstest.MapFS(r.image).Open(name)
	if err == nil && strings.HasSuffix(name, "/SOFTWARE") {
		return countedFile{file, r.image[name].Data, r.count}, nil
	}
	return file, err
}

type countedFile struct {
	fs.File
	data  []byte
	count *readCount
}

func (f countedFile) ReadAt(p []byte, offset int64) (int, error) {
	f.count.reads++
	f.count.bytes += len(p)
	return bytes.NewReader(f.data).ReadAt(p, offset)
}

// No message says a thing twice: not the path that is its source, nor its kind.
func TestMessagesSayThingsOnce(t *testing.T) {
	hive := regftest.Build(softwareHive(windows10), regftest.Options{})
	badRoot := bytes.Clone(hive)
	copy(badRoot[36:40], "\xF0\xFF\xFF\xFF")
	regftest.SetChecksum(badRoot)
	for name, data := range map[string][]byte{
		"missing": nil, "empty": {}, "short": []byte("regf"), "garbage": bytes.Repeat([]byte("garbage "), 1000),
		"cut": hive[:4096], "root": badRoot, "without keys": regftest.Build(&regftest.Key{Name: "ROOT"}, regftest.Options{}),
	} {
		i := newImage()
		if data != nil {
			i.add("Windows/System32/config/SOFTWARE", data).add("Windows/System32/config/SYSTEM", data).
				add("Windows/System32/ntoskrnl.exe", data)
		}
		r := read(t, i, winver.WithClaim(winver.Claim{Source: "the XML"}))
		lines := r.Notes
		for _, e := range r.Evidence {
			require.Error(t, e.Err, name)
			lines = append(lines, e.Source+": "+e.Err.Error())
		}
		for _, line := range lines {
			require.LessOrEqual(t, strings.Count(line, "config/"), 1, line)
			require.LessOrEqual(t, strings.Count(line, "ntoskrnl"), 1, line)
			require.LessOrEqual(t, strings.Count(line, "malformed"), 1, line)
			require.LessOrEqual(t, strings.Count(line, "CurrentVersion"), 1, line)
			require.LessOrEqual(t, strings.Count(line, "not exist")+strings.Count(line, "not in the"), 1, line)
			require.LessOrEqual(t, strings.Count(line, "the XML"), 1, line)
		}
	}
}
