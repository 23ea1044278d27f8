package wimble_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What SECURITY.md calls a test of a package is one, and all fuzz targets are
// listed.
func TestSecurityNamesTests(t *testing.T) {
	document, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	sources := map[string]string{}
	source := func(dir string) string {
		if sources[dir] == "" {
			files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
			require.NoError(t, err)
			for _, file := range files {
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				sources[dir] += string(data)
			}
		}
		return sources[dir]
	}

	named := regexp.MustCompile("([a-z/]*) ?`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(document), -1)
	require.Greater(t, len(named), 100)
	for _, name := range named {
		dir := name[1]
		if info, err := os.Stat(dir); dir == "" || err != nil || !info.IsDir() {
			dir = "wim"
		}
		require.Contains(t, source(dir), "func "+name[2]+"(", "%s in %s", name[2], dir)
	}

	for _, dir := range []string{"xpress", "lzx", "lzms", "wim", "winver", "internal/regf", "internal/huffman", "cmd/wimble"} {
		for _, target := range regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`).FindAllStringSubmatch(source(dir), -1) {
			row := regexp.MustCompile("(?m)^\\| `" + dir + "` \\|.*$").FindString(string(document))
			require.True(t, strings.Contains(row, "`"+target[1]+"`"), "%s of %s is not in the list", target[1], dir)
		}
	}
}
