package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
	"github.com/wimble-go/wimble/bench/internal/tools"
)

// A duel is a level of an encoder of ours beside one of libwim's.
type duel struct {
	codec     chunkfile.Codec
	chunkSize int
	level     int
	libwim    int // its level
}

// duels are run with both kinds of data. The codecs' encoders are in command
// timing.
var duels = []duel{
	{chunkfile.XPRESS, 32 * kib, 10, 10},
	{chunkfile.XPRESS, 32 * kib, 20, 20},
	{chunkfile.XPRESS, 32 * kib, 30, 30},
	{chunkfile.XPRESS, 32 * kib, 50, 50},
	{chunkfile.XPRESS, 32 * kib, 60, 60},
	{chunkfile.XPRESS, 32 * kib, 80, 80},
	{chunkfile.XPRESS, 32 * kib, 100, 100},
	{chunkfile.XPRESS, 32 * kib, 100, 200},
	{chunkfile.XPRESS, 4 * kib, 50, 50},
	{chunkfile.XPRESS, 64 * kib, 50, 50},
	{chunkfile.LZX, 32 * kib, 10, 10},
	{chunkfile.LZX, 32 * kib, 40, 40},
	{chunkfile.LZX, 32 * kib, 50, 50},
	{chunkfile.LZX, 32 * kib, 80, 100},
	{chunkfile.LZX, 32 * kib, 100, 200},
	{chunkfile.LZX, 2 * mib, 50, 50},
}

func (d duel) row(data data) row { return row{d.codec, d.chunkSize, data} }

// A measure is what encoding came to.
type measure struct {
	size, nanoseconds int64
}

// runEncoders prints sizes and speeds of the encoders. Chunks that do not get smaller
// count with their full size, as a WIM stores them. Every chunk of ours is decoded by
// our decoder and by libwim first, and compared.
func runEncoders(w io.Writer, only string, rounds int, seconds float64) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	cache, err := tools.Cache()
	if err != nil {
		return err
	}
	libwim, err := tools.BuildChunks(cache)
	if err != nil {
		return err
	}
	ours, err := tools.BuildTiming(cache, "")
	if err != nil {
		return err
	}
	version, err := tools.Output("", libwim, "version")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; %s; best of %d rounds of %g s of processor time.\n\n", tools.Machine(), version, rounds, seconds)
	fmt.Fprintln(w, "| chunks | level | bytes | MB/s | libwim's level | bytes | MB/s | size, to libwim | speed, to libwim |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, data := range []data{programs, text} {
		input := filepath.Join(cache, data.name+".raw")
		original := int64(0)
		for _, d := range duels {
			if !pattern.MatchString(fmt.Sprintf("%s level %d", d.row(data), d.level)) {
				continue
			}
			if original == 0 {
				raw, err := data.bytes(cache)
				if err != nil {
					return err
				}
				original = int64(len(raw))
				if err := os.WriteFile(input, raw, 0o666); err != nil {
					return err
				}
			}
			a, b, err := d.run(ours, libwim, input, rounds, seconds)
			if err != nil {
				return fmt.Errorf("%s level %d: %w", d.row(data), d.level, err)
			}
			speed := func(m measure) float64 { return float64(original) * 1e3 / float64(m.nanoseconds) }
			fmt.Fprintf(w, "| %s | %d | %d | %.1f | %d | %d | %.1f | %.4f | %.2f |\n", d.row(data),
				d.level, a.size, speed(a), d.libwim, b.size, speed(b),
				float64(a.size)/float64(b.size), float64(b.nanoseconds)/float64(a.nanoseconds))
		}
	}
	return nil
}

// run lets both encode the file input in turn.
func (d duel) run(ours, libwim, input string, rounds int, seconds float64) (a, b measure, err error) {
	codec, chunk := strconv.Itoa(int(d.codec)), strconv.Itoa(d.chunkSize)
	time := strconv.FormatFloat(seconds, 'g', -1, 64)
	packed := input + ".chunks"
	defer os.Remove(packed)
	encode := []string{"-codec", codec, "-chunk", chunk, "-level", strconv.Itoa(d.level)}
	if _, err := tools.Output("", ours, append(encode, "-seconds", "0", "-o", packed, input)...); err != nil {
		return a, b, err
	}
	if _, err := tools.Output("", libwim, "time", packed, "0"); err != nil {
		return a, b, err
	}
	for range rounds {
		if err := a.better(ours, append(encode, "-seconds", time, input)...); err != nil {
			return a, b, err
		}
		if err := b.better(libwim, "pack", codec, chunk, strconv.Itoa(d.libwim), input, time); err != nil {
			return a, b, err
		}
	}
	return a, b, nil
}

// better runs an encoder, and keeps the best time.
func (m *measure) better(program string, args ...string) error {
	printed, err := tools.Output("", program, args...)
	if err != nil {
		return err
	}
	var best, passes int64
	if _, err := fmt.Sscan(printed, &m.size, &best, &passes); err != nil {
		return fmt.Errorf("%s printed %q: %w", program, printed, err)
	}
	if m.nanoseconds == 0 || best < m.nanoseconds {
		m.nanoseconds = best
	}
	return nil
}
