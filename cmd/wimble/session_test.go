package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// copies puts fixtures into a folder, under other names if those are given.
func copies(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		as, from, renamed := strings.Cut(name, "=")
		if !renamed {
			from = as
		}
		path := filepath.Join(dir, filepath.FromSlash(as))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, wimtest.FixtureBytes(t, from), 0o600))
	}
	return dir
}

// IMAGE may be left out where there is one, and be anything that names one.
func TestWhichImage(t *testing.T) {
	none, install := fixture(t, "none.wim"), fixture(t, "install.wim")
	whole := works(t, "ls", none, "1")
	require.Equal(t, whole, works(t, "ls", none))
	require.Equal(t, works(t, "ls", none, "1", "times"), works(t, "ls", none, "times"))
	require.Equal(t, works(t, "ls", none, "1", "t*"), works(t, "ls", none, "t*"))
	require.Equal(t, works(t, "cat", none, "1", "readme.txt"), works(t, "cat", none, "readme.txt"))
	require.Equal(t, none+`: no image is named "nothing"`, fails(t, "ls", none, "nothing"))
	require.Equal(t, none+`: no image is named "nothing"`, fails(t, "ls", none, "nothing", "times"))
	require.Equal(t, none+`: no image is named "times"`, fails(t, "ls", none, "times", "times"))
	require.Equal(t, none+`: no image is named "readme.txt"`, fails(t, "cat", none, "readme.txt", "readme.txt"))

	dir := t.TempDir()
	_, stderr, status := command("extract", none, "readme.txt", "--to", dir)
	require.Zero(t, status, stderr)
	require.FileExists(t, filepath.Join(dir, "readme.txt"))
	_, stderr, status = command("tar", none, "readme.txt", "-o", filepath.Join(dir, "x.tar"))
	require.Zero(t, status, stderr)

	require.Equal(t, install+": there are 3 images; name one of 1 Windows 10 Pro, 2 Windows 10 Home, 3 Windows 10 Enterprise", fails(t, "ls", install))
	for _, edition := range []string{"Professional", "professional", "Windows 10 Pro"} {
		require.Contains(t, works(t, "info", install, edition), "Edition              Professional\n")
	}
	require.Contains(t, works(t, "info", install, "Core"), "Name                 Windows 10 Home\n")
}

// The wildcards, streams and drives that people of Windows type.
func TestPathsOfWindows(t *testing.T) {
	none := fixture(t, "none.wim")
	require.Equal(t, "/times/after-2038.txt\n/times/before-1970.txt\n/times/epoch.txt\n", works(t, "ls", none, "1", "times/*"))
	require.Equal(t, "/twin-1.txt\n/twin-2.txt\n", works(t, "ls", none, "1", `C:\TWIN-?.TXT`))
	require.Equal(t, "/times\n", works(t, "ls", none, "1", "tim*"))
	require.Equal(t, "/times\n/times/after-2038.txt\n/times/before-1970.txt\n/times/epoch.txt\n", works(t, "ls", "-R", none, "1", "tim*"))
	require.Equal(t, "ls *.nothing: file does not exist", fails(t, "ls", none, "1", "*.nothing"))
	require.Contains(t, fails(t, "ls", none, "1", "[a"), "syntax error in pattern")

	content := works(t, "cat", none, "1", "readme.txt")
	for _, path := range []string{"readme.txt::$DATA", "readme.txt::$data", `C:\readme.txt`, `c:/readme.txt::$DATA`, "readme.txt:"} {
		require.Equal(t, content, works(t, "cat", none, "1", path), path)
	}
	require.Equal(t, works(t, "ls", none, "1"), works(t, "ls", none, "1", "C:"))
	ntfs := fixture(t, "ntfs.wim")
	var path, stream string
	for _, sum := range wimtest.FixtureSums(t, "ntfs") {
		if sum.Stream != "" {
			path, stream = sum.Path, sum.Stream
		}
	}
	require.NotEmpty(t, stream)
	require.Equal(t, works(t, "cat", ntfs, "1", path+":"+stream), works(t, "cat", ntfs, "1", path+":"+stream+":$DATA"))
}

