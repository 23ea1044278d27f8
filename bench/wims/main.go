// Command wims compares the command wimble with wimlib-imagex and 7zz on whole
// files: it captures x86-64 programs and the source text of Go into WIM files
// with wimlib-imagex, then lets each program verify, describe, list and extract
// them, write their files to a stream, write them anew, and tell which Windows
// is in a large one. A second table compares one worker with one for each core.
//
//	go run ./wims                        everything
//	go run ./wims -only 'verify.*solid'  a part, by regular expression
//
// The programs take turns for several rounds; the fastest run of each counts,
// and its highest peak of memory as GNU time reports it. Files are extracted to
// /dev/shm where there is one, so that the file system counts for little. The
// result is a Markdown table on standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
	"github.com/wimble-go/wimble/bench/internal/windows"
)

func main() {
	only := flag.String("only", "", "run only the rows that match this regular expression, such as 'extract.*lzx'")
	rounds := flag.Int("rounds", 3, "how often each program has its turn, at least; short operations have more turns")
	flag.Parse()
	if err := run(os.Stdout, *only, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "wims:", err)
		os.Exit(1)
	}
}

// A kind of file, by the options of wimlib-imagex capture.
type kind struct {
	name    string
	options []string
}

var (
	xpress = kind{"xpress", []string{"--compress=XPRESS"}}
	lzx    = kind{"lzx", []string{"--compress=LZX"}}
	lzms   = kind{"lzms", []string{"--compress=LZMS"}}
	solid  = kind{"solid", []string{"--compress=LZMS", "--solid"}}
	folder = kind{"folder", nil} // the folder itself
)

// A group is the operations that are done to some files.
type group struct {
	operations, sources []string
	kinds               []kind
}

var groups = []group{
	{[]string{"verify", "info", "list", "extract", "tar"}, []string{"src", "pe"}, []kind{xpress, lzx, lzms, solid}},
	{[]string{"verify", "info", "fast", "version"}, []string{"windows"}, []kind{lzx, solid}},
	{[]string{"copy", "copy checked", "to xpress"}, []string{"src", "pe"}, []kind{lzx}},
	{[]string{"to lzx"}, []string{"src", "pe"}, []kind{solid}},
	{[]string{"capture xpress", "capture lzx"}, []string{"src", "pe"}, []kind{folder}},
	{[]string{"append"}, []string{"src", "pe"}, []kind{lzx}},
	{[]string{"update"}, []string{"pe", "windows"}, []kind{lzx}},
}

// A program of the comparison; the first is what the others are compared with.
// FILE, COPY, TREE and DIR in its arguments are the WIM file or folder, a copy
// of the file, the folder that it was captured from, and an empty folder;
// COMMAND puts a small file into an image. A program that cannot do something
// has no arguments for it.
type program struct {
	name string
	path string
	args map[string]string
}

func programs() ([]program, error) {
	wimble, _, err := tools.BuildWimble()
	if err != nil {
		return nil, err
	}
	all := []program{
		{"wimble", wimble, map[string]string{
			"verify":  "verify FILE",
			"info":    "info FILE",
			"list":    "ls -R FILE 1",
			"extract": "extract FILE 1 --to DIR",
			"tar":     "tar -o /dev/null FILE 1",
			"fast":    "version --fast FILE 1",
			"version": "version FILE 1",

			"copy":         "export FILE 1 DIR/out.wim --no-verify",
			"copy checked": "export FILE 1 DIR/out.wim",
			"to xpress":    "export FILE 1 DIR/out.wim --compress xpress",
			"to lzx":       "export FILE 1 DIR/out.wim --compress lzx",

			"capture xpress": "capture FILE DIR/out.wim --compress xpress",
			"capture lzx":    "capture FILE DIR/out.wim --compress lzx",
			"append":         "append TREE COPY",
			"update":         "update COPY 1 COMMAND",
		}},
		{"wimlib-imagex", "wimlib-imagex", map[string]string{
			"verify":  "verify FILE",
			"info":    "info FILE",
			"list":    "dir FILE 1",
			"extract": "apply FILE 1 DIR",
			"version": "extract FILE 1 " + windows.SoftwareHive + " --dest-dir=DIR",

			"copy":         "export FILE 1 DIR/out.wim",
			"copy checked": "export FILE 1 DIR/out.wim", // it checks nothing
			"to xpress":    "export FILE 1 DIR/out.wim --compress=XPRESS",
			"to lzx":       "export FILE 1 DIR/out.wim --compress=LZX",

			"capture xpress": "capture FILE DIR/out.wim --compress=XPRESS",
			"capture lzx":    "capture FILE DIR/out.wim --compress=LZX",
			"append":         "append TREE COPY again",
			"update":         "update COPY 1 --command=COMMAND",
		}},
		{"7zz", "7zz", map[string]string{
			"verify":  "t FILE",
			"list":    "l FILE",
			"extract": "x -y -oDIR FILE",
			"tar":     "x -so FILE", // no headers, the contents alone
		}},
	}
	for _, name := range []string{"wimlib-imagex", "7zz", "time"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w (apt-get install wimtools 7zip time)", err)
		}
	}
	return all, nil
}

