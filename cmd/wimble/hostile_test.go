package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// nastyText has what could move the cursor, begin a line, or turn text around:
// ESC, BEL, line feed, DEL, the C1 control CSI, right-to-left override and
// isolate, separators of lines and paragraphs, a soft hyphen, characters without
// width, a tag, and a character that has none of that.
const nastyText = "\x1b[2J\a\n\x7f\u009b2J\u202e\u2066\u2028\u2029\u00ad\u200b\u200d\ufeff\U000e0041é"

// nastyFile has such text wherever a file can have text: in names, short names
// and stream names, in the XML, and in a name whose content is missing.
func nastyFile(t *testing.T) string {
	t.Helper()
	w := wimtest.NewWIM()
	hello := w.AddBlob([]byte("hello"))
	link := w.AddBlob(wimtest.SymlinkData("to "+nastyText, true))
	file := wimtest.RegularFile("file "+nastyText, hello)
	file.ShortName = "S" + nastyText
	file.Streams = []wimtest.StreamEntry{{Name: "stream " + nastyText, Hash: hello}}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", file,
		wimtest.RegularFile("missing "+nastyText, [20]byte{1}),
		wimtest.Symlink("link "+nastyText, link),
		wimtest.Directory("dir "+nastyText, wimtest.RegularFile("inside "+nastyText, hello)),
		&wimtest.Dentry{RawName: wimtest.Units('l', 'o', 'n', 'e', 0xD800, 'x', 0xDC00), SecurityID: -1, Hash: hello},
	)})
	// ESC and BEL are no characters of XML.
	text := strings.NewReplacer("\x1b", "", "\a", "").Replace(nastyText)
	w.XML = wimtest.XML(`<WIM><IMAGE INDEX="1"><NAME>name ` + text + `</NAME><DESCRIPTION>` + text + `</DESCRIPTION><FLAGS>` + text + `</FLAGS>` +
		`<WINDOWS><ARCH>9</ARCH><EDITIONID>` + text + `</EDITIONID><LANGUAGES><LANGUAGE>` + text + `</LANGUAGE></LANGUAGES>` +
		`<VERSION><MAJOR>10</MAJOR><BUILD>18362</BUILD><BRANCH>` + text + `</BRANCH></VERSION></WINDOWS><OWN A="` + text + `">` + text + `</OWN></IMAGE></WIM>`)
	return writeFile(t, "nasty.wim", w.Bytes())
}

// requireHarmless checks that a text has no control character but the end of
// lines.
func requireHarmless(t *testing.T, text, what string) {
	t.Helper()
	require.True(t, utf8.ValidString(text), "%s: %q", what, text)
	for line := range strings.SplitSeq(text, "\n") {
		for _, r := range line {
			require.False(t, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), "%s: %q", what, line)
		}
	}
}

// Whatever a file has for text, nothing of it reaches the terminal as a control
// character, and an entry is one line.
func TestNastyText(t *testing.T) {
	file := nastyFile(t)
	for name, args := range map[string][]string{
		"info": {"info", file}, "ls": {"ls", file, "1"}, "ls -lR": {"ls", "-l", "-R", file, "1"}, "verify": {"verify", file},
		"extract": {"extract", file, "1", "--to", t.TempDir()}, "version": {"version", file, "1"},
		"missing": {"cat", file, "1", "missing " + nastyText}, "no image": {"ls", file, nastyText}, "no entry": {"ls", file, "1", nastyText},
		"no file": {"info", filepath.Join(t.TempDir(), nastyText)}, "no command": {nastyText}, "no flag": {"info", "--" + nastyText},
		"tar":        {"tar", file, "1", "-o", filepath.Join(t.TempDir(), "out.tar")},
		"info IMAGE": {"info", file, "1"}, "ls --acl": {"ls", "--acl", file, "1"}, "ls PATTERN": {"ls", file, "1", "*" + nastyText},
		"extract all": {"extract", file, "all", "--to", t.TempDir()}, "extract PATH": {"extract", file, "1", nastyText, "--to", t.TempDir()},
		"tar PATH": {"tar", file, "1", nastyText}, "tar -o": {"tar", file, "-o", filepath.Join(t.TempDir(), nastyText, "out.tar")},
		"verify many": {"verify", file, file, "\xff" + nastyText}, "updates": {"updates", nastyText}, "table": {"updates", "10.0.1", "--table", nastyText},
		"ref": {"info", file, "--ref", nastyText + "*"}, "version image": {"version", file, nastyText}, "help": {"help", nastyText},
		"bytes": {"info", "\xff\xfe" + nastyText}, "limit": {"info", "--limit", nastyText, file}, "flag": {"info", "-" + nastyText},
	} {
		stdout, stderr, _ := command(args...)
		require.NotEmpty(t, stdout+stderr, name)
		requireHarmless(t, stdout, name)
		requireHarmless(t, stderr, name)
		requireSaidOnce(t, stderr)
	}
	require.Equal(t, 5, strings.Count(works(t, "ls", file, "1"), "\n"))
	require.Equal(t, 7, strings.Count(works(t, "ls", "-lR", file, "1"), "\n"))
	require.Contains(t, works(t, "ls", file, "1"), `file \u001B[2J\u0007\u000A\u007F\u009B2J\u202E\u2066\u2028\u2029\u00AD\u200B\u200D\uFEFF\U000E0041é`)
}

