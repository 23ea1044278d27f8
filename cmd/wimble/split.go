package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/wim"
)

const (
	// defaultPartSize is what people take who have FAT32 in mind.
	defaultPartSize = 4000 << 20
	// fat32Size is the largest file that FAT32 can have.
	fat32Size = 1<<32 - 1
)

func (a *app) splitCommand() *cobra.Command {
	var flags writeFlags
	var partSize size
	var fat32 bool
	cmd := &cobra.Command{
		Use:   "split FILE OUT.swm [--size SIZE|--fat32]",
		Short: "Split a WIM into parts of a size",
		Long: `Split FILE, which can be solid, pipable or a set itself, into parts of at most SIZE
bytes each, 4000MiB if none is given: OUT.swm, OUT2.swm, OUT3.swm and so on.

Nothing is compressed again. A solid resource that is larger than a part is cut between
chunks; only the files that cross a cut are stored a second time. A file that no part
can hold is named before anything is written. The parts get their names when all of them
are whole and on the disk; none of them may exist before.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			limit := int64(partSize)
			switch {
			case fat32 && limit != 0:
				return usageError{errors.New("--size and --fat32 exclude each other")}
			case fat32:
				limit = fat32Size
			case limit == 0:
				limit = defaultPartSize
			}
			return a.writeSet(cmd.Context(), args[0], args[1], "splitting", func(ctx context.Context, s *session, opts []wim.SplitOption) (*wim.WriteReport, error) {
				return s.Split(ctx, args[1], limit, append(opts, flags.splitOptions()...)...)
			})
		},
	}
	cmd.Flags().Var(&partSize, "size", "how many `SIZE` bytes a part may have, such as 3800MiB or 4GB")
	cmd.Flags().BoolVar(&fat32, "fat32", false, "make parts as large as FAT32 allows, 4 GiB less a byte")
	flags.addCopied(cmd)
	a.workersFlag(cmd)
	return cmd
}

func (a *app) joinCommand() *cobra.Command {
	var flags writeFlags
	var boot string
	cmd := &cobra.Command{
		Use:   "join PART OUT [--boot IMAGE]",
		Short: "Join the parts of a split WIM into one file",
		Long: `Join a split set, of which PART is any part and the others are beside it, into one
file OUT. That takes the place of a file of that name when it is whole and on the disk.

Nothing is compressed again. What "wimble split" cut stays cut: the pieces of a solid
resource stay pieces, and the files that crossed a cut stay stored a second time. No part
says which image boots; --boot does.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.writeSet(cmd.Context(), args[0], args[1], "joining", func(ctx context.Context, s *session, opts []wim.SplitOption) (*wim.WriteReport, error) {
				opts = append(opts, flags.splitOptions()...)
				if cmd.Flags().Changed("boot") {
					index, err := bootIndex(s, boot)
					if err != nil {
						return nil, err
					}
					opts = append(opts, wim.WithBootIndex(index))
				}
				return s.Join(ctx, args[1], opts...)
			})
		},
	}
	cmd.Flags().StringVar(&boot, "boot", "", "the `IMAGE` that boots, 0 for none")
	flags.addCopied(cmd)
	a.workersFlag(cmd)
	return cmd
}

// bootIndex is the index of an image, 0 for none.
func bootIndex(s *session, which string) (int, error) {
	if n, err := strconv.Atoi(which); err == nil && n == 0 {
		return 0, nil
	}
	image, err := s.Image(which)
	if err != nil {
		return 0, err
	}
	return image.Index, nil
}

// writeSet writes what a file holds as a set or as one file.
func (a *app) writeSet(ctx context.Context, file, out, title string, write func(context.Context, *session, []wim.SplitOption) (*wim.WriteReport, error)) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	s, err := a.open(ctx, file)
	if err != nil {
		return err
	}
	defer s.Close()
	bar := a.newProgress(title)
	report, err := write(ctx, s, []wim.SplitOption{a.withWorkers(), wim.WithProgress(bar.update)})
	bar.finish()
	if err != nil {
		return err
	}
	a.sayWritten(out, report)
	return nil
}
