package wim

import "os"

// A metadataHost is what a system has to restore the metadata of NTFS with,
// beyond what [os.Root] does. Only Windows has one, see newMetadataHost.
//
// Names are those of an entry in dir, or "." for dir itself. No method follows
// a link: what a name leads to is always in dir.
type metadataHost interface {
	// makeReparsePoint makes a file or directory with a REPARSE_DATA_BUFFER.
	// ErrUnsupported says that the file system has no such thing, or that the
	// user may not make it, as with symbolic links without the developer mode.
	makeReparsePoint(dir *os.Root, name string, directory bool, buffer []byte) error
	// createStream opens a named stream of an entry, empty, to write and read.
	createStream(dir *os.Root, name, stream string) (*os.File, error)
	// removeStream removes a stream that createStream opened. The file is
	// still to be closed.
	removeStream(file *os.File) error

	// privileged calls work with as many as the user has of the privileges
	// that the methods below need, and not with those afterwards.
	privileged(work func() error) error
	// setShortName gives an entry another 8.3 name, or none.
	setShortName(dir *os.Root, name, shortName string) error
	// open opens an entry to change it; its security descriptor only if that
	// is wanted.
	open(dir *os.Root, name string, security bool) (hostEntry, error)
}

// A hostEntry is an entry that is given its metadata. What it is given first
// does not keep it from being given the rest.
type hostEntry interface {
	compress() error
	// setSecurity sets what the descriptor has. An error says that nothing or
	// not all of it was set.
	setSecurity(descriptor *securityDescriptor) error
	// setBasic sets attributes and times. Times of zero are left as they are.
	setBasic(basic basicInfo) error
	Close() error
}

// basicInfo is a FILE_BASIC_INFORMATION, in the order of its fields.
type basicInfo struct {
	created, accessed, modified Filetime
	_                           Filetime // of the last change of metadata: left as it is
	attributes                  Attributes
	_                           uint32 // Windows aligns the structure to 8 bytes on every processor
}
