// Package wimble is the front page of a module for Windows Imaging files
// (.wim, .esd, .swm), in pure Go. It holds no code; import one of these:
//
//   - [github.com/wimble-go/wimble/wim]: the container. Open a file, list its
//     images, use each image as an [io/fs.FS], verify, extract and write.
//   - [github.com/wimble-go/wimble/media]: finds the WIM file in a directory or
//     inside another file.
//   - [github.com/wimble-go/wimble/winver]: Windows versions, down to the
//     update build revision (UBR).
//   - [github.com/wimble-go/wimble/inventory]: what is installed in a Windows
//     that is not running: updates, packages, features, drivers, apps.
//   - [github.com/wimble-go/wimble/udf]: UDF volumes, such as ISO files of
//     Windows, as an [io/fs.FS].
//   - [github.com/wimble-go/wimble/httpat]: an [io.ReaderAt] over HTTP ranges,
//     for files on web servers.
//   - [github.com/wimble-go/wimble/xpress], [github.com/wimble-go/wimble/lzx]
//     and [github.com/wimble-go/wimble/lzms]: the codecs of chunks. They know
//     nothing of WIM files and can be used alone.
//
// The command in cmd/wimble is a thin layer over package wim.
package wimble
