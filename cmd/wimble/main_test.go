package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// command runs wimble and returns what it wrote and its exit status.
func command(args ...string) (stdout, stderr string, status int) {
	var out, errors bytes.Buffer
	status = run(args, &out, &errors)
	return out.String(), errors.String(), status
}

// works runs wimble, which has to succeed without a word on stderr.
func works(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := command(args...)
	require.Empty(t, stderr)
	require.Zero(t, status)
	return stdout
}

// fails runs wimble, which has to fail with one line on stderr, and returns
// that.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := command(args...)
	require.Equal(t, 1, status, stderr)
	require.Empty(t, stdout)
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	require.Regexp(t, `^wimble: .*\n$`, stderr)
	requireSaidOnce(t, stderr)
	return strings.TrimSuffix(strings.TrimPrefix(stderr, "wimble: "), "\n")
}

// requireSaidOnce checks that no line has one of its parts twice, as in "open
// X: open X" or "invalid data: invalid data".
func requireSaidOnce(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		parts := map[string]bool{}
		for part := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), ": ") {
			for _, verb := range []string{"open ", "read ", "stat ", "lstat ", "extract ", "tar "} {
				part = strings.TrimPrefix(part, verb)
			}
			require.False(t, parts[part], "%q twice in %q", part, line)
			parts[part] = true
		}
	}
}

// noFile returns what the system says of a file that is not there.
func noFile(t *testing.T, name string) string {
	t.Helper()
	_, err := os.Stat(name)
	require.ErrorIs(t, err, fs.ErrNotExist)
	return err.Error()
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	return wimtest.FixturePath(t, name)
}

// writeFile puts bytes into a file of their own.
func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// eachCommand is every way to open a file.
func eachCommand(t *testing.T, file string) map[string][]string {
	return map[string][]string{
		"info": {"info", file}, "info --json": {"info", "--json", file}, "info --xml": {"info", "--xml", file},
		"ls": {"ls", file, "1"}, "ls -R": {"ls", "-R", "-l", file, "1"}, "ls --json": {"ls", "--json", file, "1"},
		"cat": {"cat", file, "1", "readme.txt"}, "verify": {"verify", file},
		"extract": {"extract", file, "1", "--to", t.TempDir()},
		"tar":     {"tar", file, "1"},
	}
}

func TestFilesThatAreNoWIM(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, file, message string }{
		{"no file", filepath.Join(dir, "nothing.wim"), noFile(t, filepath.Join(dir, "nothing.wim"))},
		{"a directory", dir, dir + ": a folder without sources/install.wim, .esd or .swm, and without sources/boot.wim; name a WIM file: file does not exist"},
		{"an empty file", writeFile(t, "empty.wim", nil), "the file has 0 bytes, a WIM header alone has 208: wim: invalid data"},
		{"10 bytes", writeFile(t, "ten.wim", []byte("MSWIM\x00\x00\x00\xd0\x00")), "the file has 10 bytes, a WIM header alone has 208: wim: invalid data"},
		{"another kind of file", writeFile(t, "text.wim", bytes.Repeat([]byte("text "), 1000)),
			"header: no MSWIM signature; this is not a WIM file: wim: invalid data"},
		{"a file that is cut off", writeFile(t, "cut.wim", wimtest.FixtureBytes(t, "install.wim")[:20000]),
			"blob table: 1350 bytes at offset 27241 lie outside of the file, which has 20000; it may be cut off: wim: invalid data"},
	} {
		for name, args := range eachCommand(t, c.file) {
			message := fails(t, args...)
			if c.name != "no file" && c.name != "a directory" {
				require.Equal(t, c.file+": "+c.message, message, "%s of %s", name, c.name)
			} else {
				require.Equal(t, c.message, message, "%s of %s", name, c.name)
			}
		}
	}
}

