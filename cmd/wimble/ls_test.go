package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

const (
	entryKeys = `path type size attributes reparse_tag target hard_link_group hard_link_count created accessed modified
		created_filetime accessed_filetime modified_filetime short_name security_descriptor_size sha1 streams`
	streamKeys = `name size sha1`
)

func fixtureListing(t *testing.T, name string) []wimtest.ListedEntry {
	t.Helper()
	listing, err := wimtest.ParseListing(wimtest.FixtureBytes(t, "expected/"+name+".dir.txt"))
	require.NoError(t, err)
	return listing
}

// The fields of every entry are there, and say what wimlib says.
func TestLsJSON(t *testing.T) {
	for _, image := range wimtest.FixtureImages(t) {
		if image.Listing == "names" { // see TestLsOfOddNames
			continue
		}
		t.Run(image.String(), func(t *testing.T) {
			args := []string{"ls", "-R", "--json", fixture(t, image.File), image.IndexText()}
			if base := wimtest.FixtureReference(image.File); base != "" {
				args = append(args, "--ref", fixture(t, base))
			}
			byPath := map[string]map[string]any{}
			for _, line := range strings.SplitAfter(works(t, args...), "\n") {
				if line != "" {
					object := requireKeys(t, parseJSON(t, line), entryKeys)
					byPath[object["path"].(string)] = object
				}
			}
			listing := fixtureListing(t, image.Listing)
			require.Len(t, byPath, len(listing))
			for _, want := range listing {
				require.Contains(t, byPath, want.Path)
				requireEntryJSON(t, want, byPath[want.Path])
			}
		})
	}
}

func requireEntryJSON(t *testing.T, want wimtest.ListedEntry, got map[string]any) {
	t.Helper()
	number := func(n uint64) json.Number { return json.Number(strconv.FormatUint(n, 10)) }
	require.Equal(t, number(uint64(want.Attributes)), got["attributes"], want.Path)
	require.Equal(t, number(uint64(want.ReparseTag)), got["reparse_tag"], want.Path)
	require.Equal(t, want.ShortName, got["short_name"], want.Path)
	require.Equal(t, number(uint64(len(want.SecurityDescriptor))), got["security_descriptor_size"], want.Path)
	require.Equal(t, want.LinkCount > 1, got["hard_link_group"] != number(0), want.Path)
	require.Equal(t, number(uint64(max(1, want.LinkCount))), got["hard_link_count"], want.Path)
	for key, at := range map[string]time.Time{"created": want.Created, "accessed": want.Accessed, "modified": want.Written} {
		text, err := time.Parse(time.RFC3339Nano, got[key].(string))
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(got[key].(string), "Z"))
		require.Equal(t, at, text.Truncate(time.Second), want.Path)
		// The same time as an integer: 100 ns since 1601.
		exact, err := got[key+"_filetime"].(json.Number).Int64()
		require.NoError(t, err)
		require.Equal(t, text, time.Unix(exact/1e7-11644473600, exact%1e7*100).UTC(), want.Path)
	}

	kind := "file"
	switch want.ReparseTag {
	case 0:
		if want.Attributes&0x10 != 0 {
			kind = "dir"
		}
	case 0xA0000003:
		kind = "junction"
	case 0xA000000C, 0xA000001D:
		kind = "symlink"
	default:
		kind = "reparse"
	}
	require.Equal(t, kind, got["type"], want.Path)

	hash := func(text string) string { // "" where there are no bytes
		return strings.TrimPrefix(text, strings.Repeat("0", 40))
	}
	if s := want.Stream(wimtest.UnnamedStream); s != nil {
		require.Equal(t, number(uint64(s.Size)), got["size"], want.Path)
		require.Equal(t, hash(s.SHA1), got["sha1"], want.Path)
	}
	streams := map[string]map[string]any{}
	for _, s := range got["streams"].([]any) {
		stream := requireKeys(t, s, streamKeys)
		streams[stream["name"].(string)] = stream
	}
	named := 0
	for _, s := range want.Streams {
		if s.Kind == wimtest.NamedStream {
			named++
			require.Equal(t, map[string]any{"name": s.Name, "size": number(uint64(s.Size)), "sha1": hash(s.SHA1)}, streams[s.Name], want.Path)
		}
	}
	require.Len(t, streams, named, want.Path)
}

func TestLsJSONExactTimes(t *testing.T) {
	got := parseJSON(t, works(t, "ls", "--json", fixture(t, "ntfs.wim"), "1", "plain/file.txt"))
	require.Equal(t, json.Number("132000000000000001"), got["created_filetime"])
	require.Equal(t, json.Number("132111111111111112"), got["modified_filetime"])
	require.Equal(t, json.Number("132222222222222223"), got["accessed_filetime"])
	// 132000000000000001 / 10^7 - 11644473600 = 1555526400.0000001 s after 1970.
	require.Equal(t, "2019-04-17T18:40:00.0000001Z", got["created"])
	require.Equal(t, "/plain/file.txt", got["path"])
}

