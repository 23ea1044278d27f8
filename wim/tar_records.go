package wim

import (
	"archive/tar"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// The PAX records of an entry, see [Image.WriteTar].
const (
	recordCharset      = "hdrcharset"
	recordCreationTime = "LIBARCHIVE.creationtime"
	recordAttributes   = "MSWINDOWS.fileattr"
	recordDescriptor   = "MSWINDOWS.rawsd"
	recordMountPoint   = "MSWINDOWS.mountpoint"
	recordXattr        = "MSWINDOWS.xattr."
	recordShortName    = "WIMBLE.shortname"
	recordReparse      = "WIMBLE.reparse"
	recordObjectID     = "WIMBLE.objectid"
	recordStream       = "WIMBLE.stream."
)

// recordOverhead is more than a PAX record has beside its key and value.
const recordOverhead = 16

// recordSet collects the records of an entry, as far as there is room.
type recordSet struct {
	records map[string]string
	left    int
	leftOut []string // what there is no room for
	bad     []badRecord
}

// badRecord is reparse data or a named stream that cannot be read.
type badRecord struct {
	stream string
	err    error
}

// add adds a record that is called what in reports.
func (r *recordSet) add(what, key, value string) {
	size := len(key) + len(value) + recordOverhead
	if _, dup := r.records[key]; dup || size > r.left {
		r.leftOut = append(r.leftOut, what)
		return
	}
	r.left -= size
	r.records[key] = value
}

func (r *recordSet) addBinary(what, key string, value []byte) {
	if base64.StdEncoding.EncodedLen(len(value)) > r.left {
		r.leftOut = append(r.leftOut, what)
		return
	}
	r.add(what, key, base64.StdEncoding.EncodeToString(value))
}

// addRecords adds the records of an entry to its header, and counts what is
// left out.
func (t *tarring) addRecords(h *tar.Header, i int32, e *Entry) {
	r := t.records(i, e)
	setRecords(h, r.records)
	for _, what := range r.leftOut {
		t.leftOut[what]++
	}
	for _, bad := range r.bad {
		t.tell(i, bad.stream, bad.err)
	}
}

// setRecords sets the records of an entry. libarchive brings names that are
// UTF-8 into normalization form C, and so changes those that are in another
// form, or takes two of them for one. It does not if they are called binary.
func setRecords(h *tar.Header, records map[string]string) {
	if !norm.NFC.IsNormalString(h.Name) || !norm.NFC.IsNormalString(h.Linkname) {
		records[recordCharset] = "BINARY"
	}
	h.PAXRecords = records
}

// records collects the records of an entry.
func (t *tarring) records(i int32, e *Entry) *recordSet {
	r := &recordSet{records: make(map[string]string), left: maxTarRecords}
	r.add("attributes", recordAttributes, strconv.FormatUint(uint64(e.Attributes), 10))
	if e.CreationTime != 0 {
		r.add("times of creation", recordCreationTime, paxTime(e.CreationTime))
	}
	if e.SecurityDescriptor != nil {
		r.addBinary(securityDescriptors, recordDescriptor, e.SecurityDescriptor)
	}
	if e.ShortName != "" {
		r.add(shortNames, recordShortName, e.ShortName)
	}
	if e.ObjectID != nil {
		r.addBinary(objectIDs, recordObjectID, e.ObjectID)
	}
	if e.Reparse != nil {
		data, err := t.content(e.Reparse.SHA1, maxReparseData)
		if err == nil {
			data, err = reparseBuffer(e.Reparse, data)
		}
		if err != nil {
			r.bad = append(r.bad, badRecord{"", fmt.Errorf("reparse data: %w", err)})
		} else {
			r.addBinary("reparse points", recordReparse, data)
		}
		if e.Reparse.Tag == ReparseTagMountPoint {
			r.add("reparse points", recordMountPoint, "1")
		}
	}
	for _, x := range e.Xattrs {
		r.addBinary(extendedAttributes, recordXattr+recordName(utf16.Encode([]rune(x.Name))), x.Value)
	}
	n := &t.tree.meta.nodes[i]
	for _, s := range t.tree.meta.streamsOf(n).named {
		what := fmt.Sprintf("named streams larger than %d KiB", maxTarStream>>10)
		if t.tree.sizeOf(s.hash) > maxTarStream {
			r.leftOut = append(r.leftOut, what)
			continue
		}
		data, err := t.content(s.hash, maxTarStream)
		if err != nil {
			r.bad = append(r.bad, badRecord{utf16le.Decode(s.name), err})
			continue
		}
		r.addBinary(namedStreams, recordStream+recordName(utf16le.Units(s.name)), data)
	}
	return r
}

// recordName is a name as the key of a record has it: one name for each, and
// without what separates keys from values or lines from each other.
func recordName(units []uint16) string {
	return utf16le.Escape(units, func(r rune) bool { return r < ' ' || r == 0x7F || r == '=' || r == '%' })
}

// paxTime formats a time as the PAX format does: seconds since 1970 and a
// decimal fraction.
func paxTime(f Filetime) string {
	units := int64(f/1e7) - filetimeUnixEpoch // seconds, rounded down
	fraction := int64(f % 1e7)
	sign := ""
	if units < 0 { // -1 s and 3/4 is -0.25
		sign = "-"
		units = -units
		if fraction != 0 {
			units--
			fraction = 1e7 - fraction
		}
	}
	text := sign + strconv.FormatInt(units, 10)
	if fraction != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%07d", fraction), "0")
	}
	return text
}
