package wim

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// keptPaths walks a tree as a capture does and returns what a list keeps.
func keptPaths(t *testing.T, x *Exclusions, tree fs.FS) []string {
	t.Helper()
	var kept []string
	below := map[string]*exclusionsBelow{".": x.below()}
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		dir, name := filepath.Split(path)
		here, keep := below[filepath.Clean(dir)].child(name, d.IsDir())
		switch {
		case keep:
			kept = append(kept, path)
			below[path] = here
		case d.IsDir():
			return fs.SkipDir
		}
		return nil
	}))
	return kept
}

func treeOf(files ...string) fstest.MapFS {
	tree := fstest.MapFS{}
	for _, name := range files {
		tree[name] = &fstest.MapFile{Data: []byte(name)}
	}
	return tree
}

// What wimlib-imagex 1.13.5 keeps, as its capture --config of such a folder
// shows.
func TestExclusions(t *testing.T) {
	tree := treeOf("b/[x]", "b/pagefile.sys", "b/x", "dir/f1", "dir/other/z", "dir/sub/x.mp3", "dir/sub/y", "keep/b.mp3", "keep/dir/q", "pagefile.sys")
	all := keptPaths(t, nil, tree)
	require.Len(t, all, 16)
	for _, c := range []struct{ list, gone string }{
		{`\dir!\dir\sub`, "dir/f1 dir/other dir/other/z"},
		{`\dir!\dir\sub\y`, "dir/f1 dir/other dir/other/z dir/sub/x.mp3"},
		{`\dir!sub`, "dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`dir`, "dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y keep/dir keep/dir/q"},
		{`dir!\keep\dir`, "dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`\dir\*`, "dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`\*\other`, "dir/other dir/other/z"},
		{`*.mp3`, "dir/sub/x.mp3 keep/b.mp3"},
		{`"\dir\sub"|'x'`, "b/x dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`C:\dir\sub`, "dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`\keep\`, "keep keep/b.mp3 keep/dir keep/dir/q"},
		{`\keep\\dir`, "keep/dir keep/dir/q"},
		{`/keep/dir`, "keep/dir keep/dir/q"},
		{`\b\[x]`, "b/[x]"},
		{`*`, strings.Join(all, " ")},
		{`\dir\*b`, "dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`\dir\?1`, "dir/f1"},
		{`\di*\sub!\d*\sub\y`, "dir/sub/x.mp3"},
		{`\dir!\d*\s*`, "dir/f1 dir/other dir/other/z"},
		{`\dir!*.mp3`, "dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`\dir\sub|*.mp3!\dir\sub\x.mp3`, "dir/sub/y keep/b.mp3"},
		{`\keep!\keep\nothere`, "keep/b.mp3 keep/dir keep/dir/q"},
		{`*.mp3!\dir`, "keep/b.mp3"},
		{`*!\keep`, "b b/[x] b/pagefile.sys b/x dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y pagefile.sys"},
		{`*.*`, "b/pagefile.sys dir/sub/x.mp3 keep/b.mp3 pagefile.sys"},
		{`?`, "b b/[x] b/pagefile.sys b/x dir/other/z dir/sub/y keep/dir/q"},

		// wimlib differs: what it compares on Linux has case, its exceptions
		// that are names are of that name alone, and it refuses paths from
		// nowhere.
		{`*.MP3|\KEEP\DIR`, "dir/sub/x.mp3 keep/b.mp3 keep/dir keep/dir/q"},
		{`*.mp3!sub`, "keep/b.mp3"},
		{`dir!\keep\dir\nothere`, "dir dir/f1 dir/other dir/other/z dir/sub dir/sub/x.mp3 dir/sub/y keep/dir/q"},
		{`dir\sub|sub\x`, "dir/sub dir/sub/x.mp3 dir/sub/y"},
		{`dir\?`, "keep/dir/q"},
		{`\pagefile.sys!\pagefile.sys\x`, "pagefile.sys"}, // is no directory, wimlib keeps it
	} {
		exclusions, exceptions, _ := strings.Cut(c.list, "!")
		x, err := ParseExclusions([]byte("[ExclusionList]\n" + strings.ReplaceAll(exclusions, "|", "\n") + "\n[ExclusionException]\n" + exceptions))
		require.NoError(t, err)
		require.Empty(t, x.Warnings())
		kept := keptPaths(t, x, tree)
		var gone []string
		for _, path := range all {
			if !slices.Contains(kept, path) {
				gone = append(gone, path)
			}
		}
		require.Equal(t, c.gone, strings.Join(gone, " "), c.list)
	}
}

func TestDefaultExclusions(t *testing.T) {
	tree := treeOf("$ntfs.log", "HIBERFIL.SYS", "pagefile.sys", "swapfile.sys", "System Volume Information/x", "Recycler/x",
		"$Recycle.Bin/x", "Windows/CSC/x", "Windows/x", "sub/pagefile.sys", "pagefile.sys2")
	require.Equal(t, []string{"Windows", "Windows/x", "pagefile.sys2", "sub", "sub/pagefile.sys"}, keptPaths(t, DefaultExclusions(), tree))
}

func TestParseExclusions(t *testing.T) {
	const list = "  [exclusionlist]\t\r\n  größe \r\n;#x\r\n#sub\r\n[PrepopulateList]\r\n*\r\n[CompressionExclusionList]\r\n*.zip\r\n" +
		"[CompressionFolderList]\r\n\\keep\r\n[EXCLUSIONEXCEPTION]\r\n\\a\\größe"
	tree := treeOf("a/GRÖSSE", "a/größe", "b/GRÖßE", "x.zip", "keep/größe/1", "sub")
	want := []string{"a", "a/GRÖSSE", "a/größe", "b", "keep", "sub", "x.zip"}
	utf16Text := utf16le.AppendUnits(nil, append([]uint16{0xFEFF}, utf16.Encode([]rune(list))...))
	swapped := make([]byte, len(utf16Text))
	for i := range utf16Text {
		swapped[i^1] = utf16Text[i]
	}
	for _, data := range []string{list, "\uFEFF" + list, string(utf16Text), string(swapped)} {
		x, err := ParseExclusions([]byte(data))
		require.NoError(t, err)
		require.Empty(t, x.Warnings())
		require.Equal(t, want, keptPaths(t, x, tree))
	}

	x, err := ParseExclusions([]byte("*.zip\n[Exclusion List]\nsub\n[ExclusionList]\nkeep\n"))
	require.NoError(t, err)
	require.Len(t, x.Warnings(), 2)
	require.ErrorContains(t, x.Warnings()[0], "line 1:")
	require.ErrorContains(t, x.Warnings()[1], `line 2: nobody knows a section "[Exclusion List]"`)
	require.Equal(t, []string{"a", "a/GRÖSSE", "a/größe", "b", "b/GRÖßE", "sub", "x.zip"}, keptPaths(t, x, tree))

	for list, want := range map[string]string{
		"[ExclusionList]\n\"\"":    `line 2: pattern "\"\"" names no file`,
		"[ExclusionList]\n\n\\":    `line 3: pattern "\\" names no file`,
		"[ExclusionList]\n.\\x":    `line 2: pattern ".\\x" has an element`,
		"[ExclusionList]\n\\a\\..": `line 2: pattern "\\a\\.." has an element`,
		"[ExclusionList]\nC:dir":   `line 2: pattern "C:dir" has a drive`,
		"[ExclusionList]\ngr\xf6":  `line 2 is neither UTF-8 nor UTF-16`,
		"\xFF\xFE[\x00E":           `UTF-16 of 5 bytes`,
	} {
		_, err := ParseExclusions([]byte(list))
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, want)
	}
	require.ErrorIs(t, new(Exclusions).Exclude(""), ErrOption)
}

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"**", "x", true}, {"?", "", false}, {"?", "ö", true}, {"??", "ö", false},
		{"*b*c", "abcbc", true}, {"*b*c", "abcb", false}, {"a*", "b", false}, {"*a", "aa", true}, {"*ö?", "xöö", true},
		{"*.???", "x.mp3", true}, {"*.???", "x.mp3x", false}, {"a?c*", "abc", true}, {"[a]", "a", false}, {`\*`, "*", false},
	} {
		require.Equal(t, c.want, matchGlob(c.pattern, c.name), "%q %q", c.pattern, c.name)
	}
	// A matcher that tries all places of all stars would take 10^20 steps.
	require.False(t, matchGlob(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 255)))
}

// wimlib captures random folders with random lists, and keeps what we keep.
func TestExclusionsAsWimlib(t *testing.T) {
	if testing.Short() {
		t.Skip("tests with other programs are left out in short mode")
	}
	if _, err := exec.LookPath("wimlib-imagex"); err != nil {
		t.Skip("wimlib-imagex is not on PATH; on Debian it is in the package wimtools")
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "ab", "ba.x", "c.x", "öde"}
	name := func() string { return names[random.IntN(len(names))] }
	glob := func() string {
		return []string{name(), name(), "*", "a?", "a*", "*.x", "?b", "*a*"}[random.IntN(8)]
	}
	for round := range 80 {
		dir := t.TempDir()
		for range 15 {
			path := filepath.Join(dir, name(), name(), name())
			if os.MkdirAll(filepath.Dir(path), 0o777) == nil {
				os.WriteFile(path, nil, 0o666)
			}
		}
		// A list has either names or paths: exceptions in what a name leaves
		// out are another thing with wimlib.
		list := "[ExclusionList]\n"
		if random.IntN(2) == 0 {
			list += glob() + "\n" + glob() + "\n"
		} else {
			for range 2 {
				list += `\` + strings.Join([]string{glob(), glob(), glob()}[:1+random.IntN(3)], `\`) + "\n"
			}
			list += "[ExclusionException]\n"
			for range random.IntN(3) {
				list += `\` + strings.Join([]string{name(), glob(), name()}[:1+random.IntN(3)], "/") + "\n"
			}
		}
		config, file := filepath.Join(t.TempDir(), "list.ini"), filepath.Join(t.TempDir(), "x.wim")
		require.NoError(t, os.WriteFile(config, []byte(list), 0o666))
		out, err := exec.Command("wimlib-imagex", "capture", dir, file, "--config="+config, "--compress=none").CombinedOutput()
		require.NoError(t, err, "%s", out)
		r, err := OpenReader(file)
		require.NoError(t, err)
		captured, err := r.Images[0].FS()
		require.NoError(t, err)
		x, err := ParseExclusions([]byte(list))
		require.NoError(t, err)
		require.Equal(t, keptPaths(t, nil, captured), keptPaths(t, x, os.DirFS(dir)), "round %d\n%s", round, list)
		require.NoError(t, r.Close())
	}
}

func FuzzParseExclusions(f *testing.F) {
	for _, seed := range []string{"[ExclusionList]\n\\a\\b\n*.x\n[ExclusionException]\n\\a\\b\\c.x", "\xFF\xFE[\x00", "[ExclusionList]\n'\\?:\\*'"} {
		f.Add([]byte(seed), "a/b/c.x")
	}
	f.Fuzz(func(t *testing.T, list []byte, path string) {
		x, err := ParseExclusions(list)
		if err != nil || len(path) > 100 {
			return
		}
		// An exception that names the path itself keeps it, whatever else there
		// is.
		elements := strings.Split(path, "/")
		keeps := func() bool {
			at, keep := x.below(), true
			for i := range elements {
				if at, keep = at.child(elements[i], true); !keep {
					return false
				}
			}
			return true
		}
		keeps()
		if x.add("/"+path, true) == nil && !strings.Contains(path, `\`) && fs.ValidPath(path) {
			if !keeps() {
				t.Fatalf("%q is left out", path)
			}
		}
	})
}
