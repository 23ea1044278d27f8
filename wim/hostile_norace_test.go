//go:build !race

package wim

const underRace = false
