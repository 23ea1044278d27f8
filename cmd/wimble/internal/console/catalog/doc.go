// Package catalog keeps a list of the WIM files below some paths, and keeps it
// current.
//
// A [Catalog] watches its paths, files and folders by package media, and looks at
// URLs again and again. A file, or a split set, or a file in an ISO file, that it
// finds is a [Package]: what the file says, read once, and no open file. A file
// that is damaged is a package with an error. When a file is replaced its
// package is a new one, and the [Feed] says what changed:
//
//	10.0.18362.1139 → 10.0.18362.1256 (KB4592449); image 2 removed
//
// Contents are read through a [Handle], which keeps one version of the file
// open. Few files are open at a time, and each has a bounded cache. A file that
// is replaced by another of its name is read to the end by those who hold it;
// one that is overwritten gives [wim.ErrChanged] from then on. Nobody reads a
// mix of two.
//
// Packages are found by an id, never by a path, so that whatever a client
// asks for, nothing outside of the paths is reached.
package catalog
