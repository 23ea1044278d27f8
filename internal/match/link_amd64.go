//go:build !noasm && !purego

package match

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// maxLink is how many positions asmLink gets in one call: nothing can preempt
// it.
const maxLink = 1 << 14

// linkState is what asmLink works on, by pointers.
type linkState struct {
	data           *byte
	link4, link3   *uint16
	head4, head3   *uint16
	pos, end       uint64
	shift4, shift3 uint64 // of hashes
}

// linkFast does what [Chains.link] does in assembly, for positions of 16 bits,
// and tells how many it has done.
func (c *Chains[P]) linkFast(bits4, bits3 int) int {
	if unsafe.Sizeof(P(0)) != 2 || !cpu.X86.HasBMI2 || !cpu.X86.HasAVX {
		return 0
	}
	s := linkState{
		data:   unsafe.SliceData(c.data),
		link4:  (*uint16)(unsafe.Pointer(unsafe.SliceData(c.link4))),
		link3:  (*uint16)(unsafe.Pointer(unsafe.SliceData(c.link3))),
		head4:  (*uint16)(unsafe.Pointer(unsafe.SliceData(c.head4))),
		head3:  (*uint16)(unsafe.Pointer(unsafe.SliceData(c.head3))),
		shift4: uint64(32 - bits4),
		shift3: uint64(32 - bits3),
	}
	size := c.size &^ 7
	for int(s.end) < size {
		s.pos, s.end = s.end, min(s.end+maxLink, uint64(size))
		asmLink(&s)
	}
	return size
}

// asmLink links the positions from s.pos to s.end, which is larger and both are
// multiples of 8. It loads 4 bytes at each.
//
//go:noescape
func asmLink(s *linkState)
