package wim

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// newMetadataHost returns what Windows restores metadata with.
func newMetadataHost() metadataHost { return new(windowsHost) }

// windowsHost opens entries with NtCreateFile, by one name in the directory
// that an [os.Root] has open: there is no path that something could be swapped
// in, and OBJ_DONT_REPARSE with FILE_OPEN_REPARSE_POINT keeps links from being
// followed.
type windowsHost struct {
	// What privileged has privileges for:
	systemACLs, shortNames bool
}

// ntOpen is the arguments of NtCreateFile that differ from one use to another.
type ntOpen struct {
	access, disposition, options uint32
}

// openAt opens what a name in a directory is, not what it leads to. The name
// is one element, or one and a stream: hostName and streamName let nothing
// pass that could be more.
func openAt(dir *os.Root, name string, how ntOpen) (windows.Handle, error) {
	at, err := dir.Open(".")
	if err != nil {
		return 0, err
	}
	defer at.Close()
	if name == "." {
		name = ""
	}
	return openRelative(windows.Handle(at.Fd()), name, how)
}

func openRelative(at windows.Handle, name string, how ntOpen) (windows.Handle, error) {
	objectName, err := windows.NewNTUnicodeString(name)
	if err != nil {
		return 0, err
	}
	attributes := &windows.OBJECT_ATTRIBUTES{
		RootDirectory: at,
		ObjectName:    objectName,
		Attributes:    windows.OBJ_CASE_INSENSITIVE | windows.OBJ_DONT_REPARSE,
	}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	var h windows.Handle
	err = windows.NtCreateFile(&h, how.access|windows.SYNCHRONIZE, attributes, new(windows.IO_STATUS_BLOCK), nil,
		windows.FILE_ATTRIBUTE_NORMAL, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, how.disposition,
		windows.FILE_SYNCHRONOUS_IO_NONALERT|windows.FILE_OPEN_FOR_BACKUP_INTENT|windows.FILE_OPEN_REPARSE_POINT|how.options, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("opening %q: %w", name, asErrno(err))
	}
	return h, nil
}

// asErrno makes a Win32 error of an NTSTATUS: those have text that people can
// read, and fs.ErrExist and others are found in them.
func asErrno(err error) error {
	if status, ok := err.(windows.NTStatus); ok {
		return status.Errno()
	}
	return err
}

func (*windowsHost) makeReparsePoint(dir *os.Root, name string, directory bool, buffer []byte) error {
	options := uint32(windows.FILE_NON_DIRECTORY_FILE)
	if directory {
		options = windows.FILE_DIRECTORY_FILE
	}
	h, err := openAt(dir, name, ntOpen{windows.FILE_WRITE_DATA | windows.FILE_WRITE_ATTRIBUTES | windows.DELETE, windows.FILE_CREATE, options})
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	if err := control(h, windows.FSCTL_SET_REPARSE_POINT, buffer); err != nil {
		markForDeletion(h)
		return fmt.Errorf("setting a reparse point: %w: %w", err, ErrUnsupported)
	}
	return nil
}

// control sends a control code that has no output.
func control(h windows.Handle, code uint32, input []byte) error {
	var returned uint32
	return windows.DeviceIoControl(h, code, &input[0], uint32(len(input)), nil, 0, &returned, nil)
}

// markForDeletion removes the file or stream when it is closed.
func markForDeletion(h windows.Handle) error {
	yes := byte(1)
	return windows.SetFileInformationByHandle(h, windows.FileDispositionInfo, &yes, 1)
}

func (*windowsHost) createStream(dir *os.Root, name, stream string) (*os.File, error) {
	at, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer at.Close()
	// Where there are no streams a colon may be part of a name.
	var flags uint32
	if err := windows.GetVolumeInformationByHandle(windows.Handle(at.Fd()), nil, 0, nil, nil, &flags, nil, 0); err != nil {
		return nil, err
	}
	if flags&windows.FILE_NAMED_STREAMS == 0 {
		return nil, fmt.Errorf("the file system has no named streams: %w", ErrUnsupported)
	}
	if name == "." {
		name = ""
	}
	h, err := openRelative(windows.Handle(at.Fd()), name+":"+stream+":$DATA",
		ntOpen{windows.FILE_GENERIC_READ | windows.FILE_GENERIC_WRITE | windows.DELETE, windows.FILE_OPEN_IF, 0})
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(h), name+":"+stream)
	// FILE_OVERWRITE_IF would want to be given the attributes of the file.
	if err := file.Truncate(0); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (*windowsHost) removeStream(file *os.File) error {
	return markForDeletion(windows.Handle(file.Fd()))
}

// privileged uses a token of a thread of its own. The token of the process is
// the program's, not ours to change.
func (w *windowsHost) privileged(work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		privileges := []string{"SeBackupPrivilege", "SeRestorePrivilege", "SeSecurityPrivilege"}
		if windows.ImpersonateSelf(windows.SecurityImpersonation) == nil {
			enabled := enablePrivileges(privileges)
			w.systemACLs, w.shortNames = enabled["SeSecurityPrivilege"], enabled["SeRestorePrivilege"]
		}
		err := work()
		w.systemACLs, w.shortNames = false, false
		if windows.RevertToSelf() == nil {
			runtime.UnlockOSThread() // else the thread ends with this goroutine
		}
		done <- err
	}()
	return <-done
}

