package wim

import (
	"archive/tar"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// recordXattrUnix is what GNU tar and libarchive have for Linux.
const recordXattrUnix = "SCHILY.xattr."

// file makes a file of an entry that is no hard link, and writes its contents.
func (t *tarReading) file(h *tar.Header, content io.Reader) (*tarFile, error) {
	e := &Entry{LastWriteTime: FiletimeOf(h.ModTime), LastAccessTime: FiletimeOf(h.AccessTime)}
	if _, fromWindows := h.PAXRecords[recordAttributes]; !fromWindows {
		e.CreationTime = e.LastWriteTime
		if h.AccessTime.IsZero() {
			e.LastAccessTime = e.LastWriteTime
		}
	}
	f := &tarFile{entry: e, contents: make(map[contentName]*newBlob)}
	var unixType uint32
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.Attributes, unixType = AttributeNormal, 0o100000
		e.Streams = []Stream{{Size: h.Size}}
	case tar.TypeDir:
		e.Attributes, unixType = AttributeDirectory, 0o040000
	case tar.TypeSymlink:
		e.Attributes, unixType = AttributeReparsePoint, 0o120000
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if !t.unixData {
			return nil, tarError{errSpecialFile}
		}
		unixType = map[byte]uint32{tar.TypeChar: 0o020000, tar.TypeBlock: 0o060000, tar.TypeFifo: 0o010000}[h.Typeflag]
		e.Streams = []Stream{{}}
	default:
		return nil, tarErrorf("an entry of type %q, which nobody knows: %w", h.Typeflag, ErrUnsupported)
	}
	if err := t.readRecords(f, h); err != nil {
		return nil, tarError{err}
	}
	if t.unixData {
		e.Unix = &UnixData{UID: uint32(h.Uid), GID: uint32(h.Gid), Mode: unixType | uint32(h.Mode)&0o7777, Rdev: deviceNumber(h)}
	}
	if err := e.checkNames(); err != nil {
		return nil, tarError{err}
	}
	return f, t.writeContents(f, h, content)
}

// deviceNumber is what Linux has for the two numbers of a device.
func deviceNumber(h *tar.Header) uint32 {
	if h.Typeflag != tar.TypeChar && h.Typeflag != tar.TypeBlock {
		return 0
	}
	major, minor := uint32(h.Devmajor), uint32(h.Devminor)
	return minor&0xFF | major&0xFFF<<8 | minor&^0xFF<<12
}

// writeContents writes the contents of a file: of the streams first, which its
// header has.
func (t *tarReading) writeContents(f *tarFile, h *tar.Header, content io.Reader) error {
	for key, value := range sortedRecords(h.PAXRecords, recordStream) {
		name, _ := parseRecordName(key)
		data, _ := base64.StdEncoding.DecodeString(value) // readRecords has checked both
		b, err := t.bytes(h.Name+":"+name, data)
		if err != nil {
			return err
		}
		f.contents[contentName{stream: name}] = b
	}
	if f.entry.Reparse != nil {
		data, err := f.entry.Reparse.Data()
		if err == nil {
			f.contents[contentName{reparse: true}], err = t.bytes(h.Name, data)
		}
		if err != nil {
			return err
		}
	}
	if f.entry.Stream("") == nil {
		return nil
	}
	b, err := t.content(h.Name, h.Size, t.keep(f, h.Name, h.Size, content))
	f.contents[contentName{}] = b
	return err
}

// sortedRecords yields the records whose keys have a prefix, without this.
func sortedRecords(records map[string]string, prefix string) func(yield func(key, value string) bool) {
	return func(yield func(key, value string) bool) {
		for _, key := range slices.Sorted(maps.Keys(records)) {
			if name, ok := strings.CutPrefix(key, prefix); ok && !yield(name, records[key]) {
				return
			}
		}
	}
}

