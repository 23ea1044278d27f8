// Package wim reads and writes Windows Imaging files: .wim, .esd and .swm.
//
// # The model
//
// A WIM file holds images, and an image is a directory tree. Contents are kept
// apart from trees: each distinct content is a blob, named by its SHA-1 and
// stored once, however many files of however many images have it. So a file has
// these parts, and a reader that follows its bytes meets them in this order:
//
//	header       what kind of file this is, and where the next two are
//	XML          names, descriptions and Windows versions of the images
//	blob table   SHA-1 → resource
//	resource     stored bytes: raw, or in chunks that are decoded one by one;
//	             a solid resource holds many blobs back to back
//	metadata     a resource for each image: its directory tree, in which
//	             files name their content by SHA-1
//
// A split set has its blobs spread over several files, and a delta file leaves
// out those of another file.
//
// docs/wim-format.md in this repository describes all of this, field by field.
// Comments cite it as the WIM format sheet, by section.
//
// # Use
//
// [OpenReader] opens a file by name and finds the other parts of a split set;
// [NewReader] takes any [io.ReaderAt]. Either reads the header, the XML and the
// blob table only, so listing the images of a file in cloud storage costs three
// range requests. [Image.FS] then loads one image's tree, an [io/fs.FS] with
// which everything of the standard library works: [io/fs.WalkDir],
// [net/http.FileServerFS], [text/template.ParseFS].
//
//	r, err := wim.OpenReader("install.wim")
//	...
//	defer r.Close()
//	for _, image := range r.Images {
//		fmt.Println(image.Index, image.Info.Name, image.Info.Windows.Version)
//	}
//
// Metadata that io/fs cannot express is in [Entry], which the Sys method of a
// FileInfo returns: attributes, three times, the short name, the security
// descriptor, reparse data, hard links, and named streams.
//
// # Writing
//
// A [Writer] makes a file of images of other WIM files and of any file system.
// An [Update] changes a file that exists, and an [Edit] the files in an image.
// All three plan first: [Writer.Export] reads the metadata of images and finds
// their contents, and [Writer.Capture] reads the directories of a file system.
// Then [Writer.WriteFile], [Update.Commit] or [Update.Rebuild] does the work, on
// all processors. Contents that are stored with the right codec and chunk size
// are copied, and checked on the way; all others are decoded and compressed
// again.
//
// A new file gets its name when it is whole. An update is written after all
// that the file has, and the header, which fits in one sector, is replaced last.
// So a file is never half written, whenever the power fails.
//
// # Speed and memory
//
// Reading a file decodes only the chunks that contain it. In a solid file a
// chunk can have 64 MiB and hold many files. Decoded chunks are kept in a cache,
// and in the order of [FS.StorageOrder] no chunk is decoded twice even without
// one. [Reader.Verify], [Image.Extract] and [Image.WriteTar] read in that order
// and use all processors.
//
// # Security
//
// Files from strangers are expected. No size or count from a file is believed
// before it has been checked against the bytes that could back it, and [Limits]
// bounds what remains. A file that is damaged or hostile gives errors that wrap
// [ErrFormat], never a panic, and what is readable beside the damage stays
// readable. Content that was read whole has been checked against its SHA-1;
// parts that were read at random have not.
package wim
