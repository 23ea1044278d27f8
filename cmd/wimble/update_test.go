package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// withStdin has the command read a text.
func withStdin(t *testing.T, text string) {
	t.Helper()
	file, err := os.Open(writeFile(t, "stdin", []byte(text)))
	require.NoError(t, err)
	old := os.Stdin
	os.Stdin = file
	t.Cleanup(func() {
		os.Stdin = old
		file.Close()
	})
}

// TestSplitWords has what wimlib-imagex 1.13.6 made of the same lines.
func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                      nil,
		"  \t ":                 nil,
		"add a b":               {"add", "a", "b"},
		"add\ta  b\r":           {"add", "a", "b"},
		`add "a b" 'c d'`:       {"add", "a b", "c d"},
		`rename 'a"b' "c'd"`:    {"rename", `a"b`, `c'd`},
		`add "n"m`:              {"add", "n", "m"},
		`add n"m p"`:            {"add", `n"m`, `p"`},
		`delete \dir\"x y"`:     {"delete", `\dir\"x`, `y"`},
		`delete ""`:             {"delete", ""},
		`add "C:\My Dir" '\My'`: {"add", `C:\My Dir`, `\My`},
	} {
		words, err := splitWords(line)
		require.NoError(t, err, line)
		require.Equal(t, want, words, line)
	}
	for _, line := range []string{`add "x`, `'`, `add 'a"`} {
		_, err := splitWords(line)
		require.ErrorContains(t, err, "a quote is not closed")
	}
}

func TestParseCommands(t *testing.T) {
	commands, err := readCommands(strings.NewReader("\ufeff# c\n\n  # d\nADD --no-replace a /b\r\ndelete /x --force --recursive\nrename -- --a b"))
	require.NoError(t, err)
	require.Equal(t, []fileCommand{
		{line: 4, word: "add", paths: []string{"a", "/b"}, noReplace: true},
		{line: 5, word: "delete", paths: []string{"/x"}, force: true, recursive: true},
		{line: 6, word: "rename", paths: []string{"--a", "b"}},
	}, commands)
	for text, problem := range map[string]string{
		"frob x":                `line 1: "frob" is none of add, delete, rename`,
		"\nadd n":               "line 2: add takes 2 paths, not 1",
		"delete a b":            "line 1: delete takes 1 paths, not 2",
		"delete --no-replace a": "line 1: delete has no option --no-replace",
		`delete ""`:             "line 1: an empty path",
		`add "a`:                `line 1: a quote is not closed: "a`,
		"\n" + strings.Repeat("x", maxCommandLine+1): "line 2: bufio.Scanner: token too long",
	} {
		_, err := readCommands(strings.NewReader(text))
		require.ErrorContains(t, err, problem)
	}
}

func FuzzCommands(f *testing.F) {
	for _, text := range []string{"add a b\n# c\ndelete --force 'x y'", "rename \"a\" b", "\ufeffadd", "delete \x00 \xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		commands, err := readCommands(strings.NewReader(text))
		if err != nil {
			requireHarmless(t, err.Error(), "an error")
			return
		}
		// What was read can be written, and is then read as it was.
		var again []string
		for _, c := range commands {
			line := c.word
			for option, o := range commandOptions {
				var with fileCommand
				o.set(&with)
				if with.force && c.force || with.recursive && c.recursive || with.noReplace && c.noReplace {
					line += " " + option
				}
			}
			line += " --"
			for _, path := range c.paths {
				quote := `"`
				if strings.Contains(path, quote) {
					quote = "'"
				}
				if strings.Contains(path, quote) {
					return // a word that began without a quote and has both kinds
				}
				line += " " + quote + path + quote
			}
			again = append(again, line)
		}
		read, err := readCommands(strings.NewReader(strings.Join(again, "\n")))
		require.NoError(t, err)
		require.Len(t, read, len(commands))
		for i := range read {
			commands[i].line = i + 1
			require.Equal(t, commands[i], read[i])
		}
	})
}

