package httpat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
)

// A strange server answers as the bytes of a script say: with one of two
// versions of the file, with parts that are shifted, short or broken, with
// statuses, redirects and headers that fit or do not. What it says of the
// version that it sends is true.
type strangeServer struct {
	mu       sync.Mutex
	script   []byte
	versions [2][]byte
}

// next returns the next number of the script below n, and 0 after its end.
func (s *strangeServer) next(n int) int {
	if len(s.script) == 0 {
		return 0
	}
	b := int(s.script[0])
	s.script = s.script[1:]
	return b % n
}

// answers is the number of kinds of answers. Those that have no case are right.
const answers = 12

func (s *strangeServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first, last int
	if _, err := fmt.Sscanf(req.Header.Get("Range"), "bytes=%d-%d", &first, &last); err != nil || first > last {
		panic("range " + req.Header.Get("Range"))
	}
	version := s.next(8) / 7
	data := s.versions[version]
	etag := fmt.Sprintf(`"v%d"`, version)
	resp := &http.Response{StatusCode: http.StatusPartialContent, Header: http.Header{}, ContentLength: -1, Request: req}
	resp.Header.Set("ETag", etag)
	last = min(last, len(data)-1)
	whole := func() (*http.Response, error) {
		resp.StatusCode, resp.ContentLength = http.StatusOK, int64(len(data))
		resp.Body = io.NopCloser(bytes.NewReader(data))
		return resp, nil
	}
	if condition := req.Header.Get("If-Range"); condition != "" && condition != etag {
		return whole()
	}
	if first >= len(data) {
		resp.StatusCode, resp.Body = http.StatusRequestedRangeNotSatisfiable, http.NoBody
		resp.Header.Set("Content-Range", fmt.Sprintf("bytes */%d", len(data)))
		return resp, nil
	}
	sent := last + 1
	switch s.next(answers) {
	case 1:
		return nil, errors.New("connection reset")
	case 2:
		return whole()
	case 3:
		resp.StatusCode, resp.Body = []int{301, 302, 404, 416, 412, 429, 503, 204}[s.next(8)], http.NoBody
		resp.Header.Set("Location", []string{"/", "//other/", "ftp://x/", "%zz"}[s.next(4)])
		return resp, nil
	case 4: // less than was asked for
		last -= s.next(last - first + 1)
		sent = last + 1
	case 5: // more than was asked for
		last = min(last+1+s.next(4), len(data)-1)
		sent = last + 1
	case 6: // from another place
		first = max(first-s.next(2), 0)
	case 7: // broken off
		sent -= s.next(sent - first + 1)
	case 8: // without an end
		sent = len(data)
	case 9:
		resp.Header.Set("Content-Encoding", "gzip")
	}
	if s.next(2) == 0 {
		resp.ContentLength = int64(last - first + 1)
	}
	resp.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(data)))
	resp.Body = io.NopCloser(bytes.NewReader(data[first:sent]))
	return resp, nil
}

// Whatever a server does, a read that succeeds gives the file that was opened.
func FuzzServer(f *testing.F) {
	f.Add([]byte{}, uint32(0), uint32(100))
	f.Add([]byte{0, 0, 0, 0, 4, 9, 0, 0, 7, 200, 0, 0, 0}, uint32(block-10), uint32(block))
	f.Add([]byte{0, 0, 0, 7, 0, 0}, uint32(2*block), uint32(10))
	f.Add([]byte{7, 3, 1, 1, 0, 2, 0, 0}, uint32(100), uint32(3*block))
	versions := [2][]byte{content(4*block - 7), bytes.Repeat([]byte{1}, 4*block-7)}
	f.Fuzz(func(t *testing.T, script []byte, offset, n uint32) {
		s := &strangeServer{script: script, versions: versions}
		noSleep := httpat.WithSleep(func(context.Context, time.Duration) error { return nil })
		r, err := httpat.Open(context.Background(), "http://server/file", httpat.WithTransport(s), noSleep)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		defer r.Close()
		require.EqualValues(t, 4*block-7, r.Size())
		p := make([]byte, block)
		_, err = r.ReadAt(p, 0)
		require.NoError(t, err) // the first block is there
		opened := versions[0]
		if !bytes.Equal(opened[:block], p) {
			opened = versions[1]
		}
		require.True(t, bytes.Equal(opened[:block], p))

		for range 3 {
			offset, n := int64(offset)%r.Size(), int64(n)%r.Size()
			n = min(n, r.Size()-offset)
			p := make([]byte, n)
			m, err := r.ReadAt(p, offset)
			require.True(t, bytes.Equal(opened[offset:][:m], p[:m]))
			if err != nil {
				require.False(t, strings.Contains(err.Error(), "\n"))
				return
			}
			require.EqualValues(t, n, m)
		}
	})
}
