package wim

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// ExtractReport is what [Image.Extract] or [Reader.Extract] did.
type ExtractReport struct {
	Files       int // names of files, hard links included
	Directories int
	Links       int   // symbolic links and junctions
	Bytes       int64 // of content that was written
	// NotRestored lists what the image has and the target could not be given.
	// It is empty if the extraction was ended early.
	NotRestored []NotRestored
	// Problems are the entries that could not be extracted.
	Problems []Problem
	// MoreProblems counts the problems that are not listed because the list is
	// full: with 64 MiB of text.
	MoreProblems int
}

// WithPaths limits [Image.Extract] and [Image.WriteTar] to some files and
// directories, with all that is below those. They keep their place:
// "Windows/notepad.exe" is written to Windows/notepad.exe below the target.
//
// Elements of a path may be patterns as in [path.Match]: "Windows/*.exe",
// "Users/*/Desktop". Like names, patterns match without regard to case where
// nothing matches exactly. A name that exists is taken for itself, whatever
// brackets it has. What matches nothing is an error.
func WithPaths(paths ...string) ExtractOption {
	return extractOption(func(o *extractOptions) { o.paths = append(o.paths, paths...) })
}

// WithUnixData has [Image.Extract] restore Unix modes as they are stored,
// whatever the umask is. Set-user-ID and set-group-ID are left out all the
// same.
//
// It has [OpenDir] and [Writer.CaptureTar] take owners, modes, device numbers
// and extended attributes, and devices, pipes and sockets. For [Writer.Capture]
// it changes nothing: the file system says what there is.
func WithUnixData() interface {
	ExtractOption
	DirOption
	CaptureOption
} {
	return unixDataOption{}
}

type unixDataOption struct{}

func (unixDataOption) applyExtract(o *extractOptions) { o.unixData = true }

// Extract writes the image to a directory, which is made if need be: files,
// directories, hard links, symbolic links and junctions, times of last
// modification, and the read-only attribute. Existing files are replaced, each
// only when its new content is complete.
//
// On Windows it restores as well what the file system and the user's rights
// allow of attributes, all three times, named streams, security descriptors,
// short names, and reparse points as they are stored; privileges that the user
// has are enabled for that. A security descriptor is restored with its owner or
// not at all: a user who may not give files away gets files with the
// permissions that dir hands down. Dir itself becomes neither hidden nor a
// system directory. Unix modes are restored without set-user-ID and
// set-group-ID, since owners are not, and within the umask unless
// [WithUnixData] is given. Directories that existed keep their modes. A file is
// never more accessible than it is in the end. [ExtractReport.NotRestored]
// counts what was left out, on every system, and nothing of that is an error.
//
// Nothing is written outside of dir, whatever the names and links in the image
// say, and whatever links an earlier extraction left in dir: a link that stands
// where a directory is to be is an error. An absolute link target is rooted in
// dir if the file's header asks for that with FlagReparseFix.
//
// Entries that are damaged or that the target cannot hold are left out; the
// report names them, and the error is then not nil. That goes, too, for a name
// that differs from another one only in case, if the target takes the two for
// the same, and for any other alias: what this extraction made is not replaced.
// A hard link that the target cannot have becomes a file of its own, to which
// the next ones link. A target that cannot be written ends the extraction.
func (image *Image) Extract(ctx context.Context, dir string, opts ...ExtractOption) (*ExtractReport, error) {
	tree, err := image.FS()
	if err != nil {
		return nil, err
	}
	if dir, err = targetPath(dir); err != nil {
		return nil, err
	}
	x := newExtraction(ctx, dir)
	x.add(image, tree, "")
	return x.extract(newExtractOptions(opts))
}

