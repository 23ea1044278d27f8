package wintree

import (
	"path"

	"github.com/wimble-go/wimble/internal/regf"
)

// OpenHive opens a hive, whose path may be spelled in any case. The path as the
// tree spells it is returned in any case. The source has to be closed.
func (t *Tree) OpenHive(name string) (*regf.Hive, *Source, string, error) {
	name = path.Clean(name)
	found, err := t.Find(name)
	if err != nil {
		return nil, nil, name, err
	}
	file, err := t.Open(found)
	if err != nil {
		return nil, nil, found, err
	}
	hive, err := regf.Open(file, file.Size)
	if err != nil {
		file.Close()
		return nil, nil, found, HiveError(err)
	}
	return hive, file, found, nil
}

// HiveState says what is not as it should be with a whole hive, and is empty if
// nothing is.
func HiveState(hive *regf.Hive) string {
	var notes string
	if hive.Dirty() {
		notes = "the hive was not closed cleanly: changes that are in its log alone are not seen"
	}
	if hive.Truncated() {
		notes = JoinNotes(notes, "the hive is cut off: what is missing is not seen")
	}
	return notes
}

// JoinNotes makes one line of two notes, of which the first may be empty.
func JoinNotes(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
