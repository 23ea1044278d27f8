package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

func (a *app) exportCommand() *cobra.Command {
	e := &export{app: a}
	cmd := &cobra.Command{
		Use:   "export FILE IMAGE|all OUT",
		Short: "Copy images into a new WIM, or add them to one",
		Long: `Copy an image, or all, into a new file OUT, or add it to OUT if that exists. Where an
image has the name "all", only that one is copied.

What is stored with the codec and the chunk size of OUT is copied as it is, and
checked against its SHA-1 on the way; everything else is compressed again, on all
cores. A new OUT has the codec of FILE, or LZX if FILE is solid or LZMS.

OUT is written under another name and gets its own when it is whole. What is added
to an OUT that exists stands after what it has, and the header is switched to it in
the end: whatever happens, OUT is as it was or as it was to be.`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			e.named = cmd.Flags().Changed("name")
			e.described = cmd.Flags().Changed("description")
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return e.run(ctx, args[0], args[1], args[2])
		},
	}
	cmd.Flags().StringVar(&e.name, "name", "", "`NAME` the image anew")
	cmd.Flags().StringVar(&e.description, "description", "", "describe the image with `TEXT`")
	cmd.Flags().BoolVar(&e.boot, "boot", false, "make the image, or that which boots in FILE, the one that boots")
	e.flags.add(cmd)
	a.workersFlag(cmd)
	return cmd
}

// export is one export.
type export struct {
	*app
	flags             writeFlags
	name, description string
	named, described  bool
	boot              bool
}

func (e *export) run(ctx context.Context, file, which, out string) error {
	s, err := e.open(ctx, file)
	if err != nil {
		return err
	}
	defer s.Close()
	images := s.Images
	if !s.allImages(which) || len(images) == 0 {
		image, _, err := s.image([]string{which})
		if err != nil {
			return err
		}
		images = []*wim.Image{image}
	}
	if len(images) > 1 && (e.named || e.described) {
		return errors.New("--name and --description are for one image, not for all")
	}
	bar := e.newProgress("exporting")
	bulk := []wim.BulkOption{e.withWorkers(), wim.WithProgress(bar.update)}
	var report *wim.WriteReport
	if _, err := os.Stat(out); errors.Is(err, fs.ErrNotExist) {
		report, err = e.create(ctx, s, images, out, bulk)
		bar.finish()
		if err != nil {
			return err
		}
	} else {
		u, err := wim.OpenUpdate(out, e.flags.options()...)
		if err != nil {
			return err
		}
		defer u.Close()
		closeReferences, err := e.reference(ctx, u.Reader)
		defer closeReferences()
		if err != nil {
			return err
		}
		if err := e.add(u.Writer, s, images); err != nil {
			return err
		}
		report, err = u.Commit(ctx, bulk...)
		bar.finish()
		if err != nil {
			return err
		}
	}
	e.sayWritten(out, report)
	return nil
}

// create writes a new file.
func (e *export) create(ctx context.Context, s *session, images []*wim.Image, out string, bulk []wim.BulkOption) (*wim.WriteReport, error) {
	w, err := wim.NewWriter(append(likeSource(s.Reader), e.flags.options()...)...)
	if err != nil {
		return nil, err
	}
	if err := e.add(w, s, images); err != nil {
		return nil, err
	}
	return w.WriteFile(ctx, out, bulk...)
}

// likeSource has a new file compressed as another is, if that can be written.
func likeSource(r *wim.Reader) []wim.WriterOption {
	codec := r.Header.Compression
	if codec == wim.CompressionLZMS || r.Solid() {
		return nil
	}
	return []wim.WriterOption{wim.WithCompression(codec), wim.WithChunkSize(r.Header.ChunkSize)}
}

// add adds images to a writer.
func (e *export) add(w *wim.Writer, s *session, images []*wim.Image) error {
	before := len(w.Images())
	if err := w.Export(images...); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	added := w.Images()[before:]
	if e.named {
		if err := added[0].Set("NAME", e.name); err != nil {
			return err
		}
	}
	if e.described {
		if err := added[0].Set("DESCRIPTION", e.description); err != nil {
			return err
		}
	}
	if e.boot {
		for i, image := range images {
			if len(images) == 1 || image.Index == s.BootIndex() {
				w.SetBoot(added[i])
			}
		}
	}
	return nil
}
