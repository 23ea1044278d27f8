package console

import (
	"context"
	"crypto/sha1"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/wimble-go/wimble/wim"
)

// content sends a file, or with ?stream= one of its named streams: ranges work,
// and the ETag is the SHA-1. It is always a download.
func (s *Server) content(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	defer o.Close()
	return o.send(w, r, r.URL.Query().Get("stream"))
}

func (o *opened) send(w http.ResponseWriter, r *http.Request, stream string) error {
	file, name, err := o.openStream(stream)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 0 {
		return fmt.Errorf("the content is in none of the files of this package: %w", wim.ErrMissingBlob)
	}
	sum := streamSum(info.Sys().(*wim.Entry), stream)
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Content-Disposition", attachment(name))
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("ETag", `"`+sum.String()+`"`)
	h.Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	serveContent(w, r, newContentReader(r.Context(), file, info.Size(), sum, o.slots))
	return nil
}

// maxRanges is how many ranges one answer has. Each may take the decoding of
// chunks that the cache no longer has.
const maxRanges = 16

// serveContent answers with content, or with ranges of it; a request for too
// many ranges gets all. The ETag alone tells whether a client has this content:
// that of another image may have the same time, or an older one.
func serveContent(w http.ResponseWriter, r *http.Request, body *contentReader) {
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, body)
	if body.err != nil {
		panic(http.ErrAbortHandler) // the client has to see that it has not got all
	}
}

// openStream opens the file of the path, or a named stream, and returns what to
// call it.
func (o *opened) openStream(stream string) (*wim.File, string, error) {
	file, err := o.tree.OpenStream(o.path, stream)
	if err != nil {
		return nil, "", err
	}
	name := path.Base(o.path)
	if stream != "" {
		name += "_" + stream
	}
	return file, name, nil
}

// streamSum is the SHA-1 of a stream of an entry.
func streamSum(e *wim.Entry, name string) wim.SHA1 {
	for _, stream := range e.Streams {
		if strings.EqualFold(stream.Name, name) {
			return stream.SHA1
		}
	}
	return wim.SHA1{}
}

// contentReader reads content for a client. Few of them decode at a time, and
// what a client waits for holds no memory.
type contentReader struct {
	ctx    context.Context
	source io.ReaderAt
	size   int64
	slots  slots

	position int64
	want     wim.SHA1
	hash     hash.Hash // of the content up to hashed
	hashed   int64
	err      error
}

func newContentReader(ctx context.Context, source io.ReaderAt, size int64, sum wim.SHA1, slots slots) *contentReader {
	return &contentReader{ctx: ctx, source: source, size: size, slots: slots, want: sum, hash: sha1.New()}
}

// Read implements io.Reader. What was read from start to end has to have its
// SHA-1, or the last bytes are not given.
func (c *contentReader) Read(p []byte) (int, error) {
	if c.position >= c.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), c.size-c.position)]
	if err := c.slots.enter(c.ctx); err != nil {
		return 0, c.fail(err)
	}
	n, err := c.source.ReadAt(p, c.position)
	c.slots.leave()
	if n < len(p) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, c.fail(err)
	}
	if c.hashed == c.position {
		c.hash.Write(p)
		c.hashed += int64(n)
		if c.hashed == c.size && !c.want.IsZero() && wim.SHA1(c.hash.Sum(nil)) != c.want {
			return 0, c.fail(wim.ErrChecksum)
		}
	}
	c.position += int64(n)
	return n, nil
}

func (c *contentReader) fail(err error) error {
	c.err = err
	return err
}

// Seek implements io.Seeker.
func (c *contentReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.position
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	c.position = offset
	return offset, nil
}

// contentTypes are for programs that want to know. A browser gets none that it
// would run: HTML, SVG and scripts are text.
var contentTypes = map[string]string{
	".bmp": "image/bmp", ".gif": "image/gif", ".ico": "image/x-icon", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
	".bat": textType, ".c": textType, ".cmd": textType, ".css": textType, ".csv": textType, ".h": textType, ".htm": textType, ".html": textType,
	".inf": textType, ".ini": textType, ".js": textType, ".json": textType, ".log": textType, ".manifest": textType, ".md": textType,
	".mof": textType, ".mum": textType, ".ps1": textType, ".psm1": textType, ".reg": textType, ".svg": textType, ".txt": textType,
	".vbs": textType, ".xml": textType, ".xsd": textType, ".xsl": textType, ".yaml": textType,
	".cab": "application/vnd.ms-cab-compressed", ".pdf": "application/pdf", ".zip": "application/zip",
}

const (
	textType   = "text/plain"
	binaryType = "application/octet-stream"
)

func contentType(name string) string {
	if kind := contentTypes[strings.ToLower(path.Ext(name))]; kind != "" {
		return kind
	}
	return binaryType
}

// attachment has a browser save what it gets, under a name that is safe
// everywhere.
func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": safeName(name)})
}

// safeName makes a name that no system takes for a path, a device or something
// that is not seen.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimLeft(name, ". "), ". ")
	for len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "")
	}
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case name == "":
		return "download"
	case base == "CON" || base == "PRN" || base == "AUX" || base == "NUL",
		len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '0' && base[3] <= '9':
		return "_" + name
	}
	return name
}
