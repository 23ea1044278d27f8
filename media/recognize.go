package media

import (
	"bytes"
	"strings"
)

// HeadSize is how many bytes from its start [Recognize] needs of a file: a
// volume descriptor of an ISO 9660 or UDF file system is at 32 KiB.
const HeadSize = 36 << 10

// TailSize is how many bytes from the end of a file Recognize needs.
const TailSize = 512

// Kind is a kind of file that is no WIM.
type Kind struct {
	Name   string // with its article, such as "a ZIP archive"
	Advice string // what a person can do who wants the WIM in it
}

const (
	unpack    = "unpack it, and name the WIM file in it"
	mountDisk = "mount it, and name the WIM file or the folder in it"
	again     = "download the file again"
)

// signatures are the kinds by the bytes that tell them. The first that fits
// counts: a hybrid ISO begins with a boot sector too.
var signatures = []struct {
	offset int // of the bytes; a negative one counts from the end of the file
	magic  string
	kind   Kind
}{
	{0, "version https://git-lfs.github.com/spec/", Kind{"a Git LFS pointer", `"git lfs pull" fetches the file itself`}},
	{0x8001, "CD001", isoImage}, {0x8001, "BEA01", isoImage}, {0x8001, "NSR0", isoImage},
	{0, "PK\x03\x04", Kind{"a ZIP archive", unpack}},
	{0, "PK\x05\x06", Kind{"an empty ZIP archive", again}},
	{0, "7z\xBC\xAF\x27\x1C", Kind{"a 7z archive", unpack}},
	{0, "Rar!\x1A\x07", Kind{"a RAR archive", unpack}},
	{0, "MSCF", Kind{"a cabinet", "\"expand -F:* FILE DIR\" unpacks it on Windows, 7-Zip elsewhere"}},
	{0, "\x1F\x8B", Kind{"compressed with gzip", "gunzip unpacks it"}},
	{0, "\xFD7zXZ\x00", Kind{"compressed with xz", "unxz unpacks it"}},
	{0, "BZh", Kind{"compressed with bzip2", "bunzip2 unpacks it"}},
	{0, "\x28\xB5\x2F\xFD", Kind{"compressed with Zstandard", "unzstd unpacks it"}},
	{0x101, "ustar", Kind{"a tar archive", unpack}},
	{0, "vhdxfile", Kind{"a VHDX disk", mountDisk}},
	{0, "conectix", Kind{"a VHD disk", mountDisk}}, {-512, "conectix", Kind{"a VHD disk", mountDisk}},
	{0, "KDMV", Kind{"a VMDK disk", mountDisk}},
	{0, "QFI\xFB", Kind{"a QCOW disk", mountDisk}},
	{-512, "koly", Kind{"a macOS disk image", mountDisk}},
	{4, "SignedImage ", Kind{"an FFU image", "it holds a whole disk, which DISM /Apply-FFU writes"}},
	{3, "NTFS    ", Kind{"an NTFS volume", mountDisk}},
	{0x200, "EFI PART", Kind{"an image of a disk", mountDisk}},
	{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind{"an MSI package or an Office document", "it holds no Windows image"}},
	{0, "MZ", Kind{"a program", "if it unpacks itself, run it or open it with 7-Zip"}},
	{0, "regf", Kind{"a registry hive", "name the WIM file that it came from"}},
	{0, "%PDF-", Kind{"a PDF document", again}},
	{0, "d8:announce", Kind{"a torrent", "a BitTorrent program downloads the file itself"}},
	{0x1FE, "\x55\xAA", Kind{"an image of a disk", mountDisk}},
}

var isoImage = Kind{"an ISO image", "a WIM file in it is named by ISO:PATH"}

// texts are kinds that may begin with space or a byte order mark, and in any
// case.
var texts = []struct {
	start string
	kind  Kind
}{
	{"<!doctype html", webPage}, {"<html", webPage}, {"<head", webPage},
	{"<?xml", Kind{"an XML document", again}},
	{"<metalink", Kind{"a Metalink file", "a download program gets the file itself with it"}},
}

var webPage = Kind{"a web page", "the download gave an error or asked for something; look at it in a browser, then " + again}

// Recognize tells what a file is that is no WIM, by its first [HeadSize] and
// its last [TailSize] bytes, or all bytes of a smaller file.
func Recognize(head, tail []byte) (Kind, bool) {
	for _, s := range signatures {
		from := head
		offset := s.offset
		if offset < 0 {
			from, offset = tail, len(tail)+offset
		}
		if offset >= 0 && offset <= len(from) && bytes.HasPrefix(from[offset:], []byte(s.magic)) {
			return s.kind, true
		}
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	start = start[:min(len(start), 64)]
	for _, t := range texts {
		if strings.HasPrefix(strings.ToLower(string(start)), t.start) {
			return t.kind, true
		}
	}
	if len(head) > 0 && len(bytes.Trim(head, "\x00")) == 0 {
		return Kind{"nothing but zero bytes where it begins", "if it was downloaded or copied, that did not finish"}, true
	}
	return Kind{}, false
}
