package httpat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A Reader reads a file on a web server. Its methods can be called from many
// goroutines at the same time.
type Reader struct {
	source *source
	cache  cache
	ahead  readAhead
	ctx    context.Context // ends with Close, and when the file has changed
	cancel context.CancelCauseFunc
	close  func()

	mu      sync.Mutex // held while the context ends, or a fetch begins
	fetches sync.WaitGroup
}

// An Option changes how [Open] works.
type Option func(*options)

type options struct {
	header    http.Header
	transport http.RoundTripper
	cache     int64
	idle      time.Duration
	sleep     func(context.Context, time.Duration) error
}

// WithHeader adds a header to the requests, such as Authorization. It is not
// sent to another scheme, host or port that the server redirects to.
func WithHeader(name, value string) Option {
	return func(o *options) { o.header.Add(name, value) }
}

// WithTransport has requests made through t, for a server with a certificate of
// its own, for example. Proxies and the reuse of connections are then up to t.
func WithTransport(t http.RoundTripper) Option {
	return func(o *options) { o.transport = t }
}

// WithCache sets how many bytes of the file are kept for later reads: 32 MiB if
// it is not given, and at least 1 MiB.
func WithCache(bytes int64) Option {
	return func(o *options) { o.cache = bytes }
}

// Open opens the file at an http or https URL. Its context is that of all
// requests for the file: when it ends, so do the reads that are waiting.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Reader, error) {
	o := options{header: http.Header{}, cache: 32 << 20, idle: 30 * time.Second, sleep: sleep}
	for _, opt := range opts {
		opt(&o)
	}
	origin, err := url.Parse(rawURL)
	if err != nil || !web(origin) {
		// The URL is not shown, since a password could be anywhere in it.
		return nil, fmt.Errorf("httpat: not an http or https URL: %w", fs.ErrInvalid)
	}
	closeIdle := func() {}
	if o.transport == nil {
		t := newTransport()
		o.transport, closeIdle = t, t.CloseIdleConnections
	}
	r := &Reader{
		source: &source{
			origin: origin, target: origin, header: o.header, transport: o.transport,
			slots: make(chan struct{}, maxRequests), idle: o.idle, sleep: o.sleep,
		},
		close: closeIdle,
	}
	r.cache.limit = max(o.cache, 1<<20)
	r.ahead.limit = min(maxSpan, r.cache.limit/4)
	r.ctx, r.cancel = context.WithCancelCause(ctx)

	_, first := r.cache.get(0, 0, 0)
	if err := r.fetch(first[0]); err != nil {
		_ = r.Close()
		return nil, r.source.pathError("open", err)
	}
	return r, nil
}

// Size returns the size of the file in bytes.
func (r *Reader) Size() int64 { return r.source.version.size }

// Modified returns when the file was modified as the server says, the zero time
// if it does not say.
func (r *Reader) Modified() time.Time {
	modified, err := http.ParseTime(r.source.version.modified)
	if err != nil {
		return time.Time{}
	}
	return modified
}

// Close ends all requests and drops the cache. Reads fail from then on.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.cancel(fs.ErrClosed)
	r.mu.Unlock()
	r.fetches.Wait()
	r.close()
	return nil
}

// ReadAt implements [io.ReaderAt].
func (r *Reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, r.source.pathError("read", fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid))
	}
	if err := context.Cause(r.ctx); err != nil {
		return 0, r.source.pathError("read", err)
	}
	wanted := int(min(int64(len(p)), max(r.Size()-offset, 0)))
	for n := 0; n < wanted; {
		m, err := r.readSpan(p[n:min(wanted, n+maxSpan)], offset+int64(n))
		n += m
		if err != nil {
			return n, r.source.pathError("read", fmt.Errorf("at offset %d: %w", offset+int64(n), err))
		}
	}
	if wanted < len(p) {
		return wanted, io.EOF
	}
	return wanted, nil
}

// readSpan reads at most maxSpan bytes, none of them after the end.
func (r *Reader) readSpan(p []byte, offset int64) (int, error) {
	end := offset + int64(len(p))
	ahead := min(r.ahead.read(offset, end), r.Size()-end)
	first, last := offset/blockSize, (end-1)/blockSize
	blocks, missing := r.cache.get(first, last, (end+ahead-1)/blockSize)
	for _, span := range missing {
		r.start(span)
	}
	n := 0
	for _, b := range blocks {
		select {
		case <-b.ready:
		case <-r.ctx.Done():
		}
		// The file may be known to have changed since the block arrived.
		if err := context.Cause(r.ctx); err != nil {
			return n, err
		}
		if b.err != nil {
			return n, b.err
		}
		n += copy(p[n:], b.data[offset+int64(n)-b.index*blockSize:])
	}
	return n, nil
}

// start fetches blocks in the background.
func (r *Reader) start(blocks []*block) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := context.Cause(r.ctx); err != nil {
		for _, b := range blocks {
			r.cache.failed(b, err)
		}
		return
	}
	r.fetches.Go(func() { _ = r.fetch(blocks) }) // each block has the error
}

// fetch requests blocks that follow each other. Each can be read as soon as it
// has arrived.
func (r *Reader) fetch(blocks []*block) error {
	f := filler{cache: &r.cache, blocks: blocks, size: r.source.bytesAfter}
	err := r.source.read(r.ctx, blocks[0].index*blockSize, int64(len(blocks))*blockSize, f.fill)
	if errors.Is(err, ErrChanged) {
		r.cancel(err)
	}
	for _, b := range f.blocks {
		r.cache.failed(b, err)
	}
	return err
}
