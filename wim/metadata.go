package wim

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// A metadata resource describes one image: the security descriptors, then the
// tree of dentries (WIM format sheet, section 8). The tree is kept as it is
// stored; a node is made of each dentry for navigation, and everything else is
// parsed out of the stored bytes when somebody asks.

// metadata is one image's parsed metadata resource.
type metadata struct {
	raw         []byte
	descriptors [][]byte     // security descriptors, in raw
	nodes       []node       // nodes[0] is the root; the children of a node are consecutive
	renamed     map[int]bool // by dentry: another entry of the directory has its name
	warnings    warnings
}

// node is one name in the tree.
type node struct {
	name       string // the path element: unique in its directory
	dentry     int    // offset of the dentry in raw
	attributes Attributes
	parent     int32
	firstChild int32
	childCount int32
}

// isDirectory says whether the node can have children. A junction or a
// directory symlink has the directory attribute as well, but no children.
func (n *node) isDirectory() bool {
	return n.attributes&(AttributeDirectory|AttributeReparsePoint) == AttributeDirectory
}

// parseMetadata parses a whole metadata resource.
func parseMetadata(raw []byte) (*metadata, error) {
	m := &metadata{raw: raw}
	root, err := m.parseSecurityData()
	if err != nil {
		return nil, err
	}
	if err := m.parseTree(root); err != nil {
		return nil, err
	}
	return m, nil
}

// parseSecurityData finds the security descriptors and returns the offset of
// the root dentry after them.
func (m *metadata) parseSecurityData() (root uint64, err error) {
	security, err := wimfile.ParseSecurityData(m.raw)
	if err != nil {
		return 0, err
	}
	m.descriptors = security.Descriptors
	if used := security.Used(); wimfile.Align8(used) != security.Root() {
		m.warnings.add(formatErrorf("security data: its parts have %d bytes together, it says %d", used, max(security.Total, 8)))
	}
	return security.Root(), nil
}

// parseTree makes the nodes, breadth first, without recursion. Each list of
// children is parsed once, and lists that overlap stop at a budget: the
// dentries of a sane image have fewer bytes together than the resource.
func (m *metadata) parseTree(root uint64) error {
	size := uint64(len(m.raw))
	if root > size || size-root < 8 {
		return formatErrorf("the metadata has %d bytes, and no room for a root dentry at offset %d", size, root)
	}
	if binary.LittleEndian.Uint64(m.raw[root:]) <= 8 {
		// An end marker in place of the root: an empty image.
		m.nodes = []node{{attributes: AttributeDirectory, dentry: -1}}
		return nil
	}
	n, next, err := m.parseDentry(root)
	if err != nil {
		return fmt.Errorf("root: %w", err)
	}
	if !n.isDirectory() {
		return formatErrorf("the root dentry at offset %d is not a directory", root)
	}
	if len(m.longName(n.dentry)) != 0 {
		m.warnings.add(formatErrorf("the root has a name; it is not used"))
	}
	m.nodes = []node{n}
	paths := []int32{0} // by node: the length of its path in UTF-16 units
	budget := size - (next - root)
	listed := make(map[uint64]bool)
	for i := 0; i < len(m.nodes); i++ {
		parent := &m.nodes[i]
		list := m.dentry(parent).Subdir
		if list == 0 {
			continue
		}
		if !parent.isDirectory() {
			m.warnings.add(formatErrorf("%q is not a directory, its list of children is ignored", parent.name))
			continue
		}
		if listed[list] || list == root {
			m.warnings.add(formatErrorf("directory %q: its list of children at offset %d is another directory's too; shown empty", parent.name, list))
			continue
		}
		if paths[i] >= maxPath {
			m.warnings.add(formatErrorf("the path of a directory has %d characters, more than Windows allows; shown empty", paths[i]))
			continue
		}
		listed[list] = true
		used, err := m.parseChildren(int32(i), list, root, budget)
		if err != nil {
			return fmt.Errorf("directory %q: %w", m.pathOf(int32(i)), err)
		}
		budget -= used
		for k := len(paths); k < len(m.nodes); k++ {
			paths = append(paths, paths[i]+1+int32(len(m.longName(m.nodes[k].dentry))/2))
		}
	}
	return nil
}

// maxPath is the length in UTF-16 units that paths have in Windows at most. No
// directory whose path is longer is descended into: without a bound the paths
// of a hostile tree have a size that is quadratic in the size of its metadata.
const maxPath = 32767

// parseChildren appends the nodes of one list of children, sorted by name. It
// returns the number of bytes that the list takes.
func (m *metadata) parseChildren(parent int32, list, root, budget uint64) (used uint64, err error) {
	size := uint64(len(m.raw))
	if list%8 != 0 || list < root {
		return 0, formatErrorf("list of children at offset %d", list)
	}
	first := len(m.nodes)
	at := list
	for {
		if at-list+8 > budget {
			return 0, formatErrorf("the list of children at offset %d overlaps others", list)
		}
		if at > size || size-at < 8 {
			return 0, formatErrorf("the list of children at offset %d runs beyond the metadata", list)
		}
		// A length that rounds up to 8 or less ends the list. So do those
		// that would wrap around.
		if n := binary.LittleEndian.Uint64(m.raw[at:]); n <= 8 {
			break
		}
		child, next, err := m.parseDentry(at)
		if err != nil {
			return 0, err
		}
		child.parent = parent
		at = next
		if len(m.nodes) == math.MaxInt32 {
			return 0, fmt.Errorf("more than %d dentries: %w", math.MaxInt32, ErrLimit)
		}
		m.nodes = append(m.nodes, child)
	}
	m.nodes[parent].firstChild = int32(first)
	m.nodes[parent].childCount = int32(len(m.nodes) - first)
	m.nameChildren(m.nodes[first:])
	return at - list + 8, nil
}

