package winver

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the calendar, without a time or a zone, such as the day on
// which an update came out. The zero value stands for an unknown day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date that is written as 2020-10-13.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() == 0 {
		return Date{}, fmt.Errorf("%q is not a date such as 2020-10-13", text)
	}
	return DateOf(t), nil
}

// DateOf returns the day of a time, in the time's own zone.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// IsZero says whether the day is not known.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1, 0 or +1 for a day before e, e itself, or one after it.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// String returns the day as 2020-10-13, and "" for an unknown one.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText implements encoding.TextMarshaler by String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler by ParseDate; empty text is
// an unknown day.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d = Date{}
	if len(text) > 0 {
		*d, err = ParseDate(string(text))
	}
	return err
}
