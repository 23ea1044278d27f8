package udf

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/wimble-go/wimble/internal/saferio"
)

const (
	anchorSector   = 256
	maxDescriptors = 64 // of a volume descriptor sequence
	maxPointers    = 8  // to further such sequences
	maxPartitions  = 64 // partition maps
)

// sectorSizes are those of discs, then those of other media.
var sectorSizes = [...]int64{2048, 4096, 1024, 512}

// Reader is an open UDF volume. It implements [io/fs.FS], [io/fs.StatFS],
// [io/fs.ReadDirFS] and [io/fs.ReadFileFS], and may be used by many goroutines
// at once if its source may.
//
// Names are found as Windows finds them: an exact match first, else one that
// differs only in case.
type Reader struct {
	// Label is the name of the volume.
	Label string

	// Revision is the revision of UDF that the volume needs, in hexadecimal
	// digits: 0x0102 is 1.02.
	Revision uint16

	source     io.ReaderAt
	size       int64
	blockSize  int64
	partitions []partition
	root       *entry
	tree       tree
}

// partition is what a partition map of the logical volume leads to.
type partition struct {
	number      uint16
	layout      layout
	unsupported string // why its blocks cannot be found, if they cannot
}

// NewReader opens the volume in a source of the given size. It reads some ten
// blocks.
func NewReader(source io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{source: source, size: size, tree: tree{
		places: make(map[address]place), directories: make(map[address]*directory),
	}}
	v, err := r.findVolume()
	if err != nil {
		return nil, err
	}
	r.blockSize = v.sectorSize
	if err := r.openVolume(v); err != nil {
		return nil, err
	}
	return r, nil
}

// read reads a range of the source.
func (r *Reader) read(offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > r.size || length > r.size-offset {
		return nil, formatErrorf("%d bytes at offset %d lie outside of the file, which has %d; it may be cut off", length, offset, r.size)
	}
	return saferio.ReadData(r.source, length, offset)
}

// volume is what the descriptors of a volume say.
type volume struct {
	sectorSize int64
	partitions map[uint16][]byte // descriptors, by the partition's number
	logical    []byte
}

