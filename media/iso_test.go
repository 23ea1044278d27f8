package media

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// iso returns a fixture of this package.
func iso(t testing.TB, name string) []byte {
	t.Helper()
	compressed, err := os.ReadFile(filepath.Join("testdata", name+".iso.gz"))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

// write writes a file into a folder of its own.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// requireSameFile checks that all of what an open file has is that of a
// fixture.
func requireSameFile(t *testing.T, file *File, fixture string) {
	t.Helper()
	want, err := wim.OpenReader(wimtest.FixturePath(t, fixture))
	require.NoError(t, err)
	defer want.Close()
	require.Equal(t, want.XML(), file.XML())
	require.Equal(t, want.Size(), file.Size())
	require.Empty(t, file.MissingParts())
	report, err := file.Verify(context.Background())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Problems)
}

func TestOpenISO(t *testing.T) {
	name := write(t, "WIN11.ISO", iso(t, "media"))
	for _, c := range []struct{ inner, want, fixture string }{
		{"", "sources/install.swm", "split.swm"},
		{":sources/install.swm", "sources/install.swm", "split.swm"},
		{":sources/install3.swm", "sources/install3.swm", "split3.swm"},
		{":sources/boot.wim", "sources/boot.wim", "boot.wim"},
		{`:\SOURCES\Boot.wim`, "SOURCES/Boot.wim", "boot.wim"},
		{":/sources//boot.wim", "sources/boot.wim", "boot.wim"},
		{":sources", "sources/install.swm", "split.swm"},
		{`:sources\`, "sources/install.swm", "split.swm"},
	} {
		file, err := Open(context.Background(), name+c.inner)
		require.NoError(t, err, c.inner)
		require.Equal(t, name+":"+c.want, file.Name)
		requireSameFile(t, file, c.fixture)
		require.NoError(t, file.Close())

		again, err := Open(context.Background(), file.Name)
		require.NoError(t, err, c.inner)
		require.Equal(t, file.Name, again.Name)
		require.NoError(t, again.Close())
	}
}

// The name of an ISO file may be anything, with colons in it as well.
func TestOpenISOByContent(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"download", "a:b", "x.wim", "a.iso:sources"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, iso(t, "media"), 0o600))
		for _, inner := range []string{"", ":", ":/", ":sources/install.swm"} {
			file, err := Open(context.Background(), path+inner)
			require.NoError(t, err, name)
			require.Equal(t, path+":sources/install.swm", file.Name)
			require.NoError(t, file.Close())
		}
	}
	// A file that is there comes before one in an ISO file.
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a:b:sources"), 0o700))
	path := filepath.Join(dir, "a:b:sources", "boot.wim")
	require.NoError(t, os.WriteFile(path, wimtest.FixtureBytes(t, "none.wim"), 0o600))
	file, err := Open(context.Background(), path)
	require.NoError(t, err)
	requireSameFile(t, file, "none.wim")
	require.NoError(t, file.Close())
}

// Each error is one line that has the name, and says what can be done.
func TestISOErrors(t *testing.T) {
	media, other, plain := write(t, "media.iso", iso(t, "media")), write(t, "other.iso", iso(t, "other")), write(t, "plain.iso", iso(t, "plain"))
	readme := write(t, "readme.iso", []byte("nothing of that kind"))
	lfs := write(t, "lfs.iso", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"))
	empty, err := os.ReadFile("../udf/testdata/genisoimage.iso.gz")
	require.NoError(t, err)
	unzipped, err := gzip.NewReader(bytes.NewReader(empty))
	require.NoError(t, err)
	empty, err = io.ReadAll(unzipped)
	require.NoError(t, err)
	none := write(t, "none.iso", empty)
	for _, c := range []struct {
		name string
		kind error
		want string
	}{
		{media + ":sources/instal.wim", fs.ErrNotExist,
			media + ": there is no sources/instal.wim in it; name one of sources/boot.wim, sources/install.swm: file does not exist"},
		{other, fs.ErrNotExist,
			other + ": there is no sources/install.wim, .esd or .swm, and no boot.wim in it; name one of windows 10.wim: file does not exist"},
		{none, fs.ErrNotExist, none + ": there is no WIM file in it: file does not exist"},
		{none + ":a.wim", fs.ErrNotExist, none + ": there is no a.wim in it, and no WIM file at all: file does not exist"},
		{plain, udf.ErrISO9660, plain + ": udf: ISO 9660 without UDF; copy the files out of it with another program"},
		{plain + ":README.TXT", udf.ErrISO9660, plain + ": udf: ISO 9660 without UDF; copy the files out of it with another program"},
		{media + ":sources/setup.exe", wim.ErrFormat,
			media + ":sources/setup.exe: the file has 15 bytes, a WIM header alone has 208: wim: invalid data"},
		{media + ":x64", fs.ErrNotExist, media + ":x64: there is no WIM file in it: file does not exist"},
		{readme + ":boot.wim", wim.ErrFormat, readme + ": wim: invalid data: this is no ISO file"},
		{lfs + ":boot.wim", wim.ErrFormat, lfs + `: wim: invalid data: this is a Git LFS pointer; "git lfs pull" fetches the file itself`},
		{filepath.Join(t.TempDir(), "none.iso:boot.wim"), fs.ErrNotExist, "none.iso:boot.wim: no such file or directory"},
	} {
		_, err := Open(context.Background(), c.name)
		if c.kind != nil {
			require.ErrorIs(t, err, c.kind)
		}
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n")
	}
}

// A WIM that begins somewhere inside of a file in an ISO file.
func TestOffsetInISO(t *testing.T) {
	name := write(t, "media.iso", iso(t, "media"))
	_, err := Open(context.Background(), name+":sources/setup.exe", WithOffset(5))
	require.ErrorContains(t, err, name+":sources/setup.exe: at offset 5: ")
	_, err = Open(context.Background(), name+":sources/setup.exe", WithOffset(15))
	require.ErrorIs(t, err, fs.ErrInvalid)

	// sources/boot.wim lies somewhere in the ISO file, in one piece.
	offset := int64(bytes.Index(iso(t, "media"), wimtest.FixtureBytes(t, "boot.wim")))
	require.Positive(t, offset)
	file, err := Open(context.Background(), name, WithOffset(offset))
	require.NoError(t, err)
	require.NotEmpty(t, file.Images)
	require.NoError(t, file.Close())
}
