//go:build !race

package wimtest

const Race = false
