package wim

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/internal/wimfile"
)

// Remove removes a file or an empty directory. Other names of the file stay.
func (e *Edit) Remove(name string) error {
	i, err := e.find(name)
	switch {
	case err != nil:
	case i == 0:
		err = errRoot
	case len(e.nodes[i].children) > 0:
		err = errNotEmpty
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	e.detach(i)
	return nil
}

// RemoveAll removes a file, or a directory with all that is in it. It is no
// error if there is none. Of "." all is removed that is in it.
func (e *Edit) RemoveAll(name string) error {
	i, rest, err := e.findStart(name)
	switch {
	case err == errNotDirectory || err == nil && rest != "":
		return nil
	case err != nil:
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	case i != 0:
		e.detach(i)
		return nil
	}
	for _, k := range e.nodes[0].children {
		e.nodes[k].gone = true
	}
	e.nodes[0].children, e.nodes[0].relisted = nil, true
	delete(e.indexes, 0)
	e.change()
	return nil
}

var (
	errRoot     error = &kindError{"the root of the image", fs.ErrInvalid}
	errNotEmpty error = &kindError{"the directory is not empty", fs.ErrExist}
	errIntoSelf error = &kindError{"a directory cannot be moved into itself", fs.ErrInvalid}
)

// Rename renames or moves a file or directory, as rename does on Unix: what has
// the new name is replaced, if both are files, or the old one is an empty
// directory and the new one a directory too. The short name is dropped, which
// was made for the old name.
func (e *Edit) Rename(oldname, newname string) error {
	if err := e.rename(oldname, newname); err != nil {
		return &fs.PathError{Op: "rename", Path: oldname + " to " + newname, Err: err}
	}
	return nil
}

func (e *Edit) rename(oldname, newname string) error {
	i, err := e.find(oldname)
	if err != nil {
		return err
	}
	if !fs.ValidPath(newname) {
		return fs.ErrInvalid
	}
	if i == 0 && newname == "." {
		return nil
	}
	if i == 0 || newname == "." {
		return errRoot
	}
	dir, err := e.find(path.Dir(newname))
	if err == nil && !e.isDirectory(dir) {
		err = errNotDirectory
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path.Dir(newname), err)
	}
	for k := dir; k != 0; k = e.nodes[k].parent {
		if k == i {
			return errIntoSelf
		}
	}
	element := path.Base(newname)
	name, err := nameOf(element)
	if err != nil {
		return err
	}
	other, taken := e.child(dir, element)
	switch {
	case !taken:
	case other == i && e.nodes[i].name == element:
		return nil
	case other == i:
		taken = false
	case e.isDirectory(i) && !e.isDirectory(other):
		return errFileInPlace
	case !e.isDirectory(i) && e.isDirectory(other):
		return errDirectoryInPlace
	case len(e.nodes[other].children) > 0:
		return errNotEmpty
	}
	if taken {
		e.detach(other)
	}
	e.detach(i)
	e.edited(i).Dentry.SetNames(name, nil)
	e.nodes[i].name = element
	e.attach(dir, i)
	return nil
}

var (
	errFileInPlace      error = &kindError{"there is a file of that name, not a directory", fs.ErrExist}
	errDirectoryInPlace error = &kindError{"there is a directory of that name", fs.ErrExist}
)

// MkdirAll makes a directory, and those above it that are missing. It is no
// error if it is there.
func (e *Edit) MkdirAll(name string) error {
	dir, rest, err := e.findStart(name)
	if err == nil && !e.isDirectory(dir) {
		err = errNotDirectory
	}
	if err == nil {
		err = checkElements(rest)
	}
	if err != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: err}
	}
	e.makeDirectories(dir, rest)
	return nil
}

// checkElements refuses a path with names that no file can have.
func checkElements(rest string) error {
	if rest == "" {
		return nil
	}
	for element := range strings.SplitSeq(rest, "/") {
		if _, err := nameOf(element); err != nil {
			return err
		}
	}
	return nil
}

