package wim

// captureOptions are the options of [Writer.Capture].
type captureOptions struct {
	exclusions     *Exclusions
	security       []byte
	skipUnreadable bool
	old            *FS
	keepOld        bool
	unixData       bool // of a tar
}

// A CaptureOption changes what [Writer.Capture] takes of a tree.
type CaptureOption interface{ applyCapture(*captureOptions) }

type captureOption func(*captureOptions)

func (set captureOption) applyCapture(o *captureOptions) { set(o) }

func (unixDataOption) applyCapture(o *captureOptions) { o.unixData = true }

// WithExclusions leaves out what a list names; see [DefaultExclusions].
func WithExclusions(list *Exclusions) CaptureOption {
	return captureOption(func(o *captureOptions) { o.exclusions = list })
}

// WithSecurityDescriptor sets the security descriptor, a self-relative one, of
// entries that have none of their own; nil is for none. By default it lets the
// system and the administrators do everything, and users read, since Windows
// mounts no image with entries that have none. The entries of an [FS] are left
// as they are by default.
func WithSecurityDescriptor(descriptor []byte) CaptureOption {
	return captureOption(func(o *captureOptions) { o.security = descriptor })
}

// WithSkipUnreadable has files and directories that cannot be read left out and
// listed in the report, instead of ending the operation.
func WithSkipUnreadable() CaptureOption {
	return captureOption(func(o *captureOptions) { o.skipUnreadable = true })
}

// WithUpdateOf names an older image of the same tree. A file that has the path,
// the size and the times that it has there is not read: its contents are those
// of the older image.
func WithUpdateOf(old *FS) CaptureOption {
	return captureOption(func(o *captureOptions) { o.old = old })
}
