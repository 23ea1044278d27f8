package winver

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The executables are made by GNU windres and ld; testdata/make-pe.sh gives
// them the versions that their names say.
func TestPEFileVersion(t *testing.T) {
	for _, test := range []struct {
		file, architecture string
		version            Version
	}{
		{"testdata/kernel-10.0.18362.1139-amd64.exe", "x64", Version{10, 0, 18362, 1139}},
		{"testdata/kernel-6.1.7601.24214-i386.exe", "x86", Version{6, 1, 7601, 24214}},
	} {
		data, err := os.ReadFile(test.file)
		require.NoError(t, err)
		p, err := openPE(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err, test.file)
		require.Equal(t, test.architecture, p.architecture(), test.file)
		v, err := p.fileVersion()
		require.NoError(t, err, test.file)
		require.Equal(t, test.version, v, test.file)
	}
}

func TestPEWithoutVersion(t *testing.T) {
	data, err := os.ReadFile("testdata/no-version.exe")
	require.NoError(t, err)
	p, err := openPE(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	_, err = p.fileVersion()
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "has no version resource")
}

// Machine numbers are those of the PE specification.
func TestPEArchitecture(t *testing.T) {
	for machine, want := range map[uint16]string{
		0x014C: "x86", 0x01C0: "arm", 0x01C2: "arm", 0x01C4: "arm", 0x0200: "ia64", 0x8664: "x64", 0xAA64: "arm64", 0x0166: "",
	} {
		require.Equal(t, want, (&peFile{machine: machine}).architecture(), "%#x", machine)
	}
}

// Offsets are those of the amd64 file: COFF header at 0x80, optional header at
// 0x98, its third directory at 0x98+112+16, section table at 0x188.
func TestPEHostile(t *testing.T) {
	original, err := os.ReadFile("testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(t, err)
	const coff, optional, sections = 0x80, 0x98, 0x188
	resources := bytes.Index(original, []byte("V\x00S\x00_\x00V\x00"))
	require.Positive(t, resources)

	for name, patch := range map[string]func(b []byte) []byte{
		"empty":                    func(b []byte) []byte { return nil },
		"no MZ":                    func(b []byte) []byte { b[0] = 'N'; return b },
		"header offset wild":       func(b []byte) []byte { put32(b, 0x3C, 0xFFFFFFFF); return b },
		"header offset at the end": func(b []byte) []byte { put32(b, 0x3C, uint32(len(b)-4)); return b },
		"no PE signature":          func(b []byte) []byte { b[coff] = 'p'; return b },
		"sections without number":  func(b []byte) []byte { put16(b, coff+6, 0xFFFF); return b },
		"sections beyond the file": func(b []byte) []byte { return b[:sections+39] },
		"no section":               func(b []byte) []byte { put16(b, coff+6, 0); return b },
		"optional header empty":    func(b []byte) []byte { put16(b, coff+20, 0); return b },
		"optional header short":    func(b []byte) []byte { put16(b, coff+20, 111); return b },
		"optional header long":     func(b []byte) []byte { put16(b, coff+20, 0xFFFF); return b },
		"optional header's magic":  func(b []byte) []byte { put16(b, optional, 0x107); return b },
		"two directories":          func(b []byte) []byte { put32(b, optional+108, 2); return b },
		"resources wild":           func(b []byte) []byte { put32(b, optional+112+16, 0xFFFFFFF0); return b },
		"resources cut off":        func(b []byte) []byte { return b[:resources] },
		"section offset wild": func(b []byte) []byte {
			for i := 0; i < 3; i++ {
				put32(b, sections+40*i+20, 0xFFFFFFFF)
			}
			return b
		},
		"section without bytes": func(b []byte) []byte {
			for i := 0; i < 3; i++ {
				put32(b, sections+40*i+16, 0)
			}
			return b
		},
		"version's signature": func(b []byte) []byte { b[resources+34] ^= 1; return b },
		"version's key":       func(b []byte) []byte { b[resources] ^= 1; return b },
		"entries without number": func(b []byte) []byte {
			at := resourceDirectory(b)
			put16(b, at+14, 0xFFFF)
			return b
		},
		"no entries": func(b []byte) []byte { put32(b, resourceDirectory(b)+12, 0); return b },
		"a directory that is its own child": func(b []byte) []byte {
			at := resourceDirectory(b)
			for i := 0; i < 4; i++ {
				put32(b, at+16+8*i+4, 1<<31)
			}
			return b
		},
	} {
		data := patch(bytes.Clone(original))
		p, err := openPE(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = p.fileVersion()
		}
		require.ErrorIs(t, err, ErrFormat, name)
	}
}

// Some linkers leave the size in memory at zero. Where it is, the size in the
// file counts.
func TestPESectionWithoutVirtualSize(t *testing.T) {
	data, err := os.ReadFile("testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(t, err)
	for i := range 3 {
		put32(data, 0x188+40*i+8, 0)
	}
	p, err := openPE(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	v, err := p.fileVersion()
	require.NoError(t, err)
	require.Equal(t, Version{10, 0, 18362, 1139}, v)
}

// resourceDirectory is where the root directory is: the start of the third
// section.
func resourceDirectory(b []byte) int {
	return int(binary.LittleEndian.Uint32(b[0x188+2*40+20:]))
}

func put16(b []byte, at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
func put32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

func TestPEReadFails(t *testing.T) {
	data, err := os.ReadFile("testdata/kernel-10.0.18362.1139-amd64.exe")
	require.NoError(t, err)
	_, err = openPE(bytes.NewReader(data[:100]), int64(len(data)))
	require.ErrorContains(t, err, "unexpected EOF")
}

func FuzzPE(f *testing.F) {
	for _, name := range []string{
		"testdata/kernel-10.0.18362.1139-amd64.exe", "testdata/kernel-6.1.7601.24214-i386.exe", "testdata/no-version.exe",
	} {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := openPE(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		if _, err = p.fileVersion(); err != nil {
			require.ErrorIs(t, err, ErrFormat)
		}
	})
}
