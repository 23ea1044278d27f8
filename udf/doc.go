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
// A volume is found from its end, so to speak. At sector 256 is an anchor, which
// tells where a list of descriptors is. One of them is of the partition: a range
// of blocks. Another is of the logical volume, and leads to the file set
// descriptor, and that to the root directory. From there on everything is an
// entry, a block that describes a file or a directory:
//
//	anchor             where the volume descriptors are
//	partition          first sector and number of sectors
//	logical volume     block size, how partitions are addressed, the file set
//	file set           the root directory's entry
//	file entry         type, size, times, and the extents of the content
//	file identifier    in a directory: a name, and where the entry is
//
// An extent has at most 1 GiB. So the content of a large file is described by
// several, which in practice follow one another; [NewReader]'s source is then
// read through one [io.SectionReader]. Windows' discs are "bridges": an ISO 9660
// file system with nothing but a README.TXT, that says so, is on them as well.
// What has only an ISO 9660 file system is an error of kind [ErrISO9660].
//
// # Hostile volumes
//
// Each descriptor has a checksum and a CRC, and nothing is used before they were
// checked. No offset or size is believed before it was compared with the
// partition and the source. Directories are of bounded size, each is in one
// place of the tree only, and all of them together are no larger than the
// volume, so that walking a tree ends after work in proportion to the volume's
// size.
package udf
