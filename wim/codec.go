package wim

import (
	"fmt"
	"math/bits"
	"sync"

	"github.com/wimble-go/wimble/lzms"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

// chunkDecoder is what the codecs have in common. A decoder is reused from
// chunk to chunk and serves one goroutine at a time.
type chunkDecoder interface {
	Decode(dst, src []byte) error
}

// decoders lends decoders to goroutines. The zero value is ready for use.
type decoders struct {
	xpress sync.Pool
	lzx    [22]sync.Pool // by the binary logarithm of the window size
	lzms   sync.Pool
}

// pool returns where idle decoders of the codec wait.
func (d *decoders) pool(codec Compression, chunkSize int) *sync.Pool {
	switch codec {
	case CompressionXPRESS:
		return &d.xpress
	case CompressionLZX:
		return &d.lzx[bits.TrailingZeros32(uint32(chunkSize))]
	}
	return &d.lzms
}

// decode decompresses one chunk. The caller has checked that there is a codec,
// and chunkSize against its range.
func (d *decoders) decode(codec Compression, chunkSize int, dst, src []byte) error {
	pool := d.pool(codec, chunkSize)
	decoder, _ := pool.Get().(chunkDecoder)
	if decoder == nil {
		var err error
		if decoder, err = newDecoder(codec, chunkSize); err != nil {
			return err
		}
	}
	err := decoder.Decode(dst, src)
	pool.Put(decoder)
	return err
}

func newDecoder(codec Compression, chunkSize int) (chunkDecoder, error) {
	switch codec {
	case CompressionXPRESS:
		return xpress.NewDecoder(), nil
	case CompressionLZX:
		return lzx.NewDecoder(chunkSize)
	}
	return lzms.NewDecoder(), nil
}

// newEncoder returns an encoder of the codec.
func newEncoder(codec Compression, chunkSize, level int) (chunkEncoder, error) {
	switch codec {
	case CompressionXPRESS:
		return xpress.NewEncoder(chunkSize, level)
	case CompressionLZX:
		return lzx.NewEncoder(chunkSize, level)
	}
	return nil, fmt.Errorf("%v cannot be written: %w", codec, ErrUnsupported)
}
