package wim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ExtractReport is what [Image.Extract] did.
type ExtractReport struct {
	Files       int // names of files, hard links included
	Directories int
	Links       int   // symbolic links and junctions
	Bytes       int64 // of content that was written
	// NotRestored lists what the image has and the target could not be given.
	NotRestored []NotRestored
	// Problems are the entries that could not be extracted.
	Problems []Problem
}

// NotRestored is a kind of metadata that was left out.
type NotRestored struct {
	What  string // such as "security descriptors"
	Count int    // entries that have it
}

// WithPaths limits [Image.Extract] to some files and directories, with all
// that is below those. They keep their place: "Windows/notepad.exe" is written
// to Windows/notepad.exe below the target.
func WithPaths(paths ...string) BulkOption {
	return func(b *bulk) { b.paths = append(b.paths, paths...) }
}

// Extract writes the image to a directory, which is made if need be: files,
// directories, hard links, symbolic links and junctions, times of last
// modification, and the read-only attribute. Existing files are replaced, each
// only when its new content is complete.
//
// Nothing is written outside of dir, whatever the names and links in the image
// say. An absolute link target is rooted in dir if the file's header asks for
// that with FlagReparseFix.
//
// Entries that are damaged or that the target cannot hold are left out; the
// report names them, and the error is then not nil. A target that cannot be
// written ends the extraction.
func (image *Image) Extract(ctx context.Context, dir string, opts ...BulkOption) (*ExtractReport, error) {
	tree, err := image.FS()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	x := &extraction{
		tree: tree, root: root, dir: absolute, report: &ExtractReport{},
		selected: make([]selection, len(tree.meta.nodes)),
		paths:    make([]string, len(tree.meta.nodes)),
	}
	err = x.run(ctx, newBulk(opts))
	x.summarize()
	if err == nil && len(x.report.Problems) > 0 {
		err = fmt.Errorf("%d problems, the first: %w", len(x.report.Problems), x.report.Problems[0].Err)
	}
	return x.report, err
}

// selection says what is wanted of a node.
type selection uint8

const (
	notSelected selection = iota
	onTheWay              // a directory above what is wanted
	selected
)

// extraction is one run of Extract.
type extraction struct {
	tree     *FS
	root     *os.Root
	dir      string
	selected []selection // by node
	paths    []string    // by node: where it goes below root; "" if nowhere
	temps    atomic.Int64

	mu      sync.Mutex
	report  *ExtractReport
	failed  map[int32]bool      // nodes with a problem
	writing map[string]*os.File // temporary files by name
}

func (x *extraction) run(ctx context.Context, b *bulk) error {
	if err := x.choose(b.paths); err != nil {
		return err
	}
	x.place()
	if err := x.makeDirectories(); err != nil {
		return err
	}
	contents, hardLinks, err := x.planFiles()
	if err != nil {
		return err
	}
	blobs := make([]*blob, 0, len(contents))
	for blob := range contents {
		blobs = append(blobs, blob)
	}
	b.open = func(blob *blob) (blobSink, error) { return x.newFile(blob, contents[blob]) }
	defer x.removeTemps()
	if err := b.run(ctx, blobs); err != nil {
		return err
	}
	// Links come last, so that nothing can be written through them.
	if err := x.makeHardLinks(hardLinks); err != nil {
		return err
	}
	if err := x.makeLinks(); err != nil {
		return err
	}
	return x.finishDirectories()
}

// choose marks the nodes that the paths select.
func (x *extraction) choose(paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	nodes := x.tree.meta.nodes
	for _, path := range paths {
		i, err := x.tree.resolve(path, false)
		if err != nil {
			return &fs.PathError{Op: "extract", Path: path, Err: err}
		}
		x.selected[i] = selected
		for up := i; up != 0; {
			up = nodes[up].parent
			x.selected[up] = max(x.selected[up], onTheWay)
		}
	}
	// Parents come before their children.
	for i := 1; i < len(nodes); i++ {
		if x.selected[nodes[i].parent] == selected {
			x.selected[i] = selected
		}
	}
	return nil
}

