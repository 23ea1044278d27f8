// Package winver is about Windows versions, down to the update build revision
// (UBR): the last number of 10.0.18362.1139, which tells the installed update.
//
// A [Version] has four numbers. Major and minor say little: they are 10.0 for
// every Windows since Windows 10, Windows 11 and the servers included. The
// build tells the release (18362 is Windows 10 version 1903), and the UBR tells
// which cumulative update the release was last serviced with. Microsoft's tables
// list updates by build and UBR.
package winver
