package console

import (
	"context"
	"errors"
	"io/fs"
	"net/http"

	"github.com/wimble-go/wimble/winver"
)

// version gathers the evidence of which Windows the image of a request holds.
func (s *Server) version(r *http.Request) (*winver.Report, error) {
	key, err := s.imageKey(r)
	if err != nil {
		return nil, err
	}
	if report := s.evidence.get(key); report != nil {
		return report, nil
	}
	o, err := s.openImage(r.Context(), key.id, key.image)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	report, err := s.versionOf(r.Context(), o)
	if errors.Is(err, winver.ErrNotWindows) {
		err = notFound("the image holds no Windows")
	}
	return report, err
}

// versionOf gathers the evidence of which Windows an image holds.
func (s *Server) versionOf(ctx context.Context, o *opened) (*winver.Report, error) {
	key := o.key()
	if report := s.evidence.get(key); report != nil {
		return report, nil
	}
	if err := s.evidence.slots.enter(ctx); err != nil {
		return nil, err
	}
	defer s.evidence.slots.leave()
	options := []winver.Option{winver.WithTable(s.table)}
	if w := o.image.Info.Windows; w != nil {
		options = append(options, winver.WithClaim(w.Claim()))
	}
	report, err := winver.Read(endingFS{ctx.Err, o.tree}, options...)
	if ctx.Err() != nil { // then the evidence is not all
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	s.evidence.put(key, report)
	return report, nil
}

// endingFS is a tree that ends when the client goes away.
type endingFS struct {
	gone func() error
	tree fs.FS
}

func (e endingFS) Open(name string) (fs.File, error) {
	if err := e.gone(); err != nil {
		return nil, err
	}
	return e.tree.Open(name)
}

func (e endingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := e.gone(); err != nil {
		return nil, err
	}
	return fs.ReadDir(e.tree, name)
}

func (e endingFS) Stat(name string) (fs.FileInfo, error) {
	if err := e.gone(); err != nil {
		return nil, err
	}
	return fs.Stat(e.tree, name)
}

func (e endingFS) ReadLink(name string) (string, error) { return fs.ReadLink(e.tree, name) }

func (e endingFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(e.tree, name) }