// findVolume finds an anchor, and reads the descriptors that it leads to.
func (r *Reader) findVolume() (*volume, error) {
	var failed error
	for _, sectorSize := range sectorSizes {
		last := r.size/sectorSize - 1
		for _, sector := range []int64{anchorSector, last, last - anchorSector} {
			if sector <= 0 || sector > last {
				continue
			}
			anchor, err := r.read(sector*sectorSize, 512)
			if err != nil {
				return nil, err
			}
			if requireTag(anchor, tagAnchor) != nil || int64(u32(anchor[tagLocation:])) != sector {
				continue
			}
			// The main sequence, then the reserve.
			for _, at := range []int{16, 24} {
				v, err := r.readDescriptors(sectorSize, u32(anchor[at+4:]), u32(anchor[at:]))
				if err == nil {
					return v, nil
				}
				if failed == nil {
					failed = fmt.Errorf("volume descriptors of the anchor at sector %d: %w", sector, err)
				}
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	iso, err := r.recognizeISO()
	if err != nil && !errors.Is(err, ErrFormat) {
		return nil, err
	}
	if iso {
		return nil, ErrISO9660
	}
	return nil, formatErrorf("no anchor of a UDF volume at sector %d, nor at the end; it may be cut off", anchorSector)
}

// recognizeISO tells whether the volume recognition sequence names ISO 9660,
// and no UDF.
func (r *Reader) recognizeISO() (bool, error) {
	iso := false
	for sector := range int64(maxDescriptors) {
		b, err := r.read((16+sector)*2048, 6)
		if err != nil {
			return iso, err
		}
		switch id := string(b[1:]); id {
		case "CD001":
			iso = true
		case "NSR02", "NSR03":
			return false, nil
		case "BEA01", "BOOT2", "CDW02":
		default:
			return iso, nil
		}
	}
	return iso, nil
}

// readDescriptors reads a volume descriptor sequence.
func (r *Reader) readDescriptors(sectorSize int64, sector, length uint32) (*volume, error) {
	v := &volume{sectorSize: sectorSize, partitions: make(map[uint16][]byte)}
	pointers := 0
	newest := func(known, found []byte) []byte { // by volume descriptor sequence number
		if known != nil && u32(known[16:]) > u32(found[16:]) {
			return known
		}
		return found
	}
	end := int64(sector) + int64(length)/sectorSize
	for at, n := int64(sector), 0; at < end && n < maxDescriptors; at, n = at+1, n+1 {
		b, err := r.read(at*sectorSize, sectorSize)
		if err != nil {
			return nil, fmt.Errorf("sector %d: %w", at, err)
		}
		if bytes.Count(b[:tagSize], []byte{0}) == tagSize {
			break // not written
		}
		id, err := checkTag(b)
		if err != nil {
			return nil, fmt.Errorf("sector %d: %w", at, err)
		}
		if id == tagTerminator {
			break
		}
		switch id {
		case tagPartition:
			number := u16(b[22:])
			if v.partitions[number] == nil && len(v.partitions) == maxPartitions {
				return nil, limitErrorf("more than %d partitions", maxPartitions)
			}
			v.partitions[number] = newest(v.partitions[number], b)
		case tagLogicalVolume:
			v.logical = newest(v.logical, b)
		case tagVolumePointer:
			if pointers++; pointers > maxPointers {
				return nil, limitErrorf("more than %d volume descriptor pointers", maxPointers)
			}
			at = int64(u32(b[24:])) - 1
			end = at + 1 + int64(u32(b[20:]))/sectorSize
		}
	}
	if v.logical == nil || len(v.partitions) == 0 {
		return nil, formatErrorf("no logical volume, or no partition")
	}
	return v, nil
}

// openVolume finds the partitions and the root directory.
func (r *Reader) openVolume(v *volume) error {
	d := v.logical
	if blockSize := u32(d[212:]); int64(blockSize) != v.sectorSize {
		return unsupportedf("logical volume with blocks of %d bytes in sectors of %d", blockSize, v.sectorSize)
	}
	if domain := d[217:240]; !bytes.HasPrefix(domain, []byte("*OSTA UDF Compliant")) {
		return unsupportedf("logical volume of the domain %q", bytes.TrimRight(domain, "\x00"))
	}
	r.Label, r.Revision = dstring(d[84:212]), u16(d[240:])

	const maps = 440
	length, count := int64(u32(d[264:])), u32(d[268:])
	if length > v.sectorSize-maps || count > maxPartitions {
		return formatErrorf("logical volume with %d partition maps in %d bytes", count, length)
	}
	if err := r.openPartitions(v, d[maps:][:length], int(count)); err != nil {
		return err
	}

	fileSet := longAddress(d[248:])
	b, err := r.readBlock(fileSet)
	if err == nil {
		err = requireTag(b, tagFileSet)
	}
	if err != nil {
		return fmt.Errorf("file set descriptor at %v: %w", fileSet, err)
	}
	root := longAddress(b[400:])
	r.root, err = r.readEntry(root)
	if err == nil && !r.root.isDirectory() {
		err = formatErrorf("of type %d, not a directory", r.root.kind)
	}
	if err != nil {
		return fmt.Errorf("root directory at %v: %w", root, err)
	}
	return r.tree.claim(root, place{index: -1})
}

// openPartitions reads the partition maps. A metadata partition is in another
// one, which may come after it.
func (r *Reader) openPartitions(v *volume, maps []byte, count int) error {
	metadata := make(map[int]uint32) // the blocks of metadata files
	for i := range count {
		if len(maps) < 2 || int(maps[1]) > len(maps) || maps[1] < 2 {
			return formatErrorf("partition map %d lies outside of its table", i)
		}
		m := maps[:maps[1]]
		maps = maps[len(m):]
		p := partition{}
		switch {
		case m[0] == 1 && len(m) == 6:
			p.number = u16(m[4:])
			d := v.partitions[p.number]
			if d == nil {
				return formatErrorf("partition map %d: there is no partition %d", i, p.number)
			}
			start, length := int64(u32(d[188:]))*v.sectorSize, int64(u32(d[192:]))*v.sectorSize
			if err := p.layout.add(extent{start, length}); err != nil {
				return err
			}
		case m[0] == 2 && len(m) == 64:
			p.number = u16(m[38:])
			name := string(bytes.TrimRight(m[5:28], "\x00"))
			p.unsupported = fmt.Sprintf("partition of the kind %q", name)
			if name == "*UDF Metadata Partition" {
				metadata[i] = u32(m[40:])
			}
		default:
			p.unsupported = fmt.Sprintf("partition map of type %d", m[0])
		}
		r.partitions = append(r.partitions, p)
	}
	for i, block := range metadata {
		if err := r.openMetadata(&r.partitions[i], block); err != nil {
			return fmt.Errorf("metadata partition %d: %w", i, err)
		}
	}
	return nil
}

// openMetadata finds the blocks of a metadata partition: they are the content
// of a file in the physical partition of the same number.
func (r *Reader) openMetadata(p *partition, block uint32) error {
	for i := range r.partitions {
		physical := &r.partitions[i]
		if physical.unsupported != "" || physical.number != p.number {
			continue
		}
		file, err := r.readEntry(address{block, uint16(i)})
		if err == nil && file.kind != kindMetadata {
			err = formatErrorf("of type %d, not %d", file.kind, kindMetadata)
		}
		if err == nil {
			p.layout, err = r.layoutOf(file)
		}
		if err != nil {
			return fmt.Errorf("its file: %w", err)
		}
		p.unsupported = ""
		return nil
	}
	return formatErrorf("there is no partition %d", p.number)
}

// locate adds where a range of a partition is to a layout.
func (r *Reader) locate(at address, length int64, to *layout) error {
	if int(at.partition) >= len(r.partitions) {
		return formatErrorf("%v, of %d", at, len(r.partitions))
	}
	p := &r.partitions[at.partition]
	if p.unsupported != "" {
		return unsupportedf("%s", p.unsupported)
	}
	start := int64(at.block) * r.blockSize
	if size := p.layout.size(); start > size || length > size-start {
		return formatErrorf("%d bytes at %v, which has %d", length, at, size)
	}
	return p.layout.each(start, length, to.add)
}

// readBlock reads a block.
func (r *Reader) readBlock(at address) ([]byte, error) {
	var l layout
	if err := r.locate(at, r.blockSize, &l); err != nil {
		return nil, err
	}
	if len(l.extents) != 1 || l.extents[0].offset == noOffset {
		return nil, formatErrorf("%v is not in one piece", at)
	}
	return r.read(l.extents[0].offset, r.blockSize)
}
