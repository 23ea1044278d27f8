package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A name of an attacker that leads to this machine (DNS rebinding) is refused.
func TestHostIsChecked(t *testing.T) {
	s := serve(t, Guard{Hosts: []string{"images.example.org"}}, "none.wim")
	for host, allowed := range map[string]bool{
		"127.0.0.1:8480": true, "127.0.0.1": true, "[::1]:8480": true, "[::1]": true, "localhost:8480": true, "LOCALHOST": true,
		"192.168.1.2:80": true, "images.example.org": true, "Images.Example.Org.:443": true,
		"evil.example.org": false, "evil.example.org:8480": false, "127.0.0.1.evil.example.org": false, "localhost.evil.example.org": false,
		"": false, "127.0.0.1@evil.example.org": false, "[::1]evil.example.org": false, "2130706433": false, "0x7f.1": false, "sub.images.example.org": false,
	} {
		for _, target := range []string{"/", "/api/packages", "/dav/", "/assets/console.js"} {
			status := s.do("GET", target, "Host: "+host).StatusCode
			if allowed {
				require.NotEqual(t, http.StatusMisdirectedRequest, status, "%s %s", host, target)
			} else {
				require.Equal(t, http.StatusMisdirectedRequest, status, "%s %s", host, target)
			}
		}
	}
}

// Other sites can neither read anything nor start anything.
func TestOtherSitesAreRefused(t *testing.T) {
	s := serve(t, Guard{}, "none.wim")
	id := s.id("none.wim")
	const foreign = "Origin: https://evil.example.org"
	require.Equal(t, http.StatusForbidden, s.do("GET", "/api/packages", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors").StatusCode)
	require.Equal(t, http.StatusForbidden, s.do("GET", "/api/packages", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors").StatusCode)
	require.Equal(t, http.StatusOK, s.do("GET", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").StatusCode, "a link leads here")
	for _, target := range []string{"/packages/" + id + "/verify", "/api/packages/" + id + "/verify"} {
		require.Equal(t, http.StatusForbidden, s.do("POST", target, foreign).StatusCode)
		require.Equal(t, http.StatusForbidden, s.do("POST", target, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").StatusCode)
	}
	require.Equal(t, http.StatusForbidden, s.do("DELETE", "/api/jobs/1", foreign).StatusCode)
	require.Empty(t, s.jobs.all())
	response := s.do("OPTIONS", "/api/packages", foreign, "Access-Control-Request-Method: GET")
	for _, r := range []*http.Response{response, s.do("GET", "/api/packages", foreign)} {
		for name := range r.Header {
			require.False(t, strings.HasPrefix(name, "Access-Control-"), name)
		}
	}
}

// All answers have the headers that keep a browser from running anything.
func TestHeaders(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	image := "/packages/" + s.id("install.wim") + "/images/1"
	for _, target := range []string{
		"/", "/nothing", "/api/packages", "/api/nothing", "/dav/nothing", "/assets/console.js", "/assets/nothing", image + "/browse/", image + "/nothing",
		image + "/content/Windows/notepad.exe", image + "/archive/Users?format=zip", "/dav/install.wim/1%20Windows%2010%20Pro/Windows/notepad.exe",
	} {
		h := s.do("GET", target).Header
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", target)
		require.Contains(t, policy, "frame-ancestors 'none'", target)
		require.NotContains(t, policy, "unsafe", target)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), target)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"), target)
		require.NotEmpty(t, h.Get("Content-Type"), target)
	}
}

// Pages have no script or style but those of /assets/, and load nothing from
// elsewhere.
func TestPagesLoadNothingElse(t *testing.T) {
	s := serve(t, Guard{}, "install.wim")
	base := "/packages/" + s.id("install.wim")
	for _, target := range []string{"/", base, base + "/images/1/browse/", base + "/images/1/view/Windows/notepad.exe", base + "/images/1/version", base + "/images/1/inventory"} {
		page := s.get(target)
		require.Equal(t, 1, strings.Count(page, "<script"), target)
		require.Contains(t, page, `<script src="/assets/console.js?`)
		for _, bad := range []string{"<style", " style=", "javascript:", " onclick", "http://", "https://"} {
			require.NotContains(t, page, bad, target)
		}
	}
}

func TestToken(t *testing.T) {
	const token = "0123456789abcdef"
	s := serve(t, Guard{Token: token}, "none.wim")
	status := func(target string, headers ...string) int { return s.do("GET", target, headers...).StatusCode }
	basic := func(user, password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(user, password)
		return "Authorization: " + r.Header.Get("Authorization")
	}
	for _, target := range []string{"/", "/assets/console.js", "/api/packages", "/api/events", "/dav/", "/nothing"} {
		require.Equal(t, http.StatusUnauthorized, status(target), target)
		require.Equal(t, http.StatusUnauthorized, status(target, "Authorization: Bearer 0123456789abcdee"), target)
		require.Equal(t, http.StatusUnauthorized, status(target, "Authorization: Bearer "), target)
		require.Equal(t, http.StatusUnauthorized, status(target, "Cookie: wimble-session="), target)
		require.Equal(t, http.StatusUnauthorized, status(target, "Cookie: wimble-session="+token), target)
		require.Equal(t, http.StatusUnauthorized, status(target, basic(token, "")), target)
	}
	require.Equal(t, http.StatusUnauthorized, status("/?token="))
	require.Equal(t, http.StatusUnauthorized, s.do("POST", "/?token="+token).StatusCode)
	require.Equal(t, http.StatusOK, status("/", "Authorization: Bearer "+token))
	require.Equal(t, http.StatusOK, status("/", "Authorization: bearer "+token), "the case of schemes does not count")
	require.Equal(t, http.StatusOK, status("/", basic("anybody", token)))

	// A link with the token makes a session, and leaves no token behind.
	response := s.do("GET", "/?sort=size&token="+token)
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
	require.Equal(t, "/?sort=size", response.Header.Get("Location"))
	cookie := response.Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.NotContains(t, cookie.Value, token)
	require.Equal(t, http.StatusOK, status("/", "Cookie: "+cookie.Name+"="+cookie.Value))
	other := serve(t, Guard{Token: token}, "none.wim")
	require.Equal(t, http.StatusUnauthorized, other.do("GET", "/", "Cookie: "+cookie.Name+"="+cookie.Value).StatusCode)

	// It leads nowhere else.
	for _, path := range []string{"//evil.example.org/", `/\evil.example.org/`, "/%5cevil.example.org"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, "", "token="+token
		location := s.send(r).Header.Get("Location")
		require.Regexp(t, `^/[^/\\]`, location, path)
	}
}

func TestUserAndPassword(t *testing.T) {
	s := serve(t, Guard{User: "deploy", Password: "correct horse"}, "none.wim")
	try := func(user, password string) int {
		r := httptest.NewRequest("GET", "/api/packages", nil)
		r.SetBasicAuth(user, password)
		return s.send(r).StatusCode
	}
	require.Equal(t, http.StatusOK, try("deploy", "correct horse"))
	for _, bad := range [][2]string{{"deploy", ""}, {"deploy", "correct horse "}, {"", "correct horse"}, {"Deploy", "correct horse"}, {"", ""}} {
		require.Equal(t, http.StatusUnauthorized, try(bad[0], bad[1]))
	}
	response := s.do("GET", "/")
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
	require.Contains(t, response.Header.Get("WWW-Authenticate"), "Basic ")
	require.Equal(t, http.StatusUnauthorized, s.do("GET", "/?token=").StatusCode, "an empty token is none")
}
