package wim

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
)

// A metadata resource describes one image: the security descriptors, then the
// tree of dentries (WIM format sheet, section 8). The tree is kept as it is
// stored; a node is made of each dentry for navigation, and everything else is
// parsed out of the stored bytes when somebody asks.

// dentrySize is the fixed part of a dentry, in front of its names.
const dentrySize = 102

// streamEntrySize is the fixed part of an extra stream entry.
const streamEntrySize = 38

// The fields of a dentry, as offsets in it.
const (
	dentryAttributes   = 0x08
	dentrySecurityID   = 0x0C
	dentrySubdir       = 0x10
	dentryCreationTime = 0x28
	dentryAccessTime   = 0x30
	dentryWriteTime    = 0x38
	dentryHash         = 0x40
	dentryReparseTag   = 0x58
	dentryHardLink     = 0x58 // the same bytes: a reparse point cannot be linked
	dentryReparseFlags = 0x5E
	dentryStreamCount  = 0x60
	dentryShortName    = 0x62 // its length; the name itself comes second
	dentryLongName     = 0x64
)

// metadata is one image's parsed metadata resource.
type metadata struct {
	raw         []byte
	descriptors []span // security descriptors in raw
	nodes       []node // nodes[0] is the root; the children of a node are consecutive
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

// align8 rounds up to a multiple of 8. It saturates instead of wrapping.
func align8(n uint64) uint64 {
	if n > math.MaxUint64-7 {
		return math.MaxUint64 &^ 7
	}
	return (n + 7) &^ 7
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
// the root dentry behind them.
func (m *metadata) parseSecurityData() (root uint64, err error) {
	le := binary.LittleEndian
	size := uint64(len(m.raw))
	if size < 8 {
		return 0, formatErrorf("security data: %d bytes of metadata", size)
	}
	total := max(uint64(le.Uint32(m.raw)), 8)
	count := uint64(le.Uint32(m.raw[4:]))
	if total > size {
		return 0, formatErrorf("security data: %d bytes, the metadata has %d", total, size)
	}
	if count > (total-8)/8 {
		return 0, formatErrorf("security data: %d bytes cannot hold %d descriptors", total, count)
	}
	m.descriptors = make([]span, count)
	next := 8 + 8*count
	for i := range count {
		n := le.Uint64(m.raw[8+8*i:])
		if n > total-next {
			return 0, formatErrorf("security data: descriptor %d has %d bytes, %d are left", i, n, total-next)
		}
		m.descriptors[i] = span{int64(next), int64(n)}
		next += n
	}
	if align8(next) != align8(total) {
		m.warnings.add(formatErrorf("security data: its parts have %d bytes together, it says %d", next, total))
	}
	return align8(total), nil
}

// parseTree makes the nodes, breadth first, without recursion. Each list of
// children is parsed once, and lists that overlap stop at a budget: the dentries
// of a sane image have fewer bytes together than the resource.
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
	if m.le16(n.dentry+dentryLongName) != 0 {
		m.warnings.add(formatErrorf("the root has a name; it is not used"))
	}
	m.nodes = []node{n}
	paths := []int32{0} // by node: the length of its path in UTF-16 units
	budget := size - (next - root)
	listed := make(map[uint64]bool)
	for i := 0; i < len(m.nodes); i++ {
		parent := &m.nodes[i]
		list := binary.LittleEndian.Uint64(m.raw[parent.dentry+dentrySubdir:])
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
			paths = append(paths, paths[i]+1+int32(m.le16(m.nodes[k].dentry+dentryLongName)/2))
		}
	}
	return nil
}

// maxPath is the length in UTF-16 units that paths have in Windows at most. No
// directory whose path is longer is descended into: without a bound the paths of
// a hostile tree have a size that is quadratic in the size of its metadata.
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
			m.warnings.add(formatErrorf("two entries of a directory are named %q; one is shown as %q", name, children[next].name))
		}
	}
	slices.SortStableFunc(children, byName)
}

// parseDentry checks the dentry at an offset and its extra stream entries,
// and returns the offset behind them. What it lets pass can be parsed again
// without checks.
func (m *metadata) parseDentry(at uint64) (node, uint64, error) {
	size := uint64(len(m.raw))
	if at > size || size-at < dentrySize {
		return node{}, 0, formatErrorf("dentry at offset %d runs beyond the metadata", at)
	}
	length := align8(binary.LittleEndian.Uint64(m.raw[at:]))
	if length < dentrySize || length > size-at {
		return node{}, 0, formatErrorf("dentry at offset %d: length %d, %d bytes are left", at, binary.LittleEndian.Uint64(m.raw[at:]), size-at)
	}
	n := node{dentry: int(at)}
	n.attributes = Attributes(binary.LittleEndian.Uint32(m.raw[at+dentryAttributes:]))
	long, short := m.le16(n.dentry+dentryLongName), m.le16(n.dentry+dentryShortName)
	if long%2 != 0 || short%2 != 0 {
		return node{}, 0, formatErrorf("dentry at offset %d: names of %d and %d bytes, not whole UTF-16 units", at, long, short)
	}
	if uint64(m.namesEnd(n.dentry)) > at+length {
		return node{}, 0, formatErrorf("dentry at offset %d: names of %d and %d bytes in a dentry of %d", at, long, short, length)
	}
	next := at + length
	for i := range m.le16(n.dentry + dentryStreamCount) {
		if size-next < streamEntrySize {
			return node{}, 0, formatErrorf("stream entry %d of the dentry at offset %d runs beyond the metadata", i, at)
		}
		entry := align8(binary.LittleEndian.Uint64(m.raw[next:]))
		name := m.le16(int(next) + 0x24)
		switch {
		case entry < streamEntrySize || entry > size-next:
			return node{}, 0, formatErrorf("stream entry %d of the dentry at offset %d: length %d", i, at, entry)
		case name%2 != 0 || uint64(streamEntrySize+name) > entry:
			return node{}, 0, formatErrorf("stream entry %d of the dentry at offset %d: a name of %d bytes", i, at, name)
		}
		next += entry
	}
	return n, next, nil
}

func (m *metadata) le16(at int) int { return int(binary.LittleEndian.Uint16(m.raw[at:])) }

// namesEnd is the offset behind a dentry's names. Each name that is not empty
// has a terminator, which the stored lengths do not count.
func (m *metadata) namesEnd(dentry int) int {
	end := dentry + dentrySize
	for _, n := range []int{m.le16(dentry + dentryLongName), m.le16(dentry + dentryShortName)} {
		if n != 0 {
			end += n + 2
		}
	}
	return end
}

// longName returns the stored bytes of a dentry's name, UTF-16LE.
func (m *metadata) longName(dentry int) []byte {
	start := dentry + dentrySize
	return m.raw[start : start+m.le16(dentry+dentryLongName)]
}

// shortName returns the stored bytes of a dentry's 8.3 name, UTF-16LE.
func (m *metadata) shortName(dentry int) []byte {
	start := dentry + dentrySize
	if n := m.le16(dentry + dentryLongName); n != 0 {
		start += n + 2
	}
	return m.raw[start : start+m.le16(dentry+dentryShortName)]
}

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
