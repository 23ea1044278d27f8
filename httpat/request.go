package httpat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 10

// rangeRequest is a request for a part of the file.
type rangeRequest struct {
	offset, n int64
	again     bool     // the request failed before
	condition string   // the If-Range header
	start     *url.URL // where it goes first
}

// A finalError is no failure of the network: the same request fails again.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

// request makes a request and follows redirects. If a former redirect has led
// to an address that is not valid any more, it begins again at the origin.
func (s *source) request(ctx context.Context, ask *rangeRequest) (*http.Response, error) {
	resp, err := s.follow(ctx, ask, ask.start)
	if err != nil || ask.start == s.origin {
		return resp, err
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		resp.Body.Close()
		return s.follow(ctx, ask, s.origin)
	}
	return resp, nil
}

// follow makes a request to target and to where that redirects to.
func (s *source) follow(ctx context.Context, ask *rangeRequest, target *url.URL) (*http.Response, error) {
	for range maxRedirects {
		resp, err := s.send(ctx, ask, target)
		if err != nil {
			return nil, err
		}
		location := resp.Header.Get("Location")
		switch resp.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			location = ""
		}
		if location == "" {
			s.redirect(target)
			return resp, nil
		}
		// A short body that is read to its end leaves the connection open.
		_, _ = io.CopyN(io.Discard, resp.Body, 4096)
		resp.Body.Close()
		if target, err = target.Parse(location); err != nil || !web(target) {
			return nil, &finalError{fmt.Errorf("%w: the server redirects to something that is no http or https URL", ErrServer)}
		}
	}
	return nil, &finalError{fmt.Errorf("%w: more than %d redirects", ErrServer, maxRedirects)}
}

// send makes one request.
func (s *source) send(ctx context.Context, ask *rangeRequest, target *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, &finalError{fmt.Errorf("%w: the URL cannot be requested", ErrServer)}
	}
	user := target.User
	if sameOrigin(target, s.origin) {
		if user == nil {
			user = s.origin.User // a redirect seldom repeats it
		}
		for name, values := range s.header {
			req.Header[name] = values
		}
		req.Host = s.header.Get("Host")
	}
	if user != nil && req.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", ask.offset, ask.offset+ask.n-1))
	// Ranges are those of the representation that is sent, so it has to be the
	// file itself.
	req.Header.Set("Accept-Encoding", "identity")
	if ask.condition != "" {
		req.Header.Set("If-Range", ask.condition)
	}
	if ask.again {
		req.Header.Set("Cache-Control", "no-cache")
	}
	return s.transport.RoundTrip(req)
}

// web tells whether a URL is one that can be requested.
func web(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// sameOrigin tells whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// newTransport returns the transport that is used if the caller gives none.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = maxRequests, maxRequests
	return t
}
