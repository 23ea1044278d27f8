package wim

import (
	"context"
	"os"

	"github.com/wimble-go/wimble/internal/safefile"
)

// WriteFile writes a file of its own. It is written under another name in the
// same directory and gets its name when it is whole and on the disk: whatever
// ends WriteFile, a file that had the name is as it was. Images of that file
// may be among those that are written, except on Windows.
func (w *Writer) WriteFile(ctx context.Context, name string, opts ...BulkOption) (*WriteReport, error) {
	p := newWriting(w, nil, opts)
	if err := p.prepare(name); err != nil {
		return nil, err
	}
	if err := safefile.Replace(name, func(file *os.File) error { return p.writeTo(ctx, file) }); err != nil {
		return nil, err
	}
	return p.report, nil
}
