package wim

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// Exclusions says which files of a folder are left out of an image: what DISM
// and wimlib call a configuration list, or WimScript.ini.
//
// A pattern that begins with a slash or backslash is a path from the root of
// the image: `\pagefile.sys`, `\Windows\CSC`. Another one is a name, or the end
// of a path, in any directory: `*.tmp`, `Temp\cache`. `*` stands for any
// characters of one name, `?` for one. Case does not count. A directory that
// matches is left out with all that is in it; `\Temp\*` leaves the directory.
//
// Exceptions win over exclusions. A directory that matches one is kept with all
// that is in it, and so are the directories that lead to what an exception with
// a slash at its beginning names, but not what else is in those.
type Exclusions struct {
	patterns []exclusionPattern
	warnings warnings
}

// exclusionPattern is one pattern.
type exclusionPattern struct {
	elements  []string // folded
	rooted    bool
	exception bool
}

// defaultExclusions is the union of the lists that DISM and wimlib have.
var defaultExclusions = [...]string{
	`\$ntfs.log`,
	`\hiberfil.sys`,
	`\pagefile.sys`,
	`\swapfile.sys`,
	`\System Volume Information`,
	`\RECYCLER`,
	`\$RECYCLE.BIN`,
	`\Windows\CSC`,
}

// DefaultExclusions returns what DISM and wimlib leave out when no list is
// given: files for paging and hibernation, wastebaskets, and the like.
func DefaultExclusions() *Exclusions {
	x := new(Exclusions)
	for _, pattern := range defaultExclusions {
		if err := x.Exclude(pattern); err != nil {
			panic(err) // they are all good
		}
	}
	return x
}

// ParseExclusions parses a list: lines below [ExclusionList] and
// [ExclusionException]. Lines that begin with ";" or "#" are comments, patterns
// may have quotes around them. The text is UTF-8 or UTF-16; as UTF-16 it has a
// byte order mark. The sections [PrepopulateList], [CompressionExclusionList]
// and [CompressionFolderList] say nothing about what is captured. See
// [Exclusions.Warnings] for what else is skipped. Errors are of kind ErrFormat
// and name the line.
func ParseExclusions(list []byte) (*Exclusions, error) {
	text, err := decodeText(list)
	if err != nil {
		return nil, err
	}
	x := new(Exclusions)
	section := "" // folded
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = utf16le.Fold(line)
			if !slices.Contains(listSections[:], section) {
				x.warnings.add(fmt.Errorf("line %d: nobody knows a section %s; what it lists is not used", number, shortLine(line)))
			}
		case section == sectionExclusions || section == sectionExceptions:
			if err := x.add(line, section == sectionExceptions); err != nil {
				return nil, formatErrorf("line %d: %v", number, err)
			}
		case section == "":
			x.warnings.add(fmt.Errorf("line %d: %s is below no section such as [ExclusionList]; it is not used", number, shortLine(line)))
		}
	}
	return x, nil
}

const (
	sectionExclusions = "[EXCLUSIONLIST]"
	sectionExceptions = "[EXCLUSIONEXCEPTION]"
)

// listSections are the sections that lists have.
var listSections = [...]string{
	sectionExclusions, sectionExceptions, "[PREPOPULATELIST]", "[COMPRESSIONEXCLUSIONLIST]", "[COMPRESSIONFOLDERLIST]",
}

// shortLine quotes the beginning of a line.
func shortLine(line string) string { return fmt.Sprintf("%.60q", line) }

// decodeText decodes UTF-8 or UTF-16.
func decodeText(data []byte) (string, error) {
	bigEndian := len(data) >= 2 && data[0] == 0xFE && data[1] == 0xFF
	switch {
	case bigEndian || len(data) >= 2 && data[0] == 0xFF && data[1] == 0xFE:
		if len(data)%2 != 0 {
			return "", formatErrorf("UTF-16 of %d bytes, an odd number", len(data))
		}
		data = slices.Clone(data[2:])
		if bigEndian {
			for i := 0; i < len(data); i += 2 {
				data[i], data[i+1] = data[i+1], data[i]
			}
		}
		return utf16le.Decode(data), nil
	case !utf8.Valid(data):
		line := 1
		for line0 := range strings.SplitSeq(string(data), "\n") {
			if !utf8.ValidString(line0) {
				break
			}
			line++
		}
		return "", formatErrorf("line %d is neither UTF-8 nor UTF-16; save the list as UTF-8", line)
	}
	return strings.TrimPrefix(string(data), "\uFEFF"), nil
}

