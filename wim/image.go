package wim

import (
	"context"
	"fmt"
	"sync"
)

// Image is one image of a WIM file.
type Image struct {
	Index int // 1-based
	Info  ImageInfo

	reader   *Reader
	metadata *blob // nil when it is in a part that was not given

	loading sync.Mutex
	tree    *FS // nil until it was loaded
}

func newImage(r *Reader, index int, element *Element, metadata *blob) *Image {
	return &Image{Index: index, Info: imageInfo(element), reader: r, metadata: metadata}
}

// FS returns the image's directory tree. The first call reads and parses the
// image's metadata; the tree stays in memory as long as the image does. A call
// that fails can be repeated.
func (image *Image) FS() (*FS, error) {
	image.loading.Lock()
	defer image.loading.Unlock()
	if image.tree == nil {
		tree, err := image.load()
		if err != nil {
			return nil, err
		}
		image.tree = tree
	}
	return image.tree, nil
}

func (image *Image) load() (*FS, error) {
	tree, err := image.parseTree()
	return tree, image.unreadable(err)
}

func (image *Image) parseTree() (*FS, error) {
	meta, err := image.parseMetadata()
	if err != nil {
		return nil, err
	}
	return newFS(image.reader, meta), nil
}

// unreadable says which image it is whose metadata cannot be read, if err is not nil.
func (image *Image) unreadable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("image %d: metadata: %w", image.Index, err)
}

// loaded returns the tree if it is in memory, else nil.
func (image *Image) loaded() *FS {
	image.loading.Lock()
	defer image.loading.Unlock()
	return image.tree
}

// eachTree calls yield with the tree of each image, or the error. It keeps none but
// the last: a small table can have many images, which may share a few bytes of
// metadata, good or bad.
func (r *Reader) eachTree(ctx context.Context, yield func(image *Image, tree *FS, err error)) error {
	var last *FS
	var lastErr error
	var lastMetadata *blob
	for _, image := range r.Images {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		tree, err := image.loaded(), error(nil)
		switch {
		case tree != nil:
		case image.metadata != nil && lastMetadata != nil && image.metadata.sameMetadata(lastMetadata):
			tree, err = last, lastErr
		default:
			tree, err = image.parseTree()
		}
		yield(image, tree, image.unreadable(err))
		last, lastErr, lastMetadata = tree, err, image.metadata
	}
	return nil
}

// sameMetadata says whether two entries of metadata are of the same bytes.
func (b *blob) sameMetadata(other *blob) bool {
	return b.part == other.part && b.header == other.header && b.sha1 == other.sha1
}

func (image *Image) parseMetadata() (*metadata, error) {
	if image.metadata == nil {
		return nil, fmt.Errorf("it is in part 1 of %d: %w; open part 1 as well", image.reader.Header.TotalParts, ErrMissingPart)
	}
	// A metadata resource that unfolds to many times the file is a bomb. The
	// bound is the one that wimlib has.
	if size := image.metadata.size(); size/512 > image.metadata.part.size {
		return nil, formatErrorf("%d bytes, in a file of %d", size, image.metadata.part.size)
	}
	c, err := image.metadata.open()
	if err != nil {
		return nil, err
	}
	raw, err := c.readAll(image.reader.limits.Metadata)
	if err != nil {
		return nil, err
	}
	return parseMetadata(raw)
}
