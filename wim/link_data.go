package wim

import "sync"

// readAheadAfter is how many solid blobs of reparse data are read one by one.
const readAheadAfter = 4

// maxReadAhead bounds the reparse data of a tree that are kept in memory. There
// is more only in images of a million reparse points, or hostile ones; that is
// read when it is needed.
const maxReadAhead = 64 << 20

// linkReader reads the reparse data of a tree. Links are asked for in the order
// of their paths, and where that is not the order in which their data is
// stored, a solid chunk of up to 64 MiB would be decoded for each. So after
// some of them all others are read, as they are stored, and kept.
type linkReader struct {
	mu    sync.Mutex
	alone int              // blobs that were read one by one
	ahead map[*blob][]byte // nil until all were read; without those that failed
}

// reparseData returns the reparse data with a hash.
func (f *FS) reparseData(hash SHA1) ([]byte, error) {
	b, err := f.reader.lookup(hash)
	if err != nil {
		return nil, err
	}
	if b != nil && b.run != nil {
		if data, known := f.linkReader.get(f, b); known {
			return data, nil
		}
	}
	return b.readAll(maxReparseData)
}

func (l *linkReader) get(f *FS, b *blob) (data []byte, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ahead == nil {
		if l.alone++; l.alone <= readAheadAfter {
			return nil, false
		}
		l.readAhead(f)
	}
	data, known = l.ahead[b]
	return data, known
}

func (l *linkReader) readAhead(f *FS) {
	l.ahead = make(map[*blob][]byte)
	var blobs []*blob
	for i := range f.meta.nodes {
		n := &f.meta.nodes[i]
		if n.dentry < 0 || n.attributes&AttributeReparsePoint == 0 {
			continue
		}
		b, err := f.reader.lookup(f.meta.streamsOf(n).reparse)
		if _, seen := l.ahead[b]; err == nil && b != nil && b.run != nil && !seen && b.size() <= maxReparseData {
			l.ahead[b] = nil
			blobs = append(blobs, b)
		}
	}
	sortAsStored(blobs)
	left := int64(maxReadAhead)
	for _, b := range blobs {
		delete(l.ahead, b)
		if left -= b.size(); left < 0 {
			continue
		}
		if data, err := b.readAll(maxReparseData); err == nil {
			l.ahead[b] = data
		}
	}
}
