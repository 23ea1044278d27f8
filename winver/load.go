package winver

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/wintree"
)

// The limits of a table, far above what a real one needs (in 2026: 70 KB, 1,750
// updates, 54 releases, 5 builds in a family). They keep memory and time for a
// hostile one at some tens of megabytes and at a second.
const (
	maxTableBytes    = 4 << 20
	maxTableUpdates  = 100_000
	maxTableReleases = 1000 // and as many ladders
	maxFamily        = 32
)

//go:generate go run ./table

//go:embed table/windows.txt
var defaultTable string

var loadDefault = sync.OnceValue(func() *Table {
	t, err := parseTable(defaultTable)
	if err != nil {
		panic("winver: the built-in table: " + err.Error()) // a test loads it
	}
	return t
})

// DefaultTable returns the table that is part of the program. It is read when
// it is first asked for, which takes about a millisecond.
func DefaultTable() *Table { return loadDefault() }

// LoadTable reads a table from text in UTF-8, of 4 MiB at most. Errors wrap
// ErrFormat and name the line.
//
// A line is a record, whose fields are separated by tabs (one or more, so that
// columns may be aligned). An unknown field is "-". Empty lines and lines that
// begin with "#" do not count. The records are these:
//
//	windows-table  1           must be the first record
//	as-of          DATE        the day up to which the table is complete
//	extends        built-in    start with what DefaultTable knows
//	release        BUILD BASE PRODUCT VERSION CODENAME CHANNEL AVAILABLE HOMEPRO ENTERPRISE ENABLEMENT
//	ladder         BUILD UBR PRODUCT
//	update         BUILDS UBR KB DATE KIND PRODUCT
//
// Dates are written as 2020-10-13, KB numbers as KB4577671. The fields of
// release are those of [Release]: BASE is the build whose packages it is
// serviced with, CHANNEL one of the [Channel] constants, HOMEPRO and ENTERPRISE
// are the ends of service, ENABLEMENT is the KB of the enablement package. In
// update, BUILDS are one or several builds with commas; KIND is "rtm" for the
// release itself (the only one that may lack a KB), Microsoft's letter "B", "C"
// or "D", "preview" where the letter is not known, "OOB", or "hotpatch";
// PRODUCT is "client" or "server" where an update is only for one of the
// products that share a build, and may be left out. A ladder says the same of
// all UBRs from one on.
//
// The order of release, ladder and update does not matter, except that a later
// record takes the place of an earlier one with the same build and product, or
// build, UBR and KB. So a file of a few lines keeps the table current:
//
//	windows-table	1
//	extends	built-in
//	as-of	2026-10-13
//	update	26100,26200,26300	9700	KB5130001	2026-10-13	B
func LoadTable(r io.Reader) (*Table, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxTableBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading a table of Windows updates: %w", err)
	}
	if len(text) > maxTableBytes {
		return nil, wintree.OfKind(fmt.Errorf("table of Windows updates: more than %d bytes", maxTableBytes), ErrFormat)
	}
	return parseTable(string(text))
}

// rowKey is what is unique among updates.
type rowKey struct {
	build, ubr uint32
	kb         KB
}

// tableParser gathers records. They are put in order at the end, so that their
// order in the text does not matter.
type tableParser struct {
	started, extended bool

	asOf     Date
	releases []Release
	updates  []entry
	index    map[rowKey]int // into updates
	ladders  []ladderRecord
}

type ladderRecord struct {
	build uint32
	ladderStart
}

func parseTable(text string) (*Table, error) {
	lines := min(strings.Count(text, "\n"), maxTableUpdates)
	p := tableParser{updates: make([]entry, 0, lines), index: make(map[rowKey]int, lines)}
	err := p.read(strings.TrimPrefix(text, "\uFEFF"))
	if err != nil {
		return nil, wintree.OfKind(fmt.Errorf("table of Windows updates, %w", err), ErrFormat)
	}
	t, err := p.table()
	if err != nil {
		return nil, wintree.OfKind(fmt.Errorf("table of Windows updates: %w", err), ErrFormat)
	}
	return t, nil
}

