// Command remote measures what it saves to read a WIM file on a web server where
// it lies, instead of downloading it first.
//
//	go run ./remote
//
// A server on the loopback interface pretends to be at the other end of a line:
// it waits 50 ms before each answer, and sends 100 Mbit/s. It serves a file of
// 300 MB that wimlib-imagex captures. The command wimble then does its work
// twice: on the URL, and on a copy, whose download is timed as well. The result
// is a Markdown table on standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
	"github.com/wimble-go/wimble/bench/internal/windows"
)

const (
	latency        = 50 * time.Millisecond
	bytesPerSecond = 100_000_000 / 8
)

func main() {
	only := flag.String("only", "", "measure only this operation, such as verify")
	flag.Parse()
	if err := run(os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, "remote:", err)
		os.Exit(1)
	}
}

// operations are the commands; FILE is the file or the URL.
var operations = []struct{ name, args string }{
	{"info", "info FILE"},
	{"version", "version FILE 1"},
	{"version --fast", "version --fast FILE 1"},
	{"cat of a small file", "cat FILE 1 /Windows/System32/kernel32.dll"},
	{"cat of 64 MiB", "cat FILE 1 " + windows.SoftwareHive},
	{"ls -R", "ls -R FILE 1"},
	{"verify", "verify FILE"},
}

func run(w io.Writer, only string) error {
	wimble, cache, err := tools.BuildWimble()
	if err != nil {
		return err
	}
	file, err := capture(cache)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	s, err := serve(file, latency, bytesPerSecond)
	if err != nil {
		return err
	}
	defer s.close()
	download, err := timed(func() error { return fetch(s.url) })
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; %d MB, downloaded in %.1f s.\n\n", tools.Machine(), info.Size()/1e6, download.Seconds())
	fmt.Fprint(w, "| operation | requests | MB | s | download and local work, s | ratio |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, o := range operations {
		if only != "" && o.name != only {
			continue
		}
		local, err := timed(func() error { return command(wimble, o.args, file) })
		if err != nil {
			return err
		}
		s.requests.Store(0)
		s.bytes.Store(0)
		remote, err := timed(func() error { return command(wimble, o.args, s.url) })
		if err != nil {
			return err
		}
		whole := download + local
		fmt.Fprintf(w, "| %s | %d | %.1f | %.2f | %.2f | %.1f |\n", o.name, s.requests.Load(), float64(s.bytes.Load())/1e6,
			remote.Seconds(), whole.Seconds(), whole.Seconds()/remote.Seconds())
	}
	return nil
}

// capture makes the file, unless it is there already.
func capture(cache string) (string, error) {
	file := filepath.Join(cache, "remote.wim")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	fmt.Fprintln(os.Stderr, "capturing", filepath.Base(file))
	source, err := corpus.Source()
	if err != nil {
		return "", err
	}
	if err := windows.Capture(cache, file+".new", map[string]string{"/Users": source}, "--compress=LZX", "--check"); err != nil {
		return "", err
	}
	return file, os.Rename(file+".new", file)
}

func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}

// fetch downloads a file to nowhere.
func fetch(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// command runs wimble on a file.
func command(wimble, args, file string) error {
	cmd := exec.Command(wimble, strings.Fields(strings.Replace(args, "FILE", file, 1))...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("wimble %s: %w: %s", args, err, stderr.String())
	}
	return nil
}
