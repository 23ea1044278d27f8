package wim

import (
	"errors"
	"os"
	"strings"

	"github.com/wimble-go/wimble/internal/utf16le"
	"github.com/wimble-go/wimble/internal/wimfile"
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
			if err := x.makeWay(i, dir, name); err != nil {
				return err
			}
			err := x.host.makeReparsePoint(dir, name, n.attributes&AttributeDirectory != 0, buffer)
			if errors.Is(err, ErrUnsupported) {
				refused = err
				return nil
			}
			return err
		})
		if errors.Is(err, errAlias) {
			x.problem(i, errAlias)
			return nil
		}
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

// reparseBuffer returns the REPARSE_DATA_BUFFER of a node. The target of a link
// that is rooted in the image leads into the directory of the extraction.
func (x *extractedTree) reparseBuffer(i int32) ([]byte, error) {
	point := x.tree.reparsePoint(i)
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
	return reparseBuffer(point, data)
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
	link := wimfile.NewLink(utf16le.Append(nil, substitute), utf16le.Append(nil, path), false)
	return link.Append(nil, uint32(tag))
}
