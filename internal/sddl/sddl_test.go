package sddl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// descriptor decodes hexadecimal text with spaces.
func descriptor(t testing.TB, text string) []byte {
	data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	require.NoError(t, err)
	return data
}

// sambaDescriptors are descriptors as Samba 4.17 makes them: with python3-samba
//
//	ndr_pack(security.descriptor.from_sddl(text, security.dom_sid("S-1-5-21-1-2-3"))).hex()
//
// The first text is the example of [MS-DTYP], section 2.5.1.4. Samba lays them
// out in another order than Windows, gives every ACL revision 4, and like
// Windows it writes the inheritance flags in the order of their bits, OICI.
var sambaDescriptors = []struct{ text, formatted, data string }{
	{
		"O:BAG:BAD:P(A;CIOI;GRGX;;;BU)(A;CIOI;GA;;;BA)(A;CIOI;GA;;;SY)(A;CIOI;GA;;;CO)S:P(AU;FA;GR;;;WD)",
		"O:BAG:BAD:P(A;OICI;GRGX;;;BU)(A;OICI;GA;;;BA)(A;OICI;GA;;;SY)(A;OICI;GA;;;CO)S:P(AU;FA;GR;;;WD)",
		"010014b0 14000000 24000000 34000000 50000000" +
			"01020000000000052000000020020000 01020000000000052000000020020000" +
			"04001c0001000000 0280140000000080010100000000000100000000" +
			"0400600004000000 00031800000000a001020000000000052000000021020000" +
			"000318000000001001020000000000052000000020020000" +
			"0003140000000010010100000000000512000000 0003140000000010010100000000000300000000",
	},
	{
		"O:SYG:BAD:PAI(A;OICI;FA;;;SY)(D;;0x1200a9;;;BU)",
		"O:SYG:BAD:PAI(A;OICI;FA;;;SY)(D;;0x1200a9;;;BU)",
		"01000494 14000000 20000000 00000000 30000000" +
			"010100000000000512000000 01020000000000052000000020020000" +
			"0400340002000000 00031400ff01 1f00010100000000000512000000" +
			"01001800a900120001020000000000052000000021020000",
	},
	{
		"O:SYG:SYD:AI(A;OICIIOID;GA;;;CO)(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)",
		"O:SYG:SYD:AI(A;OICIIOID;GA;;;CO)(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)",
		"01000484 14000000 20000000 00000000 2c000000" +
			"010100000000000512000000 010100000000000512000000" +
			"0400440002000000 001b140000000010010100000000000300000000" +
			"05002800100000000100000033221100554477668899aabbccddeeff010100000000000100000000",
	},
}

func TestFormatOfSamba(t *testing.T) {
	for _, c := range sambaDescriptors {
		text, err := Format(descriptor(t, c.data))
		require.NoError(t, err)
		require.Equal(t, c.formatted, text)
	}
}

// withEntry is a descriptor with a discretionary ACL of one entry.
func withEntry(control uint16, entry string) string {
	return fmt.Sprintf("01 00 %02x%02x 00000000 00000000 00000000 14000000 02 00 %02x00 0100 0000 %s",
		byte(control), byte(control>>8), 8+len(strings.Join(strings.Fields(entry), ""))/2, entry)
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ want, data string }{
		{"", "01 00 0080 00000000 00000000 00000000 00000000"},
		{"D:NO_ACCESS_CONTROL", "01 00 0480 00000000 00000000 00000000 00000000"}, // no ACL: everything is allowed
		{"D:AI", "01 00 0484 00000000 00000000 00000000 14000000 02 00 0800 0000 0000"},
		{"O:S-1-5-80-1-4294967295", "01 00 0080 14000000 00000000 00000000 00000000 01 03 000000000005 50000000 01000000 FFFFFFFF"},
		{"G:S-1-0x100000000000-1", "01 00 0080 00000000 14000000 00000000 00000000 01 01 100000000000 01000000"},
		{"D:(A;ID;FA;;;SY)", withEntry(0x8004, "00 10 1400 FF011F00 01 01 000000000005 12000000")},
		{"D:PAI(D;;0x1200a9;;;BU)", withEntry(0x9404, "01 00 1800 A9001200 01 02 000000000005 20000000 21020000")},
		{"D:(A;;CCLCSWRPLOCRRC;;;WD)", withEntry(0x8004, "00 00 1400 9D010200 01 01 000000000001 00000000")},
		{"D:(ML;;NWNX;;;HI)", withEntry(0x8004, "11 00 1400 05000000 01 01 000000000010 00300000")},
		{"D:(OA;;RP;00112233-4455-6677-8899-aabbccddeeff;;WD)",
			withEntry(0x8004, "05 00 2800 10000000 01000000 33221100 5544 7766 8899AABBCCDDEEFF 01 01 000000000001 00000000")},
		{"D:(0x20;;GA;;;WD)", withEntry(0x8004, "20 00 1400 00000010 01 01 000000000001 00000000")},
	} {
		text, err := Format(descriptor(t, c.data))
		require.NoError(t, err, c.data)
		require.Equal(t, c.want, text)
	}
}

// However it is cut, nothing is read beyond the end; whatever a byte is changed
// to, there is text or an error of the one kind.
func TestHostileDescriptors(t *testing.T) {
	data := descriptor(t, sambaDescriptors[0].data)
	for n := range data {
		_, err := Format(data[:n:n])
		require.ErrorIs(t, err, ErrInvalid, "%d bytes", n)
	}
	for i := range data {
		for _, b := range []byte{0, 1, 0x7F, 0x80, 0xFF} {
			bad := append([]byte{}, data...)
			bad[i] = b
			if _, err := Format(bad); err != nil {
				require.ErrorIs(t, err, ErrInvalid)
			}
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add(descriptor(f, sambaDescriptors[0].data))
	f.Add(descriptor(f, withEntry(0x8004, "05 00 2800 10000000 01000000 33221100 5544 7766 8899AABBCCDDEEFF 01 01 000000000001 00000000")))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := Format(data)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		// An entry of 8 bytes and more has text of some 100 at most.
		require.LessOrEqual(t, len(text), 500+40*len(data))
		require.NotZero(t, binary.LittleEndian.Uint16(data[2:])&selfRelative)
	})
}
