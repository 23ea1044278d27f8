package wimble_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every section that a comment cites is a heading of docs/wim-format.md.
func TestCitedSections(t *testing.T) {
	sheet, err := os.ReadFile("docs/wim-format.md")
	require.NoError(t, err)
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (?:Appendix )?(\d+(?:\.\d+)?|[A-D](?:\.\d+)?)[: ]`).FindAllStringSubmatch(string(sheet), -1) {
		require.False(t, sections[heading[1]], "two sections %s", heading[1])
		sections[heading[1]] = true
	}

	const numbers = `((?:\d+(?:\.\d+)?|[A-D](?:\.\d+)?)(?:(?:,| and|, and| to) (?:\d+(?:\.\d+)?|[A-D](?:\.\d+)?))*)`
	citations := regexp.MustCompile(`format sheet, (?:sections?|appendix) ` + numbers + `|(?:[Ss]ections?|[Vv]ectors?|[Aa]ppendix) ` + numbers + ` of the WIM format sheet`)
	number := regexp.MustCompile(`\d+(?:\.\d+)?|[A-D](?:\.\d+)?`)
	lineBreak := regexp.MustCompile(`\s*\n\s*(?:(?://|#) ?)?`)
	cited := 0
	for name, source := range sources(t, ".go") {
		// A citation may be wrapped like any other text.
		source = lineBreak.ReplaceAllString(source, " ")
		for _, citation := range citations.FindAllStringSubmatch(source, -1) {
			for _, section := range number.FindAllString(citation[1]+citation[2], -1) {
				cited++
				require.True(t, sections[section], "%s cites section %s of the format sheet, which has none: %s", name, section, citation[0])
			}
		}
	}
	require.Greater(t, cited, 60)
}

// Every relative link in the documentation leads to a file that exists, and to
// a heading of it if it names one.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	found := 0
	documents := sources(t, ".md")
	for name, document := range documents {
		for _, match := range link.FindAllStringSubmatch(document, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			found++
			target, heading, _ := strings.Cut(match[1], "#")
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			_, err := os.Stat(filepath.FromSlash(file))
			require.NoError(t, err, "a link in %s", name)
			if heading != "" {
				require.Contains(t, anchors(documents[file]), heading, "a link in %s to %s", name, file)
			}
		}
	}
	require.Greater(t, found, 20)
}

// anchors returns the names that GitHub gives the headings of a document.
func anchors(document string) []string {
	var names []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(document, -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// sources returns the files of the repository with the given ending.
func sources(t *testing.T, ending string) map[string]string {
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && strings.HasPrefix(path.Base(name), ".") {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, ending) {
			data, err := os.ReadFile(filepath.FromSlash(name))
			if err != nil {
				return err
			}
			files[name] = string(data)
		}
		return nil
	}))
	return files
}
