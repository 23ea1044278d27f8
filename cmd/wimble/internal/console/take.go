package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// An image can be taken as a WIM file of its own, or as a split set. Neither is
// stored: what such a file has is known before its first byte, and stored bytes are
// passed on as they are. So ranges work, and who asks again gets the same bytes.

// takePart is a file that can be downloaded: a WIM file, or a part of a set.
type takePart struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	URL    string `json:"url"`
}

// The sizes that parts may have.
const (
	minPartSize = 1 << 20
	maxParts    = 1000
)

// taken are the files for an image: one, or with a size the parts of a set. They
// are made once as long as the package is open.
func (s *Server) taken(ctx context.Context, h *catalog.Handle, size int64) ([]*wim.VirtualFile, error) {
	slots := s.slotsFor(h)
	if err := slots.enter(ctx); err != nil {
		return nil, err
	}
	defer slots.leave()
	value, err := h.Keep("take "+strconv.FormatInt(size, 10), func() (any, error) {
		single, err := singleImage(ctx, h)
		if err != nil || size == 0 {
			return []*wim.VirtualFile{single}, err
		}
		r, err := wim.NewReader(single, single.Size())
		if err != nil {
			return nil, err
		}
		return r.VirtualSplit(ctx, size, wim.WithGUID(takeGUID(h, size)))
	})
	if err != nil {
		return nil, err
	}
	return value.([]*wim.VirtualFile), nil
}

// singleImage is the file with the image of the handle alone.
func singleImage(ctx context.Context, h *catalog.Handle) (*wim.VirtualFile, error) {
	image, header := h.Image(), h.Reader.Header
	w, err := wim.NewWriter(wim.WithCompression(header.Compression), wim.WithChunkSize(header.ChunkSize),
		wim.WithGUID(takeGUID(h, 0)), wim.WithTime(h.Package.Modified))
	if err != nil {
		return nil, err
	}
	if err := w.Export(image); err != nil {
		return nil, err
	}
	if h.Reader.BootIndex() == image.Index {
		w.SetBoot(w.Images()[0])
	}
	return w.Virtual(ctx)
}

// takeTag is the same for equal bytes alone: it stands for the source, what is
// taken of it, and the program that makes tables of it.
func takeTag(h *catalog.Handle, size int64) [sha256.Size]byte {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%v\n%d\n%d\n%d\n%d", version, h.Package.File.GUID, h.Package.Size, h.Package.Modified.UnixNano(), h.Image().Index, size))
}

func takeGUID(h *catalog.Handle, size int64) (guid wim.GUID) {
	tag := takeTag(h, size)
	copy(guid[:], tag[:])
	return guid
}

// takeName is what a file that is taken is called.
func takeName(p *catalog.Package, image, part int, set bool) string {
	stem := strings.TrimSuffix(path.Base(p.Name), path.Ext(p.Name)) + "-" + strconv.Itoa(image)
	switch {
	case !set:
		return safeName(stem + ".wim")
	case part == 1:
		return safeName(stem + "-part.swm")
	}
	return safeName(stem + "-part" + strconv.Itoa(part) + ".swm")
}

// partSize reads ?size=, the greatest size of a part; 0 is no set.
func partSize(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("size")
	if text == "" {
		return 0, nil
	}
	size, err := describe.ParseSize(text)
	if err != nil || size < minPartSize {
		return 0, badRequest("a part has at least 1 MiB; write sizes as 4000MiB or 3.8GB")
	}
	return size, nil
}

// take sends an image as a WIM file, or with ?size= and ?part= a part of a set.
func (s *Server) take(w http.ResponseWriter, r *http.Request) error {
	h, files, size, err := s.openTaken(r)
	if err != nil {
		return err
	}
	defer h.Close()
	part := 1
	if text := r.URL.Query().Get("part"); text != "" {
		if part, err = strconv.Atoi(text); err != nil {
			return badRequest("a part is a number from 1")
		}
	}
	if part < 1 || part > len(files) {
		return notFound(fmt.Sprintf("there are %d parts", len(files)))
	}
	file := files[part-1]
	tag := takeTag(h, size)
	head := w.Header()
	head.Set("Content-Type", binaryType)
	head.Set("Content-Disposition", attachment(takeName(h.Package, h.Image().Index, part, size > 0)))
	head.Set("Content-Security-Policy", contentPolicy)
	head.Set("ETag", `"`+hex.EncodeToString(tag[:20])+"-"+strconv.Itoa(part)+`"`)
	serveContent(w, r, newContentReader(r.Context(), file, file.Size(), wim.SHA1{}, s.slotsFor(h)))
	return nil
}

// openTaken opens the image of a request and plans the files for it.
func (s *Server) openTaken(r *http.Request) (*catalog.Handle, []*wim.VirtualFile, int64, error) {
	index, err := imageIndex(r)
	if err != nil {
		return nil, nil, 0, err
	}
	size, err := partSize(r)
	if err != nil {
		return nil, nil, 0, err
	}
	h, err := s.catalog.Open(r.Context(), r.PathValue("id"), index)
	if err != nil {
		return nil, nil, 0, err
	}
	files, err := s.taken(r.Context(), h, size)
	if err == nil && len(files) > maxParts {
		err = badRequest(fmt.Sprintf("that would be %d parts; name a greater size", len(files)))
	}
	if err != nil {
		h.Close()
		if errors.Is(err, wim.ErrUnsupported) {
			err = &requestError{http.StatusNotImplemented,
				fmt.Sprintf("the image cannot be taken as it is stored: %v; \"wimble export\" writes it to a file, and the archives have its files", err)}
		}
		return nil, nil, 0, err
	}
	return h, files, size, nil
}

// parts lists the files for an image.
func (s *Server) parts(r *http.Request) ([]takePart, error) {
	h, files, size, err := s.openTaken(r)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var list []takePart
	for i, file := range files {
		p := takePart{Number: i + 1, Name: takeName(h.Package, h.Image().Index, i+1, size > 0), Size: file.Size()}
		p.URL = imageURL(r) + "/wim"
		if size > 0 {
			p.URL += "?size=" + strconv.FormatInt(size, 10) + "&part=" + strconv.Itoa(i+1)
		}
		list = append(list, p)
	}
	return list, nil
}

func (s *Server) apiParts(w http.ResponseWriter, r *http.Request) error {
	list, err := s.parts(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"parts": list})
}

type takeData struct {
	Size  string
	Parts []takePart
}

// SizeText is the size for people.
func (p takePart) SizeText() string { return describe.ByteSize(p.Size) }

// takePage offers the files for an image.
func (s *Server) takePage(w http.ResponseWriter, r *http.Request) error {
	crumbs, title, err := s.imageCrumbs(r)
	if err != nil {
		return err
	}
	list, err := s.parts(r)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "take", page{Title: "Take " + title, Crumbs: crumbs, Data: takeData{r.URL.Query().Get("size"), list}})
}
