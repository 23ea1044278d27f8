package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// ended waits for a job to end, by the events that tell so.
func (s *served) ended(id string) Job {
	s.t.Helper()
	for {
		_, more := s.catalog.Feed.After(0)
		job, err := s.jobs.one(id)
		require.NoError(s.t, err)
		if !job.Active() {
			return job
		}
		<-more
	}
}

func TestVerify(t *testing.T) {
	dir := t.TempDir()
	damaged(t, dir, "damaged.wim")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "install.wim"), wimtest.FixtureBytes(t, "install.wim"), 0o600))
	s := serveFolder(t, Guard{}, dir)

	response := s.do("POST", "/api/packages/"+s.id("install.wim")+"/verify")
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	require.Equal(t, "/api/jobs/1", response.Header.Get("Location"))
	job := s.ended("1")
	require.Equal(t, stateDone, job.State)
	require.True(t, job.Report.OK)
	require.Equal(t, "good", job.Report.Integrity)
	require.Equal(t, 3, job.Report.Images)
	require.Contains(t, s.get("/packages/"+s.id("install.wim")), "Nothing is damaged")

	response = s.do("POST", "/packages/"+s.id("damaged.wim")+"/verify")
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
	job = s.ended("2")
	require.False(t, job.Report.OK)
	require.Equal(t, []string{"1:a.txt", "1:b.bin"}, job.Report.Problems[0].Affected)
	page := s.get("/packages/" + s.id("damaged.wim"))
	require.Contains(t, page, "Damaged or incomplete")
	require.Contains(t, page, "1:a.txt")

	require.Equal(t, "done", s.object("/api/jobs/2")["state"])
	require.Len(t, s.object("/api/jobs")["jobs"], 2)
	require.Equal(t, http.StatusNotFound, s.do("GET", "/api/jobs/3").StatusCode)
	require.Equal(t, http.StatusOK, s.do("DELETE", "/api/jobs/2").StatusCode, "what has ended stays as it is")
	require.Equal(t, "done", s.object("/api/jobs/2")["state"])
	require.Equal(t, http.StatusNotFound, s.do("POST", "/api/packages/000000000000/verify").StatusCode)
}

// Few verifications run at a time, few wait, and all can be cancelled.
func TestVerifiesAreBounded(t *testing.T) {
	s := serve(t, Guard{}, wimtest.FixtureFiles(t)...)
	for range maxVerifies { // as if that many ran
		s.jobs.slots <- struct{}{}
	}
	var ids []string
	for _, p := range s.catalog.Packages() {
		if p.Err != nil {
			continue
		}
		response := s.do("POST", "/api/packages/"+p.ID+"/verify")
		if len(ids) == maxWaiting {
			require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
			require.NotEmpty(t, response.Header.Get("Retry-After"))
			continue
		}
		require.Equal(t, http.StatusAccepted, response.StatusCode)
		var job Job
		require.NoError(t, json.NewDecoder(response.Body).Decode(&job))
		require.Equal(t, stateWaiting, job.State)
		ids = append(ids, job.ID)
		again := s.do("POST", "/api/packages/"+p.ID+"/verify")
		require.Contains(t, body(t, again), `"id":"`+job.ID+`"`, "what is verified already is not verified twice")
	}
	require.Len(t, ids, maxWaiting)
	require.Equal(t, http.StatusSeeOther, s.do("POST", "/jobs/"+ids[0]+"/cancel").StatusCode)
	for _, id := range ids[1:] {
		require.Equal(t, http.StatusOK, s.do("DELETE", "/api/jobs/"+id).StatusCode)
	}
	for _, id := range ids {
		require.Equal(t, stateCancelled, s.ended(id).State)
	}
	for range maxVerifies {
		<-s.jobs.slots
	}
	// The last ones are remembered.
	p := s.pkgOf("none.wim")
	for range maxJobs + 3 {
		job, err := s.jobs.start(s.catalog, p)
		require.NoError(t, err)
		s.ended(job.ID)
	}
	require.Len(t, s.jobs.all(), maxJobs)
}

// The end of the server ends jobs.
func TestJobsEndWithTheServer(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	for range maxVerifies {
		s.jobs.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	require.Equal(t, http.StatusAccepted, s.do("POST", "/api/packages/"+s.id("install.wim")+"/verify").StatusCode)
	cancel()
	<-done
	require.Equal(t, stateCancelled, s.ended("1").State)
}

// stream reads server-sent events.
func stream(t *testing.T, url string, headers ...string) (next func() catalog.Event, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	next = func() catalog.Event {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var e catalog.Event
				require.NoError(t, json.Unmarshal([]byte(data), &e))
				return e
			}
		}
		require.NoError(t, lines.Err())
		return catalog.Event{}
	}
	return next, func() { cancel(); response.Body.Close() }
}

func TestEvents(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.Run(ctx)
	next, stop := stream(t, server.URL+"/api/events")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "new.wim"), wimtest.FixtureBytes(t, "none.wim"), 0o600))
	e := next()
	require.Equal(t, [2]string{"added", "new.wim"}, [2]string{e.Kind, e.Name})
	later := time.Now().Add(time.Hour)
	path := filepath.Join(s.dir, "new.wim")
	require.NoError(t, os.WriteFile(path+"~", wimtest.FixtureBytes(t, "install.wim"), 0o600))
	require.NoError(t, os.Chtimes(path+"~", later, later))
	require.NoError(t, os.Rename(path+"~", path))
	e = next()
	require.Equal(t, "changed", e.Kind)
	require.Contains(t, e.Changes, "image 2 added")
	stop()

	// Who comes back gets what happened meanwhile, also a browser that has been
	// told where to begin.
	for _, again := range []func() (func() catalog.Event, func()){
		func() (func() catalog.Event, func()) { return stream(t, server.URL+"/api/events", "Last-Event-ID: 1") },
		func() (func() catalog.Event, func()) { return stream(t, server.URL+"/api/events?after=1") },
	} {
		next, stop = again()
		require.Equal(t, e.ID, next().ID)
		stop()
	}
}

// There are no more listeners than may be, and who goes away is none.
func TestListenersAreBounded(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	server := httptest.NewServer(s)
	defer server.Close()
	for range maxListeners - 1 {
		s.listeners <- struct{}{}
	}
	_, stop := stream(t, server.URL+"/api/events")
	require.Equal(t, http.StatusServiceUnavailable, s.do("GET", "/api/events").StatusCode)
	stop()
	s.listeners <- struct{}{} // waits until the place is free
}
