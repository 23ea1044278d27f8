package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/internal/partname"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/winver"
)

// overview is what info shows of several files.
type overview struct {
	app       *app
	recursive bool
	updates   *winver.Table
	interval  time.Duration // of looks of a watch; 0 for what media.Watch does

	rows   *table
	failed bool
	sets   map[string]bool // that were shown as a whole: GUID, folder and stem of the names
}

// show shows files. The error is that of the output, or an interruption: what is
// wrong with a file is said when it is met.
func (i *overview) show(ctx context.Context, patterns []string) error {
	i.begin()
	for _, pattern := range patterns {
		names, err := expand(pattern)
		if err != nil {
			i.fail(fmt.Errorf("%s: %w", pattern, err))
		}
		for _, name := range names {
			if err := i.add(ctx, name); err != nil {
				return err
			}
		}
	}
	if err := i.end(); err != nil {
		return err
	}
	if i.failed {
		return errSaid
	}
	return nil
}

// begin begins the table.
func (i *overview) begin() { i.rows = newTable(i.app.stdout) }

// row adds a row to the table, and to the first one the header.
func (i *overview) row(cells ...string) {
	if len(i.rows.rows) == 0 {
		i.rows.row("FILE", "INDEX", "NAME", "EDITION", "ARCH", "VERSION", "MODIFIED", "UPDATE")
	}
	i.rows.row(cells...)
}

// end prints the table, if there is anything in it.
func (i *overview) end() error { return i.rows.flush() }

// fail says what is wrong with a file.
func (i *overview) fail(err error) {
	i.failed = true
	i.app.sayError(err)
}

// add shows a file, or all of what it leads to.
func (i *overview) add(ctx context.Context, name string) error {
	if !i.recursive {
		return i.addPackage(ctx, name)
	}
	nothing := true
	for p := range media.List(ctx, name, i.app.mediaOptions()...) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		nothing = false
		if p.Err != nil {
			i.fail(p.Err)
			continue
		}
		if err := i.addPackage(ctx, p.Path); err != nil {
			return err
		}
	}
	if nothing && ctx.Err() == nil {
		i.app.say("wimble: note: %s: no WIM file is in it", media.DisplayName(name))
	}
	return context.Cause(ctx)
}

// addPackage shows a WIM file.
func (i *overview) addPackage(ctx context.Context, name string) error {
	a := i.app
	s, err := a.open(ctx, name)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		i.fail(err)
		return nil
	}
	defer s.Close()
	if s.Header.TotalParts > 1 && len(s.MissingParts()) == 0 {
		set := s.Header.GUID.String() + filepath.Dir(s.Name) + "/" + partname.Stem(filepath.Base(s.Name))
		if i.sets[set] && s.Header.PartNumber > 1 {
			return nil
		}
		i.sets[set] = true
	}
	if a.json {
		return describe.NewJSON(a.stdout).Encode(describe.NewFile(s.Name, s.Reader, s.missingBytes(), i.updates))
	}
	if len(s.Images) == 0 {
		i.row(s.Name, "-", "-", "-", "-", "-", "-", "no images")
	}
	for _, image := range s.Images {
		edition, arch, version := windowsText(image.Info.Windows)
		update := "-"
		if w := image.Info.Windows; w != nil {
			if status := describe.StatusOf(w, i.updates); status.Known() {
				update = status.Line(today())
			}
		}
		i.row(s.Name, strconv.Itoa(image.Index), describe.OrDash(image.Info.Name), edition, arch, version, describe.Minute(image.Info.Modified), update)
	}
	return nil
}
