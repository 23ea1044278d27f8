package lzms

import (
	"math/rand/v2"
	"testing"
)

func benchmark(b *testing.B, v variant, chunk []byte, size int) {
	d, dst := newDecoder(v), make([]byte, size)
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := d.Decode(dst, chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is for the variant that NewDecoder picks.
func BenchmarkDecode(b *testing.B) {
	for _, v := range files {
		b.Run(v.name, func(b *testing.B) { benchmark(b, bestVariant(), v.load(b), v.size) })
	}
}

// BenchmarkVariants compares the variants; "plain" decodes by item alone.
func BenchmarkVariants(b *testing.B) {
	for _, v := range variants {
		for _, file := range []vector{files[1], files[6]} {
			b.Run(v.String()+"/"+file.name, func(b *testing.B) { benchmark(b, v, file.load(b), file.size) })
		}
	}
}

// BenchmarkRebuild is for the codes of a chunk at its end.
func BenchmarkRebuild(b *testing.B) {
	v := files[6]
	d, dst := NewDecoder(), make([]byte, v.size)
	if err := d.Decode(dst, v.load(b)); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code *code
	}{{"literal", &d.literal}, {"length", &d.length}, {"offset", &d.lzOffset}} {
		b.Run(c.name, func(b *testing.B) {
			freq := c.code.freq
			for b.Loop() {
				c.code.freq = freq
				d.build.rebuild(c.code)
			}
		})
	}
}

// BenchmarkFind compares the searches of the x86 filter.
func BenchmarkFind(b *testing.B) {
	v := files[6]
	d, dst := NewDecoder(), make([]byte, v.size)
	if err := d.Decode(dst, v.load(b)); err != nil {
		b.Fatal(err)
	}
	for _, variant := range variants {
		b.Run(variant.String(), func(b *testing.B) {
			b.SetBytes(int64(v.size))
			for b.Loop() {
				for i := 0; i+filterBlock+tailSize <= len(dst); i += filterBlock {
					variant.find(&d.filter, dst[i:], filterBlock)
				}
			}
		})
	}
}

// BenchmarkHostile decodes chunks that are made to take long: all items stand
// for one byte, so that codes are rebuilt as often as can be. The doc comment
// of Decoder has the worst.
func BenchmarkHostile(b *testing.B) {
	const size = 1 << 18
	random := rand.New(rand.NewPCG(1, 2))
	literal := func(w *chunkWriter) { w.literal(byte(random.Uint32())) }
	lz := func(w *chunkWriter) { w.lz(1+random.Uint32N(256), 1) }
	delta := func(w *chunkWriter) {
		w.delta(deltaSource{random.Uint32N(8), 1 + random.Uint32N(8)}, 1)
	}
	any := func(w *chunkWriter) {
		switch random.IntN(5) {
		case 0:
			literal(w)
		case 1:
			lz(w)
		case 2:
			w.lzRepeat(random.IntN(3), 1)
		case 3:
			delta(w)
		case 4:
			w.deltaRepeat(random.IntN(3), 1)
		}
	}
	for _, v := range []struct {
		name string
		item func(w *chunkWriter)
	}{{"literals", literal}, {"LZ matches", lz}, {"delta matches", delta}, {"any items", any}} {
		w := newChunkWriter(size)
		for len(w.out) < size {
			if len(w.out) < 2048 { // as far as matches reach back
				literal(w)
			} else {
				v.item(w)
			}
		}
		chunk := w.chunk()
		b.Run(v.name, func(b *testing.B) {
			benchmark(b, bestVariant(), chunk, size)
			b.ReportMetric(float64(len(chunk))*float64(b.N)/1e6/b.Elapsed().Seconds(), "input-MB/s")
		})
	}
}
