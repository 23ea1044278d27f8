package wim

import (
	"context"
	"errors"
	"os"
)

// linkFunc gives a file in one directory a name in another one, where there is
// nothing of that name.
type linkFunc func(from *os.Root, old string, to *os.Root, name string) error

// makeHardLinks gives files their further names. Where the target takes no more
// of them, or none, a name gets a file of its own, and those that follow become
// names of that.
func (x *extractedTree) makeHardLinks() error {
	var links [][2]int32            // that were made
	latest := make(map[int32]int32) // the last such file of each group
	if err := x.makeAnchors(); err != nil {
		return err
	}
	defer x.removeAnchors()
	for _, l := range x.files.hardLinks {
		if err := context.Cause(x.ctx); err != nil {
			return err
		}
		if x.failed[l[0]] != nil {
			x.linkedProblem(l[0], l[1])
			continue
		}
		file, to := l[0], l[1]
		if own, ok := latest[file]; ok {
			file = own
		}
		linked, err := x.makeHardLink(file, to)
		if errors.Is(err, errAlias) {
			x.problem(to, errAlias)
			continue
		}
		if err != nil {
			return err
		}
		if linked {
			links = append(links, [2]int32{file, to})
			x.report.Files++
			continue
		}
		if err := x.copyLinked(file, to); err != nil {
			return err
		}
		if x.failed[to] != nil {
			continue // something else has its name
		}
		if x.deep(to) {
			if err := x.makeAnchor(to); err != nil {
				return err
			}
		}
		latest[l[0]] = to
		x.unlinked++
	}
	x.files.hardLinks = links
	return nil
}

// makeHardLink says whether the target took the link. Why it did not is not
// asked for: where a file cannot be written either, that is the error that
// counts.
func (x *extractedTree) makeHardLink(file, to int32) (bool, error) {
	err := x.in(to, func(dir *os.Root, name string) error { return x.makeWay(to, dir, name) })
	if err != nil {
		return false, err
	}
	linked := false
	err = x.inAnchor(file, func(from *os.Root, old string) error {
		return x.in(to, func(dir *os.Root, name string) error {
			linked = x.link(from, old, dir, name) == nil
			return nil
		})
	})
	return linked, err
}

// copyLinked writes a file that has the content of one that is in its place.
func (x *extractedTree) copyLinked(from, to int32) error {
	file := &newFile{destination: destination{x, from, ""}}
	err := x.inAnchor(from, func(dir *os.Root, name string) (err error) {
		file.File, err = dir.Open(name)
		return err
	})
	if err != nil {
		return err
	}
	defer file.Close()
	written, err := x.copy(file, destination{x, to, ""})
	x.report.Bytes += written
	return err
}
