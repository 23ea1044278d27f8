//go:build race

package wim_test

// raceDetector says that every memory access is some ten times as slow.
const raceDetector = true

// slowBytes is how large a file may be that is read byte by byte.
const slowBytes = 90_000
