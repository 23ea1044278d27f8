package wimfile_test

import (
	"crypto/sha1"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// A tree of one directory, d, with one file in it.
func ExampleAppendMetadata() {
	entry := func(name string, attributes uint32, children ...*wimfile.Node) *wimfile.Node {
		d := wimfile.Dentry{Name: utf16le.Append(nil, name), Attributes: attributes, SecurityID: wimfile.NoSecurity}
		return &wimfile.Node{Dentry: d, Children: children}
	}
	file := entry("file", 0x80)
	file.Dentry.Hash = sha1.Sum([]byte("content"))
	root := entry("", wimfile.AttributeDirectory, entry("d", wimfile.AttributeDirectory, file))

	security, _ := new(wimfile.SecurityBuilder).Data()
	raw := wimfile.AppendMetadata(nil, &security, root, wimfile.DepthFirst)

	parsed, _ := wimfile.ParseDentry(raw[security.Root():])
	child, _ := wimfile.ParseDentry(raw[parsed.Subdir:])
	fmt.Printf("%d bytes; %q is at offset %d\n", len(raw), utf16le.Decode(child.Name), parsed.Subdir)
	// Output: 360 bytes; "d" is at offset 120
}

// wimtest writes breadth first; it has code of its own for that.
func TestBreadthFirst(t *testing.T) {
	file := func(name string) *wimtest.Dentry { return wimtest.RegularFile(name, [20]byte{7}) }
	want := wimtest.Metadata{
		Security: [][]byte{[]byte("one"), []byte("another")},
		Root: wimtest.Directory("",
			wimtest.Directory("a", wimtest.Directory("aa", file("aaa")), file("ab")),
			wimtest.Directory("b", file("ba")),
			wimtest.Directory("c", file("ca"))),
	}
	raw := want.Bytes()
	security, err := wimfile.ParseSecurityData(raw)
	require.NoError(t, err)
	var load func(at uint64) []*wimfile.Node
	load = func(at uint64) (list []*wimfile.Node) {
		for at != 0 && raw[at] != 0 {
			d, err := wimfile.ParseDentry(raw[at:])
			require.NoError(t, err)
			list = append(list, &wimfile.Node{Dentry: d, Children: load(d.Subdir)})
			at += d.Size()
		}
		return list
	}
	root := load(security.Root())[0]
	require.Equal(t, raw, wimfile.AppendMetadata(nil, &security, root, wimfile.BreadthFirst))
	require.NotEqual(t, raw, wimfile.AppendMetadata(nil, &security, root, wimfile.DepthFirst))
}

// An empty image is security data of 8 bytes and an end marker in place of the
// root.
func TestEmptyImage(t *testing.T) {
	security, err := new(wimfile.SecurityBuilder).Data()
	require.NoError(t, err)
	want := []byte{8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	require.Equal(t, want, wimfile.AppendMetadata(nil, &security, nil, wimfile.DepthFirst))
}

// A chain of directories is written without recursion: its list is as long as
// it is deep, 104 bytes for a dentry of no name and 8 for each list's end.
func TestDeepTree(t *testing.T) {
	const depth = 200_000
	var n *wimfile.Node
	for range depth {
		parent := &wimfile.Node{Dentry: wimfile.Dentry{Attributes: wimfile.AttributeDirectory}}
		if n != nil {
			parent.Children = []*wimfile.Node{n}
		}
		n = parent
	}
	security, err := new(wimfile.SecurityBuilder).Data()
	require.NoError(t, err)
	for _, order := range []wimfile.Order{wimfile.DepthFirst, wimfile.BreadthFirst} {
		require.Len(t, wimfile.AppendMetadata(nil, &security, n, order), 8+104*depth+8+8*depth)
	}
}

// The order of names is that of Windows: "[" and "_" are after "Z", and "ü"
// after both, as U+00DC.
func TestCompareNames(t *testing.T) {
	names := []string{"", "1", "A", "a", "aa", "B", "z", "[", "_", "ü", "\U0001D11E"}
	for i := range names {
		for j := range names {
			got := wimfile.CompareNames(utf16le.Append(nil, names[i]), utf16le.Append(nil, names[j]))
			require.Equal(t, min(max(i-j, -1), 1), got, "%q and %q", names[i], names[j])
		}
	}
}
