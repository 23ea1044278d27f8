// Package udf reads UDF volumes: the file system of DVDs and of the ISO files
// that Windows comes in. It reads revisions 1.02 to 2.50, with one partition
// and, from 2.50 on, a metadata partition; it does not write.
//
//	r, err := udf.NewReader(file, size)
//	...
//	data, err := fs.ReadFile(r, "sources/ei.cfg")
//
// A [Reader] is an [io/fs.FS]. Its files are [*File]s, which can be read at
// random: an image inside of an ISO is opened where it lies, and nothing is
// unpacked.
//
// # The model
//
// Reading starts at sector 256. The anchor there tells where the volume's
// descriptors are. One of these describes a partition, which is a range of
// blocks. Another describes the logical volume and leads to the file set
// descriptor, which leads to the root directory. From there on each file and
// each directory has an entry, a block of its own:
//
//	anchor             where the volume descriptors are
//	partition          first sector and number of sectors
//	logical volume     block size, how partitions are addressed, the file set
//	file set           the root directory's entry
//	file entry         type, size, times, and the extents of the content
//	file identifier    in a directory: a name, and where the entry is
//
// An extent has at most 1 GiB, so a large file has several. In practice they
// follow one another on the disc, and the file is then one [io.SectionReader]
// of the source. Discs of Windows are "bridges": they also have an ISO 9660
// file system, which holds a README.TXT that tells people to use UDF. For a
// volume with only an ISO 9660 file system, NewReader returns [ErrISO9660].
//
// # Hostile volumes
//
// Each descriptor has a checksum and a CRC, which are checked before anything
// in it is used. Each offset and size is compared with the partition and the
// source first. A directory has a bounded size and only one place in the tree,
// and all directories together are no larger than the volume, so walking a tree
// takes work in proportion to the volume's size.
package udf
