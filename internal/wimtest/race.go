//go:build race

package wimtest

// Race says that the race detector is on. Every memory access is then some ten
// times as slow, and sync.Pool forgets on purpose, so that what is allocated
// says nothing.
const Race = true
