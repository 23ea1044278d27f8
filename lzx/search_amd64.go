//go:build !noasm && !purego

package lzx

import (
	"unsafe"

	"github.com/wimble-go/wimble/internal/match"
)

// maxSearch is how many positions are searched in one call of asmSearch:
// nothing can preempt it.
const maxSearch = 1 << 13

// asmState is what asmSearch works on: the same as searchPlain, by pointers.
type asmState struct {
	word   *uint64
	data   *byte
	place  *uint32
	match  *match.Match // the first of the segment
	parser *parser
	margin uint64
	i, end uint64
}

// searchFast is searchPlain in assembly, up to where all that a step can reach
// is in the block.
func (p *parser) searchFast(e *Encoder, s *searchState) {
	if !hasAssembly() || len(s.places) <= maxStep {
		return
	}
	end := len(s.places) - maxStep
	a := asmState{
		word:   &s.words[0],
		data:   &s.data[s.start],
		place:  &s.places[0],
		match:  unsafe.SliceData(e.seg.matches),
		parser: p,
		margin: p.margin,
	}
	for int(a.i) < end {
		stop := min(end, int(a.i)+maxSearch)
		a.end = uint64(stop)
		asmSearch(&a)
		if int(a.i) < stop {
			e.seg.find(e, s.start+int(a.i))
		}
	}
	s.next = end
}

// The bits of [match.Places].
const (
	firstMatch  = match.FirstMatch  //lint:ignore U1000 the assembly uses it
	takeLongest = match.TakeLongest //lint:ignore U1000 the assembly uses it
)

// asmSearch searches the positions from s.i to s.end and moves s on. It stops
// before one that needs matches and was not searched for them.
//
//go:noescape
func asmSearch(s *asmState)
