package wimfile

import (
	"cmp"
	"encoding/binary"

	"github.com/wimble-go/wimble/internal/utf16le"
)

// CompareNames is the order of names in UTF-16LE in a list of children: by unit
// in upper case, and names that are equal so by the units themselves (WIM
// format sheet, section 8.5).
func CompareNames(a, b []byte) int {
	le := binary.LittleEndian
	n := min(len(a), len(b)) &^ 1
	tie := 0
	for i := 0; i < n; i += 2 {
		x, y := le.Uint16(a[i:]), le.Uint16(b[i:])
		if c := cmp.Compare(utf16le.FoldUnit(x), utf16le.FoldUnit(y)); c != 0 {
			return c
		}
		if tie == 0 {
			tie = cmp.Compare(x, y)
		}
	}
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return tie
}
