package wim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// An Option changes how a file is opened.
type Option func(*Reader)

// WithLimits replaces the default limits.
func WithLimits(l Limits) Option { return func(r *Reader) { r.limits = l } }

// Reader reads one WIM file, or a split set. Its methods may be called by many
// goroutines at once, except for AddPart and Reference.
type Reader struct {
	// Header is the header of the file that was opened.
	Header Header

	// Images are the images of the file, in order: Images[i].Index is i+1.
	Images []*Image

	xml        string
	element    *Element
	xmlError   error   // why there is no XML, or less than there should be
	parts      []*part // by part number
	imagesOf   *part   // the one that Images was made for
	references []*Reader

	index     func() *blobIndex // of parts, made when it is first needed
	locations *locations        // of solid blobs, likewise
	warnings  warnings
	oddImages warnings // of makeImages, which runs again for each added part

	environment
}

// part is one file of the set. A file that is not split is part 1 of 1.
type part struct {
	owner  *Reader
	env    *environment // of the owner
	source io.ReaderAt
	size   int64
	name   string // for messages
	header Header
	table  blobTable
}

// NewReader opens a WIM of size bytes. It reads the header, the XML document
// and the blob table, and nothing else.
//
// A file that is one part of a split set opens alone; [Reader.AddPart] adds
// the others. The source has to stay open as long as the Reader is in use.
func NewReader(source io.ReaderAt, size int64, opts ...Option) (*Reader, error) {
	return newReader(source, size, "", opts)
}

func newReader(source io.ReaderAt, size int64, name string, opts []Option) (*Reader, error) {
	r := &Reader{environment: environment{cache: pipeline.Cache[chunkKey]{KeepError: staysDamaged}}}
	for _, opt := range opts {
		opt(r)
	}
	r.limits.setDefaults()
	header, err := ReadHeader(source, size)
	if err != nil {
		return nil, err
	}
	r.Header = header
	p := r.newPart(source, size, name, header)
	// The XML comes first: in an encrypted ESD the table is not what it seems.
	if err := r.readXML(p); err != nil {
		return nil, err
	}
	if err := p.readTable(&r.warnings); err != nil {
		return nil, err
	}
	r.parts = []*part{p}
	if header.Flags&FlagWriteInProgress != 0 {
		r.warnings.add(formatErrorf("header: marked as being written; a writer is busy or did not finish"))
	}
	r.assemble()
	return r, nil
}

// ReadCloser is a Reader whose files Close closes.
type ReadCloser struct {
	*Reader
	files []fs.File
}

// Close closes the files.
func (rc *ReadCloser) Close() error {
	var err error
	for _, f := range rc.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// OpenReader opens a WIM file by name. If it is a part of a split set, any
// part, the others are looked for beside it: the files that are named as it is
// except for a number, such as install.swm, install2.swm, install3.swm. Which
// parts they are is told by their headers. It is no error if some are missing;
// see [Reader.MissingParts].
func OpenReader(name string, opts ...Option) (*ReadCloser, error) {
	return openReader(hostFS{}, name, hostFolder(filepath.Dir(name)), filepath.Base(name), opts)
}

// OpenReaderFS is [OpenReader] for a file of a file system, such as an ISO file
// that package udf opened. The files have to be [io.ReaderAt]; if they are not,
// the error is of kind [ErrUnsupported].
func OpenReaderFS(fsys fs.FS, name string, opts ...Option) (*ReadCloser, error) {
	folder, err := fs.Sub(fsys, path.Dir(name))
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return openReader(fsys, name, folder, path.Base(name), opts)
}

// openReader opens a file, and what it needs of the folder that has it as base.
func openReader(fsys fs.FS, name string, folder fs.FS, base string, opts []Option) (*ReadCloser, error) {
	rc := &ReadCloser{}
	source, size, err := rc.openFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if rc.Reader, err = newReader(source, size, base, opts); err != nil {
		return nil, errors.Join(err, rc.Close())
	}
	if rc.Header.TotalParts > 1 {
		rc.addSiblings(folder, base)
	}
	return rc, nil
}

func (rc *ReadCloser) openFile(fsys fs.FS, name string) (io.ReaderAt, int64, error) {
	// Opening a pipe or a device could block or have effects: look first.
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: name, Err: &kindError{"not a regular file", fs.ErrInvalid}}
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, 0, err
	}
	source, ok := file.(io.ReaderAt)
	if !ok {
		file.Close()
		return nil, 0, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: the file cannot be read at any place", ErrUnsupported)}
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, 0, err
	}
	rc.files = append(rc.files, file)
	return &openedFile{source, file, info, fsys, name}, info.Size(), nil
}

// hostFS has the files of the system by any name. Unlike [os.DirFS], it takes
// names as they are, and its errors have them whole.
type hostFS struct{}

