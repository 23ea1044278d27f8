//go:build !linux && !windows

package media

// notice is what the system tells of changes, which is nothing.
type notice struct{ wake chan struct{} }

func newNotice() *notice { return &notice{} }

func (*notice) begin()     {}
func (*notice) add(string) {}
func (*notice) end()       {}
func (*notice) close()     {}