func TestLs(t *testing.T) {
	none := fixture(t, "none.wim")
	require.Equal(t, "deep\nempty-dir\nempty.txt\nlinks\nnames\nnoise.bin\none-byte.bin\nreadme.txt\nsetup.log\ntimes\ntwin-1.txt\ntwin-2.txt\n",
		works(t, "ls", none, "1"))
	times := "after-2038.txt\nbefore-1970.txt\nepoch.txt\n"
	for _, path := range []string{"times", "/times", "TIMES", `\times`, "times/", "./times/../times", `deep\..\Times\`} {
		require.Equal(t, times, works(t, "ls", none, "1", path), path)
	}
	for _, path := range []string{"", "/", ".", `\`} {
		require.Equal(t, works(t, "ls", none, "1"), works(t, "ls", none, "1", path), path)
	}
	require.Empty(t, works(t, "ls", none, "1", "empty-dir"))
	require.Equal(t, "/readme.txt\n", works(t, "ls", none, "1", "readme.txt"))
	require.Equal(t, "/times\n/times/after-2038.txt\n/times/before-1970.txt\n/times/epoch.txt\n", works(t, "ls", "-R", none, "1", "times"))
	require.Equal(t, "/readme.txt\n", works(t, "ls", "-R", none, "1", "readme.txt"))

	// -R of everything is the listing.
	var want []string
	for _, e := range fixtureListing(t, "small") {
		want = append(want, e.Path)
	}
	require.ElementsMatch(t, want, strings.Split(strings.TrimSuffix(works(t, "ls", "-R", none, "1"), "\n"), "\n"))
}

func TestLsLong(t *testing.T) {
	for _, c := range []struct{ file, path, want string }{
		{"ntfs.wim", "sparse.bin", "-rw-r--r-- ----a---        100,000 2019-08-24 09:05 /sparse.bin\n"},
		{"ntfs.wim", "attribute-readonly.txt", "-r--r--r-- r-------             10 2019-08-24 09:05 /attribute-readonly.txt\n"},
		{"ntfs.wim", "attribute-hidden.txt", "-rw-r--r-- -h------              8 2019-08-24 09:05 /attribute-hidden.txt\n"},
		{"ntfs.wim", "attribute-system.txt", "-rw-r--r-- --s-----              8 2019-08-24 09:05 /attribute-system.txt\n"},
		{"ntfs.wim", "junction", "Lrwxrwxrwx ---dal--              0 2019-08-24 09:05 /junction -> /plain\n"},
		{"ntfs.wim", "unknown-tag.bin", "?rw-r--r-- ----al--              0 2019-08-24 09:05 /unknown-tag.bin\n"},
		{"none.wim", "links/relative", "Lrwxrwxrwx -----l--              0 2020-03-09 01:02 /links/relative -> ../readme.txt\n"},
		{"none.wim", "empty-dir", ""},
		{"none.wim", "times", "" +
			"-rw-r--r-- --------              6 2200-12-31 23:59 after-2038.txt\n" +
			"-rw-r--r-- --------              7 1960-02-29 12:00 before-1970.txt\n" +
			"-rw-r--r-- --------              5 1970-01-01 00:00 epoch.txt\n"},
		{"unix.wim", "owned.txt", "-rw-r----- --------             27 2020-03-09 01:02 /owned.txt\n"},
		{"delta.wim", "one-byte.bin", "-rw-r--r-- --------        missing 2020-03-09 01:02 /one-byte.bin\n"},
	} {
		require.Equal(t, c.want, works(t, "ls", "-l", fixture(t, c.file), "1", c.path), c.path)
	}
}

func TestLsOfOddNames(t *testing.T) {
	out := works(t, "ls", fixture(t, "names.wim"), "1")
	for _, name := range []string{
		"back%u005Cslash", "unpaired-high-%uD800", "unpaired-low-%uDFFF-end", "trailing space ", `control-\u0001-\u001F`,
	} {
		require.Contains(t, out, name+"\n")
	}
	got := parseJSON(t, works(t, "ls", "--json", fixture(t, "names.wim"), "1", "control-\x01-\x1f"))
	require.Equal(t, "/control-\x01-\x1f", got["path"])
}

func TestLsOfWhatIsNotThere(t *testing.T) {
	none := fixture(t, "none.wim")
	require.Equal(t, "lstat nothing: file does not exist", fails(t, "ls", none, "1", "nothing"))
	require.Equal(t, "lstat readme.txt/below: not a directory", fails(t, "ls", none, "1", "readme.txt/below"))
	require.Equal(t, `lstat a\u0007: file does not exist`, fails(t, "ls", none, "1", "a\a"))
}

// A link is listed as itself; what is behind it is found through it.
func TestLsOfALink(t *testing.T) {
	none := fixture(t, "none.wim")
	require.Equal(t, "/links/directory\n", works(t, "ls", none, "1", "links/directory"))
	require.Equal(t, "/links/self/directory/hard-3.txt\n", works(t, "ls", none, "1", "links/self/directory/hard-3.txt"))
}
