package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wimble-go/wimble/cmd/wimble/internal/mount"
	"github.com/wimble-go/wimble/wim"
)

func (a *app) mountCommand() *cobra.Command {
	var allowOther bool
	cmd := &cobra.Command{
		Use:   "mount FILE [IMAGE|all] DIR",
		Short: "Show an image as a read-only file system",
		Long: `Show an image as a read-only file system at DIR, until Ctrl-C or umount ends it.

With "all" for an IMAGE every image is a folder, DIR/1, DIR/2 and so on. Links lead
to places of the image. What this system has no place for is in extended attributes,
as ntfs-3g names them: user.NAME is the named stream NAME, system.ntfs_acl the security
descriptor, and there are system.ntfs_attrib, ntfs_times, ntfs_dos_name,
ntfs_reparse_data and ntfs_object_id.

It needs FUSE: Linux, macOS or FreeBSD. Who is not root needs fusermount as well
(on Debian: fuse3).`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			s, err := a.open(ctx, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			dir := args[len(args)-1]
			mounted, err := s.mount(dir, args[1:len(args)-1], mount.Options{
				Source:     s.Name,
				AllowOther: allowOther,
				UID:        uint32(os.Getuid()),
				GID:        uint32(os.Getgid()),
				Report:     func(err error) { a.say("wimble: %v", err) },
			})
			if err != nil {
				return err
			}
			a.say("%s is mounted at %s; Ctrl-C or 'umount %[2]s' ends it", s.Name, dir)
			mounted.Serve(ctx, func(err error) { a.say("wimble: %v", err) })
			return nil
		},
	}
	cmd.Flags().BoolVar(&allowOther, "allow-other", false, "let other users see it as well, if the system allows that")
	return cmd
}

// mount mounts the image that args name, or all images.
func (s *session) mount(dir string, args []string, opts mount.Options) (*mount.Mount, error) {
	if len(args) == 1 && s.allImages(args[0]) {
		return s.mountAll(dir, opts)
	}
	_, tree, rest, err := s.imageTree(args)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s: only a whole image can be mounted, not %s", s.Name, rest[0])
	}
	return mount.Image(dir, tree, opts)
}

// mountAll mounts the images that can be read.
func (s *session) mountAll(dir string, opts mount.Options) (*mount.Mount, error) {
	trees := make(map[int]*wim.FS)
	var failed []error
	for _, image := range s.Images {
		tree, err := s.tree(image)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		trees[image.Index] = tree
	}
	if len(trees) == 0 {
		return nil, errors.Join(append(failed, fmt.Errorf("%s: no image can be read: %w", s.Name, wim.ErrFormat))...)
	}
	for _, err := range failed {
		s.app.say("wimble: %v", err)
	}
	return mount.All(dir, trees, opts)
}
