package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

// editing is a command that changes the files in an image.
type editing struct {
	*app
	flags    writeFlags
	rebuild  bool
	unixData bool
}

func (e *editing) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.rebuild, "rebuild", false, "write FILE anew, without what nothing uses any more")
	e.flags.addCheck(cmd)
	e.workersFlag(cmd)
}

// unixDataFlag adds --unix-data to a command that puts files into an image.
func (e *editing) unixDataFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.unixData, "unix-data", false, "keep owners, modes, extended attributes, devices and pipes")
}

// run opens the image's tree, has it changed, and writes it. All is done, or
// nothing.
func (e *editing) run(ctx context.Context, file, which string, change func(context.Context, *editor) error) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	changing := &editor{folders: make(map[hostFolder]*wim.Dir)}
	defer changing.close()
	return e.change(ctx, file, e.rebuild, e.flags.options(), func(u *wim.Update) error {
		image, err := imageToEdit(u, which)
		if err != nil {
			return err
		}
		if changing.Edit, err = image.Edit(); err != nil {
			return err
		}
		if err := change(ctx, changing); err != nil {
			return err
		}
		for _, dir := range changing.folders {
			e.sayUnread(dir)
		}
		return nil
	})
}

// editor is an image that is changed, and the folders of the system that files
// are put into it from. They stay open until it is written.
type editor struct {
	*wim.Edit
	folders map[hostFolder]*wim.Dir
}

// hostFolder is a folder of the system.
type hostFolder struct {
	name     string
	unixData bool
}

func (e *editor) close() {
	for _, dir := range e.folders {
		dir.Close()
	}
}

// open opens the folder that a file or folder of the system is in, and returns
// the name there: "." for a folder, which is opened itself.
func (e *editor) open(src string, unixData bool) (dir *wim.Dir, name string, err error) {
	info, err := os.Lstat(src)
	if err != nil {
		return nil, "", err
	}
	folder := hostFolder{src, unixData}
	name = "."
	if !info.IsDir() {
		folder.name, name = filepath.Dir(src), filepath.Base(src)
	}
	if e.folders[folder] == nil {
		opts := []wim.DirOption{wim.AsCopy()}
		if unixData {
			opts = append(opts, wim.WithUnixData())
		}
		if e.folders[folder], err = wim.OpenDir(folder.name, opts...); err != nil {
			delete(e.folders, folder)
			return nil, "", err
		}
	}
	return e.folders[folder], name, nil
}

// imageToEdit finds an image, which may be left out where there is one.
func imageToEdit(u *wim.Update, which string) (*wim.WriterImage, error) {
	if which == "" {
		if len(u.Images()) != 1 {
			return nil, fmt.Errorf("there are %d images; name one: %w", len(u.Images()), fs.ErrInvalid)
		}
		which = "1"
	}
	return find(u, which)
}

