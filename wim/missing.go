package wim

import (
	"context"
	"errors"
	"math"
	"math/bits"
)

// MissingBlobs tells how many distinct contents images name that are in none of
// the given files, and is 0 without a look at the images if the file claims
// that nothing is missing: if its blob table, which tells how often each blob
// is used, accounts for all bytes that the images have by the XML.
// [Reader.Verify] looks in any case.
//
// Contents are missing from a delta WIM without its base, and from a split set
// without all parts. Images whose metadata cannot be read are left out.
func (r *Reader) MissingBlobs() int {
	if r.accountedFor() {
		return 0
	}
	missing := make(map[SHA1]bool)
	r.eachTree(context.Background(), func(_ []*Image, tree *FS, err error) {
		if err != nil {
			return
		}
		tree.eachContent(func(_ int32, _ contentName, hash SHA1) {
			if _, err := r.available(hash); err != nil {
				missing[hash] = true
			}
		})
	})
	return len(missing)
}

// MissingBytes estimates how many bytes of content images have that are in none
// of the given parts, and reads nothing for it: what the XML says that all
// images have, less what the blob table accounts for. It is 0 where the XML
// says nothing. Either may be wrong, and referenced files do not count;
// [Reader.MissingBlobs] looks.
func (r *Reader) MissingBytes() uint64 {
	named, held := r.accounts()
	return named - min(named, held)
}

// accountedFor says whether the two agree that nothing is missing.
func (r *Reader) accountedFor() bool {
	named, held := r.accounts()
	return named != 0 && held >= named && held != math.MaxUint64
}

// accounts returns how many bytes the XML says that all images have, and how
// many the blobs of the table have, each counted as often as it is used. A sum
// that does not fit is [math.MaxUint64].
func (r *Reader) accounts() (named, held uint64) {
	add := func(sum *uint64, n uint64) {
		if *sum += n; *sum < n {
			*sum = math.MaxUint64
		}
	}
	for _, image := range r.Images {
		add(&named, image.Info.TotalBytes)
	}
	for _, b := range r.usedBlobs() {
		high, bytes := bits.Mul64(uint64(b.references), uint64(b.size()))
		if high != 0 {
			bytes = math.MaxUint64
		}
		add(&held, bytes)
	}
	return named, held
}

// isMissing says of an error that a content is in none of the given files.
func isMissing(err error) bool {
	return errors.Is(err, ErrMissingBlob) || errors.Is(err, ErrMissingPart)
}