// each calls yield for each selected node that has a place, parents first.
func (x *extraction) each(yield func(i int32, n *node) error) error {
	for i := range x.tree.meta.nodes {
		if x.paths[i] != "" && x.selected[i] != notSelected {
			if err := yield(int32(i), &x.tree.meta.nodes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// place works out where each selected node goes.
func (x *extraction) place() {
	nodes := x.tree.meta.nodes
	x.paths[0] = "."
	for i := 1; i < len(nodes); i++ {
		parent := x.paths[nodes[i].parent]
		if x.selected[i] == notSelected || parent == "" {
			continue
		}
		name, err := x.tree.hostName(int32(i))
		if err != nil {
			x.problem(int32(i), err)
			continue
		}
		if parent == "." {
			x.paths[i] = name
		} else {
			x.paths[i] = parent + string(filepath.Separator) + name
		}
	}
}

func (x *extraction) problem(i int32, err error) {
	path := x.tree.meta.pathOf(i)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed == nil {
		x.failed = make(map[int32]bool)
	}
	x.failed[i] = true
	x.report.Problems = append(x.report.Problems, Problem{
		Err:      &fs.PathError{Op: "extract", Path: path, Err: err},
		Affected: []string{path},
	})
}

func (x *extraction) makeDirectories() error {
	return x.each(func(i int32, n *node) error {
		if !n.isDirectory() || i == 0 {
			return nil
		}
		err := x.root.Mkdir(x.paths[i], 0o777)
		if errors.Is(err, fs.ErrExist) {
			if info, statErr := x.root.Lstat(x.paths[i]); statErr == nil && info.IsDir() {
				err = nil
			}
		}
		if err == nil {
			x.report.Directories++
		}
		return err
	})
}

// planFiles sorts the selected files: by the content they need, and by those
// that become another name of a file. Files without content are made at once.
func (x *extraction) planFiles() (contents map[*blob][]int32, hardLinks [][2]int32, err error) {
	contents = make(map[*blob][]int32)
	first := make(map[uint64]int32) // of each hard link group
	err = x.each(func(i int32, n *node) error {
		hashes := x.tree.meta.streamsOf(n)
		if n.isDirectory() || x.tree.isLink(i) || !hashes.hasData || n.attributes&AttributeEncrypted != 0 {
			return nil
		}
		if group := x.tree.hardLinkGroup(i); group != 0 {
			if k, ok := first[group]; ok {
				hardLinks = append(hardLinks, [2]int32{k, i})
				return nil
			}
			first[group] = i
		}
		b, err := x.tree.reader.lookup(hashes.data)
		switch {
		case err != nil:
			x.problem(i, err)
		case b == nil:
			return x.writeEmpty(i)
		default:
			contents[b] = append(contents[b], i)
		}
		return nil
	})
	return contents, hardLinks, err
}

func (x *extraction) writeEmpty(i int32) error {
	file, temp, err := x.create(i)
	if err != nil {
		return err
	}
	return x.complete(i, file, temp)
}

// create makes a temporary file beside the place of a node.
func (x *extraction) create(i int32) (*os.File, string, error) {
	temp := filepath.Join(filepath.Dir(x.paths[i]), ".wimble-"+strconv.FormatInt(x.temps.Add(1), 36)+".tmp")
	file, err := x.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.writing == nil {
		x.writing = make(map[string]*os.File)
	}
	x.writing[temp] = file
	return file, temp, nil
}

// forget is called when a temporary file is no more.
func (x *extraction) forget(temp string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.writing, temp)
}

// removeTemps removes what an extraction that was ended left half written.
func (x *extraction) removeTemps() {
	for temp, file := range x.writing {
		file.Close()
		x.root.Remove(temp)
	}
}

// complete gives a written file its mode, time and name.
func (x *extraction) complete(i int32, file *os.File, temp string) error {
	info := x.tree.info(i)
	mode := info.Mode()
	hasUnix := info.hasUnixData()
	var err error
	if hasUnix {
		err = file.Chmod(mode.Perm() | mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky))
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = x.setTime(temp, info)
	}
	if err == nil && !hasUnix && mode&0o200 == 0 {
		err = x.root.Chmod(temp, mode.Perm())
	}
	if err == nil {
		err = x.root.Rename(temp, x.paths[i])
	}
	if err != nil {
		return err
	}
	x.forget(temp)
	x.mu.Lock()
	x.report.Files++
	x.mu.Unlock()
	return nil
}

func (x *extraction) setTime(path string, info *fileInfo) error {
	modified := info.ModTime()
	if modified.IsZero() {
		return nil
	}
	return x.root.Chtimes(path, time.Time{}, modified)
}

// fileSink writes one content to the first of the files that have it, and
// copies that to the others.
type fileSink struct {
	x     *extraction
	nodes []int32
	file  *os.File
	temp  string
	bytes int64
}

func (x *extraction) newFile(b *blob, nodes []int32) (*fileSink, error) {
	file, temp, err := x.create(nodes[0])
	return &fileSink{x: x, nodes: nodes, file: file, temp: temp}, err
}

func (s *fileSink) path() string { return s.x.paths[s.nodes[0]] }

func (s *fileSink) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.bytes += int64(n)
	return n, err
}

func (s *fileSink) finish(err error) error {
	x := s.x
	if err != nil {
		for _, i := range s.nodes {
			x.problem(i, err)
		}
		s.file.Close()
		x.forget(s.temp)
		return x.root.Remove(s.temp)
	}
	if err := x.complete(s.nodes[0], s.file, s.temp); err != nil {
		return err
	}
	for _, i := range s.nodes[1:] {
		if err := x.copy(s.nodes[0], i); err != nil {
			return err
		}
	}
	x.mu.Lock()
	x.report.Bytes += s.bytes * int64(len(s.nodes))
	x.mu.Unlock()
	return nil
}

// copy writes a file that has the content of one that was just written.
func (x *extraction) copy(from, to int32) error {
	source, err := x.root.Open(x.paths[from])
	if err != nil {
		return err
	}
	defer source.Close()
	file, temp, err := x.create(to)
	if err != nil {
		return err
	}
	if _, err := file.ReadFrom(source); err != nil {
		return err
	}
	return x.complete(to, file, temp)
}

// makeHardLinks gives files their further names.
func (x *extraction) makeHardLinks(links [][2]int32) error {
	for _, l := range links {
		from, to := x.paths[l[0]], x.paths[l[1]]
		if x.failed[l[0]] {
			x.problem(l[1], fmt.Errorf("it is a hard link of %s, which was not extracted", from))
			continue
		}
		if err := x.makeWay(to); err != nil {
			return err
		}
		if err := x.root.Link(from, to); err != nil {
			return err
		}
		x.report.Files++
	}
	return nil
}

// makeWay removes a file or link that stands where another is to be.
func (x *extraction) makeWay(path string) error {
	if info, err := x.root.Lstat(path); err != nil || info.IsDir() {
		return nil
	}
	return x.root.Remove(path)
}

// makeLinks makes symbolic links of symbolic links and junctions.
func (x *extraction) makeLinks() error {
	return x.each(func(i int32, n *node) error {
		if !x.tree.isLink(i) {
			return nil
		}
		target, err := x.linkTarget(i)
		if err != nil {
			x.problem(i, err)
			return nil
		}
		if err := x.makeWay(x.paths[i]); err != nil {
			return err
		}
		if err := x.root.Symlink(target, x.paths[i]); err != nil {
			return err
		}
		x.report.Links++
		return nil
	})
}

// linkTarget returns what a link's target is in the extracted tree. With
// FlagReparseFix a target that was inside of the captured tree is rooted in
// the new place of that tree.
func (x *extraction) linkTarget(i int32) (string, error) {
	point := x.tree.entry(i).Reparse
	link, err := point.Link()
	if err != nil {
		return "", err
	}
	target := link.Target()
	rooted := len(target) > 0 && target[0] == '/' && (len(target) < 2 || target[1] != '/')
	if rooted && x.tree.reader.Header.Flags&FlagReparseFix != 0 && point.Flags&reparseNotFixed == 0 {
		return filepath.Join(x.dir, filepath.FromSlash(target)), nil
	}
	return filepath.FromSlash(target), nil
}

// finishDirectories sets modes and times of directories, the deepest first,
// once nothing is written into them any more.
func (x *extraction) finishDirectories() error {
	var directories []int32
	x.each(func(i int32, n *node) error {
		if n.isDirectory() && x.selected[i] == selected && n.dentry >= 0 {
			directories = append(directories, i)
		}
		return nil
	})
	for _, i := range slices.Backward(directories) {
		info := x.tree.info(i)
		if info.hasUnixData() {
			mode := info.Mode()
			if err := x.root.Chmod(x.paths[i], mode.Perm()|mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
				return err
			}
		}
		if err := x.setTime(x.paths[i], info); err != nil {
			return err
		}
	}
	return nil
}

// summarize counts what was left out.
func (x *extraction) summarize() {
	counts := make(map[string]int)
	x.each(func(i int32, n *node) error {
		if x.selected[i] != selected || n.dentry < 0 {
			return nil
		}
		e := x.tree.entry(i)
		for what, has := range map[string]bool{
			"named streams":                       slices.ContainsFunc(e.Streams, func(s Stream) bool { return s.Name != "" }),
			"security descriptors":                e.SecurityDescriptor != nil,
			"short names":                         e.ShortName != "",
			"object ids":                          e.ObjectID != nil,
			"extended attributes":                 e.Xattrs != nil,
			"hidden, system and other attributes": e.Attributes&^restoredAttributes != 0,
			"owners":                              e.Unix != nil && (e.Unix.UID != uint32(os.Getuid()) || e.Unix.GID != uint32(os.Getgid())),
			"reparse points that are not links":   e.Reparse != nil && !e.Reparse.IsLink(),
			"files with EFS encryption":           n.attributes&AttributeEncrypted != 0 && !n.isDirectory(),
			"times of symbolic links":             x.tree.isLink(i),
		} {
			if has {
				counts[what]++
			}
		}
		return nil
	})
	for what, count := range counts {
		x.report.NotRestored = append(x.report.NotRestored, NotRestored{what, count})
	}
	slices.SortFunc(x.report.NotRestored, func(a, b NotRestored) int { return b.Count - a.Count })
}

// restoredAttributes are those that the kind, the content or the mode of the
// extracted file tell, or that mean nothing outside of NTFS.
const restoredAttributes = AttributeReadOnly | AttributeDirectory | AttributeArchive | AttributeNormal | AttributeReparsePoint |
	AttributeSparseFile | AttributeEncrypted | AttributeNotContentIndexed
