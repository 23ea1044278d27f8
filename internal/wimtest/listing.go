package wimtest

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A ListedEntry is what "wimlib-imagex dir --detailed" says about a name.
type ListedEntry struct {
	Path               string // "/" for the root; see [WTF8]
	ShortName          string
	Attributes         uint32
	SecurityDescriptor []byte // nil for none
	Created            time.Time
	Written            time.Time
	Accessed           time.Time // all three in whole seconds
	ReparseTag         uint32
	LinkGroup          uint64 // 0 for a file with one name
	LinkCount          int
	ObjectID           []byte
	Unix               *ListedUnix
	Streams            []ListedStream
}

// ListedUnix is what wimlib keeps of a file's Unix metadata.
type ListedUnix struct{ UID, GID, Mode, Rdev uint32 }

// The kinds of stream, in wimlib's words.
const (
	UnnamedStream = "Unnamed data stream"
	NamedStream   = "Named data stream"
	ReparseStream = "Reparse point stream"
)

// A ListedStream is a content of an entry.
type ListedStream struct {
	Kind string
	Name string
	SHA1 string // in hexadecimal; zeros for an empty stream
	Size int64
}

// Stream returns the first stream of a kind, or nil.
func (e *ListedEntry) Stream(kind string) *ListedStream {
	for i := range e.Streams {
		if e.Streams[i].Kind == kind {
			return &e.Streams[i]
		}
	}
	return nil
}

// ListedTime is how wimlib prints times, in UTC if TZ says so.
const ListedTime = "Mon Jan 02 15:04:05 2006 MST"

// ParseListing parses the output of "wimlib-imagex dir --detailed". Lines that
// tell where a blob lies and what an attribute is called may be left out.
func ParseListing(output []byte) ([]ListedEntry, error) {
	var entries []ListedEntry
	for n, line := range lines(output) {
		if err := parseListingLine(&entries, line); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n+1, line, err)
		}
	}
	return entries, nil
}

func parseListingLine(entries *[]ListedEntry, line string) error {
	switch {
	case line == "", strings.HasPrefix(line, "----"), strings.HasPrefix(line, "    FILE_ATTRIBUTE_"):
		return nil
	}
	key, value, found := strings.Cut(line, " = ")
	key = strings.TrimSpace(key)
	if key == "Full Path" {
		*entries = append(*entries, ListedEntry{Path: unquote(value)})
		return nil
	}
	if len(*entries) == 0 {
		return fmt.Errorf("no entry before it")
	}
	e := &(*entries)[len(*entries)-1]
	if !found {
		return e.addStream(strings.TrimSpace(line))
	}
	return e.set(key, value)
}

// addStream begins a stream at its title, such as `Named data stream "a":`.
func (e *ListedEntry) addStream(title string) error {
	title, isTitle := strings.CutSuffix(title, ":")
	if !isTitle {
		return fmt.Errorf("not understood")
	}
	s := ListedStream{Kind: title}
	if strings.HasPrefix(title, NamedStream) {
		s.Kind, s.Name = NamedStream, unquote(strings.TrimPrefix(title, NamedStream+" "))
	}
	e.Streams = append(e.Streams, s)
	return nil
}

func (e *ListedEntry) set(key, value string) (err error) {
	stream := &ListedStream{}
	if len(e.Streams) > 0 {
		stream = &e.Streams[len(e.Streams)-1]
	}
	switch key {
	case "Short Name":
		e.ShortName = unquote(value)
	case "Attributes":
		err = parse(&e.Attributes, value)
	case "Security Descriptor":
		e.SecurityDescriptor, err = hex.DecodeString(value)
	case "Creation Time":
		e.Created, err = time.Parse(ListedTime, value)
	case "Last Write Time":
		e.Written, err = time.Parse(ListedTime, value)
	case "Last Access Time":
		e.Accessed, err = time.Parse(ListedTime, value)
	case "Reparse Tag":
		err = parse(&e.ReparseTag, value)
	case "Link Group ID":
		err = parse(&e.LinkGroup, value)
	case "Link Count":
		err = parse(&e.LinkCount, value)
	case "Object ID":
		e.ObjectID, err = hex.DecodeString(strings.TrimPrefix(value, "0x"))
	case "UNIX Data":
		e.Unix = &ListedUnix{}
		_, err = fmt.Sscanf(value, "uid:%d gid:%d mode:%o rdev:%v", &e.Unix.UID, &e.Unix.GID, &e.Unix.Mode, &e.Unix.Rdev)
	case "Hash":
		stream.SHA1 = strings.TrimPrefix(value, "0x")
	case "Uncompressed size":
		stream.Size, err = byteCount(value)
	case "Compressed size", "Offset in WIM", "Part Number", "Reference Count", "Flags", "Solid resource", "Solid offset":
	default:
		return fmt.Errorf("key %q is not known", key)
	}
	return err
}

