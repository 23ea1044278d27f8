// Package winver is about Windows versions, down to the update build revision
// (UBR): the last number of 10.0.18362.1139, which tells the installed update.
package winver

import "fmt"

// Version is a Windows version.
type Version struct{ Major, Minor, Build, UBR uint32 }

// String returns all four numbers, such as "10.0.18362.1139".
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Build, v.UBR)
}
