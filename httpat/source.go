package httpat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxRequests is how many requests run at a time.
const maxRequests = 6

// source makes requests for parts of one file.
type source struct {
	origin    *url.URL // what the file was opened by
	header    http.Header
	transport http.RoundTripper
	slots     chan struct{} // has room for the requests that may run
	idle      time.Duration // the longest time without a byte
	sleep     func(context.Context, time.Duration) error

	mu          sync.Mutex
	target      *url.URL // where requests go: the origin, or what it redirects to
	known       bool     // whether a first answer has told version
	version     version
	whole       bool // the server sends no parts, and the file is small
	conditional bool // whether requests have an If-Range header
}

// read requests n bytes at an offset, or as many as the file has there. It
// passes them in order to fill, which reads its argument to the end and returns
// how many bytes that were.
func (s *source) read(ctx context.Context, offset, n int64, fill func(io.Reader) (int64, error)) error {
	tries := 0
	for n > 0 {
		opening := !s.isKnown()
		got, err := s.try(ctx, offset, n, tries > 0, fill)
		offset, n = offset+got, min(n-got, s.bytesAfter(offset+got))
		if n <= 0 {
			return nil
		}
		if got >= blockSize {
			tries = 0
			continue
		}
		var again *temporary
		if !errors.As(err, &again) {
			return err
		}
		tries++
		limit := maxTries
		if opening && connecting(err) {
			limit = maxConnectTries
		}
		if tries >= limit {
			return again.err
		}
		if err := s.sleep(ctx, again.pause(tries)); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) isKnown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

// bytesAfter returns how many bytes the file has after an offset: before the
// first answer, any number.
func (s *source) bytesAfter(offset int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		return 1<<63 - 1
	}
	return s.version.size - offset
}

// errIdle ends a request whose connection is silent.
var errIdle = errors.New("the connection is silent")

// try makes one request for n bytes at an offset and returns how many of them
// it passed to fill.
func (s *source) try(ctx context.Context, offset, n int64, again bool, fill func(io.Reader) (int64, error)) (int64, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	request, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(s.idle, func() { cancel(errIdle) })
	defer timer.Stop()

	ask := rangeRequest{offset: offset, n: n, again: again}
	ask.condition, ask.start = s.state()
	resp, err := s.request(request, &ask)
	if err != nil {
		return 0, s.networkError(ctx, request, err)
	}
	defer resp.Body.Close()
	length, err := s.accept(resp, &ask)
	if err != nil {
		return 0, err
	}
	body := &idleReader{resp.Body, timer, s.idle}
	if resp.StatusCode == http.StatusOK {
		if _, err := io.CopyN(io.Discard, body, offset); err != nil {
			return 0, s.networkError(ctx, request, err)
		}
	}
	got, err := fill(io.LimitReader(body, length))
	if err == nil && got < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return got, s.networkError(ctx, request, err)
	}
	// A body that was read to its end leaves the connection for the next
	// request.
	_, _ = body.Read(make([]byte, 1))
	if got < n {
		return got, &temporary{err: fmt.Errorf("%w: the server sends %d bytes instead of %d", ErrServer, got, n)}
	}
	return got, nil
}

// networkError returns the error for a request that did not run to its end.
func (s *source) networkError(ctx, request context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var final *finalError
	if errors.As(err, &final) {
		return final.err
	}
	// The address that the origin redirects to may be another one by now.
	s.redirect(s.origin)
	if cause := context.Cause(request); cause != nil {
		err = fmt.Errorf("%w for %v", cause, s.idle)
	}
	if len(err.Error()) > maxText {
		return &temporary{err: fmt.Errorf("%w: %.*v…", ErrServer, maxText, err)}
	}
	return &temporary{err: fmt.Errorf("%w: %w", ErrServer, err)}
}

// maxText bounds the text of an error of net/http, which may quote the server.
const maxText = 300

// An idleReader restarts a timer with every byte.
type idleReader struct {
	io.Reader
	timer *time.Timer
	idle  time.Duration
}

