package console

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/wimble-go/wimble/wim"
)

// archive sends a folder, or a file, as ?format=zip or as tar.zst.
func (s *Server) archive(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	var kind string
	var write func(context.Context, io.Writer, *opened) error
	switch format {
	case "", "tar.zst":
		format, kind, write = "tar.zst", "application/zstd", writeTar
	case "zip":
		kind, write = "application/zip", writeZip
	default:
		return badRequest("an archive is a zip or a tar.zst")
	}
	o, err := s.open(r)
	if err != nil {
		return err
	}
	defer o.Close()
	if _, _, err := o.lookup(); err != nil {
		return err
	}
	if !s.archives.tryEnter() {
		return errTooMuch
	}
	defer s.archives.leave()
	name := path.Base(o.path)
	if o.path == "." {
		name = o.image.Info.Name
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", attachment(safeName(name)+"."+format))
	h.Set("Content-Security-Policy", contentPolicy)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := write(r.Context(), w, o); err != nil {
		panic(http.ErrAbortHandler) // the client has to see that it has not got all
	}
	return nil
}

// writeTar writes the path as a tar. Entries that are damaged are left out.
func writeTar(ctx context.Context, w io.Writer, o *opened) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	opts := []wim.ExtractOption{wim.WithWorkers(2), wim.WithMemory(32 << 20)}
	if o.path != "." {
		opts = append(opts, wim.WithPaths(o.path))
	}
	report, err := o.image.WriteTar(ctx, z, opts...)
	if err != nil && !(report != nil && len(report.Problems) > 0 && errors.Is(err, report.Problems[0].Err)) {
		return err
	}
	return z.Close()
}

// writeZip writes the path as a zip: folders and empty files, then files in the
// order in which their contents are stored, then links, so that nothing is
// unpacked through them.
func writeZip(ctx context.Context, w io.Writer, o *opened) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	parent := path.Dir(o.path)
	nameOf := func(p string) string { return zipName(strings.TrimPrefix(strings.TrimPrefix(p, parent), "/")) }
	links := map[string]fs.FileInfo{}
	err := fs.WalkDir(o.tree, o.path, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil || p == "." {
			return err
		}
		switch {
		case info.IsDir():
			_, err = z.CreateHeader(zipHeader(nameOf(p)+"/", info))
		case info.Mode()&fs.ModeSymlink != 0:
			links[p] = info
		case streamSum(info.Sys().(*wim.Entry), "").IsZero():
			_, err = z.CreateHeader(zipHeader(nameOf(p), info))
		}
		return err
	})
	if err != nil {
		return err
	}
	for p, stream := range o.tree.StorageOrder() {
		inside := o.path == "." || p == o.path || strings.HasPrefix(p, o.path+"/")
		if _, isLink := links[p]; stream != "" || !inside || isLink {
			continue
		}
		if err := zipFile(ctx, z, o, p, nameOf(p)); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(links)) {
		target, err := o.tree.ReadLink(p)
		if err != nil {
			return err
		}
		out, err := z.CreateHeader(zipHeader(nameOf(p), links[p]))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, target); err != nil {
			return err
		}
	}
	return z.Close()
}

// zipName is a path as it stands in a zip. Names that some system takes for
// another path are changed, and get a number of their own.
func zipName(p string) string {
	elements := strings.Split(p, "/")
	for i, element := range elements {
		safe := strings.Map(func(r rune) rune {
			if r == '\\' || r == ':' || unicode.IsControl(r) {
				return '_'
			}
			return r
		}, element)
		if safe != element {
			sum := sha256.Sum256([]byte(element))
			elements[i] = safe + "~" + hex.EncodeToString(sum[:4])
		}
	}
	return strings.Join(elements, "/")
}

func zipFile(ctx context.Context, z *zip.Writer, o *opened, p, name string) error {
	info, err := o.tree.Lstat(p)
	if err != nil {
		return err
	}
	file, err := o.tree.OpenStream(p, "")
	if err != nil {
		return err
	}
	defer file.Close()
	out, err := z.CreateHeader(zipHeader(name, info))
	if err != nil {
		return err
	}
	body := newContentReader(ctx, file, info.Size(), streamSum(info.Sys().(*wim.Entry), ""), o.slots)
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, body, make([]byte, 64<<10))
	return err
}

func zipHeader(name string, info fs.FileInfo) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Modified: info.ModTime()}
	h.SetMode(info.Mode())
	if !info.IsDir() {
		h.Method = zip.Deflate
	}
	return h
}
