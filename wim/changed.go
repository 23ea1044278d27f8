package wim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/wimble-go/wimble/internal/fileid"
)

// openedFile is a file that was opened by name, and what it was then.
type openedFile struct {
	io.ReaderAt
	file fs.File
	info fs.FileInfo
	fsys fs.FS
	name string
}

// written returns an error of kind ErrChanged if the file was written to since
// it was opened.
func (f *openedFile) written() error {
	now, err := f.file.Stat()
	switch {
	case err != nil:
		return err
	case now.Size() != f.info.Size():
		return fmt.Errorf("it has %d bytes, and had %d: %w", now.Size(), f.info.Size(), errReopen)
	case !now.ModTime().Equal(f.info.ModTime()):
		return fmt.Errorf("it was written to: %w", errReopen)
	}
	return nil
}

// replaced returns an error if the name is that of another file now, or of
// none.
func (f *openedFile) replaced() error {
	now, err := fs.Stat(f.fsys, f.name)
	if err != nil {
		return err
	}
	if _, onHost := f.file.(*os.File); onHost && !os.SameFile(f.info, now) {
		return fmt.Errorf("another file has its name: %w", errReopen)
	}
	return nil
}

var errReopen = fmt.Errorf("%w; open it again", ErrChanged)

// changed returns an error of kind ErrChanged if the part's file is not what it
// was when it was opened, as far as size, time and header tell. Of a source
// that was not opened by name nothing is known.
func (p *part) changed() error {
	f, opened := p.source.(*openedFile)
	if !opened {
		return nil
	}
	err := f.written()
	if err == nil {
		var header Header
		header, err = ReadHeader(f, p.size)
		switch {
		case err == nil && header == p.header:
			return nil
		case err == nil, errors.Is(err, ErrFormat), errors.Is(err, ErrUnsupported):
			err = fmt.Errorf("its header is another: %w", errReopen)
		}
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// cause returns why reading from the part failed: that its file has changed, if
// it has, or else err.
func (p *part) cause(err error) error {
	if !errors.Is(err, ErrChecksum) && !errors.Is(err, ErrFormat) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	changed := p.changed()
	if changed == nil {
		changed = p.touched()
	}
	if errors.Is(changed, ErrChanged) {
		return changed
	}
	return err
}

// touched returns an error of kind ErrChanged if something was done to the
// part's file since it was opened. It may be its rights or its names only: that
// explains damage, and is none.
func (p *part) touched() error {
	f, opened := p.source.(*openedFile)
	if !opened {
		return nil
	}
	now, err := f.file.Stat()
	if err == nil && fileid.Touched(f.info, now) {
		err = fmt.Errorf("%s: something was done to it that left its time as it was: %w", p.name, errReopen)
	}
	return err
}

// changed looks at all parts. An error of another kind than ErrChanged says why
// a part could not be looked at.
func (r *Reader) changed() error {
	for _, p := range r.parts {
		if err := p.changed(); err != nil {
			return err
		}
	}
	return nil
}

// Changed says whether the files are still what they were when they were
// opened: nil, or an error of kind [ErrChanged] if one was written to or
// another file has its name. If no file has the name, it is of kind
// [fs.ErrNotExist]. What tells are size, time of modification, and header.
//
// The Reader looks by itself when the tree of an image is read and when
// contents turn out to be damaged, and then returns ErrChanged, rather than to
// mix two files. There it does not matter whose the name is: an open file stays
// what it is when another one takes its place.
func (rc *ReadCloser) Changed() error {
	if err := rc.Reader.changed(); err != nil {
		return err
	}
	for _, p := range rc.parts {
		if f, opened := p.source.(*openedFile); opened {
			if err := f.replaced(); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}
