//go:build (linux && !386 && !arm && !mips && !mipsle) || darwin || freebsd

package mount

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/wimble-go/wimble/wim"
)

// A Mount is images at a directory of the host.
type Mount struct {
	server *fuse.Server
	dir    string
}

// Image mounts one image at dir.
func Image(dir string, image *wim.FS, opts Options) (*Mount, error) {
	return attach(dir, &node{tree: newTree(image, opts, new(inodeNumbers)), path: "."}, opts)
}

// All mounts images at dir, each at its index.
func All(dir string, list map[int]*wim.FS, opts Options) (*Mount, error) {
	root := &images{trees: make(map[int]*tree)}
	numbers := new(inodeNumbers)
	for index, image := range list {
		root.trees[index] = newTree(image, opts, numbers)
	}
	return attach(dir, root, opts)
}

func newTree(image *wim.FS, opts Options, numbers *inodeNumbers) *tree {
	return &tree{fs: image, report: opts.Report, next: numbers}
}

func attach(dir string, root fusefs.InodeEmbedder, opts Options) (*Mount, error) {
	// What is mounted at something else stays there, dead, when mounting fails.
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, &fs.PathError{Op: "mount", Path: dir, Err: syscall.ENOTDIR}
	}
	forever := 24 * time.Hour
	server, err := fusefs.Mount(dir, root, &fusefs.Options{
		EntryTimeout:    &forever,
		AttrTimeout:     &forever,
		NegativeTimeout: &forever,
		NullPermissions: true,
		UID:             opts.UID,
		GID:             opts.GID,
		MountOptions: fuse.MountOptions{
			AllowOther:           opts.AllowOther,
			Name:                 "wimble",
			FsName:               opts.Source,
			Options:              []string{"ro", "nosuid", "nodev"},
			DirectMount:          true, // as root, without fusermount
			MaxWrite:             fuse.MAX_KERNEL_WRITE,
			MaxReadAhead:         1 << 20,
			EnableSymlinkCaching: true,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("mounting at %s: %w", dir, err)
	}
	return &Mount{server, dir}, nil
}

// Serve answers the kernel until the images are unmounted, by Unmount or by
// others. When ctx ends it unmounts them itself; busy is called with the error
// if that does not work because something is open, and tried again.
func (m *Mount) Serve(ctx context.Context, busy func(error)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.server.Wait()
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	for first := true; ; first = false {
		err := m.server.Unmount()
		if err == nil {
			break
		}
		if first {
			busy(fmt.Errorf("%s is in use and will be unmounted when nothing is open there: %w", m.dir, err))
		}
		select {
		case <-done:
			return
		case <-time.After(time.Second):
		}
	}
	<-done
}