func (r *idleReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.timer.Reset(r.idle)
	}
	return n, err
}

func (s *source) state() (condition string, start *url.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conditional {
		condition = s.version.condition
	}
	return condition, s.target
}

func (s *source) redirect(target *url.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = target
}

// accept checks that an answer has bytes from the offset on, of the file that
// was opened, and returns how many: at most those that were asked for.
func (s *source) accept(resp *http.Response, ask *rangeRequest) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch resp.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		return s.acceptWhole(resp, ask)
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, s.acceptNone(resp)
	default:
		return 0, statusError(resp)
	}
	if err := plain(resp.Header); err != nil {
		return 0, err
	}
	value := resp.Header.Get("Content-Range")
	r, ok := parseContentRange(value)
	switch {
	case !ok || r.first != ask.offset || r.last >= ask.offset+ask.n:
		return 0, fmt.Errorf("%w: asked for bytes %d-%d, the server sends others (Content-Range: %.80q)", ErrServer, ask.offset, ask.offset+ask.n-1, value)
	case r.size < 0:
		return 0, fmt.Errorf("%w: it does not tell the file's size; download the file and open the copy", ErrNoRanges)
	}
	length := r.last - r.first + 1
	if resp.ContentLength >= 0 && resp.ContentLength != length {
		return 0, fmt.Errorf("%w: the server announces %d bytes for %s", ErrServer, resp.ContentLength, r)
	}
	return length, s.checkVersion(resp.Header, r.size, ask.condition != "")
}

// acceptWhole is accept for an answer that has the whole file.
func (s *source) acceptWhole(resp *http.Response, ask *rangeRequest) (int64, error) {
	small := resp.ContentLength >= 0 && resp.ContentLength <= blockSize && plain(resp.Header) == nil
	if !s.known {
		s.whole = small
	}
	if s.known && !s.whole {
		// Either the file is another one, or the server does not like the
		// condition. A body without a length tells nothing.
		size := resp.ContentLength
		if size < 0 {
			size = s.version.size
		}
		if err := s.version.check(resp.Header, size, false); err != nil {
			return 0, err
		}
		if ask.condition != "" {
			s.conditional = false
			return 0, &temporary{err: fmt.Errorf("%w: it ignores If-Range", ErrNoRanges)}
		}
	}
	if !s.whole || !small {
		advice := "download the file and open the copy"
		if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
			advice = "this is a web page, so look there for the address of the file itself; or " + advice
		}
		return 0, fmt.Errorf("%w: it answers a request for a part with all of it; %s", ErrNoRanges, advice)
	}
	if err := s.checkVersion(resp.Header, resp.ContentLength, false); err != nil {
		return 0, err
	}
	return min(ask.n, s.version.size-ask.offset), nil
}

// acceptNone handles the answer that the file has no such bytes: that of an
// empty file, or of one that has shrunk.
func (s *source) acceptNone(resp *http.Response) error {
	r, ok := parseContentRange(resp.Header.Get("Content-Range"))
	switch {
	case s.known:
		return fmt.Errorf("%w: it has fewer bytes; open it again", ErrChanged)
	case ok && r.size == 0:
		return s.checkVersion(resp.Header, 0, false)
	}
	return statusError(resp)
}

// checkVersion compares an answer with the version, or keeps that of the first
// one.
func (s *source) checkVersion(header http.Header, size int64, conditional bool) error {
	if s.known {
		return s.version.check(header, size, conditional)
	}
	s.version = versionOf(header, size)
	s.known, s.conditional = true, s.version.condition != ""
	return nil
}

// plain checks that the content is sent as it is. A range of a compressed
// representation is no range of the file.
func plain(header http.Header) error {
	encoding := strings.TrimSpace(header.Get("Content-Encoding"))
	if encoding == "" || strings.EqualFold(encoding, "identity") {
		return nil
	}
	return fmt.Errorf("%w: it sends the file compressed (Content-Encoding: %.20q); download the file and open the copy", ErrNoRanges, encoding)
}
