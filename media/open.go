package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// File is an open WIM file.
type File struct {
	*wim.Reader

	// Name is the WIM file that was opened: what Open was asked for, or what it
	// found there. Open takes it again, unless it was asked for a URL that has
	// a user or a query: those are left out.
	Name string

	warnings []error
	closers  []io.Closer // what a file is in comes before it
}

// Close closes the file, and what it is in.
func (f *File) Close() error {
	var err error
	for _, c := range slices.Backward(f.closers) {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Warnings are those of [wim.Reader.Warnings], and why parts of a set were not
// opened.
func (f *File) Warnings() []error { return slices.Concat(f.Reader.Warnings(), f.warnings) }

// An Option changes how [Open], [List] and [Watch] work.
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
	header []headerField

	// For Watch alone.
	interval time.Duration
	updates  *winver.Table
}

func newOpener(opts []Option) *opener {
	o := &opener{}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// Open opens the WIM file that a name leads to; the package documentation has
// the kinds of names. Other parts of a split set are opened with it; see
// [wim.OpenReader]. An error for a file that is no WIM says what it is, if
// [Recognize] knows it, and where a WIM may begin in it. The errors have the
// name.
func Open(ctx context.Context, name string, opts ...Option) (*File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o := newOpener(opts)
	p, err := locate(name)
	if err != nil {
		return nil, err
	}
	f, err := o.open(ctx, p)
	if p.web && p.inner == "" && errors.Is(err, fs.ErrNotExist) {
		// Nothing in the address may tell that it is that of an ISO file.
		if p.file, p.inner = cutLastColon(p.file); p.inner != "" {
			if f, err := o.open(ctx, p); err == nil {
				return f, nil
			}
		}
	}
	return f, err
}

// named adds a name to an error that does not have it.
func named(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == name {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// open opens the WIM file at a place.
func (o *opener) open(ctx context.Context, p place) (*File, error) {
	if !p.web && p.inner == "" && o.offset == 0 {
		r, err := wim.OpenReader(p.file, o.reader...)
		if err == nil {
			return &File{Reader: r.Reader, Name: p.file, closers: []io.Closer{r}}, nil
		}
		if !errors.Is(err, wim.ErrFormat) {
			return nil, named(p.file, err)
		}
	}
	src, err := o.source(ctx, p)
	if err != nil {
		return nil, err
	}
	f, err := o.openSource(ctx, src, p)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	f.closers = slices.Insert(f.closers, 0, io.Closer(src))
	return f, nil
}

// openSource opens the WIM file in an open file.
func (o *opener) openSource(ctx context.Context, src *source, p place) (*File, error) {
	if p.inner != "" {
		return o.openISO(ctx, src, p.inner)
	}
	if o.offset != 0 {
		return o.openInside(src)
	}
	r, err := wim.NewReader(src, src.size, o.reader...)
	if err != nil {
		if !errors.Is(err, wim.ErrFormat) {
			return nil, named(src.name, err)
		}
		if src.isISO() {
			return o.openISO(ctx, src, "")
		}
		return nil, named(src.name, src.explain(err))
	}
	f := &File{Reader: r, Name: src.name}
	if p.web {
		o.addWebParts(ctx, f, p.file)
	}
	return f, nil
}

// openInside opens the WIM that begins at the offset.
func (o *opener) openInside(src *source) (*File, error) {
	rest := src.size - o.offset
	if o.offset < 0 || rest <= 0 {
		return nil, fmt.Errorf("%s: offset %d is not inside of the file, which has %d bytes: %w", src.name, o.offset, src.size, fs.ErrInvalid)
	}
	r, err := wim.NewReader(io.NewSectionReader(src, o.offset, rest), rest, o.reader...)
	if err != nil {
		return nil, fmt.Errorf("%s: at offset %d: %w", src.name, o.offset, err)
	}
	return &File{Reader: r, Name: src.name}, nil
}

// place is where a WIM file is.
type place struct {
	file  string // a file, or a URL
	web   bool   // it is a URL
	inner string // the path in the ISO file, "" if it is to be found, or if there is none
}

// locate finds out what a name means.
func locate(name string) (place, error) {
	if IsURL(name) {
		address, inner := splitURL(name)
		return place{file: address, web: true, inner: inner}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.IsDir():
		return place{file: name}, nil
	case err == nil:
		name, err = Find(name)
		return place{file: name}, err
	}
	if iso, inner := splitISO(name); iso != "" {
		return place{file: iso, inner: inner}, nil
	}
	return place{}, err
}

// splitISO splits ISO:PATH, where ISO is a file.
func splitISO(name string) (iso, inner string) {
	for i := len(name); ; {
		if i = strings.LastIndexByte(name[:i], ':'); i <= 0 {
			return "", ""
		}
		if info, err := os.Stat(name[:i]); err == nil && info.Mode().IsRegular() {
			return name[:i], name[i+1:]
		}
	}
}

// DisplayName returns a name as messages have it, which is without the user,
// the password and the query of a URL.
func DisplayName(name string) string {
	if !IsURL(name) {
		return name
	}
	address, inner := splitURL(name)
	address = httpat.DisplayName(address)
	if inner == "" {
		return address
	}
	return address + ":" + inner
}
