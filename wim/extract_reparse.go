package wim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf16"
)

// makeReparsePoint makes a reparse point as the image has it, where there is a
// metadataHost: a link, or one of another kind that has no content beside.
func (x *extractedTree) makeReparsePoint(i int32, n *node) error {
	link := x.tree.isLink(i)
	if n.attributes&AttributeReparsePoint == 0 || !link && n.attributes&AttributeEncrypted != 0 {
		return nil
	}
	if _, isFile := x.tree.fileStreams(i); isFile {
		return nil
	}
	buffer, refused := x.reparseBuffer(i)
	if refused == nil {
		err := x.in(i, func(dir *os.Root, name string) error {
			if err := makeWay(dir, name); err != nil {
				return err
			}
			err := x.host.makeReparsePoint(dir, name, n.attributes&AttributeDirectory != 0, buffer)
			if errors.Is(err, ErrUnsupported) {
				refused = err
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	switch {
	case refused == nil:
		x.restored[i] |= reparsePointKind
		if link {
			x.report.Links++
		}
	case link:
		x.problem(i, refused)
	}
	return nil
}

// reparseBuffer returns the REPARSE_DATA_BUFFER of a reparse point (WIM format
// sheet, section 9.1): u32 tag, u16 length, u16 reserved, and the data, which
// for tags that are not Microsoft's begins with a GUID that the length does not
// count.
func (x *extractedTree) reparseBuffer(i int32) ([]byte, error) {
	point := x.tree.entry(i).Reparse
	data, err := point.Data()
	if err != nil {
		return nil, err
	}
	if point.Tag == ReparseTagSymlink || point.Tag == ReparseTagMountPoint {
		link, err := parseLink(point.Tag, data)
		if err != nil {
			return nil, err
		}
		if target, inTree := x.tree.outwardTarget(point, link); inTree {
			data = linkData(point.Tag, windowsPath(x.dir, target))
		}
	}
	length := len(data)
	if point.Tag&(1<<31) == 0 {
		length -= 16
	}
	if length < 0 || len(data) > maxReparseData {
		return nil, fmt.Errorf("reparse data of %d bytes, which Windows does not take: %w", len(data), ErrUnsupported)
	}
	le := binary.LittleEndian
	buffer := le.AppendUint32(nil, uint32(point.Tag))
	buffer = le.AppendUint16(buffer, uint16(length))
	buffer = le.AppendUint16(buffer, 0)
	return append(buffer, data...), nil
}

// windowsPath joins an absolute path of Windows and a target with slashes that
// is rooted in it.
func windowsPath(dir, target string) string {
	path := strings.TrimRight(dir, `\`) + strings.TrimRight(strings.ReplaceAll(target, "/", `\`), `\`)
	if strings.HasSuffix(path, ":") {
		path += `\` // a drive's root
	}
	return path
}

// linkData returns the data of a symbolic link or junction to an absolute path
// of Windows (WIM format sheet, section 9.2). Windows wants the two names of a
// junction terminated, and does not mind that with links.
func linkData(tag ReparseTag, path string) []byte {
	substitute := `\??\` + path
	if rest, verbatim := strings.CutPrefix(path, `\\?\`); verbatim {
		substitute, path = `\??\`+rest, strings.Replace(rest, `UNC\`, `\\`, 1)
	} else if rest, share := strings.CutPrefix(path, `\\`); share {
		substitute = `\??\UNC\` + rest
	}
	le := binary.LittleEndian
	var names []byte
	data := make([]byte, 8, 64)
	for field, name := range []string{substitute, path} {
		start := len(names)
		for _, unit := range utf16.Encode([]rune(name)) {
			names = le.AppendUint16(names, unit)
		}
		le.PutUint16(data[4*field:], uint16(start))
		le.PutUint16(data[4*field+2:], uint16(len(names)-start))
		names = append(names, 0, 0)
	}
	if tag == ReparseTagSymlink {
		data = le.AppendUint32(data, 0) // not relative
	}
	return append(data, names...)
}
