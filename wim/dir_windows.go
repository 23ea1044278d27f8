package wim

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// dirHost is a thread with the privileges that the user has, and what it calls.
// Backup programs have the same: they open files whatever their permissions are.
type dirHost struct {
	start    sync.Once
	jobs     chan func()
	host     windowsHost
	security *windows.LazyProc
	query    *windows.LazyProc
}

// privileged calls work on the thread with privileges.
func (d *Dir) privileged(work func()) {
	h := &d.host
	h.start.Do(func() {
		h.jobs = make(chan func())
		h.security = windows.NewLazySystemDLL("advapi32.dll").NewProc("GetKernelObjectSecurity")
		h.query = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryInformationFile")
		go h.host.privileged(func() error {
			for job := range h.jobs {
				job()
			}
			return nil
		})
	})
	done := make(chan struct{})
	h.jobs <- func() { defer close(done); work() }
	<-done
}

// close ends the thread. Nobody calls privileged any more.
func (h *dirHost) close() {
	h.start.Do(func() {})
	if h.jobs != nil {
		close(h.jobs)
	}
}

// errEncrypted is why a file is refused: its content could only be stored in the
// clear.
var errEncrypted error = &kindError{"the file has EFS encryption, which cannot be captured; decrypt it first", ErrUnsupported}

// entry describes a file.
func (d *Dir) entry(dir *openDirectory[string], name string, info fs.FileInfo) (e *Entry, err error) {
	d.privileged(func() { e, err = d.describe(dir, name) })
	if err == nil {
		e.Name = info.Name()
	}
	return e, err
}

func (d *Dir) describe(dir *openDirectory[string], name string) (*Entry, error) {
	h, access, err := d.openToDescribe(dir, name)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	var basic basicInfo
	err = windows.GetFileInformationByHandleEx(h, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic)))
	if err != nil {
		return nil, fmt.Errorf("attributes and times: %w", err)
	}
	var id windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &id); err != nil {
		return nil, fmt.Errorf("number and size: %w", err)
	}
	e := &Entry{
		Attributes: basic.attributes, CreationTime: basic.created, LastAccessTime: basic.accessed, LastWriteTime: basic.modified,
		HardLinkCount: 1,
	}
	directory := e.Attributes&AttributeDirectory != 0
	if !directory && e.Attributes&AttributeEncrypted != 0 {
		return nil, errEncrypted
	}
	if e.Attributes&AttributeReparsePoint != 0 {
		if err := d.readReparse(e, h); err != nil {
			return nil, err
		}
	}
	if id.NumberOfLinks > 1 && e.Attributes&(AttributeDirectory|AttributeReparsePoint) == 0 {
		e.HardLinkCount = int(id.NumberOfLinks)
		number := fileNumber{uint64(id.VolumeSerialNumber), uint64(id.FileIndexHigh)<<32 | uint64(id.FileIndexLow)}
		e.HardLinkGroup = d.hardLinkGroup(number)
	}
	if e.Streams, err = streamsOfHandle(h); err != nil { // as on FAT, which has none
		e.Streams = nil
		if !directory && e.Reparse == nil {
			e.Streams = []Stream{{Size: int64(id.FileSizeHigh)<<32 | int64(id.FileSizeLow)}}
		}
	}
	if d.copied {
		return e, nil
	}
	if access&windows.READ_CONTROL == 0 {
		d.countUnread("security descriptors")
	} else {
		d.readSecurity(e, h, access)
	}
	if name != "." {
		e.ShortName = d.shortName(h)
	}
	e.ObjectID = objectID(h)
	return e, nil
}

