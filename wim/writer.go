package wim

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Writer makes a WIM file. Images are added first, with [Writer.Export] and
// [Writer.Capture], which read their metadata or directories and nothing else;
// then one long operation, [Writer.Write] or [Writer.WriteFile], writes
// everything: what is stored once, in which order, and how much it is has to be
// known before the first byte.
//
//	w, err := wim.NewWriter(wim.WithCompression(wim.CompressionXPRESS))
//	...
//	err = w.Export(r.Images[5])
//	...
//	report, err := w.WriteFile(ctx, "pro.wim")
//
// A Writer serves one goroutine at a time. The readers whose images were added
// stay open until it is done. The same images and options give the same bytes,
// if the GUID is given as well.
type Writer struct {
	options writerOptions
	images  []*WriterImage
	boot    *WriterImage
	flags   HeaderFlags // that go on from the files that images come from
	blobs   blobSet
	batch   int // of images, which came with one call

	root *Element // the document's root in the file that is changed; nil for a new file
}

// writerOptions is how to write.
type writerOptions struct {
	compression Compression
	chunkSize   int
	level       int
	recompress  bool
	unchecked   bool
	integrity   bool
	guid        GUID
	now         time.Time
	retries     int
}

// A WriterOption changes how a [Writer] writes.
type WriterOption func(*writerOptions)

// WithCompression sets the codec, [CompressionLZX] by default. LZX and XPRESS
// with their default chunk sizes are read by all of Windows, from Vista on.
func WithCompression(c Compression) WriterOption {
	return func(o *writerOptions) { o.compression = c }
}

// WithChunkSize sets how many bytes are compressed together: a power of two,
// from 4 to 64 KiB for XPRESS, from 32 KiB to 2 MiB for LZX. The default, 32
// KiB, is the only size for which Windows Setup, boot loaders and all versions
// of DISM are known to work.
func WithChunkSize(bytes int) WriterOption {
	return func(o *writerOptions) { o.chunkSize = bytes }
}

// WithLevel sets how hard the codec tries, from 1, which is fast, to 100, which
// is small. The default is 50. Up to that the metadata of images is compressed
// at 25 at most, which hardly makes it larger.
func WithLevel(level int) WriterOption { return func(o *writerOptions) { o.level = level } }

// WithRecompression has everything compressed anew, that too which could be
// copied as it is stored.
func WithRecompression() WriterOption { return func(o *writerOptions) { o.recompress = true } }

// WithoutVerification has stored bytes copied without a look at what they hold.
// By default they are decoded, and content that does not have its SHA-1 is an
// error.
func WithoutVerification() WriterOption { return func(o *writerOptions) { o.unchecked = true } }

// WithIntegrityTable adds a table of checksums of the whole file, which shows
// damage without decoding anything. DISM calls it /CheckIntegrity.
func WithIntegrityTable(yes bool) WriterOption { return func(o *writerOptions) { o.integrity = yes } }

// WithGUID sets the file's GUID, which is random by default.
func WithGUID(guid GUID) WriterOption { return func(o *writerOptions) { o.guid = guid } }

// WithTime sets the time that new and changed images have, instead of now.
func WithTime(now time.Time) WriterOption { return func(o *writerOptions) { o.now = now } }

// WithRetries has a file that changes while it is read read again, up to so
// many times. By default it is an error.
func WithRetries(times int) WriterOption { return func(o *writerOptions) { o.retries = times } }

// NewWriter returns a Writer without images. The error, if any, says which
// option makes no sense.
func NewWriter(opts ...WriterOption) (*Writer, error) {
	w := &Writer{options: writerOptions{compression: CompressionLZX}}
	for _, opt := range opts {
		opt(&w.options)
	}
	return w, w.options.complete()
}

// complete checks options and sets those that were not given.
func (o *writerOptions) complete() error {
	if o.guid == (GUID{}) {
		rand.Read(o.guid[:])
	}
	if o.now.IsZero() {
		o.now = time.Now()
	}
	if o.level == 0 {
		o.level = defaultLevel
	}
	if o.level < 1 || o.level > 100 {
		return fmt.Errorf("level %d is outside of 1 to 100: %w", o.level, ErrOption)
	}
	switch o.compression {
	case CompressionNone:
		if o.chunkSize != 0 {
			return fmt.Errorf("a chunk size, %d, without compression: %w", o.chunkSize, ErrOption)
		}
		return nil
	case CompressionXPRESS, CompressionLZX:
	default:
		return fmt.Errorf("%v cannot be written: %w", o.compression, ErrUnsupported)
	}
	if o.chunkSize == 0 {
		o.chunkSize = defaultChunkSize
	}
	if err := o.compression.checkChunkSize(uint32(min(int64(max(o.chunkSize, 0)), 1<<31))); err != nil {
		return fmt.Errorf("%v: %w", err, ErrOption)
	}
	return nil
}

const (
	defaultLevel     = 50
	defaultChunkSize = 32 << 10
)

// WriterImage is an image that is going to be written.
type WriterImage struct {
	element  *Element // its IMAGE element
	image    *Image   // in the file that is changed, if uses are not known yet
	uses     []blobUse
	metadata *newBlob
	batch    int
	changed  bool // since it was added

	draft  madeTree // of one that is made or changed; it has the uses then
	late   lateDraft
	edit   *Edit
	origin *Image  // that can be edited
	writer *Writer // that the edit is for

	// What its tree had is not in it: what could not be read, and how much a
	// list of exclusions names.
	skipped  []Skipped
	excluded int
}

// Images are the images that will be written, in order.
func (w *Writer) Images() []*WriterImage { return slices.Clone(w.images) }

// Name is the image's name, "" for none.
func (i *WriterImage) Name() string { return i.element.Value("NAME") }

// Set sets the text of an element of the image's XML: "NAME", "DESCRIPTION",
// "FLAGS", or any path such as "WINDOWS/LANGUAGES/LANGUAGE[2]". An element that
// is not there is made. The numbers of files, directories and bytes are counted,
// and cannot be set.
func (i *WriterImage) Set(path, value string) error {
	switch name, _, _ := strings.Cut(path, "["); name {
	case "DIRCOUNT", "FILECOUNT", "TOTALBYTES", "HARDLINKBYTES":
		return fmt.Errorf("%s is counted from the files of the image, and cannot be set: %w", name, ErrOption)
	}
	if err := i.element.set(path, value); err != nil {
		return err
	}
	i.changed = true
	return nil
}

// Delete takes an image out again.
func (w *Writer) Delete(image *WriterImage) {
	w.images = slices.DeleteFunc(w.images, func(i *WriterImage) bool { return i == image })
	if w.boot == image {
		w.boot = nil
	}
}

// SetBoot makes an image the one that boots; nil is for none.
func (w *Writer) SetBoot(image *WriterImage) { w.boot = image }
