package console

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
)

// A client that goes away leaves nothing open: neither places nor files.
func TestClientsThatGoAway(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim")
	image := "/packages/" + s.id("lzx-32k.wim") + "/images/1"
	for range maxReads {
		s.reads <- struct{}{}
	}
	for _, target := range []string{"/content/large/mixed.bin", "/archive/?format=zip", "/browse/", "/view/large/mixed.bin", "/version", "/inventory"} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan any)
		go func() {
			defer func() { done <- recover() }()
			r := httptest.NewRequest("GET", image+target, nil).WithContext(ctx)
			r.Host = "localhost"
			s.ServeHTTP(httptest.NewRecorder(), r)
		}()
		cancel()
		<-done // though there is no place to read
	}
	for range maxReads {
		<-s.reads
	}
	require.Empty(t, s.archives)
	require.Empty(t, s.evidence.slots)
	require.Empty(t, s.inventories.slots)
	require.Empty(t, s.reads)
	// All files can be closed: nobody has them any more.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Run(ctx)
	h, err := s.catalog.Open(t.Context(), s.id("lzx-32k.wim"), 1)
	require.NoError(t, err)
	h.Close()
}

func TestArchivesAreBounded(t *testing.T) {
	s := serve(t, Guard{}, "lzx-32k.wim")
	archive := "/packages/" + s.id("lzx-32k.wim") + "/images/1/archive/"
	for range maxArchives {
		s.archives <- struct{}{}
	}
	require.Equal(t, http.StatusServiceUnavailable, s.do("GET", archive).StatusCode)
	require.Equal(t, http.StatusServiceUnavailable, s.do("GET", archive+"?format=zip").StatusCode)
	<-s.archives
	require.Equal(t, http.StatusOK, s.do("GET", archive).StatusCode)
	require.Len(t, s.archives, maxArchives-1)
}

func TestRequestsAreBounded(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	r := httptest.NewRequest("PROPFIND", "/dav/", io.MultiReader(strings.NewReader(`<?xml version="1.0"?><propfind xmlns="DAV:"><prop>`),
		strings.NewReader(strings.Repeat("<a/>", maxBody))))
	r.Header.Set("Depth", "0")
	require.GreaterOrEqual(t, s.send(r).StatusCode, 400)

	require.Equal(t, http.StatusServiceUnavailable, statusOf(catalog.ErrBusy))

	// A server of its own, for what the listener and the header parser bound.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, listener) }()
	url := "http://" + listener.Addr().String()
	response, err := http.Get(url + "/api/packages")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	response.Body.Close()
	long, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	long.Header.Set("X", strings.Repeat("x", 100<<10))
	response, err = http.DefaultClient.Do(long)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
	response.Body.Close()

	// Requests end with the server, those for events too.
	_, stop := stream(t, url+"/api/events")
	defer stop()
	cancel()
	require.NoError(t, <-done)
}

// Answers without a body have a deadline as well: who asks again and again, and
// takes nothing, would keep the connection else.
func TestAnswersHaveDeadlines(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	for _, r := range []*http.Request{
		httptest.NewRequest("HEAD", "/packages/"+s.id("none.wim")+"/images/1/archive/", nil),
		httptest.NewRequest("OPTIONS", "/dav/", nil),
		httptest.NewRequest("GET", "http://evil.example.org/", nil), // refused before anything is done
	} {
		w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		if r.Host == "example.com" {
			r.Host = "localhost"
		}
		s.ServeHTTP(w, r)
		require.False(t, w.deadline.Before(began.Add(writeTimeout)), "%s %s", r.Method, r.URL)
	}
}

// deadlineRecorder keeps the last deadline.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (d *deadlineRecorder) SetWriteDeadline(deadline time.Time) error {
	d.deadline = deadline
	return nil
}

// Who asks for the headers of events alone is not kept waiting.
func TestHeadOfEvents(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	response := s.do("HEAD", "/api/events") // comes to an end
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Empty(t, s.listeners)
}
