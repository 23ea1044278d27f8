//go:build !race

package wim_test

const raceDetector = false
