package wim

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/wimble-go/wimble/internal/wimfile"
	"github.com/wimble-go/wimble/lzms"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

// Compression is the codec of a file or of a solid resource. The values are
// those that a solid resource's header uses.
type Compression uint32

const (
	CompressionNone   = Compression(wimfile.CodecNone)
	CompressionXPRESS = Compression(wimfile.CodecXPRESS)
	CompressionLZX    = Compression(wimfile.CodecLZX)
	CompressionLZMS   = Compression(wimfile.CodecLZMS)
)

// chunkDecoder is what the codecs have in common. A decoder is reused from
// chunk to chunk and serves one goroutine at a time.
type chunkDecoder interface {
	Decode(dst, src []byte) error
}

// codec is all that is to be known of a codec.
type codec struct {
	name        string
	flag        HeaderFlags // names it in a file's header
	flagToo     HeaderFlags // does so as well
	least, most uint32      // chunk sizes, both powers of two (WIM format sheet, section 1.5)
	newDecoder  func(chunkSize int) (chunkDecoder, error)
	newEncoder  func(chunkSize, level int) (chunkEncoder, error) // nil if it cannot be written
}

// codecs are the codecs, by the number that a solid resource has for each. A
// solid resource has chunks even without a codec; the range of their sizes is
// then that of 7-Zip.
var codecs = [...]codec{
	CompressionNone: {name: "none", least: 1 << 8, most: 1 << 31},
	CompressionXPRESS: {
		name: "XPRESS", flag: wimfile.FlagXPRESS, flagToo: wimfile.FlagXPRESS2, least: xpress.MinChunk, most: xpress.MaxChunk,
		newDecoder: func(int) (chunkDecoder, error) { return xpress.NewDecoder(), nil },
		newEncoder: func(chunkSize, level int) (chunkEncoder, error) { return xpress.NewEncoder(chunkSize, level) },
	},
	CompressionLZX: {
		name: "LZX", flag: wimfile.FlagLZX, least: lzx.MinWindow, most: lzx.MaxWindow,
		newDecoder: func(chunkSize int) (chunkDecoder, error) { return lzx.NewDecoder(chunkSize) },
		newEncoder: func(chunkSize, level int) (chunkEncoder, error) { return lzx.NewEncoder(chunkSize, level) },
	},
	CompressionLZMS: {
		name: "LZMS", flag: wimfile.FlagLZMS, least: 1 << 15, most: lzms.MaxChunk,
		newDecoder: func(int) (chunkDecoder, error) { return lzms.NewDecoder(), nil },
	},
}

// codec returns what is known of the codec, and an error for an unknown one.
func (c Compression) codec() (*codec, error) {
	if uint64(c) >= uint64(len(codecs)) {
		return nil, fmt.Errorf("%v: %w", c, ErrUnsupported)
	}
	return &codecs[c], nil
}

// String returns "none", "XPRESS", "LZX" or "LZMS".
func (c Compression) String() string {
	if uint64(c) >= uint64(len(codecs)) {
		return fmt.Sprintf("codec %d", uint32(c))
	}
	return codecs[c].name
}

// checkChunkSize says whether size is a legal chunk size of the codec. The
// texts of its errors leave the kind out, which is another one for a writer.
func (c Compression) checkChunkSize(size uint32) error {
	known, err := c.codec()
	switch {
	case err != nil:
		return err
	case bits.OnesCount32(size) != 1:
		return &kindError{fmt.Sprintf("chunk size %d is not a power of two", size), ErrFormat}
	case size < known.least || size > known.most:
		return &kindError{fmt.Sprintf("chunk size %d is outside of %d to %d, the range of %v", size, known.least, known.most, c), ErrUnsupported}
	}
	return nil
}

// codecsOf returns the codecs that the flags of a header name.
func codecsOf(flags HeaderFlags) (found []Compression) {
	for i, c := range codecs {
		if flags&(c.flag|c.flagToo) != 0 {
			found = append(found, Compression(i))
		}
	}
	return found
}

// decoders lends decoders to goroutines. The zero value is ready for use.
type decoders struct {
	pools [len(codecs)][32]sync.Pool // by codec and the binary logarithm of the chunk size

	decoded atomic.Int64 // bytes of chunks, for tests of what an operation costs
}

// decode decompresses one chunk. The caller has checked chunkSize.
func (d *decoders) decode(codec Compression, chunkSize int, dst, src []byte) error {
	known, err := codec.codec()
	if err != nil {
		return err
	}
	if known.newDecoder == nil {
		return fmt.Errorf("there are no compressed chunks without a codec: %w", ErrUnsupported)
	}
	pool := &d.pools[codec][bits.TrailingZeros32(uint32(chunkSize))]
	decoder, _ := pool.Get().(chunkDecoder)
	if decoder == nil {
		if decoder, err = known.newDecoder(chunkSize); err != nil {
			return err
		}
	}
	d.decoded.Add(int64(len(dst)))
	err = decoder.Decode(dst, src)
	pool.Put(decoder)
	return err
}

// newEncoder returns an encoder of the codec.
func newEncoder(codec Compression, chunkSize, level int) (chunkEncoder, error) {
	known, err := codec.codec()
	if err != nil {
		return nil, err
	}
	if known.newEncoder == nil {
		return nil, fmt.Errorf("%v cannot be written: %w", codec, ErrUnsupported)
	}
	return known.newEncoder(chunkSize, level)
}