// unquote removes the quotation marks around a name, which may hold others.
func unquote(value string) string {
	return strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
}

// parse reads a decimal or 0x number.
func parse[N int | int64 | uint32 | uint64](n *N, value string) error {
	v, err := strconv.ParseUint(value, 0, 64)
	*n = N(v)
	if err == nil && uint64(*n) != v {
		err = strconv.ErrRange
	}
	return err
}

// byteCount reads a size such as "17 bytes".
func byteCount(value string) (n int64, err error) {
	return n, parse(&n, strings.TrimSuffix(value, " bytes"))
}

// Info is what "wimlib-imagex info", "info --header" and "info --blobs" say
// about a file, one after the other.
type Info struct {
	WIM    map[string]string   // such as "Compression": "LZX"
	Images []map[string]string // such as "Directory Count": "31"
	Header map[string]string   // such as "Chunk Size": "32768"
	Blobs  []ListedBlob
}

// A ListedBlob is an entry of the blob table.
type ListedBlob struct {
	SHA1          string
	Size          int64
	Stored        int64 // bytes in the file: of the resource, or of the solid resource that holds the blob
	Part          int
	References    uint32
	Flags         string
	Offset        int64 // where those are
	SolidOffset   int64
	SolidResource string // "" for a blob in a resource of its own
}

// ParseInfo parses the three outputs.
func ParseInfo(output []byte) (*Info, error) {
	info := &Info{WIM: make(map[string]string), Header: make(map[string]string)}
	at := info.WIM // where a line without a key of its own section goes
	for n, line := range lines(output) {
		key, value, found := cutInfo(line)
		var err error
		switch {
		case !found: // a title, a line of dashes, or the name of a flag
			continue
		case key == "Index" && len(info.Header) == 0:
			at = make(map[string]string)
			info.Images = append(info.Images, at)
		case key == "Magic Characters":
			at = info.Header
		case key == "Hash":
			info.Blobs = append(info.Blobs, ListedBlob{SHA1: strings.TrimPrefix(value, "0x")})
			continue
		}
		if len(info.Blobs) > 0 {
			err = info.Blobs[len(info.Blobs)-1].set(key, value)
		} else {
			at[key] = value
		}
		if err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n+1, line, err)
		}
	}
	return info, nil
}

// cutInfo splits "Key:   value" and "Key   = value".
func cutInfo(line string) (key, value string, found bool) {
	colon, equals := strings.Index(line, ":"), strings.Index(line, "= ")
	switch {
	case equals >= 0 && (colon < 0 || equals < colon):
		key, value = line[:equals], line[equals+2:]
	case colon >= 0 && !strings.HasSuffix(line, "Images:") && !strings.HasSuffix(line, "Information:"):
		key, value = line[:colon], line[colon+1:]
	default:
		return "", "", false
	}
	return strings.TrimSpace(key), strings.TrimSpace(value), true
}

// IsMetadata says whether the blob is an image's metadata.
func (b *ListedBlob) IsMetadata() bool { return strings.Contains(b.Flags, "METADATA") }

func (b *ListedBlob) set(key, value string) (err error) {
	switch key {
	case "Uncompressed size":
		b.Size, err = byteCount(value)
	case "Compressed size":
		b.Stored, err = byteCount(value)
	case "Offset in WIM":
		b.Offset, err = byteCount(value)
	case "Solid resource":
		var size int64
		b.SolidResource = value
		_, err = fmt.Sscanf(value, "%d => %d bytes @ offset %d", &size, &b.Stored, &b.Offset)
	case "Solid offset":
		b.SolidOffset, err = byteCount(value)
	case "Part Number":
		err = parse(&b.Part, value)
	case "Reference Count":
		err = parse(&b.References, value)
	case "Flags":
		b.Flags = value
	default:
		return fmt.Errorf("key %q is not known", key)
	}
	return err
}
