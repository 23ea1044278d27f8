package wim

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/wimble-go/wimble/internal/pipeline"
)

// diffFolder is the tree of a file system that is not that of an image. Its
// nodes have no dentries.
type diffFolder struct {
	fsys   fs.FS
	tree   metadata
	infos  []fs.FileInfo   // by node
	errs   map[int32]error // why nodes could not be read
	hashes map[int32]SHA1  // of the contents that were read
}

// readDiffFolder reads all directories, breadth first, without following links.
func readDiffFolder(ctx context.Context, fsys fs.FS) (*diffFolder, error) {
	root, err := fs.Stat(fsys, ".")
	if err != nil {
		return nil, err
	}
	if !root.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: ".", Err: errNotDirectory}
	}
	f := &diffFolder{fsys: fsys, infos: []fs.FileInfo{root}, errs: map[int32]error{}, hashes: map[int32]SHA1{}}
	f.tree.nodes = []node{{dentry: -1, attributes: AttributeDirectory}}
	for i := 0; i < len(f.tree.nodes); i++ {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !f.tree.nodes[i].isDirectory() {
			continue
		}
		if err := f.readDirectory(int32(i)); err != nil {
			f.errs[int32(i)] = err
		}
	}
	return f, nil
}

func (f *diffFolder) readDirectory(i int32) error {
	name := f.tree.pathOf(i)
	if len(name) > maxPath {
		return &fs.PathError{Op: "readdir", Path: path.Base(name), Err: fmt.Errorf("a path of %d bytes: %w", len(name), ErrLimit)}
	}
	entries, err := fs.ReadDir(f.fsys, name)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	first := len(f.tree.nodes)
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was removed since
		}
		if len(f.tree.nodes) == math.MaxInt32 {
			return fmt.Errorf("more than %d entries: %w", math.MaxInt32, ErrLimit)
		}
		n := node{name: entry.Name(), dentry: -1, parent: i}
		switch entry.Type() {
		case fs.ModeDir:
			n.attributes = AttributeDirectory
		case fs.ModeSymlink:
			n.attributes = AttributeReparsePoint
		}
		if err != nil {
			f.errs[int32(len(f.tree.nodes))] = err
		}
		f.tree.nodes = append(f.tree.nodes, n)
		f.infos = append(f.infos, info)
	}
	f.tree.nodes[i].firstChild = int32(first)
	f.tree.nodes[i].childCount = int32(len(f.tree.nodes) - first)
	return nil
}

// hash reads the contents of folders that decide something: those of files
// whose counterpart has the same size, and of files without one that could be
// renamed.
func (d *differ) hash() error {
	type file struct {
		folder *diffFolder
		node   int32
	}
	var files []file
	add := func(s *diffSide, i int32) {
		if _, known := s.content(i); !known {
			files = append(files, file{s.folder, i})
			d.bulk.total.Add(s.size(i))
		}
	}
	sizes := [2]map[int64]bool{{}, {}} // of files without a counterpart: old ones, new ones
	for _, p := range d.pairs {
		for side, s := range []*diffSide{&d.old, &d.new} {
			node, other := p.old, p.new
			if side == 1 {
				node, other = other, node
			}
			if other == noNode && s.isFile(node) {
				sizes[side][s.size(node)] = true
			}
		}
	}
	for _, p := range d.pairs {
		switch {
		case p.new == noNode:
			if d.old.isFile(p.old) && (sizes[1][d.old.size(p.old)] || sizes[1][-1]) {
				add(&d.old, p.old)
			}
		case p.old == noNode:
			if d.new.isFile(p.new) && (sizes[0][d.new.size(p.new)] || sizes[0][-1]) {
				add(&d.new, p.new)
			}
		case d.aspects&AspectContent != 0 && d.old.isFile(p.old) && d.new.isFile(p.new) && !d.sizesDiffer(p):
			add(&d.old, p.old)
			add(&d.new, p.new)
		}
	}
	var mu sync.Mutex // of the maps
	return pipeline.Parallel(d.bulk.workers, len(files), func(i int) error {
		f := files[i]
		hash, err := d.hashFile(f.folder, f.node)
		if d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			f.folder.errs[f.node] = err
		} else {
			f.folder.hashes[f.node] = hash
		}
		return nil
	})
}

// sizesDiffer says whether two files have sizes that are known and not the
// same.
func (d *differ) sizesDiffer(p diffPair) bool {
	x, y := d.old.size(p.old), d.new.size(p.new)
	return x != y && x >= 0 && y >= 0
}

