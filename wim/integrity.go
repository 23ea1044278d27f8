package wim

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
)

// integrityTable describes a table with the SHA-1 of each chunk of a part, from
// the end of the header to the end of the blob table (WIM format sheet, section
// 10). It shows damage without decompressing anything. The XML is not covered.
type integrityTable struct {
	chunkSize int64
	end       int64
	count     int64
	sums      int64 // offset of the first SHA-1
}

const integrityHeaderSize = 12

// readIntegrityTable reads the start of a part's table and checks that the rest
// can be there. It returns nil if the part has none.
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
	var raw [integrityHeaderSize]byte
	if err := readFull(p.source, raw[:], where.offset); err != nil {
		return nil, fmt.Errorf("integrity table of %s: %w", p.name, err)
	}
	le := binary.LittleEndian
	size, count, chunkSize := int64(le.Uint32(raw[0:])), int64(le.Uint32(raw[4:])), int64(le.Uint32(raw[8:]))
	covered, err := checkSpan(p.header.blobTable.offset, p.header.blobTable.size, p.size)
	if err != nil {
		return fail("the blob table that it covers: %w", err)
	}
	end := covered.offset + covered.size
	chunks := func(size int64) int64 { return size/chunkSize + min(size%chunkSize, 1) } // rounded up
	switch {
	case size != integrityHeaderSize+20*count || size > where.size:
		return fail("%d bytes for %d chunks", size, count)
	case chunkSize == 0 || end < headerSize || count != chunks(end-headerSize):
		return fail("%d chunks of %d bytes for %d bytes", count, chunkSize, end-headerSize)
	}
	return &integrityTable{chunkSize, end, count, where.offset + integrityHeaderSize}, nil
}

// check compares the table with the file. It returns an error for each run of
// damaged chunks; where there are very many, the last one counts the rest.
func (t *integrityTable) check(ctx context.Context, p *part) ([]error, error) {
	var problems warnings
	damagedFrom := int64(-1)
	report := func(end int64) {
		if damagedFrom >= 0 {
			problems.add(fmt.Errorf("bytes %d to %d of %s differ from the integrity table: %w", damagedFrom, end, p.name, ErrChecksum))
			damagedFrom = -1
		}
	}
	sums := bufio.NewReader(io.NewSectionReader(p.source, t.sums, 20*t.count))
	buf := make([]byte, min(t.chunkSize, 1<<20))
	at := int64(headerSize)
	for range t.count {
		var want SHA1
		_, err := io.ReadFull(sums, want[:])
		start := at
		hash := sha1.New()
		for end := start + min(t.chunkSize, t.end-start); at < end && err == nil; {
			if err = ctx.Err(); err == nil {
				n := min(int64(len(buf)), end-at)
				err = readFull(p.source, buf[:n], at)
				hash.Write(buf[:n])
				at += n
			}
		}
		if err != nil {
			return problems.list, fmt.Errorf("integrity of %s: %w", p.name, err)
		}
		switch damaged := SHA1(hash.Sum(nil)) != want; {
		case damaged && damagedFrom < 0:
			damagedFrom = start
		case !damaged:
			report(start)
		}
	}
	report(at)
	if problems.dropped > 0 {
		problems.list = append(problems.list, fmt.Errorf("%d more ranges of %s differ from the integrity table: %w", problems.dropped, p.name, ErrChecksum))
	}
	return problems.list, nil
}
