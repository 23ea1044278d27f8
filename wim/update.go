package wim

import (
	"context"
	"errors"
	"fmt"
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

	file *os.File
	name string
	old  []*WriterImage // the images that the file has
}

// OpenUpdate opens a file to change it, and locks it against other programs that
// lock what they write. A file that is marked as read-only or as being written,
// and a part of a split set, are refused. Options that say how contents are
// stored, such as [WithCompression], are for [Update.Rebuild].
func OpenUpdate(name string, opts ...WriterOption) (*Update, error) {
	u := &Update{name: name}
	if err := u.open(opts); err != nil {
		u.Close()
		return nil, err
	}
	return u, nil
}

func (u *Update) open(opts []WriterOption) error {
	var err error
	if info, err := os.Stat(u.name); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file: %w", u.name, ErrReadOnly)
	}
	if u.file, err = os.OpenFile(u.name, os.O_RDWR, 0); err != nil {
		return err
	}
	if err := safefile.Lock(u.file); err != nil {
		if errors.Is(err, safefile.ErrLocked) {
			err = fmt.Errorf("%w: another program is writing it; try again when that is done", ErrReadOnly)
		}
		return fmt.Errorf("%s: %w", u.name, err)
	}
	info, err := u.file.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(u.name); err != nil || !os.SameFile(info, now) {
		return fmt.Errorf("%s: another program has just replaced it: %w", u.name, ErrChanged)
	}
	if u.Reader, err = newReader(u.file, info.Size(), u.name, nil); err != nil {
		return fmt.Errorf("%s: %w", u.name, err)
	}
	header := &u.Reader.Header
	refuse := func(why, advice string) error {
		return fmt.Errorf("%s: %s: %w; %s", u.name, why, ErrReadOnly, advice)
	}
	switch {
	case header.TotalParts > 1:
		return refuse("a part of a split set", "join the set into one file first")
	case header.Flags&FlagReadOnly != 0:
		return refuse("the header marks it as read-only", "export its images to a new file")
	case header.Flags&FlagWriteInProgress != 0:
		return refuse("the header says that a program is writing it, or did not finish", "export its images to a new file")
	}
	u.Writer = &Writer{options: writerOptions{
		compression: header.Compression,
		chunkSize:   header.ChunkSize,
		guid:        header.GUID,
		integrity:   u.Reader.HasIntegrityTable(),
	}, root: u.Reader.element, flags: header.Flags & FlagReparseFix}
	for _, opt := range opts {
		opt(&u.options)
	}
	if err := u.options.complete(); err != nil && (!errors.Is(err, ErrUnsupported) || u.options.compression != header.Compression) {
		return err
	}
	for _, image := range u.Reader.Images {
		added := &WriterImage{element: image.Info.Element.clone(), image: image}
		u.images = append(u.images, added)
		if image.Index == header.BootIndex {
			u.boot = added
		}
	}
	u.old = slices.Clone(u.images)
	u.batch = 1
	return nil
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

// Commit writes what is new behind what the file has, and then switches the
// header to it. What was taken out keeps its room until the next [Update.Rebuild].
// The Update is closed by that.
func (u *Update) Commit(ctx context.Context, opts ...BulkOption) (*WriteReport, error) {
	defer u.Close()
	header := &u.Reader.Header
	if u.options.compression != header.Compression || u.options.chunkSize != header.ChunkSize || header.Pipable {
		return nil, fmt.Errorf("%s: images are added with the codec that the file has, %v; to change it, write the file anew: %w", u.name, header.Compression, ErrOption)
	}
	base := u.Reader.parts[0]
	p := newWriting(u.Writer, u.file, opts)
	p.base = base
	p.out.offset = base.end()
	p.sameImages = slices.Equal(u.images, u.old)
	err := p.run(ctx)
	if err != nil {
		if p.switched {
			return nil, err
		}
		// Nothing that the header leads to was touched.
		return nil, errors.Join(err, u.file.Truncate(base.size))
	}
	return p.report, nil
}

// Rebuild writes the file anew, without what nothing uses, under another name;
// that then takes the place of the file. The Update is closed by that.
func (u *Update) Rebuild(ctx context.Context, opts ...BulkOption) (*WriteReport, error) {
	defer u.Close()
	if err := u.checkSpace(u.name); err != nil {
		return nil, err
	}
	var p *writing
	err := safefile.Replace(u.name, func(file *os.File) error {
		p = newWriting(u.Writer, file, opts)
		if err := p.run(ctx); err != nil {
			return err
		}
		return u.Close() // Windows replaces no file that is open
	})
	if err != nil {
		return nil, err
	}
	return p.report, nil
}

// end is where a file ends, as far as its header and table lead anywhere. What
// a program left there that died while it added something may be overwritten.
func (p *part) end() int64 {
	end := uint64(headerSize)
	reach := func(h resourceHeader) { end = max(end, h.offset+h.size) }
	reach(p.header.blobTable)
	reach(p.header.xml)
	reach(p.header.integrity)
	for _, b := range p.table.metadata {
		reach(b.header)
	}
	for _, b := range p.table.blobs {
		if b.run == nil && b.err == nil {
			reach(b.header)
		}
	}
	for _, run := range p.table.runs {
		for _, solid := range run.resources {
			reach(solid.header)
		}
	}
	return int64(min(end, uint64(p.size)))
}
