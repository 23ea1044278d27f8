package wim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/wimble-go/wimble/internal/safefile"
)

// An Update changes a WIM file that exists. It is a [Writer] that has the
// file's images, and its codec, GUID and boot image; images can be added, taken
// out and described anew. Nothing of the file changes before [Update.Commit] or
// [Update.Rebuild], and whatever ends those, the file is then either as it was
// or as it was to be.
//
//	u, err := wim.OpenUpdate("install.wim")
//	...
//	defer u.Close()
//	err = u.Images()[0].Set("NAME", "Reception desks")
//	...
//	report, err := u.Commit(ctx)
type Update struct {
	*Writer
	// Reader reads the file as it was when it was opened.
	Reader *Reader

	file updateFile
	name string
	old  []*WriterImage // the images that the file has
}

// updateFile is what an Update needs of a file; tests have one that breaks off.
type updateFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// OpenUpdate opens a file to change it, and locks it against other programs
// that lock what they write. A file that is marked as read-only or as being
// written, and a part of a split set, are refused. Options that say how
// contents are stored, such as [WithCompression], are for [Update.Rebuild].
func OpenUpdate(name string, opts ...WriterOption) (*Update, error) {
	file, size, err := openLocked(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	u, err := newUpdate(file, size, name, opts)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return u, nil
}

// openLocked opens and locks a file.
func openLocked(name string) (file *os.File, size int64, err error) {
	info, err := os.Stat(name) // first: to open a pipe waits
	if err != nil {
		return nil, 0, unwrapPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("not a regular file: %w", ErrReadOnly)
	}
	if file, err = os.OpenFile(name, os.O_RDWR, 0); err != nil {
		return nil, 0, unwrapPath(err)
	}
	if err = safefile.Lock(file); errors.Is(err, safefile.ErrLocked) {
		err = errLocked
	}
	if err == nil {
		info, err = file.Stat()
	}
	if err == nil {
		if now, statErr := os.Stat(name); statErr != nil || !os.SameFile(info, now) {
			err = errReplaced
		}
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// unwrapPath returns what is wrong with a file, without its name.
func unwrapPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func newUpdate(file updateFile, size int64, name string, opts []WriterOption) (*Update, error) {
	r, err := newReader(file, size, name, nil)
	if err != nil {
		return nil, err
	}
	header := &r.Header
	switch {
	case header.TotalParts > 1:
		return nil, fmt.Errorf("a part of a split set: %w; join the set into one file first", ErrReadOnly)
	case header.Flags&FlagReadOnly != 0:
		return nil, fmt.Errorf("the header marks it as read-only: %w; export its images to a new file", ErrReadOnly)
	case header.Flags&FlagWriteInProgress != 0:
		return nil, fmt.Errorf("the header says that a program is writing it, or did not finish: %w; export its images to a new file", ErrReadOnly)
	}
	w := &Writer{options: writerOptions{
		compression: header.Compression,
		chunkSize:   header.ChunkSize,
		guid:        header.GUID,
		integrity:   r.HasIntegrityTable(),
	}, root: r.element, flags: header.Flags & FlagReparseFix, batch: 1}
	for _, opt := range opts {
		opt(&w.options)
	}
	// Much can be changed in a file whose codec cannot be written.
	if err := w.options.complete(); err != nil && (!errors.Is(err, ErrUnsupported) || w.options.compression != header.Compression) {
		return nil, err
	}
	w.blobs.base = r
	for _, image := range r.Images {
		added := &WriterImage{element: image.Info.Element.clone(), image: image, origin: image, writer: w, batch: 1}
		w.images = append(w.images, added)
		if image.Index == header.BootIndex {
			w.boot = added
		}
	}
	return &Update{Writer: w, Reader: r, file: file, name: name, old: slices.Clone(w.images)}, nil
}

// Close unlocks the file. Without a Commit or a Rebuild before nothing has
// changed.
func (u *Update) Close() error {
	if u.file == nil {
		return nil
	}
	file := u.file
	u.file = nil
	return file.Close()
}

// Commit writes what is new after the end of the file, and then switches the
// header to it. What was taken out keeps its room until the next
// [Update.Rebuild], and so do bytes that nothing leads to: they may be of a
// program that died while it added something, or of one that keeps data of its
// own there. The Update is closed by that.
func (u *Update) Commit(ctx context.Context, opts ...BulkOption) (*WriteReport, error) {
	defer u.Close()
	header := &u.Reader.Header
	if header.Pipable {
		return nil, fmt.Errorf("%s: nothing can be added to a pipable file: %w; write the file anew", u.name, ErrUnsupported)
	}
	if u.options.compression != header.Compression || u.options.chunkSize != header.ChunkSize {
		return nil, fmt.Errorf("%s: images are added with the codec that the file has, %v; to change it, write the file anew: %w", u.name, header.Compression, ErrOption)
	}
	base := u.Reader.parts[0]
	p := newWriting(u.Writer, u.file, opts)
	p.base = base
	p.out.offset = base.size
	p.sameImages = slices.Equal(u.images, u.old) && !slices.ContainsFunc(u.images, (*WriterImage).made)
	if err := p.prepare(u.name); err != nil {
		return nil, err
	}
	if err := p.write(ctx); err != nil {
		if p.switched {
			return nil, err
		}
		// Nothing that the header leads to was touched.
		return nil, errors.Join(err, u.file.Truncate(base.size))
	}
	return p.report, nil
}

// Rebuild writes the file anew, without what nothing uses, under another name;
// that then takes the place of the file, which is locked until then. The Update
// is closed by that.
func (u *Update) Rebuild(ctx context.Context, opts ...BulkOption) (*WriteReport, error) {
	defer u.Close()
	p := newWriting(u.Writer, nil, opts)
	if err := p.prepare(u.name); err != nil {
		return nil, err
	}
	if err := replaceFile(u.name, u, func(file *os.File) error { return p.writeTo(ctx, file) }); err != nil {
		return nil, err
	}
	return p.report, nil
}
