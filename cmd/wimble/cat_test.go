package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

func TestCat(t *testing.T) {
	for _, c := range []struct{ file, path, want string }{
		{"none.wim", "readme.txt", "A fixture of wimble. Each line ends as on Windows.\r\n"},
		{"none.wim", "/readme.txt", "A fixture of wimble. Each line ends as on Windows.\r\n"},
		{"none.wim", "README.TXT", "A fixture of wimble. Each line ends as on Windows.\r\n"},
		{"none.wim", `deep\a\B/c/d/e/f/g/h\i\j\k\l\m\n\o\p\leaf.txt`, "sixteen levels down\n"},
		{"none.wim", "empty.txt", ""},
		{"none.wim", "links/relative", "A fixture of wimble. Each line ends as on Windows.\r\n"},
		{"none.wim", "names/Grüße aus Köln.txt", "umlauts\n"},
		{"pipable-none.wim", "one-byte.bin", "x"},
		{"split3.swm", "links/hard-1.txt", "linked\n"},
		{"solid-lzms.esd", "links/hard-1.txt", "linked\n"},
		{"ntfs.wim", "streams/both.txt", "unnamed\r\n"},
		{"ntfs.wim", "streams/both.txt:Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3\r\n"},
		{"ntfs.wim", `\Streams\Both.txt:zone.identifier`, "[ZoneTransfer]\r\nZoneId=3\r\n"},
		{"ntfs.wim", "streams/both.txt:empty", ""},
		{"ntfs.wim", "streams:on-directory", "of a directory\r\n"},
		{"ntfs.wim", "junction/file.txt", "plain\r\n"},
		{"names.wim", "colon:stream", "b\n"},
		{"names.wim", "back%u005Cslash", "a\n"},
		{"names.wim", "unpaired-high-%uD800", "i\n"},
	} {
		require.Equal(t, c.want, works(t, "cat", fixture(t, c.file), "1", c.path), c.path)
	}
	require.Equal(t, "changed\r\n", works(t, "cat", fixture(t, "delta.wim"), "1", "readme.txt"))
	require.Equal(t, "x", works(t, "cat", fixture(t, "delta.wim"), "later", "one-byte.bin", "--ref", fixture(t, "lzx-32k.wim")))
	require.Equal(t, "x", works(t, "--ref", fixture(t, "install.wim"), "--ref", fixture(t, "lzx-32k.wim"),
		"cat", fixture(t, "delta.wim"), "later", "one-byte.bin"))
}

// Every byte of every file that sha1sum knows comes out.
func TestCatAgreesWithSHA1Sum(t *testing.T) {
	for _, image := range []wimtest.FixtureImage{
		{File: "lzx-2m.wim", Index: 1, Listing: "huge"}, {File: "solid-three.esd", Index: 2, Listing: "chunks"}, {File: "ntfs.wim", Index: 1, Listing: "ntfs"},
	} {
		for _, sum := range wimtest.FixtureSums(t, image.Listing) {
			path := sum.Path
			if sum.Stream != "" {
				path += ":" + sum.Stream
			}
			out := works(t, "cat", fixture(t, image.File), image.IndexText(), path)
			require.Equal(t, sum.SHA1, wimtest.HexSHA1([]byte(out)), path)
		}
	}
}

func TestCatOfWhatCannotBeRead(t *testing.T) {
	none, delta := fixture(t, "none.wim"), fixture(t, "delta.wim")
	for path, message := range map[string]string{
		"nothing":           "open nothing: file does not exist",
		"readme.txt:stream": "open readme.txt:stream: file does not exist",
		"deep":              "open deep: is a directory",
		"/":                 "open .: is a directory",
		"links/dangling":    "read links/dangling: file does not exist",
		"links/loop-1":      "read links/loop-1: too many levels of links",
	} {
		require.Equal(t, message, fails(t, "cat", none, "1", path))
	}
	require.Equal(t, "read one-byte.bin: blob 11f6ad8ec52a2984abaafd7c3b516503785c2072: wim: content is not in this WIM; "+
		"a delta file needs the file that it was made against: --ref FILE names it", fails(t, "cat", delta, "1", "one-byte.bin"))
	require.Equal(t, noFile(t, "nothing.wim"), fails(t, "cat", delta, "1", "one-byte.bin", "--ref", "nothing.wim"))
}

// The bytes come out, and then it is said that they are wrong.
func TestCatOfDamage(t *testing.T) {
	const text = "A fixture of wimble. Each line ends as on Windows.\r\n"
	data := wimtest.FixtureBytes(t, "none.wim")
	at := bytes.Index(data, []byte(text))
	data[at] = 'B'
	stdout, stderr, status := command("cat", writeFile(t, "bad.wim", data), "1", "readme.txt")
	require.Equal(t, 1, status)
	require.Equal(t, "B"+text[1:], stdout)
	require.Equal(t, "wimble: read readme.txt: blob 5793137ad1d77e403917e3a8ff4072068762bdcd: the content has SHA-1 "+
		wimtest.HexSHA1([]byte(stdout))+": "+wim.ErrChecksum.Error()+"\n", stderr)
}
