package winver

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wintree"
)

// peFile is a portable executable, such as ntoskrnl.exe, of which only the
// headers and the way to the version resource are read. All offsets, sizes and
// counts come from the file; each is checked before it is used, and the way is
// of fixed depth, so a hostile file costs a few small reads.
type peFile struct {
	r         io.ReaderAt
	size      int64
	machine   uint16
	sections  []peSection
	resources uint32 // relative virtual address of the resource directory, 0 for none
}

// peSection says where a range of virtual addresses is in the file.
type peSection struct {
	address, length uint32 // in memory
	offset          uint32 // in the file
}

const (
	peMachineI386  = 0x014C
	peMachineIA64  = 0x0200
	peMachineAMD64 = 0x8664
	peMachineARM64 = 0xAA64

	peMaxSections  = 96   // the most that Windows loads
	peMaxResources = 4096 // entries of one resource directory; real ones have dozens
	peVersionType  = 16   // RT_VERSION
	peOptional32   = 0x10B
	peOptional64   = 0x20B
)

func peErrorf(format string, args ...any) error {
	return wintree.OfKind(fmt.Errorf("portable executable: "+format, args...), ErrFormat)
}

// openPE reads the headers: those of DOS and COFF, the optional header and the
// section table.
func openPE(r io.ReaderAt, size int64) (*peFile, error) {
	p := &peFile{r: r, size: size}
	var dos [64]byte
	if err := p.read(dos[:], 0, "DOS header"); err != nil {
		return nil, err
	}
	if string(dos[:2]) != "MZ" {
		return nil, peErrorf("begins with %q, not with \"MZ\"", dos[:2])
	}
	start := int64(binary.LittleEndian.Uint32(dos[0x3C:]))

	var coff [24]byte
	if err := p.read(coff[:], start, "COFF header"); err != nil {
		return nil, err
	}
	if string(coff[:4]) != "PE\x00\x00" {
		return nil, peErrorf("%q in place of the signature at offset %d", coff[:4], start)
	}
	p.machine = binary.LittleEndian.Uint16(coff[4:])
	sections := int(binary.LittleEndian.Uint16(coff[6:]))
	if sections > peMaxSections {
		return nil, peErrorf("%d sections, more than %d", sections, peMaxSections)
	}

	optional := make([]byte, binary.LittleEndian.Uint16(coff[20:])) // at most 64 KiB
	if err := p.read(optional, start+24, "optional header"); err != nil {
		return nil, err
	}
	if err := p.parseOptional(optional); err != nil {
		return nil, err
	}

	table := make([]byte, 40*sections)
	if err := p.read(table, start+24+int64(len(optional)), "section table"); err != nil {
		return nil, err
	}
	for ; len(table) > 0; table = table[40:] {
		length := binary.LittleEndian.Uint32(table[8:])
		stored := binary.LittleEndian.Uint32(table[16:])
		if length == 0 { // as some linkers leave it
			length = stored
		}
		p.sections = append(p.sections, peSection{
			address: binary.LittleEndian.Uint32(table[12:]),
			length:  min(length, stored), // what is beyond has no bytes in the file
			offset:  binary.LittleEndian.Uint32(table[20:]),
		})
	}
	return p, nil
}

// parseOptional finds the resource directory, which is the third of the data
// directories.
func (p *peFile) parseOptional(b []byte) error {
	if len(b) < 2 {
		return peErrorf("no optional header")
	}
	directories := 96 // where they begin
	switch magic := binary.LittleEndian.Uint16(b); magic {
	case peOptional32:
	case peOptional64:
		directories = 112
	default:
		return peErrorf("optional header with magic number %#04x", magic)
	}
	if len(b) < directories {
		return peErrorf("optional header of %d bytes", len(b))
	}
	const resources = 2
	count := binary.LittleEndian.Uint32(b[directories-4:])
	at := directories + 8*resources
	if count > resources && len(b) >= at+8 {
		p.resources = binary.LittleEndian.Uint32(b[at:])
	}
	return nil
}

// architecture names the processor as Windows' own packages do, with "x64" for
// AMD64. It is empty for a machine that no Windows NT since XP has run on.
func (p *peFile) architecture() string {
	switch p.machine {
	case peMachineI386:
		return "x86"
	case 0x01C0, 0x01C2, 0x01C4: // three flavours of 32-bit ARM
		return "arm"
	case peMachineIA64:
		return "ia64"
	case peMachineAMD64:
		return "x64"
	case peMachineARM64:
		return "arm64"
	}
	return ""
}

