//go:build race

package wim

// underRace says that the race detector is on: then sync.Pool forgets on
// purpose, so that what is allocated says nothing.
const underRace = true