func (hostFS) Open(name string) (fs.File, error)     { return os.Open(name) }
func (hostFS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// hostFolder has the files in one folder.
type hostFolder string

func (f hostFolder) Open(name string) (fs.File, error)     { return os.Open(f.join(name)) }
func (f hostFolder) Stat(name string) (fs.FileInfo, error) { return os.Stat(f.join(name)) }
func (f hostFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(f.join(name))
}
func (f hostFolder) join(name string) string { return filepath.Join(string(f), name) }

func (r *Reader) newPart(source io.ReaderAt, size int64, name string, header Header) *part {
	if name == "" {
		name = "part " + strconv.Itoa(header.PartNumber)
	}
	return &part{owner: r, env: &r.environment, source: source, size: size, name: name, header: header}
}

// readXML reads and parses the XML document. A document that is broken costs
// the images their names, not the file.
func (r *Reader) readXML(p *part) error {
	r.xml, r.element, r.xmlError = p.readXML()
	if r.xmlError != nil {
		r.warnings.add(r.xmlError)
	}
	if r.element.Find("ESD/ENCRYPTED") != nil {
		return fmt.Errorf("%w: it has to be decrypted before it can be read", ErrEncrypted)
	}
	return nil
}

// readXML reads and parses the part's XML document.
func (p *part) readXML() (document string, root *Element, err error) {
	raw, err := p.readTableResource("XML", p.header.xml, p.env.limits.XML)
	if err != nil {
		return "", nil, err
	}
	document = decodeXML(raw)
	root, err = parseXML(document)
	return document, root, err
}

// readTable reads the part's blob table.
func (p *part) readTable(warn *warnings) error {
	raw, err := p.readTableResource("blob table", p.header.blobTable, p.env.limits.BlobTable)
	if err != nil {
		return err
	}
	p.table = parseBlobTable(raw, p, warn)
	return nil
}

// readTableResource reads a resource that the header names. It is stored raw
// by every known writer, but may be compressed.
func (p *part) readTableResource(name string, h wimfile.ResourceHeader, limit int64) ([]byte, error) {
	fail := func(err error) error { return fmt.Errorf("%s: %w", name, err) }
	if h.USize > uint64(limit) {
		return nil, fail(fmt.Errorf("%d bytes, the limit is %d: %w", h.USize, limit, ErrLimit))
	}
	res, err := p.openResource(h)
	if err != nil {
		return nil, fail(err)
	}
	// A table is hardly smaller when it is compressed. One that has more bytes
	// than the file is a bomb; the bound is the one that wimlib has.
	if !res.raw && res.usize > p.size {
		return nil, fail(formatErrorf("%d bytes, in a file of %d", res.usize, p.size))
	}
	chunks := chunkReader{resource: res, index: -1}
	raw, err := saferio.Grow(res.usize, func(buf []byte, at int64) error {
		_, err := chunks.readAt(buf, at)
		return err
	})
	if err != nil {
		return nil, fail(err)
	}
	return raw, nil
}

// assemble derives everything from the parts that are at hand.
func (r *Reader) assemble() {
	parts, missing := slices.Clone(r.parts), r.MissingParts()
	r.index = sync.OnceValue(func() *blobIndex { return newBlobIndex(parts, missing) })
	r.locations = &locations{}
	r.cache.Budget = r.limits.ChunkCache
	if r.cache.Budget <= 0 {
		r.cache.Budget = defaultCache
		if r.Solid() {
			r.cache.Budget = defaultSolidCache
		}
	}
	// Without part 1 the images are those of the XML, with it those of its
	// table. Either way there is no need to list them anew for each part.
	if first := r.parts[0]; r.imagesOf == nil || first.header.PartNumber == 1 && r.imagesOf != first {
		r.imagesOf = first
		r.makeImages()
		return
	}
	for _, image := range r.Images {
		image.tree.forget()
	}
}

// makeImages lists the images. The metadata entries of part 1 are the images,
// in table order; without part 1 the XML has to do.
func (r *Reader) makeImages() {
	r.Images, r.oddImages = nil, warnings{}
	first := r.parts[0]
	claimed := first.header.ImageCount
	if first.header.PartNumber == 1 {
		metadata := first.table.metadata
		switch {
		case len(metadata) > claimed:
			r.oddImages.add(formatErrorf("blob table: metadata of %d images, the header says %d; the surplus is ignored", len(metadata), claimed))
			metadata = metadata[:claimed]
		case len(metadata) < claimed:
			r.oddImages.add(formatErrorf("blob table: metadata of %d images, the header says %d", len(metadata), claimed))
		}
		elements := imageElements(r.element, len(metadata), &r.oddImages)
		for i, tree := range newImageTrees(r, metadata) {
			r.Images = append(r.Images, newImage(i+1, elements[i+1], tree))
		}
	} else {
		elements := imageElements(r.element, claimed, &r.oddImages)
		for i := 1; i <= claimed && elements[i] != nil; i++ {
			r.Images = append(r.Images, newImage(i, elements[i], &imageTree{reader: r}))
		}
	}
	if r.Header.BootIndex > len(r.Images) {
		r.oddImages.add(formatErrorf("header: boot index %d, there are %d images", r.Header.BootIndex, len(r.Images)))
	}
}

// BootIndex is the 1-based index of the image that boots, 0 for none. It is
// that of the header, if there is such an image.
func (r *Reader) BootIndex() int {
	if r.Header.BootIndex > len(r.Images) {
		return 0
	}
	return r.Header.BootIndex
}

// XML returns the XML document as it is stored, converted to UTF-8.
func (r *Reader) XML() string { return r.xml }

// Warnings are the oddities that were met and read around when the file was
// opened.
func (r *Reader) Warnings() []error { return slices.Concat(r.warnings.all(), r.oddImages.all()) }

// Solid says whether the file has solid resources.
func (r *Reader) Solid() bool {
	for _, p := range r.parts {
		if len(p.table.runs) > 0 {
			return true
		}
	}
	return false
}

// HasIntegrityTable says whether the opened file has an integrity table.
func (r *Reader) HasIntegrityTable() bool { return r.Header.integrity.Size != 0 }

// Size is the size of all given parts together.
func (r *Reader) Size() int64 {
	var size int64
	for _, p := range r.parts {
		size += p.size
	}
	return size
}

// Reference lets the reader take blobs that it does not have from other WIM
// files, in the order given. A delta WIM is read so. Reference may not run at
// the same time as other methods of r, and the others have to stay open.
func (r *Reader) Reference(others ...*Reader) {
	r.references = append(r.references, others...)
}
