// Package describe says what WIM files hold, in words for people and in JSON
// for programs: the command prints it, and the console shows it.
//
//	rows := describe.ImageRows(image, boots, table, today) // "Edition", "Professional"
//	json := describe.NewImage(image, table)         // {"index": 1, "name": ...}
//
// Text from a file may hold anything. What people see passes through
// [Printable].
package describe
