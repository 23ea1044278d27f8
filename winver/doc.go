// Package winver is about Windows versions, down to the update build revision
// (UBR): the last number of 10.0.18362.1139, which tells the installed update.
//
// A [Version] has four numbers. Major and minor say little: they are 10.0 for
// every Windows since Windows 10, Windows 11 and the servers included. The
// build tells the release (18362 is Windows 10 version 1903), and the UBR tells
// which cumulative update the release was last serviced with. Microsoft's
// tables list updates by build and UBR.
//
// # What a version means
//
// A [Table] holds those lists. [DefaultTable] is part of the program and costs
// nothing until it is asked for; [LoadTable] reads a newer one, or a few lines
// that extend the built-in one.
//
//	release  what a version is called, and until when it is serviced: Windows 10 1909
//	update   what makes its UBR: KB4577671 of 2020-10-13
//	ladder   the updates of a build in order; those above a version are newer
//
// [Table.Releases], [Table.Update], [Table.Newer] and [Table.Latest] answer one
// question each, and [Table.Status] all of them, with a line for people and
// JSON for programs. A build is often several products, and the base build of a
// servicing family stands for several releases, so a version alone may be
// ambiguous. Then everything possible is returned; an [Edition] narrows it down.
// What the table does not hold is unknown: nothing is guessed.
//
// # Which Windows a tree holds
//
// [Read] looks into an offline Windows: an image of a WIM, a mounted disk, a
// folder. No single place in it is right for all of them, so it gathers
// evidence:
//
//	registry  build and UBR as the system tells them; what Windows Update takes it for
//	names     of manifests and packages, which contain versions: no file is read
//	kernel    the version in ntoskrnl.exe
//	claim     what the caller brings, such as the XML of a WIM
//
// [Report.Best] weighs it by the rule that its documentation states, and the
// verdict may be that the version, or its UBR, is unknown. With [Fast] only names
// are looked at. Hives and executables are treated as hostile: whatever is in
// them, Read returns after a bounded amount of work, with what could be read.
//
// Nothing here asks for the time. What depends on it, such as whether a release
// is out of service, takes the day as an argument.
package winver