// readRecords takes what vendor records say of an entry, see [Image.WriteTar].
func (t *tarReading) readRecords(f *tarFile, h *tar.Header) (err error) {
	e := f.entry
	records := h.PAXRecords
	if value, ok := records[recordCreationTime]; ok {
		if e.CreationTime, err = parsePAXTime(value); err != nil {
			return recordError(recordCreationTime, err)
		}
	}
	attributes, fromWindows := records[recordAttributes]
	if fromWindows {
		value, err := strconv.ParseUint(attributes, 10, 32)
		if err != nil {
			return recordError(recordAttributes, err)
		}
		// What the entry is is known already.
		const known = AttributeDirectory | AttributeReparsePoint
		stays := e.Attributes & known
		if h.Typeflag == tar.TypeSymlink {
			stays |= Attributes(value) & AttributeDirectory
		}
		e.Attributes = Attributes(value)&^known | stays
		if e.Attributes&AttributeDirectory == 0 {
			e.Attributes &^= AttributeEncrypted // a tar has no raw data of files
		}
	}
	descriptor, err := recordBytes(records, recordDescriptor)
	if err == nil && descriptor != nil {
		_, err = parseSecurityDescriptor(descriptor)
	}
	if err != nil {
		return recordError(recordDescriptor, err)
	}
	if e.SecurityDescriptor = descriptor; descriptor == nil && !fromWindows {
		e.SecurityDescriptor = t.security
	}
	if e.ObjectID, err = recordBytes(records, recordObjectID); err != nil {
		return recordError(recordObjectID, err)
	}
	if e.ObjectID != nil && len(e.ObjectID) < objectIDSize {
		return recordError(recordObjectID, fmt.Errorf("%d bytes: %w", len(e.ObjectID), fs.ErrInvalid))
	}
	if err := t.readReparseRecord(f, h); err != nil {
		return err
	}
	if err := t.readXattrRecords(e, records); err != nil {
		return err
	}
	for key := range sortedRecords(records, recordStream) {
		name, err := parseRecordName(key)
		if err != nil || name == "" || e.Stream(name) != nil {
			return recordError(recordStream+key, fmt.Errorf("the name of a stream is wrong: %w", fs.ErrInvalid))
		}
		data, err := recordBytes(records, recordStream+key)
		if err != nil {
			return recordError(recordStream+key, err)
		}
		e.Streams = append(e.Streams, Stream{Name: name, Size: int64(len(data))})
	}
	return nil
}

// objectIDSize is the size of an object id without the birth ids.
const objectIDSize = 16

func (t *tarReading) readXattrRecords(e *Entry, records map[string]string) error {
	for key := range sortedRecords(records, recordXattr) {
		name, err := parseRecordName(key)
		var value []byte
		if err == nil {
			value, err = recordBytes(records, recordXattr+key)
		}
		if err != nil {
			return recordError(recordXattr+key, err)
		}
		e.Xattrs = append(e.Xattrs, Xattr{Name: name, Value: value})
	}
	if t.unixData && e.Xattrs == nil {
		for key, value := range sortedRecords(records, recordXattrUnix) {
			e.Xattrs = append(e.Xattrs, Xattr{Name: key, Value: []byte(value)})
		}
	}
	for _, x := range e.Xattrs {
		if len(x.Name) == 0 || len(x.Name) > wimfile.MaxXattrName || len(x.Value) > wimfile.MaxXattrValue {
			return fmt.Errorf("the extended attribute %.60q has a name of %d bytes and a value of %d: %w", x.Name, len(x.Name), len(x.Value), ErrLimit)
		}
	}
	return nil
}

