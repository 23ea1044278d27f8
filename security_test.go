package wimble_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every test that docs/security-evidence.md names exists in the package that
// it names, and the document lists every fuzz target of the module.
func TestSecurityEvidence(t *testing.T) {
	data, err := os.ReadFile("docs/security-evidence.md")
	require.NoError(t, err)
	document := string(data)
	tests := testSources(t)

	named := regexp.MustCompile("([a-z/]*) ?`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(document, -1)
	require.Greater(t, len(named), 100)
	for _, name := range named {
		dir := name[1]
		if tests[dir] == "" {
			dir = "wim"
		}
		require.Contains(t, tests[dir], "func "+name[2]+"(", "%s in %s", name[2], dir)
	}

	targets := 0
	for dir, source := range tests {
		row := regexp.MustCompile("(?m)^\\| `" + dir + "` \\|.*$").FindString(document)
		for _, target := range regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`).FindAllStringSubmatch(source, -1) {
			targets++
			require.Contains(t, row, "`"+target[1]+"`", "the fuzz targets of %s, in docs/security-evidence.md", dir)
		}
	}
	require.Greater(t, targets, 10)
}

// testSources returns the tests of each folder of the module that has any. The
// module in bench has tests of its own.
func testSources(t *testing.T) map[string]string {
	tests := map[string]string{}
	for name, source := range sources(t, "_test.go") {
		if !strings.HasPrefix(name, "bench/") {
			tests[path.Dir(name)] += source
		}
	}
	return tests
}
