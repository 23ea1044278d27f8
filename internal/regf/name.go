package regf

import (
	"encoding/binary"
	"slices"
	"unicode"
	"unicode/utf16"
)

// storedName is where the name of a key or a value is. Names are read only when
// their length fits one that is looked for, as hostile ones may be long and many.
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
	units := decodeUnits(raw)
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

// decodeUnits splits bytes into UTF-16 units. An odd last byte is dropped.
func decodeUnits(raw []byte) []uint16 {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return units
}

// fold prepares a name for comparison: each unit by itself in upper case, as
// Windows does it. So no letter turns into an ASCII one, and those beyond the
// BMP have no case. It changes units.
func fold(units []uint16) []uint16 {
	for i, u := range units {
		switch {
		case 'a' <= u && u <= 'z':
			units[i] = u - ('a' - 'A')
		case u < 0x80 || u == 0xB5:
		default:
			if upper := unicode.ToUpper(rune(u)); 0x80 <= upper && upper <= 0xFFFF {
				units[i] = uint16(upper)
			}
		}
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
// hint, or the hint is not comparable, it does.
func (w *wanted) mayBe(signature string, hint [4]byte) bool {
	switch signature {
	case "lh":
		return binary.LittleEndian.Uint32(hint[:]) == w.hash
	case "lf": // the first four characters, with zeros for those that are missing
		for i, c := range hint {
			var u uint16
			if i < len(w.units) {
				u = w.units[i]
			}
			if u < 0x80 && fold([]uint16{uint16(c)})[0] != u {
				return false
			}
		}
	}
	return true
}
