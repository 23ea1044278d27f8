package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) lsCommand() *cobra.Command {
	l := &lister{}
	cmd := &cobra.Command{
		Use:   "ls FILE [IMAGE] [PATH]",
		Short: "List the files of an image",
		Long: `List the files of an image. With -R every path below PATH is listed, one a line.
Elements of PATH may have *, ? and [a-z]: then what matches is listed itself.`,
		Args: cobra.RangeArgs(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			_, tree, rest, err := s.imageTree(args[1:])
			if err != nil {
				return err
			}
			start := "."
			if len(rest) > 0 {
				start = imagePath(rest[len(rest)-1])
			}
			if len(rest) > 1 {
				return fmt.Errorf("%s: no image is named %q", s.Name, rest[0])
			}
			out := bufio.NewWriterSize(a.stdout, 64<<10)
			l.tree, l.out, l.json, l.asJSON = tree, out, describe.NewJSON(out), a.json
			return errors.Join(l.listAll(start), out.Flush())
		},
	}
	cmd.Flags().BoolVarP(&l.long, "long", "l", false, "show mode, attributes, size and time of last modification")
	cmd.Flags().BoolVarP(&l.recursive, "recursive", "R", false, "list everything below PATH")
	cmd.Flags().BoolVar(&l.acl, "acl", false, "show security descriptors, in SDDL")
	a.jsonFlag(cmd, "print one JSON object a line")
	return cmd
}

type lister struct {
	tree                         *wim.FS
	out                          *bufio.Writer
	json                         *json.Encoder
	asJSON, long, recursive, acl bool
}

// listAll lists a path, or what a pattern matches.
func (l *lister) listAll(start string) error {
	if _, err := l.tree.Lstat(start); err == nil || !strings.ContainsAny(start, "*?[") {
		return l.list(start)
	}
	names, err := l.tree.Glob(start)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return &fs.PathError{Op: "ls", Path: start, Err: fs.ErrNotExist}
	}
	for _, name := range names {
		if l.recursive {
			err = l.list(name)
		} else {
			err = l.one(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one prints an entry itself.
func (l *lister) one(name string) error {
	info, err := l.tree.Lstat(name)
	if err != nil {
		return err
	}
	return l.print(name, rooted(name), fs.FileInfoToDirEntry(info))
}

// list prints a directory's entries, everything below it, or one entry.
func (l *lister) list(start string) error {
	info, err := l.tree.Lstat(start)
	if err != nil {
		return err
	}
	switch {
	case l.recursive:
		return fs.WalkDir(l.tree, start, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return l.print(name, rooted(name), entry)
		})
	case !info.IsDir():
		return l.one(start)
	}
	entries, err := l.tree.ReadDir(start)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := l.print(path.Join(start, entry.Name()), entry.Name(), entry); err != nil {
			return err
		}
	}
	return nil
}

// print prints one entry, under the name that is shown.
func (l *lister) print(name, shown string, entry fs.DirEntry) error {
	if !l.asJSON && !l.long && !l.acl {
		_, err := fmt.Fprintln(l.out, describe.Printable(shown))
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	e := info.Sys().(*wim.Entry)
	if l.asJSON {
		return l.json.Encode(describe.NewEntry(rooted(name), info, e, l.acl))
	}
	if l.long {
		if target := describe.LinkTarget(e); target != "" {
			shown += " -> " + target
		}
		size := describe.Thousands(info.Size())
		if info.Size() < 0 {
			size = "missing"
		}
		_, err = fmt.Fprintf(l.out, "%-10v %v %14s %16s %s\n", info.Mode(), e.Attributes, size, describe.Minute(e.LastWriteTime), describe.Printable(shown))
	} else {
		_, err = fmt.Fprintln(l.out, describe.Printable(shown))
	}
	if text := describe.DescriptorText(e); err == nil && l.acl && text != "" {
		_, err = fmt.Fprintln(l.out, "  "+describe.Printable(text))
	}
	return err
}
