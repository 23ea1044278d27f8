package wim_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// diff(1) of random trees that wimlib captured and extracted again says what
// Diff says: of the images, of an image and a folder, and of two folders.
func TestDiffIsDiff(t *testing.T) {
	needsWimlib(t)
	total := 0
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 17))
		work := t.TempDir()
		trees := []string{filepath.Join(work, "old"), filepath.Join(work, "new")}
		makeRandomTree(t, random, trees[0])
		require.NoError(t, exec.Command("cp", "-a", trees[0], trees[1]).Run())
		for range 1 + random.IntN(40) {
			changeRandomTree(t, random, trees[1])
		}
		file := filepath.Join(work, "both.wim")
		mustWimlib(t, "capture", trees[0], file, "old", "--compress=none")
		mustWimlib(t, "append", trees[1], file, "new")
		extracted := []string{filepath.Join(work, "1"), filepath.Join(work, "2")}
		mustWimlib(t, "apply", file, "1", extracted[0])
		mustWimlib(t, "apply", file, "2", extracted[1])

		want := runDiff(t, extracted[0], extracted[1])
		total += len(want)
		r := openFile(t, file)
		old, new := imageFS(t, r, 1), imageFS(t, r, 2)
		require.Equal(t, want, asDiff(t, old, new), "seed %d", seed)
		require.Equal(t, want, asDiff(t, old, os.DirFS(extracted[1])), "seed %d", seed)
		require.Equal(t, want, asDiff(t, openDir(t, extracted[0]), new), "seed %d", seed)
		require.Equal(t, want, asDiff(t, os.DirFS(extracted[0]), os.DirFS(extracted[1])), "seed %d", seed)
		for i, tree := range []*wim.FS{old, new} {
			require.Empty(t, changes(t, tree, os.DirFS(extracted[i])))
			require.Empty(t, changes(t, tree, openDir(t, extracted[i])))
		}
	}
	require.Greater(t, total, 100)
}

// openDir opens a folder for the duration of the test.
func openDir(t *testing.T, name string) *wim.Dir {
	t.Helper()
	dir, err := wim.OpenDir(name)
	require.NoError(t, err)
	t.Cleanup(func() { dir.Close() })
	return dir
}

// makeRandomTree makes a folder of some directories, files and links, whose
// contents are often the same.
func makeRandomTree(t *testing.T, random *rand.Rand, root string) {
	require.NoError(t, os.Mkdir(root, 0o755))
	for range 10 + random.IntN(60) {
		addRandom(t, random, root)
	}
}

var randomNames = strings.Fields("a A b B aa aA Aa file.txt FILE.TXT ä Ä x.dll y.dll")

func addRandom(t *testing.T, random *rand.Rand, root string) {
	name := filepath.Join(pick(t, random, root, true), randomNames[random.IntN(len(randomNames))])
	if _, err := os.Lstat(name); err == nil {
		return
	}
	switch random.IntN(6) {
	case 0, 1:
		require.NoError(t, os.Mkdir(name, 0o755))
	case 2:
		require.NoError(t, os.Symlink(randomNames[random.IntN(len(randomNames))], name))
	default:
		require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", random.IntN(4))+strconv.Itoa(random.IntN(20))), 0o644))
	}
}

// pick picks a directory, or anything but the root.
func pick(t *testing.T, random *rand.Rand, root string, directory bool) string {
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if d.IsDir() && directory || !directory && name != root {
			found = append(found, name)
		}
		return err
	}))
	if len(found) == 0 {
		return ""
	}
	return found[random.IntN(len(found))]
}

func changeRandomTree(t *testing.T, random *rand.Rand, root string) {
	name := pick(t, random, root, false)
	if name == "" {
		return
	}
	switch random.IntN(6) {
	case 0:
		require.NoError(t, os.RemoveAll(name))
	case 1, 2: // rename; not into itself, nor onto something
		to := filepath.Join(pick(t, random, root, true), randomNames[random.IntN(len(randomNames))])
		if _, err := os.Lstat(to); err != nil && !strings.HasPrefix(to+"/", name+"/") {
			require.NoError(t, os.Rename(name, to))
		}
	case 3:
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
			require.NoError(t, os.WriteFile(name, []byte("changed "+strconv.Itoa(random.IntN(3))), 0o644))
		}
	default:
		addRandom(t, random, root)
	}
}

// runDiff returns the lines of diff(1), with the two folders called 1 and 2.
func runDiff(t *testing.T, old, new string) []string {
	cmd := exec.Command("diff", "-rq", "--no-dereference", filepath.Base(old), filepath.Base(new))
	cmd.Dir = filepath.Dir(old)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		require.Equal(t, 1, cmd.ProcessState.ExitCode())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		lines = []string{}
	}
	slices.Sort(lines)
	return lines
}

// asDiff says what Diff finds in the words of diff(1), which lists no more of a
// folder that is missing than its name, and knows no renames.
func asDiff(t *testing.T, old, new fs.FS) []string {
	t.Helper()
	only := []map[string]fs.FileInfo{{}, {}} // by path, what the other tree has not, in its name or in its kind
	lines := []string{}
	for c, err := range wim.Diff(t.Context(), old, new, wim.WithAspects(wim.AspectContent|wim.AspectReparse)) {
		require.NoError(t, err)
		if c.Path == c.OldPath && c.Kind == wim.ChangeModified && c.Old.Mode().Type() == c.New.Mode().Type() {
			what := map[bool]string{false: "Files", true: "Symbolic links"}[c.New.Mode().Type() == fs.ModeSymlink]
			require.Equal(t, what == "Files", c.Aspects == wim.AspectContent)
			require.Equal(t, what != "Files", c.Aspects == wim.AspectReparse)
			lines = append(lines, fmt.Sprintf("%s 1/%s and 2/%s differ", what, c.Path, c.Path))
			continue
		}
		if c.Old != nil {
			only[0][c.OldPath] = c.Old
		}
		if c.New != nil {
			only[1][c.Path] = c.New
		}
	}
	for side, paths := range only {
		for name, info := range paths {
			other, both := only[1-side][name]
			switch {
			case paths[path.Dir(name)] != nil:
			case both && side == 0:
				lines = append(lines, fmt.Sprintf("File 1/%s is a %s while file 2/%s is a %s", name, kindInDiff(info), name, kindInDiff(other)))
			case !both:
				lines = append(lines, fmt.Sprintf("Only in %s: %s", path.Join(strconv.Itoa(side+1), path.Dir(name)), path.Base(name)))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func kindInDiff(info fs.FileInfo) string {
	switch {
	case info.IsDir():
		return "directory"
	case info.Mode().Type() == fs.ModeSymlink:
		return "symbolic link"
	case info.Size() == 0:
		return "regular empty file"
	}
	return "regular file"
}
