// Command mount compares wimble mount with wimlib-imagex mount: one large file read
// in order, a walk of a tree, and large files read by one reader and by eight at
// once.
//
//	go run ./mount
//
// wimlib-imagex captures an LZX file of the source text of Go and of nine large
// files. The programs mount it in turn, anew for each measurement, so that the
// kernel has nothing of it cached; the fastest of some rounds counts. The result
// is a Markdown table on standard output. It needs FUSE.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/wimble-go/wimble/bench/internal/corpus"
	"github.com/wimble-go/wimble/bench/internal/tools"
)

const (
	readers   = 8
	largeSize = 64 << 20
	partSize  = 16 << 20 // of the files for the readers
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each program has its turn")
	flag.Parse()
	if err := run(os.Stdout, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		os.Exit(1)
	}
}

// operations are what is done to a mounted image.
var operations = []struct {
	name string
	do   func(dir string) error
}{
	{fmt.Sprintf("read a file of %d MiB", largeSize>>20), func(dir string) error { return read(filepath.Join(dir, "large")) }},
	{"walk of 10,000 files", walk},
	{fmt.Sprintf("%d files of %d MiB, 1 reader", readers, partSize>>20), func(dir string) error {
		for i := range readers {
			if err := read(partName(dir, i)); err != nil {
				return err
			}
		}
		return nil
	}},
	{fmt.Sprintf("%d files of %d MiB, %d readers", readers, partSize>>20, readers), func(dir string) error {
		errs := make([]error, readers)
		var group sync.WaitGroup
		for i := range readers {
			group.Go(func() { errs[i] = read(partName(dir, i)) })
		}
		group.Wait()
		return errors.Join(errs...)
	}},
}

func run(w io.Writer, rounds int) error {
	wimble, cache, err := tools.BuildWimble()
	if err != nil {
		return err
	}
	file, err := capture(cache)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wimble-mount-*")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	best := make([][2]time.Duration, len(operations))
	for range rounds {
		for i, o := range operations {
			for k, mount := range []func() (unmount func() error, err error){
				func() (func() error, error) { return mountOurs(wimble, file, dir) },
				func() (func() error, error) { return mountTheirs(file, dir) },
			} {
				took, err := measure(mount, func() error { return o.do(dir) })
				if err != nil {
					return fmt.Errorf("%s: %w", o.name, err)
				}
				if best[i][k] == 0 || took < best[i][k] {
					best[i][k] = took
				}
			}
		}
	}
	fmt.Fprintf(w, "%s; best of %d rounds.\n\n| operation | wimble s | wimlib-imagex s | times as fast |\n| --- | ---: | ---: | ---: |\n", tools.Machine(), rounds)
	for i, o := range operations {
		ours, theirs := best[i][0].Seconds(), best[i][1].Seconds()
		fmt.Fprintf(w, "| %s | %.3f | %.3f | %.2f |\n", o.name, ours, theirs, theirs/ours)
	}
	one, all := best[len(best)-2], best[len(best)-1]
	fmt.Fprintf(w, "| speedup of %d readers | %.2f | %.2f | |\n", readers, one[0].Seconds()/all[0].Seconds(), one[1].Seconds()/all[1].Seconds())
	return nil
}

// capture returns the file, made with wimlib-imagex if it is not in the cache yet.
func capture(cache string) (string, error) {
	file := filepath.Join(cache, "mount.wim")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	source, err := corpus.Source()
	if err != nil {
		return "", err
	}
	text, err := corpus.Bytes(source, ".go", largeSize, largeSize/16)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(cache, "mount-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "large"), text, 0o666); err != nil {
		return "", err
	}
	for i := range readers { // each begins elsewhere, so that no two are the same
		part := bytes.Clone(text[i*len(text)/(2*readers)+i:][:partSize])
		if err := os.WriteFile(partName(folder, i), part, 0o666); err != nil {
			return "", err
		}
	}
	list := filepath.Join(cache, "mount.txt")
	if err := os.WriteFile(list, fmt.Appendf(nil, "\"%s\" /\n\"%s\" /src\n", folder, source), 0o666); err != nil {
		return "", err
	}
	fresh := file + ".new"
	if _, err := tools.Output("", "wimlib-imagex", "capture", list, fresh, "mount", "--source-list", "--compress=LZX"); err != nil {
		return "", err
	}
	return file, os.Rename(fresh, file)
}

// partName is the file for a reader.
func partName(dir string, i int) string { return filepath.Join(dir, fmt.Sprint("part", i)) }

// mountOurs mounts the image, and returns when it is there.
func mountOurs(wimble, file, dir string) (unmount func() error, err error) {
	cmd := exec.Command(wimble, "mount", file, "1", dir)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	unmount = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		return cmd.Wait()
	}
	for range 1000 {
		if _, err := os.Stat(partName(dir, 0)); err == nil {
			return unmount, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("nothing is mounted"), unmount())
}

// mountTheirs mounts the image with wimlib-imagex, which goes into the background.
func mountTheirs(file, dir string) (unmount func() error, err error) {
	if _, err := tools.Output("", "wimlib-imagex", "mount", file, "1", dir); err != nil {
		return nil, err
	}
	return func() error { _, err := tools.Output("", "wimlib-imagex", "unmount", dir); return err }, nil
}

// measure is how long something takes while the image is mounted.
func measure(mount func() (func() error, error), do func() error) (time.Duration, error) {
	unmount, err := mount()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = do()
	took := time.Since(start)
	return took, errors.Join(err, unmount())
}

// read reads a file in order.
func read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	return err
}

// walk looks at each file of a tree.
func walk(dir string) error {
	return filepath.WalkDir(filepath.Join(dir, "src"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		_, err = d.Info()
		return err
	})
}
