package wim

import (
	"math"
	"time"
)

// Filetime is a Windows FILETIME: 100-nanosecond intervals since the start of
// 1601 in UTC. Zero means that the time is not known.
type Filetime uint64

// filetimeUnixEpoch is the FILETIME of the start of 1970, in seconds.
const filetimeUnixEpoch = 11644473600

// Time converts to a time in UTC; the zero Filetime to the zero Time. Every
// value converts: the greatest is in the year 60056.
func (t Filetime) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(int64(t/1e7)-filetimeUnixEpoch, int64(t%1e7)*100).UTC()
}

// FiletimeOf converts a time, of which fractions of 100 nanoseconds are lost.
// The zero Time and times before 1601 give the zero Filetime, and those after
// the year 60056 the last one.
func FiletimeOf(at time.Time) Filetime {
	seconds := at.Unix() + filetimeUnixEpoch
	switch {
	case at.IsZero() || seconds < 0:
		return 0
	case seconds >= math.MaxUint64/10_000_000:
		return math.MaxUint64
	}
	return Filetime(uint64(seconds)*1e7 + uint64(at.Nanosecond()/100))
}
