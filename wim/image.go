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
	meta, err := image.parseMetadata()
	if err != nil {
		return nil, fmt.Errorf("image %d: metadata: %w", image.Index, err)
	}
	return newFS(image.reader, meta), nil
}

// loaded returns the tree if it is in memory, else nil.
func (image *Image) loaded() *FS {
	image.loading.Lock()
	defer image.loading.Unlock()
	return image.tree
}

// eachTree calls yield with the tree of each image. It keeps none but the last:
// a small table can have many images, which may share a few bytes of metadata.
func (r *Reader) eachTree(ctx context.Context, yield func(image *Image, tree *FS, err error)) error {
	var last *FS
	var lastMetadata *blob
	for _, image := range r.Images {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		tree := image.loaded()
		if tree == nil && last != nil && image.metadata.header == lastMetadata.header && image.metadata.sha1 == lastMetadata.sha1 {
			tree = last
		}
		var err error
		if tree == nil {
			tree, err = image.load()
		}
		yield(image, tree, err)
		if err == nil {
			last, lastMetadata = tree, image.metadata
		}
	}
	return nil
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
