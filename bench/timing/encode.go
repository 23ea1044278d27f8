package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

type encoder interface {
	Encode(dst, src []byte) int
}

func newEncoder(codec chunkfile.Codec, chunkSize, level int) (encoder, error) {
	switch codec {
	case chunkfile.XPRESS:
		return xpress.NewEncoder(chunkSize, level)
	case chunkfile.LZX:
		return lzx.NewEncoder(chunkSize, level)
	}
	return nil, fmt.Errorf("there is no encoder of %s", codec)
}

func timeEncoder(codec chunkfile.Codec, chunkSize, level int, seconds float64, input, output string) error {
	data, err := os.ReadFile(input)
	if err != nil {
		return err
	}
	e, err := newEncoder(codec, chunkSize, level)
	if err != nil {
		return err
	}
	file, size, err := encode(e, codec, chunkSize, data)
	if err != nil {
		return err
	}
	if output != "" {
		if err := os.WriteFile(output, file.Append(nil), 0o666); err != nil {
			return err
		}
	}

	dst := make([]byte, chunkSize)
	var best time.Duration
	passes := 0
	for start := time.Now(); passes == 0 || time.Since(start).Seconds() < seconds; passes++ {
		began := processorTime()
		for at := 0; at < len(data); at += chunkSize {
			e.Encode(dst, data[at:min(at+chunkSize, len(data))])
		}
		if took := processorTime() - began; passes == 0 || took < best {
			best = took
		}
	}
	fmt.Println(size, best.Nanoseconds(), passes)
	return nil
}

// encode compresses data once and compares what each chunk decodes to. The file has
// the chunks that get smaller; size is that of all.
func encode(e encoder, codec chunkfile.Codec, chunkSize int, data []byte) (file *chunkfile.File, size int, err error) {
	d, err := newDecoder("wimble", codec, chunkSize)
	if err != nil {
		return nil, 0, err
	}
	file = &chunkfile.File{Codec: codec, ChunkSize: chunkSize}
	dst, decoded := make([]byte, chunkSize), make([]byte, chunkSize)
	for at := 0; at < len(data); at += chunkSize {
		src := data[at:min(at+chunkSize, len(data))]
		n := e.Encode(dst, src)
		if n == 0 {
			size += len(src)
			continue
		}
		if err := d.Decode(decoded[:len(src)], dst[:n]); err != nil {
			return nil, 0, fmt.Errorf("chunk at %d: %w", at, err)
		}
		if !bytes.Equal(decoded[:len(src)], src) {
			return nil, 0, fmt.Errorf("chunk at %d: decodes to something else", at)
		}
		size += n
		file.Chunks = append(file.Chunks, chunkfile.Chunk{Compressed: bytes.Clone(dst[:n]), Original: src})
	}
	return file, size, nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
