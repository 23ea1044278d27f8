package wim

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// imageTree is the metadata of an image, and the tree that is made of it.
// Images whose entries in the blob table are the same share one.
type imageTree struct {
	reader   *Reader
	metadata *blob // nil when it is in a part that was not given
	excess   error // why the file cannot have that much metadata

	loading sync.Mutex
	tree    *FS // nil until it was asked to be kept
}

// maxMetadataRatio is how many times a file's size its images may have of
// metadata. It is the bound that wimlib has for one image.
const maxMetadataRatio = 512

// newImageTrees returns the trees of images, for their entries in the blob
// table.
//
// Each tree can be read alone, but a table of 50 bytes per image can have many
// images of the same stored bytes, whose sizes are what the file says. So what
// they unfold to is bounded for all of them together.
func newImageTrees(r *Reader, metadata []blob) []*imageTree {
	type entry struct {
		part   *part
		header wimfile.ResourceHeader
		sha1   SHA1
	}
	shared := make(map[entry]*imageTree, len(metadata))
	trees := make([]*imageTree, len(metadata))
	var sum int64
	for i := range metadata {
		b := &metadata[i]
		key := entry{b.part, b.header, b.sha1}
		if shared[key] == nil {
			t := &imageTree{reader: r, metadata: b}
			shared[key] = t
			size := b.size()
			switch limit := b.part.size; {
			case size/maxMetadataRatio > limit:
				t.excess = formatErrorf("%d bytes, in a file of %d", size, limit)
			case size > r.limits.Metadata: // has an error of its own, and costs nothing
			case (sum+size)/maxMetadataRatio > limit:
				t.excess = formatErrorf("%d bytes, and %d in other images, in a file of %d", size, sum, limit)
			default:
				sum += size
			}
		}
		trees[i] = shared[key]
	}
	return trees
}

// checkMetadata refuses to write what a few bytes for each image in a blob table make
// of metadata that images share: each image that is written has its own.
func checkMetadata(metadata []*newBlob) error {
	sums := make(map[*part]int64)
	for _, b := range metadata {
		if b.from == nil {
			continue
		}
		file := b.from.part
		if sums[file] += b.size; sums[file]/maxMetadataRatio > file.size {
			return formatErrorf("images of %s share their metadata, and would have more than %d times its size; write fewer of them",
				file.name, maxMetadataRatio)
		}
	}
	return nil
}

// keep returns the tree, and keeps it in memory.
func (t *imageTree) keep() (*FS, error) {
	t.loading.Lock()
	defer t.loading.Unlock()
	if t.tree == nil {
		tree, err := t.parse()
		if err != nil {
			return nil, err
		}
		t.tree = tree
	}
	return t.tree, nil
}

// forget drops the tree that is in memory, since there is a new part that it
// does not know. It costs nothing for the trees that were not read.
func (t *imageTree) forget() {
	t.loading.Lock()
	defer t.loading.Unlock()
	t.tree = nil
}

// borrow returns the tree that is in memory, or else one that is not kept.
func (t *imageTree) borrow() (*FS, error) {
	t.loading.Lock()
	kept := t.tree
	t.loading.Unlock()
	if kept != nil {
		return kept, nil
	}
	return t.parse()
}

// parse reads the metadata and makes the tree.
func (t *imageTree) parse() (*FS, error) {
	if t.metadata == nil {
		return nil, fmt.Errorf("it is in part 1 of %d: %w; open part 1 as well", t.reader.Header.TotalParts, ErrMissingPart)
	}
	if t.excess != nil {
		return nil, t.excess
	}
	if err := t.reader.changed(); errors.Is(err, ErrChanged) {
		return nil, err
	}
	raw, err := t.metadata.readAll(t.reader.limits.Metadata)
	if err != nil {
		return nil, err
	}
	meta, err := parseMetadata(raw)
	if err != nil {
		return nil, err
	}
	return newFS(t.reader, meta), nil
}

// eachTree calls yield with each tree, or why there is none, and the images
// that have it. It keeps no tree in memory that was not there.
func (r *Reader) eachTree(ctx context.Context, yield func(images []*Image, tree *FS, err error)) error {
	var trees []*imageTree
	images := make(map[*imageTree][]*Image)
	for _, image := range r.Images {
		if images[image.tree] == nil {
			trees = append(trees, image.tree)
		}
		images[image.tree] = append(images[image.tree], image)
	}
	for _, t := range trees {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		tree, err := t.borrow()
		yield(images[t], tree, err)
	}
	return nil
}
