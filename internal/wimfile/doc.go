// Package wimfile describes each structure of a WIM file once: how its bytes
// are taken apart, and how they are put together.
//
// There is a file for each structure, named after it. A structure is a plain
// struct with the fields in the order of the bytes. Its Parse function fills
// one from bytes, and its Append method appends the same bytes again:
//
//	s.Append(nil) is equal to raw, for s parsed from raw
//
// That holds for odd files too. Fields that nobody knows a use of are kept, and
// so is padding. A writer that changes one field so changes nothing else.
//
// Nothing here reads or writes files, decompresses, or decides what a reader
// accepts: structures of a fixed size always parse, and Parse functions of
// others fail only where the bytes end too early or contradict each other.
// Whether the values make sense together is for package wim to say. No Parse
// function allocates memory that the bytes it was given do not account for.
// What it returns shares memory with them.
//
// A WIM file is made of these parts (WIM format sheet, section 0):
//
//	Header          208 bytes, at the start: where the rest is
//	resources       contents, whole or in compressed chunks: ChunkLayout,
//	                SolidHeader, and for pipable files BlobHeader
//	blob table      one BlobEntry for each resource or content in one
//	XML document    Element: names, versions and sizes of the images
//	integrity table IntegrityHeader and SHA-1s, optional
//
// One resource for each image is its metadata: SecurityData, then a tree of
// Dentry and StreamEntry. The content of a link is a Link.
package wimfile
