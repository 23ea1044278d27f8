package wim

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReparseTag says what a reparse point is.
type ReparseTag uint32

const (
	ReparseTagMountPoint   ReparseTag = 0xA0000003 // a junction
	ReparseTagSymlink      ReparseTag = 0xA000000C
	ReparseTagWSLSymlink   ReparseTag = 0xA000001D // a symlink of the Windows Subsystem for Linux
	ReparseTagWOF          ReparseTag = 0x80000017 // a file that is stored compressed, by WIMBoot or Compact OS
	ReparseTagDedup        ReparseTag = 0x80000013
	ReparseTagAppExecution ReparseTag = 0x8000001B
)

// maxReparseData is Windows' limit for a reparse buffer less its 8-byte header.
const maxReparseData = 16376

// reparseNotFixed in [ReparsePoint.Flags] says that an absolute target was
// stored as it was when the image was captured.
const reparseNotFixed = 1

// ReparsePoint is the reparse data of an entry.
type ReparsePoint struct {
	Tag   ReparseTag
	Flags uint16 // 1: an absolute target was not adjusted when the image was captured
	Size  int64  // of the data; -1 when it is in none of the given files
	SHA1  SHA1

	fs *FS
}

// Data reads the reparse data: a REPARSE_DATA_BUFFER without its first 8
// bytes, the tag and the length.
func (p *ReparsePoint) Data() ([]byte, error) {
	b, err := p.fs.reader.lookup(p.SHA1)
	if err != nil {
		return nil, err
	}
	c, err := b.open()
	if err != nil {
		return nil, err
	}
	return c.readAll(maxReparseData)
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

// parseLink parses the reparse data of a link (WIM format sheet, section 9.2).
func parseLink(tag ReparseTag, data []byte) (*Link, error) {
	if tag == ReparseTagWSLSymlink {
		if len(data) < 4 || !utf8.Valid(data[4:]) {
			return nil, formatErrorf("WSL symlink data of %d bytes", len(data))
		}
		target := string(data[4:])
		return &Link{Substitute: target, Print: target, Relative: !strings.HasPrefix(target, "/")}, nil
	}
	le := binary.LittleEndian
	names := 8
	if tag == ReparseTagSymlink {
		names = 12
	}
	if len(data) < names {
		return nil, formatErrorf("reparse data of %d bytes is too short for a link", len(data))
	}
	name := func(field int) (string, error) {
		offset, size := int(le.Uint16(data[field:])), int(le.Uint16(data[field+2:]))
		if offset+size > len(data)-names || size%2 != 0 {
			return "", formatErrorf("reparse data: a name of %d bytes at offset %d of %d", size, offset, len(data)-names)
		}
		return decodeUTF16(data[names+offset:][:size]), nil
	}
	var link Link
	var err error
	if link.Substitute, err = name(0); err != nil {
		return nil, err
	}
	if link.Print, err = name(4); err != nil {
		return nil, err
	}
	link.Relative = tag == ReparseTagSymlink && le.Uint32(data[8:])&1 != 0
	return &link, nil
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
