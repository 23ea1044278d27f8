package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// Nothing that a dentry holds is lost: items of unknown tags, their order, and
// second ones of a tag.
func TestEntryKeepsItems(t *testing.T) {
	w := wimtest.NewWIM()
	file := wimtest.RegularFile("file", w.AddBlob([]byte("x")))
	items := []wimtest.TaggedItem{
		{Tag: 0x12345678, Data: []byte("odd")},
		{Tag: wimfile.TagLinuxXattrs, Data: []byte("\x06\x00\x00\x00\x01\x00\x00\x00user.a1\x00")},
		{Tag: wimfile.TagObjectID, Data: []byte("0123456789abcdef")},
		{Tag: wimfile.TagObjectID, Data: []byte("a second one")},
	}
	file.Tagged = items
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file)})
	info, err := craftedTree(t, openCrafted(t, w)).Lstat("file")
	require.NoError(t, err)
	e := info.Sys().(*Entry)
	require.Equal(t, "0123456789abcdef", string(e.ObjectID))
	require.Equal(t, []Xattr{{Name: "user.a", Value: []byte("1")}}, e.Xattrs)
	require.Len(t, e.Tagged, len(items))
	for i, item := range items {
		require.Equal(t, TaggedItem{item.Tag, item.Data}, e.Tagged[i])
	}
}

// The two unnamed stream entries of a link come in either order; the one that
// is not empty is its data, since no link is without.
func TestLinkDataInEitherEntry(t *testing.T) {
	for name, first := range map[string]bool{"first": true, "second": false} {
		w := wimtest.NewWIM()
		data := wimtest.StreamEntry{Hash: w.AddBlob(wimtest.SymlinkData("test.txt", true))}
		link := wimtest.Symlink("link", [20]byte{})
		link.Streams = []wimtest.StreamEntry{{}, data}
		if first {
			link.Streams = []wimtest.StreamEntry{data, {}}
		}
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", link, wimtest.RegularFile("test.txt", w.AddBlob([]byte("hello"))))})
		tree := craftedTree(t, openCrafted(t, w))
		target, err := tree.ReadLink("link")
		require.NoError(t, err, name)
		require.Equal(t, "test.txt", target, name)
		requireFile(t, tree, "link", []byte("hello"))
	}
}
