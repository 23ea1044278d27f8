package wim

import (
	"io/fs"
	"strings"
)

// A linkTree is a tree with links in it, in which paths are looked up. Its nodes
// are numbers, 0 is the root.
type linkTree interface {
	child(dir int32, name string) (i int32, found bool)
	parent(i int32) int32
	isDirectory(i int32) bool
	isLink(i int32) bool
	linkTarget(i int32) (string, error)
}

// The bounds of links: how many a path may lead through, and how many elements
// their targets may have together.
const (
	maxLinks        = 40
	maxLinkElements = 4096
)

var (
	errTooManyLinks error = &kindError{"too many levels of links", ErrLimit}
	errLongLinks    error = &kindError{"links with too many elements in their targets", ErrLimit}
	errNotDirectory error = &kindError{"not a directory", fs.ErrNotExist}
	errIsDirectory  error = &kindError{"is a directory", fs.ErrInvalid}
	errOutside      error = &kindError{"the link leads out of the image", fs.ErrNotExist}
)

// walkPath finds the node that a path leads to from a directory. Links inside
// of the path are followed; its last element is followed if followLast is set.
func walkPath(t linkTree, at int32, path string, followLast bool) (node int32, links int, err error) {
	elements := 0
	for rest := path; rest != ""; {
		var name string
		if links > 0 {
			if elements++; elements > maxLinkElements {
				return 0, links, errLongLinks
			}
		}
		name, rest, _ = strings.Cut(rest, "/")
		if !t.isDirectory(at) {
			return 0, links, errNotDirectory
		}
		switch name {
		case "", ".":
			continue
		case "..":
			if at == 0 {
				return 0, links, errOutside
			}
			at = t.parent(at)
			continue
		}
		next, found := t.child(at, name)
		if !found {
			return 0, links, fs.ErrNotExist
		}
		if !t.isLink(next) || (rest == "" && !followLast) {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return 0, links, errTooManyLinks
		}
		target, err := t.linkTarget(next)
		if err != nil {
			return 0, links, err
		}
		if strings.HasPrefix(target, "//") {
			return 0, links, errOutside
		}
		if rooted, ok := strings.CutPrefix(target, "/"); ok {
			at, target = 0, rooted
		}
		// A link's target is made of elements, "." and ".." too; what came
		// after the link follows.
		rest = strings.TrimSuffix(target+"/"+rest, "/")
	}
	return at, links, nil
}
