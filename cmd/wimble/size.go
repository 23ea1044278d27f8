package main

import (
	"strconv"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
)

// size is a flag for a number of bytes, with or without a unit: 4096, 4000MiB,
// 3.8GB.
type size int64

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	n, err := describe.ParseSize(text)
	if err == nil {
		*s = size(n)
	}
	return err
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
