package httpat

import (
	"context"
	"time"
)

// WithSleep has f wait between attempts.
func WithSleep(f func(context.Context, time.Duration) error) Option {
	return func(o *options) { o.sleep = f }
}

// WithIdle sets how long a connection may be silent.
func WithIdle(d time.Duration) Option { return func(o *options) { o.idle = d } }

// SetIdle sets how long a connection may be silent, and what gives that time
// after the next failure.
func (r *Reader) SetIdle(d time.Duration, next func() time.Duration) {
	r.source.idle = d
	r.source.sleep = func(context.Context, time.Duration) error {
		r.source.idle = next()
		return nil
	}
}
