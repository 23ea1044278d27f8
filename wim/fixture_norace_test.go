//go:build !race

package wim_test

const raceDetector = false

const slowBytes = 1 << 30