func (p *tableParser) read(text string) error {
	p.started = false
	number := 0
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		number++
		line = strings.TrimSuffix(line, "\r")
		if strings.Trim(line, "\t ") == "" || line[0] == '#' {
			continue
		}
		if err := p.record(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if !p.started {
		return errors.New("which holds no record")
	}
	return nil
}

// fields are those of a record that have not been read yet, and the first error
// in those that have.
type fields struct {
	rest string
	err  error
}

// next returns the next field, and "" for one that is unknown or missing.
func (f *fields) next() string {
	var field string
	for field == "" && f.rest != "" {
		field, f.rest, _ = strings.Cut(f.rest, "\t")
	}
	if field == "-" {
		return ""
	}
	return field
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) text(what string) string {
	text := f.next()
	if text == "" {
		f.fail(fmt.Errorf("no %s", what))
	}
	return text
}

func (f *fields) number(what string) uint32 { return f.parseNumber(what, f.next()) }

func (f *fields) parseNumber(what, text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 || text[0] == '+' {
		f.fail(fmt.Errorf("%s %q is not a number from 1 to 4294967295", what, text))
	}
	return uint32(n)
}

func (f *fields) date() (d Date) {
	if text := f.next(); text != "" {
		var err error
		if d, err = ParseDate(text); err != nil {
			f.fail(err)
		}
	}
	return d
}

func (f *fields) kb() (kb KB) {
	if text := f.next(); text != "" {
		var err error
		if kb, err = ParseKB(text); err != nil {
			f.fail(err)
		}
	}
	return kb
}

func (f *fields) kind() Kind {
	switch text := f.next(); text {
	case "":
		return KindUnknown
	case "B":
		return KindSecurity
	case "C", "D", "preview":
		return KindPreview
	case "OOB":
		return KindOutOfBand
	case "rtm":
		return KindRelease
	case "hotpatch":
		return KindHotpatch
	default:
		f.fail(fmt.Errorf("%q is not a kind of update: rtm, B, C, D, preview, OOB, hotpatch or -", text))
		return KindUnknown
	}
}

func (f *fields) product() product {
	switch text := f.next(); text {
	case "":
		return productAny
	case "client":
		return productClient
	case "server":
		return productServer
	default:
		f.fail(fmt.Errorf("%q is not a product: client, server or -", text))
		return productAny
	}
}

func (p *tableParser) record(line string) error {
	for _, r := range line {
		if r == utf8.RuneError || r < ' ' && r != '\t' || r == 0x7F {
			return fmt.Errorf("%q is not printable text in UTF-8", line)
		}
	}
	f := &fields{rest: line}
	name := f.text("record")
	if name != "windows-table" && !p.started {
		return errors.New(`the first record is not "windows-table 1" with a tab between`)
	}
	switch name {
	case "windows-table":
		if version := f.next(); version != "1" || p.started {
			return fmt.Errorf("windows-table %q: this program reads version 1, once at the start of a table", version)
		}
		p.started = true
	case "as-of":
		p.asOf = f.date()
	case "extends":
		if what := f.next(); what != "built-in" || p.extended {
			return fmt.Errorf("extends %q: only built-in can be extended, and once", what)
		}
		p.extended = true
		asOf := p.asOf
		if err := p.read(defaultTable); err != nil {
			return err
		}
		if !asOf.IsZero() {
			p.asOf = asOf
		}
	case "release":
		p.release(f)
	case "ladder":
		p.ladders = append(p.ladders, ladderRecord{f.number("build"), ladderStart{f.number("UBR"), f.product()}})
		if len(p.ladders) > maxTableReleases {
			f.fail(fmt.Errorf("more than %d ladders", maxTableReleases))
		}
	case "update":
		p.update(f)
	default:
		return fmt.Errorf("%q is not a record: windows-table, as-of, extends, release, ladder or update, then a tab", name)
	}
	if f.err == nil && f.next() != "" {
		f.fail(errors.New("has too many fields"))
	}
	return f.err
}

func (p *tableParser) release(f *fields) {
	r := Release{
		Build:         f.number("build"),
		BaseBuild:     f.number("base build"),
		Product:       f.text("product"),
		Version:       f.text("version"),
		Codename:      f.next(),
		Channel:       Channel(f.next()),
		Available:     f.date(),
		EndHomePro:    f.date(),
		EndEnterprise: f.date(),
		EnablementKB:  f.kb(),
	}
	if !slices.Contains(channels, r.Channel) {
		f.fail(fmt.Errorf("%q is not a channel: %q", r.Channel, channels))
	}
	p.releases = slices.DeleteFunc(p.releases, func(old Release) bool {
		return old.Build == r.Build && old.Product == r.Product
	})
	if p.releases = append(p.releases, r); len(p.releases) > maxTableReleases {
		f.fail(fmt.Errorf("more than %d releases", maxTableReleases))
	}
}

func (p *tableParser) update(f *fields) {
	builds := f.text("build")
	ubr := f.number("UBR")
	row := entry{Update{KB: f.kb(), Released: f.date(), Kind: f.kind()}, f.product()}
	if row.KB == 0 && row.Kind != KindRelease {
		f.fail(errors.New("update without a KB"))
	}
	for more := true; more && f.err == nil; {
		var build string
		build, builds, more = strings.Cut(builds, ",")
		number := f.parseNumber("build", build)
		row.Version = versionOf(number, ubr)
		key := rowKey{number, ubr, row.KB}
		if i, ok := p.index[key]; ok {
			p.updates[i] = row
			continue
		}
		p.index[key] = len(p.updates)
		if p.updates = append(p.updates, row); len(p.updates) > maxTableUpdates {
			f.fail(fmt.Errorf("more than %d updates", maxTableUpdates))
		}
	}
}

// table puts the records in order and checks what holds between them.
func (p *tableParser) table() (*Table, error) {
	if p.asOf.IsZero() {
		return nil, errors.New("has no as-of record")
	}
	t := &Table{
		asOf:       p.asOf,
		releases:   make(map[uint32][]Release),
		families:   make(map[uint32][]uint32),
		enabled:    make(map[KB]uint32),
		updates:    make(map[uint32][]entry),
		hotpatches: make(map[uint32][]entry),
		ladders:    make(map[uint32][]ladderStart),
	}
	for _, r := range p.releases {
		t.releases[r.Build] = append(t.releases[r.Build], r)
	}
	for _, r := range p.releases {
		if base := t.base(r.Build); r.BaseBuild != base {
			return nil, fmt.Errorf("build %d has two base builds, %d and %d", r.Build, base, r.BaseBuild)
		}
		if t.base(r.BaseBuild) != r.BaseBuild {
			return nil, fmt.Errorf("base build %d of build %d has no release that is its own base", r.BaseBuild, r.Build)
		}
		if r.EnablementKB != 0 {
			t.enabled[r.EnablementKB] = r.Build
		}
		family := t.families[r.BaseBuild]
		if i, ok := slices.BinarySearch(family, r.Build); !ok {
			if len(family) == maxFamily {
				return nil, fmt.Errorf("base build %d has more than %d builds", r.BaseBuild, maxFamily)
			}
			t.families[r.BaseBuild] = slices.Insert(family, i, r.Build)
		}
	}
	slices.SortStableFunc(p.ladders, func(a, b ladderRecord) int { return cmp.Compare(a.ubr, b.ubr) })
	for _, l := range p.ladders {
		if t.base(l.build) == 0 {
			return nil, fmt.Errorf("build %d has a ladder, but no release", l.build)
		}
		t.ladders[l.build] = append(t.ladders[l.build], l.ladderStart)
	}
	if err := t.addUpdates(p.updates); err != nil {
		return nil, err
	}
	return t, nil
}

// addUpdates sorts rows into the builds, joins those with the same UBR, and
// lets releases have the KB that their family knows.
func (t *Table) addUpdates(rows []entry) error {
	slices.SortStableFunc(rows, func(a, b entry) int {
		return cmp.Or(a.Version.Compare(b.Version),
			b.Released.Compare(a.Released), cmp.Compare(b.KB, a.KB))
	})
	var releases []entry
	for _, row := range rows {
		build := row.Version.Build
		if t.base(build) == 0 {
			return fmt.Errorf("build %d has an update, but no release", build)
		}
		if row.product == productAny {
			row.product = startOf(t.ladders[build], row.Version.UBR)
		}
		switch {
		case row.KB == 0:
			releases = append(releases, row)
		case row.Kind == KindHotpatch:
			t.hotpatches[build] = appendRow(t.hotpatches[build], row)
		default:
			t.updates[build] = appendRow(t.updates[build], row)
		}
	}
	for len(releases) > 0 {
		build := releases[0].Version.Build
		end := slices.IndexFunc(releases, func(row entry) bool { return row.Version.Build != build })
		if end < 0 {
			end = len(releases)
		}
		all := t.updates[build]
		for _, row := range releases[:end] {
			if found, ok := t.find(row.Version); ok {
				row = found
			}
			all = append(all, row)
		}
		slices.SortStableFunc(all, func(a, b entry) int { return byUBR(a, b.Version.UBR) })
		t.updates[build] = slices.CompactFunc(all, func(a, b entry) bool { return a.Version.UBR == b.Version.UBR })
		releases = releases[end:]
	}
	return nil
}

// appendRow adds a row to those of a build, which come in the order of their
// UBRs. A further article about the last one becomes an alternative.
func appendRow(rows []entry, row entry) []entry {
	if n := len(rows); n > 0 && rows[n-1].Version.UBR == row.Version.UBR {
		rows[n-1].Alternatives = append(rows[n-1].Alternatives, Article{row.KB, row.Released, row.Kind})
		return rows
	}
	return append(rows, row)
}
