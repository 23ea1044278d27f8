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

	"github.com/wimble-go/wimble/internal/sddl"
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
			l.tree, l.out, l.json, l.asJSON = tree, out, newJSON(out), a.json
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
		_, err := fmt.Fprintln(l.out, printable(shown))
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	e := info.Sys().(*wim.Entry)
	if l.asJSON {
		return l.json.Encode(describeEntry(rooted(name), info, e, l.acl))
	}
	if l.long {
		if target := linkTarget(e); target != "" {
			shown += " -> " + target
		}
		size := thousands(info.Size())
		if info.Size() < 0 {
			size = "missing"
		}
		_, err = fmt.Fprintf(l.out, "%-10v %v %14s %16s %s\n", info.Mode(), e.Attributes, size, minute(e.LastWriteTime), printable(shown))
	} else {
		_, err = fmt.Fprintln(l.out, printable(shown))
	}
	if text := descriptorText(e); err == nil && l.acl && text != "" {
		_, err = fmt.Fprintln(l.out, "  "+printable(text))
	}
	return err
}

// linkTarget returns where a link leads, "" for what is none.
func linkTarget(e *wim.Entry) string {
	if e.Reparse == nil || !e.Reparse.IsLink() {
		return ""
	}
	link, err := e.Reparse.Link()
	if err != nil {
		return ""
	}
	return link.Target()
}

// descriptorText returns the security descriptor as SDDL, "" for none. One that
// is invalid, which verify tells, has none either.
func descriptorText(e *wim.Entry) string {
	if len(e.SecurityDescriptor) == 0 {
		return ""
	}
	text, err := sddl.Format(e.SecurityDescriptor)
	if err != nil {
		return ""
	}
	return text
}

// entryJSON is the object that ls --json prints. The field names are stable.
type entryJSON struct {
	Path                   string       `json:"path"`
	Type                   string       `json:"type"`
	Size                   int64        `json:"size"`
	Attributes             uint32       `json:"attributes"`
	ReparseTag             uint32       `json:"reparse_tag"`
	Target                 string       `json:"target"` // of a link
	HardLinkGroup          uint64       `json:"hard_link_group"`
	HardLinkCount          int          `json:"hard_link_count"`
	Created                string       `json:"created"`
	Accessed               string       `json:"accessed"`
	Modified               string       `json:"modified"`
	CreatedFiletime        uint64       `json:"created_filetime"`
	AccessedFiletime       uint64       `json:"accessed_filetime"`
	ModifiedFiletime       uint64       `json:"modified_filetime"`
	ShortName              string       `json:"short_name"`
	SecurityDescriptorSize int          `json:"security_descriptor_size"`
	SecurityDescriptor     string       `json:"security_descriptor,omitempty"` // SDDL, with --acl
	SHA1                   string       `json:"sha1"`
	Streams                []streamJSON `json:"streams"`
}

type streamJSON struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	SHA1 string `json:"sha1"`
}

func describeEntry(path string, info fs.FileInfo, e *wim.Entry, acl bool) entryJSON {
	out := entryJSON{
		Path: path, Type: typeOf(info, e), Size: info.Size(),
		Attributes: uint32(e.Attributes), Target: linkTarget(e),
		HardLinkGroup: e.HardLinkGroup, HardLinkCount: e.HardLinkCount,
		Created: jsonTime(e.CreationTime), Accessed: jsonTime(e.LastAccessTime), Modified: jsonTime(e.LastWriteTime),
		CreatedFiletime: uint64(e.CreationTime), AccessedFiletime: uint64(e.LastAccessTime), ModifiedFiletime: uint64(e.LastWriteTime),
		ShortName: e.ShortName, SecurityDescriptorSize: len(e.SecurityDescriptor),
		Streams: []streamJSON{},
	}
	if acl {
		out.SecurityDescriptor = descriptorText(e)
	}
	if e.Reparse != nil {
		out.ReparseTag = uint32(e.Reparse.Tag)
	}
	for _, s := range e.Streams {
		hash := ""
		if !s.SHA1.IsZero() {
			hash = s.SHA1.String()
		}
		if s.Name == "" {
			out.SHA1 = hash
		} else {
			out.Streams = append(out.Streams, streamJSON{s.Name, s.Size, hash})
		}
	}
	return out
}

func typeOf(info fs.FileInfo, e *wim.Entry) string {
	switch {
	case info.IsDir():
		return "dir"
	case e.Reparse == nil:
		return "file"
	case e.Reparse.Tag == wim.ReparseTagMountPoint:
		return "junction"
	case e.Reparse.IsLink():
		return "symlink"
	}
	return "reparse"
}
