// go-fuse does not build on Linux of 32 bits.

//go:build (!linux || 386 || arm || mips || mipsle) && !darwin && !freebsd

package mount

import (
	"context"
	"errors"
	"fmt"

	"github.com/wimble-go/wimble/wim"
)

// errNoFUSE is what mounting gives on this system.
var errNoFUSE = fmt.Errorf("mounting needs FUSE: Linux of 64 bits, macOS or FreeBSD; 'wimble extract' and 'wimble serve' work here as well: %w", errors.ErrUnsupported)

// A Mount is images at a directory of the host.
type Mount struct{}

// Image mounts one image at dir.
func Image(string, *wim.FS, Options) (*Mount, error) { return nil, errNoFUSE }

// All mounts images at dir, each at its index.
func All(string, map[int]*wim.FS, Options) (*Mount, error) { return nil, errNoFUSE }

// Serve is never called: there is no Mount.
func (*Mount) Serve(context.Context, func(error)) {}
