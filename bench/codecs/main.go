// Command codecs compares the chunk decoders of this module with libwim's, and
// its LZX decoder with go-winio's, on the same chunks: x86-64 programs and
// source text that libwim compressed. With -encoders it compares the encoders.
//
//	go run ./codecs                     all decoders
//	go run ./codecs -only 'LZX 32K'     a part, by regular expression
//	go run ./codecs -encoders           all encoders; -only as well
//
// Each decoder runs for a short time, one after the other, for several rounds;
// the fastest pass of each counts. Every decoder's output is compared with the
// original first. The result is a Markdown table on standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/bench/internal/chunkfile"
	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
)

func main() {
	only := flag.String("only", "", "run only the rows that match this regular expression, such as 'LZMS.*PE'")
	rounds := flag.Int("rounds", 6, "how often each decoder has its turn")
	seconds := flag.Float64("seconds", 0.4, "how long a turn lasts")
	encoders := flag.Bool("encoders", false, "compare encoders, not decoders")
	flag.Parse()
	compare := run
	if *encoders {
		compare = runEncoders
	}
	if err := compare(os.Stdout, *only, *rounds, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "codecs:", err)
		os.Exit(1)
	}
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

// A row of the table: one kind of chunk.
type row struct {
	codec     chunkfile.Codec
	chunkSize int
	data      data
}

func (r row) String() string {
	size := strconv.Itoa(r.chunkSize/kib) + "K"
	if r.chunkSize >= mib {
		size = strconv.Itoa(r.chunkSize/mib) + "M"
	}
	return fmt.Sprintf("%s %s %s", r.codec, size, r.data.name)
}

// data is what is compressed: bytes of a corpus. Pieces are as large as the
// largest common chunk or larger, so that few chunks hold parts of two.
type data struct {
	name             string
	limit, pieceSize int64
}

var (
	programs      = data{"PE", 32 * mib, 4 * mib}
	text          = data{"text", 32 * mib, 4 * mib}
	wholePrograms = data{"PE", 64 * mib, 64 * mib}
)

// bytes gets the data.
func (d data) bytes(cache string) ([]byte, error) {
	var folder, suffix string
	var err error
	if d.name == text.name {
		folder, err = corpus.Source()
		suffix = ".go"
	} else {
		folder, err = corpus.PE(cache)
	}
	if err != nil {
		return nil, err
	}
	return corpus.Bytes(folder, suffix, d.limit, d.pieceSize)
}

func rows() []row {
	var all []row
	for _, d := range []data{programs, text} {
		for size := 4 * kib; size <= 64*kib; size *= 2 {
			all = append(all, row{chunkfile.XPRESS, size, d})
		}
	}
	for _, d := range []data{programs, text} {
		for size := 32 * kib; size <= 2*mib; size *= 2 {
			all = append(all, row{chunkfile.LZX, size, d})
		}
	}
	for _, d := range []data{programs, text} {
		for _, size := range []int{32 * kib, 128 * kib, mib} {
			all = append(all, row{chunkfile.LZMS, size, d})
		}
	}
	return append(all, row{chunkfile.LZMS, 64 * mib, wholePrograms})
}

// A contestant decodes chunk files and tells how long a pass took.
type contestant struct {
	name    string
	program string
	args    func(file string, seconds float64) []string
	reads   func(row) bool
}

// The first contestant is what the others are compared with.
func contestants(cache string) ([]contestant, error) {
	libwim, err := tools.BuildChunks(cache)
	if err != nil {
		return nil, err
	}
	any := func(row) bool { return true }
	all := []contestant{{"libwim", libwim, func(file string, seconds float64) []string {
		return []string{"time", file, strconv.FormatFloat(seconds, 'g', -1, 64)}
	}, any}}
	timing := func(decoder string) func(string, float64) []string {
		return func(file string, seconds float64) []string {
			return []string{"-decoder", decoder, "-seconds", strconv.FormatFloat(seconds, 'g', -1, 64), file}
		}
	}
	for _, variant := range []struct{ name, tag string }{{"purego", "purego"}, {"noasm", "noasm"}, {"default", ""}} {
		program, err := tools.BuildTiming(cache, variant.tag)
		if err != nil {
			return nil, err
		}
		all = append(all, contestant{variant.name, program, timing("wimble"), any})
	}
	small := func(r row) bool { return r.codec == chunkfile.LZX && r.chunkSize == 32*kib }
	return append(all, contestant{"go-winio", all[len(all)-1].program, timing("go-winio"), small}), nil
}