func run(w io.Writer, only string, rounds int) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	cache, err := tools.Cache()
	if err != nil {
		return err
	}
	all, err := programs()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; best of %d or more rounds.\n\n", tools.Machine(), rounds)
	writeHead(w, all)
	for _, g := range groups {
		for _, operation := range g.operations {
			if err := g.compare(w, cache, pattern, operation, operation, all, rounds); err != nil {
				return err
			}
		}
	}
	if err := compareSplits(w, cache, pattern, all, rounds); err != nil {
		return err
	}
	fmt.Fprintln(w)
	workers := workerCounts(all[0])
	writeHead(w, workers)
	for _, g := range groups {
		if err := g.compare(w, cache, pattern, "workers", "verify", workers, rounds); err != nil {
			return err
		}
	}
	fmt.Fprint(w, "\n| operation and file | says | reads | kB read | file MB |\n| --- | --- | ---: | ---: | ---: |\n")
	return groups[1].each(cache, pattern, "version", func(name, file string) error {
		return writeReads(w, filepath.Base(file), file)
	})
}

// workerCounts are a program with a worker for each core, and with one.
func workerCounts(p program) []program {
	return []program{
		{"all cores", p.path, p.args},
		{"1 worker", p.path, map[string]string{"verify": p.args["verify"] + " --workers 1"}},
	}
}

// compare writes a row for each file of a group, under a title.
func (g group) compare(w io.Writer, cache string, pattern *regexp.Regexp, title, operation string, all []program, rounds int) error {
	return g.each(cache, pattern, title, func(name, file string) error {
		results, err := race(all, operation, file, scratch(), rounds)
		if err != nil {
			return err
		}
		writeRow(w, name, all, results)
		return nil
	})
}