func TestUpdate(t *testing.T) {
	file := copyOf(t, fixture(t, "multi.wim"))
	src := writeFile(t, "source file", []byte("new content"))
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "sub"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sub", "x"), []byte("x"), 0o666))

	withStdin(t, fmt.Sprintf("add '%s' /a/b.txt\nadd %s a\n\n# done\nrename \\a\\B.txt /c\n", src, folder))
	writes(t, "update", file, "1")
	require.Equal(t, "new content", works(t, "cat", file, "1", "C"))
	require.Equal(t, "x", works(t, "cat", file, "1", "/a/sub/x"))

	writes(t, "update", file, "1", "rename", "/c", "/d")
	writes(t, "update", file, "1", "delete --recursive /a", "delete --force /nothing")
	require.Equal(t, "new content", works(t, "cat", file, "1", "/d"))
	fails(t, "cat", file, "1", "/a/sub/x")
	works(t, "verify", file)

	writes(t, "put", file, "1", src, "/e/")
	require.Equal(t, "new content", works(t, "cat", file, "1", "/e/source file"))
	writes(t, "put", file, "1", src, "/d:stream")
	require.Equal(t, "new content", works(t, "cat", file, "1", "/d:stream"))
	withStdin(t, "from a pipe")
	writes(t, "put", file, "1", "-", "/d")
	require.Equal(t, "from a pipe", works(t, "cat", file, "1", "/d"))
	writes(t, "mv", file, "1", "/d", "/e")
	require.Equal(t, "from a pipe", works(t, "cat", file, "1", "/e/d"))
	writes(t, "mv", file, "1", "/e", "/E")
	require.Contains(t, works(t, "ls", file, "1"), "E\n")
	fails(t, "rm", file, "1", "/e")
	writes(t, "rm", file, "1", "/e", "-r")
	fails(t, "rm", file, "1", "/e", "-r")
	writes(t, "rm", file, "1", "/e", "-rf", "--rebuild", "--check")
	require.Contains(t, works(t, "info", file), "integrity")
	works(t, "verify", file)
}

// TestUpdateAllOrNothing has the last of several commands fail.
func TestUpdateAllOrNothing(t *testing.T) {
	file := copyOf(t, fixture(t, "multi.wim"))
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	src := writeFile(t, "src", []byte("new"))
	for _, last := range []string{
		"delete /nothing", "rename /nothing /x", "add /no/such/file /x", "add " + src + " /", "delete /made", "rename /made /made/into/itself",
		"add --no-replace " + src + " /made/src", "rename /made/src /made", "rename / /x",
		"add " + src + " /" + strings.Repeat("n", 256), "add " + src + " /made/src/below",
	} {
		text := fails(t, "update", file, "1", "add "+src+" /made/src", last)
		requireSaidOnce(t, text)
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after), last)
	}
}

// theirListing is what wimlib lists of an image, without what tells how contents
// are stored, with hard links numbered in order, and times of today as one.
func theirListing(t *testing.T, file string) []wimtest.ListedEntry {
	t.Helper()
	cmd := exec.Command("wimlib-imagex", "dir", file, "1", "--detailed")
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
	output, err := cmd.Output()
	require.NoError(t, err)
	entries, err := wimtest.ParseListing(output)
	require.NoError(t, err)
	slices.SortFunc(entries, func(a, b wimtest.ListedEntry) int { return strings.Compare(a.Path, b.Path) })
	groups := map[uint64]uint64{}
	for i := range entries {
		e := &entries[i]
		if e.LinkCount < 2 {
			e.LinkGroup = 0
		} else {
			if groups[e.LinkGroup] == 0 {
				groups[e.LinkGroup] = uint64(len(groups) + 1)
			}
			e.LinkGroup = groups[e.LinkGroup]
		}
		e.Accessed = time.Time{} // is of the moment when one of us reads a source
		if time.Since(e.Created) < 24*time.Hour {
			e.Created = e.Written // which wimlib takes for it, on Linux
		}
		for _, at := range []*time.Time{&e.Created, &e.Written} {
			if time.Since(*at) < 24*time.Hour {
				*at = time.Time{}
			}
		}
	}
	return entries
}

// TestUpdateLikeWimlib has wimlib and us do the same commands to the same image,
// and compares what wimlib then lists, or that both refuse.
func TestUpdateLikeWimlib(t *testing.T) {
	if testing.Short() {
		t.Skip("tests with other programs are left out in short mode")
	}
	if _, err := exec.LookPath("wimlib-imagex"); err != nil {
		t.Skip("wimlib-imagex is not on PATH; on Debian it is in the package wimtools")
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &updateMaker{Rand: rand.New(rand.NewPCG(seed, 19)), t: t, dir: t.TempDir()}
			m.compare(40)
		})
	}
}

