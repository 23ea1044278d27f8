//go:build linux

package lzms

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A guarded block of memory lies between two pages that no access survives.
type guarded struct{ pages []byte }

func newGuarded(t *testing.T, size int) *guarded {
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	pages, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Munmap(pages) })
	require.NoError(t, syscall.Mprotect(pages[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(pages[page+size:], syscall.PROT_NONE))
	return &guarded{pages[page : page+size]}
}

// slices returns slices of n bytes at the start and at the end of the block.
func (g *guarded) slices(n int) [2][]byte {
	return [2][]byte{g.pages[:n:n], g.pages[len(g.pages)-n:]}
}

// TestGuardPages decodes with dst and src at the edges of memory. Neither the
// race detector nor a canary would see a stray read.
func TestGuardPages(t *testing.T) {
	type input struct {
		chunk []byte
		size  int
	}
	var inputs []input
	for _, v := range append(published, files...) {
		inputs = append(inputs, input{v.load(t), v.size})
	}
	random := rand.New(rand.NewPCG(13, 14))
	for range 50 {
		w := randomItems(random, 1+random.IntN(3000))
		inputs = append(inputs, input{w.chunk(), len(w.out)})
	}
	for range 50 {
		// Damage, and lengths that fit neither.
		in := inputs[random.IntN(4)]
		chunk := bytes.Clone(in.chunk[:min(len(in.chunk), 2+random.IntN(1000))&^1])
		for range 1 + random.IntN(5) {
			chunk[random.IntN(len(chunk))] ^= 1 << random.IntN(8)
		}
		inputs = append(inputs, input{chunk, random.IntN(70000)})
	}

	chunkBlock, dstBlock := newGuarded(t, 1<<20), newGuarded(t, 3<<20)
	forVariants(t, func(t *testing.T, d *Decoder) {
		for _, in := range inputs {
			want := make([]byte, in.size)
			wantErr := d.Decode(want, in.chunk)
			for _, chunk := range chunkBlock.slices(len(in.chunk)) {
				copy(chunk, in.chunk)
				for _, dst := range dstBlock.slices(in.size) {
					err := d.Decode(dst, chunk)
					require.Equal(t, wantErr == nil, err == nil)
					if err == nil {
						require.True(t, bytes.Equal(want, dst))
					}
				}
			}
		}
	})
	runtime.KeepAlive(chunkBlock)
}
