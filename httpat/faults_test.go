package httpat_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
)

// requireError checks an error: its kind, that it is one line, and its end.
func requireError(t *testing.T, err, kind error, end string) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var path *fs.PathError
	require.ErrorAs(t, err, &path)
	require.NotContains(t, err.Error(), "\n")
	require.True(t, strings.HasSuffix(err.Error(), end), "%v\nends in %s", err, end)
}

// A server without ranges is refused before its file is downloaded.
func TestNoRanges(t *testing.T) {
	s := serve(t, content(64*block))
	contentType := "application/octet-stream"
	s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		w.Header().Set("Content-Type", contentType)
		r.Header.Del("Range")
		return false
	}
	_, err := s.tryOpen("/install.wim")
	requireError(t, err, httpat.ErrNoRanges, "it answers a request for a part with all of it; download the file and open the copy")
	require.Len(t, s.ranges(), 1)
	require.Less(t, s.bytesSent(), int64(32*block)) // what fits into the buffers of a connection

	contentType = "text/html; charset=utf-8"
	_, err = s.tryOpen("/download")
	requireError(t, err, httpat.ErrNoRanges, "this is a web page, so look there for the address of the file itself; or download the file and open the copy")
}

// A small file needs no ranges.
func TestNoRangesOfSmallFile(t *testing.T) {
	s := serve(t, content(block))
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		r.Header.Del("Range")
		if n > 1 {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(block)) // and one that breaks off
		w.Header().Set("ETag", s.etag)
		_, _ = w.Write(s.content[:1000])
		panic(http.ErrAbortHandler)
	}
	r := s.open(t)
	s.requireContent(t, r, 0, block)
	require.Len(t, s.ranges(), 2)
}

// Answers that are not the bytes that were asked for: the first 256 KiB.
func TestWrongAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		header map[string]string
		kind   error
		end    string
	}{
		"none":           {nil, httpat.ErrServer, `asked for bytes 0-262143, the server sends others (Content-Range: "")`},
		"other start":    {map[string]string{"Content-Range": "bytes 1-262143/1000000"}, httpat.ErrServer, `(Content-Range: "bytes 1-262143/1000000")`},
		"too much":       {map[string]string{"Content-Range": "bytes 0-262144/1000000"}, httpat.ErrServer, `(Content-Range: "bytes 0-262144/1000000")`},
		"unit":           {map[string]string{"Content-Range": "lines 0-9/1000000"}, httpat.ErrServer, `(Content-Range: "lines 0-9/1000000")`},
		"hostile":        {map[string]string{"Content-Range": "bytes " + strings.Repeat("x", 10000)}, httpat.ErrServer, `x")`},
		"multipart":      {map[string]string{"Content-Type": "multipart/byteranges; boundary=x"}, httpat.ErrServer, `(Content-Range: "")`},
		"unknown size":   {map[string]string{"Content-Range": "bytes 0-262143/*"}, httpat.ErrNoRanges, "it does not tell the file's size; download the file and open the copy"},
		"length":         {map[string]string{"Content-Range": "bytes 0-262143/1000000", "Content-Length": "5"}, httpat.ErrServer, "the server announces 5 bytes for bytes 0-262143/1000000"},
		"compressed":     {map[string]string{"Content-Range": "bytes 0-262143/1000000", "Content-Encoding": "gzip"}, httpat.ErrNoRanges, `it sends the file compressed (Content-Encoding: "gzip"); download the file and open the copy`},
		"negative range": {map[string]string{"Content-Range": "bytes -5-262143/1000000"}, httpat.ErrServer, `(Content-Range: "bytes -5-262143/1000000")`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content(block))
			s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(http.StatusPartialContent)
				_, _ = w.Write(s.content[:5])
				return true
			}
			_, err := s.tryOpen("/install.wim")
			requireError(t, err, test.kind, test.end)
			require.Len(t, s.ranges(), 1) // the same request would be answered like this again
			require.Less(t, len(err.Error()), 500)
		})
	}
}

// What is no HTTP is quoted, and not at length.
func TestNoHTTP(t *testing.T) {
	s := serve(t, nil)
	s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte("SSH-2.0 \x1b[2J\t" + strings.Repeat("x", 1000) + "\r\n\r\n"))
			conn.Close()
		}
		return true
	}
	_, err := s.tryOpen("/")
	requireError(t, err, httpat.ErrServer, "xxx…")
	require.NotContains(t, err.Error(), "\x1b")
	require.Less(t, len(err.Error()), 500)
}

// A server that compresses what it sends whole, in spite of the request.
func TestCompressedWhole(t *testing.T) {
	s := serve(t, content(1000))
	s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(s.content)
		_ = z.Close()
		return true
	}
	_, err := s.tryOpen("/install.wim")
	requireError(t, err, httpat.ErrNoRanges, "download the file and open the copy")
}

