package wim_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/wim"
)

// entriesFS is a file system whose files have entries.
type entriesFS struct {
	fstest.MapFS
	streams map[string]string // content by "name:stream"
}

func (e entriesFS) OpenStream(name, stream string) (fs.File, error) {
	content, ok := e.streams[name+":"+stream]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name + ":" + stream, Err: fs.ErrNotExist}
	}
	return fstest.MapFS{"x": {Data: []byte(content)}}.Open("x")
}

// TestCaptureEntries captures files that a program describes with entries: the
// image has all that these say.
func TestCaptureEntries(t *testing.T) {
	security, err := sddl.Parse("O:SYG:SYD:(A;;FA;;;SY)")
	require.NoError(t, err)
	link, err := wim.NewSymlink("../target")
	require.NoError(t, err)
	file := func(data string, e *wim.Entry) *fstest.MapFile {
		if data != "" {
			e.Streams = append([]wim.Stream{{Size: int64(len(data))}}, e.Streams...)
		}
		if e.Attributes == 0 {
			e.Attributes = wim.AttributeArchive
		}
		e.CreationTime, e.LastAccessTime, e.LastWriteTime = 1, 2, 3
		return &fstest.MapFile{Data: []byte(data), Sys: e}
	}
	fsys := entriesFS{fstest.MapFS{
		"plain":   file("content", &wim.Entry{Name: "plain", ShortName: "PLAIN~1", SecurityDescriptor: security, ObjectID: bytes.Repeat([]byte{7}, 64)}),
		"streams": file("main", &wim.Entry{Name: "streams", Streams: []wim.Stream{{Name: "one", Size: 5}, {Name: "two", Size: 0}}}),
		"linked":  file("linked content", &wim.Entry{Name: "linked", HardLinkGroup: 5}),
		"again":   file("linked content", &wim.Entry{Name: "again", HardLinkGroup: 5}),
		"single":  file("", &wim.Entry{Name: "single", HardLinkGroup: 6}),
		"link":    file("", &wim.Entry{Name: "link", Attributes: wim.AttributeReparsePoint, Reparse: link}),
		"wof":     file("has content too", &wim.Entry{Name: "wof", Attributes: wim.AttributeReparsePoint, Reparse: wim.NewReparsePoint(wim.ReparseTagWOF, []byte("data"))}),
		"unix":    file("x", &wim.Entry{Name: "unix", Unix: &wim.UnixData{UID: 1, GID: 2, Mode: 0o100640}, Xattrs: []wim.Xattr{{Name: "user.a", Value: []byte("b")}}}),
		"odd":     file("y", &wim.Entry{Name: "odd", RawName: []uint16{0xD800, 'x'}, Tagged: []wim.TaggedItem{{Tag: 0x1234, Data: []byte("12345678")}}, Reserved: wim.Reserved{Unknown: 9}}),
	}, map[string]string{"streams:one": "first"}}
	tree, report, err := captured(t, fsys, nil)
	require.NoError(t, err)
	require.Empty(t, report.Skipped)

	for name, mapped := range fsys.MapFS {
		want := *mapped.Sys.(*wim.Entry)
		path := name
		if name == "odd" {
			path = "%uD800x"
		}
		info, err := tree.Lstat(path)
		require.NoError(t, err)
		got := info.Sys().(*wim.Entry)
		require.Equal(t, want.Attributes, got.Attributes, name)
		require.Equal(t, []wim.Filetime{1, 2, 3}, []wim.Filetime{got.CreationTime, got.LastAccessTime, got.LastWriteTime})
		require.Equal(t, want.ShortName, got.ShortName)
		require.Equal(t, want.ObjectID, got.ObjectID)
		require.Equal(t, want.Unix, got.Unix)
		require.Equal(t, want.Xattrs, got.Xattrs)
		require.Equal(t, want.Reserved, got.Reserved)
		if want.SecurityDescriptor == nil {
			text, err := sddl.Format(got.SecurityDescriptor)
			require.NoError(t, err)
			require.Equal(t, "O:BAG:BAD:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)", text)
		} else {
			require.Equal(t, want.SecurityDescriptor, got.SecurityDescriptor)
		}
		for _, s := range want.Streams {
			require.Equal(t, s.Size, got.Stream(s.Name).Size, "%s:%s", name, s.Name)
		}
		if want.Reparse != nil {
			require.Equal(t, want.Reparse.Tag, got.Reparse.Tag)
			data, err := want.Reparse.Data()
			require.NoError(t, err)
			stored, err := got.Reparse.Data()
			require.NoError(t, err)
			require.Equal(t, data, stored)
		}
		if want.Tagged != nil {
			require.Equal(t, want.Tagged, got.Tagged)
		}
	}
	stat := func(name string) *wim.Entry {
		info, err := tree.Lstat(name)
		require.NoError(t, err)
		return info.Sys().(*wim.Entry)
	}
	require.EqualValues(t, 5, stat("linked").HardLinkGroup)
	require.Equal(t, 2, stat("again").HardLinkCount)
	require.Zero(t, stat("single").HardLinkGroup)
	opened, err := tree.OpenStream("streams", "one")
	require.NoError(t, err)
	content := make([]byte, 6)
	n, _ := opened.Read(content)
	require.Equal(t, "first", string(content[:n]))
}

