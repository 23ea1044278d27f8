package wim

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/internal/partname"
)

// AddPart adds another part of the split set that r belongs to. Images whose
// metadata is in that part become readable. An [FS] that was made before does
// not see it; [Image.FS] makes a new one. If it is part 1, Images has new
// values afterwards. AddPart may not run at the same time as other methods of
// r.
func (r *Reader) AddPart(source io.ReaderAt, size int64) error {
	err := r.addPart(source, size, "")
	if err == nil {
		r.assemble()
	}
	return err
}

// addPart is AddPart without the assembly of what the parts have.
func (r *Reader) addPart(source io.ReaderAt, size int64, name string) error {
	header, err := ReadHeader(source, size)
	if err != nil {
		return err
	}
	if err := r.checkPart(header); err != nil {
		return err
	}
	p := r.newPart(source, size, name, header)
	if err := p.readTable(&r.warnings); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	r.parts = append(r.parts, p)
	slices.SortFunc(r.parts, func(a, b *part) int { return a.header.PartNumber - b.header.PartNumber })
	return nil
}

// checkPart says whether a file with the header is a part that is wanted.
func (r *Reader) checkPart(h Header) error {
	own := r.Header
	switch {
	case h.GUID != own.GUID:
		return formatErrorf("part %d of another set: its GUID is %v, not %v", h.PartNumber, h.GUID, own.GUID)
	case h.TotalParts != own.TotalParts:
		return formatErrorf("part %d of %d parts, not of %d", h.PartNumber, h.TotalParts, own.TotalParts)
	case h.Compression != own.Compression || h.ChunkSize != own.ChunkSize || h.Pipable != own.Pipable:
		return formatErrorf("part %d is compressed in another way: %v in chunks of %d bytes, not %v in chunks of %d bytes",
			h.PartNumber, h.Compression, h.ChunkSize, own.Compression, own.ChunkSize)
	case r.hasPart(h.PartNumber):
		return formatErrorf("part %d was given twice", h.PartNumber)
	}
	return nil
}

func (r *Reader) hasPart(number int) bool {
	return slices.ContainsFunc(r.parts, func(p *part) bool { return p.header.PartNumber == number })
}

// MissingParts returns the numbers of the parts that were not given.
func (r *Reader) MissingParts() []int {
	var missing []int
	next := 0
	for number := 1; number <= r.Header.TotalParts; number++ {
		if next < len(r.parts) && r.parts[next].header.PartNumber == number {
			next++
		} else {
			missing = append(missing, number)
		}
	}
	return missing
}

// joinNumbers lists numbers for a message.
func joinNumbers(numbers []int, separator string) string {
	const most = 5
	var text []string
	for i, n := range numbers {
		if i == most {
			text = append(text, fmt.Sprintf("%d more", len(numbers)-most))
			break
		}
		text = append(text, strconv.Itoa(n))
	}
	return strings.Join(text, separator)
}

// addSiblings adds the parts that are found beside a part.
func (rc *ReadCloser) addSiblings(folder fs.FS, name string) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		rc.warnings.add(fmt.Errorf("looking for the other parts: %w", err))
		return
	}
	stem := partname.Stem(name)
	for _, entry := range entries {
		if entry.Name() == name || partname.Stem(entry.Name()) != stem || len(rc.MissingParts()) == 0 {
			continue
		}
		source, size, err := rc.openFile(folder, entry.Name())
		if err != nil {
			rc.warnings.add(fmt.Errorf("looking for the other parts: %w", err))
			continue
		}
		if err := rc.addPart(source, size, entry.Name()); err != nil {
			rc.warnings.add(fmt.Errorf("%s is not used: %w", entry.Name(), err))
			last := len(rc.files) - 1
			rc.files[last].Close()
			rc.files = rc.files[:last]
		}
	}
	rc.assemble() // once, since it costs time for each image and for each blob
}
