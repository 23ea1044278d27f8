package wim

// linkID is the hard link id of a node, 0 for what has none.
func (e *Edit) linkID(i int32) uint64 {
	if e.attributes(i)&(AttributeDirectory|AttributeReparsePoint) != 0 {
		return 0
	}
	d := e.dentry(i)
	return d.Link
}

// hardLinks finds which nodes are names of one file, as a reader of the image
// will. It is found anew after names were made or removed.
func (e *Edit) hardLinks() *hardLinks {
	if e.links == nil {
		f := newLinkFinder[editContent]()
		for i := range e.all {
			if id := e.linkID(i); id != 0 {
				f.add(i, id, e.streamsOf(i).data)
			}
		}
		e.links = f.find()
	}
	return e.links
}

// linked returns all names of a file, the given one among them.
func (e *Edit) linked(i int32) []int32 {
	if e.linkID(i) == 0 {
		return []int32{i}
	}
	links := e.hardLinks()
	if names := links.names[links.group[i]]; names != nil {
		return names
	}
	return []int32{i}
}

// newLinkID returns an id that no file of the image has.
func (e *Edit) newLinkID() uint64 {
	if e.linkIDs == nil {
		e.linkIDs = make(map[uint64]bool)
		for i := range e.nodes {
			e.linkIDs[e.linkID(int32(i))] = true
		}
	}
	for e.lastLinkID++; e.linkIDs[e.lastLinkID]; e.lastLinkID++ {
	}
	return e.lastLinkID
}
