package httpat

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

const (
	maxTries        = 5 // attempts without a block that arrives
	maxConnectTries = 2 // attempts of Open to reach a server at all
	firstPause      = 250 * time.Millisecond
	maxPause        = time.Minute
)

// temporary is an error after which the same request may succeed.
type temporary struct {
	err   error
	after time.Duration // what the server asks to wait; 0 if it does not
}

func (t *temporary) Error() string { return t.err.Error() }
func (t *temporary) Unwrap() error { return t.err }

// connecting tells whether the server could not be reached: a name that does
// not exist, a closed port, a certificate that is not trusted.
func connecting(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &certificate) || errors.As(err, &record)
}

// pause returns how long to wait after a number of failed attempts.
func (t *temporary) pause(tries int) time.Duration {
	if t.after > 0 {
		return min(t.after, maxPause)
	}
	d := firstPause << (tries - 1)
	return d/2 + rand.N(d/2+1) // clients that failed together do not come back together
}

// sleep waits, unless the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// statusError returns the error for an answer that has no content of the file.
func statusError(resp *http.Response) error {
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w: the server answers %s; give it the credentials that it wants, such as an Authorization header", fs.ErrPermission, status)
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%w: the server answers %s", fs.ErrNotExist, status)
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: the server answers %s; open it again", ErrChanged, status)
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &temporary{fmt.Errorf("%w: the server answers %s; try again later", ErrServer, status), retryAfter(resp.Header, time.Now())}
	}
	return fmt.Errorf("%w: the server answers %s", ErrServer, status)
}

// retryAfter parses a Retry-After header: seconds, or a date.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, ok := parseNumber(value); ok {
		return time.Duration(min(seconds, int64(maxPause/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), maxPause)
	}
	return 0
}
