package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

func TestVerify(t *testing.T) {
	for _, file := range wimtest.FixtureFiles(t) {
		if file == "holes.wim" { // see TestVerifyNotes
			continue
		}
		args := []string{"verify", fixture(t, file)}
		if base := wimtest.FixtureReference(file); base != "" {
			args = append(args, "--ref", fixture(t, base))
		}
		require.Regexp(t, `^[0-9,]+ blobs, [0-9,]+ bytes, (1 image|\d images); integrity table: (good|absent); missing blobs: 0; problems: 0\n$`, works(t, args...))
	}
	require.Equal(t, "31 blobs, 255,643 bytes, 1 image; integrity table: good; missing blobs: 0; problems: 0\n",
		works(t, "verify", "--workers", "1", fixture(t, "lzx-32k.wim")))
}

func TestVerifyDamaged(t *testing.T) {
	data := wimtest.FixtureBytes(t, "xpress-32k.wim")
	at := bytes.Index(data, []byte("linked\n"))
	data[at] = 'L'
	file := writeFile(t, "bad.wim", data)
	stdout, stderr, status := command("verify", file)
	require.Equal(t, 1, status)
	require.Equal(t, "31 blobs, 255,643 bytes, 1 image; integrity table: damaged; missing blobs: 0; problems: 2\n", stdout)
	header := fixtureInfo(t, "xpress-32k.wim").Header
	var offset, size int
	_, err := fmt.Sscan(header["Blob Table Offset"]+" "+header["Blob Table Size"], &offset, &size)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("wimble: bytes 208 to %d of bad.wim differ from the integrity table: wim: SHA-1 mismatch\n", offset+size)+
		"wimble: blob 755cfbc92b31c227c2428a51ebbf360277877977: the content has SHA-1 "+wimtest.HexSHA1([]byte("Linked\n"))+": wim: SHA-1 mismatch\n"+
		"  affects 1:deep/a/hard-3.txt\n  affects 1:links/hard-1.txt\n  affects 1:links/hard-2.txt\n"+
		"wimble: "+file+" is damaged or incomplete\n", stderr)
}

func TestVerifyIncomplete(t *testing.T) {
	stdout, stderr, status := command("verify", fixture(t, "delta.wim"))
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "missing blobs: 25; problems: 25\n")
	require.Equal(t, 10, strings.Count(stderr, "content is not in this WIM"))
	require.Contains(t, stderr, "wimble: 15 more: their content is missing\n")

	file := filepath.Join(t.TempDir(), "split.swm")
	require.NoError(t, os.WriteFile(file, wimtest.FixtureBytes(t, "split.swm"), 0o600))
	_, stderr, status = command("verify", file)
	require.Equal(t, 1, status)
	require.True(t, strings.HasSuffix(stderr, "wimble: "+file+": not verified as a whole: parts 2 3 of 3 are missing\n"), stderr)
}

func TestVerifyNamesAllThatIsAffected(t *testing.T) {
	data := wimtest.FixtureBytes(t, "install.wim")
	// Two files in each of three images, stored raw.
	at := bytes.Index(data, []byte("[.ShellClassInfo]\r\n"))
	require.Positive(t, at)
	data[at]++
	_, stderr, status := command("verify", writeFile(t, "bad.wim", data))
	require.Equal(t, 1, status)
	for _, image := range []string{"1", "2", "3"} {
		for _, path := range []string{"Users/Default/Desktop/desktop.ini", "Users/Public/desktop.ini"} {
			require.Contains(t, stderr, "  affects "+image+":"+path+"\n")
		}
	}
	require.Equal(t, 6, strings.Count(stderr, "  affects "))
}

func TestVerifyListsTenPaths(t *testing.T) {
	var stderr bytes.Buffer
	var affected []wim.Affected
	for _, name := range strings.Fields("a b c d e f g h i j k l") {
		affected = append(affected, wim.Affected{Image: 1, Path: name, Stream: "s"})
	}
	(&app{stderr: &stderr}).sayProblem(wim.Problem{Err: errors.New("bad\nnews"), Affected: affected})
	require.Equal(t, "wimble: bad\\u000Anews\n  affects 1:a:s\n  affects 1:b:s\n  affects 1:c:s\n  affects 1:d:s\n  affects 1:e:s\n"+
		"  affects 1:f:s\n  affects 1:g:s\n  affects 1:h:s\n  affects 1:i:s\n  affects 1:j:s\n  and 2 more\n", stderr.String())
}

// What was a warning already is not said again.
func TestVerifySaysOnce(t *testing.T) {
	data, err := os.ReadFile(fixture(t, "none.wim"))
	require.NoError(t, err)
	document := binary.LittleEndian.Uint64(data[0x50:]) // WIM format sheet, section 2
	data[document+4] = 'A'                              // <WIM> becomes <AIM>
	file := filepath.Join(t.TempDir(), "xml.wim")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	stdout, stderr, status := command("verify", file)
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "problems: 1")
	require.Equal(t, 1, strings.Count(stderr, "</WIM>"), stderr)
}

func TestVerifyNotes(t *testing.T) {
	file := fixture(t, "holes.wim")
	stdout, stderr, status := command("verify", file)
	require.Zero(t, status)
	require.Contains(t, stdout, "problems: 0\n")
	require.Equal(t, "wimble: note: blob c1997b75732693bf21f176374851ecf9150adaa5, of 30000 bytes: no image uses it\n"+
		"wimble: note: blob f887eb9033eb81d60df8dcbd5a01ca3e41672e7a, of 132096 bytes: no image uses it\n", stderr)
	var object struct {
		OK        bool
		Notes     []string
		MoreNotes int `json:"more_notes"`
	}
	require.NoError(t, json.Unmarshal([]byte(works(t, "verify", "--json", file)), &object))
	require.True(t, object.OK)
	require.Len(t, object.Notes, 2)
	require.Zero(t, object.MoreNotes)
}

func TestVerifyListsTenNotes(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	a.sayNotes(nil, 0)
	require.Empty(t, stderr.String())
	notes := slices.Repeat([]error{errors.New("odd")}, 12)
	a.sayNotes(notes[:10], 0)
	require.Equal(t, strings.Repeat("wimble: note: odd\n", 10), stderr.String())
	stderr.Reset()
	a.sayNotes(notes, 3)
	require.Equal(t, strings.Repeat("wimble: note: odd\n", 10)+"wimble: note: 5 more\n", stderr.String())
}