func TestFolderOfMedia(t *testing.T) {
	dir := copies(t, "Sources/Install.WIM=install.wim", "Sources/boot.wim=boot.wim")
	require.Contains(t, works(t, "info", dir), filepath.Join(dir, "Sources", "Install.WIM"))
	require.Contains(t, works(t, "version", dir, "1"), "10.0.18362")
	require.Regexp(t, `problems: 0\n$`, works(t, "verify", dir))
}

func TestOffset(t *testing.T) {
	file := writeFile(t, "setup.exe", append(bytes.Repeat([]byte("MZ"), 500), wimtest.FixtureBytes(t, "none.wim")...))
	require.Equal(t, works(t, "ls", fixture(t, "none.wim")), works(t, "ls", "--offset", "1000", file))
	require.Equal(t, file+": wim: invalid data: this is a program; a WIM may begin at offset 1000, which --offset 1000 opens; "+
		"if it unpacks itself, run it or open it with 7-Zip", fails(t, "ls", file))
	require.Contains(t, fails(t, "ls", "--offset", "999", file), "at offset 999: ")
}

// Nothing expands patterns for programs of cmd.exe.
func TestReferences(t *testing.T) {
	dir := copies(t, "refs/lzx-32k.wim=lzx-32k.wim", "refs/text.txt=README.md", "delta.wim")
	delta := filepath.Join(dir, "delta.wim")
	require.Contains(t, works(t, "info", delta), "Missing      about ")
	for _, ref := range []string{"refs/lzx-32k.wim", "refs", "refs/*.wim", "refs/lzx-??k.wim"} {
		require.Regexp(t, `missing blobs: 0; problems: 0\n$`, works(t, "verify", delta, "--ref", filepath.Join(dir, ref)), ref)
		require.NotContains(t, works(t, "info", delta, "--ref", filepath.Join(dir, ref)), "Missing")
	}
	require.Contains(t, fails(t, "verify", delta, "--ref", filepath.Join(dir, "*.nothing")), "no file matches")
	require.Contains(t, fails(t, "verify", delta, "--ref", t.TempDir()), "no .wim, .esd or .swm file is in this folder")

	// In a folder, files are known by the names that package media knows.
	recovery := copies(t, "Reconstruct.WIM2=lzx-32k.wim")
	require.Regexp(t, `missing blobs: 0; problems: 0\n$`, works(t, "verify", delta, "--ref", recovery))

	// A pattern for a set has parts that are open already.
	set := copies(t, "split.swm", "split2.swm", "split3.swm")
	require.Regexp(t, `problems: 0\n$`, works(t, "verify", filepath.Join(set, "split.swm"), "--ref", filepath.Join(set, "split*.swm")))
}

func TestVerifySeveral(t *testing.T) {
	dir := copies(t, "none.wim", "split.swm", "split2.swm", "split3.swm")
	bad := wimtest.FixtureBytes(t, "none.wim")
	bad[bytes.Index(bad, []byte("A fixture of wimble"))] = 'B'
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.wim"), bad, 0o600))
	path := func(name string) string { return filepath.Join(dir, name) }

	stdout, stderr, status := command("verify", path("nothing.wim"), path("bad.wim"), path("none.wim"), path("split*.swm"))
	require.Equal(t, 1, status)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 3, stdout)
	for i, name := range []string{"bad.wim", "none.wim", "split.swm"} {
		require.True(t, strings.HasPrefix(lines[i], path(name)+": "), lines[i])
	}
	require.Contains(t, stderr, path("split2.swm")+": checked with "+path("split.swm")+", of the same set\n")
	require.Contains(t, stderr, "wimble: "+path("bad.wim")+" is damaged or incomplete\n")
	require.Contains(t, stderr, "wimble: "+noFile(t, path("nothing.wim"))+"\n")

	stdout, _, status = command("verify", "--json", path("nothing.wim"), path("bad.wim"), path("none.wim"))
	require.Equal(t, 1, status)
	var objects []map[string]any
	for line := range strings.Lines(stdout) {
		objects = append(objects, parseJSON(t, line))
	}
	require.Len(t, objects, 3)
	const keys = `path ok blobs bytes images integrity missing_parts missing_blobs problems more_problems notes more_notes`
	requireKeys(t, objects[0], keys+" error")
	requireKeys(t, objects[1], keys+" error")
	requireKeys(t, objects[2], keys)
	require.Equal(t, []any{false, false, true}, []any{objects[0]["ok"], objects[1]["ok"], objects[2]["ok"]})
	problem := objects[1]["problems"].([]any)[0].(map[string]any)
	require.Equal(t, "checksum", problem["kind"])
	require.Equal(t, []any{"1:readme.txt"}, problem["affected"])
	require.Empty(t, objects[2]["problems"])
	require.Equal(t, "absent", objects[2]["integrity"])
}

