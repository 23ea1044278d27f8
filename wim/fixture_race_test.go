//go:build race

package wim_test

// raceDetector says that every memory access is some ten times as slow.
const raceDetector = true
