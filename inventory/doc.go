// Package inventory tells what is installed in a Windows that is not running:
// updates, packages, features, capabilities, drivers, apps, languages, and what
// is still to be done at the next boot. It looks into any [io/fs.FS] whose root
// is the root of a drive, such as an image of a WIM, and needs no Windows.
//
// # Where it is written
//
// Windows keeps its own records in several places, and [Read] puts them
// together:
//
//	SOFTWARE hive      packages of component based servicing (CBS) and their
//	                   states, features, editions, apps
//	SYSTEM hive        languages, names, time zone; drivers that booting needs
//	DRIVERS hive       all other drivers
//	COMPONENTS hive    an unfinished transaction of the component store
//	servicing\Packages a .mum file for each package: kind of release, KB article,
//	                   features and capabilities that it declares
//
// Each record names the [Source]s that it comes from, and keeps the numbers
// that Windows keeps beside the words that they stand for, as not all numbers
// are documented.
//
// # What to believe
//
// A hive tells the state of things; a .mum file tells only what a package is.
// So without a SOFTWARE hive there are packages whose state is not known, of
// which some are superseded or were never installed. A hive that was not closed
// cleanly may lack the last changes: then its sources are marked stale. What is
// missing or damaged gives a note, or an error in a source, and never makes
// Read fail.
//
// # Limits
//
// Trees are taken for hostile. The work is bounded, whatever is in them: see
// [Read].
package inventory
