package wim

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/wimble-go/wimble/internal/safefile"
)

// prepare plans what is to be written, and refuses what cannot be, before
// anything is. The name is that of the file, "" if it has none.
func (p *writing) prepare(name string) error {
	err := p.check()
	if err == nil && name != "" {
		err = p.checkSpace(name)
	}
	if refused, ok := err.(*refusedError); ok && name != "" {
		return fmt.Errorf("%s: %w", name, refused)
	}
	return err
}

// refusedError is about the file that is to be written, and not about what goes
// into it.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

func refusef(format string, args ...any) error { return &refusedError{fmt.Errorf(format, args...)} }

func (p *writing) check() error {
	if len(p.images) == 0 {
		return &refusedError{errNoImages}
	}
	if err := p.checkNames(); err != nil {
		return err
	}
	if !p.sameImages {
		if err := p.plan(); err != nil {
			return err
		}
	}
	if p.virtual != nil {
		return p.checkVirtual()
	}
	return p.checkCodec()
}

// checkNames refuses two images with one name, since Windows finds images by
// name. Those that had one name in the file that they came from may keep it.
func (w *Writer) checkNames() error {
	named := make(map[string]*WriterImage)
	for i, image := range w.images {
		name := image.Name()
		other := named[name]
		if name != "" && other != nil && (other.batch != image.batch || other.renamed() || image.renamed()) {
			return refusef("image %d: another image is named %q already: %w; give it another name", i+1, name, ErrNameTaken)
		}
		named[name] = image
	}
	return nil
}

// renamed says whether the image has another name than in the file that it came
// from.
func (i *WriterImage) renamed() bool {
	return i.origin != nil && i.Name() != i.origin.Info.Element.Value("NAME")
}

// checkCodec refuses to compress anything with a codec that has no encoder.
// What such a file has can be kept and copied.
func (p *writing) checkCodec() error {
	codec := p.options.compression
	if codec == CompressionNone || codecs[codec].newEncoder != nil {
		return nil
	}
	compressed := make(map[*newBlob]bool)
	for _, b := range slices.Concat(p.packed, p.packedMetadata) {
		compressed[b] = true
	}
	for i, image := range p.images {
		refused := image.made() || compressed[image.metadata]
		for use := range image.allUses() {
			refused = refused || compressed[use.blob]
		}
		if refused {
			return refusef("image %d: %v cannot be written: %w; write the file anew as LZX", i+1, codec, ErrUnsupported)
		}
	}
	return nil
}

// checkSpace refuses to begin where there is no room for what is certain to be
// written.
func (p *writing) checkSpace(name string) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if err := checkRoom(filepath.Dir(name), p.leastSize()); err != nil {
		return &refusedError{err}
	}
	return nil
}

// checkRoom returns an error of kind ErrNoSpace if a directory is known not to
// have room for so many bytes.
func checkRoom(dir string, need int64) error {
	if free, known := safefile.FreeSpace(dir); known && free < need {
		return fmt.Errorf("%d bytes are free, and %d are needed: %w", free, need, ErrNoSpace)
	}
	return nil
}

// leastSize is how many bytes the contents have at least. That is what is
// copied as it is stored, and what is not to be compressed: how small the rest
// gets is not known before it is. Contents of one size may turn out to be the
// same.
func (p *writing) leastSize() (need int64) {
	add := func(size int64) { need += min(size, math.MaxInt64-need) }
	for _, b := range p.copied {
		add(int64(b.from.header.Size))
	}
	if p.options.compression != CompressionNone {
		return need
	}
	for _, b := range slices.Concat(p.packed, p.packedMetadata) {
		add(b.size)
	}
	sizes := make(map[int64]bool)
	for _, b := range p.Writer.blobs.byHash {
		if b.from != nil {
			sizes[b.size] = true
		}
	}
	for _, b := range p.sources {
		if !b.source.skip && !sizes[b.size] {
			sizes[b.size] = true
			add(b.size)
		}
	}
	return need
}
