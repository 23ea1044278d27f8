package httpat

import (
	"fmt"
	"strconv"
	"strings"
)

// contentRange is the value of a Content-Range header (RFC 9110, section
// 14.4): the bytes first to last, both included, of a file of size bytes.
type contentRange struct {
	first, last int64 // -1 in an answer that says only the size ("bytes */42")
	size        int64 // -1 if the server does not know it ("bytes 0-9/*")
}

// parseContentRange parses the value of a Content-Range header.
func parseContentRange(value string) (r contentRange, ok bool) {
	unit, value, ok := strings.Cut(strings.TrimSpace(value), " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return r, false
	}
	span, size, ok := strings.Cut(strings.TrimSpace(value), "/")
	if !ok {
		return r, false
	}
	r = contentRange{-1, -1, -1}
	if size != "*" {
		if r.size, ok = parseNumber(size); !ok {
			return r, false
		}
	}
	if span == "*" {
		return r, r.size >= 0
	}
	first, last, _ := strings.Cut(span, "-")
	var ok1, ok2 bool
	r.first, ok1 = parseNumber(first)
	r.last, ok2 = parseNumber(last)
	return r, ok1 && ok2 && r.first <= r.last && (r.size < 0 || r.last < r.size)
}

// parseNumber parses digits; a sign is none.
func parseNumber(digits string) (int64, bool) {
	n, err := strconv.ParseUint(digits, 10, 63)
	return int64(n), err == nil
}

func (r contentRange) String() string {
	span, size := "*", "*"
	if r.first >= 0 {
		span = fmt.Sprintf("%d-%d", r.first, r.last)
	}
	if r.size >= 0 {
		size = strconv.FormatInt(r.size, 10)
	}
	return "bytes " + span + "/" + size
}
