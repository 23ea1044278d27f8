package wim

import (
	"archive/tar"
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// TarReport is what [Image.WriteTar] did.
type TarReport struct {
	Files       int // names of files, hard links included
	Directories int
	Links       int   // symbolic links and junctions
	Bytes       int64 // of file content that was written
	// LeftOut lists what the image has and the tar has not.
	LeftOut []NotRestored
	// Escaped are the entries whose names a tar cannot hold. They stand in it
	// under their paths in [FS].
	Escaped []Problem
	// MoreEscaped counts those that are not listed because the list is full:
	// with 64 MiB of text.
	MoreEscaped int
	// Problems are the entries and streams that were left out because they are
	// damaged, or missing, or because no tar can hold them.
	Problems     []Problem
	MoreProblems int // as MoreEscaped
}

// The limits of a tar. Both archive/tar and libarchive refuse an entry whose
// PAX records are larger than 1 MiB: a path, the target of a hard link, and
// what this package adds have to fit into that together.
const (
	maxTarPath    = 128 << 10
	maxTarRecords = 512 << 10
	maxTarStream  = 64 << 10
)

const (
	tarBuffer = 256 << 10 // of bytes on their way to the writer
	// tarCopy is how large a content may be to be kept in memory while several
	// files have it. There is a pass over the larger ones for each.
	tarCopy = 1 << 20
)

// WriteTar writes the image as a tar: files, directories, hard links, symbolic
// links and junctions, with the names, modes, times and link targets that
// [Image.Extract] gives them. [WithPaths] limits it to some files and
// directories.
//
// The tar is in PAX format, with times of modification and access in units of
// 100 ns. An absolute link target that Extract would root in its directory is
// written relative to the link, so that it leads to the same file wherever the
// tar is unpacked. Owners are 0, except for files with Unix data, and no entry
// has names of users. Everything else is in vendor records, those of programs
// for Windows containers where they have one for it; binary values are in
// base64:
//
//	LIBARCHIVE.creationtime  time of creation, as the standard's mtime
//	MSWINDOWS.fileattr       attributes, decimal
//	MSWINDOWS.rawsd          security descriptor, self-relative, base64
//	MSWINDOWS.mountpoint     "1" for a junction
//	MSWINDOWS.xattr.NAME     extended attribute, base64
//	WIMBLE.shortname         the 8.3 name
//	WIMBLE.reparse           reparse point, a whole REPARSE_DATA_BUFFER, base64
//	WIMBLE.objectid          object id, base64
//	WIMBLE.stream.NAME       named stream of at most 64 KiB, base64
//
// In NAME each UTF-16 unit that is unpaired, a control character, "=" or "%" is
// written as %uXXXX. A name that is not in Unicode normalization form C has the
// record hdrcharset=BINARY, or libarchive would change it. The records of one
// entry have 512 KiB together; what does not fit and larger streams are left
// out and counted. A hard link has the WIMBLE.shortname record alone, since all
// else belongs to the file.
//
// First come the directories, with empty files, in order of their paths; then
// the files in the order in which their content is stored, with their hard
// links, so that each chunk is decoded once, on all processors. Only a content
// of more than 1 MiB that several files have, which are no hard links, is
// decoded for each of them. Symbolic links and junctions come after all files,
// so that nothing is unpacked through them. Directories with such files or
// links come again there, the deepest first, each before its links: programs
// would otherwise leave them with the time at which they wrote the files. The
// same image gives the same bytes each time.
//
// Entries that are known to be damaged before anything of them is written are
// left out; the report names them, and the error is then not nil, though the
// tar is whole. But content is written while it is checked. When a file turns
// out to be damaged, the error names it, and the tar has no end: programs that
// read it complain. An error of w ends the operation as well.
//
// The report is nil, and nothing is written, when the tree cannot be read or a
// path is not in it. Writes to w come from one goroutine at a time.
func (image *Image) WriteTar(ctx context.Context, w io.Writer, opts ...ExtractOption) (*TarReport, error) {
	tree, err := image.FS()
	if err != nil {
		return nil, err
	}
	o := newExtractOptions(opts)
	t := &tarring{
		subset: newSubset("tar", "", image, tree, new(problemList)), ctx: ctx, bulk: newBulk(o.bulkOptions), report: &TarReport{},
		out: bufio.NewWriterSize(w, tarBuffer), leftOut: make(map[string]int),
		again: make(map[int32]bool),
	}
	if err := t.choose(o.paths); err != nil {
		return nil, err
	}
	t.tar = tar.NewWriter(t.out)
	err = t.run()
	t.report.LeftOut = sortedCounts(t.leftOut)
	t.report.Escaped, t.report.MoreEscaped = t.escaped.problems()
	t.report.Problems, t.report.MoreProblems = t.problems.problems()
	if err == nil {
		err = problemsError(t.report.Problems, t.report.MoreProblems)
	}
	return t.report, err
}

// tarring is one run of WriteTar.
type tarring struct {
	*subset
	ctx     context.Context // looked at before each entry is written
	bulk    *bulk
	out     *bufio.Writer
	tar     *tar.Writer
	report  *TarReport
	escaped problemList
	leftOut map[string]int // by what it is
	small   map[*blob]*smallContent

	files     *filePlan
	hardLinks map[int32][]int32 // the further names of a file
	again     map[int32]bool    // directories that are written again

	// The way to the directory that the last path was in, and its path.
	way    []wayElement
	prefix []byte
}

// wayElement is a directory on a way down from the root, which is left out.
type wayElement struct {
	node int32
	end  int // of its path, with a slash
}

func (t *tarring) run() error {
	t.placeAll()
	t.plan()
	if err := t.readSmall(); err != nil {
		return err
	}
	if err := t.writeTree(); err != nil {
		return err
	}
	if err := t.writeContents(); err != nil {
		return err
	}
	if err := t.writeLinks(); err != nil {
		return err
	}
	if err := t.tar.Close(); err != nil {
		return err
	}
	return t.out.Flush()
}

// placeAll finds what has a place in the tar.
func (t *tarring) placeAll() {
	nodes := t.tree.meta.nodes
	length := make([]int, len(nodes))
	t.place(func(i int32) error {
		name, err := t.tree.plainName(i)
		if err != nil {
			name = nodes[i].name
		}
		length[i] = length[nodes[i].parent] + len(name) + 1
		if length[i] > maxTarPath {
			return fmt.Errorf("a path of %d bytes, the limit for a tar is %d: %w", length[i], maxTarPath, ErrLimit)
		}
		if err != nil {
			t.escaped.add(t.op, t.pathOf(i), Affected{Image: t.image, Path: t.tree.meta.pathOf(i)}, err)
		}
		return nil
	})
}

// path returns the path of a node in the tar.
func (t *tarring) path(i int32) string {
	if i == 0 {
		return "./"
	}
	nodes := t.tree.meta.nodes
	t.goTo(nodes[i].parent)
	name := t.name(i)
	if nodes[i].isDirectory() {
		name += "/"
	}
	return string(t.prefix) + name
}

// goTo makes prefix the path of a directory. It begins with what that has in common
// with the last one: deep in a tree, all that is above would be looked up for each
// entry. Directories have lower numbers than what is in them.
func (t *tarring) goTo(directory int32) {
	var down []int32
	for at := directory; ; {
		last := wayElement{}
		if len(t.way) > 0 {
			last = t.way[len(t.way)-1]
		}
		if last.node == at {
			t.prefix = t.prefix[:last.end]
			break
		}
		if last.node > at {
			t.way = t.way[:len(t.way)-1]
			continue
		}
		down = append(down, at)
		at = t.tree.meta.nodes[at].parent
	}
	for _, at := range slices.Backward(down) {
		t.prefix = append(append(t.prefix, t.name(at)...), '/')
		t.way = append(t.way, wayElement{at, len(t.prefix)})
	}
}

func (t *tarring) name(i int32) string {
	if name, err := t.tree.plainName(i); err == nil {
		return name
	}
	return t.tree.meta.nodes[i].name
}

// plan sorts the files. Those whose content cannot be found are left out.
func (t *tarring) plan() {
	t.files = t.planFiles(true)
	t.files.blobs = slices.DeleteFunc(t.files.blobs, func(b *blob) bool {
		_, err := b.open()
		if err != nil {
			for _, i := range t.files.contents[b] {
				t.problem(i, err)
			}
		}
		return err != nil
	})
	t.hardLinks = make(map[int32][]int32)
	for _, l := range t.files.hardLinks {
		if t.failed[l[0]] != nil {
			t.linkedProblem(l[0], l[1])
			continue
		}
		t.hardLinks[l[0]] = append(t.hardLinks[l[0]], l[1])
	}
}

// writeTree writes what has no content.
func (t *tarring) writeTree() error {
	empty := make(map[int32]bool, len(t.files.empty))
	for _, i := range t.files.empty {
		empty[i] = true
	}
	for i := range t.tree.meta.preorder() {
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		n := &t.tree.meta.nodes[i]
		if !t.placed[i] || n.dentry < 0 || i == 0 && t.selected[i] != selected {
			continue // a directory is not changed for what is written below it
		}
		var err error
		switch e := t.tree.entry(i); {
		case n.isDirectory():
			err = t.writeDirectory(i, e)
		case t.tree.isLink(i): // see writeLinks
		case empty[i]:
			err = t.writeFileHeader(i, 0)
		default:
			t.countUnwritten(i, e)
		}
		if err != nil {
			return err
		}
	}
	for _, i := range t.files.empty {
		if err := t.writeHardLinks(i); err != nil {
			return err
		}
	}
	return nil
}

// countUnwritten counts a file that has content of a kind that is left out.
func (t *tarring) countUnwritten(i int32, e *Entry) {
	switch {
	case e.Attributes&AttributeEncrypted != 0:
		t.leftOut[encryptedFiles]++
	case e.Reparse != nil && !e.Reparse.IsLink() && e.Stream("") == nil:
		t.leftOut["reparse points without content"]++
	}
}

// writeDirectory writes a directory for the first time. Files are to be written
// into it, so its owner may.
func (t *tarring) writeDirectory(i int32, e *Entry) error {
	h := t.header(i, e, tar.TypeDir)
	if h.Mode&0o700 != 0o700 {
		h.Mode |= 0o700
		t.again[i] = true
	}
	t.addRecords(h, i, e)
	t.report.Directories++
	return t.tar.WriteHeader(h)
}

// writeLinks writes the links, when all files are written, and again those
// directories into which something was written since. A directory comes just
// before its links: GNU tar makes some links at its very end, and sets the time
// of their directory after that only if the directory was the last thing it
// met.
func (t *tarring) writeLinks() error {
	nodes := t.tree.meta.nodes
	if nodes[0].childCount > 0 { // nothing begins with "./" but the root itself
		t.again[0] = true
	}
	for i := int32(len(nodes)) - 1; i >= 0; i-- {
		var links []int32
		for k := nodes[i].firstChild; k < nodes[i].firstChild+nodes[i].childCount; k++ {
			if t.placed[k] && t.tree.isLink(k) {
				links = append(links, k)
			}
		}
		if !t.again[i] && links == nil {
			continue
		}
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		if i != 0 {
			if err := t.writeDirectoryAgain(i); err != nil {
				return err
			}
		}
		for _, k := range links {
			if err := t.writeLink(k, t.tree.entry(k)); err != nil {
				return err
			}
		}
		if i == 0 { // bsdtar sets the time of the root as soon as it meets it
			if err := t.writeDirectoryAgain(0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tarring) writeDirectoryAgain(i int32) error {
	if t.tree.meta.nodes[i].dentry < 0 || i == 0 && t.selected[i] != selected {
		return nil
	}
	e := t.tree.entry(i)
	h := t.header(i, e, tar.TypeDir)
	setRecords(h, t.records(i, e).records)
	return t.tar.WriteHeader(h)
}

func (t *tarring) writeLink(i int32, e *Entry) error {
	data, err := t.content(e.Reparse.SHA1, maxReparseData)
	var link *Link
	if err == nil {
		link, err = parseLink(e.Reparse.Tag, data)
	}
	var target string
	if err == nil {
		target = t.linkTarget(i, e.Reparse, link)
		err = checkLinkTarget(target)
	}
	if err != nil {
		t.problem(i, err)
		return nil
	}
	h := t.header(i, e, tar.TypeSymlink)
	h.Linkname = target
	t.addRecords(h, i, e)
	t.report.Links++
	return t.tar.WriteHeader(h)
}

// linkTarget returns what a link's target is in the tar. One that was inside of
// the captured tree is made relative to the link.
func (t *tarring) linkTarget(i int32, point *ReparsePoint, link *Link) string {
	target, inTree := t.tree.outwardTarget(point, link)
	if !inTree {
		return target
	}
	up := 0
	for at := t.tree.meta.nodes[i].parent; at != 0; at = t.tree.meta.nodes[at].parent {
		up++
	}
	if target = strings.TrimSuffix(strings.Repeat("../", up)+target[1:], "/"); target == "" {
		return "."
	}
	return target
}

// writeFileHeader writes the header of a file, whose content comes next.
func (t *tarring) writeFileHeader(i int32, size int64) error {
	if err := context.Cause(t.ctx); err != nil {
		return err
	}
	e := t.tree.entry(i)
	if t.tree.isSpecial(i) {
		t.leftOut[specialFiles]++
	}
	h := t.header(i, e, tar.TypeReg)
	h.Size = size
	t.addRecords(h, i, e)
	t.report.Files++
	t.report.Bytes += size
	return t.tar.WriteHeader(h)
}

// writeHardLinks writes the further names of a file that was written.
func (t *tarring) writeHardLinks(i int32) error {
	links := t.hardLinks[i]
	if len(links) == 0 {
		return nil
	}
	first := t.path(i)
	for _, k := range links {
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		e := t.tree.entry(k)
		h := t.header(k, e, tar.TypeLink)
		h.Linkname = first
		records := make(map[string]string)
		if e.ShortName != "" {
			records[recordShortName] = e.ShortName
		}
		setRecords(h, records)
		if err := t.tar.WriteHeader(h); err != nil {
			return err
		}
		t.again[t.tree.meta.nodes[k].parent] = true
		t.report.Files++
	}
	return nil
}

// header is what all kinds of entries have.
func (t *tarring) header(i int32, e *Entry, kind byte) *tar.Header {
	h := &tar.Header{
		Format: tar.FormatPAX, Typeflag: kind, Name: t.path(i), Mode: tarMode(t.tree.info(i)),
		ModTime: e.LastWriteTime.Time(), AccessTime: e.LastAccessTime.Time(),
	}
	if e.Unix != nil {
		h.Uid, h.Gid = int(e.Unix.UID), int(e.Unix.GID)
	}
	return h
}

// tarMode returns the permission bits of a Unix st_mode that an extracted file
// would have.
func tarMode(info fs.FileInfo) int64 {
	mode := extractedMode(info)
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
