package winver

import "fmt"

// What Read does is counted in steps, of which a whole Read has so many. They
// are far more than any Windows takes (one with 100,000 names in its component
// store and a hive that has to be read whole: 250,000), and few enough to end
// within seconds.
const (
	maxSteps = 1 << 22

	// stepsOfLink is what following a link costs. Its target may be in a chunk
	// of 64 MiB, so that 32 links are all that a Read follows. Windows has no
	// links on the paths that are looked at.
	stepsOfLink = maxSteps / 32

	// stepBytes is how many bytes are read in a step, and stepPath how long a
	// path may be that is looked up in one.
	stepBytes = 4096
	stepPath  = 256

	// stepDecoded is how many bytes are decompressed in a step, where the file
	// can tell: 1 GiB is all that a Read has decompressed, or 16 chunks of 64
	// MiB. The hives of a Windows lie in six.
	stepDecoded = 1 << 30 / maxSteps
)

// budget is how much of its work a Read has left.
type budget struct {
	left int
	over error // once there is nothing left
}

// spend takes steps. Once they do not suffice, it fails, and does so ever
// after.
func (b *budget) spend(steps int) error {
	if steps > b.left && b.over == nil {
		b.over = fmt.Errorf("telling the version takes more than %d steps of work, as no Windows does (names listed, paths and links followed, pages read and decompressed): %w",
			maxSteps, ErrLimit)
	}
	if b.over == nil {
		b.left -= steps
	}
	return b.over
}
