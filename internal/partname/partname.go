// Package partname knows how the files of a split set are named. The number of
// a part is before the extension, as in install2.swm, or after it, as in the
// Reconstruct.WIM2 of a recovery drive; part 1 has none.
package partname

import (
	"path/filepath"
	"strconv"
	"strings"
)

const digits = "0123456789"

// Stem is what the names of a set's parts have in common: the name without its
// number, in lower case.
func Stem(name string) string {
	extension := filepath.Ext(name)
	base := strings.TrimRight(strings.TrimSuffix(name, extension), digits)
	return strings.ToLower(base + strings.TrimRight(extension, digits))
}

// Of is the name of a part by that of part 1, as DISM names parts.
func Of(first string, number int) string {
	extension := filepath.Ext(first)
	return strings.TrimSuffix(first, extension) + suffix(number) + extension
}

// Others are the names that a part may have when part own has a name, the
// likeliest one first; none if that is not named as parts are.
func Others(name string, own, number int) []string {
	extension := filepath.Ext(name)
	base := strings.TrimSuffix(name, extension)
	if own == 1 {
		names := []string{base + suffix(number) + extension}
		if !strings.EqualFold(extension, ".swm") {
			names = append(names, base+extension+suffix(number))
		}
		return names
	}
	if plain, ok := strings.CutSuffix(extension, suffix(own)); ok {
		return []string{base + plain + suffix(number)}
	}
	if plain, ok := strings.CutSuffix(base, suffix(own)); ok {
		return []string{plain + suffix(number) + extension}
	}
	return nil
}

func suffix(number int) string {
	if number == 1 {
		return ""
	}
	return strconv.Itoa(number)
}
