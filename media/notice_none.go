//go:build !linux && !windows

package media

// notice is what the system tells of changes, which is nothing.
type notice struct{ wake chan struct{} }

func newNotice() *notice { return &notice{} }

func (*notice) watch(map[string]bool) {}
func (*notice) close()                {}
