// Command console loads wimble serve: many clients browse an LZX file and a
// solid one, and download from them, on the loopback.
//
//	go run ./console                           200 clients for a minute
//	go run ./console -clients 20 -time 10s
//
// A client asks for something, waits for as long as a person or a program may
// take (half a second on average, -pause), and asks again: for the list, a
// package, a folder, a file, a part of a file. Whole files are compared with the
// SHA-1 that their ETag names. The result is a Markdown table on standard output.
// The exit status is 1 if a request failed, if the server took more than 512 MiB,
// or if the list took more than 50 ms at the median.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
)

func main() {
	l := load{samples: map[string][]time.Duration{}}
	flag.IntVar(&l.clients, "clients", 200, "how many clients there are at a time")
	flag.DurationVar(&l.time, "time", time.Minute, "how long they ask")
	flag.DurationVar(&l.pause, "pause", 500*time.Millisecond, "how long a client waits between requests, on average")
	flag.Parse()
	if err := l.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		os.Exit(1)
	}
}

// The promises that are checked.
const (
	mostMemory = 512 << 20
	mostList   = 50 * time.Millisecond
)

// load is one run.
type load struct {
	clients     int
	time, pause time.Duration

	address string
	client  *http.Client
	images  []image

	mu      sync.Mutex
	samples map[string][]time.Duration // by what was asked for
	bytes   int64
	errors  []error
}

// image is the only image of a package, and what is in it.
type image struct {
	id             string
	folders, files []string // paths
}

func (l *load) run(w io.Writer) error {
	dir, err := files()
	if err != nil {
		return err
	}
	server, err := l.start(dir)
	if err != nil {
		return err
	}
	defer func() { server.Process.Kill(); server.Wait() }()
	l.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: l.clients, MaxConnsPerHost: 2 * l.clients}}
	if err := l.explore(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.time)
	defer cancel()
	var clients sync.WaitGroup
	for range l.clients {
		clients.Go(func() { l.ask(ctx) })
	}
	clients.Wait()
	peak, err := tools.PeakMemory(server.Process.Pid)
	if err != nil {
		return err
	}
	return l.report(w, peak)
}

// files makes the files to serve, unless they are there from a run before.
func files() (string, error) {
	cache, err := tools.Cache()
	if err != nil {
		return "", err
	}
	source, err := corpus.Source()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "console")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for name, options := range map[string][]string{"lzx.wim": {"--compress=LZX"}, "solid.esd": {"--compress=LZMS", "--solid"}} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		fmt.Fprintln(os.Stderr, "making", path)
		args := append([]string{"capture", source, path + ".new", "source"}, options...)
		if _, err := tools.Output(dir, "wimlib-imagex", args...); err != nil {
			return "", err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// start builds the command and runs its server.
func (l *load) start(dir string) (*exec.Cmd, error) {
	program, _, err := tools.BuildWimble()
	if err != nil {
		return nil, err
	}
	server := exec.Command(program, "serve", "--listen", "127.0.0.1:0", dir)
	stderr, err := server.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, server.Process.Kill())
	}
	go io.Copy(io.Discard, stderr)
	l.address = strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(line), "/")
	return server, nil
}

// explore finds what can be asked for.
func (l *load) explore() error {
	var list struct{ Packages []struct{ ID string } }
	if err := l.object("/api/packages", &list); err != nil {
		return err
	}
	for _, p := range list.Packages {
		i := image{id: p.ID}
		waiting := []string{""}
		for len(waiting) > 0 && len(i.folders) < 300 {
			folder := waiting[0]
			waiting = waiting[1:]
			i.folders = append(i.folders, folder)
			var answer struct {
				Entries []struct {
					Path, Type string
					Size       int64
				}
			}
			if err := l.object("/api/packages/"+i.id+"/images/1/files"+folder, &answer); err != nil {
				return err
			}
			for _, e := range answer.Entries {
				switch {
				case e.Type == "dir":
					waiting = append(waiting, escape(e.Path))
				case e.Size > 0:
					i.files = append(i.files, escape(e.Path))
				}
			}
		}
		if len(i.files) == 0 {
			return fmt.Errorf("%s: there is no file in it", i.id)
		}
		l.images = append(l.images, i)
	}
	return nil
}

