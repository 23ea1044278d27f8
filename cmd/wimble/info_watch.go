package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/media"
)

// watch shows files, and then a line for each thing that happens to them, until
// the context ends.
func (i *overview) watch(ctx context.Context, patterns []string) error {
	var names []string
	for _, pattern := range patterns {
		found, err := expand(pattern)
		if err != nil {
			return fmt.Errorf("%s: %w", pattern, err)
		}
		names = append(names, found...)
	}
	w, err := media.NewWatcher(names, append(i.app.mediaOptions(), media.WithUpdates(i.updates), media.WithInterval(i.interval))...)
	if err != nil {
		return err
	}
	defer w.Close()
	i.sayWhatIsNotThere(ctx, names)
	events := w.Look(ctx)
	if !i.app.json {
		if err := i.showFound(ctx, events); err != nil {
			return err
		}
		events = nil
	}
	for {
		for _, e := range events {
			if err := i.showEvent(describe.NewEvent(e, time.Now(), i.updates)); err != nil {
				return err
			}
		}
		if w.Wait(ctx) != nil {
			return nil // whoever watches ends it when there is enough
		}
		events = w.Look(ctx)
	}
}

// sayWhatIsNotThere names the files that may still come.
func (i *overview) sayWhatIsNotThere(ctx context.Context, names []string) {
	for _, name := range names {
		if _, err := os.Stat(name); err == nil {
			continue
		}
		for p := range media.List(ctx, name, i.app.mediaOptions()...) { // it may be in an ISO file
			if errors.Is(p.Err, fs.ErrNotExist) {
				i.app.sayError(fmt.Errorf("%w; waiting for it", p.Err))
			}
		}
	}
}

// showFound shows the table of what is there when the watch begins.
func (i *overview) showFound(ctx context.Context, events []media.Event) error {
	i.begin()
	for _, e := range events {
		if e.Package.Err != nil {
			i.fail(e.Package.Err)
		} else if err := i.addPackage(ctx, e.Package.Path); err != nil {
			return nil // interrupted
		}
	}
	return i.end()
}

func (i *overview) showEvent(e describe.Event) error {
	if i.app.json {
		return describe.NewJSON(i.app.stdout).Encode(e)
	}
	_, err := fmt.Fprintln(i.app.stdout, describe.Printable(e.Line()))
	return err
}
