package wim_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	utf16names "github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/wim"
)

// treeOf makes a tree of any bytes: directories, files with contents that come
// again or not, links, hard links, streams, and entries that make no sense.
func treeOf(data []byte) entriesFS {
	fsys := entriesFS{fstest.MapFS{}, map[string]string{}}
	next := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	text := func() string {
		n := min(next()%16, len(data))
		s := string(data[:n])
		data = data[n:]
		return s
	}
	dir := ""
	for files := 0; len(data) > 0 && files < 100; files++ {
		op, name := next(), text()
		path := dir + strings.ToValidUTF8(name, "?")
		if path == "." || !fs.ValidPath(path) || strings.Contains(name, "/") || fsys.MapFS[path] != nil {
			continue
		}
		content := strings.Repeat(text(), 1+next()*next()%4000)
		e := &wim.Entry{Name: name, Attributes: wim.Attributes(next()) &^ wim.AttributeDirectory, ShortName: "", HardLinkGroup: uint64(op / 64)}
		if len(content) > 0 {
			e.Streams = []wim.Stream{{Size: int64(len(content))}}
		}
		file := &fstest.MapFile{Data: []byte(content), Sys: e}
		switch op % 8 {
		case 0:
			file, dir = &fstest.MapFile{Mode: fs.ModeDir | 0o755}, path+"/"
		case 1:
			dir = ""
		case 2:
			e.Attributes |= wim.AttributeReparsePoint
			e.Reparse = wim.NewReparsePoint(wim.ReparseTag(next()), []byte(text()))
		case 3:
			stream := text()
			e.Streams = append(e.Streams, wim.Stream{Name: stream, Size: 3})
			fsys.streams[path+":"+stream] = "abc"
		case 4:
			e.ShortName = text()
			e.RawName = utf16names.Units([]byte(text()))
		case 5:
			e.Tagged = []wim.TaggedItem{{Tag: uint32(next()), Data: []byte(text())}}
			e.SecurityDescriptor = []byte(text())
		case 6:
			e.Streams = append(e.Streams, wim.Stream{Size: int64(next()) - 10})
		case 7:
			file.Sys = nil
		}
		fsys.MapFS[path] = file
	}
	return fsys
}

// FuzzCapture captures any tree. What is written is whole, and each file that
// was captured has its content.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("\x0f\x01a\x05hello\x01\x01\x20\x00\x01d\x05hello\x01\x01\x20\x47\x01b\x05hello\x01\x01\x20\x47\x01c\x05hello\x01\x01\x20"), byte(1))
	f.Add([]byte("\x02\x04link\x00\x01\x01\x20\x0c\x04data\x03\x01s\x02xy\xff\xff\x20\x04name\x04\x01z\x03abc\x01\x01\x00\x05SHORT\x04\x00\xd8x\x00"), byte(2))
	f.Add([]byte("\x05\x01t\x01t\x09\x09\x20\x77\x08itemitem\x04desc\x06\x01u\x01u\x01\x01\x20\x0b"), byte(0))
	codecs := []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX}
	f.Fuzz(func(t *testing.T, data []byte, codec byte) {
		fsys := treeOf(data)
		tree, report, err := captured(t, fsys, []wim.WriterOption{wim.WithCompression(codecs[int(codec)%3]), wim.WithLevel(5)}, wim.WithSkipUnreadable())
		if err != nil {
			require.True(t, errors.Is(err, fs.ErrInvalid) || errors.Is(err, wim.ErrChanged), "%v", err)
			require.NotContains(t, strings.TrimSpace(err.Error()), "\n")
			return
		}
		skipped := map[string]bool{}
		for _, s := range report.Skipped {
			skipped[s.Path] = true
		}
		for path, file := range fsys.MapFS {
			e, _ := file.Sys.(*wim.Entry)
			if file.Mode.IsDir() || skipped[path] || e != nil && (e.RawName != nil || e.Attributes&wim.AttributeReparsePoint != 0) {
				continue
			}
			got, err := tree.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // a stream of it, or its directory, was left out
			}
			require.NoError(t, err)
			if e == nil || len(e.Streams) > 0 && e.Streams[0].Name == "" && e.Streams[0].Size > 0 && e.HardLinkGroup == 0 {
				require.True(t, bytes.Equal(file.Data, got), path)
			}
		}
	})
}
