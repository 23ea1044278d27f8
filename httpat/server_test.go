package httpat_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
)

const block = 256 << 10

// content returns n bytes that no other place repeats.
func content(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// A server serves one file as net/http does, and counts. Its fault, if it has
// one, is called for each request, which are numbered from 1; it answers the
// request if it returns true.
type server struct {
	*httptest.Server
	content  []byte
	etag     string
	modified time.Time
	fault    func(w http.ResponseWriter, r *http.Request, n int) bool

	mu     sync.Mutex
	asked  []*http.Request
	sent   int64           // bytes of bodies
	pauses []time.Duration // that the reader made
}

func serve(t *testing.T, content []byte) *server {
	s := &server{content: content, etag: `"v1"`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Clone(context.Background()))
	n := len(s.asked)
	s.mu.Unlock()
	counting := &countingWriter{w, s}
	if s.fault == nil || !s.fault(counting, r, n) {
		s.answer(counting, r)
	}
}

// answer is the right answer.
func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	http.ServeContent(w, r, "", s.modified, bytes.NewReader(s.content))
}

type countingWriter struct {
	http.ResponseWriter
	server *server
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.server.mu.Lock()
	w.server.sent += int64(len(p))
	w.server.mu.Unlock()
	return w.ResponseWriter.Write(p)
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ranges returns the Range headers of all requests.
func (s *server) ranges() (ranges []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.asked {
		ranges = append(ranges, r.Header.Get("Range"))
	}
	return ranges
}

func (s *server) bytesSent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// tryOpen opens the file with a reader that notes its pauses and makes none.
func (s *server) tryOpen(path string, opts ...httpat.Option) (*httpat.Reader, error) {
	noted := httpat.WithSleep(func(ctx context.Context, d time.Duration) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pauses = append(s.pauses, d)
		return ctx.Err()
	})
	return httpat.Open(context.Background(), s.URL+path, append([]httpat.Option{noted}, opts...)...)
}

func (s *server) open(t *testing.T, opts ...httpat.Option) *httpat.Reader {
	r, err := s.tryOpen("/install.wim", opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// requireContent reads n bytes at an offset and compares them.
func (s *server) requireContent(t *testing.T, r io.ReaderAt, offset, n int) {
	t.Helper()
	got := make([]byte, n)
	m, err := r.ReadAt(got, int64(offset))
	require.NoError(t, err)
	require.Equal(t, n, m)
	require.True(t, bytes.Equal(s.content[offset:offset+n], got), "%d bytes at offset %d", n, offset)
}
