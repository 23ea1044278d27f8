// Package media finds the WIM files in what people have.
//
// A person seldom has a bare WIM file. There is a folder with installation
// media, whose images are in sources/install.wim or .esd or .swm; a WIM that
// begins somewhere inside of another file; or a file that was to be a WIM and
// is something else, such as the page of a download that failed. [Open] takes
// what it can and opens the WIM file that is meant:
//
//	file, err := media.Open(ctx, "/mnt/dvd")
//	...
//	defer file.Close()
//	fmt.Println(file.Name, len(file.Images)) // /mnt/dvd/sources/install.wim 11
//
// For the rest [Recognize] knows other kinds of files by their first bytes, so
// that the error of Open says what the file is and what to do with it.
package media
