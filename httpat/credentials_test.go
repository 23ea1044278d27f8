package httpat_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/httpat"
)

const secret = "hunter2"

// redirect answers with a redirect.
func redirect(w http.ResponseWriter, status int, to string) bool {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
	return true
}

// Headers stay on the server that they are for, and so does the user of the
// URL. Requests after a redirect go to its target directly.
func TestHeadersStay(t *testing.T) {
	target := serve(t, content(4*block))
	s := serve(t, content(4*block))
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.URL.Path == "/moved" {
			return redirect(w, http.StatusTemporaryRedirect, target.URL+"/file")
		}
		return redirect(w, http.StatusFound, "moved")
	}
	r, err := s.tryOpen("/old", httpat.WithHeader("authorization", "Bearer "+secret), httpat.WithHeader("X-Api-Key", secret))
	require.NoError(t, err)
	defer r.Close()
	target.requireContent(t, r, 2*block, 10)
	require.Len(t, s.asked, 2)
	for _, asked := range s.asked {
		require.Equal(t, "Bearer "+secret, asked.Header.Get("Authorization"))
		require.Equal(t, secret, asked.Header.Get("X-Api-Key"))
		require.Equal(t, "bytes=0-262143", asked.Header.Get("Range"))
	}
	require.Len(t, target.asked, 2)
	for _, asked := range target.asked {
		require.Empty(t, asked.Header.Get("Authorization"))
		require.Empty(t, asked.Header.Get("X-Api-Key"))
		require.Empty(t, asked.Header.Get("Referer"))
	}
	require.Equal(t, []string{"bytes=0-262143", "bytes=524288-786431"}, target.ranges())

	s.asked, target.asked = nil, nil
	r, err = httpat.Open(context.Background(), strings.Replace(s.URL, "://", "://user:"+secret+"@", 1)+"/old")
	require.NoError(t, err)
	defer r.Close()
	for _, asked := range s.asked {
		user, password, _ := asked.BasicAuth()
		require.Equal(t, []string{"user", secret}, []string{user, password})
	}
	require.Empty(t, target.asked[0].Header.Get("Authorization"))
}

// The user of the URL stays if the server redirects to a whole URL of its own.
func TestUserStays(t *testing.T) {
	s := serve(t, content(block))
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		return r.URL.Path == "/old" && redirect(w, http.StatusFound, s.URL+"/new")
	}
	r, err := httpat.Open(context.Background(), strings.Replace(s.URL, "://", "://user:"+secret+"@", 1)+"/old")
	require.NoError(t, err)
	defer r.Close()
	require.Len(t, s.asked, 2)
	for _, asked := range s.asked {
		user, password, _ := asked.BasicAuth()
		require.Equal(t, []string{"user", secret}, []string{user, password})
	}
}

// A redirect from https to http on the same host is another origin.
func TestHeadersStayEncrypted(t *testing.T) {
	plain := serve(t, content(block))
	s := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer s.Close()
	r, err := httpat.Open(context.Background(), s.URL, httpat.WithTransport(s.Client().Transport), httpat.WithHeader("Authorization", secret))
	require.NoError(t, err)
	defer r.Close()
	require.Empty(t, plain.asked[0].Header.Get("Authorization"))
}

// The target of a redirect may expire: the origin then gives another one.
func TestExpiringRedirect(t *testing.T) {
	for _, status := range []int{401, 403, 404, 410} {
		s := serve(t, content(16*block))
		uses := map[string]int{}
		s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
			if r.URL.Path != "/signed" {
				return redirect(w, http.StatusFound, "/signed?key="+string(rune('a'+len(uses))))
			}
			key := r.URL.Query().Get("key")
			uses[key]++
			if uses[key] > 2 {
				w.WriteHeader(status)
				return true
			}
			return false
		}
		r := s.open(t)
		for i := range 5 {
			s.requireContent(t, r, 3*i*block, 10)
		}
		require.Equal(t, map[string]int{"a": 3, "b": 3, "c": 1}, uses)
		require.Empty(t, s.pauses)

		s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool { w.WriteHeader(status); return true }
		_, err := r.ReadAt(make([]byte, 10), 14*block)
		require.Error(t, err)
		require.Len(t, s.ranges(), 3+7+2) // to the target, then to the origin
	}
}