// readReparseRecord makes the reparse point of an entry: of what its record
// says, or of the target of a link.
func (t *tarReading) readReparseRecord(f *tarFile, h *tar.Header) error {
	e := f.entry
	isLink := h.Typeflag == tar.TypeSymlink
	buffer, err := recordBytes(h.PAXRecords, recordReparse)
	if err != nil {
		return recordError(recordReparse, err)
	}
	if buffer != nil {
		parsed, err := wimfile.ParseReparseBuffer(buffer)
		if err == nil {
			_, err = parsed.Append(nil) // which Windows takes
		}
		if err != nil {
			return recordError(recordReparse, err)
		}
		e.Reparse = NewReparsePoint(ReparseTag(parsed.Tag), parsed.Data)
		e.Reparse.Reserved = parsed.Reserved
		if e.Reparse.IsLink() != isLink || e.Attributes&AttributeDirectory != 0 && !isLink {
			return recordError(recordReparse, fmt.Errorf("it makes a link of what is none, or the other way round: %w", fs.ErrInvalid))
		}
		e.Attributes |= AttributeReparsePoint
		if isLink {
			return t.setFixed(e.Reparse, h.Linkname)
		}
		return nil
	}
	if !isLink {
		return nil
	}
	if h.Linkname == "" {
		return fmt.Errorf("a link without a target: %w", fs.ErrInvalid)
	}
	if h.PAXRecords[recordMountPoint] != "" { // as programs for Windows containers write it
		target := strings.TrimPrefix(strings.ReplaceAll(h.Linkname, "/", `\`), `\??\`)
		e.Reparse = NewReparsePoint(ReparseTagMountPoint, linkData(ReparseTagMountPoint, target))
		e.Reparse.Flags = reparseNotFixed
		e.Attributes |= AttributeDirectory
		return nil
	}
	f.target = h.Linkname
	e.Reparse, err = NewSymlink(h.Linkname)
	return err
}

// setFixed says of a link whether its target was made relative to the root of
// the image when that was captured: then it is absolute, and the tar, which has
// been written of that image, has a relative one.
func (t *tarReading) setFixed(p *ReparsePoint, target string) error {
	link, err := p.Link()
	if err != nil {
		return recordError(recordReparse, err)
	}
	if link.Relative || strings.HasPrefix(target, "/") {
		p.Flags = reparseNotFixed
	}
	return nil
}

// recordError names the record that an error is about.
func recordError(key string, err error) error { return fmt.Errorf("PAX record %.80s: %w", key, err) }

// recordBytes decodes a record that is in base64, nil for one that is not
// there.
func recordBytes(records map[string]string, key string) ([]byte, error) {
	value, ok := records[key]
	if !ok {
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, fs.ErrInvalid)
	}
	return data, nil
}

// parseRecordName is the reverse of recordName. Surrogates are encoded as other
// characters are, in three bytes.
func parseRecordName(key string) (string, error) {
	var name strings.Builder
	for {
		text, rest, found := strings.Cut(key, "%")
		name.WriteString(text)
		if !found {
			return name.String(), nil
		}
		if len(rest) < 5 || rest[0] != 'u' {
			return "", fmt.Errorf("%% without u and four digits in %.60q: %w", key, fs.ErrInvalid)
		}
		unit, err := strconv.ParseUint(rest[1:5], 16, 16)
		if err != nil {
			return "", fmt.Errorf("%% without u and four digits in %.60q: %w", key, fs.ErrInvalid)
		}
		if 0xD800 <= unit && unit <= 0xDFFF {
			name.Write([]byte{0xE0 | byte(unit>>12), 0x80 | byte(unit>>6)&0x3F, 0x80 | byte(unit)&0x3F})
		} else {
			name.Write(utf8.AppendRune(nil, rune(unit)))
		}
		key = rest[5:]
	}
}

// parsePAXTime is the reverse of paxTime. Digits beyond 100 ns are dropped.
func parsePAXTime(text string) (Filetime, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.HasPrefix(whole, "+") || strings.Trim(fraction, "0123456789") != "" {
		return 0, fmt.Errorf("%.40q is no time: %w", text, fs.ErrInvalid)
	}
	units, _ := strconv.ParseInt((fraction + "0000000")[:7], 10, 64)
	if strings.HasPrefix(whole, "-") {
		units = -units
	}
	since := seconds + filetimeUnixEpoch
	if seconds > math.MaxInt64/2 || since < 0 || since >= math.MaxUint64/10_000_000 || since == 0 && units < 0 {
		return 0, fmt.Errorf("the time %.40q is none of Windows: %w", text, fs.ErrInvalid)
	}
	return Filetime(since)*1e7 + Filetime(units), nil
}
