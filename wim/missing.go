package wim

import (
	"context"
	"math/bits"
)

// MissingBlobs counts the distinct contents that images name and that are in
// none of the given files: those of a delta WIM without its base, or of a split
// set without all parts.
//
// The blob table tells how often each blob is used, and the XML how many bytes
// the images have. Where the two agree, nothing is missing and nothing more is
// read. Otherwise the metadata of all images is. Images whose metadata cannot
// be read are left out.
func (r *Reader) MissingBlobs() int {
	if r.accountedFor() {
		return 0
	}
	missing := make(map[SHA1]bool)
	r.eachTree(context.Background(), func(_ []*Image, tree *FS, err error) {
		if err != nil {
			return
		}
		tree.eachContent(func(_ int32, _ string, hash SHA1) {
			if r.available(hash) != nil {
				missing[hash] = true
			}
		})
	})
	return len(missing)
}

// accountedFor says whether the blobs of the table, each counted as often as
// it is used, have the bytes that the XML says that all images have.
func (r *Reader) accountedFor() bool {
	var named, held uint64
	for _, image := range r.Images {
		named += image.Info.TotalBytes
	}
	for _, b := range r.usedBlobs() {
		high, bytes := bits.Mul64(uint64(b.references), uint64(b.size()))
		if high != 0 || held+bytes < held {
			return false
		}
		held += bytes
	}
	return named != 0 && held >= named
}
