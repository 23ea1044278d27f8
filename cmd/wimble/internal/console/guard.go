package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// pagePolicy lets a page load what this server has, and nothing else: no
	// script or style in it runs but those of /assets/.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// contentPolicy is for bytes of an image, should a browser show them after all.
	contentPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

	// writeTimeout is how long a client may take nothing of what is sent to it.
	writeTimeout = time.Minute

	maxBody     = 64 << 10 // bytes of a request
	bodyTimeout = 30 * time.Second
)

// protect lets those requests through that may be answered, and sets what holds
// for all answers.
func (g *Guard) protect(next http.Handler) http.Handler {
	session := g.session()
	var crossOrigin http.CrossOriginProtection
	next = crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// What is left to send after this, such as all of an answer without a body,
		// has to be taken in time as well.
		defer func() { control.SetWriteDeadline(time.Now().Add(writeTimeout)) }()
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache")
		switch {
		case !g.hostAllowed(r.Host):
			http.Error(w, "This name is not one of the server's. Ask by its address, or start it with --host NAME.", http.StatusMisdirectedRequest)
			return
		case fromElsewhere(r):
			http.Error(w, "Another site may not ask for this.", http.StatusForbidden)
			return
		case !g.authorized(w, r, session):
			return
		}
		if r.ContentLength != 0 {
			control.SetReadDeadline(time.Now().Add(bodyTimeout)) // a recorder of a test has none
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(&deadlineWriter{w, control}, r)
	})
}

// hostAllowed says whether the Host header is one that only people use who mean
// this server. A name of an attacker that leads here (DNS rebinding) is none:
// addresses cannot be rebound.
func (g *Guard) hostAllowed(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if name == "localhost" || slices.ContainsFunc(g.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// fromElsewhere says whether a page of another site asks, other than by
// following a link.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// cookieName is the cookie of browsers that have shown the token.
const cookieName = "wimble-session"

// session is the value of the cookie: it tells the token to nobody, and is
// another one each time that the program runs.
func (g *Guard) session() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(g.Token))
	return hex.EncodeToString(mac.Sum(nil))
}

// authorized says whether the request may be answered, and answers it if not.
func (g *Guard) authorized(w http.ResponseWriter, r *http.Request, session string) bool {
	if g.Open() {
		return true
	}
	user, password, basic := r.BasicAuth()
	if g.User != "" {
		// Both are compared, however the first turns out.
		if basic && same(user, g.User)&same(password, g.Password) == 1 {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="wimble", charset="UTF-8"`)
		http.Error(w, "User and password are needed.", http.StatusUnauthorized)
		return false
	}
	if scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") && same(bearer, g.Token) == 1 {
		return true
	}
	if basic && same(password, g.Token) == 1 { // for file managers
		return true
	}
	if cookie, err := r.Cookie(cookieName); err == nil && same(cookie.Value, session) == 1 {
		return true
	}
	if query := r.URL.Query(); r.Method == http.MethodGet && same(query.Get("token"), g.Token) == 1 {
		// A browser keeps the cookie, and the token leaves the address bar.
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		query.Del("token")
		target := localURL(r.URL.EscapedPath())
		if rest := query.Encode(); rest != "" {
			target += "?" + rest
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusSeeOther)
		return false
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="wimble: any user, the token as password", charset="UTF-8"`)
	http.Error(w, "The token is needed: open /?token=TOKEN, or send \"Authorization: Bearer TOKEN\".", http.StatusUnauthorized)
	return false
}

// same compares in a time that does not tell where texts differ, or how long
// they are.
func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// localURL is a path that no browser takes for another host's.
func localURL(path string) string { return "/" + strings.TrimLeft(path, "/\\") }

// deadlineWriter ends an answer that the client does not take.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (d *deadlineWriter) Write(p []byte) (int, error) {
	d.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	return d.ResponseWriter.Write(p)
}

// Unwrap lets a response controller reach the writer.
func (d *deadlineWriter) Unwrap() http.ResponseWriter { return d.ResponseWriter }
