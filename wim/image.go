package wim

import "fmt"

// Image is one image of a WIM file.
type Image struct {
	Index int // 1-based
	Info  ImageInfo

	tree *imageTree
}

func newImage(index int, element *Element, tree *imageTree) *Image {
	return &Image{Index: index, Info: imageInfo(element), tree: tree}
}

// FS returns the image's directory tree. The first call reads and parses the
// image's metadata; the tree stays in memory as long as the image does. A call
// that fails can be repeated.
func (image *Image) FS() (*FS, error) {
	tree, err := image.tree.keep()
	return tree, image.unreadable(err)
}

// unreadable says which image it is whose metadata cannot be read, if err is
// not nil.
func (image *Image) unreadable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("image %d: metadata: %w", image.Index, err)
}
