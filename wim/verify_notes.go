package wim

import (
	"fmt"
	"math"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// note adds a note to the report.
func (v *verifier) note(format string, args ...any) {
	err := &kindError{fmt.Sprintf(format, args...), ErrFormat}
	if !v.general.text.takeProblem(err) {
		v.report.MoreNotes++
		return
	}
	v.report.Notes = append(v.report.Notes, err)
}

// notes looks for what costs no content. It comes after the trees, which have
// the uses of blobs.
func (v *verifier) notes() {
	for _, p := range v.reader.parts {
		v.bootMetadata(p)
	}
	for _, p := range v.reader.parts {
		for i := range p.table.deleted {
			b := &p.table.deleted[i]
			v.note("metadata %v, of %d bytes: the image that had it was deleted", b.sha1, b.header.Size)
		}
	}
	if !v.unread {
		v.references()
	}
}

// bootMetadata compares the copy that the header has of the resource header of
// the boot image's metadata. Boot loaders read that (WIM format sheet, section
// 11.5).
func (v *verifier) bootMetadata(p *part) {
	boot, index := p.header.bootMetadata, p.header.BootIndex
	metadata := p.table.metadata
	switch {
	case p.header.PartNumber != 1: // the metadata is in part 1
	case index == 0:
		if boot != (wimfile.ResourceHeader{}) {
			v.note("header of %s: boot metadata of %d bytes at offset %d, but no image boots", p.name, boot.Size, boot.Offset)
		}
	case index <= len(metadata) && boot != metadata[index-1].header:
		image := metadata[index-1].header
		v.note("header of %s: boot metadata of %d bytes at offset %d, with flags %#x; that of image %d, which boots, has %d bytes at offset %d, with flags %#x",
			p.name, boot.Size, boot.Offset, boot.Flags, index, image.Size, image.Offset, image.Flags)
	}
}

// references compares the reference counts with what images use.
func (v *verifier) references() {
	byHash := v.reader.index().byHash
	for _, b := range v.reader.ownBlobs() {
		uses := min(v.uses[b], math.MaxUint32)
		switch {
		case byHash[b.sha1] != b:
			v.note("blob %v, of %d bytes, is in the blob table again; the first entry is used", b.sha1, b.size())
		case uses == 0:
			v.note("blob %v, of %d bytes: no image uses it", b.sha1, b.size())
		case uint64(b.references) != uses:
			times := "once"
			if uses > 1 {
				times = fmt.Sprintf("%d times", v.uses[b])
			}
			v.note("blob %v: reference count %d, but images use it %s", b.sha1, b.references, times)
		}
	}
}