// Extract writes all images as [Image.Extract] does, each to a directory below
// dir that is named for its index: "1", "2" and so on. Content that several
// images share is decoded once. An image whose metadata cannot be read is a
// problem of the report, and the others are extracted. In memory are the trees
// of all images, one for those that have the same metadata, and some 150 bytes
// for each file.
func (r *Reader) Extract(ctx context.Context, dir string, opts ...ExtractOption) (*ExtractReport, error) {
	dir, err := targetPath(dir)
	if err != nil {
		return nil, err
	}
	x := newExtraction(ctx, dir)
	err = r.eachTree(ctx, func(images []*Image, tree *FS, err error) {
		for _, image := range images {
			name := strconv.Itoa(image.Index)
			if err != nil {
				x.problems.add("extract", name, Affected{Image: image.Index}, image.unreadable(err))
			} else {
				x.add(image, tree, name)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return x.extract(newExtractOptions(opts))
}

// targetPath returns the absolute path of a directory. That "" is another name
// of the working directory would be a surprise where a variable was not set.
func targetPath(dir string) (string, error) {
	if dir == "" {
		return "", &kindError{"no directory was named to extract to", ErrOption}
	}
	return filepath.Abs(dir)
}

// An extraction is one run of Extract.
type extraction struct {
	ctx     context.Context // looked at before each entry is made
	dir     string          // the absolute path that the user named
	existed bool            // dir was there before
	// Everything below dir is reached through these.
	directories openDirectories[treeDirectory]
	unixData    bool // see WithUnixData
	trees       []*extractedTree
	problems    *problemList
	host        metadataHost // nil where there is none
	link        linkFunc
	token       string // in the names of temporary files: no entry of an image has such a name
	temps       atomic.Int64

	mu      sync.Mutex
	report  *ExtractReport
	naming  sync.Mutex // held from the look at a name to the file that gets it
	writing map[*newFile]bool
}

func newExtraction(ctx context.Context, dir string) *extraction {
	return &extraction{
		ctx: ctx, dir: dir, directories: openDirectories[treeDirectory]{most: maxOpenDirectories, above: treeDirectory.above},
		problems: new(problemList), host: newMetadataHost(), link: hardLink, token: rand.Text(),
		report: &ExtractReport{}, writing: make(map[*newFile]bool),
	}
}

// A destination is a place that content is written to.
type destination struct {
	tree   *extractedTree
	node   int32
	stream string // "" for the file itself
}

// path is for messages.
func (d destination) path() string {
	path := d.tree.pathOf(d.node)
	if d.stream != "" {
		path += ":" + d.stream
	}
	return path
}

// targetError puts the destination in place of a temporary name in an error.
func (d destination) targetError(err error) error {
	path := d.tree.path(d.node)
	if d.stream != "" {
		path += ":" + d.stream
	}
	return d.tree.targetError(path, err)
}

// problem says that the content could not be written.
func (d destination) problem(err error) {
	if d.stream == "" {
		d.tree.problem(d.node, err)
		return
	}
	d.tree.tell(d.node, d.stream, err)
}

// add adds a tree that goes to the directory of this name below the target, or
// to the target itself if the name is empty. Paths in reports begin with the
// name.
func (x *extraction) add(image *Image, tree *FS, prefix string) {
	t := &extractedTree{subset: newSubset("extract", prefix, image, tree, x.problems), extraction: x, dir: filepath.Join(x.dir, prefix)}
	t.made = make([]bool, len(tree.meta.nodes))
	t.existing = make(map[int32]fileID)
	t.restored = make([]metadataKinds, len(tree.meta.nodes))
	x.trees = append(x.trees, t)
}

// openTop makes the directory that the user named, if it is not there, and
// opens it.
func (x *extraction) openTop() error {
	if info, err := os.Stat(x.dir); err == nil {
		x.existed = info.IsDir()
	}
	err := os.MkdirAll(x.dir, 0o777)
	if err == nil {
		x.directories.top, err = os.OpenRoot(x.dir)
	}
	return err
}

// makeTarget makes the directory that the tree goes to, if it is not there.
func (x *extractedTree) makeTarget() error {
	if x.prefix == "" {
		x.made[0] = !x.existed
		return nil
	}
	var err error
	if x.made[0], err = makeDirectory(x.directories.top, x.prefix, 0o777); err != nil {
		return x.targetError(".", err)
	}
	return nil
}

// makeDirectory makes a directory, or says that it is there. What a link leads
// to is not: something else made it, and who knows where it is.
func makeDirectory(dir *os.Root, name string, mode fs.FileMode) (made bool, err error) {
	if err = dir.Mkdir(name, mode); errors.Is(err, fs.ErrExist) {
		if info, statErr := dir.Lstat(name); statErr == nil && info.IsDir() {
			return false, nil
		}
	}
	return err == nil, err
}

func (x *extraction) extract(o extractOptions) (*ExtractReport, error) {
	defer x.directories.closeAll()
	err := x.run(o)
	if err == nil {
		x.summarize()
	}
	x.report.Problems, x.report.MoreProblems = x.problems.problems()
	if err == nil {
		err = problemsError(x.report.Problems, x.report.MoreProblems)
	}
	return x.report, err
}

func (x *extraction) run(o extractOptions) error {
	b := newBulk(o.bulkOptions)
	var subsets []*subset
	for _, t := range x.trees {
		subsets = append(subsets, t.subset)
	}
	if err := chooseIn(subsets, o.paths); err != nil {
		return err
	}
	x.unixData = o.unixData
	if err := x.openTop(); err != nil {
		return err
	}
	for _, t := range x.trees {
		if err := t.makeTarget(); err != nil {
			return err
		}
	}
	defer x.discardAll()
	for _, t := range x.trees {
		if err := t.prepare(); err != nil {
			return err
		}
	}
	if err := x.write(b, (*extractedTree).fileContents); err != nil {
		return err
	}
	// Links come last of all entries, so that nothing can be written through
	// them.
	for _, t := range x.trees {
		if err := t.finish(); err != nil {
			return err
		}
	}
	if x.host == nil {
		return nil
	}
	if err := x.write(b, (*extractedTree).streamContents); err != nil {
		return err
	}
	return x.restoreMetadata()
}

// write reads the contents that the trees plan to have, and writes them.
func (x *extraction) write(b *bulk, plan func(*extractedTree) iter.Seq2[*blob, destination]) error {
	var blobs []*blob
	contents := make(map[*blob][]destination)
	for _, t := range x.trees {
		for blob, at := range plan(t) {
			if contents[blob] == nil {
				blobs = append(blobs, blob)
			}
			contents[blob] = append(contents[blob], at)
		}
	}
	b.expect(blobs)
	if err := b.run(x.ctx, blobs, func(blob *blob) (BlobSink, error) { return x.newFileSink(contents[blob]) }); err != nil {
		return err
	}
	return x.placeStaged()
}

// summarize counts what was left out.
func (x *extraction) summarize() {
	counts := make(map[string]int)
	for _, t := range x.trees {
		t.countNotRestored(counts)
	}
	x.report.NotRestored = sortedCounts(counts)
}