func (a *app) updateCommand() *cobra.Command {
	e := &editing{app: a}
	var all fileCommand // options for all commands
	cmd := &cobra.Command{
		Use:   "update FILE [IMAGE [COMMAND...]]",
		Short: "Change files in an image",
		Long: `Change files in an image, with the commands of wimlib-imagex update:

  add [--no-replace] [--unix-data] SOURCE PATH
                                          a file, or a folder with all that is in it
  delete [--recursive] [--force] PATH     a file, or a directory
  rename PATH PATH                        or move

The commands are arguments, each in quotes, or are read from standard input, one a
line. Lines that begin with # are comments; a path with blanks in it is in quotes.
A single command may stand without quotes: wimble update FILE IMAGE rename /a /b

A folder that is added to a directory is laid over it. What replaces a file keeps
its short name and its security descriptor, and other hard links of the file keep
the old content. Times are kept, and hard links within a folder; targets of links
are left as they are. Names are found as on Windows, without regard to case. Links in
the image are not followed.

All commands are done, or none. What is new stands after what FILE has, and the
header is switched to it in the end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			commands, err := e.commands(args, os.Stdin)
			if err != nil {
				return err
			}
			which := ""
			if len(args) > 1 {
				which = args[1]
			}
			return e.run(cmd.Context(), args[0], which, func(ctx context.Context, edit *editor) error {
				for _, c := range commands {
					c.noReplace = c.noReplace || all.noReplace
					c.unixData = c.unixData || e.unixData
					c.recursive = c.recursive || all.recursive
					c.force = c.force || all.force
					if err := c.apply(ctx, edit); err != nil {
						if c.line > 0 {
							err = fmt.Errorf("line %d: %w", c.line, err)
						}
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&all.noReplace, "no-replace", false, "for all add commands: do not replace files")
	e.unixDataFlag(cmd)
	cmd.Flags().BoolVar(&all.recursive, "recursive", false, "for all delete commands: directories with all that is in them")
	cmd.Flags().BoolVar(&all.force, "force", false, "for all delete commands: what is not there is no error")
	e.addFlags(cmd)
	return cmd
}

func (e *editing) commands(args []string, stdin io.Reader) ([]fileCommand, error) {
	if len(args) > 2 {
		commands, err := argumentCommands(args[2:])
		if err != nil {
			return nil, usageError{err}
		}
		return commands, nil
	}
	return readCommands(stdin)
}

// apply changes the tree as the command says.
func (c *fileCommand) apply(ctx context.Context, edit *editor) error {
	switch c.word {
	case "add":
		return c.add(ctx, edit)
	case "rename":
		return edit.Rename(imagePath(c.paths[0]), imagePath(c.paths[1]))
	}
	return edit.remove(imagePath(c.paths[0]), c.recursive, c.force)
}

// add adds a file or folder of the system.
func (c *fileCommand) add(ctx context.Context, edit *editor) error {
	dir, name, err := edit.open(c.paths[0], c.unixData)
	if err != nil {
		return err
	}
	var opts []wim.CaptureOption
	if c.noReplace {
		opts = append(opts, wim.WithoutReplacing())
	}
	return edit.Add(ctx, dir, name, imagePath(c.paths[1]), opts...)
}

// remove removes a file or directory of an image.
func (e *editor) remove(name string, recursive, force bool) error {
	info, err := e.Lstat(name)
	switch {
	case force && errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return e.Remove(name)
	case !recursive:
		return &fs.PathError{Op: "delete", Path: name, Err: errors.New("it is a directory; --recursive deletes it with all that is in it")}
	}
	return e.RemoveAll(name)
}

func (a *app) putCommand() *cobra.Command {
	e := &editing{app: a}
	cmd := &cobra.Command{
		Use:   "put FILE IMAGE SOURCE PATH[:STREAM]",
		Short: "Put a file or folder into an image",
		Long: `Put a file, or a folder with all that is in it, into an image, in the place of what
is there; "-" is standard input. Where PATH is a directory a file gets into it, and
a folder is laid over it. Directories that are missing are made.

With STREAM the content becomes a named stream of the file or directory PATH.`,
		Args: cobra.ExactArgs(4),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChanged(args[3]); err != nil {
				return usageError{err}
			}
			return e.run(cmd.Context(), args[0], args[1], func(ctx context.Context, edit *editor) error {
				return edit.put(ctx, args[2], args[3], e.unixData, os.Stdin)
			})
		},
	}
	e.unixDataFlag(cmd)
	e.addFlags(cmd)
	return cmd
}

// put puts a file or folder of the system, or standard input, into an image.
func (e *editor) put(ctx context.Context, src, dst string, unixData bool, stdin io.Reader) error {
	to, err := findStream(e, dst)
	if to.stream != "" && err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return fmt.Errorf("%s, which is to get the stream %q: %w", rooted(to.path), to.stream, err)
	}
	if src == "-" {
		data, err := readInput(stdin)
		switch {
		case err != nil:
			return err
		case to.stream != "":
			return e.SetStream(to.path, to.stream, data)
		}
		return e.WriteFile(to.path, data)
	}
	if to.stream != "" { // which has what a link leads to
		if src, err = filepath.EvalSymlinks(src); err != nil {
			return err
		}
	}
	dir, name, err := e.open(src, unixData)
	if err != nil {
		return err
	}
	if to.stream != "" {
		return e.AddStream(dir, name, to.path, to.stream)
	}
	if name != "." {
		info, err := e.Lstat(to.path)
		if err == nil && info.IsDir() || strings.HasSuffix(dst, "/") || strings.HasSuffix(dst, `\`) {
			to.path = path.Join(to.path, name)
		}
	}
	return e.Add(ctx, dir, name, to.path)
}

// readInput reads standard input, which is held in memory.
func readInput(r io.Reader) ([]byte, error) {
	const most = 256 << 20
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("standard input has more than %d bytes; put them into a file", most)
	}
	return data, err
}

func (a *app) rmCommand() *cobra.Command {
	e := &editing{app: a}
	var recursive, force bool
	cmd := &cobra.Command{
		Use:   "rm FILE IMAGE PATH[:STREAM]...",
		Short: "Remove files from an image",
		Long: `Remove files, directories or named streams from an image. All are removed, or none.
What they held stays in FILE until it is written anew, by --rebuild or "wimble
optimize".`,
		Args: cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChanged(args[2:]...); err != nil {
				return usageError{err}
			}
			return e.run(cmd.Context(), args[0], args[1], func(_ context.Context, edit *editor) error {
				for _, arg := range args[2:] {
					at, err := findStream(edit, arg)
					if err == nil && at.stream != "" {
						err = edit.RemoveStream(at.path, at.stream)
						if force && errors.Is(err, fs.ErrNotExist) {
							err = nil
						}
					} else {
						err = edit.remove(at.path, recursive, force)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "directories with all that is in them")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "what is not there is no error")
	e.addFlags(cmd)
	return cmd
}

func (a *app) mvCommand() *cobra.Command {
	e := &editing{app: a}
	cmd := &cobra.Command{
		Use:   "mv FILE IMAGE PATH NEWPATH",
		Short: "Rename or move a file in an image",
		Long: `Rename or move a file or directory in an image. A file that has the new name is
replaced; where it is a directory, PATH gets into it. The short name is dropped.`,
		Args: cobra.ExactArgs(4),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChanged(args[2:]...); err != nil {
				return usageError{err}
			}
			return e.run(cmd.Context(), args[0], args[1], func(_ context.Context, edit *editor) error {
				from, to := imagePath(args[2]), imagePath(args[3])
				// To change the case of a directory's name is no move.
				info, err := edit.Lstat(to)
				if err == nil && info.IsDir() && !strings.EqualFold(from, to) {
					to = path.Join(to, path.Base(from))
				}
				return edit.Rename(from, to)
			})
		},
	}
	e.addFlags(cmd)
	return cmd
}
