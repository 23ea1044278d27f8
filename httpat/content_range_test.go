package httpat

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The examples of RFC 9110, sections 14.4 and 15.5.17, and what is like them.
func TestParseContentRange(t *testing.T) {
	for value, want := range map[string]contentRange{
		"bytes 42-1233/1234":                     {42, 1233, 1234},
		"bytes 42-1233/*":                        {42, 1233, -1},
		"bytes */1234":                           {-1, -1, 1234},
		"bytes 0-0/1":                            {0, 0, 1},
		"Bytes  0-499/1234":                      {0, 499, 1234},
		"bytes 5000000000-5000000001/6000000000": {5000000000, 5000000001, 6000000000},
		"bytes 0-1/9223372036854775807":          {0, 1, 1<<63 - 1},
	} {
		got, ok := parseContentRange(value)
		require.True(t, ok, value)
		require.Equal(t, want, got, value)
	}
	for _, value := range []string{
		"", "bytes", "bytes ", "bytes 0-1", "bytes 0-1/", "bytes /2", "bytes -1/2", "bytes 1-/2", "bytes 1-0/2", "bytes 0-2/2", "bytes 0-1/1",
		"bytes */*", "bytes +0-1/2", "bytes 0-+1/2", "bytes -0-1/2", "bytes 0x0-1/2", "bytes 0-1/2 3", "seconds 0-1/2", "bytes=0-1/2",
		"bytes 0-1/9223372036854775808", "bytes 0-1/18446744073709551617",
	} {
		_, ok := parseContentRange(value)
		require.False(t, ok, value)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 42-1233/1234", "bytes 42-1233/*", "bytes */1234", "bytes */*", "bytes 1-0/2", "bytes 0-1/9223372036854775808"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, ok := parseContentRange(value)
		if !ok {
			return
		}
		require.True(t, r.first == -1 && r.last == -1 && r.size >= 0 || r.first >= 0 && r.first <= r.last && (r.size == -1 || r.last < r.size), "%#v", r)
		again, ok := parseContentRange(r.String())
		require.True(t, ok, r.String())
		require.Equal(t, r, again)
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 10, 13, 17, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"3600":                          time.Minute,
		"9223372036854775807":           time.Minute,
		"-1":                            0,
		"soon":                          0,
		"Tue, 13 Oct 2026 17:00:30 GMT": 30 * time.Second,
		"Tue, 13 Oct 2026 18:00:00 GMT": time.Minute,
		"Tue, 13 Oct 2026 16:00:00 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {value}}, now), value)
	}
}

// What is requested in advance after reads of 100,000 bytes, in blocks of
// 262,144 bytes.
func TestReadAhead(t *testing.T) {
	a := readAhead{limit: 1 << 20}
	read := func(offset, n int64) int64 { return a.read(offset, offset+n) }
	require.EqualValues(t, 0, read(0, 200_000))
	require.EqualValues(t, 0, read(200_000, 200_000))
	require.EqualValues(t, 600_000, read(400_000, 200_000)) // more than two blocks
	require.EqualValues(t, 0, read(500_000_000, 200_000))   // elsewhere
	require.EqualValues(t, 800_000, read(600_000, 200_000)) // back again
	require.EqualValues(t, 0, read(700_000, 50_000))        // what was read already
	require.EqualValues(t, 1_000_000, read(900_000, 100_000))
	require.EqualValues(t, 1<<20, read(1_000_000, 200_000)) // at most the limit
	for i := range int64(4) {                               // so many other places, and the first is forgotten
		require.EqualValues(t, 0, read(10_000_000_000*(i+1), 200_000))
	}
	require.EqualValues(t, 0, read(1_200_000, 200_000))
}
