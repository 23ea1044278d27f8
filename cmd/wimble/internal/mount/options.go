package mount

// Options are what a user may want.
type Options struct {
	Source     string // the name of the WIM file, which lists of mounts show
	AllowOther bool   // let other users see it
	UID, GID   uint32 // the owner of entries without Unix data

	// Report is called with what could not be read, from several goroutines.
	Report func(error)
}
