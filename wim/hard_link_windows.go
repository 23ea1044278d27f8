package wim

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// fileLinkInformation is a FILE_LINK_INFORMATION, and the class of that.
type fileLinkInformation struct {
	replace uint32 // no
	root    windows.Handle
	size    uint32 // of the name, in bytes
	name    [maxName]uint16
}

const fileLinkInformationClass = 11

// hardLink is a linkFunc. Package os offers links below one directory only, and
// then looks at all elements of both paths.
func hardLink(from *os.Root, old string, to *os.Root, name string) error {
	h, err := openAt(from, old, ntOpen{windows.FILE_WRITE_ATTRIBUTES, windows.FILE_OPEN, windows.FILE_NON_DIRECTORY_FILE})
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	toDir, err := to.Open(".")
	if err != nil {
		return err
	}
	defer toDir.Close()
	name16, err := windows.UTF16FromString(name)
	if err != nil {
		return err
	}
	info := fileLinkInformation{root: windows.Handle(toDir.Fd())}
	info.size = 2 * uint32(copy(info.name[:], name16[:len(name16)-1]))
	err = windows.NtSetInformationFile(h, new(windows.IO_STATUS_BLOCK), (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), fileLinkInformationClass)
	if err != nil {
		return fmt.Errorf("linking %q: %w", name, asErrno(err))
	}
	return nil
}