// One missing content is as good as a thousand: extract and tar have one message
// for all, and ten of the files.
func TestMissingContentIsSummedUp(t *testing.T) {
	for _, args := range [][]string{{"extract", "--to", t.TempDir()}, {"tar", "-o", filepath.Join(t.TempDir(), "out.tar")}} {
		_, stderr, status := command(append(args, fixture(t, "delta.wim"))...)
		require.Equal(t, 1, status)
		require.Equal(t, 1, strings.Count(stderr, "content is not in this WIM"), stderr)
		require.Equal(t, mostAffected, strings.Count(stderr, "\n  affects 1:"), stderr)
	}
}

// Info decodes no metadata: a tree may unfold to thousands of times its size.
func TestInfoReadsNoTrees(t *testing.T) {
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32<<10)
	root := wimtest.Directory("")
	for range 50_000 {
		root.Children = append(root.Children, wimtest.RegularFile("the same name for all of the files", [20]byte{1}))
	}
	metadata := (&wimtest.Metadata{Root: root}).Bytes()
	require.Greater(t, len(metadata), 8<<20)
	w.AddMetadata(metadata)
	w.XML = wimtest.XML(`<WIM><IMAGE INDEX="1"><TOTALBYTES>1000000</TOTALBYTES></IMAGE></WIM>`)
	file := writeFile(t, "trees.wim", w.Bytes())
	for _, args := range [][]string{{"info", file}, {"info", "--json", file}, {"info", file, "1"}, {"info", "--json", file, "1"}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		works(t, args...)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(len(metadata)), "%v", args)
	}
	// With --limit a tree may be refused, and the message says how it is not.
	require.Regexp(t, `limit exceeded.*; --limit SIZE raises it$`, fails(t, "ls", file, "--limit", "1MiB"))
	_, _, status := command("ls", file, "--limit", "100MB")
	require.Zero(t, status)
}

// A hundred columns of Chinese or emoji are two hundred on a terminal.
func TestTableWithWideCharacters(t *testing.T) {
	var out bytes.Buffer
	list := newTable(&out)
	list.row("空の🚀", "x")
	list.row("e\u0301", "y") // one column
	list.row("abcdefg", "z")
	require.NoError(t, list.flush())
	require.Equal(t, "空の🚀   x\ne\u0301        y\nabcdefg  z\n", out.String()) // 6, 1 and 7 columns wide

	// One long cell does not make all rows long.
	out.Reset()
	list.row(strings.Repeat("x", 100_000), "y")
	for range 100 {
		list.row("a", "b")
	}
	require.NoError(t, list.flush())
	require.Less(t, out.Len(), 120_000)
}

func TestVersionFlag(t *testing.T) {
	require.Regexp(t, `^wimble \S+ go\S+ \w+/\w+\n$`, strings.Replace(works(t, "--version"), "(unknown version)", "devel", 1))
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]size{
		"1": 1, "4096": 4096, "4000MiB": 4000 << 20, "3.8GB": 3_800_000_000, "2g": 2 << 30, "1 KiB": 1024, "300mb": 300_000_000,
	} {
		var s size
		require.NoError(t, s.Set(text), text)
		require.Equal(t, want, s)
	}
	for _, text := range []string{"", "x", "0", "-1", "1e30", "NaN", "Inf", "MiB", "1 xB", "9223372036854775808"} {
		require.Error(t, new(size).Set(text), text)
	}
}

