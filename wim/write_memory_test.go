package wim_test

import (
	"bytes"
	"errors"
	"sync"
)

var errDiskFull = errors.New("the disk is full")

// memoryFile is a file in memory that has room for so many bytes.
type memoryFile struct {
	mu   sync.Mutex
	data []byte
	room int
}

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(at)+len(p) > f.room {
		return 0, errDiskFull
	}
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}

func (f *memoryFile) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.NewReader(f.data).ReadAt(p, at)
}

func (f *memoryFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = f.data[:size]
	return nil
}
