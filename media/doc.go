// Package media finds the WIM files in what people have.
//
// A person seldom has a bare WIM file. There is a folder with installation
// media, or the ISO file that Windows comes in, often on a web server; a WIM
// that begins somewhere inside of another file; or a file that was to be a WIM
// and is something else, such as the page of a download that failed. [Open]
// takes a name, and opens the WIM file that is meant where it lies:
//
//	install.wim                                 a file; for a part of a set, all parts
//	/mnt/dvd                                    a folder with installation media
//	win11.iso                                   an ISO file
//	win11.iso:sources/boot.wim                  a file in it, or a folder
//	https://example.org/install.wim             the same on a web server
//	https://example.org/win11.iso:sources/boot.wim
//
// In a folder and in an ISO file, [Find] says which file it is: the one that
// Windows is installed from.
//
//	file, err := media.Open(ctx, "/mnt/dvd")
//	...
//	defer file.Close()
//	fmt.Println(file.Name, len(file.Images)) // /mnt/dvd/sources/install.wim 11
//
// [List] finds all the WIM files there are instead: below a folder, and in the
// ISO files in it.
//
// [Watch] tells when what List finds is replaced, written to, added or removed:
//
//	events, err := media.Watch(ctx, []string{"/srv/images"})
//	...
//	for e := range events {
//		fmt.Println(e.Kind, e.Package.Path, strings.Join(e.Changes, "; "))
//		// changed /srv/images/install.wim 10.0.18362.1139 → 10.0.18362.1256 (KB4592449); image 2 removed
//	}
//
// # ISO files
//
// A file is taken for an ISO file if its content says so. It needs a UDF file
// system, as those of Microsoft have; see package udf. Nothing is unpacked.
//
// # Web servers
//
// Of a file on a web server, only what is needed is requested; see package
// httpat for what that costs, and for what the server has to be able to do. The
// context that Open is given is that of all later requests for the file as
// well. [WithHeader] adds headers, such as Authorization. User, password and
// query of a URL are used, and appear neither in errors nor in [File.Name].
//
// A web server does not tell which files it has: there are no folders, and the
// other parts of a split set are requested by the names that they usually have,
// such as install2.swm for the second part of install.swm, or Reconstruct.WIM2
// for that of Reconstruct.WIM.
//
// A colon separates a URL from a file in it if .iso or .img is before the
// colon, or a query, and .wim, .esd or .swm after it. In names of files, it is
// enough that there is no file by the whole name.
//
// # What is no WIM
//
// [Recognize] knows other kinds of files by their first bytes, so that an error
// of Open says what the file is and what to do with it.
package media
