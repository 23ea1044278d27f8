package wim

// hardLinks is which nodes are names of one file.
type hardLinks struct {
	group map[int32]uint64   // by node; only nodes whose file has several names
	names map[uint64][]int32 // by group
}

// hardLinkGroup returns the group of a node, 0 if it is its file's only name.
func (f *FS) hardLinkGroup(i int32) uint64 { return f.hardLinks().group[i] }

func (m *metadata) findHardLinks() *hardLinks {
	f := newLinkFinder[SHA1]()
	for i := range m.nodes {
		n := &m.nodes[i]
		if n.attributes&(AttributeDirectory|AttributeReparsePoint) != 0 || n.dentry < 0 {
			continue
		}
		if d := m.dentry(n); d.Link != 0 {
			f.add(int32(i), d.Link, m.sortStreams(n, &d).data)
		}
	}
	return f.find()
}

// A linkFinder groups nodes by hard link id. Old Microsoft tools gave one id to
// different files, so that the content has to be equal as well; the second file
// of such an id gets a number that the image does not use (WIM format sheet,
// section 8.7).
type linkFinder[C comparable] struct {
	files map[linkedFile[C]][]int32
	ids   map[uint64]bool
	order []linkedFile[C]
}

// linkedFile is an id and the content of the file.
type linkedFile[C comparable] struct {
	id      uint64
	content C
}

func newLinkFinder[C comparable]() *linkFinder[C] {
	return &linkFinder[C]{files: make(map[linkedFile[C]][]int32), ids: make(map[uint64]bool)}
}

// add adds a node with an id.
func (f *linkFinder[C]) add(node int32, id uint64, content C) {
	f.ids[id] = true
	key := linkedFile[C]{id, content}
	if f.files[key] == nil {
		f.order = append(f.order, key)
	}
	f.files[key] = append(f.files[key], node)
}

// find returns the groups of more than one node.
func (f *linkFinder[C]) find() *hardLinks {
	links := &hardLinks{group: make(map[int32]uint64), names: make(map[uint64][]int32)}
	unused := uint64(0)
	for _, key := range f.order {
		nodes := f.files[key]
		if len(nodes) < 2 {
			continue
		}
		group := key.id
		if links.names[group] != nil {
			for unused++; f.ids[unused]; unused++ {
			}
			group = unused
		}
		links.names[group] = nodes
		for _, i := range nodes {
			links.group[i] = group
		}
	}
	return links
}