// fileVersion reads the file version out of the version resource.
func (p *peFile) fileVersion() (Version, error) {
	if p.resources == 0 {
		return Version{}, peErrorf("has no resources")
	}
	// Three levels of directories: type, name, language. Of names and
	// languages the first one counts; Windows' files have one each.
	var entry uint32
	for level, name := range []string{"types", "names", "languages"} {
		next, err := p.resourceEntry(entry, level == 0, name)
		if err != nil {
			return Version{}, err
		}
		const isDirectory = 1 << 31
		if (next&isDirectory != 0) != (level < 2) {
			return Version{}, peErrorf("resource directory of %s: entry %#08x is of the wrong kind", name, next)
		}
		entry = next &^ isDirectory
	}
	var data [8]byte
	if err := p.readResource(data[:], uint64(p.resources)+uint64(entry), "version resource's entry"); err != nil {
		return Version{}, err
	}

	// VS_VERSIONINFO: three 16-bit fields, a key in UTF-16 (15 letters and a
	// NUL), 2 bytes up to the next multiple of four, then VS_FIXEDFILEINFO.
	const key = "V\x00S\x00_\x00V\x00E\x00R\x00S\x00I\x00O\x00N\x00_\x00I\x00N\x00F\x00O\x00\x00\x00"
	const fixed = 6 + len(key) + 2
	var info [fixed + 16]byte
	if size := binary.LittleEndian.Uint32(data[4:]); size < uint32(len(info)) {
		return Version{}, peErrorf("version resource of %d bytes", size)
	}
	if err := p.readResource(info[:], uint64(binary.LittleEndian.Uint32(data[:])), "version resource"); err != nil {
		return Version{}, err
	}
	const signature = 0xFEEF04BD
	if string(info[6:6+len(key)]) != key || binary.LittleEndian.Uint32(info[fixed:]) != signature {
		return Version{}, peErrorf("version resource without VS_FIXEDFILEINFO")
	}
	high, low := binary.LittleEndian.Uint32(info[fixed+8:]), binary.LittleEndian.Uint32(info[fixed+12:])
	return Version{high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF}, nil
}

// resourceEntry returns what an entry of a resource directory leads to: the
// entry of versions, or the first one.
func (p *peFile) resourceEntry(directory uint32, versions bool, name string) (uint32, error) {
	what := "resource directory of " + name
	at := uint64(p.resources) + uint64(directory)
	var header [16]byte
	if err := p.readResource(header[:], at, what); err != nil {
		return 0, err
	}
	// Entries with a name come first, then those with a number.
	named := int(binary.LittleEndian.Uint16(header[12:]))
	count := named + int(binary.LittleEndian.Uint16(header[14:]))
	if !versions {
		count = min(count, 1)
	}
	if count == 0 || count > peMaxResources {
		return 0, peErrorf("%s with %d entries", what, count)
	}
	entries := make([]byte, 8*count)
	if err := p.readResource(entries, at+16, what); err != nil {
		return 0, err
	}
	for i := 0; i < count; i++ {
		entry := entries[8*i:]
		if !versions || i >= named && binary.LittleEndian.Uint32(entry) == peVersionType {
			return binary.LittleEndian.Uint32(entry[4:]), nil
		}
	}
	return 0, peErrorf("has no version resource")
}

// readResource reads from a relative virtual address.
func (p *peFile) readResource(buf []byte, address uint64, what string) error {
	for _, s := range p.sections {
		if start := uint64(s.address); address >= start && address-start+uint64(len(buf)) <= uint64(s.length) {
			return p.read(buf, int64(uint64(s.offset)+address-start), what)
		}
	}
	return peErrorf("%s: address %#x with %d bytes is in no section", what, address, len(buf))
}

// read fills buf from an offset, which fits in 33 bits.
func (p *peFile) read(buf []byte, offset int64, what string) error {
	if offset > p.size || int64(len(buf)) > p.size-offset {
		return peErrorf("%s: %d bytes at offset %d lie outside of the file, which has %d", what, len(buf), offset, p.size)
	}
	if err := saferio.ReadFull(p.r, buf, offset); err != nil {
		return fmt.Errorf("portable executable: %s: %w", what, err)
	}
	return nil
}
