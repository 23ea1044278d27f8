package codectest

import (
	"bytes"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// AtPageEdges decodes with dst and src at the start and at the end of memory
// that no access outside of survives. Neither the race detector nor a guard of
// bytes would see a read that strays.
func AtPageEdges(t testing.TB, d Decoder, size int, src []byte) {
	t.Helper()
	want := make([]byte, size)
	wantErr := d.Decode(want, src)
	for _, given := range PageEdges(t, len(src)) {
		copy(given, src)
		for _, dst := range PageEdges(t, size) {
			err := d.Decode(dst, given)
			require.Equal(t, wantErr == nil, err == nil)
			if err == nil {
				require.True(t, bytes.Equal(want, dst))
			}
		}
	}
}

// PageEdges maps size bytes after a page without access, and in front of one.
func PageEdges(t testing.TB, size int) [2][]byte {
	page := syscall.Getpagesize()
	middle := (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, middle+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Munmap(all) })
	require.NoError(t, syscall.Mprotect(all[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(all[page+middle:], syscall.PROT_NONE))
	return [2][]byte{all[page : page+size : page+size], all[page+middle-size : page+middle : page+middle]}
}

// OnPageEdge copies l, with all its capacity, to the start (side 0) or the end
// (side 1) of memory as that of PageEdges. A T has no pointers.
func OnPageEdge[T any](t testing.TB, l []T, side int) []T {
	given := PageEdges(t, cap(l)*int(unsafe.Sizeof(*new(T))))[side]
	moved := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(given))), cap(l))
	copy(moved, l[:cap(l)])
	return moved[:len(l)]
}

// Encoder is what all chunk encoders have in common.
type Encoder interface {
	Encode(dst, src []byte) int
}

// EncodeAtPageEdges is AtPageEdges for an encoder: whether dst has room or not,
// and wherever it and src are.
func EncodeAtPageEdges(t testing.TB, e Encoder, src []byte) {
	t.Helper()
	want := make([]byte, len(src))
	want = want[:e.Encode(want, src)]
	sizes := []int{len(src), len(want)}
	if len(want) > 0 {
		sizes = append(sizes, len(want)-1)
	}
	for _, given := range PageEdges(t, len(src)) {
		copy(given, src)
		for _, size := range sizes {
			for _, dst := range PageEdges(t, size) {
				n := e.Encode(dst, given)
				require.True(t, bytes.Equal(src, given), "src is changed")
				if size < len(want) {
					require.Zero(t, n)
					continue
				}
				require.True(t, bytes.Equal(want, dst[:n]))
			}
		}
	}
}
