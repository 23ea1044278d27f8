package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"io/fs"
	"strings"
	"unicode"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

// Inventory is what is installed in a Windows tree. The lists are sorted by
// what identifies their records, so that two inventories can be compared.
type Inventory struct {
	// SystemRoot is the directory of the root that Windows is installed in,
	// as the tree spells it: "Windows".
	SystemRoot string `json:"system_root"`

	Machine      Machine      `json:"machine"`
	Editions     Editions     `json:"editions"`
	Languages    []Language   `json:"languages"`
	Packages     []Package    `json:"packages"`
	Updates      []Update     `json:"updates"`
	Features     []Feature    `json:"features"`
	Capabilities []Capability `json:"capabilities"`
	Drivers      []Driver     `json:"drivers"`
	Apps         []App        `json:"apps"`
	Markers      []Marker     `json:"markers"` // of pending work

	// Families of apps that were removed so that they stay away, and that are
	// not supported any more.
	Deprovisioned []string `json:"deprovisioned,omitempty"`
	EndOfLife     []string `json:"end_of_life,omitempty"`

	// Notes are lines about what is missing, damaged or in disagreement. Each
	// begins with a path, or with the name of the list that it is about.
	Notes []string `json:"notes,omitempty"`
}

// SourceKind says what kind of source tells something.
type SourceKind string

const (
	SourceHive    SourceKind = "hive"    // a key of a registry hive
	SourceMUM     SourceKind = "mum"     // the .mum file of a package
	SourceXML     SourceKind = "xml"     // another XML file
	SourceListing SourceKind = "listing" // the names in a directory
)

// Source is where a record comes from.
type Source struct {
	Kind SourceKind

	// Path is a path in the tree. For a hive, the key follows after a colon and
	// a space; if the record has a key of its own there, its name is left out.
	Path string

	// Stale says that the source may lack the last changes: a hive that was not
	// closed cleanly has them in its log, which is not read.
	Stale bool

	// Err says what could not be read. The record may then lack what this
	// source tells.
	Err error
}

// MarshalJSON implements json.Marshaler: kind, path, stale and error, of which
// the last two are left out if there is nothing to say.
func (s Source) MarshalJSON() ([]byte, error) {
	out := struct {
		Kind  SourceKind `json:"kind"`
		Path  string     `json:"path"`
		Stale bool       `json:"stale,omitempty"`
		Error string     `json:"error,omitempty"`
	}{s.Kind, s.Path, s.Stale, ""}
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	return json.Marshal(out)
}

// Option changes how Read works.
type Option func(*reader)

// WithTable has Read look articles of cumulative updates up in another table
// than [winver.DefaultTable].
func WithTable(t *winver.Table) Option { return func(r *reader) { r.table = t } }

// maxSteps bounds what listing, hives and small files take. A Windows with
// 15,000 packages takes about a sixth of it.
const maxSteps = 4 * wintree.MaxSteps

// Read tells what is installed in the Windows of fsys, whose root is the root
// of a drive. Names are found whatever their case.
//
// A tree without Windows gives an error that wraps [winver.ErrNotWindows]. The
// work is bounded, and a tree that takes more than Windows does gives one that
// wraps [winver.ErrLimit]: names listed, keys and values looked at and bytes
// read count. When ctx ends, so does Read, with its error. Anything else that
// is wrong gives a note.
//
// If fsys can tell in which order its files are stored, by the method
// StorageOrder of the images of package wim, small files are read in that
// order.
func Read(ctx context.Context, fsys fs.FS, options ...Option) (*Inventory, error) {
	r := &reader{
		Tree: wintree.New(fsys, wintree.NewBudget("the inventory", maxSteps, ctx.Err)), fsys: fsys, ended: ctx.Err, folders: make(map[*App]string),
		inventory: &Inventory{
			Languages: []Language{}, Packages: []Package{}, Updates: []Update{}, Features: []Feature{}, Capabilities: []Capability{}, Drivers: []Driver{}, Apps: []App{}, Markers: []Marker{},
		},
	}
	for _, option := range options {
		option(r)
	}
	if r.table == nil {
		r.table = winver.DefaultTable()
	}
	root, err := r.SystemRoot()
	if err != nil {
		return nil, wintree.WithoutPath(err)
	}
	r.root, r.inventory.SystemRoot = root, root
	for _, step := range []func(){
		r.listPackages,
		r.readSystem,
		r.readDriversHive,
		r.readSoftware,
		r.markComponents,
		r.markFiles,
		r.markPackages,
		r.findEditions,
		r.readMUMs,
		r.readApps,
		r.addUpdates,
	} {
		step()
		if err := cmp.Or(ctx.Err(), r.Work.Over()); err != nil {
			return nil, err
		}
	}
	return r.inventory, nil
}

// reader makes an inventory.
type reader struct {
	*wintree.Tree
	fsys      fs.FS
	root      string // the system root
	table     *winver.Table
	inventory *Inventory
	ended     func() error // says why nobody waits any more

	xmlBytes                       int64 // that were read of XML files
	declared                       int   // features and capabilities of .mum files
	packages                       packageSet
	features                       map[string]*Feature    // by name in lower case
	capabilities                   map[string]*Capability // likewise
	drivers                        map[string]*Driver     // by folder in lower case
	driverHives                    int                    // that have a database of drivers
	classes                        map[string]string      // names of driver classes, by GUID
	apps                           map[string]*App        // by full name in lower case
	moreFeatures, moreCapabilities bool                   // than are listed
	appsRefused                    int                    // there were more
	folders                        map[*App]string        // where their files are
}

// maxFileSteps bounds the decompression for small files. Where a file is stored
// in chunks of 64 MiB, reading it counts as the decompression of one, though in
// the order of storage the next file is mostly in the same chunk, which costs
// nothing.
const maxFileSteps = 32 * wintree.MaxSteps

// countSeparately has the work until the end of a step count for itself: what
// reading small files takes depends on how they are stored. If it is too much,
// the files that are left are not read.
func (r *reader) countSeparately(what string) (end func()) {
	rest := r.Work
	r.Work = wintree.NewBudget(what, maxFileSteps, r.ended)
	return func() { r.Work = rest }
}

// note adds a note of one line: names in it may have any characters.
func (r *reader) note(source, text string) {
	line := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return unicode.ReplacementChar
		}
		return c
	}, source+": "+text)
	r.inventory.Notes = append(r.inventory.Notes, line)
}
