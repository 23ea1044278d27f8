package lzms

import "testing"

func benchmark(b *testing.B, e engine, chunk []byte, size int) {
	d, dst := newDecoder(e), make([]byte, size)
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := d.Decode(dst, chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is for the engine that NewDecoder picks.
func BenchmarkDecode(b *testing.B) {
	for _, v := range files {
		b.Run(v.name, func(b *testing.B) { benchmark(b, engines()[0], v.load(b), v.size) })
	}
}

// BenchmarkEngines compares the engines; "careful" decodes by item alone.
func BenchmarkEngines(b *testing.B) {
	for _, e := range allEngines() {
		for _, v := range []vector{files[1], files[6]} {
			b.Run(e.name+"/"+v.name, func(b *testing.B) { benchmark(b, e, v.load(b), v.size) })
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
