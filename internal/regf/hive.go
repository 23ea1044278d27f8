package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	// ErrCorrupt is wrapped by all errors about a hive that is not made as
	// hives are.
	ErrCorrupt = errors.New("malformed registry hive")

	// ErrNotFound is wrapped by errors about keys and values that do not exist.
	ErrNotFound = errors.New("not in the registry hive")

	// ErrLimit is wrapped by errors about a hive that takes too many reads.
	ErrLimit = errors.New("registry hive is too scattered")

	// ErrType is wrapped by errors about values that are not of the type asked
	// for.
	ErrType = errors.New("registry value of another type")
)

func corruptf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrCorrupt)
}

const (
	baseBlockSize = 4096
	maxBins       = 1<<31 - baseBlockSize // an offset's first bit has another use
)

// Hive is an open registry hive. It may be used by many goroutines at once if
// its source may.
type Hive struct {
	pages pageReader
	bins  uint32 // how many bytes of bins there are
	root  uint32
	minor uint32
	dirty bool
	cut   bool
}

// Open reads the base block of a hive of the given size.
func Open(r io.ReaderAt, size int64) (*Hive, error) {
	if size < baseBlockSize {
		return nil, corruptf("%d bytes, fewer than the base block has", size)
	}
	h := &Hive{pages: pageReader{source: r, size: size}}
	var base [baseBlockSize / 8]byte // what is used of it
	if err := h.pages.read(base[:], 0); err != nil {
		return nil, fmt.Errorf("base block: %w", err)
	}
	field := func(offset int) uint32 { return binary.LittleEndian.Uint32(base[offset:]) }
	if string(base[:4]) != "regf" {
		return nil, corruptf("base block begins with %q, not with \"regf\"", base[:4])
	}
	major, fileType, format := field(20), field(28), field(32)
	if h.minor = field(24); major != 1 || h.minor < 3 {
		return nil, corruptf("version %d.%d; 1.3 to 1.6 can be read", major, h.minor)
	}
	if fileType != 0 || format != 1 {
		return nil, corruptf("base block: file type %d and format %d, which are 0 and 1 in hives", fileType, format)
	}
	// A base block with a wrong checksum was damaged, or written in part: bins
	// that were added since are there all the same, so that the file's size
	// counts, not the block's word for it.
	sound := field(508) == checksum(base[:508])
	here := uint32(min(size-baseBlockSize, maxBins))
	h.root, h.bins = field(36), field(40)
	h.cut = h.bins > here && sound
	if h.bins > here || !sound {
		h.bins = here
	}
	h.dirty = field(4) != field(8) || !sound
	return h, nil
}

// checksum is the exclusive or of the 32-bit numbers in b. 0 and 0xFFFFFFFF are
// reserved.
func checksum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum ^= binary.LittleEndian.Uint32(b)
	}
	switch sum {
	case 0xFFFFFFFF:
		return 0xFFFFFFFE
	case 0:
		return 1
	}
	return sum
}

// Dirty says that the hive was not closed cleanly: there may be changes in its
// log that it lacks, or that were written to it in part.
func (h *Hive) Dirty() bool { return h.dirty }

// Truncated says that the file has fewer bytes than its base block says. The
// keys and values that it has can be read.
func (h *Hive) Truncated() bool { return h.cut }

// Root returns the root key, which holds all others.
func (h *Hive) Root() (*Key, error) { return h.key(h.root, nil) }

// Key returns the key at a path from the root, with backslashes between names,
// such as `Microsoft\Windows NT\CurrentVersion`. Names are found whatever their
// case. The error wraps ErrNotFound if there is no such key; it names the
// element that is missing, and leaves naming the path to the caller.
func (h *Hive) Key(path string) (*Key, error) {
	k, err := h.Root()
	for name := range strings.SplitSeq(path, `\`) {
		if err != nil {
			return nil, err
		}
		k, err = k.Subkey(name)
	}
	return k, err
}

// cell is where the content of a cell is.
type cell struct {
	hive   *Hive
	what   string // for errors: what the cell should be
	at     uint32 // offset of the content among the bins
	length uint32
}

// cell checks the head of the cell at an offset.
func (h *Hive) cell(offset uint32, what string) (cell, error) {
	c := cell{hive: h, what: what, at: offset + 4}
	if offset%8 != 0 || h.bins < 8 || offset > h.bins-8 {
		return c, h.outside(offset%8 == 0, "%s at offset %#x, of %#x bytes of bins", what, offset, h.bins)
	}
	var head [4]byte
	if err := h.pages.read(head[:], baseBlockSize+int64(offset)); err != nil {
		return c, fmt.Errorf("%s: %w", what, err)
	}
	// The size is negative for cells in use, and counts the head.
	size := -int64(int32(binary.LittleEndian.Uint32(head[:])))
	if size < 8 || size%8 != 0 || size > int64(h.bins-offset) {
		return c, h.outside(size > 0, "%s: cell at offset %#x has size %d", what, offset, size)
	}
	c.length = uint32(size) - 4
	return c, nil
}

// outside returns an error about a cell that is not among the bins. If the hive
// is cut off, that may be why.
func (h *Hive) outside(beyond bool, format string, args ...any) error {
	if beyond && h.cut {
		format += "; the file is cut off"
	}
	return corruptf(format, args...)
}

// check says whether the content has n bytes at an offset.
func (c cell) check(offset, n uint32) error {
	if uint64(offset)+uint64(n) > uint64(c.length) {
		return corruptf("%s: %d bytes needed at %d, but the cell at offset %#x holds %d", c.what, n, offset, c.at-4, c.length)
	}
	return nil
}

// read fills buf from an offset in the content.
func (c cell) read(buf []byte, offset uint32) error {
	err := c.check(offset, uint32(len(buf)))
	if err == nil {
		err = c.hive.pages.read(buf, baseBlockSize+int64(c.at)+int64(offset))
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%s: %w", c.what, err)
	}
	return err
}

// content reads n bytes from an offset in the content. They are allocated only
// if the cell has them.
func (c cell) content(offset, n uint32) ([]byte, error) {
	if err := c.check(offset, n); err != nil {
		return nil, err
	}
	buf := make([]byte, n)
	return buf, c.read(buf, offset)
}
