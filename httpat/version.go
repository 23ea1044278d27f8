package httpat

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// version identifies the content of a file by what the server said about it.
type version struct {
	etag     string // empty if there is none
	modified string // the Last-Modified header
	size     int64

	// condition is the value of the If-Range header of later requests, which
	// makes a server send the whole file if the content is another one.
	condition string
}

// versionOf returns the version that an answer is of.
func versionOf(header http.Header, size int64) version {
	v := version{etag: header.Get("ETag"), modified: header.Get("Last-Modified"), size: size}
	switch {
	case v.strong():
		v.condition = v.etag
	case v.etag == "" && old(header):
		v.condition = v.modified
	}
	return v
}

// strong tells whether the ETag changes with every byte (RFC 9110, section
// 8.8.1). A weak one never matches in an If-Range header.
func (v *version) strong() bool { return v.etag != "" && !strings.HasPrefix(v.etag, "W/") }

// old tells whether the file was modified well before the answer was sent. Only
// then is its time a strong validator (RFC 9110, section 8.8.2.2): within one
// second, a file can change twice.
func old(header http.Header) bool {
	modified, err := http.ParseTime(header.Get("Last-Modified"))
	if err != nil {
		return false
	}
	sent, err := http.ParseTime(header.Get("Date"))
	return err == nil && sent.Sub(modified) >= time.Minute
}

// check compares an answer with the version. An answer to a request that was
// conditional may leave out the time (RFC 9110, section 15.3.7).
func (v *version) check(header http.Header, size int64, conditional bool) error {
	etag, modified := header.Get("ETag"), header.Get("Last-Modified")
	switch {
	case size != v.size:
		return fmt.Errorf("%w: it has %d bytes instead of %d; open it again", ErrChanged, size, v.size)
	case etag != v.etag:
		return fmt.Errorf("%w: it has another ETag; open it again", ErrChanged)
	case v.strong(), modified == v.modified, modified == "" && conditional:
		return nil
	}
	return fmt.Errorf("%w: it has another time of modification; open it again", ErrChanged)
}
