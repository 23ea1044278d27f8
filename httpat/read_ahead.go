package httpat

import "sync"

// readAhead tells how much to request in advance.
type readAhead struct {
	limit int64

	mu      sync.Mutex
	streams [4]stream // the last used one first
}

// stream is a part of the file that was read in order.
type stream struct{ start, end int64 }

// read notes a read and returns how many bytes after its end will probably be
// read next: as many as were read in order until now, from two blocks on.
// Goroutines that take turns in reading may come a little too early or late.
func (a *readAhead) read(offset, end int64) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, s := range a.streams {
		if offset < max(s.start, s.end-maxSpan) || offset > s.end+blockSize || s.end == 0 {
			continue
		}
		if end <= s.end {
			return 0
		}
		copy(a.streams[1:i+1], a.streams[:i])
		a.streams[0] = stream{s.start, end}
		if end-s.start < 2*blockSize {
			return 0
		}
		return min(end-s.start, a.limit)
	}
	copy(a.streams[1:], a.streams[:])
	a.streams[0] = stream{offset, end}
	return 0
}
