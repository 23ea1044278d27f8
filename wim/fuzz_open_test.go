package wim

import (
	"bytes"
	"testing"
)

// FuzzReader opens any bytes as a file, walks its images, reads some of each
// file, and verifies.
func FuzzReader(f *testing.F) {
	fixtureSeeds(f, 30<<10, func(data []byte) { f.Add(data) })
	for _, w := range craftedSeeds() {
		f.Add(w.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)), WithLimits(fuzzLimits))
		if err == nil {
			exercise(t, r)
		}
	})
}

// FuzzSplitSet opens two files as the parts of a set, in any order, and makes
// their GUIDs and counts fit so that they often are one.
func FuzzSplitSet(f *testing.F) {
	for name, form := range solidForms {
		if name != "" {
			set := newSolidSet(2000, 3000)
			f.Add(set.part(0, form).Bytes(), set.part(1, form).Bytes(), true)
		}
	}
	var parts [][]byte
	fixtureSeeds(f, 30<<10, func(data []byte) {
		if header, err := ReadHeader(bytes.NewReader(data), int64(len(data))); err == nil && header.TotalParts > 1 {
			parts = append(parts, data)
		}
	})
	for i := range parts[1:] {
		f.Add(parts[i], parts[i+1], false)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, fit bool) {
		if fit && len(first) >= headerSize && len(second) >= headerSize {
			second = bytes.Clone(second)
			copy(second[0x08:0x28], first[0x08:0x28]) // version, flags, chunk size, GUID
			copy(second[0x2A:0x2C], first[0x2A:0x2C]) // total parts
		}
		for range 2 {
			r, err := NewReader(bytes.NewReader(first), int64(len(first)), WithLimits(fuzzLimits))
			if err == nil {
				if len(r.MissingParts())+1 != r.Header.TotalParts {
					t.Fatal("missing parts of one part")
				}
				exercise(t, r)
				missing := len(r.MissingParts())
				if r.AddPart(bytes.NewReader(second), int64(len(second))) == nil {
					if len(r.MissingParts()) != missing-1 {
						t.Fatal("a part was added, and as many are missing")
					}
				}
				exercise(t, r)
			}
			first, second = second, first
		}
	})
}