// All that an image's XML has, in JSON and for people.
func TestInfoOfAnImage(t *testing.T) {
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("")})
	w.XML = wimtest.XML(`<WIM><IMAGE INDEX="1"><NAME>n</NAME><WIMBOOT>1</WIMBOOT><WINDOWS><ARCH>9</ARCH>` +
		`<SERVICINGDATA><GDRDUREVISION>20200101000000</GDRDUREVISION><IMAGESTATE>IMAGE_STATE_COMPLETE</IMAGESTATE></SERVICINGDATA>` +
		`<LANGUAGES><LANGUAGE>de-AT</LANGUAGE><FALLBACK LANGUAGE="de-AT">de-DE</FALLBACK><DEFAULT>de-AT</DEFAULT></LANGUAGES></WINDOWS>` +
		`<PACKAGE ID="{1}"><RANK>0</RANK></PACKAGE></IMAGE></WIM>`)
	file := writeFile(t, "one.ppkg", w.Bytes())
	image := parseJSON(t, works(t, "info", "--json", file, "1"))
	require.Equal(t, true, image["wimboot"])
	require.Equal(t, []any{map[string]any{"name": "PACKAGE", "attributes": map[string]any{"ID": "{1}"},
		"children": []any{map[string]any{"name": "RANK", "text": "0"}}}}, image["other"])
	windows := image["windows"].(map[string]any)
	require.Equal(t, map[string]any{"de-AT": "de-DE"}, windows["fallback_languages"])
	require.Equal(t, map[string]any{"image_state": "IMAGE_STATE_COMPLETE", "gdrdu_revision": "20200101000000", "pkeyconfig_version": ""}, windows["servicing_data"])
	for _, key := range []string{"version", "major", "minor", "build", "ubr"} { // there is no VERSION
		require.Contains(t, windows, key)
		require.Nil(t, windows[key], key)
	}
	out := works(t, "info", file, "n")
	for _, line := range []string{"Fallback languages   de-DE for de-AT", "Image state          IMAGE_STATE_COMPLETE", "WIMBoot              yes",
		"PACKAGE              -", "  ID=                {1}", "  RANK               0"} {
		require.Contains(t, out, line+"\n")
	}
	require.NotContains(t, out, "Version")
}

// Every time that a file can have is empty or RFC 3339 in JSON, whose years have
// four digits.
func TestJSONTimes(t *testing.T) {
	w := wimtest.NewWIM()
	// 10000-01-01 is 21 times 400 years of 146097 days after 1601-01-01, less
	// the 366 days of the year 10000, in units of 100 ns.
	const end = (21*146097 - 366) * 864_000_000_000
	for i, at := range []uint64{0, 1, end - 1, end, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		file := wimtest.RegularFile(string(rune('a'+i)), [20]byte{})
		file.Times = [3]uint64{at, at, at}
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file)})
	}
	file := writeFile(t, "times.wim", w.Bytes())
	for i, want := range []string{"", "1601-01-01T00:00:00.0000001Z", "9999-12-31T23:59:59.9999999Z", "", "", "", ""} {
		line := parseJSON(t, works(t, "ls", "--json", file, string(rune('1'+i))))
		require.Equal(t, want, line["modified"], "%d", i)
	}
}

func TestLsACLAndTarget(t *testing.T) {
	// S-1-5-18, the system, is the owner ([MS-DTYP], sections 2.4.2 and 2.4.6).
	descriptor := []byte("\x01\x00\x00\x80\x14\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00")
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("file", [20]byte{})
	file.SecurityID = 0
	bad := wimtest.RegularFile("other", [20]byte{})
	bad.SecurityID = 1
	link := wimtest.Symlink("way", w.AddBlob(wimtest.SymlinkData("to", true)))
	w.AddImage(&wimtest.Metadata{Security: [][]byte{descriptor, descriptor[:10]}, Root: wimtest.Directory("", file, bad, link)})
	name := writeFile(t, "acl.wim", w.Bytes())
	require.Equal(t, "file\n  O:SY\nother\nway\n", works(t, "ls", "--acl", name))
	lines := strings.Split(works(t, "ls", "--acl", "--json", name), "\n")
	require.Equal(t, "O:SY", parseJSON(t, lines[0]+"\n")["security_descriptor"])
	require.NotContains(t, parseJSON(t, lines[1]+"\n"), "security_descriptor")
	require.Equal(t, "to", parseJSON(t, lines[2]+"\n")["target"])
	require.NotContains(t, works(t, "ls", "--json", name), "O:SY")
}
