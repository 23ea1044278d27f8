package wim

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Extraction writes nothing outside of its directory, whatever names and links
// there are, and goes on after what it cannot write.
func TestHostileExtract(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what names and links there can be depends on the system")
	}
	w := wimtest.NewWIM()
	w.Header.Flags = wimtest.HeaderReparseFix
	evil := w.AddBlob([]byte("evil"))
	good := w.AddBlob([]byte("good"))
	file := func(raw []byte) *wimtest.Dentry {
		d := wimtest.RegularFile("", evil)
		d.RawName = raw
		return d
	}
	directory := func(name string, children ...*wimtest.Dentry) *wimtest.Dentry {
		return wimtest.Directory(name, children...)
	}
	link := func(name, target string, relative bool) *wimtest.Dentry {
		return wimtest.Symlink(name, w.AddBlob(wimtest.SymlinkData(target, relative)))
	}
	w.AddImage(&wimtest.Metadata{Root: directory("",
		directory("..", wimtest.RegularFile("evil", evil)),
		directory(".", wimtest.RegularFile("evil", evil)),
		directory("", wimtest.RegularFile("evil", evil)),
		file(wimtest.UTF16("../evil")), file(wimtest.UTF16("/evil")), file(wimtest.UTF16("a\x00b")), file(wimtest.Units(0xD800)), file(nil),
		// A directory and a link of one name, and a file through the link.
		link("through", `..\outside`, true),
		directory("through", wimtest.RegularFile("evil", evil)),
		link("absolute", `\??\C:\..\..\outside`, false),
		link("relative", `..\outside`, true),
		link("share", `\??\UNC\server\share`, false),
		link("empty", "", true), link("nul", "a\x00b", true), link("long", strings.Repeat("x", 4096), true),
		directory(strings.Repeat("ä", 128), wimtest.RegularFile("evil", evil)), // 256 bytes in UTF-8
		file(wimtest.UTF16(strings.Repeat("x", 256))),
		wimtest.RegularFile("good", good),
		wimtest.RegularFile(".wimble-1.tmp", good),
	)})
	top := t.TempDir()
	outside, inside := filepath.Join(top, "outside"), filepath.Join(top, "inside")
	require.NoError(t, os.Mkdir(outside, 0o777))
	r := openCrafted(t, w)
	for range 2 { // the second time the links of the first are there
		report, err := r.Images[0].Extract(t.Context(), inside)
		require.Error(t, err)
		var problems []string
		for _, p := range report.Problems {
			requireClear(t, p.Err, p.Err)
			problems = append(problems, wimtest.Paths(p.Affected)...)
		}
		require.Equal(t, ExtractReport{Files: 2, Links: 4, Bytes: 2 * 4}, ExtractReport{Files: report.Files, Directories: report.Directories, Links: report.Links, Bytes: report.Bytes})
		require.Equal(t, []string{
			"%u", "%u002E", "%u002E%u002E", "%u002Fevil", "%uD800", "%u~2", "..%u002Fevil", `a%u0000b`, "through~2",
			strings.Repeat("x", 256), strings.Repeat("ä", 128), "empty", "long", "nul",
		}, problems)
		var names []string
		require.NoError(t, filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			name, err := filepath.Rel(top, path)
			require.NoError(t, err)
			names = append(names, name)
			return nil
		}))
		// Of "through" the first in the list is kept.
		require.Equal(t, []string{".", "inside", "inside/.wimble-1.tmp", "inside/absolute", "inside/good", "inside/relative", "inside/share", "inside/through", "outside"}, names)
	}
	target, err := os.Readlink(filepath.Join(inside, "absolute"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(inside, "outside"), target, "rooted in the directory")
	content, err := os.ReadFile(filepath.Join(inside, ".wimble-1.tmp"))
	require.NoError(t, err)
	require.Equal(t, "good", string(content))
}
