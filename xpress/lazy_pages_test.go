//go:build linux && amd64 && !noasm && !purego

package xpress

import (
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
	for name, src := range chunks {
		for size := 4980; size <= 5000; size++ {
			var ends [2]int
			for side := range ends {
				chains := match.NewChains[uint16](size)
				chains.Reset(src[:size])
				data, link4, link3 := chains.Links()
				items := codectest.OnPageEdge(t, make([]item, size), side)
				s := lazyState{
					data:  &codectest.OnPageEdge(t, data, side)[0],
					link4: &codectest.OnPageEdge(t, link4, side)[0],
					link3: &codectest.OnPageEdge(t, link3, side)[0],
					items: &items[0],
					code:  new(encoderCode),
					pos:   1, stop: uint64(size - lazyMargin), size: uint64(size),
					depth: 8, nice: 48, lazy: 32,
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

// Nor does asmGather leave the items, and room for units and long matches.
func TestGatherPageEdges(t *testing.T) {
	chunks := codectest.WorstChunks(5000)
	chunks["programs"] = codectest.Repeats([]byte("which programs do is not known"), 5000)
	for _, src := range chunks {
		for size := 4980; size <= 5000; size++ {
			plain, err := NewEncoder(size, DefaultLevel)
			require.NoError(t, err)
			plain.plain = true
			want, got := make([]byte, size), make([]byte, size)
			n := plain.Encode(want, src[:size])
			for side := range 2 {
				e, err := NewEncoder(size, DefaultLevel)
				require.NoError(t, err)
				e.items = codectest.OnPageEdge(t, e.items, side)
				e.longs = codectest.OnPageEdge(t, e.longs, side)
				e.units = codectest.OnPageEdge(t, e.units, side)
				require.Equal(t, n, e.Encode(got, src[:size]))
				require.Equal(t, want[:n], got[:n])
			}
		}
	}
}
