// Package chunkfile reads and writes chunk files as libwim/chunks.c does: chunks of
// one codec and one chunk size, together with the bytes that they must give.
package chunkfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Codec is a chunk codec, with the number that it has in a chunk file (and in
// the header of a solid resource).
type Codec uint32

// The codecs of WIM files.
const (
	XPRESS Codec = 1
	LZX    Codec = 2
	LZMS   Codec = 3
)

func (c Codec) String() string {
	switch c {
	case XPRESS:
		return "XPRESS"
	case LZX:
		return "LZX"
	case LZMS:
		return "LZMS"
	}
	return fmt.Sprintf("Codec(%d)", uint32(c))
}

// Chunk is one compressed chunk and what it decompresses to.
type Chunk struct {
	Compressed []byte
	Original   []byte
}

// File is a chunk file in memory.
type File struct {
	Codec     Codec
	ChunkSize int
	Chunks    []Chunk
}

const (
	magic      = "WIMCHNK1"
	headerSize = len(magic) + 3*4
	entrySize  = 8
)

var errCutOff = errors.New("chunk file is cut off")

// Read reads a whole chunk file.
func Read(name string) (*File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Parse splits data, which it keeps, into chunks.
func Parse(data []byte) (*File, error) {
	if len(data) < headerSize || string(data[:len(magic)]) != magic {
		return nil, errors.New("not a chunk file")
	}
	header := data[len(magic):headerSize]
	f := &File{
		Codec:     Codec(binary.LittleEndian.Uint32(header)),
		ChunkSize: int(binary.LittleEndian.Uint32(header[4:])),
	}
	n := int(binary.LittleEndian.Uint32(header[8:]))
	rest := data[headerSize:]
	if n > len(rest)/entrySize {
		return nil, errCutOff
	}
	table := rest[:n*entrySize]
	rest = rest[n*entrySize:]

	f.Chunks = make([]Chunk, n)
	take := func(size uint32) ([]byte, error) {
		if uint64(size) > uint64(len(rest)) {
			return nil, errCutOff
		}
		taken := rest[:size:size]
		rest = rest[size:]
		return taken, nil
	}
	var err error
	for i := range f.Chunks {
		if f.Chunks[i].Compressed, err = take(binary.LittleEndian.Uint32(table[i*entrySize:])); err != nil {
			return nil, err
		}
	}
	for i := range f.Chunks {
		if f.Chunks[i].Original, err = take(binary.LittleEndian.Uint32(table[i*entrySize+4:])); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Append adds f to b, as it is in a file.
func (f *File) Append(b []byte) []byte {
	b = append(b, magic...)
	for _, v := range []int{int(f.Codec), f.ChunkSize, len(f.Chunks)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, c := range f.Chunks {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Compressed)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Original)))
	}
	for _, c := range f.Chunks {
		b = append(b, c.Compressed...)
	}
	for _, c := range f.Chunks {
		b = append(b, c.Original...)
	}
	return b
}

// Sizes returns the sum of the compressed and of the original sizes.
func (f *File) Sizes() (compressed, original int64) {
	for _, c := range f.Chunks {
		compressed += int64(len(c.Compressed))
		original += int64(len(c.Original))
	}
	return compressed, original
}