// makeDirectories makes the directories of a path that was checked, in one that
// has no such child, and returns the last one.
func (e *Edit) makeDirectories(dir int32, rest string) int32 {
	for rest != "" {
		var element string
		element, rest, _ = strings.Cut(rest, "/")
		n := e.plainNode(AttributeDirectory)
		e.inherit(dir, n)
		i := e.newNode(element, e.named(n, element))
		e.attach(dir, i)
		dir = i
	}
	return dir
}

// named gives a new node a name that was checked.
func (e *Edit) named(n *draftNode, element string) *draftNode {
	name, _ := nameOf(element)
	n.Dentry.Name = name
	n.Dentry.SetItems(n.Items)
	return n
}

// WriteFile makes a file with the given content, or puts it in the place of
// one, whose attributes, time of creation, Unix data, short name and security
// descriptor it then has. Other names of that file keep the old content.
// Directories that are missing are made.
func (e *Edit) WriteFile(name string, data []byte) error {
	t, err := e.target(name, false)
	if err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	n := e.plainNode(AttributeArchive)
	if t.old >= 0 && e.attributes(t.old)&AttributeReparsePoint == 0 {
		old := e.dentry(t.old)
		n.Dentry.Attributes = old.Attributes &^ uint32(AttributeEncrypted|AttributeSparseFile)
		n.Dentry.CreationTime = old.CreationTime
		items, _ := old.Items()
		n.Items = slices.DeleteFunc(items, func(item wimfile.TaggedItem) bool { return item.Tag != wimfile.TagUnixData })
	}
	if len(data) > 0 {
		n.content = e.writer.blobs.addBytes(name, slices.Clone(data))
	}
	e.put(t, n)
	return nil
}

// editTarget is where something is put.
type editTarget struct {
	dir     int32
	missing string // the directories that have to be made in dir
	element string
	old     int32 // what is there; -1 for nothing
}

// target finds where something is put: a file takes no directory's place, and a
// directory no file's.
func (e *Edit) target(name string, directory bool) (t editTarget, err error) {
	at, rest, err := e.findStart(name)
	if err != nil {
		return t, err
	}
	if rest == "" {
		t = editTarget{dir: e.nodes[at].parent, element: path.Base(name), old: at}
		switch {
		case e.isDirectory(at) && !directory:
			return t, errDirectoryInPlace
		case !e.isDirectory(at) && directory:
			return t, errFileInPlace
		}
		if at == 0 || e.nodes[at].name == t.element {
			return t, nil
		}
		_, err = nameOf(t.element)
		return t, err
	}
	if !e.isDirectory(at) {
		return t, errNotDirectory
	}
	t = editTarget{dir: at, missing: path.Dir(rest), element: path.Base(rest), old: -1}
	if t.missing == "." {
		t.missing = ""
	}
	return t, checkElements(rest)
}

// put puts a new file or tree without a name into its place. The short name and
// the security descriptor of what was there stay, unless it has its own.
func (e *Edit) put(t editTarget, n *draftNode) int32 {
	if t.old < 0 {
		dir := e.makeDirectories(t.dir, t.missing)
		e.inherit(dir, n)
		i := e.newNode(t.element, e.named(n, t.element))
		e.attach(dir, i)
		return i
	}
	old := e.dentry(t.old)
	name := old.Name
	if e.nodes[t.old].name != t.element {
		name, _ = nameOf(t.element)
	}
	if n.Dentry.ShortName == nil {
		n.Dentry.ShortName = old.ShortName
	}
	if n.Dentry.SecurityID < 0 {
		n.Dentry.SecurityID = old.SecurityID
	}
	n.Dentry.Name = name
	n.Dentry.SetItems(n.Items)
	e.detach(t.old)
	i := e.newNode(t.element, n)
	e.attach(t.dir, i)
	return i
}
