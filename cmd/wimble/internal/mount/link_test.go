package mount

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRelativeTarget(t *testing.T) {
	for _, test := range []struct{ path, target, want string }{
		{"link", "file", "file"},
		{"link", "/", "."},
		{"link", "/Users", "Users"},
		{"a/b/link", "/", "../.."},
		{"a/b/link", "/Users/Public", "../../Users/Public"},
		{"a/b/link", "../c", "../c"},
		{"a/link", "../../../etc/passwd", "../etc/passwd"},
		{"link", "../x", "x"},
		{"a/link", "b/../../../x", "../x"},
		{"a/link", "/../../etc", "../etc"},
		{"a/b/c/link", "/.", "../../.."},
		{"link", "a/./b//c", "a/b/c"},
		{"link", "..", "."},
		{"a/link", "..", ".."},
		{"a/link", "self/../../../etc", "../etc"},
		{"link", "self/../etc", "etc"},
		{"link", ".", "."},
	} {
		require.Equal(t, test.want, relativeTarget(test.path, test.target), "%+v", test)
	}
}
