package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
)

// The bounds of a search. What is beyond them is left out, and a row says so.
const (
	maxPackages = 5000
	maxEntries  = 200_000 // of all folders together
	maxDepth    = 32
)

// extensions are those of files that are looked at in folders.
var extensions = []string{".wim", ".esd", ".swm", ".ppkg", isoExtension}

const isoExtension = ".iso"

// root is one of the paths that a catalog was made for.
type root struct {
	path   string  // absolute, without links in it
	label  string  // unlike that of all other roots
	remote *remote // what is at a URL; nil for what is here
}

// newRoots checks paths and gives them labels.
func newRoots(paths []string, options []media.Option) ([]root, error) {
	var roots []root
	labels := map[string]int{}
	for _, path := range paths {
		var r root
		if media.IsURL(path) {
			r.remote = &remote{url: path, options: options}
			r.label = media.DisplayName(path)
		} else {
			absolute, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			if r.path, err = filepath.EvalSymlinks(absolute); err != nil {
				return nil, err
			}
			r.label = filepath.Base(r.path)
		}
		if labels[r.label]++; labels[r.label] > 1 {
			r.label = fmt.Sprintf("%s (%d)", r.label, labels[r.label])
		}
		roots = append(roots, r)
	}
	return roots, nil
}

// stamp is what changes when a file does.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

// found is a file, or the files of a set, that may be a package.
type found struct {
	name   string   // what people see, with slashes
	paths  []string // absolute; of a set in order of the part numbers
	stamps []stamp
	inside string  // the path in an ISO file; "" for a file of its own
	remote *remote // what is not here, and paths has its URL
	err    error   // why it cannot be looked at
}

func (f *found) same(g *found) bool {
	return f.inside == g.inside && f.remote == g.remote && slices.Equal(f.paths, g.paths) && slices.Equal(f.stamps, g.stamps) && (f.err == nil) == (g.err == nil)
}

// finder finds what may be packages below its roots.
type finder struct {
	roots []root
	parts map[string]partOf // by path, what was read of parts of sets before
	isos  map[string]isoOf  // likewise of ISO files
}

// partOf says which part of which set a file is.
type partOf struct {
	stamp  stamp
	guid   wim.GUID // zero for what is no part of a set
	number int
}

// find looks at all roots. Names are unique.
func (f *finder) find() []*found {
	s := search{finder: f, seen: map[string]bool{}, parts: map[string]partOf{}, isos: map[string]isoOf{}, sets: map[string][]setPart{}}
	for _, r := range f.roots {
		s.root = r
		if r.remote != nil {
			s.found = append(s.found, r.remote.get(r.label)...)
			continue
		}
		s.prefix = ""
		if len(f.roots) > 1 {
			s.prefix = r.label + "/"
		}
		info, err := os.Stat(r.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			s.add(r.label, r.path, stamp{}, err)
		case info.IsDir():
			s.folder()
		default:
			s.prefix = ""
			s.file(r.label, r.path, info)
		}
	}
	s.addSets()
	f.parts, f.isos = s.parts, s.isos
	return s.found
}

// search is one run of a finder.
type search struct {
	*finder
	root    root
	prefix  string // of names
	entries int
	seen    map[string]bool // paths
	parts   map[string]partOf
	isos    map[string]isoOf
	sets    map[string][]setPart // by folder and GUID
	found   []*found
}

type setPart struct {
	name   string
	path   string
	number int
	stamp  stamp
}

func (s *search) add(name, path string, at stamp, err error) {
	s.found = append(s.found, &found{name: name, paths: []string{path}, stamps: []stamp{at}, err: err})
}

// errTooMany ends a search.
var errTooMany = errors.New("too many files; name fewer or smaller folders")

// folder searches the root, which is a folder.
func (s *search) folder() {
	err := filepath.WalkDir(s.root.path, func(path string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(s.root.path, path)
		name := s.prefix + filepath.ToSlash(relative)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				s.add(name, path, stamp{}, err)
			}
			return nil
		}
		if s.entries++; s.entries > maxEntries || len(s.found)+len(s.sets) >= maxPackages {
			return errTooMany
		}
		if entry.IsDir() {
			if strings.Count(relative, string(filepath.Separator)) >= maxDepth {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
			return nil
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := s.follow(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				s.add(name, path, stamp{}, err)
				return nil
			}
			path = target
		}
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			s.file(name, path, info)
		}
		return nil
	})
	if err != nil {
		s.add(s.prefix+".", s.root.path, stamp{}, err)
	}
}

// errOutside is the error of a link that leads out of the folder.
var errOutside = fmt.Errorf("a link that leads out of the folder; it is not followed: %w", fs.ErrPermission)

// follow returns where a link leads, if that is in the root as well.
func (s *search) follow(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(s.root.path, target)
	if err != nil || !filepath.IsLocal(relative) {
		return "", errOutside
	}
	return target, nil
}

// file adds a file, or notes it as a part of a set.
func (s *search) file(name, path string, info fs.FileInfo) {
	if s.seen[path] {
		return
	}
	s.seen[path] = true
	at := stampOf(info)
	if strings.EqualFold(filepath.Ext(path), isoExtension) && info.Mode().IsRegular() {
		s.iso(name, path, at)
		return
	}
	if strings.EqualFold(filepath.Ext(path), ".swm") && info.Mode().IsRegular() {
		part, known := s.finder.parts[path]
		if !known || part.stamp != at {
			part = readPart(path, at)
		}
		s.parts[path] = part
		if part.guid != (wim.GUID{}) {
			key := filepath.Dir(path) + "\x00" + part.guid.String()
			s.sets[key] = append(s.sets[key], setPart{name, path, part.number, at})
			return
		}
	}
	s.add(name, path, at, nil)
}

// readPart reads which part of which set a file is. What cannot be read is no
// part: opening it will tell why.
func readPart(path string, at stamp) partOf {
	part := partOf{stamp: at}
	file, err := os.Open(path)
	if err != nil {
		return part
	}
	defer file.Close()
	r, err := wim.NewReader(file, at.size)
	if err == nil && r.Header.TotalParts > 1 {
		part.guid, part.number = r.Header.GUID, r.Header.PartNumber
	}
	return part
}

// addSets adds each set as one, under the name of the first part that is there.
func (s *search) addSets() {
	for _, parts := range s.sets {
		slices.SortFunc(parts, func(a, b setPart) int { return a.number - b.number })
		set := &found{name: parts[0].name}
		for _, p := range parts {
			set.paths = append(set.paths, p.path)
			set.stamps = append(set.stamps, p.stamp)
		}
		s.found = append(s.found, set)
	}
}
