package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// A counter counts what is read.
type counter struct {
	source io.ReaderAt
	calls  atomic.Int64
	bytes  atomic.Int64
}

func (c *counter) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.source.ReadAt(p, offset)
	c.calls.Add(1)
	c.bytes.Add(int64(n))
	return n, err
}

// writeReads prints how much of a file the library reads for what the commands
// info, version --fast and version tell.
func writeReads(w io.Writer, name, file string) error {
	for _, operation := range []struct {
		name    string
		version bool
		options []winver.Option
	}{
		{"info", false, nil},
		{"fast", true, []winver.Option{winver.Fast()}},
		{"version", true, nil},
	} {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		c := &counter{source: f}
		r, err := wim.NewReader(c, info.Size())
		if err != nil {
			return err
		}
		says := r.Images[0].Info.Windows.Version
		if operation.version {
			tree, err := r.Images[0].FS()
			if err != nil {
				return err
			}
			report, err := winver.Read(tree, append(operation.options, winver.WithClaim(r.Images[0].Info.Windows.Claim()))...)
			if err != nil {
				return err
			}
			says = report.Best().Version
		}
		fmt.Fprintf(w, "| %s %s | %s | %d | %.1f | %.1f |\n", operation.name, name, says, c.calls.Load(),
			float64(c.bytes.Load())/1e3, float64(info.Size())/1e6)
	}
	return nil
}
