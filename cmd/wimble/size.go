package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a flag for a number of bytes, with or without a unit: 4096, 4000MiB,
// 3.8GB.
type size int64

// units are powers of 1000, and of 1024 with an i.
var units = map[string]float64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	number := strings.TrimRight(text, "kmgtibKMGTIB ")
	unit, known := units[strings.ToLower(strings.TrimSpace(text[len(number):]))]
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(value*unit >= 1 && value*unit < math.MaxInt64) {
		return fmt.Errorf("not a size such as 4096, 300MB or 2GiB")
	}
	*s = size(value * unit)
	return nil
}

// String implements pflag.Value. Nothing is shown for the default.
func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type implements pflag.Value.
func (s *size) Type() string { return "size" }
