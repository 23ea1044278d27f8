package media

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"time"

	"github.com/wimble-go/wimble/internal/partname"
	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// A Package is a WIM file that [List] finds, or something that it cannot look
// into. A split set is one package.
type Package struct {
	// Path is what Open takes: a file, or ISO:PATH for one in an ISO file. Of a
	// set it is the first part. DisplayName makes text for people of it.
	Path string

	// Kind is what the header says that it is: "wim", "esd" for a file that may
	// be solid, or "swm" for a split set. It is empty where there is no header
	// of a WIM file.
	Kind string

	// Size is in bytes, of all parts of a set that are there together.
	Size int64

	// Modified is when the file was modified, or the last modified part of a
	// set. For a file in an ISO file it is the time of the ISO file. It is zero
	// where a web server does not tell it.
	Modified time.Time

	// Err is why Open will not open it, if that is clear from the header. Path
	// may be a folder or an ISO file then, which cannot be read.
	Err error

	// Files are those that it is in: of a set all parts that are there, in
	// order of their numbers, and for one in an ISO file the ISO file. There
	// are none for one on a web server, nor if it cannot be opened.
	Files []PackageFile

	incomplete bool // the header or its lack tells that it is not whole
}

// List finds the WIM files that a name leads to: those in a folder and in all
// folders below it, those in an ISO file, or one file. Files can also be on a
// web server. In folders, it looks at files whose names end in .wim, .esd,
// .swm, .ppkg or .iso, in any case and perhaps with a number after that. Of a
// WIM file, it reads the header only.
//
// The order is that of the names, with the files of a folder before those of
// the folders in it. Symbolic links to folders are not followed. An ISO file
// without a WIM file in it is left out. When the context ends, so does the
// list.
func List(ctx context.Context, name string, opts ...Option) iter.Seq[Package] {
	return func(yield func(Package) bool) {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			l := lister{ctx: ctx, fsys: hostFolder(name), root: name, yield: yield}
			l.folder(".")
			return
		}
		newOpener(opts).listFile(ctx, name, yield)
	}
}

// listFile is List for what is no folder.
func (o *opener) listFile(ctx context.Context, name string, yield func(Package) bool) {
	p, err := locate(name)
	var src *source
	if err == nil {
		src, err = o.source(ctx, p)
	}
	if err != nil {
		yield(Package{Path: name, Err: err})
		return
	}
	defer src.Close()
	switch {
	case p.inner != "" && src.listISOFolder(ctx, p, yield):
	case p.inner != "":
		found := Package{Path: name, Modified: src.modified, Files: src.files()}
		var f *File
		if f, found.Err = o.openISO(ctx, src, p.inner); found.Err == nil {
			found.Kind, found.Size = kindOf(f.Header), f.Size()
			_ = f.Close()
		}
		yield(found)
	case src.isISO():
		listISO(ctx, src, name, yield)
	default:
		found, _ := describe(src, name)
		yield(found)
	}
}

// describe reads the header of a file. The header has no parts if it cannot be
// read.
func describe(src *source, name string) (Package, wim.Header) {
	p := Package{Path: name, Size: src.size, Modified: src.modified, Files: src.files()}
	header, err := wim.ReadHeader(src, src.size)
	p.incomplete = err == nil && (header.Flags&wim.FlagWriteInProgress != 0 || header.End() > uint64(src.size)) ||
		errors.Is(err, wim.ErrFormat) && src.isBeginning()
	if errors.Is(err, wim.ErrFormat) {
		err = src.explain(err)
	}
	if err != nil {
		p.Err = named(src.name, err)
		return p, wim.Header{}
	}
	p.Kind = kindOf(header)
	return p, header
}

func kindOf(h wim.Header) string {
	switch {
	case h.TotalParts > 1:
		return "swm"
	case h.Version == wim.VersionSolid:
		return "esd"
	}
	return "wim"
}

// lister finds the packages in one file system.
type lister struct {
	ctx   context.Context
	fsys  fs.FS
	root  string  // the folder or ISO file that it is in
	iso   *source // nil for a folder
	yield func(Package) bool
	cache *cache // nil to read everything
	flat  bool   // without the folders below
}

// listISO lists the packages in an ISO file.
func listISO(ctx context.Context, src *source, name string, yield func(Package) bool) bool {
	volume, err := openVolume(src)
	if err != nil {
		return yield(Package{Path: name, Size: src.size, Modified: src.modified, Files: src.files(), Err: err})
	}
	l := lister{ctx: ctx, fsys: volume, root: name, iso: src, yield: yield}
	return l.folder(".")
}

// listISOFolder lists the packages in a folder of an ISO file, if it is one.
func (s *source) listISOFolder(ctx context.Context, p place, yield func(Package) bool) bool {
	volume, err := openVolume(s)
	if err != nil {
		return false
	}
	folder, isFolder := placeInISO(volume, p.inner)
	if isFolder {
		l := lister{ctx: ctx, fsys: volume, root: p.file, iso: s, yield: yield}
		l.folder(folder)
	}
	return isFolder
}

