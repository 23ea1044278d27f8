package wintree

import "fmt"

// What is done with a tree is counted in steps, of which there are so many to
// tell its version. They are far more than any Windows takes (one with 100,000
// names in its component store and a hive that has to be read whole: 250,000),
// and few enough to end within seconds.
const (
	MaxSteps = 1 << 22

	// stepsOfLink is what following a link costs. Its target may be in a chunk
	// of 64 MiB, so that 32 links are all that telling a version follows.
	// Windows has no links on the paths that are looked at.
	stepsOfLink = MaxSteps / 32

	// stepBytes is how many bytes are read in a step, and stepPath how long a
	// path may be that is looked up in one.
	stepBytes = 4096
	stepPath  = 256

	// stepDecoded is how many bytes are decompressed in a step, where the file
	// can tell: 1 GiB is all that telling a version decompresses, or 16 chunks
	// of 64 MiB. The hives of a Windows lie in six.
	stepDecoded = 1 << 30 / MaxSteps
)

// Budget bounds the work that is done with a tree.
type Budget struct {
	what  string // what the work is for
	steps int    // all of it
	left  int
	ended func() error // says why nobody waits for the work any more
	over  error        // once there is nothing left
}

// NewBudget returns a budget of some steps. What the work is for is said when
// they do not suffice, as in "telling the version". If ended is not nil, the
// budget is over as soon as that returns an error.
func NewBudget(what string, steps int, ended func() error) *Budget {
	return &Budget{what: what, steps: steps, left: steps, ended: ended}
}

// Spend takes steps. Once they do not suffice, it fails, and does so ever
// after. The error wraps ErrLimit, or is that which the work was ended with.
func (b *Budget) Spend(steps int) error {
	if b.over == nil && b.ended != nil {
		b.over = b.ended()
	}
	if b.over == nil && steps > b.left {
		b.over = fmt.Errorf("%s takes more than %d steps of work, as no Windows does (names listed, paths and links followed, pages read and decompressed): %w",
			b.what, b.steps, ErrLimit)
	}
	if b.over == nil {
		b.left -= steps
	}
	return b.over
}

// Over returns the error of a Spend that failed.
func (b *Budget) Over() error { return b.over }
