package wim

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
)

// Holes take no room in a tar. In an image they do, since it has all chunks of
// a content; and a tar of 1 KB can claim a terabyte of them. So the holes of
// all entries may have maxTarHoles bytes, and beyond that 512 times what was
// read of the tar, which is the bound for metadata too.
const (
	maxTarHoles     = 64 << 20
	maxTarHoleRatio = 512
)

// isSparse says whether an entry has holes that take no room in the tar.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// sparseContent reads the content of a sparse entry.
type sparseContent struct {
	t *tarReading
	r io.Reader
}

func (s sparseContent) Read(p []byte) (int, error) {
	before := s.t.source.n
	n, err := s.r.Read(p)
	s.t.holes += max(0, int64(n)-(s.t.source.n-before))
	if s.t.holes > maxTarHoles && s.t.holes/maxTarHoleRatio > s.t.source.n {
		return n, fmt.Errorf("more than %d bytes of holes, in %d bytes of the tar: %w; unpack it, and capture the directory", s.t.holes, s.t.source.n, ErrLimit)
	}
	return n, err
}
