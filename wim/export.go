package wim

import "fmt"

// Export adds images of open WIM files, as they are: the tree, the XML element
// with all that is in it, and the contents. What is stored with the codec and
// the chunk size that are written is copied without being compressed again.
// Export reads metadata only. Contents that are not at hand, or a name that
// another image has, are errors; then no image was added.
func (w *Writer) Export(images ...*Image) error {
	var added []*WriterImage
	for _, image := range images {
		a, err := w.export(image)
		if err != nil {
			return err
		}
		added = append(added, a)
	}
	w.batch++
	for i, a := range added {
		a.batch = w.batch
		w.flags |= images[i].tree.reader.Header.Flags & FlagReparseFix
	}
	w.images = append(w.images, added...)
	return nil
}

func (w *Writer) export(image *Image) (*WriterImage, error) {
	tree, err := image.tree.borrow()
	if err != nil {
		return nil, image.unreadable(err)
	}
	uses, err := w.blobs.usesOf(tree)
	if err != nil {
		return nil, fmt.Errorf("image %d: %w", image.Index, err)
	}
	metadata := image.tree.metadata
	return &WriterImage{
		element:  image.Info.Element.clone(),
		uses:     uses,
		metadata: &newBlob{sha1: metadata.sha1, size: metadata.size(), from: metadata, metadata: true, references: 1},
	}, nil
}
