package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
)

// change opens a file, changes it, and writes what is new after what it has, or
// the whole file anew.
func (a *app) change(ctx context.Context, name string, anew bool, opts []wim.WriterOption, change func(*wim.Update) error) error {
	if media.IsURL(name) {
		return fmt.Errorf("%s: a file on a web server cannot be changed; export it to a new one", media.DisplayName(name))
	}
	if a.offset != 0 {
		return fmt.Errorf("%s: a WIM inside of another file cannot be changed; export it to a new one", name)
	}
	u, err := wim.OpenUpdate(name, opts...)
	if err != nil {
		return err
	}
	defer u.Close()
	closeReferences, err := a.reference(ctx, u.Reader)
	defer closeReferences()
	if err != nil {
		return err
	}
	a.warn(name, u.Reader.Warnings())
	if err := change(u); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	bar := a.newProgress("writing")
	write := u.Commit
	if anew {
		write = u.Rebuild
	}
	report, err := write(ctx, a.withWorkers(), wim.WithProgress(bar.update))
	bar.finish()
	if err != nil {
		return err
	}
	a.sayWritten(name, report)
	return nil
}

// reference has a file find what it lacks in those that --ref names, until they
// are closed.
func (a *app) reference(ctx context.Context, file *wim.Reader) (closeAll func(), err error) {
	var opened []io.Closer
	closeAll = func() {
		for _, r := range opened {
			r.Close()
		}
	}
	for _, pattern := range a.references {
		names, err := referenceNames(pattern)
		if err != nil {
			return closeAll, fmt.Errorf("--ref %s: %w", pattern, err)
		}
		for _, name := range names {
			r, err := media.Open(ctx, name, a.mediaOptions()...)
			if err != nil {
				return closeAll, err
			}
			opened = append(opened, r)
			file.Reference(r.Reader)
		}
	}
	return closeAll, nil
}

// find returns the image of an update that a name means.
func find(u *wim.Update, which string) (*wim.WriterImage, error) {
	image, err := u.Reader.Image(which)
	if err != nil {
		return nil, err
	}
	return u.Images()[image.Index-1], nil
}

func (a *app) optimizeCommand() *cobra.Command {
	var flags writeFlags
	cmd := &cobra.Command{
		Use:   "optimize FILE",
		Short: "Write a WIM anew without what nothing uses",
		Long: `Write FILE anew, without the contents and tables that nothing uses any more.

With --compress and --chunk-size the file is converted; what is stored so already is
copied. GUID, images and boot image stay. The new file takes the place of FILE when it
is whole and on the disk.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.change(ctx, args[0], true, flags.options(), func(*wim.Update) error { return nil })
		},
	}
	flags.add(cmd)
	a.workersFlag(cmd)
	return cmd
}

func (a *app) deleteCommand() *cobra.Command {
	var flags writeFlags
	var soft bool
	cmd := &cobra.Command{
		Use:   "delete FILE IMAGE...",
		Short: "Remove images",
		Long: `Remove images from FILE, which is written anew without what only they used.

With --soft the contents stay in the file, where nothing leads to them any more; that
is fast, and "wimble optimize" can free the room later. The images after a removed one
move down by one.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.change(ctx, args[0], !soft, flags.options(), func(u *wim.Update) error {
				var images []*wim.WriterImage
				for _, which := range args[1:] {
					image, err := find(u, which)
					if err != nil {
						return err
					}
					images = append(images, image)
				}
				for _, image := range images {
					u.Delete(image)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&soft, "soft", false, "leave the contents in the file")
	flags.addCheck(cmd)
	a.workersFlag(cmd)
	return cmd
}

func (a *app) setCommand() *cobra.Command {
	var flags writeFlags
	var boot string
	cmd := &cobra.Command{
		Use:   "set FILE [IMAGE] [KEY=VALUE...] [--boot IMAGE|0]",
		Short: "Change what the XML says of an image, or which image boots",
		Long: `Change what the XML of FILE says of an image: NAME, DESCRIPTION, DISPLAYNAME, FLAGS,
or any other element by its path, as WINDOWS/VERSION/SPBUILD or
WINDOWS/LANGUAGES/LANGUAGE[2]. An element that is not there is made. IMAGE may be left
out where FILE has one image. --boot names the image that boots, 0 is for none.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			which, values := "", args[1:]
			if len(values) > 0 && !strings.Contains(values[0], "=") {
				which, values = values[0], values[1:]
			}
			if len(values) == 0 && !cmd.Flags().Changed("boot") && !flags.checkSet() {
				return usageError{errors.New("nothing to set: give KEY=VALUE, --boot or --check")}
			}
			for _, pair := range values {
				if !strings.Contains(pair, "=") {
					return usageError{fmt.Errorf("%q is not KEY=VALUE", brief(pair))}
				}
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.change(ctx, args[0], false, flags.options(), func(u *wim.Update) error {
				if cmd.Flags().Changed("boot") {
					if err := setBoot(u, boot); err != nil {
						return err
					}
				}
				return setValues(u, which, values)
			})
		},
	}
	cmd.Flags().StringVar(&boot, "boot", "", "the `IMAGE` that boots, 0 for none")
	flags.addCheck(cmd)
	return cmd
}

// setBoot makes an image the one that boots.
func setBoot(u *wim.Update, which string) error {
	if n, err := strconv.Atoi(which); err == nil && n == 0 {
		u.SetBoot(nil)
		return nil
	}
	image, err := find(u, which)
	if err == nil {
		u.SetBoot(image)
	}
	return err
}

// setValues sets elements of an image's XML.
func setValues(u *wim.Update, which string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	image, err := imageToEdit(u, which)
	if err != nil {
		return err
	}
	for _, pair := range values {
		key, value, _ := strings.Cut(pair, "=")
		if err := image.Set(key, value); err != nil {
			return err
		}
	}
	return nil
}
