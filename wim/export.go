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
	added := &WriterImage{element: image.Info.Element.clone(), image: image, origin: image, writer: w}
	return added, added.count(&w.blobs)
}

// count finds out what the image uses.
func (i *WriterImage) count(blobs *blobSet) error {
	if i.edit != nil && i.draft != nil {
		i.image = nil
		return i.edit.count()
	}
	if i.image == nil {
		return nil
	}
	uses, known := blobs.counted[i.image.tree]
	if !known {
		tree, err := i.image.tree.borrow()
		if err != nil {
			return i.image.unreadable(err)
		}
		if uses, err = blobs.usesOf(tree); err != nil {
			return fmt.Errorf("image %d: %w", i.image.Index, err)
		}
		if blobs.counted == nil {
			blobs.counted = make(map[*imageTree][]blobUse)
		}
		blobs.counted[i.image.tree] = uses
	}
	i.uses = uses
	m := i.image.tree.metadata
	i.metadata = &newBlob{sha1: m.sha1, size: m.size(), from: m, metadata: true}
	i.image = nil
	return nil
}
