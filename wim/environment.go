package wim

import (
	"fmt"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// environment is what the decoding of resources needs besides their bytes: the
// limits, and the memory that all resources of a Reader share.
type environment struct {
	limits   Limits
	cache    pipeline.Cache[chunkKey]
	decoders decoders
	buffers  pipeline.Buffers // for compressed bytes
	chunks   pipeline.Buffers // for decoded ones
}

// checkChunkLimit says whether chunks of a size may be decoded.
func (e *environment) checkChunkLimit(size int64) error {
	if size > e.limits.ChunkSize {
		return fmt.Errorf("chunks of %d bytes, the limit is %d: %w; raise Limits.ChunkSize to read it", size, e.limits.ChunkSize, ErrLimit)
	}
	return nil
}
