package wim

import (
	"bytes"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// treeDamage returns what is wrong with a node of a tree that can be read
// around: its children or its security descriptor are lost, or no file can have
// its name. A name with unpaired surrogates is good: NTFS has such names.
func (m *metadata) treeDamage(i int32) (damage []error) {
	n := &m.nodes[i]
	if n.dentry < 0 { // the root of an empty image has no dentry
		return nil
	}
	d := m.dentry(n)
	if err := m.childListDamage(n, &d); err != nil {
		damage = append(damage, err)
	}
	if id := d.SecurityID; id != wimfile.NoSecurity && uint64(uint32(id)) >= uint64(len(m.descriptors)) {
		damage = append(damage, formatErrorf("security id %d, the image has %d security descriptors", id, len(m.descriptors)))
	}
	if i == 0 {
		return damage
	}
	if why := nameDamage(d.Name); why != "" {
		damage = append(damage, formatErrorf("a name that no file can have, %s", why))
	}
	if stored := pathElement(d.Name); stored != n.name {
		damage = append(damage, formatErrorf("two entries of a directory are named %q; one is shown as %q", stored, n.name))
	}
	return damage
}

// childListDamage says why a list of children was not read.
func (m *metadata) childListDamage(n *node, d *wimfile.Dentry) error {
	switch {
	case d.Subdir == 0:
		return nil
	case !n.isDirectory():
		return formatErrorf("it is not a directory, its list of children at offset %d is ignored", d.Subdir)
	case n.firstChild == 0: // even an empty list that was read has a place after the root
		return formatErrorf("a directory is shown empty: its list of children at offset %d is another directory's too, or its path is longer than Windows allows", d.Subdir)
	}
	return nil
}

// nameDamage says what is wrong with a stored name that no file can have.
func nameDamage(name []byte) string {
	switch {
	case len(name) == 0:
		return "of no characters"
	case bytes.Equal(name, []byte{'.', 0}), bytes.Equal(name, []byte{'.', 0, '.', 0}):
		return `"." or ".."`
	}
	for i := 0; i+1 < len(name); i += 2 {
		if name[i+1] == 0 && (name[i] == 0 || name[i] == '/') {
			return `with NUL or "/" in it`
		}
	}
	return ""
}

// tree adds what is wrong with the tree of images to the problems.
func (v *verifier) tree(images []*Image, tree *FS) {
	for i := range tree.meta.nodes {
		for _, err := range tree.meta.treeDamage(int32(i)) {
			k := v.problem(&v.metadata, err)
			if k >= 0 {
				v.metadata.list[k].affectAll(v.metadata.text, images, Affected{Path: tree.meta.pathOf(int32(i))})
			}
		}
	}
}
