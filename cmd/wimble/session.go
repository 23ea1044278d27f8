package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/wim"
)

// session is an open FILE, with what --ref names.
type session struct {
	*media.File
	app        *app
	references []*media.File
}

// Close closes the files.
func (s *session) Close() {
	s.File.Close()
	for _, r := range s.references {
		r.Close()
	}
}

// open opens a file and what --ref names, and prints what is odd about it.
func (a *app) open(ctx context.Context, name string) (*session, error) {
	opts := a.mediaOptions()
	file, err := media.Open(ctx, name, append(opts, media.WithOffset(a.offset))...)
	if err != nil {
		return nil, err
	}
	s := &session{File: file, app: a}
	a.warn(file.Name, file.Warnings())
	for _, pattern := range a.references {
		names, err := referenceNames(pattern)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("--ref %s: %w", pattern, err)
		}
		for _, name := range names {
			if err := s.addReference(ctx, name, opts...); err != nil {
				s.Close()
				return nil, err
			}
		}
	}
	return s, nil
}

// mediaOptions is how all files are opened.
func (a *app) mediaOptions() []media.Option {
	return append(slices.Clone(a.headers), media.WithReaderOptions(wim.WithLimits(wim.Limits{
		XML: int64(a.limit), BlobTable: int64(a.limit), Metadata: int64(a.limit), ChunkSize: int64(a.limit),
	})))
}

// addReference adds a file that --ref names. A part of a set that is open
// already brings nothing new; patterns and folders have them.
func (s *session) addReference(ctx context.Context, name string, opts ...media.Option) error {
	if sameFile(name, s.Name) {
		return nil
	}
	r, err := media.Open(ctx, name, opts...)
	if err != nil {
		return err
	}
	for _, open := range append([]*media.File{s.File}, s.references...) {
		if open.Header.GUID == r.Header.GUID && r.Header.TotalParts > 1 && !slices.Contains(open.MissingParts(), r.Header.PartNumber) {
			return r.Close()
		}
	}
	s.references = append(s.references, r)
	s.app.warn(r.Name, r.Warnings())
	s.Reference(r.Reader)
	return nil
}

func sameFile(a, b string) bool {
	if a == b { // which may be a URL
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// referenceNames returns the files that a --ref means: a file, the WIM files of
// a folder, or what a pattern matches.
func referenceNames(pattern string) ([]string, error) {
	info, err := os.Stat(pattern)
	if err != nil {
		return expand(pattern)
	}
	if !info.IsDir() {
		return []string{pattern}, nil
	}
	entries, err := os.ReadDir(pattern)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && media.HasWIMExtension(e.Name()) {
			names = append(names, filepath.Join(pattern, e.Name()))
		}
	}
	if names == nil {
		return nil, fmt.Errorf("no .wim, .esd or .swm file is in this folder: %w", fs.ErrNotExist)
	}
	return names, nil
}

// expand returns the files that a pattern matches, which not every shell does. A
// name without a pattern, or that is there, stands for itself, and so does a URL.
func expand(pattern string) ([]string, error) {
	if _, err := os.Lstat(pattern); err == nil || media.IsURL(pattern) || !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil
	}
	names, err := filepath.Glob(pattern)
	if err == nil && names == nil {
		err = fmt.Errorf("no file matches: %w", fs.ErrNotExist)
	}
	return names, err
}

// image returns the image that args begin with, and the args that are left. A
// file with one image needs no IMAGE: what names none is the first PATH then.
func (s *session) image(args []string) (*wim.Image, []string, error) {
	if len(args) > 0 {
		image, err := s.Reader.Image(args[0])
		if err == nil {
			return image, args[1:], nil
		}
		if len(s.Images) != 1 || !s.hasPath(args[0]) {
			return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	switch len(s.Images) {
	case 0:
		return nil, nil, fmt.Errorf("%s: there is no image in it: %w", s.Name, fs.ErrNotExist)
	case 1:
		return s.Images[0], args, nil
	}
	const most = 12
	var names []string
	for _, image := range s.Images[:min(len(s.Images), most)] {
		names = append(names, strings.TrimSpace(strconv.Itoa(image.Index)+" "+image.Info.Name))
	}
	if len(s.Images) > most {
		names = append(names, "...")
	}
	return nil, nil, fmt.Errorf("%s: there are %d images; name one of %s", s.Name, len(s.Images), strings.Join(names, ", "))
}

// allImages says whether a text means every image: "all", if none has that name.
func (s *session) allImages(text string) bool {
	if text != "all" {
		return false
	}
	_, err := s.Reader.Image(text)
	return err != nil
}

// hasPath says whether the file's only image has something at a path. A tree
// that cannot be read is reported later.
func (s *session) hasPath(text string) bool {
	tree, err := s.Images[0].FS()
	if err != nil {
		return true
	}
	names, err := tree.Glob(imagePath(text))
	if err != nil || len(names) > 0 {
		return true
	}
	_, err = findStream(tree, text)
	return err == nil
}

// tree opens the tree of an image, and prints what is odd about it.
func (s *session) tree(image *wim.Image) (*wim.FS, error) {
	tree, err := image.FS()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	s.app.warn(fmt.Sprintf("%s: image %d", s.Name, image.Index), tree.Warnings())
	return tree, nil
}

// imageTree is image and tree in one.
func (s *session) imageTree(args []string) (*wim.Image, *wim.FS, []string, error) {
	image, rest, err := s.image(args)
	if err != nil {
		return nil, nil, nil, err
	}
	tree, err := s.tree(image)
	return image, tree, rest, err
}
