package wim

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
)

// integrityTable holds the SHA-1 of each chunk of a part, from the end of the
// header to the end of the blob table (WIM format sheet, section 10). It shows
// damage without decompressing anything. The XML is not covered.
type integrityTable struct {
	chunkSize int64
	end       int64
	sums      []SHA1
}

const integrityHeaderSize = 12

// readIntegrityTable reads a part's table, nil if it has none.
func (p *part) readIntegrityTable() (*integrityTable, error) {
	h := p.header.integrity
	if h.size == 0 {
		return nil, nil
	}
	fail := func(format string, args ...any) (*integrityTable, error) {
		return nil, formatErrorf("integrity table of %s: "+format, append([]any{p.name}, args...)...)
	}
	where, err := checkSpan(h.offset, h.size, p.size)
	if err != nil {
		return fail("%w", err)
	}
	if where.size < integrityHeaderSize || h.usize != h.size {
		return fail("%d bytes, %d uncompressed", where.size, h.usize)
	}
	raw, err := readGrowing(p.source, where.size, where.offset)
	if err != nil {
		return nil, fmt.Errorf("integrity table of %s: %w", p.name, err)
	}
	le := binary.LittleEndian
	size, count, chunkSize := int64(le.Uint32(raw)), int64(le.Uint32(raw[4:])), int64(le.Uint32(raw[8:]))
	covered, err := checkSpan(p.header.blobTable.offset, p.header.blobTable.size, p.size)
	if err != nil {
		return fail("the blob table that it covers: %w", err)
	}
	t := &integrityTable{chunkSize: chunkSize, end: covered.offset + covered.size}
	switch {
	case size != integrityHeaderSize+20*count || size > where.size:
		return fail("%d bytes for %d chunks", size, count)
	case chunkSize == 0 || t.end < headerSize || count != (t.end-headerSize+chunkSize-1)/chunkSize:
		return fail("%d chunks of %d bytes for %d bytes", count, chunkSize, t.end-headerSize)
	}
	t.sums = make([]SHA1, count)
	for i := range t.sums {
		t.sums[i] = SHA1(raw[integrityHeaderSize+20*i:][:20])
	}
	return t, nil
}

// check compares the table with the file. It returns an error for each run of
// damaged chunks.
func (t *integrityTable) check(ctx context.Context, p *part) (problems []error, err error) {
	buf := make([]byte, min(t.chunkSize, 1<<20))
	damagedFrom := int64(-1)
	report := func(end int64) {
		if damagedFrom >= 0 {
			problems = append(problems, fmt.Errorf("bytes %d to %d of %s differ from the integrity table: %w", damagedFrom, end, p.name, ErrChecksum))
			damagedFrom = -1
		}
	}
	at := int64(headerSize)
	for _, want := range t.sums {
		start := at
		hash := sha1.New()
		for end := min(start+t.chunkSize, t.end); at < end; {
			if err := ctx.Err(); err != nil {
				return problems, err
			}
			n := min(int64(len(buf)), end-at)
			if err := readFull(p.source, buf[:n], at); err != nil {
				return problems, fmt.Errorf("integrity of %s: %w", p.name, err)
			}
			hash.Write(buf[:n])
			at += n
		}
		switch damaged := SHA1(hash.Sum(nil)) != want; {
		case damaged && damagedFrom < 0:
			damagedFrom = start
		case !damaged:
			report(start)
		}
	}
	report(at)
	return problems, nil
}