// hashFile returns the SHA-1 of a file's content, zero for none. Of a file that
// grows no more is read than tells that it has changed.
func (d *differ) hashFile(f *diffFolder, i int32) (sum SHA1, err error) {
	name := f.tree.pathOf(i)
	file, err := f.fsys.Open(name)
	if err != nil {
		return SHA1{}, err
	}
	defer file.Close()
	h := sha1.New()
	n, err := io.Copy(&diffHash{h, d, name}, io.LimitReader(file, f.infos[i].Size()+1))
	if err != nil {
		return SHA1{}, err
	}
	if n > 0 {
		h.Sum(sum[:0])
	}
	return sum, nil
}

// diffHash hashes what is written to it, unless the comparison has ended.
type diffHash struct {
	hash.Hash
	d    *differ
	path string
}

func (h *diffHash) Write(p []byte) (int, error) {
	if h.d.ctx.Err() != nil {
		return 0, context.Cause(h.d.ctx)
	}
	h.d.bulk.progress(int64(len(p)), h.path)
	return h.Hash.Write(p)
}

// compareInfos says what two entries differ in, of which one at least is in a
// folder.
func (d *differ) compareInfos(p diffPair) (aspects Aspects, err error) {
	x, y := d.old.info(p.old), d.new.info(p.new)
	differs := func(a Aspects, is bool) {
		if is {
			aspects |= a
		}
	}
	// A FILETIME has units of 100 ns.
	differs(AspectModified, !x.ModTime().Truncate(100).Equal(y.ModTime().Truncate(100)))
	switch {
	case x.Mode().Type() == fs.ModeSymlink || y.Mode().Type() == fs.ModeSymlink:
		if d.aspects&AspectReparse != 0 {
			same, err := d.sameTargets(p, x, y)
			if err != nil {
				return 0, err
			}
			differs(AspectReparse, !same)
		}
	case !x.IsDir():
		differs(AspectContent, d.old.isFile(p.old) != d.new.isFile(p.new))
		if d.aspects&AspectContent != 0 && d.old.isFile(p.old) && d.new.isFile(p.new) {
			hashX, _ := d.old.content(p.old)
			hashY, _ := d.new.content(p.new)
			differs(AspectContent, d.sizesDiffer(p) || hashX != hashY)
		}
	}
	entryX, entryY := d.old.entryOf(x), d.new.entryOf(y)
	if entryX == nil || entryY == nil {
		return aspects, nil
	}
	differs(AspectAttributes, entryX.Attributes != entryY.Attributes)
	differs(AspectCreated, entryX.CreationTime != entryY.CreationTime)
	differs(AspectAccessed, entryX.LastAccessTime != entryY.LastAccessTime)
	differs(AspectShortName, entryX.ShortName != entryY.ShortName)
	differs(AspectSecurity, !bytes.Equal(entryX.SecurityDescriptor, entryY.SecurityDescriptor))
	differs(AspectExtended, !slices.EqualFunc(entryX.Tagged, entryY.Tagged, func(a, b TaggedItem) bool {
		return a.Tag == b.Tag && bytes.Equal(a.Data, b.Data)
	}))
	return aspects, nil
}

// entryOf returns what an entry has but for its content and the time of its
// modification, nil where that is not known. Only Windows has it: elsewhere a
// Dir says what an image of the folder would have.
func (s *diffSide) entryOf(info fs.FileInfo) *Entry {
	if s.folder != nil && runtime.GOOS != "windows" {
		if _, host := s.folder.fsys.(*Dir); host {
			return nil
		}
	}
	e, _ := info.Sys().(*Entry)
	return e
}

// sameTargets compares two links. Windows has links that package os calls
// irregular.
func (d *differ) sameTargets(p diffPair, x, y fs.FileInfo) (bool, error) {
	const link = fs.ModeSymlink | fs.ModeIrregular
	if x.Mode().Type()&link == 0 || y.Mode().Type()&link == 0 {
		return false, nil
	}
	targetX, err := d.old.target(p.old)
	if err != nil {
		return false, err
	}
	targetY, err := d.new.target(p.new)
	if err != nil {
		return false, err
	}
	return targetX == targetY ||
		d.old.image != nil && extractedAs(targetX, targetY) ||
		d.new.image != nil && extractedAs(targetY, targetX), nil
}

// target is where a link leads.
func (s *diffSide) target(i int32) (string, error) {
	name := s.tree.pathOf(i)
	if s.image != nil {
		return s.image.ReadLink(name)
	}
	target, err := fs.ReadLink(s.folder.fsys, name)
	return filepath.ToSlash(target), err
}

// extractedAs says whether the target of a link on the host is one that is
// rooted in an image, with the path of a folder before it.
func extractedAs(target, host string) bool {
	if !path.IsAbs(target) || strings.HasPrefix(target, "//") || !filepath.IsAbs(filepath.FromSlash(host)) {
		return false
	}
	return strings.HasSuffix(path.Clean(host), strings.TrimSuffix(path.Clean(target), "/"))
}
