// Command mutants changes good WIM files in small ways, gives what comes out to
// the library, to wimlib-imagex and to 7zz, and compares what they say.
//
//	go run ./mutants -n 100000 -seed 1                 a campaign
//	go run ./mutants -seed 1 -only 4711 -keep /tmp/m   one mutant of it, kept in a folder
//
// The files are the fixtures of testdata, and captures of a small tree that
// wimlib-imagex makes once and that the cache folder keeps. The changes know the
// format: they give a field of the header, of the blob table, of a chunk table, of a
// solid header, of the metadata another value, and make the hash of the metadata
// right again, so that the parsers after the check see the change; they move
// entries, edit the XML document, cut, extend and splice files, and flip bytes.
//
// Every mutant is opened, verified, walked and read by the library, which has to
// keep its promises: no panic; no content whose SHA-1, computed here, is not
// what its blob is named; errors of one line and of a known kind; processor time
// and memory in proportion to the bytes of the file and of its content. A
// promise that is broken ends the command with status 1.
//
// One mutant in -every goes to the other programs too. Where they disagree with
// the library, the report counts that by reason; known.go explains the reasons.
// The result is Markdown on standard output.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/wimble-go/wimble/bench/internal/tools"
	"github.com/wimble-go/wimble/wim"
)

// options are the flags of the command.
type options struct {
	n       uint64
	seed    uint64
	every   uint64
	workers uint64
	only    int64
	keep    string
	from    uint64 // the first mutant of a worker
	worker  bool
}

func main() {
	var o options
	flag.Uint64Var(&o.n, "n", 1000, "how many mutants")
	flag.Uint64Var(&o.seed, "seed", 1, "the number that all mutants follow from")
	flag.Uint64Var(&o.every, "every", 4, "give one mutant in so many to the other programs; 0 for none")
	flag.Uint64Var(&o.workers, "workers", 2, "how many processes work")
	flag.Int64Var(&o.only, "only", -1, "make this one mutant only, and tell all about it")
	flag.StringVar(&o.keep, "keep", "", "`FOLDER` for the mutants that the programs disagree about")
	flag.Uint64Var(&o.from, "from", 0, "the first mutant")
	flag.BoolVar(&o.worker, "worker", false, "be one of the processes that work (for the command itself)")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(o *options) error {
	root, err := tools.ModuleRoot()
	if err != nil {
		return err
	}
	cache, err := tools.Cache()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "mutants")
	if err := makeCaptures(cache); err != nil {
		return err
	}
	seeds, err := loadSeeds(filepath.Join(filepath.Dir(root), "testdata"), cache)
	if err != nil {
		return err
	}
	if o.keep != "" {
		if err := os.MkdirAll(o.keep, 0o777); err != nil {
			return err
		}
	}
	switch {
	case o.worker:
		return work(o, seeds, os.Stdout)
	case o.only >= 0:
		o.from, o.n, o.workers, o.every = uint64(o.only), uint64(o.only)+1, 1, 1
		return work(o, seeds, os.Stdout)
	}
	return campaign(o, seeds)
}

// result is what came of a mutant, as a worker prints it.
type result struct {
	Number      uint64
	Started     bool // the line that comes before the work, in case there is no other
	Seed        string
	Kind, Field string
	Bytes       int
	Ours        *finding
	Peers       []verdict
}