// updateMaker makes random commands.
type updateMaker struct {
	*rand.Rand
	t    *testing.T
	dir  string
	made int
	has  []string // the paths that the image has
}

// source makes a file or folder that no other command has, so that wimlib, which
// remembers what it has read, finds no hard links among them.
func (m *updateMaker) source(depth int) string {
	m.made++
	name := filepath.Join(m.dir, fmt.Sprint("source ", m.made))
	m.fill(name, depth)
	return name
}

func (m *updateMaker) fill(name string, depth int) {
	old := time.Unix(1e9+int64(m.IntN(1e8)), 0)
	switch k := m.IntN(8); {
	case depth > 0:
		require.NoError(m.t, os.Mkdir(name, 0o777))
		seen := map[string]bool{}
		for range m.IntN(4) {
			child := m.name()
			if folded := strings.ToUpper(child); !seen[folded] {
				seen[folded] = true
				m.fill(filepath.Join(name, child), m.IntN(depth+1)-1)
			}
		}
		if m.IntN(3) == 0 {
			require.NoError(m.t, os.WriteFile(filepath.Join(name, "linked"), []byte("linked"), 0o666))
			require.NoError(m.t, os.Link(filepath.Join(name, "linked"), filepath.Join(name, "linked too")))
		}
	case k == 0:
		require.NoError(m.t, os.Symlink([]string{"target", "/target", m.dir + "/base/dir"}[m.IntN(3)], name))
		return
	case k == 1:
		require.NoError(m.t, os.WriteFile(name, nil, 0o666))
	default:
		require.NoError(m.t, os.WriteFile(name, fmt.Append(nil, "content ", m.IntN(20)), 0o666))
	}
	require.NoError(m.t, os.Chtimes(name, old, old))
}

func (m *updateMaker) name() string {
	names := []string{"a", "A", "b", "dir", "Dir", "c d", "Ä", "ä", "日本"}
	return names[m.IntN(len(names))]
}

// path is a path that the image has, most of the time.
func (m *updateMaker) path() string {
	if len(m.has) == 0 || m.IntN(8) == 0 {
		return m.newPath()
	}
	return m.vary(m.has[m.IntN(len(m.has))])
}

// newPath is a path that the image may have.
func (m *updateMaker) newPath() string {
	path := "/" + m.name()
	if len(m.has) > 0 && m.IntN(4) > 0 {
		path = filepath.Join(filepath.Dir(m.has[m.IntN(len(m.has))]), m.name())
	}
	if m.IntN(6) == 0 {
		path += "/" + m.name()
	}
	return m.vary(path)
}

