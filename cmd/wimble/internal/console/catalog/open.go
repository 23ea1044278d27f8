package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// limits bound what one open file may cost. Several are open at a time.
var limits = wim.Limits{XML: 4 << 20, BlobTable: 128 << 20, Metadata: 256 << 20, ChunkSize: 64 << 20, ChunkCache: 128 << 20}

// files are the open files of a package.
type files struct {
	reader  *wim.Reader
	open    []io.Closer
	sources []*unchanged // what is here
}

// check says whether they are what they were when they were opened.
func (f *files) check() error {
	for _, source := range f.sources {
		if err := source.check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *files) Close() error {
	var err error
	for _, file := range f.open {
		err = errors.Join(err, file.Close())
	}
	return err
}

// openFiles opens what was found, if it is still what it was.
func openFiles(f *found) (*files, error) {
	if f.err != nil {
		return nil, f.err
	}
	out := &files{}
	var err error
	if f.remote != nil {
		err = out.openRemote(f.path, f.remote.options)
	} else {
		err = out.openAll(f)
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

func (f *files) openAll(from *found) error {
	for i, part := range from.files {
		path := part.Path
		info, err := os.Stat(path) // opening a pipe or a device could block
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return errors.New("not a regular file")
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		f.open = append(f.open, file)
		source := &unchanged{file, part}
		f.sources = append(f.sources, source)
		if err := source.check(); err != nil {
			return err
		}
		switch {
		case from.inside != "":
			if err := f.openInside(source, from.inside); err != nil {
				return err
			}
		case i == 0:
			if f.reader, err = wim.NewReader(source, part.Size, wim.WithLimits(limits)); err != nil {
				return err
			}
		default:
			if err := f.reader.AddPart(source, part.Size); err != nil {
				return fmt.Errorf("part %d of what was found: %w", i+1, err)
			}
		}
	}
	return nil
}

// openInside opens a file in an ISO file.
func (f *files) openInside(source *unchanged, path string) error {
	volume, err := udf.NewReader(source, source.was.Size)
	if err != nil {
		return err
	}
	r, err := wim.OpenReaderFS(volume, path, wim.WithLimits(limits))
	if err != nil {
		return err
	}
	f.reader = r.Reader
	f.open = append(f.open, r)
	return nil
}

// openRemote opens what is at a URL. What is replaced there gives errors from
// then on; see package httpat.
func (f *files) openRemote(url string, options []media.Option) error {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := media.Open(ctx, url, append(slices.Clone(options), media.WithReaderOptions(wim.WithLimits(limits)))...)
	if err != nil {
		cancel()
		return err
	}
	f.reader = r.Reader
	f.open = append(f.open, r, closerFunc(func() error { cancel(); return nil }))
	return nil
}

type closerFunc func() error

func (c closerFunc) Close() error { return c() }

// unchanged reads a file as long as it is what it was.
type unchanged struct {
	file *os.File
	was  media.PackageFile
}

var _ io.ReaderAt = (*unchanged)(nil)

// ReadAt looks at the file after it has read: what was written before that is
// told by size and time.
func (u *unchanged) ReadAt(p []byte, offset int64) (int, error) {
	n, err := u.file.ReadAt(p, offset)
	if changed := u.check(); changed != nil {
		return 0, changed
	}
	return n, err
}

func (u *unchanged) check() error {
	info, err := u.file.Stat()
	if err != nil {
		return err
	}
	if !u.was.Is(info) {
		return fmt.Errorf("the file is being replaced; try again in a moment: %w", wim.ErrChanged)
	}
	return nil
}
