//go:build linux && amd64 && !noasm && !purego

package lzx

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/codectest"
	"github.com/wimble-go/wimble/internal/match"
)

// asmLazily does not leave what it is given: the chunk with its padding, the
// links, and room for as many items as there are bytes.
func TestLazyPageEdges(t *testing.T) {
	if !hasAssembly() {
		t.Skip("needs BMI2")
	}
	chunks := codectest.WorstChunks(5000)
	chunks["programs"] = codectest.Repeats([]byte("which programs do is not known"), 5000)
	// The end is a repeat, and zeros follow the first one as they do the end.
	const ending = "0123456789AB"
	chunks["ending"] = append([]byte(" "+ending), make([]byte, 5000)...)
	for name, src := range chunks {
		for size := 4980; size <= 5000; size++ {
			src := bytes.Clone(src[:size])
			if name == "ending" {
				copy(src[size-len(ending):], ending)
			}
			var ends [2]int
			for side := range ends {
				chains := match.NewChains[uint16](size)
				chains.Reset(src)
				data, link4, link3 := chains.Links()
				items := codectest.OnPageEdge(t, make([]item, size), side)
				s := lazyState{
					data:   &codectest.OnPageEdge(t, data, side)[0],
					link4:  &codectest.OnPageEdge(t, link4, side)[0],
					link3:  &codectest.OnPageEdge(t, link3, side)[0],
					items:  &items[0],
					counts: &codectest.OnPageEdge(t, make([]symbolCounts, 1), side)[0],
					pos:    1, stop: uint64(size - lazyMargin), size: uint64(size),
					depth: 12, nice: 48, recent: [repeatSlots]uint64{1, 1, 1},
				}
				asmLazily(&s)
				require.GreaterOrEqual(t, s.pos, s.stop, name)
				require.LessOrEqual(t, s.pos, s.size, name)
				ends[side] = int(uintptr(unsafe.Pointer(s.items)) - uintptr(unsafe.Pointer(&items[0])))
			}
			require.Equal(t, ends[0], ends[1], name)
		}
	}
}
