package udf

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// Ids of descriptors.
const (
	tagAnchor         = 2
	tagVolumePointer  = 3
	tagPartition      = 5
	tagLogicalVolume  = 6
	tagTerminator     = 8
	tagFileSet        = 256
	tagFileIdentifier = 257
	tagAllocExtent    = 258
	tagIndirectEntry  = 259
	tagFileEntry      = 261
	tagExtendedEntry  = 266
)

const (
	tagSize     = 16
	tagLocation = 12 // where a tag has its own place
)

func u16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// checkTag checks the tag of a descriptor, and the descriptor against the CRC
// in the tag. It returns the id.
func checkTag(b []byte) (uint16, error) {
	if len(b) < tagSize {
		return 0, formatErrorf("%d bytes, too few for a descriptor", len(b))
	}
	var sum byte
	for i, c := range b[:tagSize] {
		if i != 4 {
			sum += c
		}
	}
	if sum != b[4] {
		return 0, formatErrorf("checksum of the descriptor's tag is %#02x, not %#02x", sum, b[4])
	}
	if version := u16(b[2:]); version != 2 && version != 3 {
		return 0, formatErrorf("descriptor of version %d", version)
	}
	n := int(u16(b[10:]))
	if tagSize+n > len(b) {
		return 0, formatErrorf("descriptor with a CRC over %d bytes, but of %d", n, len(b)-tagSize)
	}
	if sum := crc(b[tagSize:][:n]); sum != u16(b[8:]) {
		return 0, formatErrorf("CRC of the descriptor is %#04x, not %#04x", sum, u16(b[8:]))
	}
	return u16(b), nil
}

// requireTag is checkTag for a descriptor that has to be of a kind.
func requireTag(b []byte, want uint16) error {
	id, err := checkTag(b)
	if err == nil && id != want {
		err = formatErrorf("descriptor with the id %d, not %d", id, want)
	}
	return err
}

var crcTable = func() (table [256]uint16) {
	const polynomial = 0x1021
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			if carry := sum&0x8000 != 0; carry {
				sum = sum<<1 ^ polynomial
			} else {
				sum <<= 1
			}
		}
		table[i] = sum
	}
	return table
}()

// crc is the CRC-16 with the polynomial x^16 + x^12 + x^5 + 1, of ECMA-167.
func crc(b []byte) uint16 {
	var sum uint16
	for _, c := range b {
		sum = sum<<8 ^ crcTable[byte(sum>>8)^c]
	}
	return sum
}

// address is where an entry is: a block of a partition, which is named by its
// place among the logical volume's partition maps.
type address struct {
	block     uint32
	partition uint16
}

func (a address) String() string {
	return fmt.Sprintf("block %d of partition %d", a.block, a.partition)
}

// longAddress reads the address in a long_ad.
func longAddress(b []byte) address { return address{u32(b[4:]), u16(b[8:])} }

// decodeCS0 decodes text in OSTA's compressed Unicode: an id, and then 8 or 16
// bits for each UTF-16 unit.
func decodeCS0(b []byte) ([]uint16, error) {
	if len(b) == 0 {
		return nil, nil
	}
	id, b := b[0], b[1:]
	switch id {
	case 8:
		units := make([]uint16, len(b))
		for i, c := range b {
			units[i] = uint16(c)
		}
		return units, nil
	case 16:
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return units, nil
	}
	return nil, formatErrorf("text with the compression id %d, which is neither 8 nor 16", id)
}

// dstring decodes a text in a field of fixed size, whose last byte is how many
// bytes the text has. It is empty if it makes no sense.
func dstring(b []byte) string {
	n := int(b[len(b)-1])
	if n >= len(b) {
		return ""
	}
	units, err := decodeCS0(b[:n])
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}

// timestamp decodes a time, and is the zero time for one that cannot be.
func timestamp(b []byte) time.Time {
	zone := time.UTC
	if minutes := int(int16(u16(b)<<4) >> 4); u16(b)>>12 == 1 && minutes >= -1440 && minutes <= 1440 {
		zone = time.FixedZone("", 60*minutes) // -2047 is no zone
	}
	year, month, day := int(int16(u16(b[2:]))), int(b[4]), int(b[5])
	hour, minute, second := int(b[6]), int(b[7]), int(b[8])
	micro := 10_000*int(b[9]) + 100*int(b[10]) + int(b[11])
	t := time.Date(year, time.Month(month), day, hour, minute, second, 1000*micro, zone)
	if year < 1 || t.Month() != time.Month(month) || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return time.Time{}
	}
	return t
}