// A body that breaks off is continued where it ended.
func TestBrokenBodies(t *testing.T) {
	s := serve(t, content(10*block))
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if n == 2 || n == 3 {
			s.answer(&limitedWriter{w, 100_000}, r)
			return true
		}
		return false
	}
	r := s.open(t)
	s.requireContent(t, r, 5*block, 3*block)
	require.Equal(t, []string{"bytes=0-262143", "bytes=1310720-2097151", "bytes=1410720-2097151", "bytes=1510720-2097151"}, s.ranges())
	require.Equal(t, "no-cache", s.asked[3].Header.Get("Cache-Control"))
	require.Empty(t, s.asked[1].Header.Get("Cache-Control"))
	require.Len(t, s.pauses, 2)
}

// limitedWriter breaks the connection off after so many bytes of the body.
type limitedWriter struct {
	http.ResponseWriter
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	_, _ = w.ResponseWriter.Write(p[:n])
	if n < len(p) {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// A server may answer with less than it was asked for, as long as it gets on.
func TestShortAnswers(t *testing.T) {
	s := serve(t, content(20*block))
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		var first, last int
		_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		require.NoError(t, err)
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", first, min(last, first+block-1)))
		return false
	}
	r := s.open(t)
	s.requireContent(t, r, block, 15*block)
	require.Len(t, s.ranges(), 1+15)
	require.Empty(t, s.pauses)

	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		r.Header.Set("Range", "bytes="+first+"-"+first)
		return false
	}
	_, err := r.ReadAt(make([]byte, 10), 18*block)
	requireError(t, err, httpat.ErrServer, "the server sends 1 bytes instead of 262140")
	require.Len(t, s.ranges(), 16+5)
}

// A body with more than the range it is for is cut.
func TestTooMuch(t *testing.T) {
	s := serve(t, content(4*block))
	s.fault = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n == 1 {
			return false
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", block, 2*block-1, 4*block))
		w.Header().Set("ETag", s.etag)
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(s.content[block:]) // without a Content-Length
		return true
	}
	r := s.open(t)
	s.requireContent(t, r, block, block)
	require.Len(t, s.ranges(), 2)
}

// Whatever shows that the file is another one ends all reads, cached blocks
// too. Servers differ in whether they heed If-Range, and in what they tell.
func TestChanged(t *testing.T) {
	hourAgo := time.Now().Add(-time.Hour)
	size := 64 * block
	for name, test := range map[string]struct {
		etag      string
		condition string // of the second request
		change    func(s *server, w http.ResponseWriter, r *http.Request) bool
		end       string
	}{
		"ETag, with If-Range": {`"v1"`, `"v1"`, func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
			s.etag = `"v2"`
			return false
		}, "it has another ETag; open it again"},
		"ETag, without If-Range": {`"v1"`, `"v1"`, func(s *server, _ http.ResponseWriter, r *http.Request) bool {
			s.etag = `"v2"`
			r.Header.Del("If-Range")
			return false
		}, "it has another ETag; open it again"},
		"ETag gone": {`"v1"`, `"v1"`, func(s *server, _ http.ResponseWriter, r *http.Request) bool {
			s.etag = ""
			r.Header.Del("If-Range")
			return false
		}, "it has another ETag; open it again"},
		"weak ETag": {`W/"v1"`, "", func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
			s.etag = `W/"v2"`
			return false
		}, "it has another ETag; open it again"},
		"time, with If-Range": {"", hourAgo.UTC().Format(http.TimeFormat), func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
			s.modified = s.modified.Add(time.Minute)
			return false
		}, "it has another time of modification; open it again"},
		"time, without If-Range": {"", hourAgo.UTC().Format(http.TimeFormat), func(s *server, _ http.ResponseWriter, r *http.Request) bool {
			s.modified = s.modified.Add(time.Minute)
			r.Header.Del("If-Range")
			return false
		}, "it has another time of modification; open it again"},
		"size alone": {`"v1"`, `"v1"`, func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
			s.content = append(s.content, 0)
			return false
		}, "it has 16777217 bytes instead of 16777216; open it again"},
		"412": {`"v1"`, `"v1"`, func(_ *server, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusPreconditionFailed)
			return true
		}, "the server answers 412 Precondition Failed; open it again"},
		"416": {`"v1"`, `"v1"`, func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
			s.content = s.content[:block]
			return false
		}, "it has fewer bytes; open it again"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content(size))
			s.etag, s.modified = test.etag, hourAgo
			r := s.open(t)
			s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool { return test.change(s, w, r) }
			s.requireContent(t, r, 0, 10)
			_, err := r.ReadAt(make([]byte, 10), 2*block)
			requireError(t, err, httpat.ErrChanged, test.end)
			require.Equal(t, test.condition, s.asked[1].Header.Get("If-Range"))
			n, err := r.ReadAt(make([]byte, 10), 0)
			requireError(t, err, httpat.ErrChanged, test.end)
			require.Zero(t, n)
			require.Len(t, s.ranges(), 2)
			require.Less(t, s.bytesSent(), int64(size/2)) // what fits into the buffers of a connection
		})
	}
}