func (m *updateMaker) vary(path string) string {
	switch m.IntN(12) {
	case 0:
		return strings.ReplaceAll(path, "/", `\`)
	case 1:
		return strings.ToUpper(path)
	}
	return path
}

func (m *updateMaker) command() string {
	switch m.IntN(8) {
	case 0:
		options := "--force "
		path := m.path()
		if path != "/" && path != `\` || m.IntN(4) == 0 {
			options = []string{"", "--force ", "--recursive ", "--recursive --force "}[m.IntN(4)]
		}
		return fmt.Sprintf("delete %s'%s'", options, path)
	case 1, 2, 3:
		from, to := m.path(), m.newPath()
		for strings.EqualFold(from, to) && from != to { // wimlib leaves the name as it is then
			to = m.newPath()
		}
		return fmt.Sprintf("rename '%s' '%s'", from, to)
	case 4:
		return fmt.Sprintf("add --no-replace '%s' '%s'", m.source(m.IntN(3)), m.newPath())
	}
	return fmt.Sprintf("add '%s' '%s'", m.source(m.IntN(3)), m.newPath())
}

func (m *updateMaker) compare(steps int) {
	t := m.t
	base := filepath.Join(m.dir, "base")
	m.fill(base, 3)
	require.NoError(t, os.WriteFile(filepath.Join(base, "one"), []byte("linked"), 0o666))
	require.NoError(t, os.Link(filepath.Join(base, "one"), filepath.Join(base, "B")))
	ours, theirs := filepath.Join(m.dir, "ours.wim"), filepath.Join(m.dir, "theirs.wim")
	output, err := exec.Command("wimlib-imagex", "capture", base, ours).CombinedOutput()
	require.NoError(t, err, "%s", output)
	copyFile(t, ours, theirs)
	done := 0
	for range steps {
		var commands []string
		for range 1 + m.IntN(3) {
			commands = append(commands, m.command())
		}
		script := strings.Join(commands, "\n") + "\n"
		cmd := exec.Command("wimlib-imagex", "update", theirs, "1")
		cmd.Env = append(os.Environ(), "WIMLIB_IMAGEX_IGNORE_CASE=1", "LC_ALL=C.UTF-8")
		cmd.Stdin = strings.NewReader(script)
		output, theirErr := cmd.CombinedOutput()
		_, said, status := command(append([]string{"update", ours, "1"}, commands...)...)
		require.Equal(t, theirErr == nil, status == exitDone, "%s\nwimlib: %s\nwimble: %s", script, output, said)
		if theirErr != nil {
			continue
		}
		done++
		listing := theirListing(t, theirs)
		lines := func(list []wimtest.ListedEntry) (lines []string) {
			for _, e := range list {
				lines = append(lines, fmt.Sprintf("%+v", e))
			}
			return lines
		}
		require.Equal(t, lines(listing), lines(theirListing(t, ours)), script)
		m.has = nil
		for _, e := range listing {
			m.has = append(m.has, e.Path)
		}
	}
	require.Greater(t, done, 5)
	output, err = exec.Command("wimlib-imagex", "verify", ours).CombinedOutput()
	require.NoError(t, err, "%s", output)
	works(t, "verify", ours)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o666))
}

// TestPutKeepsWhatTheHostHas puts a folder and a file into an image.
func TestPutKeepsWhatTheHostHas(t *testing.T) {
	file, dir := copyOf(t, fixture(t, "multi.wim")), t.TempDir()
	folder := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o777))
	one := filepath.Join(folder, "one")
	require.NoError(t, os.WriteFile(one, []byte("content"), 0o666))
	require.NoError(t, os.Link(one, filepath.Join(folder, "two")))
	absolute := os.Symlink(folder, filepath.Join(folder, "absolute")) == nil
	accessed, modified := time.Unix(1e9, 123_456_700), time.Unix(1_111_111_111, 987_654_300)
	require.NoError(t, os.Chtimes(one, accessed, modified))
	info, err := os.Stat(one)
	require.NoError(t, err)

	writes(t, "put", file, "1", folder, "/put")
	writes(t, "update", file, "1", "add", one, "/alone")
	writes(t, "put", file, "1", filepath.Join(folder, "two"), "/alone:stream")
	if absolute {
		writes(t, "put", file, "1", filepath.Join(folder, "absolute", "two"), "/alone:other")
	}
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	defer r.Close()
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	entry := func(name string) *wim.Entry {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		return info.Sys().(*wim.Entry)
	}
	require.NotZero(t, entry("put/one").HardLinkGroup)
	require.Equal(t, entry("put/one").HardLinkGroup, entry("put/two").HardLinkGroup)
	require.Zero(t, entry("alone").HardLinkGroup, "its other name is not put")
	require.True(t, entry("alone").LastWriteTime.Time().Equal(info.ModTime().Truncate(100)))
	if runtime.GOOS == "linux" {
		require.True(t, entry("put/two").LastAccessTime.Time().Equal(accessed))
	}
	require.EqualValues(t, len("content"), entry("alone").Stream("stream").Size)
	if absolute {
		require.EqualValues(t, len("content"), entry("alone").Stream("other").Size)
		target, err := tree.ReadLink("put/absolute")
		require.NoError(t, err)
		require.Contains(t, filepath.ToSlash(folder), target, "without a drive")
		require.NotZero(t, entry("put/absolute").Reparse.Flags&1, "its target is as it was")
	}
	works(t, "verify", file)
}

// TestPutUnixData puts files with the owners and modes that they have.
func TestPutUnixData(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	file := copyOf(t, fixture(t, "multi.wim"))
	src := writeFile(t, "src", []byte("content"))
	require.NoError(t, os.Chmod(src, 0o751))
	writes(t, "update", file, "1", "add "+src+" /plain", "add --unix-data "+src+" /unix")
	writes(t, "put", file, "1", src, "/put", "--unix-data")
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	defer r.Close()
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	for name, want := range map[string]uint32{"plain": 0, "unix": 0o100751, "put": 0o100751} {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		unix := info.Sys().(*wim.Entry).Unix
		require.Equal(t, want != 0, unix != nil, name)
		if unix != nil {
			require.Equal(t, want, unix.Mode)
		}
	}
}