// Entries that contradict themselves, or are of no use to Windows, are errors.
func TestCaptureWrongEntries(t *testing.T) {
	for want, e := range map[string]*wim.Entry{
		"without reparse data":                 {Name: "x", Attributes: wim.AttributeReparsePoint},
		"a directory with content":             {Name: "x", Attributes: wim.AttributeDirectory, Streams: []wim.Stream{{Size: 1}}},
		"content is not in this WIM":           {Name: "x", Streams: []wim.Stream{{Size: -1}}},
		"no OpenStream":                        {Name: "x", Streams: []wim.Stream{{Name: "s", Size: 1}}},
		`"a:b" cannot be the name of a stream`: {Name: "x", Streams: []wim.Stream{{Name: "a:b", Size: 1}}},
		`"a/b" cannot be a short name`:         {Name: "x", ShortName: "a/b"},
		"reparse data of 16377 bytes":          {Name: "x", Attributes: wim.AttributeReparsePoint, Reparse: wim.NewReparsePoint(1, make([]byte, 16377))},
		"of no image":                          {Name: "x", Attributes: wim.AttributeReparsePoint, Reparse: &wim.ReparsePoint{Tag: 1}},
		"the name has the character":           {Name: "x", RawName: []uint16{'a', '/'}},
	} {
		fsys := fstest.MapFS{"x": {Sys: e}}
		_, _, err := captured(t, fsys, nil)
		require.ErrorContains(t, err, want)
		require.Equal(t, 1, strings.Count(err.Error(), "capture x: "))
	}
}

// TestCaptureUpdateOf takes what did not change from the older image: no file
// of it is opened.
func TestCaptureUpdateOf(t *testing.T) {
	fsys := &riggedFS{MapFS: fstest.MapFS{"d/same": {Data: []byte("same")}, "newer": {Data: []byte("old!")}, "longer": {Data: []byte("old")}}}
	at := wim.Filetime(133e15).Time()
	for _, file := range fsys.MapFS {
		file.ModTime = at
	}
	old, _, err := captured(t, fsys, nil)
	require.NoError(t, err)
	fsys.MapFS["newer"] = &fstest.MapFile{Data: []byte("new!"), ModTime: at.Add(100)}
	fsys.MapFS["longer"] = &fstest.MapFile{Data: []byte("longer"), ModTime: at}
	fsys.times = nil
	tree, _, err := captured(t, fsys, nil, wim.WithUpdateOf(old))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"newer": 1, "longer": 1}, fsys.times)
	for name, file := range fsys.MapFS {
		got, err := tree.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(file.Data), string(got))
	}
}

// TestCaptureOptions leaves out what a list names, and gives entries the
// descriptor that is wanted.
func TestCaptureOptions(t *testing.T) {
	fsys := fstest.MapFS{"pagefile.sys": {}, "a/x.tmp": {}, "a/x.txt": {}, "Windows/CSC/y": {}}
	list := wim.DefaultExclusions()
	require.NoError(t, list.Exclude("*.tmp"))
	tree, report, err := captured(t, fsys, nil, wim.WithExclusions(list), wim.WithSecurityDescriptor(nil))
	require.NoError(t, err)
	require.Equal(t, 3, report.Excluded)
	require.NoError(t, fstest.TestFS(tree, "a/x.txt", "Windows"))
	for _, name := range []string{"pagefile.sys", "a/x.tmp", "Windows/CSC"} {
		_, err := tree.Stat(name)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	info, err := tree.Stat("a")
	require.NoError(t, err)
	require.Nil(t, info.Sys().(*wim.Entry).SecurityDescriptor)
	_, _, err = captured(t, fsys, nil, wim.WithSecurityDescriptor([]byte("?")))
	require.ErrorIs(t, err, wim.ErrOption)
}

// A virtual file has only what WIM files have.
func TestCaptureIsNotVirtual(t *testing.T) {
	w := newWriter(t)
	_, err := w.Capture(t.Context(), fstest.MapFS{"a": {Data: []byte("a")}})
	require.NoError(t, err)
	_, err = w.Virtual(t.Context())
	require.ErrorIs(t, err, wim.ErrUnsupported)
}

// A stream that cannot be read takes its file with it, but not a directory.
func TestCaptureUnreadableStreams(t *testing.T) {
	stream := []wim.Stream{{Name: "s", Size: 1}}
	fsys := entriesFS{fstest.MapFS{
		"d":   {Mode: fs.ModeDir | 0o755, Sys: &wim.Entry{Name: "d", Attributes: wim.AttributeDirectory, Streams: stream}},
		"d/x": {Data: []byte("x")},
		"f":   {Sys: &wim.Entry{Name: "f", Streams: stream}},
	}, nil}
	tree, report, err := captured(t, fsys, nil, wim.WithSkipUnreadable())
	require.NoError(t, err)
	require.Len(t, report.Skipped, 2)
	info, err := tree.Stat("d")
	require.NoError(t, err)
	require.Empty(t, info.Sys().(*wim.Entry).Streams)
	_, err = tree.Stat("d/x")
	require.NoError(t, err)
	_, err = tree.Stat("f")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
