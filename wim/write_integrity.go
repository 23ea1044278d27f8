package wim

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"

	"github.com/wimble-go/wimble/internal/pipeline"
	"github.com/wimble-go/wimble/internal/saferio"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// integrityChunk is how many bytes have a checksum in a new integrity table.
const integrityChunk = wimfile.IntegrityChunkSize

// integrity writes a table of checksums of what is between the header and the
// end of the blob table (WIM format sheet, section 10). Those of a file that is
// added to are taken over for what did not change.
func (p *writing) integrity(ctx context.Context, end int64) (wimfile.ResourceHeader, error) {
	source, ok := p.dst.(io.ReaderAt)
	if !ok {
		return wimfile.ResourceHeader{}, fmt.Errorf("an integrity table needs a destination that can be read: %w", ErrOption)
	}
	chunk, known, err := p.knownSums()
	if err != nil {
		return wimfile.ResourceHeader{}, err
	}
	sums, err := p.bulk.integritySums(ctx, source, end, chunk, known)
	if err != nil {
		return wimfile.ResourceHeader{}, err
	}
	begin := wimfile.NewIntegrityHeader(end, uint32(chunk))
	size := begin.Size
	h := wimfile.ResourceHeader{Offset: uint64(p.out.position()), Size: uint64(size), USize: uint64(size)}
	_, err = p.out.Write(append(begin.Append(nil), sums...))
	return h, err
}

// integritySums returns the checksums of what is between the header and an
// offset. Those of the first chunks may be known.
func (b *bulk) integritySums(ctx context.Context, source io.ReaderAt, end, chunk int64, known []byte) ([]byte, error) {
	count := int(wimfile.ChunkCount(end-headerSize, chunk))
	sums := make([]byte, 20*count)
	same := min(copy(sums, known)/20, count)
	return sums, pipeline.Parallel(b.workers, count-same, func(i int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i += same
		start := headerSize + int64(i)*chunk
		hash := sha1.New()
		if _, err := io.Copy(hash, io.NewSectionReader(source, start, min(chunk, end-start))); err != nil {
			return err
		}
		hash.Sum(sums[20*i : 20*i])
		return nil
	})
}

// knownSums returns the size of a chunk, and the checksums of the whole chunks
// that the integrity table of the file that is added to has.
func (p *writing) knownSums() (chunk int64, sums []byte, err error) {
	if p.base == nil {
		return integrityChunk, nil, nil
	}
	table, err := p.base.readIntegrityTable()
	// A chunk size that wimlib takes over too.
	if err != nil || table == nil || table.chunkSize < 1<<12 || table.chunkSize > 1<<27 {
		return integrityChunk, nil, nil // a bad table is made anew
	}
	sums, err = saferio.ReadData(p.base.source, 20*(table.covered()/table.chunkSize), table.sums)
	return table.chunkSize, sums, err
}
