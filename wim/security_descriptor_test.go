package wim

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/internal/wimtest"
)

// O:BAG:BAD:(A;OICI;FA;;;WD), as ntfs-3g wrote it on the files of the fixture
// ntfs.wim: the header, two SIDs of 16 bytes, an ACL of 28 with one entry of
// 20.
const everyoneFull = "0100048014000000240000000000000034000000" +
	"01020000000000052000000020020000" + "01020000000000052000000020020000" +
	"02001c0001000000" + "00031400ff011f00" + "010100000000000100000000"

func descriptorBytes(t testing.TB, change func(d []byte)) []byte {
	t.Helper()
	data, err := hex.DecodeString(everyoneFull)
	require.NoError(t, err)
	if change != nil {
		change(data)
	}
	return data
}

// All descriptors of the fixtures were made by other programs, and pass.
func TestSecurityDescriptorsOfFixtures(t *testing.T) {
	data := wimtest.FixtureBytes(t, "ntfs.wim")
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	count := 0
	for i := range tree.meta.nodes {
		raw := tree.entry(int32(i)).SecurityDescriptor
		if raw == nil {
			continue
		}
		d, err := parseSecurityDescriptor(raw)
		require.NoError(t, err)
		require.Equal(t, raw, d.data)
		require.True(t, d.owner && d.group && d.dacl && !d.sacl)
		count++
	}
	require.Greater(t, count, 20)
}

func TestSecurityDescriptorParts(t *testing.T) {
	le := binary.LittleEndian
	// Bits that tell of inheritance get those that ask for it.
	d, err := parseSecurityDescriptor(descriptorBytes(t, func(d []byte) { le.PutUint16(d[2:], 0x8404) }))
	require.NoError(t, err)
	require.EqualValues(t, 0x8504, le.Uint16(d.data[2:]))
	// The ACL is the system's.
	raw := descriptorBytes(t, func(d []byte) {
		le.PutUint16(d[2:], 0x8810)
		le.PutUint32(d[12:], 0x34)
		le.PutUint32(d[16:], 0)
		le.PutUint32(d[8:], 0)
	})
	d, err = parseSecurityDescriptor(raw)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, false, true}, []bool{d.owner, d.group, d.dacl, d.sacl})
	require.EqualValues(t, 0x8A10, le.Uint16(d.data[2:]))
	require.EqualValues(t, 0x8810, le.Uint16(raw[2:])) // the image's own stays
	// Access for everybody: a list that is there and has no place.
	d, err = parseSecurityDescriptor(descriptorBytes(t, func(d []byte) { le.PutUint32(d[16:], 0) }))
	require.NoError(t, err)
	require.True(t, d.dacl)
	// Nothing at all.
	d, err = parseSecurityDescriptor(append([]byte{1, 0, 0, 0x80}, make([]byte, 16)...))
	require.NoError(t, err)
	require.False(t, d.owner || d.group || d.dacl || d.sacl)
}

func TestHostileSecurityDescriptors(t *testing.T) {
	le := binary.LittleEndian
	for name, change := range map[string]func(d []byte){
		"revision":            func(d []byte) { d[0] = 2 },
		"not self-relative":   func(d []byte) { le.PutUint16(d[2:], 0x0004) }, // the offsets would be pointers
		"owner outside":       func(d []byte) { le.PutUint32(d[4:], uint32(len(d))) },
		"owner far outside":   func(d []byte) { le.PutUint32(d[4:], 0xFFFFFFFC) },
		"owner at the end":    func(d []byte) { le.PutUint32(d[4:], uint32(len(d)-4)) },
		"owner in the header": func(d []byte) { le.PutUint32(d[4:], 16) },
		"owner unaligned":     func(d []byte) { le.PutUint32(d[4:], 0x26) },
		"group outside":       func(d []byte) { le.PutUint32(d[8:], 0x7FFFFFFC) },
		"DACL outside":        func(d []byte) { le.PutUint32(d[16:], 0x80000000) },
		"SACL outside":        func(d []byte) { le.PutUint32(d[12:], 0x80000000) }, // even if the bit for it is not set
		"SID revision":        func(d []byte) { d[0x14] = 0 },
		"SID with 16 parts":   func(d []byte) { d[0x15] = 16 },
		"SID to the end":      func(d []byte) { d[0x25] = 13 }, // 0x24 + 8 + 4*13 > 80
		"ACL revision":        func(d []byte) { d[0x34] = 1 },
		"ACL too large":       func(d []byte) { le.PutUint16(d[0x36:], 29) },
		"ACL too small":       func(d []byte) { le.PutUint16(d[0x36:], 7) },
		"a second entry":      func(d []byte) { le.PutUint16(d[0x38:], 2) },
		"65535 entries":       func(d []byte) { le.PutUint16(d[0x38:], 0xFFFF) },
		"empty entry":         func(d []byte) { le.PutUint16(d[0x3E:], 0) },
		"entry too large":     func(d []byte) { le.PutUint16(d[0x3E:], 24) },
		"entry unaligned":     func(d []byte) { le.PutUint16(d[0x3E:], 18) },
		"entry without a SID": func(d []byte) { le.PutUint16(d[0x3E:], 8); le.PutUint16(d[0x36:], 16) },
		"SID of the entry":    func(d []byte) { d[0x45] = 2 },  // 8 + 8 + 4*2 > 20
		"object entry":        func(d []byte) { d[0x3C] = 5 },  // its SID would begin at 12
		"object GUIDs":        func(d []byte) { d[0x3C] = 11 }, // "1" at 8 asks for one
	} {
		_, err := parseSecurityDescriptor(descriptorBytes(t, change))
		require.ErrorIs(t, err, ErrFormat, name)
		require.NotContains(t, err.Error(), "\n")
	}
	whole := descriptorBytes(t, nil)
	for size := range whole {
		_, err := parseSecurityDescriptor(whole[:size])
		require.ErrorIs(t, err, ErrFormat, "%d bytes", size)
	}
}

