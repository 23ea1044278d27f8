package wim

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Verify names each entry of a tree that can be shown, but not as it is stored.
func TestVerifyFindsTreeDamage(t *testing.T) {
	file := func(name string) *wimtest.Dentry { return wimtest.RegularFile(name, [20]byte{}) }
	secured := func(id int32) *wimtest.Dentry {
		f := file("f")
		f.SecurityID = id
		return f
	}
	notDirectory := file("f")
	inner := wimtest.Directory("inner", file("lost"))
	notDirectory.Children = []*wimtest.Dentry{file("lost")}
	first := wimtest.Directory("a", file("1"))
	second := wimtest.Directory("b")
	second.SharesList = first
	loop := wimtest.Directory("loop")
	outer := wimtest.Directory("outer", loop)
	loop.SharesList = outer

	for _, c := range []struct {
		name     string
		entries  []*wimtest.Dentry
		affected string // "" if nothing is wrong
		message  string
	}{
		{"good", []*wimtest.Dentry{inner, file("f")}, "", ""},
		{"unpaired surrogate", []*wimtest.Dentry{{RawName: []byte{0x00, 0xD8}, SecurityID: -1}}, "", ""},
		{"empty directory", []*wimtest.Dentry{wimtest.Directory("d")}, "", ""},
		{"last security descriptor", []*wimtest.Dentry{secured(0)}, "", ""},
		{"one behind the last", []*wimtest.Dentry{secured(1)}, "1:f", "security id 1, the image has 1 "},
		{"another negative id", []*wimtest.Dentry{secured(-2)}, "1:f", "security id -2, "},
		{"current directory", []*wimtest.Dentry{file(".")}, "1:%u002E", `"." or ".."`},
		{"parent directory", []*wimtest.Dentry{file("..")}, "1:%u002E%u002E", `"." or ".."`},
		{"no name", []*wimtest.Dentry{file("")}, "1:%u", "no characters"},
		{"NUL", []*wimtest.Dentry{file("a\x00b")}, "1:a%u0000b", "NUL"},
		{"slash", []*wimtest.Dentry{file("a/b")}, "1:a%u002Fb", "NUL"},
		{"duplicate", []*wimtest.Dentry{file("same"), file("same")}, "1:same~2", `two entries of a directory are named "same"`},
		{"children of a file", []*wimtest.Dentry{notDirectory}, "1:f", "not a directory"},
		{"shared", []*wimtest.Dentry{first, second}, "1:b", "shown empty"},
		{"cycle", []*wimtest.Dentry{outer}, "1:outer/loop", "shown empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wimtest.NewWIM()
			w.AddImage(&wimtest.Metadata{Security: [][]byte{make([]byte, 20)}, Root: wimtest.Directory("", c.entries...)})
			report := verifyCrafted(t, openCrafted(t, w))
			require.Equal(t, c.affected == "", report.OK())
			if c.affected == "" {
				require.Empty(t, report.Problems)
				return
			}
			require.Len(t, report.Problems, 1)
			requireClear(t, report.Problems[0].Err, ErrFormat)
			require.ErrorContains(t, report.Problems[0].Err, c.message)
			require.Equal(t, []string{c.affected}, wimtest.Texts(report.Problems[0].Affected))
		})
	}
}

// An entry of two images with one tree is a single problem that affects both.
func TestVerifyTreeDamageOfSharedTree(t *testing.T) {
	w := wimtest.NewWIM()
	root := wimtest.Directory("", wimtest.RegularFile("..", [20]byte{}))
	w.AddImage(&wimtest.Metadata{Root: root})
	w.Add(w.Table[0])
	w.Header.Images = 2
	report := verifyCrafted(t, openCrafted(t, w))
	require.Len(t, report.Problems, 2)
	require.ErrorContains(t, report.Problems[0].Err, "overlap") // the metadata of both images
	require.Equal(t, []string{"1:%u002E%u002E", "2:%u002E%u002E"}, wimtest.Texts(report.Problems[1].Affected))
}

// What is written of a tree without the children that are lost is not the whole
// of it: Extract and WriteTar say so, and write the rest.
func TestLostChildrenAreProblems(t *testing.T) {
	notDirectory := wimtest.RegularFile("f", [20]byte{})
	notDirectory.Children = []*wimtest.Dentry{wimtest.RegularFile("lost", [20]byte{})}
	first := wimtest.Directory("a", wimtest.RegularFile("1", [20]byte{}))
	second := wimtest.Directory("b")
	second.SharesList = first
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", notDirectory, first, second)})
	image := openCrafted(t, w).Images[0]
	affected := func(problems []Problem) (list []string) {
		for _, p := range problems {
			require.ErrorIs(t, p.Err, ErrFormat)
			list = append(list, wimtest.Paths(p.Affected)...)
		}
		return list
	}

	extracted, err := image.Extract(t.Context(), t.TempDir())
	require.ErrorIs(t, err, ErrFormat)
	require.ElementsMatch(t, []string{"b", "f"}, affected(extracted.Problems))
	require.Equal(t, 2, extracted.Files)

	tarred, err := image.WriteTar(t.Context(), io.Discard)
	require.ErrorIs(t, err, ErrFormat)
	require.ElementsMatch(t, []string{"b", "f"}, affected(tarred.Problems))
	require.Equal(t, 2, tarred.Files)
}