// Output for programs is JSON and UTF-8, and as harmless, and it says exactly
// what the file has.
func TestNastyJSON(t *testing.T) {
	file := nastyFile(t)
	texts := map[string]bool{}
	for name, args := range map[string][]string{
		"info": {"info", "--json", file}, "ls": {"ls", "--json", "-R", file, "1"}, "version": {"version", "--json", fixture(t, "install.wim"), "1"},
	} {
		out := works(t, args...)
		requireHarmless(t, out, name)
		for line := range strings.SplitSeq(strings.TrimSuffix(out, "\n"), "\n") {
			require.True(t, json.Valid([]byte(line)), "%s: %q", name, line)
			object := parseJSON(t, line+"\n")
			for _, key := range []string{"path", "short_name"} {
				if text, ok := object[key].(string); ok {
					texts[text] = true
				}
			}
			if images, ok := object["images"].([]any); ok {
				texts[images[0].(map[string]any)["name"].(string)] = true
			}
		}
	}
	for _, text := range []string{"/file " + nastyText, "S" + nastyText, "/dir " + nastyText + "/inside " + nastyText,
		"name " + strings.NewReplacer("\x1b", "", "\a", "").Replace(nastyText)} {
		require.True(t, texts[text], "%q is not among %q", text, texts)
	}
	// Every line of every fixture, too.
	for _, image := range wimtest.FixtureImages(t) {
		stdout, _, _ := command("ls", "-R", "--json", fixture(t, image.File), image.IndexText())
		requireHarmless(t, stdout, image.String())
		for line := range strings.SplitSeq(strings.TrimSuffix(stdout, "\n"), "\n") {
			require.True(t, json.Valid([]byte(line)), "%v: %q", image, line)
		}
	}
}

func TestPrintableLines(t *testing.T) {
	require.Equal(t, "<a>\n\t<b>\\u001B[2J</b>\n</a>", describe.PrintableLines("<a>\r\n\t<b>\x1b[2J</b>\n</a>"))
}

// A device is no file of which the size is known.
func TestFilesThatAreDevices(t *testing.T) {
	for _, device := range []string{os.DevNull, "/dev/zero", "/dev/tty"} {
		if _, err := os.Stat(device); err != nil {
			continue
		}
		for name, args := range eachCommand(t, device) {
			require.Equal(t, "open "+device+": not a regular file", fails(t, args...), name)
		}
	}
}

// shrinking is an output that cuts off a file when the first bytes arrive.
type shrinking struct {
	t    *testing.T
	file string
	out  bytes.Buffer
}

func (s *shrinking) Write(p []byte) (int, error) {
	if s.out.Len() == 0 {
		require.NoError(s.t, os.Truncate(s.file, 1000))
	}
	return s.out.Write(p)
}

// A file that loses its end while it is read is told from one that is damaged
// by its message alone: one line, and no bytes that were not there.
func TestFileThatShrinks(t *testing.T) {
	// Many chunks, so that not all is read before the first byte is written.
	content := make([]byte, 16<<20)
	for i := range content {
		content[i] = byte(i >> 8)
	}
	w := wimtest.NewWIM()
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("large", w.AddBlob(content)))})
	data := w.Bytes()
	for name, args := range map[string][]string{
		"cat": {"cat", "FILE", "1", "large"}, "tar": {"tar", "FILE", "1"},
	} {
		file := writeFile(t, "shrinks.wim", data)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "FILE", file)
		}
		out := &shrinking{t: t, file: file}
		var stderr bytes.Buffer
		require.Equal(t, 1, run(args, out, &stderr), name)
		require.Regexp(t, `^(wimble: [^\n]+\n)+$`, stderr.String(), name)
		require.Contains(t, stderr.String(), "shrinks.wim: it has 1000 bytes, and had ", name)
		require.Contains(t, stderr.String(), wim.ErrChanged.Error(), name)
		require.Less(t, out.out.Len(), len(data), name)
		if name == "cat" {
			require.True(t, bytes.HasPrefix(content, out.out.Bytes()))
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
		}
	}
}