// each calls do for the files of a group, with the name of a row about them, if
// it matches the pattern.
func (g group) each(cache string, pattern *regexp.Regexp, operation string, do func(name, file string) error) error {
	for _, source := range g.sources {
		for _, k := range g.kinds {
			name := fmt.Sprintf("%s %s-%s", operation, source, k.name)
			if !pattern.MatchString(name) {
				continue
			}
			file, err := capture(cache, source, k)
			if err != nil {
				return err
			}
			if err := do(name, file); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// capture returns a WIM file of a corpus, made with wimlib-imagex if it is not
// in the cache yet.
func capture(cache, source string, k kind) (string, error) {
	if k.options == nil {
		return sourceFolder(cache, source)
	}
	file := filepath.Join(cache, source+"-"+k.name+".wim")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	fmt.Fprintf(os.Stderr, "capturing %s\n", filepath.Base(file))
	fresh := file + ".new"
	if source == "windows" {
		if err := captureWindows(cache, fresh, k.options); err != nil {
			return "", err
		}
		return file, os.Rename(fresh, file)
	}
	folder, err := sourceFolder(cache, source)
	if err != nil {
		return "", err
	}
	args := append([]string{"capture", folder, fresh, source, "--check"}, k.options...)
	if _, err := tools.Output("", "wimlib-imagex", args...); err != nil {
		return "", err
	}
	return file, os.Rename(fresh, file)
}

// sourceFolder returns the folder of a corpus.
func sourceFolder(cache, source string) (string, error) {
	if source == "src" {
		return corpus.Source()
	}
	return corpus.PE(cache)
}

// A result is the best wall time of a program and the highest peak of its
// memory. The zero result means that it cannot do the operation.
type result struct {
	wall, cpu time.Duration // of the fastest run
	peak      int64         // bytes
	size      int64         // of the file that it wrote; 0 if it wrote none
}

// race lets all programs have their turns: some rounds, or more of them while
// all together took less than two seconds, at most 30. They write below a
// folder.
func race(all []program, operation, file, where string, rounds int) ([]result, error) {
	results := make([]result, len(all))
	start := time.Now()
	for round := 0; round < rounds || round < 30 && time.Since(start) < 2*time.Second; round++ {
		for i, p := range all {
			arguments := p.args[operation]
			if arguments == "" {
				continue
			}
			r, err := runOnce(p.path, arguments, file, where)
			if err != nil {
				return nil, err
			}
			if results[i].wall == 0 || r.wall < results[i].wall {
				results[i].wall, results[i].cpu, results[i].size = r.wall, r.cpu, r.size
			}
			results[i].peak = max(results[i].peak, r.peak)
		}
	}
	return results, nil
}

// runOnce runs a program on a file and throws away what it prints and what it
// writes below a folder.
func runOnce(path, arguments, file, where string) (result, error) {
	dir, err := os.MkdirTemp(where, "wimble-bench-*")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	extracted := filepath.Join(dir, "extracted")
	if err := os.Mkdir(extracted, 0o777); err != nil {
		return result{}, err
	}

	replace := []string{"FILE", file, "DIR", extracted}
	if strings.Contains(arguments, "COPY") {
		copied := filepath.Join(extracted, "out.wim")
		data, err := os.ReadFile(file)
		if err != nil {
			return result{}, err
		}
		if err := os.WriteFile(copied, data, 0o666); err != nil {
			return result{}, err
		}
		source, _, _ := strings.Cut(filepath.Base(file), "-")
		tree, err := sourceFolder(filepath.Dir(file), source)
		if err != nil {
			return result{}, err
		}
		small := filepath.Join(dir, "small.cmd")
		if err := os.WriteFile(small, []byte("wpeinit\r\n"), 0o666); err != nil {
			return result{}, err
		}
		replace = append(replace, "COPY", copied, "TREE", tree, "COMMAND", "add "+small+" /small.cmd")
	}

	// The kernel counts our own memory as that of a program that we start,
	// until this starts another: GNU time, which is small, does that.
	peak := filepath.Join(dir, "peak")
	args := append([]string{"-f", "%M", "-o", peak, path}, strings.Fields(arguments)...)
	for i := range args {
		args[i] = strings.NewReplacer(replace...).Replace(args[i])
	}
	cmd := exec.Command("time", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err = cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w: %s", strings.Join(args[4:], " "), err, strings.TrimSpace(stderr.String()))
	}
	r := result{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if written, err := os.Stat(filepath.Join(extracted, "out.wim")); err == nil {
		r.size = written.Size()
	}
	printed, err := os.ReadFile(peak)
	if err != nil {
		return result{}, err
	}
	if _, err := fmt.Sscan(string(printed), &r.peak); err != nil {
		return result{}, fmt.Errorf("time printed %q: %w", printed, err)
	}
	r.peak *= 1024 // from KiB
	return r, nil
}

// scratch returns a folder in memory, or "" if there is none.
func scratch() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

func writeHead(w io.Writer, all []program) {
	fmt.Fprintf(w, "| operation and file |")
	for _, p := range all {
		fmt.Fprintf(w, " %s s (CPU s, MB) |", p.name)
	}
	for _, p := range all[1:] {
		fmt.Fprintf(w, " times as fast as %s |", p.name)
	}
	fmt.Fprintf(w, "\n| --- |%s\n", strings.Repeat(" ---: |", 2*len(all)-1))
}

// writeRow prints wall time, processor time and peak memory of each program,
// and the ratio of the others' wall times to the first's. What writes a file
// has its size too.
func writeRow(w io.Writer, name string, all []program, results []result) {
	fmt.Fprintf(w, "| %s |", name)
	for i := range all {
		if results[i].wall == 0 {
			fmt.Fprint(w, " |")
			continue
		}
		fmt.Fprintf(w, " %.3f (%.3f, %.0f)", results[i].wall.Seconds(), results[i].cpu.Seconds(), float64(results[i].peak)/1e6)
		if results[i].size > 0 {
			fmt.Fprintf(w, ", writes %.2f MB", float64(results[i].size)/1e6)
		}
		fmt.Fprint(w, " |")
	}
	for i := range all[1:] {
		if results[i+1].wall == 0 {
			fmt.Fprint(w, " |")
			continue
		}
		fmt.Fprintf(w, " %.2f |", results[i+1].wall.Seconds()/results[0].wall.Seconds())
	}
	fmt.Fprintln(w)
}
