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
	count  *uint8
	match  *match.Match
	parser *parser
	i, end uint64
}

// searchFast is searchPlain in assembly, up to where all that a step can reach
// is in the block.
func (p *parser) searchFast(s *searchState) {
	if !hasAssembly() {
		return
	}
	end := len(s.counts) - maxStep
	for s.next < end {
		stop := min(end, s.next+maxSearch)
		a := asmState{
			word:   &s.words[s.next],
			data:   &s.data[s.start+s.next],
			count:  &s.counts[s.next],
			match:  unsafe.SliceData(s.matches),
			parser: p,
			i:      uint64(s.next),
			end:    uint64(stop),
		}
		asmSearch(&a)
		used := uintptr(unsafe.Pointer(a.match)) - uintptr(unsafe.Pointer(unsafe.SliceData(s.matches)))
		s.matches = s.matches[used/unsafe.Sizeof(match.Match{}):]
		s.next = stop
	}
}

// asmSearch searches the positions from s.i to s.end and moves s.match on.
//
//go:noescape
func asmSearch(s *asmState)
