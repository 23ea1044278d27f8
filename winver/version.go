package winver

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrSyntax is what Parse returns, wrapped, for text that is no version.
var ErrSyntax = errors.New("not a Windows version")

// Version is a Windows version. The zero value stands for an unknown one.
type Version struct {
	Major, Minor uint32
	Build        uint32
	UBR          uint32 // update build revision; 0 if it is not known
}

// Parse reads the spellings in use: all four numbers ("10.0.18362.1139"),
// without the UBR ("10.0.18362"), and build and UBR alone ("18362.1139"), for
// which major and minor follow from the build. Each number is decimal and fits
// in 32 bits. Major and minor alone ("10.0") name no build and are no version.
func Parse(text string) (Version, error) {
	fields := strings.Split(text, ".")
	var n [4]uint32
	if len(fields) < 2 || len(fields) > len(n) {
		return Version{}, fmt.Errorf("%q: %w", text, ErrSyntax)
	}
	for i, field := range fields {
		value, err := strconv.ParseUint(field, 10, 32)
		if err != nil || field[0] == '+' {
			return Version{}, fmt.Errorf("%q: %w", text, ErrSyntax)
		}
		n[i] = uint32(value)
	}
	if len(fields) == 2 {
		if n[0] < oldestBuild {
			return Version{}, fmt.Errorf("%q has no build, as in 10.0.18362.1139 or 18362.1139: %w", text, ErrSyntax)
		}
		return versionOf(n[0], n[1]), nil
	}
	return Version{Major: n[0], Minor: n[1], Build: n[2], UBR: n[3]}, nil
}

// oldestBuild is that of Windows 2000, the first Windows that ntVersion knows.
const oldestBuild = 2195

// versionOf returns the version with a build and a UBR.
func versionOf(build, ubr uint32) Version {
	v := Version{Build: build, UBR: ubr}
	v.Major, v.Minor = ntVersion(build)
	return v
}

// ntVersion returns major and minor of a build: 2000 is 5.0, XP is 5.1, Server
// 2003 is 5.2, Vista is 6.0, 7 is 6.1, 8 is 6.2, 8.1 is 6.3, and everything
// from build 10240 on is 10.0.
func ntVersion(build uint32) (major, minor uint32) {
	switch {
	case build >= 9800: // the previews of Windows 10 start here
		return 10, 0
	case build >= 9600:
		return 6, 3
	case build >= 9200:
		return 6, 2
	case build >= 7600:
		return 6, 1
	case build >= 6000:
		return 6, 0
	case build >= 3790:
		return 5, 2
	case build >= 2600:
		return 5, 1
	}
	return 5, 0
}

// String returns all four numbers, such as "10.0.18362.1139".
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Build, v.UBR)
}

// IsZero says whether the version is not known at all.
func (v Version) IsZero() bool { return v == Version{} }

// Compare orders versions by major, minor, build and UBR. It returns -1, 0 or
// +1.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor),
		cmp.Compare(v.Build, w.Build), cmp.Compare(v.UBR, w.UBR))
}

// MarshalText implements encoding.TextMarshaler, which JSON uses as well.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler by Parse.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = Parse(string(text))
	return err
}
