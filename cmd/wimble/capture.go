package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/internal/sddl"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) captureCommand() *cobra.Command {
	c := &capture{app: a}
	cmd := &cobra.Command{
		Use:   "capture SRC OUT",
		Short: "Make a new WIM of a folder or a tar",
		Long: `Make a new file OUT with one image, of all that is in the folder or the tar SRC. A tar
may be compressed with gzip or zstd, and is read from standard input if SRC is "-".

Each content is stored once, compressed on all cores. OUT is written under another
name and gets its own when it is whole. What DISM leaves out is left out, such as
pagefile.sys; --config names another list, in the form of DISM and wimlib, and
--exclude adds a pattern.

Entries without a security descriptor get one that lets the system and the
administrators do everything, and users read: Windows mounts no image without.

A file that cannot be read, whose name Windows does not take, or that changes while
it is read ends the capture, and nothing is written. With --retry a changed file is
read again, with --skip-unreadable such files are left out and listed.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return c.create(ctx, args[0], args[1])
		},
	}
	c.addFlags(cmd)
	return cmd
}

func (a *app) appendCommand() *cobra.Command {
	c := &capture{app: a}
	cmd := &cobra.Command{
		Use:   "append SRC FILE",
		Short: "Add an image of a folder or a tar to a WIM",
		Long: `Add an image to FILE, of all that is in the folder or the tar SRC.

What FILE has already is not stored again. The image stands after what FILE has, and the
header is switched to it in the end: whatever happens, FILE is as it was or as it was
to be. With --rebuild the whole file is written anew, which frees what nothing uses.

With --update-of, files that have the same path, size and times in an older image of FILE
are not read: what they have there is what they have. See "wimble capture --help" for
what is captured, and how.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return c.append(ctx, args[0], args[1])
		},
	}
	c.addFlags(cmd)
	cmd.Flags().StringVar(&c.updateOf, "update-of", "", "the `IMAGE` of FILE that SRC was captured to before")
	cmd.Flags().BoolVar(&c.rebuild, "rebuild", false, "write the whole file anew")
	return cmd
}

// capture is one capture.
type capture struct {
	*app
	write writeFlags

	name, description, editionFlags string
	boot                            bool
	security                        string
	exclude                         []string
	config                          string
	skip                            bool
	retries                         uint
	updateOf                        string
	rebuild                         bool
	unixData                        bool

	source io.Closer // what is captured; nil until it is open
}

// addFlags adds the flags that capture and append have in common.
func (c *capture) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.name, "name", "", "the `NAME` of the image; that of the folder by default")
	f.StringVar(&c.description, "description", "", "describe the image with `TEXT`")
	f.StringVar(&c.editionFlags, "flags", "", "the `EDITION` for Windows Setup, such as Professional")
	f.BoolVar(&c.boot, "boot", false, "make the image the one that boots")
	f.StringVar(&c.security, "sd", "", "the security descriptor of entries without one, as `SDDL`, or none")
	f.StringArrayVar(&c.exclude, "exclude", nil, `leave out what a `+"`PATTERN`"+` names, such as '*.tmp' or '\Temp\*'; may be repeated`)
	f.StringVar(&c.config, "config", "", "the `FILE` that lists what is left out, instead of the default list")
	f.BoolVar(&c.unixData, "unix-data", false, "keep owners, modes, extended attributes, devices and pipes")
	f.BoolVar(&c.skip, "skip-unreadable", false, "leave out what cannot be read, and list it")
	f.UintVar(&c.retries, "retry", 0, "read a file that changes while it is read again, up to `N` times")
	c.write.add(cmd)
	c.workersFlag(cmd)
}

// create makes a new file.
func (c *capture) create(ctx context.Context, source, out string) error {
	if _, err := os.Stat(out); err == nil {
		return fmt.Errorf("%s: %w; remove it, or add an image to it with wimble append", out, fs.ErrExist)
	}
	w, err := wim.NewWriter(c.writerOptions()...)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.add(ctx, w, source, nil); err != nil {
		return err
	}
	bar := c.newProgress("capturing")
	report, err := w.WriteFile(ctx, out, c.withWorkers(), wim.WithProgress(bar.update))
	bar.finish()
	if err != nil {
		return err
	}
	c.sayWritten(out, report)
	return nil
}

// append adds to a file.
func (c *capture) append(ctx context.Context, source, file string) error {
	defer c.close()
	return c.change(ctx, file, c.rebuild, c.writerOptions(), func(u *wim.Update) error {
		var old *wim.FS
		if c.updateOf != "" {
			image, err := u.Reader.Image(c.updateOf)
			if err != nil {
				return err
			}
			if old, err = image.FS(); err != nil {
				return err
			}
		}
		return c.add(ctx, u.Writer, source, old)
	})
}

