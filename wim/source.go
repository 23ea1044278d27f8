package wim

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
)

// A source is where a content comes from that no WIM file has yet. Its SHA-1 is
// known when it was read.
type source struct {
	name string // of the file, for messages and progress
	open func() (io.ReadCloser, error)

	skip    bool     // the file is left out if it cannot be read
	stream  bool     // it is a named stream, which is not as long as its file
	changed Filetime // when the file was changed, if it was and was read again
}

// newSource returns a blob of size bytes, at least one, that is read from a
// source when it is written.
func newSource(name string, size int64, open func() (io.ReadCloser, error)) *newBlob {
	return &newBlob{size: size, source: &source{name: name, open: open}}
}

// addBytes returns the blob of the set that has a content of at least one byte.
// The bytes are kept.
func (s *blobSet) addBytes(name string, data []byte) *newBlob {
	hash := SHA1(sha1.Sum(data))
	if known := s.byHash[hash]; known != nil {
		return known
	}
	b := newSource(name, int64(len(data)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	b.sha1 = hash
	s.put(b)
	return b
}

// statSource describes what a source has opened, if that can be described.
func statSource(file io.Reader) fs.FileInfo {
	if file, ok := file.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := file.Stat(); err == nil {
			return info
		}
	}
	return nil
}

// changed is the error of a content that is not as long as it was.
func (b *newBlob) changed(got int64) error {
	if got > b.size {
		return fmt.Errorf("more than the %d bytes that there were: %w", b.size, ErrChanged)
	}
	return fmt.Errorf("%d bytes of %d: %w", got, b.size, ErrChanged)
}