// Warnings are the lines that say nothing: below no section, or the names of
// sections that nobody knows.
func (x *Exclusions) Warnings() []error { return x.warnings.all() }

// Exclude adds a pattern to those that leave files out. An error, of kind
// ErrOption, says what is wrong with it.
func (x *Exclusions) Exclude(pattern string) error {
	if err := x.add(pattern, false); err != nil {
		return fmt.Errorf("%w: %w", err, ErrOption)
	}
	return nil
}

// add adds a pattern. Its errors have no kind yet.
func (x *Exclusions) add(text string, exception bool) error {
	path := text
	if n := len(path); n >= 2 && (path[0] == '"' || path[0] == '\'') && path[n-1] == path[0] {
		path = path[1 : n-1]
	}
	isSeparator := func(r rune) bool { return r == '/' || r == '\\' }
	if len(path) >= 2 && path[1] == ':' { // of whichever drive, it is the root of the image
		path = path[2:]
		if path == "" || !isSeparator(rune(path[0])) {
			return fmt.Errorf(`pattern %s has a drive, but is no path from its root; write "\" for the root of the image`, shortLine(text))
		}
	}
	p := exclusionPattern{
		elements:  strings.FieldsFunc(utf16le.Fold(path), isSeparator),
		rooted:    path != "" && isSeparator(rune(path[0])),
		exception: exception,
	}
	switch {
	case len(p.elements) == 0:
		return fmt.Errorf("pattern %s names no file", shortLine(text))
	case slices.Contains(p.elements, ".") || slices.Contains(p.elements, ".."):
		return fmt.Errorf(`pattern %s has an element "." or ".."; begin with "\" for the root of the image`, shortLine(text))
	}
	x.patterns = append(x.patterns, p)
	return nil
}

// exclusionsBelow is what a list says about the entries of a directory: the
// patterns whose first elements the directory's path has. A nil pointer says
// that all are kept.
type exclusionsBelow struct {
	list    *Exclusions
	root    bool
	leftOut bool // all of them, except for the exceptions
	begun   []begunPattern
}

// begunPattern is a pattern of which some elements, and not all, have matched.
type begunPattern struct {
	pattern *exclusionPattern
	matched int
}

// below returns what the list says about the entries of the root.
func (x *Exclusions) below() *exclusionsBelow {
	if x == nil || len(x.patterns) == 0 {
		return nil
	}
	return &exclusionsBelow{list: x, root: true}
}

// child says whether an entry of the directory is kept, and if so what the list
// says about the entries of that.
func (d *exclusionsBelow) child(name string, isDirectory bool) (below *exclusionsBelow, keep bool) {
	if d == nil {
		return nil, true
	}
	name = utf16le.Fold(name)
	leftOut, kept, onTheWay := d.leftOut, false, false
	var begun []begunPattern
	try := func(p *exclusionPattern, matched int) {
		switch {
		case !matchGlob(p.elements[matched], name):
		case matched+1 < len(p.elements):
			begun = append(begun, begunPattern{p, matched + 1})
			onTheWay = onTheWay || p.exception && p.rooted
		case p.exception:
			kept = true
		default:
			leftOut = true
		}
	}
	for _, b := range d.begun {
		try(b.pattern, b.matched)
	}
	for i := range d.list.patterns {
		if p := &d.list.patterns[i]; d.root || !p.rooted {
			try(p, 0)
		}
	}
	switch {
	case kept || !isDirectory:
		return nil, kept || !leftOut
	case leftOut && !onTheWay:
		return nil, false
	}
	return &exclusionsBelow{list: d.list, leftOut: leftOut, begun: begun}, true
}

// matchGlob matches a name with a pattern that has "*" and "?" and nothing
// else.
func matchGlob(pattern, name string) bool {
	// Only the last star has to be tried again: where the text between two
	// stars matches first, all that follows has the most room.
	star, from := -1, 0
	p, n := 0, 0
	for n < len(name) {
		_, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			n += size
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			_, size := utf8.DecodeRuneInString(name[from:])
			from += size
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
