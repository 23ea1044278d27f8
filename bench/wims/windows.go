package main

import (
	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/windows"
)

// captureWindows captures a tree that stands for an installed Windows into a file
// of over 300 MB, with the programs and the source text in it as well.
func captureWindows(cache, file string, options []string) error {
	programs, err := corpus.PE(cache)
	if err != nil {
		return err
	}
	source, err := corpus.Source()
	if err != nil {
		return err
	}
	return windows.Capture(cache, file, map[string]string{"/Program Files": programs, "/Users": source}, options...)
}
