package wim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wimble-go/wimble/internal/safefile"
)

// WriteFile writes a file of its own. It is written under another name in the
// same directory and gets its name when it is whole and on the disk: whatever
// ends WriteFile, a file that had the name is as it was. Images of that file
// may be among those that are written, except on Windows.
func (w *Writer) WriteFile(ctx context.Context, name string, opts ...BulkOption) (*WriteReport, error) {
	var p *writing
	if err := w.checkSpace(name); err != nil {
		return nil, err
	}
	err := safefile.Replace(name, func(file *os.File) error {
		p = newWriting(w, file, opts)
		return p.run(ctx)
	})
	if err != nil {
		return nil, err
	}
	return p.report, nil
}

// checkSpace refuses to begin where there is no room for what is copied as it
// is stored. What the rest will take is not known.
func (w *Writer) checkSpace(name string) error {
	p := newWriting(w, nil, nil)
	if err := p.plan(); err != nil {
		return err
	}
	var need int64
	for _, b := range p.copied {
		need += int64(b.from.header.size)
	}
	if free, known := safefile.FreeSpace(filepath.Dir(name)); known && free < need {
		return fmt.Errorf("%s: %d bytes are free, and %d are needed: %w", name, free, need, ErrNoSpace)
	}
	return nil
}
