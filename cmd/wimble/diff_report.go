package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// printChange prints a line for people.
func printChange(out *bufio.Writer, c *wim.Change) error {
	line := string("ADMR"[c.Kind]) + " " + rooted(c.Path)
	if c.Kind == wim.ChangeRenamed {
		line += " from " + rooted(c.OldPath)
	}
	if c.Aspects != 0 {
		line += ": " + c.Aspects.String()
	}
	_, err := fmt.Fprintln(out, describe.Printable(line))
	return err
}

// printSummary prints what a comparison comes to, nothing if there is no
// difference.
func (d *comparison) printSummary(out *bufio.Writer, s *describe.DiffSummary, old, new *diffSide) error {
	if s.Equal {
		return nil
	}
	out.WriteString("\n")
	list := newTable(out)
	list.row("FOLDER", "ADDED", "REMOVED", "CHANGED", "RENAMED")
	row := func(name string, c describe.DiffCounts) {
		list.row(name, describe.Thousands(c.Added), describe.Thousands(c.Removed), describe.Thousands(c.Changed), describe.Thousands(c.Renamed))
	}
	const most = 20
	for _, folder := range s.Folders[:min(most, len(s.Folders))] {
		row(folder.Path, folder.DiffCounts)
	}
	if others := len(s.Folders) - most; others > 0 {
		list.row(fmt.Sprintf("and %s more", describe.Thousands(others)))
	}
	row("all", s.DiffCounts)
	if err := list.flush(); err != nil || old.version == nil && new.version == nil {
		return err
	}
	out.WriteString("\n")
	versions := newTable(out)
	versions.row("Old version", versionLine(old.version))
	versions.row("New version", versionLine(new.version))
	if len(s.Updates) > 0 {
		names := make([]string, len(s.Updates))
		for i, u := range s.Updates {
			names[i] = u.String()
		}
		title := "Updates"
		if s.Undone {
			title = "Undone"
		}
		versions.row(title, describe.Thousands(len(names))+": "+strings.Join(names, ", "))
	}
	return versions.flush()
}

// versionLine names a version, its release and its update.
func versionLine(report *winver.Report) string {
	if report == nil {
		return "no Windows"
	}
	parts := []string{report.Best().String()}
	if status := report.Status(); status.Known() {
		parts = append(parts, status.ReleaseName())
		if status.Listed {
			parts = append(parts, status.Update.String())
		}
	}
	return strings.Join(parts, ", ")
}
