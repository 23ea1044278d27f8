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
				onEdge := func(b []byte) unsafe.Pointer {
					to := codectest.PageEdges(t, len(b))[side]
					copy(to, b)
					return unsafe.Pointer(&to[0])
				}
				words := func(l []uint16) *uint16 {
					return (*uint16)(onEdge(unsafe.Slice((*byte)(unsafe.Pointer(&l[0])), 2*len(l))))
				}
				items := (*item)(onEdge(make([]byte, 4*size)))
				s := lazyState{
					data: (*byte)(onEdge(data)), link4: words(link4), link3: words(link3),
					items: items, code: new(encoderCode), pos: 1, stop: uint64(size - lazyMargin), size: uint64(size),
					depth: 8, nice: 48, lazy: 32,
				}
				asmLazily(&s)
				require.GreaterOrEqual(t, s.pos, s.stop, name)
				require.LessOrEqual(t, s.pos, s.size, name)
				ends[side] = int(uintptr(unsafe.Pointer(s.items)) - uintptr(unsafe.Pointer(items)))
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
				items := codectest.PageEdges(t, 4*cap(e.items))[side]
				e.items = unsafe.Slice((*item)(unsafe.Pointer(&items[0])), cap(e.items))[:0]
				longs := codectest.PageEdges(t, 4*cap(e.longs))[side]
				e.longs = unsafe.Slice((*long)(unsafe.Pointer(&longs[0])), cap(e.longs))[:0]
				e.units = codectest.PageEdges(t, len(e.units))[side]
				require.Equal(t, n, e.Encode(got, src[:size]))
				require.Equal(t, want[:n], got[:n])
			}
		}
	}
}
