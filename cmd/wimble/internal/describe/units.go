package describe

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wimble-go/wimble/wim"
)

// Thousands formats a count with separators.
func Thousands[N int | int64 | uint64](n N) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Count is a number of things, as "1 image" or "1,024 images".
func Count[N int | int64 | uint64](n N, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Thousands(n) + " " + thing
}

// ByteSize formats a size for people, in binary units.
func ByteSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, unit := float64(n), 0
	for value >= 1024 && unit < 4 {
		value /= 1024
		unit++
	}
	return strings.Replace(fmt.Sprintf("%.1f %ciB", value, "?KMGT"[unit]), ".0 ", " ", 1)
}

// JSONTime is RFC 3339 in UTC, empty for an unknown time and for years that
// the format cannot hold.
func JSONTime(t wim.Filetime) string {
	if at := t.Time(); t != 0 && at.Year() <= 9999 {
		return at.Format(time.RFC3339Nano)
	}
	return ""
}

// Minute shows a time for people.
func Minute(t wim.Filetime) string {
	if t == 0 {
		return "-"
	}
	return t.Time().Format("2006-01-02 15:04")
}

// OrDash is the text, or a dash for none.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// units are powers of 1000, and of 1024 with an i.
var units = map[string]float64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// ParseSize reads a number of bytes, with or without a unit: 4096, 4000MiB, 3.8GB.
func ParseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "kmgtibKMGTIB ")
	unit, known := units[strings.ToLower(strings.TrimSpace(text[len(number):]))]
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(value*unit >= 1 && value*unit < math.MaxInt64) {
		return 0, errors.New("not a size such as 4096, 300MB or 2GiB")
	}
	return int64(value * unit), nil
}
