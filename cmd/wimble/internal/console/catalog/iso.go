package catalog

import (
	"context"
	"strings"

	"github.com/wimble-go/wimble/media"
)

// isoOf is what was found in an ISO file.
type isoOf struct {
	stamp  stamp
	inside []string // paths in it
	err    error
}

// iso adds the files in an ISO file. They are looked for once, as long as it does
// not change.
func (s *search) iso(name, path string, at stamp) {
	known, ok := s.finder.isos[path]
	if !ok || known.stamp != at {
		known = readISO(path, at)
	}
	s.isos[path] = known
	if known.err != nil {
		s.add(name, path, at, known.err)
	}
	for _, inside := range known.inside {
		s.found = append(s.found, &found{name: name + ":" + inside, paths: []string{path}, stamps: []stamp{at}, inside: inside})
	}
}

func readISO(path string, at stamp) isoOf {
	out := isoOf{stamp: at}
	for p := range media.List(context.Background(), path) {
		inside := strings.TrimPrefix(strings.TrimPrefix(p.Path, path), ":")
		switch {
		case inside != "" && inside != p.Path:
			out.inside = append(out.inside, inside)
		case p.Err != nil:
			out.err = p.Err
		}
	}
	return out
}
