package wim

import (
	"cmp"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
)

// Problem is one damaged or missing thing.
type Problem struct {
	Err error
	// Affected are the entries that are lost because of it, or are not as they
	// should be.
	Affected []Affected
	// MoreAffected counts the entries that are not listed, for the same reason
	// as [VerifyReport.MoreProblems].
	MoreAffected int
}

// Affected is what a problem affects: an entry of an image, or all of the
// image.
type Affected struct {
	Image  int    // its index, which is 1 for the first
	Path   string // in [FS]; "" for the image as a whole, if its metadata cannot be read
	Stream string // the name of a stream; "" for the file itself
}

// String returns the index and the path, such as
// "2:Windows/System32/kernel32.dll", and after them ":stream" for a named
// stream.
func (a Affected) String() string {
	text := fmt.Sprintf("%d:%s", a.Image, a.Path)
	if a.Stream != "" {
		text += ":" + a.Stream
	}
	return text
}

func (a Affected) compare(b Affected) int {
	return cmp.Or(cmp.Compare(a.Image, b.Image), strings.Compare(a.Path, b.Path), strings.Compare(a.Stream, b.Stream))
}

// affectedOverhead is how many bytes an [Affected] takes beside its text.
const affectedOverhead = 40

// affect adds what the problem affects, as far as there is room for it.
func (p *Problem) affect(text *reportText, a Affected) {
	if text.take(len(a.Path) + len(a.Stream) + affectedOverhead) {
		p.Affected = append(p.Affected, a)
	} else {
		p.MoreAffected++
	}
}

// affectAll is affect for an entry of each of some images.
func (p *Problem) affectAll(text *reportText, images []*Image, a Affected) {
	for _, image := range images {
		a.Image = image.Index
		p.affect(text, a)
	}
}

// reportText bounds the text of a report. Paths are long in a deep tree, and
// the metadata of a hostile one is small.
type reportText struct{ used atomic.Int64 }

const (
	maxReportText   = 64 << 20
	problemOverhead = 200 // bytes that a problem takes beside its text
)

// take says whether there is room for so many bytes more, and takes it.
func (r *reportText) take(n int) bool {
	if r.used.Add(int64(n)) <= maxReportText {
		return true
	}
	r.used.Add(int64(-n))
	return false
}

// takeProblem is take for a problem that an error describes.
func (r *reportText) takeProblem(err error) bool { return r.take(len(err.Error()) + problemOverhead) }

// problemList is a list of problems with entries, of bounded size. Missing
// contents are one problem: where one is missing, most are.
type problemList struct {
	mu      sync.Mutex
	list    []Problem
	more    int // that the list has no room for
	text    reportText
	missing missingEntries
}

// missingEntries are the entries whose content is not at hand.
type missingEntries struct {
	op    string
	sum   missingBlobs
	known map[string]bool // the messages: the blob that is missing is in each
	Problem
}

// add adds a problem with an entry, whose path in messages may be a longer one.
func (l *problemList) add(op, path string, at Affected, err error) {
	if at.Stream != "" {
		path += ":" + at.Stream
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if isMissing(err) && at.Path != "" {
		l.missing.add(&l.text, op, path, at, err)
		return
	}
	if !l.text.take(len(path) + len(at.Path) + problemOverhead) {
		l.more++
		return
	}
	l.list = append(l.list, Problem{Err: &fs.PathError{Op: op, Path: path, Err: err}, Affected: []Affected{at}})
}

func (m *missingEntries) add(text *reportText, op, path string, at Affected, err error) {
	if message := err.Error(); !m.known[message] {
		if m.known == nil {
			m.op, m.known = op, make(map[string]bool)
		}
		m.sum.add(path, err)
		if text.take(len(message) + affectedOverhead) {
			m.known[message] = true
		}
	}
	m.affect(text, at)
}

// problems returns the problems, and how many more there are.
func (l *problemList) problems() (list []Problem, more int) {
	m := &l.missing
	if m.sum.count == 0 {
		return l.list, l.more
	}
	m.Err = &fs.PathError{Op: m.op, Path: m.sum.path, Err: m.sum.first}
	if m.sum.count > 1 {
		m.Err = fmt.Errorf("%s: %w", m.op, m.sum.err())
	}
	return append(l.list[:len(l.list):len(l.list)], m.Problem), l.more
}

// problemsError returns an error if there are problems.
func problemsError(list []Problem, more int) error {
	switch {
	case len(list) == 0:
		return nil
	case len(list)+more == 1:
		return list[0].Err
	}
	return fmt.Errorf("%d problems, the first: %w", len(list)+more, list[0].Err)
}
