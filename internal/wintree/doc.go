// Package wintree finds and reads the files of a Windows that is not running,
// in any fs.FS whose root is the root of a drive.
//
// Names are found whatever their case, links are followed within the tree, and
// all that is done is paid for from a [Budget]: whatever the tree is, the work
// ends. It is what packages winver and inventory have in common.
package wintree