// openToDescribe opens an entry with as much access as it can get.
func (d *Dir) openToDescribe(dir *openDirectory[string], name string) (h windows.Handle, access uint32, err error) {
	const attributes = windows.FILE_READ_ATTRIBUTES
	tries := []uint32{attributes | windows.READ_CONTROL, attributes}
	if d.host.host.systemACLs {
		tries = append([]uint32{tries[0] | windows.ACCESS_SYSTEM_SECURITY}, tries...)
	}
	for _, access = range tries {
		if h, err = openIn(dir, name, ntOpen{access, windows.FILE_OPEN, 0}); err == nil {
			return h, access, nil
		}
	}
	return 0, 0, err
}

// openIn opens what a name in a directory is, "." for the directory.
func openIn(dir *openDirectory[string], name string, how ntOpen) (windows.Handle, error) {
	self, err := dir.file()
	if err != nil {
		return 0, err
	}
	if name == "." {
		name = ""
	}
	return openRelative(windows.Handle(self.Fd()), name, how)
}

// readReparse reads the reparse data. Targets of links in the folder are made
// relative to its root.
func (d *Dir) readReparse(e *Entry, h windows.Handle) error {
	buffer := make([]byte, windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE)
	var size uint32
	err := windows.DeviceIoControl(h, windows.FSCTL_GET_REPARSE_POINT, nil, 0, &buffer[0], uint32(len(buffer)), &size, nil)
	if err != nil {
		return fmt.Errorf("reparse data: %w", err)
	}
	parsed, err := wimfile.ParseReparseBuffer(buffer[:size])
	if err != nil {
		return err
	}
	tag := ReparseTag(parsed.Tag)
	if tag == ReparseTagWOF || tag == ReparseTagDedup { // its content is read as that of any file
		e.Attributes &^= AttributeReparsePoint
		return nil
	}
	data, flags := slices.Clone(parsed.Data), uint16(0)
	if tag == ReparseTagSymlink || tag == ReparseTagMountPoint {
		flags = reparseNotFixed
		if link, err := parseLink(tag, data); err == nil && !link.Relative {
			if rest, ok := d.inWindowsFolder(strings.TrimPrefix(link.Substitute, `\??\`)); ok {
				data, flags = linkData(tag, `C:\`+rest), 0
			}
		}
	}
	e.Reparse = NewReparsePoint(tag, data)
	e.Reparse.Reserved, e.Reparse.Flags = parsed.Reserved, flags
	return nil
}

// inWindowsFolder returns what of an absolute target is below the folder.
func (d *Dir) inWindowsFolder(target string) (rest string, ok bool) {
	elements := strings.Split(target, `\`)
	for _, name := range d.names {
		folder := strings.Split(strings.TrimRight(name, `\`), `\`)
		if len(elements) >= len(folder) && utf16le.Fold(strings.Join(elements[:len(folder)], `\`)) == utf16le.Fold(strings.Join(folder, `\`)) {
			return strings.Join(elements[len(folder):], `\`), true
		}
	}
	return "", false
}

// streamsOfHandle lists the data streams of a file or directory.
func streamsOfHandle(h windows.Handle) ([]Stream, error) {
	for size := uint32(4 << 10); ; size *= 4 {
		buffer := make([]byte, size)
		err := windows.GetFileInformationByHandleEx(h, windows.FileStreamInfo, &buffer[0], size)
		switch {
		case err == windows.ERROR_HANDLE_EOF: // a directory without any
			return nil, nil
		case err == windows.ERROR_MORE_DATA && size < 16<<20:
		case err != nil:
			return nil, err
		default:
			return parseStreamList(buffer)
		}
	}
}

// parseStreamList parses a list of FILE_STREAM_INFO structures.
func parseStreamList(list []byte) (streams []Stream, err error) {
	le := binary.LittleEndian
	for len(list) >= 24 {
		next, nameSize := le.Uint32(list), le.Uint32(list[4:])
		if uint64(nameSize) > uint64(len(list)-24) {
			return nil, formatErrorf("a stream name of %d bytes in a list of %d", nameSize, len(list))
		}
		// Names are ":name:$DATA". There are other types than data.
		name, isData := strings.CutSuffix(utf16le.Decode(list[24:24+nameSize]), ":$DATA")
		if isData {
			streams = append(streams, Stream{Name: strings.TrimPrefix(name, ":"), Size: int64(le.Uint64(list[8:]))})
		}
		if next == 0 || uint64(next) >= uint64(len(list)) {
			break
		}
		list = list[next:]
	}
	return streams, nil
}

// readSecurity reads the security descriptor, with the system ACL if there is
// access to that.
func (d *Dir) readSecurity(e *Entry, h windows.Handle, access uint32) {
	info := uint32(windows.OWNER_SECURITY_INFORMATION | windows.GROUP_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION |
		windows.LABEL_SECURITY_INFORMATION)
	if access&windows.ACCESS_SYSTEM_SECURITY != 0 {
		info |= windows.SACL_SECURITY_INFORMATION
	} else {
		d.countUnread("system ACLs")
	}
	buffer := make([]byte, 512)
	for range 3 {
		var need uint32
		ok, _, err := d.host.security.Call(uintptr(h), uintptr(info), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), uintptr(unsafe.Pointer(&need)))
		if ok != 0 {
			if size, err := securityDescriptorSize(buffer); err == nil {
				e.SecurityDescriptor = slices.Clone(buffer[:size])
				return
			}
			break
		}
		if err != windows.ERROR_INSUFFICIENT_BUFFER || need <= uint32(len(buffer)) || need > 1<<20 {
			break
		}
		buffer = make([]byte, need)
	}
	d.countUnread("security descriptors")
}

// securityDescriptorSize is the size of a self-relative descriptor.
func securityDescriptorSize(buffer []byte) (int, error) {
	size := int((*windows.SECURITY_DESCRIPTOR)(unsafe.Pointer(&buffer[0])).Length())
	if size < 20 || size > len(buffer) {
		return 0, formatErrorf("a security descriptor of %d bytes", size)
	}
	return size, nil
}

// fileAlternateNameInformation is a FILE_INFORMATION_CLASS, for the 8.3 name.
const fileAlternateNameInformation = 21

// shortName is the 8.3 name, "" for none.
func (d *Dir) shortName(h windows.Handle) string {
	// A FILE_NAME_INFORMATION: a u32 of bytes, then the name.
	buffer := make([]byte, 4+2*64)
	var status windows.IO_STATUS_BLOCK
	code, _, _ := d.host.query.Call(uintptr(h), uintptr(unsafe.Pointer(&status)), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), fileAlternateNameInformation)
	size := binary.LittleEndian.Uint32(buffer)
	if code != 0 || size > uint32(len(buffer)-4) {
		return ""
	}
	return utf16le.Decode(buffer[4 : 4+size])
}

// objectID is the object id with the birth ids, nil for none.
func objectID(h windows.Handle) []byte {
	id := make([]byte, 64)
	var size uint32
	err := windows.DeviceIoControl(h, windows.FSCTL_GET_OBJECT_ID, nil, 0, &id[0], uint32(len(id)), &size, nil)
	if err != nil || size != uint32(len(id)) {
		return nil
	}
	return id
}

// openStream opens a named stream.
func (d *Dir) openStream(dir *openDirectory[string], name, stream string) (file fs.File, err error) {
	if strings.ContainsAny(stream, "\x00/\\:") {
		return nil, fs.ErrInvalid
	}
	d.privileged(func() {
		element := name
		if name == "." {
			element = ""
		}
		var h windows.Handle
		h, err = openIn(dir, element+":"+stream+":$DATA", ntOpen{windows.FILE_GENERIC_READ, windows.FILE_OPEN, 0})
		if err == nil {
			file = os.NewFile(uintptr(h), name+":"+stream)
		}
	})
	return file, err
}

// open opens a file or directory, whatever its permissions are if the user may
// make backups.
func (d *Dir) open(dir *os.Root, name string) (file *os.File, err error) {
	d.privileged(func() { file, err = dir.OpenFile(name, os.O_RDONLY, 0) })
	return file, err
}
