package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/wim"
)

// source is an open file, of the system or of a web server.
type source struct {
	io.ReaderAt
	io.Closer
	name     string // for messages
	size     int64
	modified time.Time   // zero if that is not known
	info     fs.FileInfo // nil for one of a web server
	searched int64       // how much of it is searched for a WIM that begins inside
}

// source opens the file of a place.
func (o *opener) source(ctx context.Context, p place) (*source, error) {
	if p.web {
		return o.openURL(ctx, p.file, webCache)
	}
	return openSource(hostFile{}, p.file, p.file)
}

// openSource opens a file of a file system. Its name is for messages.
func openSource(fsys fs.FS, path, name string) (*source, error) {
	// Opening a pipe or a device could block or have effects: look first.
	info, err := fs.Stat(fsys, path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	file, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err != nil { // it may be another one now
		file.Close()
		return nil, err
	}
	reader, ok := file.(io.ReaderAt)
	if !ok {
		file.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w: the file cannot be read at any place", wim.ErrUnsupported)}
	}
	return &source{reader, file, name, info.Size(), info.ModTime(), info, 1 << 20}, nil
}

// files are what a package in the source consists of.
func (s *source) files() []PackageFile {
	if s.info == nil {
		return nil
	}
	return []PackageFile{newPackageFile(s.name, s.info)}
}

// isBeginning tells whether the file, which has no header that can be read, may
// be the beginning of one that is being copied: it has too few bytes, or only
// zeros where the header is to be, or the header at the end is not there yet.
func (s *source) isBeginning() bool {
	head, err := saferio.ReadData(s, min(s.size, 208), 0)
	return err == nil && (len(bytes.Trim(head, "\x00")) == 0 || bytes.HasPrefix(head, pipableSignature) ||
		len(head) < 208 && (bytes.HasPrefix(head, signature) || bytes.HasPrefix(signature, head)))
}

// hostFile has the files of the system, by any name.
type hostFile struct{}

func (hostFile) Open(name string) (fs.File, error)     { return os.Open(name) }
func (hostFile) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// isISO tells whether the file has the descriptors of an ISO 9660 or UDF file
// system.
func (s *source) isISO() bool {
	head, err := saferio.ReadData(s, min(s.size, HeadSize), 0)
	if err != nil {
		return false
	}
	kind, _ := Recognize(head, nil)
	return kind == isoImage
}

// signature is what a WIM file begins with, and wimlib's pipable ones.
var (
	signature        = []byte("MSWIM\x00\x00\x00")
	pipableSignature = []byte("WLPWM\x00\x00\x00")
)

// explain returns the error of opening the file, or a better one if the file is
// no WIM and it can be told what it is.
func (s *source) explain(openErr error) error {
	head, err := saferio.ReadData(s, min(s.size, s.searched), 0)
	if err != nil || bytes.HasPrefix(head, signature) || bytes.HasPrefix(head, pipableSignature) {
		return openErr
	}
	tailSize := min(s.size, TailSize)
	tail, err := saferio.ReadData(s, tailSize, s.size-tailSize)
	if err != nil {
		return openErr
	}
	inside := bytes.Index(head, signature)
	kind, known := Recognize(head[:min(len(head), HeadSize)], tail)
	var advice []string
	if inside > 0 {
		advice = append(advice, fmt.Sprintf("a WIM may begin at offset %d, which --offset %d opens", inside, inside))
	}
	if known {
		return fmt.Errorf("%w: this is %s; %s", wim.ErrFormat, kind.Name, strings.Join(append(advice, kind.Advice), "; "))
	}
	if advice != nil {
		return fmt.Errorf("%w; %s", openErr, strings.Join(advice, "; "))
	}
	return openErr
}