// A file that was modified just before may change once more in the same second,
// so its time is no condition.
func TestModifiedJustNow(t *testing.T) {
	s := serve(t, content(4*block))
	s.etag, s.modified = "", time.Now()
	r := s.open(t)
	s.requireContent(t, r, 2*block, 10)
	require.Empty(t, s.asked[1].Header.Get("If-Range"))
}

// A server that answers any If-Range with the whole file is asked without.
func TestIfRangeIgnored(t *testing.T) {
	s := serve(t, content(40*block))
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("If-Range") != "" {
			r.Header.Del("Range")
		}
		return false
	}
	r := s.open(t)
	s.requireContent(t, r, 20*block, 10)
	s.requireContent(t, r, 30*block, 10)
	require.Len(t, s.ranges(), 4)

	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool { r.Header.Del("Range"); return false }
	_, err := r.ReadAt(make([]byte, 10), 10*block)
	requireError(t, err, httpat.ErrNoRanges, "download the file and open the copy")
}

// What may pass is tried five times, with pauses that grow.
func TestRetries(t *testing.T) {
	for _, status := range []int{408, 425, 429, 500, 502, 503, 504} {
		s := serve(t, content(block))
		s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(status); return true }
		_, err := s.tryOpen("/install.wim")
		requireError(t, err, httpat.ErrServer, fmt.Sprintf("the server answers %d %s; try again later", status, http.StatusText(status)))
		require.Len(t, s.ranges(), 5)
		require.Len(t, s.pauses, 4)
		for i, pause := range s.pauses { // 250 ms, 500 ms, 1 s, 2 s, or down to half of it
			longest := 250 * time.Millisecond << i
			require.GreaterOrEqual(t, pause, longest/2)
			require.LessOrEqual(t, pause, longest)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	s := serve(t, content(block))
	s.fault = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n > 2 {
			return false
		}
		w.Header().Set("Retry-After", []string{"7", "4000"}[n-1])
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	s.requireContent(t, s.open(t), 0, block)
	require.Equal(t, []time.Duration{7 * time.Second, time.Minute}, s.pauses)
}

// Other answers are final.
func TestFinalAnswers(t *testing.T) {
	for status, kind := range map[int]error{
		400: httpat.ErrServer, 401: fs.ErrPermission, 403: fs.ErrPermission, 404: fs.ErrNotExist, 405: httpat.ErrServer, 410: fs.ErrNotExist,
		416: httpat.ErrServer, 501: httpat.ErrServer, 204: httpat.ErrServer, 304: httpat.ErrServer, 599: httpat.ErrServer,
	} {
		s := serve(t, content(block))
		s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(status); return true }
		_, err := s.tryOpen("/install.wim")
		requireError(t, err, kind, "")
		require.ErrorContains(t, err, fmt.Sprintf("the server answers %d", status))
		require.Len(t, s.ranges(), 1)
	}
}

// A connection that is silent is given up, and the rest requested anew.
func TestSilentConnection(t *testing.T) {
	s := serve(t, content(4*block))
	r := s.open(t)
	var healthy atomic.Bool
	s.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if healthy.Load() {
			return false
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", 2*block, 3*block-1, 4*block))
		w.Header().Set("ETag", s.etag)
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(s.content[2*block : 2*block+1000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	pauses := 0
	r.SetIdle(50*time.Millisecond, func() time.Duration {
		pauses++
		healthy.Store(pauses == 1)
		return time.Minute // long enough for a busy machine
	})
	s.requireContent(t, r, 2*block, block)
	require.Equal(t, 1, pauses)
}

func TestSilentServer(t *testing.T) {
	s := serve(t, nil)
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ int) bool { <-r.Context().Done(); return true }
	_, err := s.tryOpen("/install.wim", httpat.WithIdle(time.Millisecond))
	requireError(t, err, httpat.ErrServer, "the connection is silent for 1ms")
	require.Len(t, s.pauses, 4)
}

// A server that cannot be reached is tried twice, so that a wrong name shows
// soon.
func TestUnreachable(t *testing.T) {
	s := serve(t, nil)
	s.Close()
	_, err := s.tryOpen("/install.wim")
	requireError(t, err, httpat.ErrServer, "")
	require.Len(t, s.pauses, 1)
}

// An error does not last: the next read tries again.
func TestReadAfterError(t *testing.T) {
	s := serve(t, content(4*block))
	s.fault = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n > 1 && n <= 6 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	}
	r := s.open(t)
	_, err := r.ReadAt(make([]byte, 10), 2*block)
	requireError(t, err, httpat.ErrServer, "at offset 524288: httpat: no usable answer: the server answers 503 Service Unavailable; try again later")
	s.requireContent(t, r, 2*block, 10)
	require.Len(t, s.ranges(), 7)
}

func TestContextBeforeOpen(t *testing.T) {
	s := serve(t, content(10))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := httpat.Open(ctx, s.URL)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, s.ranges())
}
