package wim

import (
	"io"
	"io/fs"
	"sync"
)

// File is an open file of an image, or one of its named streams. Besides
// [fs.File] it implements [io.ReaderAt], [io.Seeker] and [io.WriterTo].
//
// A read from start to end checks the SHA-1: the read that delivers the last
// byte and those after it return [ErrChecksum] if the content is not what the
// image was captured with. Reads of parts cannot be checked.
//
// Opening a file reads nothing. A file whose content is damaged or missing
// opens, and fails when it is read.
type File struct {
	fs     *FS
	node   int32
	path   string
	stream string
	hash   SHA1

	mu     sync.Mutex
	reader *blobReader
	err    error // why there is no reader
}

// content returns the reader of the content, which is found when it is first
// asked for.
func (f *File) content(op string) (*blobReader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader == nil && f.err == nil {
		b, err := f.fs.reader.lookup(f.hash)
		var c content
		if err == nil {
			c, err = b.open()
		}
		if err != nil {
			f.err = err
		} else {
			f.reader = newBlobReader(c)
		}
	}
	return f.reader, f.wrap(op, f.err)
}

func (f *File) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	path := f.path
	if f.stream != "" {
		path += ":" + f.stream
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// Stat describes the file. The size is that of the open stream.
func (f *File) Stat() (fs.FileInfo, error) {
	info := f.fs.info(f.node)
	if f.stream != "" {
		return &streamInfo{info, f.fs.sizeOf(f.hash)}, nil
	}
	return info, nil
}

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	r, err := f.content("read")
	if err != nil {
		return 0, err
	}
	n, err := r.Read(p)
	return n, f.wrap("read", err)
}

// ReadAt implements io.ReaderAt. It may be called from many goroutines.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	r, err := f.content("read")
	if err != nil {
		return 0, err
	}
	n, err := r.ReadAt(p, offset)
	return n, f.wrap("read", err)
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	r, err := f.content("seek")
	if err != nil {
		return 0, err
	}
	n, err := r.Seek(offset, whence)
	return n, f.wrap("seek", err)
}

// WriteTo implements io.WriterTo, which [io.Copy] uses.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	r, err := f.content("read")
	if err != nil {
		return 0, err
	}
	n, readErr, writeErr := r.writeTo(w)
	if writeErr != nil {
		return n, writeErr
	}
	return n, f.wrap("read", readErr)
}

// ChunkSize is how many bytes are decoded together: to read any of them costs
// the decoding of all, unless they are in the cache. It is 0 for content that
// is not compressed, and for one that cannot be found.
func (f *File) ChunkSize() int64 {
	r, err := f.content("read")
	if err != nil || r.resource == nil {
		return 0
	}
	return r.resource.chunkSize
}

// Close releases the memory that the file holds. It never fails.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reader, f.err = nil, fs.ErrClosed
	return nil
}

// readAll reads the whole content of a file that was just opened.
func (f *File) readAll() ([]byte, error) {
	data, err := []byte(nil), f.err
	if err == nil {
		data, err = f.fs.reader.readBlob(f.hash, maxInt)
	}
	return data, f.wrap("read", err)
}
