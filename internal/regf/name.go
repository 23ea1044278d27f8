package regf

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// storedName is where the name of a key or a value is. Names are read only when
// their length fits one that is looked for, as hostile ones may be long and
// many.
type storedName struct {
	cell           cell
	offset, length uint32
	latin1         bool // one byte for each unit ("compressed"), not two
}

// read reads the name. If one is wanted, it returns nil for any other.
func (n storedName) read(w *wanted) ([]uint16, error) {
	length := n.length
	if !n.latin1 {
		length /= 2
	}
	if w != nil && int(length) != len(w.units) {
		return nil, nil
	}
	raw, err := n.cell.content(n.offset, n.length)
	if err != nil {
		return nil, err
	}
	units := utf16le.Units(raw)
	if n.latin1 {
		units = make([]uint16, len(raw))
		for i, c := range raw {
			units[i] = uint16(c)
		}
	}
	if w != nil && !slices.Equal(w.units, fold(slices.Clone(units))) {
		return nil, nil
	}
	return units, nil
}

// fold prepares a name for comparison. It changes units.
func fold(units []uint16) []uint16 {
	for i, u := range units {
		units[i] = utf16le.FoldUnit(u)
	}
	return units
}

// wanted is a name that is looked for, with the hints that lists have of it.
type wanted struct {
	units []uint16 // folded
	hash  uint32   // in lh lists
}

func newWanted(name string) *wanted {
	w := &wanted{units: fold(utf16.Encode([]rune(name)))}
	for _, u := range w.units {
		w.hash = 37*w.hash + uint32(u)
	}
	return w
}

// mayBe says whether the hint in a list of a kind fits. Where a kind has no
// hint, or the hint is not comparable, it does. An lf list may have zeros for
// "no hint".
func (w *wanted) mayBe(signature string, hint [4]byte) bool {
	switch signature {
	case "lh":
		return binary.LittleEndian.Uint32(hint[:]) == w.hash
	case "lf": // the first four characters, with zeros for those that are missing
		if hint == [4]byte{} {
			return true
		}
		for i, c := range hint {
			var u uint16
			if i < len(w.units) {
				u = w.units[i]
			}
			if u < 0x80 && utf16le.FoldUnit(uint16(c)) != u {
				return false
			}
		}
	}
	return true
}
