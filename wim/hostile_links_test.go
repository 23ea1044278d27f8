package wim

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/winver"
)

// Targets of links with thousands of elements: 4,096 of them are followed for a
// path, in however many links they are.
func TestHostileLongTargets(t *testing.T) {
	w := wimtest.NewWIM()
	links := []*wimtest.Dentry{wimtest.RegularFile("f", w.AddBlob([]byte("hello")))}
	for name, target := range map[string]string{
		"2,000":     strings.Repeat(`.\`, 1999) + "f",
		"1,281 up":  strings.Repeat(`..\d\`, 640) + "f",
		"4,000":     strings.Repeat(`.\`, 1999) + "2,000",
		"and again": strings.Repeat(`.\`, 99) + `4,000`, // 4,100
	} {
		links = append(links, wimtest.Symlink(name, w.AddBlob(wimtest.SymlinkData(target, true))))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.Directory("d", links...))})
	tree := craftedTree(t, openCrafted(t, w))
	for _, name := range []string{"2,000", "1,281 up", "4,000"} {
		requireFile(t, tree, "d/"+name, []byte("hello"))
	}
	requireNoFile(t, tree, "d/and again", ErrLimit)
	_, err := fs.ReadFile(tree, "d/and again")
	require.ErrorContains(t, err, "too many elements")
}

// What leads nowhere has a kind of package io/fs or of this one.
func TestKindsOfDeadPaths(t *testing.T) {
	w := wimtest.NewWIM()
	self := w.AddBlob(wimtest.SymlinkData("self", true))
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.Symlink("self", self), wimtest.RegularFile("f", w.AddBlob([]byte("f"))))})
	tree := craftedTree(t, openCrafted(t, w))
	requireNoFile(t, tree, "self", ErrLimit)
	requireNoFile(t, tree, "f/below", fs.ErrNotExist)
	requireNoFile(t, tree, ".", fs.ErrInvalid)
}

// An image with 1,024 directories whose System32 is a link: to one directory of
// 20,000 names, or to the first of a chain of 37 links whose targets have 2,000
// elements. Telling the version ends, and in little memory.
func TestHostileVersionThroughLinks(t *testing.T) {
	image := func(target string, more ...*wimtest.Dentry) *FS {
		w := wimtest.NewWIM()
		data := w.AddBlob(wimtest.SymlinkData(target, true))
		chain := []*wimtest.Dentry{wimtest.Directory("big", more...), wimtest.RegularFile("end", [20]byte{})}
		for n := range 37 {
			next := fmt.Sprintf("l%d", n+1)
			if n == 36 {
				next = "end"
			}
			chain = append(chain, wimtest.Symlink(fmt.Sprintf("l%d", n), w.AddBlob(wimtest.SymlinkData(strings.Repeat(`.\`, 2000)+next, true))))
		}
		roots := []*wimtest.Dentry{wimtest.Directory("z", chain...)}
		for n := range 1024 {
			roots = append(roots, wimtest.Directory(fmt.Sprintf("d%d", n), wimtest.Symlink("System32", data)))
		}
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", roots...)})
		return craftedTree(t, openCrafted(t, w))
	}
	names := make([]*wimtest.Dentry, 20_000)
	for n := range names {
		names[n] = wimtest.RegularFile(fmt.Sprint(n), [20]byte{})
	}
	for target, more := range map[string][]*wimtest.Dentry{`..\z\big`: names, `..\z\l0`: nil} {
		tree := image(target, more...)
		requireMemory(t, 64<<20, func() {
			_, err := winver.Read(tree, winver.Fast())
			require.ErrorIs(t, err, winver.ErrLimit)
		})
	}
}