// nameChildren gives each node of a directory its path element and sorts them
// by it. Of several nodes with one name the first in the list gets it.
func (m *metadata) nameChildren(children []node) {
	for i := range children {
		children[i].name = pathElement(m.longName(children[i].dentry))
	}
	byName := func(a, b node) int { return cmp.Compare(a.name, b.name) }
	slices.SortStableFunc(children, byName)
	same := func(a, b node) bool { return a.name == b.name }
	if len(slices.CompactFunc(slices.Clone(children), same)) == len(children) {
		return
	}
	taken := make(map[string]bool, len(children))
	for i := range children {
		taken[children[i].name] = true
	}
	for first, next := 0, 0; first < len(children); first = next {
		name := children[first].name
		suffix := 1
		for next = first + 1; next < len(children) && children[next].name == name; next++ {
			for unique := name; taken[unique]; {
				suffix++
				unique = fmt.Sprintf("%s~%d", name, suffix)
				children[next].name = unique
			}
			taken[children[next].name] = true
			if m.renamed == nil {
				m.renamed = make(map[int]bool)
			}
			m.renamed[children[next].dentry] = true
			m.warnings.add(formatErrorf("two entries of a directory are named %q; one is shown as %q", name, children[next].name))
		}
	}
	slices.SortStableFunc(children, byName)
}

// parseDentry checks the dentry at an offset and its extra stream entries,
// and returns the offset after them. What it lets pass can be parsed again
// without checks.
func (m *metadata) parseDentry(at uint64) (node, uint64, error) {
	if at > uint64(len(m.raw)) || uint64(len(m.raw))-at < wimfile.DentrySize {
		return node{}, 0, formatErrorf("dentry at offset %d runs beyond the metadata", at)
	}
	d, err := wimfile.ParseDentry(m.raw[at:])
	if err != nil {
		return node{}, 0, fmt.Errorf("dentry at offset %d: %w", at, err)
	}
	next := at + d.Size()
	for i := range d.StreamCount {
		e, err := wimfile.ParseStreamEntry(m.raw[next:])
		if err != nil {
			return node{}, 0, fmt.Errorf("stream entry %d of the dentry at offset %d: %w", i, at, err)
		}
		next += e.Size()
	}
	return node{dentry: int(at), attributes: Attributes(d.Attributes)}, next, nil
}

// dentry returns the dentry of a node, which was parsed before without an
// error.
func (m *metadata) dentry(n *node) wimfile.Dentry { return m.dentryAt(n.dentry) }

func (m *metadata) dentryAt(offset int) wimfile.Dentry {
	d, _ := wimfile.ParseDentry(m.raw[offset:])
	return d
}

// streamEntries yields the stream entries that follow a node's dentry.
func (m *metadata) streamEntries(n *node, d *wimfile.Dentry) iter.Seq[wimfile.StreamEntry] {
	return func(yield func(wimfile.StreamEntry) bool) {
		next := uint64(n.dentry) + d.Size()
		for range d.StreamCount {
			e, _ := wimfile.ParseStreamEntry(m.raw[next:])
			if !yield(e) {
				return
			}
			next += e.Size()
		}
	}
}

// reparseTag returns the tag of a reparse point.
func (m *metadata) reparseTag(n *node) ReparseTag {
	d := m.dentry(n)
	return ReparseTag(d.Reparse().Tag)
}

// shortName returns the stored bytes of a dentry's 8.3 name, UTF-16LE.
func (m *metadata) shortName(dentry int) []byte { return m.dentryAt(dentry).ShortName }

// longName returns the stored bytes of a dentry's name, UTF-16LE.
func (m *metadata) longName(dentry int) []byte { return m.dentryAt(dentry).Name }

// children returns the nodes of a directory, sorted by name.
func (m *metadata) children(i int32) []node {
	n := &m.nodes[i]
	return m.nodes[n.firstChild : n.firstChild+n.childCount]
}

// preorder yields all nodes in the order of their paths: a directory, then what
// is in it, by name.
func (m *metadata) preorder() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := int32(0); yield(i); i++ {
			if n := &m.nodes[i]; n.childCount > 0 {
				i = n.firstChild - 1
				continue
			}
			for i != 0 && i+1 == m.endOfChildren(m.nodes[i].parent) {
				i = m.nodes[i].parent
			}
			if i == 0 {
				return
			}
		}
	}
}

func (m *metadata) endOfChildren(i int32) int32 { return m.nodes[i].firstChild + m.nodes[i].childCount }

// pathOf returns the path of a node, "." for the root.
func (m *metadata) pathOf(i int32) string {
	if i == 0 {
		return "."
	}
	length := -1
	for k := i; k != 0; k = m.nodes[k].parent {
		length += 1 + len(m.nodes[k].name)
	}
	buf := make([]byte, length)
	for k := i; k != 0; k = m.nodes[k].parent {
		length -= len(m.nodes[k].name)
		copy(buf[length:], m.nodes[k].name)
		if length > 0 {
			length--
			buf[length] = '/'
		}
	}
	return string(buf)
}