// FuzzSecurityDescriptor checks descriptors, and walks those that pass as a
// system does that believes them.
func FuzzSecurityDescriptor(f *testing.F) {
	le := binary.LittleEndian
	f.Add(descriptorBytes(f, nil))
	f.Add(descriptorBytes(f, func(d []byte) { le.PutUint16(d[2:], 0x8C14); le.PutUint32(d[12:], 0x34) }))
	f.Add(descriptorBytes(f, func(d []byte) { d[0x3C] = 5 }))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<17 {
			return
		}
		was := bytes.Clone(data)
		d, err := parseSecurityDescriptor(data)
		if !bytes.Equal(was, data) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		if len(d.data) != len(data) {
			t.Fatal("the copy has another size")
		}
		for _, directory := range []bool{false, true} {
			if _, err := parseSecurityDescriptor(inheritDescriptor(data, directory)); err != nil {
				t.Fatal("what is inherited is no descriptor: ", err)
			}
		}
		sid := func(at uint32) { _ = d.data[at:][:8+4*int(d.data[at+1])] }
		for field, has := range map[int]bool{4: d.owner, 8: d.group} {
			if has {
				sid(le.Uint32(d.data[field:]))
			}
		}
		for field, has := range map[int]bool{12: d.sacl, 16: d.dacl} {
			at := le.Uint32(d.data[field:])
			if !has || at == 0 {
				continue
			}
			end := at + uint32(le.Uint16(d.data[at+2:]))
			count := le.Uint16(d.data[at+4:])
			at += 8
			for range count {
				if d.data[at] < 4 {
					sid(at + 8)
				}
				at += uint32(le.Uint16(d.data[at+2:]))
				if at > end || end > uint32(len(d.data)) {
					t.Fatal("an entry leads out of its list")
				}
			}
		}
	})
}

// TestInheritDescriptor has what [MS-DTYP], section 2.5.3.4, makes of entries
// of all kinds of inheritance.
func TestInheritDescriptor(t *testing.T) {
	for _, c := range []struct{ parent, file, directory string }{
		{"O:BAG:SYD:(A;OICI;FA;;;BA)", "O:BAG:SYD:AI(A;ID;FA;;;BA)", "O:BAG:SYD:AI(A;OICIID;FA;;;BA)"},
		{"O:BAG:SYD:(A;OI;FR;;;BU)(A;;FA;;;BA)", "O:BAG:SYD:AI(A;ID;FR;;;BU)", "O:BAG:SYD:AI(A;OIIOID;FR;;;BU)"},
		{"O:BAG:SYD:(A;OINP;FR;;;BU)(A;CI;FA;;;BA)", "O:BAG:SYD:AI(A;ID;FR;;;BU)", "O:BAG:SYD:AI(A;CIID;FA;;;BA)"},
		{"O:BAG:SYD:(D;OICINP;FR;;;BU)", "O:BAG:SYD:AI(D;ID;FR;;;BU)", "O:BAG:SYD:AI(D;ID;FR;;;BU)"},
		{"O:BAG:SYD:(A;OICIIO;GA;;;CO)(A;OICIIO;GRGX;;;CG)", "O:BAG:SYD:AI(A;ID;FA;;;BA)(A;ID;0x1200a9;;;SY)",
			"O:BAG:SYD:AI(A;ID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;ID;0x1200a9;;;SY)(A;OICIIOID;GRGX;;;CG)"},
		// Nothing is inherited: the system and the administrators have all
		// rights.
		{"O:BAG:SYD:P(A;;FA;;;BA)", "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)", "O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)"},
		{"O:BAD:(A;NP;FR;;;WD)", "O:BAD:(A;;FA;;;SY)(A;;FA;;;BA)", "O:BAD:(A;;FA;;;SY)(A;;FA;;;BA)"},
	} {
		parent, err := sddl.Parse(c.parent)
		require.NoError(t, err)
		for _, directory := range []bool{false, true} {
			want := c.file
			if directory {
				want = c.directory
			}
			got, err := sddl.Format(inheritDescriptor(parent, directory))
			require.NoError(t, err)
			require.Equal(t, want, got, c.parent)
		}
	}
	require.Nil(t, inheritDescriptor([]byte("no descriptor"), true))
}