func (c *capture) writerOptions() []wim.WriterOption {
	const most = 1000
	return append(c.write.options(), wim.WithRetries(int(min(c.retries, most))))
}

// add adds the image to a writer.
func (c *capture) add(ctx context.Context, w *wim.Writer, source string, old *wim.FS) error {
	opts := []wim.CaptureOption{wim.WithUpdateOf(old)}
	exclusions, err := c.exclusions()
	if err != nil {
		return err
	}
	opts = append(opts, wim.WithExclusions(exclusions))
	switch c.security {
	case "":
	case "none":
		opts = append(opts, wim.WithSecurityDescriptor(nil))
	default:
		descriptor, err := sddl.Parse(c.security)
		if err != nil {
			return fmt.Errorf("--sd: %w", err)
		}
		opts = append(opts, wim.WithSecurityDescriptor(descriptor))
	}
	if c.skip {
		opts = append(opts, wim.WithSkipUnreadable())
	}
	taken := w.Images()
	image, err := c.addSource(ctx, w, source, opts)
	if err != nil {
		return err
	}
	if c.boot {
		w.SetBoot(image)
	}
	if c.name == "" {
		c.name = unusedName(source, taken)
	}
	for _, field := range []struct{ key, value string }{{"NAME", c.name}, {"DESCRIPTION", c.description}, {"FLAGS", c.editionFlags}} {
		if field.value == "" {
			continue
		}
		if err := image.Set(field.key, field.value); err != nil {
			return err
		}
	}
	return nil
}

// addSource adds the image of a folder or a tar, which stays open until it is
// closed.
func (c *capture) addSource(ctx context.Context, w *wim.Writer, name string, opts []wim.CaptureOption) (*wim.WriterImage, error) {
	var dirOptions []wim.DirOption
	if c.unixData {
		dirOptions = append(dirOptions, wim.WithUnixData())
		opts = append(opts, wim.WithUnixData())
	}
	if name == "-" {
		return w.CaptureTar(os.Stdin, opts...)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		file, err := openWaiting(ctx, name)
		if err != nil {
			return nil, err
		}
		c.source = file
		defer context.AfterFunc(ctx, func() { file.Close() })() // it may be a pipe
		image, err := w.CaptureTar(file, opts...)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return image, err
	}
	dir, err := wim.OpenDir(name, dirOptions...)
	if err != nil {
		return nil, err
	}
	c.source = dir
	image, err := w.Capture(ctx, dir, opts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.sayUnread(dir)
	return image, nil
}

// openWaiting opens a file. A pipe is open when somebody writes to it; the wait
// for that ends with the context.
func openWaiting(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.Open(name)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// sayUnread says which metadata of a folder is not in an image.
func (a *app) sayUnread(dir *wim.Dir) {
	for _, kind := range dir.Unread() {
		a.say("wimble: not in the image, since they could not be read: %s of %d entries", kind.What, kind.Count)
	}
}

// close closes what was captured.
func (c *capture) close() {
	if c.source != nil {
		c.source.Close()
	}
}

// exclusions are what is left out.
func (c *capture) exclusions() (*wim.Exclusions, error) {
	list := wim.DefaultExclusions()
	if c.config != "" {
		data, err := os.ReadFile(c.config)
		if err != nil {
			return nil, err
		}
		if list, err = wim.ParseExclusions(data); err != nil {
			return nil, fmt.Errorf("%s: %w", c.config, err)
		}
		c.warn(c.config, list.Warnings())
	}
	for _, pattern := range c.exclude {
		if err := list.Exclude(pattern); err != nil {
			return nil, fmt.Errorf("--exclude: %w", err)
		}
	}
	return list, nil
}

// unusedName is a name for an image of a folder or a tar: that of this, with a
// number if an image has it.
func unusedName(source string, taken []*wim.WriterImage) string {
	if whole, err := filepath.Abs(source); err == nil {
		source = whole
	}
	base := strings.ToValidUTF8(filepath.Base(source), "_")
	for _, ending := range []string{".gz", ".zst", ".tar", ".tgz"} {
		base = strings.TrimSuffix(base, ending)
	}
	if strings.Trim(base, `./\:-`) == "" {
		return ""
	}
	name := base
	for n := 2; slices.ContainsFunc(taken, func(i *wim.WriterImage) bool { return i.Name() == name }); n++ {
		name = fmt.Sprintf("%s (%d)", base, n)
	}
	return name
}
