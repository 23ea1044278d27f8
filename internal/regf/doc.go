// Package regf reads registry hives: the files, such as SOFTWARE and SYSTEM,
// that hold the registry of a Windows that is not running. It follows section
// 13.3 of the WIM format sheet (docs/wim-format.md).
//
// # The model
//
// A hive is a base block of 4096 bytes, followed by bins, which are full of
// cells. A cell is a length and some bytes, and is named by its offset from the
// first bin. Everything is a cell:
//
//	nk        a key: its name, how many subkeys and values it has, and where
//	          the lists of these are
//	lf lh li  a list of subkeys: offsets of nk cells
//	ri        a list of such lists, for keys with many subkeys
//	          a list of values, which has no signature: offsets of vk cells
//	vk        a value: its name and type, and where the data is
//	          data, without a signature
//	db        data that does not fit in one cell: a list of segments
//
// # Reading little
//
// A SOFTWARE hive has 100 MB, and may have to be decompressed piece by piece.
// So nothing is read except the cells on the way to what is asked for, by pages
// that are kept. Lists of subkeys have hints of the names in them; keys whose
// hints fit are looked at first, and the others only if none of those is the
// right one. A hive that still takes more than 128 reads is read whole: what it
// costs is then bounded by its size.
//
// # Hostile hives
//
// No offset, count or size is believed before it was compared with the cell or
// the bins that it has to fit in. Nothing follows a hive's structure to a depth
// that the hive decides on: paths end where the caller's do, and lists of lists
// are bounded in depth and number. A hive that was not closed cleanly can be
// read (see [Hive.Dirty]); its log is not looked at. So can what there is of
// one that is cut off (see [Hive.Truncated]).
package regf
