package wim

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// limitedBuffer keeps some bytes and refuses more.
type limitedBuffer struct {
	bytes.Buffer
	left int
}

var errLimitedBuffer = errors.New("too much")

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errLimitedBuffer
	}
	return b.Buffer.Write(p)
}

// FuzzTar writes tars of arbitrary metadata. Whatever that is, the tar is one
// that archive/tar reads, in which each path is local, comes once if it is not
// a directory, and comes after its parent.
func FuzzTar(f *testing.F) {
	seed := wimtest.NewWIM()
	seed.Header.Flags = wimtest.HeaderReparseFix
	contents := [][20]byte{seed.AddBlob([]byte("content")), seed.AddBlob(counted(3000))}
	link := seed.AddBlob(wimtest.SymlinkData(`\??\C:\dir\file`, false))
	body, size := seed.Source()
	data, err := io.ReadAll(io.NewSectionReader(body, 0, size))
	require.NoError(f, err)
	table := seed.Table
	hardLink := func(name string) *wimtest.Dentry {
		d := wimtest.RegularFile(name, contents[0])
		d.HardLink, d.ShortName = 3, "SHORT~1"
		return d
	}
	streams := wimtest.RegularFile("streams", contents[1])
	streams.Streams = []wimtest.StreamEntry{{Name: "a=b", Hash: contents[0]}, {Name: "missing", Hash: [20]byte{9}}}
	streams.SecurityID = 0
	streams.Tagged = []wimtest.TaggedItem{{Tag: wimfile.TagObjectID, Data: make([]byte, 16)}, {Tag: wimfile.TagUnixData, Data: make([]byte, 16)}}
	for _, root := range []*wimtest.Dentry{
		nil,
		wimtest.Directory("", wimtest.RegularFile("a", contents[0]), wimtest.RegularFile("b", contents[0]), wimtest.RegularFile("empty", [20]byte{})),
		wimtest.Directory("", hardLink("x"), wimtest.Directory("dir", hardLink("y"), wimtest.Symlink("link", link)), wimtest.Symlink("link", link)),
		wimtest.Directory("", streams, wimtest.Directory("..", wimtest.RegularFile("/", contents[1]))),
	} {
		f.Add((&wimtest.Metadata{Security: [][]byte{[]byte("descriptor")}, Root: root}).Bytes())
	}
	f.Fuzz(func(t *testing.T, metadata []byte) {
		w := wimtest.NewWIM()
		w.Header.Flags = wimtest.HeaderReparseFix
		w.Place(data[208:])
		w.Table = append(w.Table, table...)
		w.AddMetadata(metadata)
		r := openCrafted(t, w)
		out := &limitedBuffer{left: 4 << 20}
		report, err := r.Images[0].WriteTar(context.Background(), out)
		if report == nil || errors.Is(err, errLimitedBuffer) {
			return
		}
		kinds, again := map[string]byte{}, 0
		for in := tar.NewReader(out); ; {
			h, err := in.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, in)
			require.NoError(t, err)
			require.Equal(t, h.Size, n)
			name := strings.TrimSuffix(h.Name, "/")
			require.True(t, fs.ValidPath(name), "%q", name)
			if kinds[name] != 0 {
				require.EqualValues(t, tar.TypeDir, h.Typeflag)
				require.Equal(t, h.Typeflag, kinds[name])
				again++
			} else if parent := path.Dir(name); parent != "." {
				require.EqualValues(t, tar.TypeDir, kinds[parent])
			}
			if h.Typeflag == tar.TypeLink {
				require.EqualValues(t, tar.TypeReg, kinds[h.Linkname])
			}
			kinds[name] = h.Typeflag
		}
		require.Equal(t, len(kinds), report.Files+report.Directories+report.Links)
		require.LessOrEqual(t, again, report.Directories)
	})
}