// name returns what Open takes.
func (l *lister) name(path string) string {
	if l.iso != nil {
		return l.root + ":" + path
	}
	return hostFolder(l.root).join(path)
}

// failed is the package for what cannot be opened or read.
func (l *lister) failed(path string, err error) Package {
	name := l.name(path)
	p := Package{Path: name, Err: named(DisplayName(name), withoutPath(err))}
	if l.iso != nil && errors.Is(err, udf.ErrFormat) { // that stays as long as the ISO file does
		p.Files = l.iso.files()
	}
	return p
}

// folder lists a folder and those in it. It returns false if that is enough.
func (l *lister) folder(dir string) bool {
	l.cache.enter(l.name(dir))
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil && !l.yield(l.failed(dir, err)) {
		return false
	}
	if err := l.cache.count(dir, len(entries)); err != nil {
		return l.yield(l.failed(dir, err))
	}
	var folders []string
	var found []func() bool // yield what is in this folder, once all parts of sets are known
	sets := map[setKey]*set{}
	copies := map[partKey]int{} // how often a part was there
	for _, e := range entries {
		if l.ctx.Err() != nil {
			return false
		}
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			folders = append(folders, name)
		case HasWIMExtension(name):
			p, header := l.file(name)
			s := &set{p, []int{header.PartNumber}}
			if header.TotalParts > 1 {
				part := partKey{header.GUID, partname.Stem(e.Name()), header.PartNumber}
				key := setKey{part.guid, part.stem, copies[part]}
				copies[part]++
				if known := sets[key]; known != nil {
					known.add(p, header.PartNumber)
					continue
				}
				sets[key] = s
			}
			found = append(found, func() bool { return l.yield(s.Package) })
		case l.iso == nil && hasExtension(name, isoExtensions[:1]):
			found = append(found, func() bool { return l.isoFile(name) })
		}
	}
	for _, next := range found {
		if !next() {
			return false
		}
	}
	if l.flat {
		return true
	}
	for _, name := range folders {
		if !l.folder(name) {
			return false
		}
	}
	return true
}

// file describes a WIM file.
func (l *lister) file(path string) (Package, wim.Header) {
	packages, header := l.cache.get(l.name(path), func() ([]Package, wim.Header) {
		p, header := l.describe(path)
		return []Package{p}, header
	})
	return packages[0], header
}

func (l *lister) describe(path string) (Package, wim.Header) {
	name := l.name(path)
	src, err := openSource(l.fsys, path, DisplayName(name))
	if err != nil {
		return l.failed(path, err), wim.Header{}
	}
	defer src.Close()
	if l.iso != nil {
		src.modified = l.iso.modified
	}
	p, header := describe(src, name)
	if l.iso != nil {
		p.Files = l.iso.files()
	}
	return p, header
}

// isoFile lists the packages in an ISO file of the folder.
func (l *lister) isoFile(path string) bool {
	if l.cache == nil {
		return l.readISO(path, l.yield)
	}
	packages, _ := l.cache.get(l.name(path), func() (list []Package, _ wim.Header) {
		l.readISO(path, func(p Package) bool {
			list = append(list, p)
			return len(list) < maxWatched
		})
		return list, wim.Header{}
	})
	for _, p := range packages {
		if !l.yield(p) {
			return false
		}
	}
	return true
}

func (l *lister) readISO(path string, yield func(Package) bool) bool {
	src, err := openSource(l.fsys, path, l.name(path))
	if err != nil {
		return yield(l.failed(path, err))
	}
	defer src.Close()
	return listISO(l.ctx, src, l.name(path), yield)
}

// setKey is what the parts of a set in a folder have in common. A copy of the
// set has other names; but win10.swm and win11.swm, which are named as parts of
// one set are, may each be the first part: then copy counts them.
type setKey struct {
	guid wim.GUID
	stem string
	copy int
}

// partKey is what the copies of a part have in common.
type partKey struct {
	guid   wim.GUID
	stem   string
	number int
}

// set is a package of which more parts may be found.
type set struct {
	Package
	numbers []int // of the parts that Files are
}

func (s *set) add(part Package, number int) {
	s.Size += part.Size
	if part.Modified.After(s.Modified) {
		s.Modified = part.Modified
	}
	if number < s.numbers[0] {
		s.Path = part.Path
	}
	s.incomplete = s.incomplete || part.incomplete
	i, _ := slices.BinarySearch(s.numbers, number)
	s.numbers = slices.Insert(s.numbers, i, number)
	if len(part.Files) == 1 && part.Files[0].Path == part.Path { // not in an ISO file
		s.Files = slices.Insert(slices.Clip(s.Files), i, part.Files[0])
	}
}
