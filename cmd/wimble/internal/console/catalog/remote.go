package catalog

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wimble-go/wimble/media"
)

// remoteInterval is how long nobody asks a web server what it has.
const remoteInterval = time.Minute

// remote is a URL, and what was there when somebody looked last. A server that is
// slow keeps nobody waiting.
type remote struct {
	url     string
	options []media.Option

	mu   sync.Mutex
	list []media.Package
}

// run looks again and again until the context ends.
func (r *remote) run(ctx context.Context) {
	ticker := time.NewTicker(remoteInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.look(ctx)
		}
	}
}

// look asks the server, for half a minute at most.
func (r *remote) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, remoteInterval/2)
	defer cancel()
	var list []media.Package
	for p := range media.List(ctx, r.url, r.options...) {
		list = append(list, p)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = list
}

// same tells whether a file at a URL is what it was.
func (f *found) same(g *found) bool {
	return slices.Equal(f.files, g.files) && (f.err == nil) == (g.err == nil)
}

// get is what was found, under the label and what comes after it.
func (r *remote) get(label string) []*found {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*found
	for _, p := range r.list {
		out = append(out, &found{
			name: label + strings.TrimPrefix(media.DisplayName(p.Path), media.DisplayName(r.url)), remote: r, err: p.Err,
			path: p.Path, files: []media.PackageFile{{Path: p.Path, Size: p.Size, Modified: p.Modified}},
		})
	}
	return out
}
