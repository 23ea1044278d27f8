package wim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wimble-go/wimble/internal/safefile"
)

// WriteFile writes a file of its own. It is written under another name in the
// same directory and gets its name when it is whole and on the disk: whatever
// ends WriteFile, a file that had the name is as it was. Images of that file
// may be among those that are written, except on Windows. A file that another
// program writes is refused, and so is one that appears meanwhile.
func (w *Writer) WriteFile(ctx context.Context, name string, opts ...BulkOption) (*WriteReport, error) {
	p := newWriting(w, nil, opts)
	if err := p.prepare(name); err != nil {
		return nil, err
	}
	if err := replaceFile(name, nil, func(file *os.File) error { return p.writeTo(ctx, file) }); err != nil {
		return nil, err
	}
	return p.report, nil
}

var (
	errLocked   = fmt.Errorf("another program is writing it: %w; try again when that is done", ErrReadOnly)
	errReplaced = fmt.Errorf("another program has just changed or replaced it: %w; try again when that is done", ErrChanged)
)

// replaceFile makes a file or a new one in place of one, which may be open and
// locked.
func replaceFile(name string, locked io.Closer, write func(*os.File) error) error {
	err := safefile.ReplaceLocked(name, locked, write)
	switch {
	case errors.Is(err, safefile.ErrLocked):
		return fmt.Errorf("%s: %w", name, errLocked)
	case errors.Is(err, safefile.ErrReplaced):
		return fmt.Errorf("%s: %w", name, errReplaced)
	}
	return err
}
