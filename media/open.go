package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/wimble-go/wimble/wim"
)

// File is an open WIM file.
type File struct {
	*wim.Reader

	// Name is the WIM file that was opened: what Open was asked for, or what it
	// found there.
	Name string

	closer io.Closer
}

// Close closes the file.
func (f *File) Close() error { return f.closer.Close() }

// An Option changes how [Open] works.
type Option func(*opener)

// WithOffset has the WIM begin at an offset in bytes in the file, such as one
// that is appended to a program. Parts of a split set are not looked for then.
func WithOffset(offset int64) Option { return func(o *opener) { o.offset = offset } }

// WithReaderOptions passes options on to [wim.OpenReader].
func WithReaderOptions(opts ...wim.Option) Option {
	return func(o *opener) { o.reader = append(o.reader, opts...) }
}

type opener struct {
	offset int64
	reader []wim.Option
}

// Open opens the WIM file that a name leads to: the file itself, or what
// [Find] finds in a folder. Other parts of a split set are opened with it; see
// [wim.OpenReader]. An error for a file that is no WIM says what it is, if
// [Recognize] knows it, and where a WIM may begin in it.
func Open(ctx context.Context, name string, opts ...Option) (*File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var o opener
	for _, opt := range opts {
		opt(&o)
	}
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if info.IsDir() {
		if name, err = Find(name); err != nil {
			return nil, err
		}
	}
	f, err := o.open(name)
	if err != nil {
		var path *fs.PathError
		if !errors.As(err, &path) {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return nil, err
	}
	return f, nil
}

func (o *opener) open(name string) (*File, error) {
	if o.offset != 0 {
		return o.openInside(name)
	}
	r, err := wim.OpenReader(name, o.reader...)
	if err != nil {
		return nil, explain(name, err)
	}
	return &File{Reader: r.Reader, Name: name, closer: r}, nil
}

// openInside opens the WIM that begins at the offset.
func (o *opener) openInside(name string) (*File, error) {
	file, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	if o.offset < 0 || o.offset >= size {
		return nil, errors.Join(file.Close(), fmt.Errorf("offset %d is not inside of the file, which has %d bytes: %w", o.offset, size, fs.ErrInvalid))
	}
	r, err := wim.NewReader(io.NewSectionReader(file, o.offset, size-o.offset), size-o.offset, o.reader...)
	if err != nil {
		return nil, errors.Join(file.Close(), fmt.Errorf("at offset %d: %w", o.offset, err))
	}
	return &File{Reader: r, Name: name, closer: file}, nil
}

// openRegular opens a file that is neither a pipe nor a device: opening one of
// those could block or have effects.
func openRegular(name string) (*os.File, int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// signature is what a WIM file begins with, and wimlib's pipable ones.
var (
	signature        = []byte("MSWIM\x00\x00\x00")
	pipableSignature = []byte("WLPWM\x00\x00\x00")
)

// searched is how much of a file is searched for a WIM that begins inside.
const searched = 1 << 20

// explain returns the error of opening a file, or a better one if the file is
// no WIM and it can be told what it is.
func explain(name string, openErr error) error {
	if !errors.Is(openErr, wim.ErrFormat) {
		return openErr
	}
	file, size, err := openRegular(name)
	if err != nil {
		return openErr
	}
	defer file.Close()
	head := make([]byte, min(size, searched))
	tail := make([]byte, min(size, TailSize))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return openErr
	}
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return openErr
	}
	if bytes.HasPrefix(head, signature) || bytes.HasPrefix(head, pipableSignature) {
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

// folders are where installation media have their images, in the order in
// which [Find] looks: media for one architecture, media for several, and the
// folder of the images itself.
var folders = []string{"sources", "x64/sources", "x86/sources", "arm64/sources", "."}

// images are the files that hold them. The images that are installed come
// before the one that installs them.
var images = []string{"install.wim", "install.esd", "install.swm", "boot.wim"}

// Find returns the WIM file of the installation media in a folder:
// sources/install.wim, .esd or .swm, the same in x64/sources, x86/sources and
// arm64/sources, or directly in the folder; without any of those boot.wim in
// the same places. Case does not count. The error wraps [fs.ErrNotExist] if
// there is none.
func Find(dir string) (string, error) {
	for _, names := range [][]string{images[:3], images[3:]} {
		for _, folder := range folders {
			for _, name := range names {
				path, err := lookUp(dir, folder+"/"+name)
				if err == nil {
					return path, nil
				}
				if !errors.Is(err, fs.ErrNotExist) {
					return "", err
				}
			}
		}
	}
	return "", fmt.Errorf("%s: a folder without sources/install.wim, .esd or .swm, and without sources/boot.wim; name a WIM file: %w",
		dir, fs.ErrNotExist)
}

// lookUp finds a file by its path below a folder without regard to case.
func lookUp(dir, path string) (string, error) {
	for element := range strings.SplitSeq(path, "/") {
		exact := filepath.Join(dir, element)
		if _, err := os.Stat(exact); err == nil {
			dir = exact
			continue
		}
		entries, err := os.ReadDir(dir)
		if errors.Is(err, syscall.ENOTDIR) {
			err = fs.ErrNotExist
		}
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), element) })
		if i < 0 {
			return "", fs.ErrNotExist
		}
		dir = filepath.Join(dir, entries[i].Name())
	}
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	return dir, err
}
