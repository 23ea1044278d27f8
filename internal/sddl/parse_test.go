package sddl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// parts are the parts of a descriptor, which may be in any order: control bits,
// owner, group, and the entries of the ACLs.
func parts(t *testing.T, data []byte) (list [5]string) {
	le := binary.LittleEndian
	list[0] = fmt.Sprintf("%#x", le.Uint16(data[2:]))
	for i := range 4 {
		at := le.Uint32(data[4+4*i:])
		switch {
		case at == 0:
		case i < 2: // a SID: 8 bytes, and 4 for each sub-authority
			list[1+i] = hex.EncodeToString(data[at : at+8+4*uint32(data[at+1])])
		default: // an ACL: a header of 8 bytes with the size, and the entries
			require.LessOrEqual(t, int(data[at]), 4, "the revision")
			list[1+i] = hex.EncodeToString(data[at+8 : at+uint32(le.Uint16(data[at+2:]))])
		}
	}
	return list
}

// What is made of a text has the parts that Samba gives it, byte for byte.
func TestParseAsSamba(t *testing.T) {
	for _, c := range sambaDescriptors {
		got, err := Parse(c.text)
		require.NoError(t, err)
		require.Equal(t, parts(t, descriptor(t, c.data)), parts(t, got), c.text)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "01 00 0080 00000000 00000000 00000000 00000000"},
		{"D:NO_ACCESS_CONTROL", "01 00 0480 00000000 00000000 00000000 00000000"},
		{"D:AI", "01 00 0484 00000000 00000000 00000000 14000000 02 00 0800 0000 0000"},
		{"O:S-1-5-80-1-4294967295", "01 00 0080 14000000 00000000 00000000 00000000 01 03 000000000005 50000000 01000000 FFFFFFFF"},
		{"G:S-1-0x100000000000-1", "01 00 0080 00000000 14000000 00000000 00000000 01 01 100000000000 01000000"},
		{"D:(A;ID;FA;;;SY)", withEntry(0x8004, "00 10 1400 FF011F00 01 01 000000000005 12000000")},
		{"D:PAI(D;;0x1200a9;;;BU)", withEntry(0x9404, "01 00 1800 A9001200 01 02 000000000005 20000000 21020000")},
		{"D:(A;;CCLCSWRPLOCRRC;;;WD)", withEntry(0x8004, "00 00 1400 9D010200 01 01 000000000001 00000000")},
		{"D:(ML;;NWNX;;;HI)", withEntry(0x8004, "11 00 1400 05000000 01 01 000000000010 00300000")},
	} {
		got, err := Parse(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, descriptor(t, c.want), got, c.text)
	}
	got, err := Parse("D:(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)")
	require.NoError(t, err)
	text, err := Format(got)
	require.NoError(t, err)
	require.Equal(t, "D:(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)", text)
	require.Equal(t, byte(4), got[20], "the revision of ACLs with such entries")
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"x", "O:", "O:XX", "O:BAO:BA", "D:(", "D:()", "D:(A;;FA;;;)", "D:(A;;FA;;SY)", "D:(A;O;FA;;;SY)", "D:(A;;F;;;SY)", "D:Q",
		"D:(A;;FA;x;;SY)", "D:(XA;;FA;;;SY;(x))", "D:(OA;;RP;123;;WD)", "D:(A;;0x1FFFFFFFF;;;SY)", "D:NO_ACCESS_CONTROL(A;;FA;;;SY)",
		"O:S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "O:S-1-5--1", "O:S-2-5-1", "D:(A;;FA;;;SY",
	} {
		_, err := Parse(text)
		require.ErrorIs(t, err, ErrInvalid, text)
	}
}

// What is made of a text is written as a text that makes the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"O:BAG:SYD:PAI(A;OICI;FA;;;SY)S:(AU;FASA;0x1;;;WD)", "D:NO_ACCESS_CONTROL", "D:(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		made, err := Parse(text)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		written, err := Format(made)
		require.NoError(t, err)
		again, err := Parse(written)
		require.NoError(t, err, written)
		require.Equal(t, made, again)
	})
}
