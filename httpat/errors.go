package httpat

import (
	"errors"
	"io/fs"
	"net/url"
)

var (
	// ErrNoRanges is wrapped by the errors for files that the server sends only
	// as a whole.
	ErrNoRanges = errors.New("httpat: the server does not send parts of the file")

	// ErrChanged is wrapped by the errors for files that are not those that
	// were opened any more.
	ErrChanged = errors.New("httpat: the file changed on the server")

	// ErrServer is wrapped by the errors for servers that cannot be reached,
	// that fail, or whose answers make no sense.
	ErrServer = errors.New("httpat: no usable answer")
)

// pathError returns err as an error of an operation on the file.
func (s *source) pathError(op string, err error) error {
	return &fs.PathError{Op: op, Path: displayName(s.origin), Err: err}
}

// DisplayName returns a URL without what may be secret, as errors have it:
// without user and password, and with "?..." for a query, which may be a
// signature.
func DisplayName(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || !web(u) {
		return "(not a valid URL)" // a password could be anywhere in it
	}
	return displayName(u)
}

func displayName(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?..."
	}
	return shown.String()
}
