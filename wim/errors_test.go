package wim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// sentinels are the kinds of errors that the package has.
var sentinels = []error{
	ErrFormat, ErrUnsupported, ErrChecksum, ErrEncrypted, ErrMissingPart, ErrMissingBlob, ErrOption, ErrNameTaken, ErrChanged,
	ErrReadOnly, ErrNoSpace, ErrLimit,
}

// isOfKind says whether an error wraps what errors.go promises, if the source
// of the data never fails.
func isOfKind(err error) bool {
	for _, kind := range append([]error{io.ErrUnexpectedEOF, fs.ErrNotExist, fs.ErrInvalid, fs.ErrClosed, fs.ErrExist}, sentinels...) {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// saidTwice returns a kind that an error names more than once, "" if there is
// none.
func saidTwice(err error) string {
	for _, kind := range sentinels {
		if strings.Count(err.Error(), kind.Error()) > 1 {
			return kind.Error()
		}
	}
	return ""
}

// Each sentinel says alone what package it is from.
func TestSentinels(t *testing.T) {
	texts := make(map[string]bool)
	for _, kind := range sentinels {
		text := kind.Error()
		require.True(t, strings.HasPrefix(text, "wim: "), text)
		require.Equal(t, 1, strings.Count(strings.ToLower(text), "wim:"), text)
		require.False(t, texts[text], text)
		texts[text] = true
	}
}

// Whatever a caller asks for that is not there or makes no sense, the error is
// of a kind.
func TestErrorsOfWrongArguments(t *testing.T) {
	w := wimtest.NewWIM()
	root := wimtest.Directory("", wimtest.RegularFile("file", w.AddBlob([]byte("hello"))), wimtest.Directory("dir"))
	w.AddImage(&wimtest.Metadata{Root: root})
	w.AddImage(&wimtest.Metadata{Root: root})
	w.XML = wimtest.UTF16(`<WIM><IMAGE INDEX="1"><FLAGS>Both</FLAGS></IMAGE><IMAGE INDEX="2"><FLAGS>Both</FLAGS></IMAGE></WIM>`)
	r := openCrafted(t, w)
	tree := craftedTree(t, r)
	image := func(which string) error { _, err := r.Image(which); return err }
	open := func(name string) error { _, err := tree.Open(name); return err }
	extract := func(dir string, opts ...ExtractOption) error {
		_, err := r.Images[0].Extract(t.Context(), dir, opts...)
		return err
	}
	file, err := tree.OpenStream("file", "")
	require.NoError(t, err)
	closed, err := tree.OpenStream("file", "")
	require.NoError(t, err)
	require.NoError(t, closed.Close())

	for name, c := range map[string]struct{ err, kind error }{
		"no index":         {image("3"), fs.ErrNotExist},
		"index 0":          {image("0"), fs.ErrNotExist},
		"no name":          {image("nope"), fs.ErrNotExist},
		"two images":       {image("both"), ErrOption},
		"no target":        {extract(""), ErrOption},
		"no such path":     {extract(t.TempDir(), WithPaths("no/such")), fs.ErrNotExist},
		"bad pattern":      {extract(t.TempDir(), WithPaths("[a")), ErrOption},
		"as package path":  {extract(t.TempDir(), WithPaths("[a")), path.ErrBadPattern},
		"invalid path":     {open("/file"), fs.ErrInvalid},
		"below a file":     {open("file/x"), fs.ErrNotExist},
		"missing":          {open("x"), fs.ErrNotExist},
		"no stream":        {func() error { _, err := tree.OpenStream("file", "x"); return err }(), fs.ErrNotExist},
		"stream of dir":    {func() error { _, err := tree.OpenStream("dir", ""); return err }(), fs.ErrInvalid},
		"content of dir":   {func() error { _, err := tree.ReadFile("dir"); return err }(), fs.ErrInvalid},
		"list of a file":   {func() error { _, err := tree.ReadDir("file"); return err }(), fs.ErrNotExist},
		"target of a file": {func() error { _, err := tree.ReadLink("file"); return err }(), fs.ErrInvalid},
		"offset":           {func() error { _, err := file.ReadAt(nil, -1); return err }(), fs.ErrInvalid},
		"seek":             {func() error { _, err := file.Seek(-1, io.SeekStart); return err }(), fs.ErrInvalid},
		"whence":           {func() error { _, err := file.Seek(0, 7); return err }(), fs.ErrInvalid},
		"closed":           {func() error { _, err := closed.Read(nil); return err }(), fs.ErrClosed},
		"reparse data":     {func() error { _, err := new(ReparsePoint).Data(); return err }(), fs.ErrInvalid},
		"no link":          {func() error { _, err := new(ReparsePoint).Link(); return err }(), ErrUnsupported},
		"device":           {func() error { _, err := OpenReader(t.TempDir()); return err }(), fs.ErrInvalid},
		"no file":          {func() error { _, err := OpenReader("no/such"); return err }(), fs.ErrNotExist},
		"part of no set":   {r.AddPart(bytes.NewReader(w.Bytes()), int64(len(w.Bytes()))), ErrFormat},
		"short":            {func() error { _, err := NewReader(bytes.NewReader(nil), 300); return err }(), io.ErrUnexpectedEOF},
		"XML":              {func() error { _, err := parseXML("<WIM>"); return err }(), ErrFormat},
	} {
		require.ErrorIs(t, c.err, c.kind, name)
		require.True(t, isOfKind(c.err), name)
	}
}

// However much is odd, the warnings are a hundred and one: the last counts the
// others.
func TestWarningsAreBounded(t *testing.T) {
	w := craftedHello()
	const odd = 5000
	for i := range odd { // metadata that is used twice is none
		w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{Size: 1, USize: 1, Flags: wimtest.ResourceMetadata}, Part: 1, References: 2,
			SHA1: [20]byte{byte(i), byte(i >> 8), 1}})
	}
	warnings := openCrafted(t, w).Warnings()
	require.Len(t, warnings, 101)
	require.EqualError(t, warnings[100], fmt.Sprintf("%d more warnings", odd-100))

	var children []*wimtest.Dentry
	for i := range odd { // files with children
		child := wimtest.RegularFile(fmt.Sprint(i), [20]byte{})
		child.Subdir = wimtest.Of(uint64(8))
		children = append(children, child)
	}
	w = wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", children...)})
	warnings = craftedTree(t, openCrafted(t, w)).Warnings()
	require.Len(t, warnings, 101)
	require.EqualError(t, warnings[100], fmt.Sprintf("%d more warnings", odd-100))
}
