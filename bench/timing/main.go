// Command timing times one Go decoder on a chunk file, as "chunks time" of
// libwim/chunks.c does for libwim: it decodes all chunks once and compares them
// with the original, then again and again for some seconds, and prints the
// nanoseconds of the fastest pass and the number of passes.
//
// With -level it times an encoder on plain bytes instead, as "chunks pack" does:
//
//	timing -level 50 -codec 1 -chunk 32768 [-seconds N] [-o CHUNKS] FILE
//
// Each chunk is decoded and compared first. The size, the nanoseconds of processor
// time of the fastest pass and the number of passes are printed; -o writes a
// chunk file, for other decoders.
//
// It is a program of its own because the variants of the codecs are chosen by
// build tags; command codecs builds it once for each.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	winio "github.com/Microsoft/go-winio/wim/lzx"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
	"github.com/wimble-go/wimble/lzms"
	"github.com/wimble-go/wimble/lzx"
	"github.com/wimble-go/wimble/xpress"
)

func main() {
	decoderName := flag.String("decoder", "wimble", "wimble or go-winio")
	seconds := flag.Float64("seconds", 1, "how long to repeat")
	level := flag.Int("level", 0, "time the encoder of this level")
	codec := flag.Int("codec", 1, "the encoder's codec, as in a chunk file")
	chunk := flag.Int("chunk", 32768, "the encoder's chunk size")
	output := flag.String("o", "", "where to write the encoder's chunk file")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: timing [-decoder NAME | -level N -codec N -chunk SIZE [-o CHUNKS]] [-seconds N] FILE")
		os.Exit(2)
	}
	var err error
	if *level != 0 {
		err = timeEncoder(chunkfile.Codec(*codec), *chunk, *level, *seconds, flag.Arg(0), *output)
	} else {
		err = run(*decoderName, *seconds, flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1)
	}
}

func run(decoderName string, seconds float64, name string) error {
	file, err := chunkfile.Read(name)
	if err != nil {
		return err
	}
	d, err := newDecoder(decoderName, file.Codec, file.ChunkSize)
	if err != nil {
		return err
	}
	dst := make([]byte, file.ChunkSize)
	for i, c := range file.Chunks {
		out := dst[:len(c.Original)]
		if err := d.Decode(out, c.Compressed); err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
		if !bytes.Equal(out, c.Original) {
			return fmt.Errorf("chunk %d: output differs from the original", i)
		}
	}

	var best time.Duration
	passes := 0
	for start := time.Now(); passes == 0 || time.Since(start).Seconds() < seconds; passes++ {
		began := time.Now()
		for _, c := range file.Chunks {
			if err := d.Decode(dst[:len(c.Original)], c.Compressed); err != nil {
				return err
			}
		}
		if took := time.Since(began); passes == 0 || took < best {
			best = took
		}
	}
	fmt.Println(best.Nanoseconds(), passes)
	return nil
}

type decoder interface {
	Decode(dst, src []byte) error
}

func newDecoder(name string, codec chunkfile.Codec, chunkSize int) (decoder, error) {
	switch {
	case name == "go-winio" && codec == chunkfile.LZX:
		return winioDecoder{}, nil
	case name != "wimble":
		return nil, fmt.Errorf("decoder %q does not read %s", name, codec)
	}
	switch codec {
	case chunkfile.XPRESS:
		return xpress.NewDecoder(), nil
	case chunkfile.LZX:
		return lzx.NewDecoder(chunkSize)
	case chunkfile.LZMS:
		return lzms.NewDecoder(), nil
	}
	return nil, errors.New("unknown codec")
}

// winioDecoder is the LZX reader of go-winio, which decodes a chunk of at most
// 32 KiB and cannot be used again.
type winioDecoder struct{}

func (winioDecoder) Decode(dst, src []byte) error {
	r, err := winio.NewReader(bytes.NewReader(src), len(dst))
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(r, dst); err != nil {
		return err
	}
	return r.Close()
}
