package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/bench/internal/tools"
)

// A seed is a good file, or a set of files that belong together, before it is
// changed.
type seed struct {
	name string
	// parts are the files of a split set in order, or one file. target is the
	// one of them that is changed.
	parts  [][]byte
	target int
	// reference holds what a delta WIM leaves out, "" for none.
	reference string
	weight    int
	layout    *layout
	// peers are the names of the programs that find the unchanged seed good;
	// the others are not asked about its mutants.
	peers []string
}

func (s *seed) data() []byte { return s.parts[s.target] }

// heavy are the fixtures with much content for their size. They have their turn
// less often.
var heavy = []string{"lzx-2m.wim", "solid-lzms-2m.esd"}

// loadSeeds reads the fixtures of testdata and the captures in the cache folder,
// which are made if they are not there.
func loadSeeds(testdata, cache string) ([]*seed, error) {
	var seeds []*seed
	for _, dir := range []string{testdata, cache} {
		list, err := seedsOf(dir)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, list...)
	}
	for _, s := range seeds {
		l, err := parseLayout(s.data())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		s.layout = l
	}
	return seeds, nil
}

func seedsOf(dir string) ([]*seed, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var seeds []*seed
	sets := map[string][][]byte{}
	var setNames []string
	for _, entry := range entries {
		name, extension := entry.Name(), filepath.Ext(entry.Name())
		if !slices.Contains([]string{".wim", ".esd", ".swm"}, extension) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if extension == ".swm" { // split.swm, split2.swm, split3.swm sort in order
			set := strings.TrimRight(strings.TrimSuffix(name, extension), "0123456789")
			if sets[set] == nil {
				setNames = append(setNames, set)
			}
			sets[set] = append(sets[set], data)
			continue
		}
		s := &seed{name: name, parts: [][]byte{data}, weight: 20}
		if slices.Contains(heavy, name) {
			s.weight = 1
		}
		if name == "delta.wim" {
			s.reference = filepath.Join(dir, "lzx-32k.wim")
		}
		seeds = append(seeds, s)
	}
	for _, set := range setNames {
		for i := range sets[set] {
			seeds = append(seeds, &seed{name: fmt.Sprintf("%s.swm part %d", set, i+1), parts: sets[set], target: i, weight: 20})
		}
	}
	return seeds, nil
}

// captures are the files that are made from a small tree, by the options of
// wimlib-imagex capture. They have little content, so that most of their bytes
// are structure.
var captures = []struct {
	name    string
	options []string
}{
	{"tree-none.wim", []string{"--compress=none"}},
	{"tree-none-check.wim", []string{"--compress=none", "--check"}},
	{"tree-xpress.wim", []string{"--compress=XPRESS"}},
	{"tree-xpress-4k.wim", []string{"--compress=XPRESS", "--chunk-size=4K"}},
	{"tree-lzx.wim", []string{"--compress=LZX"}},
	{"tree-lzms.wim", []string{"--compress=LZMS", "--chunk-size=32K"}},
	{"tree-solid-lzms.esd", []string{"--compress=LZMS", "--solid", "--solid-chunk-size=32K"}},
	{"tree-solid-lzx.esd", []string{"--compress=LZX", "--solid", "--solid-compress=LZX", "--solid-chunk-size=32K", "--check"}},
	{"tree-pipable.wim", []string{"--compress=XPRESS", "--chunk-size=4K", "--pipable"}},
	{"tree-pipable-none.wim", []string{"--compress=none", "--pipable"}},
}

// makeCaptures fills the cache folder. It stays as it is from one run to the
// next, since no two captures have the same bytes.
func makeCaptures(cache string) error {
	if _, err := os.Stat(cache); err == nil {
		return nil
	}
	fresh := cache + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.MkdirAll(fresh, 0o777); err != nil {
		return err
	}
	tree, err := os.MkdirTemp("", "wimble-mutants-tree-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	if err := plant(tree); err != nil {
		return err
	}
	for _, c := range captures {
		args := append([]string{"capture", tree, c.name, "tree"}, c.options...)
		if _, err := tools.Output(fresh, "wimlib-imagex", args...); err != nil {
			return err
		}
	}
	for _, set := range [][]string{
		{"split", "tree-xpress-4k.wim", "tree-split.swm", "0.006"},
		{"append", tree, "tree-lzx.wim", "again", "--check"},
	} {
		if _, err := tools.Output(fresh, "wimlib-imagex", set...); err != nil {
			return err
		}
	}
	return os.Rename(fresh, cache)
}

// plant makes the tree that is captured: text that compresses, bytes that do
// not, an empty file, equal files, a hard link, a symbolic link, directories.
func plant(dir string) error {
	var lines strings.Builder
	for i := range 900 {
		fmt.Fprintf(&lines, "line %d of a text, %x\n", i, i*i)
	}
	noise := make([]byte, 3000)
	for i, state := 0, uint32(1); i < len(noise); i++ {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	for name, content := range map[string]string{
		"readme.txt": "hello\n", "empty": "", "text/long.txt": lines.String(), "text/half.txt": lines.String()[:9000],
		"text/copy of half.txt": lines.String()[:9000], "noise.bin": string(noise), "a/b/c/deep.txt": "deep\n", "a/Grüße.txt": "umlauts\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			return err
		}
		at := time.Date(2020, 3, 9, 1, 2, 3, 123456700, time.UTC)
		if err := os.Chtimes(path, at, at); err != nil {
			return err
		}
	}
	if err := os.Link(filepath.Join(dir, "readme.txt"), filepath.Join(dir, "a", "same.txt")); err != nil {
		return err
	}
	return os.Symlink("text/long.txt", filepath.Join(dir, "link"))
}