// escape makes a path that of a URL.
func escape(path string) string { return (&url.URL{Path: path}).EscapedPath() }

func (l *load) object(target string, value any) error {
	response, err := l.client.Get(l.address + target)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", target, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(value)
}

// ask is what one client does.
func (l *load) ask(ctx context.Context) {
	for {
		pause := time.Duration(rand.Float64() * 2 * float64(l.pause))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		i := l.images[rand.IntN(len(l.images))]
		base := "/packages/" + i.id
		switch n := rand.IntN(100); {
		case n < 30:
			l.get("list", "/", "")
		case n < 40:
			l.get("package", base, "")
		case n < 70:
			l.get("folder", base+"/images/1/browse"+i.folders[rand.IntN(len(i.folders))], "")
		case n < 95:
			l.get("file", base+"/images/1/content"+i.files[rand.IntN(len(i.files))], "")
		default:
			l.get("part of a file", base+"/images/1/content"+i.files[rand.IntN(len(i.files))], "bytes=0-99")
		}
	}
}

// get asks for something and notes how long the whole answer took.
func (l *load) get(what, target, part string) {
	start := time.Now()
	n, err := l.read(target, part)
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples[what] = append(l.samples[what], took)
	l.bytes += n
	if err != nil {
		l.errors = append(l.errors, fmt.Errorf("%s: %w", target, err))
	}
}

func (l *load) read(target, part string) (int64, error) {
	r, err := http.NewRequest("GET", l.address+target, nil)
	if err != nil {
		return 0, err
	}
	want := http.StatusOK
	if part != "" {
		r.Header.Set("Range", part)
		want = http.StatusPartialContent
	}
	response, err := l.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	hash := sha1.New()
	n, err := io.Copy(hash, response.Body)
	if err != nil {
		return n, err
	}
	if response.StatusCode != want {
		return n, errors.New(response.Status)
	}
	tag := strings.Trim(strings.TrimPrefix(response.Header.Get("ETag"), "W/"), `"`)
	if sum := hex.EncodeToString(hash.Sum(nil)); part == "" && tag != "" && sum != tag {
		return n, fmt.Errorf("the content has SHA-1 %s, the ETag says %s", sum, tag)
	}
	return n, nil
}

// report prints the table and checks the promises.
func (l *load) report(w io.Writer, peak int64) error {
	fmt.Fprintf(w, "%d clients for %v, %v between requests; %s\n\n", l.clients, l.time, l.pause, tools.Machine())
	fmt.Fprintln(w, "| asked for | requests | median | 99 % |\n| --- | ---: | ---: | ---: |")
	var list time.Duration
	for _, what := range []string{"list", "package", "folder", "file", "part of a file"} {
		times := l.samples[what]
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		median := times[len(times)/2]
		if what == "list" {
			list = median
		}
		fmt.Fprintf(w, "| %s | %d | %.1f ms | %.1f ms |\n", what, len(times), milliseconds(median), milliseconds(times[len(times)*99/100]))
	}
	fmt.Fprintf(w, "\nErrors: %d. Delivered: %d MB. Peak memory of the server: %d MiB.\n", len(l.errors), l.bytes/1e6, peak>>20)
	failed := slices.Clone(l.errors[:min(5, len(l.errors))])
	if peak > mostMemory {
		failed = append(failed, fmt.Errorf("the server took %d MiB", peak>>20))
	}
	if list > mostList {
		failed = append(failed, fmt.Errorf("the list took %v at the median", list))
	}
	return errors.Join(failed...)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
