package wim

import (
	"crypto/sha1"
	"fmt"
	"io/fs"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
)

// ReparseTag says what a reparse point is.
type ReparseTag uint32

const (
	ReparseTagMountPoint   ReparseTag = wimfile.ReparseMountPoint // a junction
	ReparseTagSymlink      ReparseTag = wimfile.ReparseSymlink
	ReparseTagWSLSymlink   ReparseTag = wimfile.ReparseWSLSymlink // a symlink of the Windows Subsystem for Linux
	ReparseTagWOF          ReparseTag = 0x80000017                // a file that is stored compressed, by WIMBoot or Compact OS
	ReparseTagDedup        ReparseTag = 0x80000013
	ReparseTagAppExecution ReparseTag = 0x8000001B
)

const maxReparseData = wimfile.MaxReparseData

// reparseNotFixed in [ReparsePoint.Flags] says that an absolute target was
// stored as it was when the image was captured.
const reparseNotFixed = 1

// ReparsePoint is the reparse data of an entry. [NewReparsePoint] and
// [NewSymlink] make one.
type ReparsePoint struct {
	Tag      ReparseTag
	Reserved uint16
	Flags    uint16 // 1: an absolute target was not adjusted when the image was captured
	Size     int64  // of the data; -1 when it is in none of the given files
	SHA1     SHA1

	fs   *FS    // of the image that the data is in, or
	data []byte // the data itself
}

// NewReparsePoint returns a reparse point with the given data: a
// REPARSE_DATA_BUFFER without its first 8 bytes. The data is not copied.
func NewReparsePoint(tag ReparseTag, data []byte) *ReparsePoint {
	p := &ReparsePoint{Tag: tag, Size: int64(len(data)), data: data}
	if len(data) == 0 {
		p.data = []byte{}
	} else {
		p.SHA1 = sha1.Sum(data)
	}
	return p
}

// NewSymlink returns the symbolic link of Windows that is like one of a Unix
// system. Slashes of the target become backslashes, and the other way round. A
// target that begins with a slash becomes one on drive C, which is not
// adjusted.
func NewSymlink(target string) (*ReparsePoint, error) {
	swapped := strings.NewReplacer("/", `\`, `\`, "/").Replace(target)
	print, ok := utf16le.AppendWTF8(nil, swapped)
	if !ok {
		return nil, fmt.Errorf("the target of the link, %q, is not UTF-8: %w", target, fs.ErrInvalid)
	}
	substitute, relative := print, true
	if strings.HasPrefix(target, "/") {
		print = append(utf16le.Append(nil, "C:"), print...)
		substitute, relative = append(utf16le.Append(nil, `\??\`), print...), false
	}
	link := wimfile.NewLink(substitute, print, relative)
	data := link.Append(nil, wimfile.ReparseSymlink)
	if len(data) > maxReparseData {
		return nil, fmt.Errorf("the target of the link has %d bytes, too many for Windows: %w", len(target), fs.ErrInvalid)
	}
	p := NewReparsePoint(ReparseTagSymlink, data)
	p.Flags = reparseNotFixed
	return p, nil
}

// Data reads the reparse data: a REPARSE_DATA_BUFFER without its first 8
// bytes, the tag and the length.
func (p *ReparsePoint) Data() ([]byte, error) {
	if p.data != nil {
		return p.data, nil
	}
	if p.fs == nil {
		return nil, fmt.Errorf("reparse data of no image: %w", fs.ErrInvalid)
	}
	return p.fs.reparseData(p.SHA1)
}

// Link is the target of a symbolic link or junction, as it is stored.
type Link struct {
	Substitute string // the NT path that Windows follows, or relative text
	Print      string // the path that Windows shows; may be empty
	Relative   bool   // the target is relative to the directory of the link
}

// IsLink says whether the reparse point leads to another path.
func (p *ReparsePoint) IsLink() bool { return p.Tag.isLink() }

func (t ReparseTag) isLink() bool {
	return t == ReparseTagSymlink || t == ReparseTagMountPoint || t == ReparseTagWSLSymlink
}

// Link reads the target of a symbolic link or junction. Other reparse points
// have none: an error of kind ErrUnsupported.
func (p *ReparsePoint) Link() (*Link, error) {
	if !p.IsLink() {
		return nil, fmt.Errorf("reparse tag %#x is not a link: %w", uint32(p.Tag), ErrUnsupported)
	}
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	return parseLink(p.Tag, data)
}

// target is the [Link.Target] of a link.
func (p *ReparsePoint) target() (string, error) {
	link, err := p.Link()
	if err != nil {
		return "", err
	}
	return link.Target(), nil
}

// parseLink parses the reparse data of a link (WIM format sheet, section 9.2).
func parseLink(tag ReparseTag, data []byte) (*Link, error) {
	if tag == ReparseTagWSLSymlink {
		link, err := wimfile.ParseWSLLink(data)
		if err != nil {
			return nil, err
		}
		return &Link{Substitute: link.Target, Print: link.Target, Relative: !strings.HasPrefix(link.Target, "/")}, nil
	}
	link, err := wimfile.ParseLink(uint32(tag), data)
	if err != nil {
		return nil, err
	}
	return &Link{
		Substitute: utf16le.Decode(link.Substitute()),
		Print:      utf16le.Decode(link.Print()),
		Relative:   link.Flags&wimfile.LinkRelative != 0,
	}, nil
}

// reparseBuffer returns the REPARSE_DATA_BUFFER of a reparse point.
func reparseBuffer(p *ReparsePoint, data []byte) ([]byte, error) {
	buffer, err := wimfile.ReparseBuffer{Tag: uint32(p.Tag), Reserved: p.Reserved, Data: data}.Append(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrUnsupported)
	}
	return buffer, nil
}

// Target returns the target as a path with slashes. A target on a drive is
// rooted in the image, whatever the drive: "\??\C:\Users" is "/Users". What is
// in no image, such as a volume or a share, keeps its NT path:
// "//?/Volume{...}/" or "//server/share".
func (l *Link) Target() string {
	target := strings.ReplaceAll(l.Substitute, `\`, "/")
	if l.Relative {
		return target
	}
	rest, isNT := strings.CutPrefix(target, "/??/")
	switch {
	case len(rest) >= 2 && rest[1] == ':' && (rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z'):
		if rest = rest[2:]; rest == "" {
			return "/"
		}
		return rest
	case !isNT:
		return target
	case strings.HasPrefix(rest, "UNC/"):
		return "//" + rest[4:]
	}
	return "//?/" + rest
}
