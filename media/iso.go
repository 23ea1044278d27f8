package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/wimble-go/wimble/udf"
	"github.com/wimble-go/wimble/wim"
)

// openISO opens a WIM file in an ISO file: the one at a path, or, if that is
// empty or a folder, the one that FindFS finds there.
func (o *opener) openISO(ctx context.Context, src *source, inner string) (*File, error) {
	volume, err := openVolume(src)
	if err != nil {
		return nil, err
	}
	name, isFolder := placeInISO(volume, inner)
	folder := name
	if isFolder {
		var in fs.FS
		if in, err = fs.Sub(volume, folder); err == nil {
			name, err = FindFS(in)
		}
		name = path.Join(folder, name)
	}
	var f *File
	if err == nil {
		f, err = o.openInVolume(src, volume, name)
	}
	switch {
	case !errors.Is(err, fs.ErrNotExist):
	case folder == ".":
		err = named(src.name, notInside(ctx, src, volume, ".", ""))
	case isFolder:
		err = named(src.name+":"+folder, notInside(ctx, src, volume, folder, ""))
	default:
		err = named(src.name, notInside(ctx, src, volume, ".", inner))
	}
	return f, err
}

// placeInISO returns the path in the file system of an ISO file, and whether it
// is that of a folder.
func placeInISO(volume *udf.Reader, inner string) (name string, isFolder bool) {
	name = path.Clean("/" + strings.ReplaceAll(inner, `\`, "/"))[1:]
	if name == "" {
		return ".", true
	}
	info, err := volume.Stat(name)
	return name, err == nil && info.IsDir()
}

// openVolume opens the file system of an ISO file.
func openVolume(src *source) (*udf.Reader, error) {
	volume, err := udf.NewReader(src, src.size)
	if errors.Is(err, udf.ErrFormat) && !src.isISO() {
		err = src.explain(fmt.Errorf("%w: this is no ISO file", wim.ErrFormat))
	}
	if err != nil {
		return nil, named(src.name, err)
	}
	return volume, nil
}

// openInVolume opens a WIM file in an ISO file.
func (o *opener) openInVolume(src *source, volume *udf.Reader, path string) (*File, error) {
	name := src.name + ":" + path
	var openErr error
	if o.offset == 0 {
		r, err := wim.OpenReaderFS(volume, path, o.reader...)
		if err == nil {
			return &File{Reader: r.Reader, Name: name, closers: []io.Closer{r}}, nil
		}
		openErr = err
	}
	inside, err := openSource(volume, path, name)
	if err != nil {
		return nil, named(name, withoutPath(err))
	}
	if o.offset != 0 {
		return o.openInside(inside)
	}
	if errors.Is(openErr, wim.ErrFormat) {
		openErr = inside.explain(openErr)
	}
	return nil, named(name, openErr)
}

// withoutPath returns an error without a path that is only one in an ISO file.
func withoutPath(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}

// notInside is the error for a WIM file that is not in a folder of an ISO file.
// It says which ones are.
func notInside(ctx context.Context, src *source, volume *udf.Reader, folder, name string) error {
	const most = 8
	var found []string
	l := lister{ctx: ctx, fsys: volume, iso: src, yield: func(p Package) bool {
		if p.Err == nil {
			found = append(found, strings.TrimPrefix(p.Path, ":"))
		}
		return len(found) <= most
	}}
	l.folder(folder)
	text := "there is no " + name + " in it"
	switch {
	case name == "" && len(found) == 0:
		return fmt.Errorf("there is no WIM file in it: %w", fs.ErrNotExist)
	case name == "":
		text = "there is no sources/install.wim, .esd or .swm, and no boot.wim in it"
	case len(found) == 0:
		text += ", and no WIM file at all"
	}
	if len(found) > most {
		found[most] = "..."
	}
	if len(found) > 0 {
		text += "; name one of " + strings.Join(found, ", ")
	}
	return fmt.Errorf("%s: %w", text, fs.ErrNotExist)
}