// enablePrivileges enables privileges for the current thread, which has a token
// of its own, and says which it has.
func enablePrivileges(names []string) map[string]bool {
	var token windows.Token
	err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY|windows.TOKEN_ADJUST_PRIVILEGES, true, &token)
	if err != nil {
		return nil
	}
	defer token.Close()
	var size uint32
	windows.GetTokenInformation(token, windows.TokenPrivileges, nil, 0, &size)
	if size < uint32(unsafe.Sizeof(windows.Tokenprivileges{})) {
		return nil
	}
	buffer := make([]byte, size)
	if windows.GetTokenInformation(token, windows.TokenPrivileges, &buffer[0], size, &size) != nil {
		return nil
	}
	held := make(map[windows.LUID]bool)
	for _, p := range (*windows.Tokenprivileges)(unsafe.Pointer(&buffer[0])).AllPrivileges() {
		held[p.Luid] = true
	}
	enabled := make(map[string]bool)
	for _, name := range names {
		one := windows.Tokenprivileges{PrivilegeCount: 1}
		one.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
		name16, err := windows.UTF16PtrFromString(name)
		if err != nil || windows.LookupPrivilegeValue(nil, name16, &one.Privileges[0].Luid) != nil || !held[one.Privileges[0].Luid] {
			continue
		}
		// The error is nil, too, for a privilege that is not held.
		enabled[name] = windows.AdjustTokenPrivileges(token, false, &one, 0, nil, nil) == nil
	}
	return enabled
}

func (w *windowsHost) setShortName(dir *os.Root, name, shortName string) error {
	if !w.shortNames {
		return windows.ERROR_PRIVILEGE_NOT_HELD
	}
	h, err := openAt(dir, name, ntOpen{windows.FILE_WRITE_ATTRIBUTES | windows.DELETE, windows.FILE_OPEN, 0})
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	// A FILE_NAME_INFORMATION: a u32 of bytes, the name without a terminator.
	name16, err := windows.UTF16FromString(shortName)
	if err != nil {
		return err
	}
	name16 = name16[:len(name16)-1]
	size := uint32(2 * len(name16))
	info := append([]uint16{uint16(size), uint16(size >> 16)}, name16...)
	info = append(info, 0) // the structure has room for at least one unit
	err = windows.NtSetInformationFile(h, new(windows.IO_STATUS_BLOCK), (*byte)(unsafe.Pointer(&info[0])), max(8, 4+size),
		windows.FileShortNameInformation)
	if err != nil {
		return fmt.Errorf("setting the short name of %q: %w", name, asErrno(err))
	}
	return nil
}

// windowsEntry is an open entry of windowsHost.
type windowsEntry struct {
	host   *windowsHost
	dir    *os.Root
	name   string
	handle windows.Handle
}

func (w *windowsHost) open(dir *os.Root, name string, security bool) (hostEntry, error) {
	const attributes = windows.FILE_READ_ATTRIBUTES | windows.FILE_WRITE_ATTRIBUTES
	if security {
		access := uint32(attributes | windows.WRITE_DAC | windows.WRITE_OWNER)
		if w.systemACLs {
			access |= windows.ACCESS_SYSTEM_SECURITY
		}
		if h, err := openAt(dir, name, ntOpen{access, windows.FILE_OPEN, 0}); err == nil {
			return &windowsEntry{w, dir, name, h}, nil
		}
	}
	h, err := openAt(dir, name, ntOpen{attributes, windows.FILE_OPEN, 0})
	if err != nil {
		return nil, err
	}
	return &windowsEntry{w, dir, name, h}, nil
}

func (e *windowsEntry) Close() error { return windows.CloseHandle(e.handle) }

// compress uses a handle of its own: as little as possible is asked of the one
// that all else depends on.
func (e *windowsEntry) compress() error {
	h, err := openAt(e.dir, e.name, ntOpen{windows.FILE_READ_DATA | windows.FILE_WRITE_DATA, windows.FILE_OPEN, 0})
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	return control(h, windows.FSCTL_SET_COMPRESSION, []byte{1, 0}) // COMPRESSION_FORMAT_DEFAULT
}

// setSecurity sets the whole descriptor, or all but the system ACL. It is all
// or nothing with the owner: a file that kept the user as its owner, with the
// permissions of another's file, is neither as it was nor of use.
func (e *windowsEntry) setSecurity(descriptor *securityDescriptor) error {
	var info windows.SECURITY_INFORMATION
	for _, part := range []struct {
		has bool
		bit windows.SECURITY_INFORMATION
	}{
		{descriptor.owner, windows.OWNER_SECURITY_INFORMATION},
		{descriptor.group, windows.GROUP_SECURITY_INFORMATION},
		{descriptor.dacl, windows.DACL_SECURITY_INFORMATION},
	} {
		if part.has {
			info |= part.bit
		}
	}
	// The structure lies in data, which is as long as the structure says.
	set := func(info windows.SECURITY_INFORMATION) error {
		return windows.SetKernelObjectSecurity(e.handle, info, (*windows.SECURITY_DESCRIPTOR)(unsafe.Pointer(&descriptor.data[0])))
	}
	if !descriptor.sacl {
		return set(info)
	}
	err := set(info | windows.SACL_SECURITY_INFORMATION)
	if err != nil {
		set(info)
	}
	return err
}

func (e *windowsEntry) setBasic(basic basicInfo) error {
	return windows.SetFileInformationByHandle(e.handle, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic)))
}
