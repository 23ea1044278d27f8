package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
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

const integrityHeaderSize = wimfile.IntegrityHeaderSize

// readIntegrityTable reads the start of a part's table and checks that the rest
// can be there. It returns nil if the part has none.
func (p *part) readIntegrityTable() (*integrityTable, error) {
	h := p.header.integrity
	if h.Size == 0 {
		return nil, nil
	}
	fail := func(format string, args ...any) (*integrityTable, error) {
		return nil, p.cause(formatErrorf("integrity table of %s: "+format, append([]any{p.name}, args...)...))
	}
	where, err := checkSpan(h.Offset, h.Size, p.size)
	if err != nil {
		return fail("%w", err)
	}
	if where.size < integrityHeaderSize || h.USize != h.Size {
		return fail("%d bytes, %d uncompressed", where.size, h.USize)
	}
	var raw [integrityHeaderSize]byte
	if err := saferio.ReadFull(p.source, raw[:], where.offset); err != nil {
		return nil, fmt.Errorf("integrity table of %s: %w", p.name, err)
	}
	begin := wimfile.ParseIntegrityHeader(raw[:])
	size, count, chunkSize := int64(begin.Size), int64(begin.Count), int64(begin.ChunkSize)
	covered, err := checkSpan(p.header.blobTable.Offset, p.header.blobTable.Size, p.size)
	if err != nil {
		return fail("the blob table that it covers: %w", err)
	}
	end := covered.offset + covered.size
	switch {
	case size != integrityHeaderSize+20*count || size > where.size:
		return fail("%d bytes for %d chunks", size, count)
	case chunkSize == 0 || end < headerSize || count != wimfile.ChunkCount(end-headerSize, chunkSize):
		return fail("%d chunks of %d bytes for %d bytes", count, chunkSize, end-headerSize)
	}
	return &integrityTable{chunkSize, end, count, where.offset + integrityHeaderSize}, nil
}

const (
	// integrityBatch is how many chunks are checked before the result is looked
	// at.
	integrityBatch = 1024

	// integrityWorkers is how many chunks of usually 10 MiB are hashed at a
	// time at most. More would read further ahead of what else Verify reads
	// than a cache of the source may have room for, and hash faster than that
	// can be decoded.
	integrityWorkers = 4
)

// covered is how many bytes of the file the table covers.
func (t *integrityTable) covered() int64 { return t.end - headerSize }

// check compares the table with the file, as a part of a bulk operation. It
// returns an error for each run of damaged chunks; where there are very many,
// the last one counts the rest.
func (t *integrityTable) check(ctx context.Context, p *part, b *bulk) ([]error, error) {
	var problems warnings
	damagedFrom := int64(-1)
	report := func(end int64) {
		if damagedFrom >= 0 {
			problems.add(p.cause(fmt.Errorf("bytes %d to %d of %s differ from the integrity table: %w", damagedFrom, end, p.name, ErrChecksum)))
			damagedFrom = -1
		}
	}
	var sums [20 * integrityBatch]byte
	var err error
	checked := int64(0)
	for err == nil && checked < t.count {
		n := min(integrityBatch, t.count-checked)
		err = saferio.ReadFull(p.source, sums[:20*n], t.sums+20*checked)
		var damaged []bool
		if err == nil {
			damaged, err = t.checkBatch(ctx, p, checked, sums[:20*n], b)
		}
		for _, d := range damaged {
			switch start := t.chunkStart(checked); {
			case d && damagedFrom < 0:
				damagedFrom = start
			case !d:
				report(start)
			}
			checked++
		}
	}
	report(t.chunkStart(checked))
	if problems.dropped > 0 {
		problems.list = append(problems.list, fmt.Errorf("%d more ranges of %s differ from the integrity table: %w", problems.dropped, p.name, ErrChecksum))
	}
	if err != nil {
		err = fmt.Errorf("integrity of %s: %w", p.name, err)
	}
	return problems.list, err
}

// chunkStart is where chunk i begins, or the end of the last one.
func (t *integrityTable) chunkStart(i int64) int64 {
	return min(headerSize+i*t.chunkSize, t.end)
}

// checkBatch says which of the chunks from first on differ from their sums.
// After an error it does so for the chunks before the first one that cannot be
// read.
func (t *integrityTable) checkBatch(ctx context.Context, p *part, first int64, sums []byte, b *bulk) ([]bool, error) {
	damaged := make([]bool, len(sums)/20)
	errs := make([]error, len(damaged))
	err := pipeline.Parallel(min(b.workers, integrityWorkers), len(damaged), func(i int) error {
		var sum SHA1
		sum, errs[i] = t.hashChunk(ctx, p, first+int64(i), b)
		damaged[i] = sum != SHA1(sums[20*i:])
		return errs[i]
	})
	if err == nil {
		return damaged, nil
	}
	bad := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	return damaged[:bad], errs[bad]
}

// hashChunk returns the SHA-1 of chunk i.
func (t *integrityTable) hashChunk(ctx context.Context, p *part, i int64, b *bulk) (SHA1, error) {
	buffer := p.env.buffers.Get(int(min(t.chunkSize, 1<<20)))
	defer p.env.buffers.Put(buffer)
	hash, buf := sha1.New(), *buffer
	for at, end := t.chunkStart(i), t.chunkStart(i+1); at < end; {
		if err := ctx.Err(); err != nil {
			return SHA1{}, err
		}
		n := min(int64(len(buf)), end-at)
		if err := saferio.ReadFull(p.source, buf[:n], at); err != nil {
			return SHA1{}, err
		}
		hash.Write(buf[:n])
		b.progress(n, "")
		at += n
		if b.hashed != nil && !b.hashed(p, at) {
			return SHA1{}, context.Canceled
		}
	}
	return SHA1(hash.Sum(nil)), nil
}
