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

	"github.com/wimble-go/wimble/wim"
)

func (a *app) lsCommand() *cobra.Command {
	var long, recursive bool
	cmd := &cobra.Command{
		Use:   "ls FILE IMAGE [PATH]",
		Short: "List the files of an image",
		Long:  "List the files of an image. With -R every path below PATH is listed, one a line.",
		Args:  cobra.RangeArgs(2, 3),
		RunE: func(_ *cobra.Command, args []string) error {
			_, tree, closeAll, err := a.openImage(args[0], args[1])
			if err != nil {
				return err
			}
			defer closeAll()
			start := "."
			if len(args) == 3 {
				start = imagePath(args[2])
			}
			out := bufio.NewWriterSize(a.stdout, 64<<10)
			l := &lister{tree: tree, out: out, json: newJSON(out), asJSON: a.json, long: long, recursive: recursive}
			return errors.Join(l.list(start), out.Flush())
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "show mode, attributes, size and time of last modification")
	cmd.Flags().BoolVarP(&recursive, "recursive", "R", false, "list everything below PATH")
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object a line")
	return cmd
}

// imagePath turns what a person types into a path of the image's file system:
// slashes or backslashes, with or without one in front.
func imagePath(text string) string {
	text = path.Clean("/" + strings.ReplaceAll(text, `\`, "/"))
	if text == "/" {
		return "."
	}
	return text[1:]
}

type lister struct {
	tree                    *wim.FS
	out                     *bufio.Writer
	json                    *json.Encoder
	asJSON, long, recursive bool
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
		return l.print(start, rooted(start), fs.FileInfoToDirEntry(info))
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

// rooted is how a path of the image is shown: the root is "/".
func rooted(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name
}

// print prints one entry, under the name that is shown.
func (l *lister) print(name, shown string, entry fs.DirEntry) error {
	if !l.asJSON && !l.long {
		_, err := fmt.Fprintln(l.out, printable(shown))
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	e := info.Sys().(*wim.Entry)
	if l.asJSON {
		return l.json.Encode(describeEntry(rooted(name), info, e))
	}
	target := ""
	if e.Reparse != nil && e.Reparse.IsLink() {
		if link, err := e.Reparse.Link(); err == nil {
			target = " -> " + link.Target()
		}
	}
	size := thousands(info.Size())
	if info.Size() < 0 {
		size = "missing"
	}
	_, err = fmt.Fprintf(l.out, "%-10v %v %14s %16s %s\n", info.Mode(), e.Attributes, size, minute(e.LastWriteTime), printable(shown+target))
	return err
}

// entryJSON is the object that ls --json prints. The field names are stable.
type entryJSON struct {
	Path                   string       `json:"path"`
	Type                   string       `json:"type"`
	Size                   int64        `json:"size"`
	Attributes             uint32       `json:"attributes"`
	ReparseTag             uint32       `json:"reparse_tag"`
	HardLinkGroup          uint64       `json:"hard_link_group"`
	Created                string       `json:"created"`
	Accessed               string       `json:"accessed"`
	Modified               string       `json:"modified"`
	CreatedFiletime        uint64       `json:"created_filetime"`
	AccessedFiletime       uint64       `json:"accessed_filetime"`
	ModifiedFiletime       uint64       `json:"modified_filetime"`
	ShortName              string       `json:"short_name"`
	SecurityDescriptorSize int          `json:"security_descriptor_size"`
	SHA1                   string       `json:"sha1"`
	Streams                []streamJSON `json:"streams"`
}

type streamJSON struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	SHA1 string `json:"sha1"`
}

func describeEntry(path string, info fs.FileInfo, e *wim.Entry) entryJSON {
	out := entryJSON{
		Path: path, Type: typeOf(info, e), Size: info.Size(),
		Attributes: uint32(e.Attributes), HardLinkGroup: e.HardLinkGroup,
		Created: jsonTime(e.CreationTime), Accessed: jsonTime(e.LastAccessTime), Modified: jsonTime(e.LastWriteTime),
		CreatedFiletime: uint64(e.CreationTime), AccessedFiletime: uint64(e.LastAccessTime), ModifiedFiletime: uint64(e.LastWriteTime),
		ShortName: e.ShortName, SecurityDescriptorSize: len(e.SecurityDescriptor),
		Streams: []streamJSON{},
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