// A new target is one more chance for the file to be another one.
func TestExpiringRedirectToOtherFile(t *testing.T) {
	s := serve(t, content(16*block))
	s.fault = func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch {
		case r.URL.Path == "/install.wim":
			return redirect(w, http.StatusFound, "/signed")
		case n == 3:
			s.etag = `"v2"`
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	}
	r := s.open(t)
	_, err := r.ReadAt(make([]byte, 10), 3*block)
	require.ErrorIs(t, err, httpat.ErrChanged)
}

func TestBadRedirects(t *testing.T) {
	for to, end := range map[string]string{
		"/install.wim":             "more than 10 redirects",
		"file:///etc/passwd":       "redirects to something that is no http or https URL",
		"ftp://example.org/":       "redirects to something that is no http or https URL",
		"http://":                  "redirects to something that is no http or https URL",
		"http://%zz/" + secret:     "redirects to something that is no http or https URL",
		"http://a:" + secret + "b": "redirects to something that is no http or https URL",
	} {
		s := serve(t, nil)
		s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			return redirect(w, http.StatusMovedPermanently, to)
		}
		_, err := s.tryOpen("/install.wim")
		requireError(t, err, httpat.ErrServer, end)
		require.NotContains(t, err.Error(), secret)
		require.LessOrEqual(t, len(s.asked), 10)
	}
	s := serve(t, nil)
	s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(http.StatusFound); return true }
	_, err := s.tryOpen("/install.wim")
	requireError(t, err, httpat.ErrServer, "the server answers 302 Found")
}

// No error has anything that is secret: header, user, password, query.
func TestErrorsKeepSecrets(t *testing.T) {
	s := serve(t, content(block))
	withUser := strings.Replace(s.URL, "://", "://"+secret+":"+secret+"@", 1)
	answer := func(status int) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(status); return true }
	}
	open := func(url string, opts ...httpat.Option) error {
		opts = append(opts, httpat.WithHeader("Authorization", secret), httpat.WithSleep(func(context.Context, time.Duration) error { return nil }))
		_, err := httpat.Open(context.Background(), url, opts...)
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
		return err
	}
	for _, status := range []int{400, 401, 404, 500} {
		s.fault = answer(status)
		err := open(withUser + "/dir/install.wim?signature=" + secret + "#" + secret)
		require.ErrorContains(t, err, "open "+s.URL+"/dir/install.wim?...: ")
	}
	s.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		return redirect(w, http.StatusFound, "http://"+secret+":"+secret+"@127.0.0.1:1/?"+secret)
	}
	open(s.URL)
	open(withUser, httpat.WithHeader("X-Key", secret+"\n")) // refused by net/http
	open("http://127.0.0.1:1/?" + secret)
	for _, url := range []string{"", secret, "ftp://" + secret + "@host/", "http://" + secret + ":" + secret + "@:port%zz/", "http://host:" + secret + "/", "http:///" + secret, "\x00" + secret} {
		require.ErrorIs(t, open(url), fs.ErrInvalid)
	}
}

// The proxy of the environment is used. It is read once in a process, and does
// not count for the loopback.
func TestProxy(t *testing.T) {
	if os.Getenv("HTTPAT_TEST_PROXY") != "" {
		r, err := httpat.Open(context.Background(), "http://wimble.invalid/install.wim")
		require.NoError(t, err)
		t.Log("size", r.Size())
		return
	}
	s := serve(t, content(1000))
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxy$", "-test.v")
	cmd.Env = append(os.Environ(), "HTTPAT_TEST_PROXY=1", "HTTP_PROXY="+s.URL, "http_proxy="+s.URL)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "size 1000")
	require.Equal(t, "wimble.invalid", s.asked[0].Host)
}
