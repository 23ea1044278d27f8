// Package mount shows images as a read-only file system of the host, by FUSE.
//
// A [Tree] is a directory with images in it, or one image. Mount attaches it
// to a directory and answers the kernel until it is detached. Everything that an
// image holds is told to the kernel as never changing, so that the kernel asks
// once for a name, for attributes and for a page of a file.
//
// Files of up to 4 MiB are read as a whole, and checked against their SHA-1, when
// they are first read. Of a larger one only what is asked for is decoded, and
// nothing of it can be checked.
//
// What the host has no place for is in extended attributes, under the names that
// ntfs-3g gives them:
//
//	user.NAME                  the named stream NAME
//	system.ntfs_acl            the security descriptor, self-relative
//	system.ntfs_attrib         the attributes, 4 bytes, little-endian
//	system.ntfs_times          creation, modification and access in FILETIMEs, 8 bytes each; and
//	                           8 bytes of 0 for the time of change, which no WIM has
//	system.ntfs_dos_name       the short name
//	system.ntfs_reparse_data   the reparse data, with the tag and the length before it
//	system.ntfs_object_id      the object id
//
// Extended attributes that the image holds have their own names. Links lead
// to places of the image: an absolute target is made relative to its link.
package mount