func TestWrongUsage(t *testing.T) {
	file := fixture(t, "none.wim")
	for _, args := range [][]string{
		{"nothing"}, {"info"}, {"info", "--json", "--xml", file}, {"info", "--nothing", file},
		{"ls"}, {"ls", file, "1", "a", "b"}, {"cat", file}, {"cat", file, "1", "a", "b"},
		{"extract", file, "1"}, {"verify"}, {"verify", "--workers", "many", file}, {"verify", "--workers", "-5", file}, {"--ref"},
		{"extract", file, "1", "--to", ""}, {"info", "--limit", "much", file}, {"info", "--limit", "-1", file}, {"info", "--limit", "1e30", file}, {"info", "--offset", "x", file},
		{"set", file}, {"set", file, "1"}, {"set", file, "1", "A=b", "NAME"},
		{"split", file, "out.swm", "--size", "1GB", "--fat32"},
		{"update", file, "1", "remove /a"}, {"update", file, "1", "add"}, {"update", file, "1", `add "/a /b`}, {"update", file, "1", ""},
		{"put", file, "1", "a", ""}, {"rm", file, "1", ""}, {"mv", file, "1", "a", ""},
	} {
		stdout, stderr, status := command(args...)
		require.Equal(t, 2, status, "%v", args)
		require.Empty(t, stdout, "%v", args)
		require.Regexp(t, `^wimble: [^\n]+\nTry 'wimble.* --help'.\n$`, stderr, "%v", args)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"info", "--help"}, {"ls", "-h"}, {"extract", "--help"}, {"help", "cat"}} {
		require.Contains(t, works(t, args...), "Usage:")
	}
	for _, name := range []string{"info", "ls", "cat", "extract", "verify"} {
		require.Contains(t, works(t, "--help"), "\n  "+name+" ")
	}
}

func TestImagesThatThereAreNot(t *testing.T) {
	file := fixture(t, "multi.wim")
	for image, message := range map[string]string{
		"0": "there is no image 0; the file has 4", "5": "there is no image 5; the file has 4",
		"nothing": `no image is named "nothing"`, "\x1b[31m": `no image is named "\x1b[31m"`,
	} {
		for _, args := range [][]string{{"ls", file, image}, {"cat", file, image, "readme.txt"}, {"extract", file, image, "--to", t.TempDir()}} {
			require.Equal(t, file+": "+message, fails(t, args...))
		}
	}
	for _, image := range []string{"4", "again", "AGAIN"} {
		require.Equal(t, "x", works(t, "cat", file, image, "one-byte.bin"))
	}
}

// A reader that goes away, such as head, is no reason to talk.
func TestBrokenPipe(t *testing.T) {
	for _, args := range [][]string{
		{"info", fixture(t, "install.wim")}, {"info", "--json", fixture(t, "install.wim")}, {"info", "--xml", fixture(t, "install.wim")},
		{"ls", fixture(t, "none.wim"), "1"}, {"ls", "-R", fixture(t, "none.wim"), "1"}, {"cat", fixture(t, "none.wim"), "1", "readme.txt"},
		{"verify", fixture(t, "none.wim")},
	} {
		var stderr bytes.Buffer
		status := run(args, brokenPipe{}, &stderr)
		require.Equal(t, 1, status, "%v", args)
		require.Empty(t, stderr.String(), "%v", args)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                    "plain",
		"Grüße 🚀":                  "Grüße 🚀",
		"a\x1b[2Jb":                `a\u001B[2Jb`,
		"two\nlines":               `two\u000Alines`,
		"exe.\u202Etxt":            `exe.\u202Etxt`,
		"\u2066left\u2069\u0085\t": `\u2066left\u2069\u0085\u0009`,
		"a\u2028b\u2029c":          `a\u2028b\u2029c`,
		"zero\u200B\u200Dwidth":    `zero\u200B\u200Dwidth`,
		"tag\U000E0041":            `tag\U000E0041`,
		"bad\xFF\xC3":              `bad\xFF\xC3`,
		"\uFFFD":                   "\uFFFD",
	} {
		require.Equal(t, want, describe.Printable(text))
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567", -1: "-1", -100: "-100", -1000: "-1,000",
		1<<63 - 1: "9,223,372,036,854,775,807",
	} {
		require.Equal(t, want, describe.Thousands(n))
	}
}

func TestByteSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 35363: "34.5 KiB", 64 << 20: "64 MiB",
		5 << 30: "5 GiB", 7 << 40: "7 TiB", 7 << 50: "7168 TiB",
	} {
		require.Equal(t, want, describe.ByteSize(n))
	}
}
