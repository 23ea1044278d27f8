// Package wimble is the front page of a module that reads Windows Imaging
// files (.wim, .esd, .swm) in pure Go. It holds no code; import one of these:
//
//   - [github.com/wimble-go/wimble/wim]: the container. Open a file, list its
//     images, use each image as an [io/fs.FS], verify and extract.
//   - [github.com/wimble-go/wimble/winver]: Windows versions, down to the
//     update build revision (UBR).
//   - [github.com/wimble-go/wimble/udf]: UDF volumes, such as ISO files of
//     Windows, as an [io/fs.FS].
//   - [github.com/wimble-go/wimble/httpat]: an [io.ReaderAt] over HTTP ranges,
//     for files on web servers.
//   - [github.com/wimble-go/wimble/xpress], [github.com/wimble-go/wimble/lzx]
//     and [github.com/wimble-go/wimble/lzms]: the chunk decoders. They know
//     nothing of WIM files and can be used alone.
//
// The command in cmd/wimble is a thin layer over package wim.
package wimble
