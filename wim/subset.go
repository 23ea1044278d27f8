package wim

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// subset is what an operation writes out of an image: the entries that were
// asked for, as far as the target can hold them, and the problems with them.
type subset struct {
	op       string // in errors
	prefix   string // of paths in errors
	image    int    // its index
	tree     *FS
	selected []selection // by node
	placed   []bool      // by node: it is selected and has a place in the target
	problems *problemList

	failing sync.Mutex
	failed  map[int32]error // nodes with a problem
}

// selection says what is wanted of a node.
type selection uint8

const (
	notSelected selection = iota
	onTheWay              // a directory above what is wanted
	selected
)

func newSubset(op, prefix string, image *Image, tree *FS, problems *problemList) *subset {
	return &subset{
		op: op, prefix: prefix, image: image.Index, tree: tree, problems: problems, failed: make(map[int32]error),
		selected: make([]selection, len(tree.meta.nodes)),
		placed:   make([]bool, len(tree.meta.nodes)),
	}
}

// choose marks the nodes that the paths select; see [WithPaths].
func (s *subset) choose(paths []string) error { return chooseIn([]*subset{s}, paths) }

// chooseIn is choose for several trees. A path has to be in one of them only.
func chooseIn(subsets []*subset, paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		var firstErr error
		found := false
		for _, s := range subsets {
			nodes, err := s.tree.match(path)
			if firstErr == nil {
				firstErr = err
			}
			for _, i := range nodes {
				found = true
				s.chooseNode(i)
			}
		}
		if !found && len(subsets) > 0 {
			return &fs.PathError{Op: subsets[0].op, Path: path, Err: firstErr}
		}
	}
	for _, s := range subsets {
		nodes := s.tree.meta.nodes
		for i := 1; i < len(nodes); i++ { // parents come before their children
			if s.selected[nodes[i].parent] == selected {
				s.selected[i] = selected
			}
		}
	}
	return nil
}

func (s *subset) chooseNode(i int32) {
	s.selected[i] = selected
	for i != 0 {
		i = s.tree.meta.nodes[i].parent
		s.selected[i] = max(s.selected[i], onTheWay)
	}
}

// place finds the selected nodes that the target can hold: those that check
// lets pass. It is called for parents first, and not below what has no place.
func (s *subset) place(check func(i int32) error) {
	nodes := s.tree.meta.nodes
	s.placed[0] = true
	s.tellLost(0)
	for i := 1; i < len(nodes); i++ {
		if s.selected[i] == notSelected || !s.placed[nodes[i].parent] {
			continue
		}
		if err := check(int32(i)); err != nil {
			s.problem(int32(i), err)
			continue
		}
		s.placed[i] = true
		s.tellLost(int32(i))
	}
}

// tellLost makes it a problem that children of a node are lost. The node itself
// is written all the same.
func (s *subset) tellLost(i int32) {
	meta := s.tree.meta
	n := &meta.nodes[i]
	if n.dentry < 0 {
		return
	}
	d := meta.dentry(n)
	if err := meta.childListDamage(n, &d); err != nil {
		s.tell(i, "", err)
	}
}

// each calls yield for each selected node that has a place, in the order of
// their paths: what is near in the tree comes soon.
func (s *subset) each(yield func(i int32, n *node) error) error {
	for i := range s.tree.meta.preorder() {
		if s.placed[i] {
			if err := yield(i, &s.tree.meta.nodes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// problem says that an entry could not be written.
func (s *subset) problem(i int32, err error) {
	s.failing.Lock()
	s.failed[i] = err
	s.failing.Unlock()
	s.tell(i, "", err)
}

// linkedProblem is problem for a further name of a file that could not be
// written. What is missing for the file is missing for all its names.
func (s *subset) linkedProblem(first, i int32) {
	err := s.failed[first]
	if !isMissing(err) {
		err = &kindError{fmt.Sprintf("it is a hard link of %s, which was left out", s.pathOf(first)), err}
	}
	s.problem(i, err)
}

// tell adds a problem with an entry, or with a named stream of it.
func (s *subset) tell(i int32, stream string, err error) {
	at := Affected{s.image, s.tree.meta.pathOf(i), stream}
	s.problems.add(s.op, s.pathOf(i), at, err)
}

// pathOf returns the path of a node, for messages.
func (s *subset) pathOf(i int32) string { return path.Join(s.prefix, s.tree.meta.pathOf(i)) }

// filePlan is the files of a subset, by where their content comes from.
type filePlan struct {
	contents  map[*blob][]int32 // the files that have the content
	blobs     []*blob           // that are in contents, in tree order
	empty     []int32           // files without content
	hardLinks [][2]int32        // a file that is among those, and another name of it
	separate  []int32           // further names that become files of their own
}

// planFiles sorts the files: by the content they need, and by those that
// become another name of a file, if there are hard links where they go.
func (s *subset) planFiles(hardLinks bool) *filePlan {
	plan := &filePlan{contents: make(map[*blob][]int32)}
	first := make(map[uint64]int32) // of each hard link group
	s.each(func(i int32, n *node) error {
		hashes, ok := s.tree.fileStreams(i)
		if !ok {
			return nil
		}
		if group := s.tree.hardLinkGroup(i); group != 0 {
			k, further := first[group]
			switch {
			case further && hardLinks:
				plan.hardLinks = append(plan.hardLinks, [2]int32{k, i})
				return nil
			case further:
				plan.separate = append(plan.separate, i)
			default:
				first[group] = i
			}
		}
		b, err := s.tree.reader.lookup(hashes.data)
		switch {
		case err != nil:
			s.problem(i, err)
		case b == nil:
			plan.empty = append(plan.empty, i)
		default:
			if plan.contents[b] == nil {
				plan.blobs = append(plan.blobs, b)
			}
			plan.contents[b] = append(plan.contents[b], i)
		}
		return nil
	})
	return plan
}

// fileStreams returns the streams of a node that is written out as a file: one
// that has content, even if that is empty, which is there to be read.
func (f *FS) fileStreams(i int32) (hashes streamHashes, ok bool) {
	n := &f.meta.nodes[i]
	if n.isDirectory() || f.isLink(i) || n.attributes&AttributeEncrypted != 0 {
		return streamHashes{}, false
	}
	hashes = f.meta.streamsOf(n)
	return hashes, hashes.hasData
}

// outwardTarget returns a link's target for a tree that is written elsewhere.
// With FlagReparseFix a target that was inside of the captured tree is in the
// new tree as well: then the target is clean, and rooted in that.
func (f *FS) outwardTarget(point *ReparsePoint, link *Link) (target string, inTree bool) {
	target = link.Target()
	rooted := len(target) > 0 && target[0] == '/' && (len(target) < 2 || target[1] != '/')
	if rooted && f.reader.Header.Flags&FlagReparseFix != 0 && point.Flags&reparseNotFixed == 0 {
		return path.Clean(target), true // without ".." at its start
	}
	return target, false
}

// maxLinkTarget is how long targets of links are at most: PATH_MAX of Linux
// without the terminator, and less than Windows allows.
const maxLinkTarget = 4095

func checkLinkTarget(target string) error {
	if target == "" || len(target) > maxLinkTarget || strings.Contains(target, "\x00") {
		return fmt.Errorf("a link target of %d bytes that this system's links cannot have: %w", len(target), ErrUnsupported)
	}
	return nil
}