func run(w io.Writer, only string, rounds int, seconds float64) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	cache, err := tools.Cache()
	if err != nil {
		return err
	}
	all, err := contestants(cache)
	if err != nil {
		return err
	}
	version, err := tools.Output("", all[0].program, "version")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; %s; best of %d rounds of %g s.\n\n", tools.Machine(), version, rounds, seconds)
	writeHead(w, all)
	for _, r := range rows() {
		if !pattern.MatchString(r.String()) {
			continue
		}
		file, err := chunks(cache, all[0].program, r)
		if err != nil {
			return err
		}
		result, err := race(all, r, file, rounds, seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", r, err)
		}
		writeRow(w, r, all, result)
	}
	return nil
}

// chunks returns the chunk file of a row, made with libwim if it is not in the
// cache yet.
func chunks(cache, libwim string, r row) (string, error) {
	file := filepath.Join(cache, strings.ReplaceAll(r.String(), " ", "-")+".chunks")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	raw, err := r.data.bytes(cache)
	if err != nil {
		return "", err
	}
	input := file + ".raw"
	defer os.Remove(input)
	if err := os.WriteFile(input, raw, 0o666); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "compressing %s\n", r)
	fresh := file + ".new"
	if _, err := tools.Output("", libwim, "compress", strconv.Itoa(int(r.codec)), strconv.Itoa(r.chunkSize), input, fresh); err != nil {
		return "", err
	}
	return file, os.Rename(fresh, file)
}

// A result holds what was measured for one row.
type result struct {
	compressed, original int64
	nanoseconds          []int64 // of the best pass, by contestant; 0 if it does not read the row
}

// race lets all contestants decode a file in turn.
func race(all []contestant, r row, file string, rounds int, seconds float64) (*result, error) {
	parsed, err := chunkfile.Read(file)
	if err != nil {
		return nil, err
	}
	res := &result{nanoseconds: make([]int64, len(all))}
	res.compressed, res.original = parsed.Sizes()
	for range rounds {
		for i, c := range all {
			if !c.reads(r) {
				continue
			}
			printed, err := tools.Output("", c.program, c.args(file, seconds)...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			var best, passes int64
			if _, err := fmt.Sscan(printed, &best, &passes); err != nil {
				return nil, fmt.Errorf("%s printed %q: %w", c.name, printed, err)
			}
			if res.nanoseconds[i] == 0 || best < res.nanoseconds[i] {
				res.nanoseconds[i] = best
			}
		}
	}
	return res, nil
}

func writeHead(w io.Writer, all []contestant) {
	fmt.Fprintf(w, "| chunks | ratio | %s MB/s |", all[0].name)
	for _, c := range all[1:] {
		fmt.Fprintf(w, " %s MB/s | to %s |", c.name, all[0].name)
	}
	fmt.Fprintf(w, "\n| --- | ---: | ---: |%s\n", strings.Repeat(" ---: | ---: |", len(all)-1))
}

// writeRow prints megabytes (10^6) of output a second, and how many times as
// fast as the first contestant that is.
func writeRow(w io.Writer, r row, all []contestant, res *result) {
	speed := func(i int) float64 { return float64(res.original) * 1e3 / float64(res.nanoseconds[i]) }
	fmt.Fprintf(w, "| %s | %.3f | %.0f |", r, float64(res.compressed)/float64(res.original), speed(0))
	for i := range all[1:] {
		if res.nanoseconds[i+1] == 0 {
			fmt.Fprint(w, " | |")
			continue
		}
		fmt.Fprintf(w, " %.0f | %.2f |", speed(i+1), speed(i+1)/speed(0))
	}
	fmt.Fprintln(w)
}