// work makes mutants and prints a line before and after each.
func work(o *options, seeds []*seed, w io.Writer) error {
	dir, err := os.MkdirTemp(scratch(), "wimble-mutants-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.every > 0 {
		if err := findPeers(dir, seeds); err != nil {
			return err
		}
	}
	references := map[string][]*wim.Reader{}
	for _, s := range seeds {
		if references[s.reference], err = openReference(s.reference); err != nil {
			return err
		}
	}
	out := json.NewEncoder(w)
	for i := o.from; i < o.n; i += o.workers {
		if err := out.Encode(result{Number: i, Started: true}); err != nil {
			return err
		}
		m := mutate(seeds, o.seed, i)
		r := result{Number: i, Seed: m.seed.name, Kind: m.kind, Field: m.field, Bytes: len(m.data)}
		r.Ours = examine(&m, references[m.seed.reference])
		if o.every > 0 && i/o.workers%o.every == 0 {
			file, err := writeParts(dir, &m)
			if err != nil {
				return err
			}
			for _, peer := range m.seed.peers {
				r.Peers = append(r.Peers, askPeer(peer, dir, file, m.seed, r.Ours))
			}
		}
		if o.keep != "" && (o.only >= 0 || r.disagrees() || len(r.Ours.Broken) > 0) {
			name := fmt.Sprintf("%d-%d-%s", o.seed, i, strings.ReplaceAll(m.seed.name, " ", "-"))
			if err := os.WriteFile(filepath.Join(o.keep, name), m.data, 0o666); err != nil {
				return err
			}
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// disagrees says whether another program sees the mutant differently.
func (r *result) disagrees() bool {
	for _, v := range r.Peers {
		if v.Good != (len(r.Ours.Damage) == 0) || v.Content != "" {
			return true
		}
	}
	return false
}

// findPeers finds out which programs read which seeds.
func findPeers(dir string, seeds []*seed) error {
	for _, peer := range peerNames {
		if _, err := exec.LookPath(peer); err != nil {
			return fmt.Errorf("%w (apt-get install wimtools 7zip, or -every 0)", err)
		}
		for _, s := range seeds {
			file, err := writeParts(dir, &mutant{seed: s, data: s.data()})
			if err != nil {
				return err
			}
			if askPeer(peer, dir, file, s, nil).Good {
				s.peers = append(s.peers, peer)
			}
		}
	}
	return nil
}

// scratch is a folder in memory, or "" if there is none.
func scratch() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// campaign has processes work, collects what they print, and writes the report.
// A mutant that kills its process is reported, and another process goes on with
// the next one.
func campaign(o *options, seeds []*seed) error {
	report := newReport(o)
	var mu sync.Mutex
	var group sync.WaitGroup
	var failures []error
	start := time.Now()
	for k := range o.workers {
		group.Go(func() {
			for from := o.from + k; from < o.n; {
				last, died, err := runWorker(o, from, func(r *result) {
					mu.Lock()
					defer mu.Unlock()
					report.add(r)
					if report.mutants%5000 == 0 {
						fmt.Fprintf(os.Stderr, "%d mutants, %v\n", report.mutants, time.Since(start).Round(time.Second))
					}
				})
				if err != nil {
					mu.Lock()
					failures = append(failures, err)
					mu.Unlock()
					return
				}
				if !died {
					return
				}
				from = last + o.workers
			}
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	report.elapsed = time.Since(start)
	report.write(os.Stdout)
	if len(report.broken) > 0 {
		return fmt.Errorf("%d mutants broke a promise", len(report.broken))
	}
	return nil
}

// runWorker runs a process that works from a mutant on. If it dies, the mutant
// that it died of is the last one.
func runWorker(o *options, from uint64, add func(*result)) (last uint64, died bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, false, err
	}
	cmd := exec.Command(self, "-worker", fmt.Sprintf("-n=%d", o.n), fmt.Sprintf("-seed=%d", o.seed), fmt.Sprintf("-every=%d", o.every),
		fmt.Sprintf("-workers=%d", o.workers), fmt.Sprintf("-from=%d", from), "-keep="+o.keep)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, false, err
	}
	if err := cmd.Start(); err != nil {
		return 0, false, err
	}
	started := false
	lines := json.NewDecoder(bufio.NewReader(stdout))
	for {
		var r result
		if err := lines.Decode(&r); err != nil {
			break
		}
		if last, started = r.Number, true; !r.Started {
			add(&r)
		}
	}
	err = cmd.Wait()
	switch {
	case err == nil:
		return last, false, nil
	case !started || !strings.Contains(stderr.String(), "goroutine "):
		return last, false, fmt.Errorf("a worker failed: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	add(&result{Number: last, Kind: "?", Field: "?", Ours: &finding{Broken: []string{"the process died: " + stderr.String()}, Damage: []string{"?"}}})
	return last, true, nil
}
