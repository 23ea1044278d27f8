package wim_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"sync/atomic"

	"github.com/wimble-go/wimble/wim"
)

// Print the edition, the version and the update build revision of each image.
// Opening costs a few reads, whatever the size of the file.
func ExampleOpenReader() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, image := range r.Images {
		if windows := image.Info.Windows; windows != nil {
			fmt.Println(image.Index, image.Info.Name, windows.Architecture, windows.Version, "UBR", windows.Version.UBR)
		}
	}
	// Output:
	// 1 Windows 10 Pro x64 10.0.18362.1139 UBR 1139
	// 2 Windows 10 Home x64 10.0.18362.1139 UBR 1139
	// 3 Windows 10 Enterprise x64 10.0.18362.1139 UBR 1139
}

// Any io.ReaderAt will do: memory, HTTP ranges, a file inside of a file.
func ExampleNewReader() {
	source, err := os.Open("../testdata/install.esd")
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		log.Fatal(err)
	}
	r, err := wim.NewReader(source, info.Size())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header.Compression, r.Solid(), len(r.Images))
	// Output: LZMS true 3
}

// Read a file of an image that is chosen by name. Names are found without
// regard to case, as on Windows.
func ExampleFS_ReadFile() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	image, err := r.Image("Windows 10 Pro")
	if err != nil {
		log.Fatal(err)
	}
	tree, err := image.FS()
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := tree.ReadFile("windows/system32/drivers/etc/HOSTS")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", hosts)
	// Output: # localhost name resolution is handled within DNS itself.
}

// A tree is an fs.FS, so that everything that takes one works: fs.WalkDir,
// fs.Glob, template.ParseFS, http.FileServerFS.
func ExampleFS_walk() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	err = fs.WalkDir(tree, "Windows/System32", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path.Ext(name) == ".exe" {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			fmt.Println(info.Size(), name)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1731 Windows/System32/cmd.exe
	// 1735 Windows/System32/notepad.exe
	// 10024 Windows/System32/ntoskrnl.exe
	// 1731 Windows/System32/reg.exe
}

// Random access decodes the chunk that holds the bytes, and no other.
func ExampleFile_ReadAt() {
	r, err := wim.OpenReader("../testdata/lzx-32k.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	file, err := tree.OpenStream("large/cbs.log", "")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	line := make([]byte, 19)
	if _, err := file.ReadAt(line, 39_985); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", line)
	// Output: 2020-10-02 02:50:10
}

// Serve an image over HTTP, with ranges and all.
func ExampleImage_FS() {
	r, err := wim.OpenReader("../testdata/boot.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[1].FS()
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(http.FileServerFS(tree))
	defer server.Close()

	request, err := http.NewRequest("GET", server.URL+"/Windows/System32/drivers/etc/hosts", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Range", "bytes=2-10")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", response.Status, body)
	// Output: 206 Partial Content: localhost
}

// In a solid file many blobs share a chunk of up to 64 MiB. Read in the order
// of storage, each chunk is decoded once.
func ExampleFS_StorageOrder() {
	r, err := wim.OpenReader("../testdata/install.esd")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[1].FS()
	if err != nil {
		log.Fatal(err)
	}
	var files, bytes int64
	for name, stream := range tree.StorageOrder() {
		file, err := tree.OpenStream(name, stream)
		if err != nil {
			log.Fatal(err)
		}
		n, err := io.Copy(io.Discard, file)
		if err != nil {
			log.Fatal(err)
		}
		file.Close()
		files++
		bytes += n
	}
	fmt.Println(files, "streams,", bytes, "bytes")
	// Output: 20 streams, 35291 bytes
}

// The Sys method of a FileInfo gives the Entry, with all that the image knows
// of a name.
func ExampleEntry() {
	r, err := wim.OpenReader("../testdata/ntfs.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	entry := func(name string) *wim.Entry {
		info, err := tree.Lstat(name)
		if err != nil {
			log.Fatal(err)
		}
		return info.Sys().(*wim.Entry)
	}
	e := entry("A long file name.txt")
	fmt.Println(e.ShortName, e.Attributes, e.CreationTime, e.CreationTime.Time(), len(e.SecurityDescriptor))
	for _, s := range entry("streams/both.txt").Streams {
		fmt.Printf("stream %q: %d bytes, %v\n", s.Name, s.Size, s.SHA1)
	}
	e = entry("junction")
	link, err := e.Reparse.Link()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("tag %#x: %s\n", uint32(e.Reparse.Tag), link.Substitute)
	fmt.Println(entry("plain/file.txt").HardLinkGroup == entry("plain/hard link.txt").HardLinkGroup)
	// Output:
	// ALONGF~1.TXT ----a--- 132000000000000001 2019-04-17 18:40:00.0000001 +0000 UTC 80
	// stream "": 9 bytes, 9b81aa945897719129cf254e4c4c58075744167b
	// stream "empty": 0 bytes, 0000000000000000000000000000000000000000
	// stream "Zone.Identifier": 26 bytes, d59fc84cdd5217c6cf74785703655f78da6b582b
	// stream "Ünïcode 🚀": 8 bytes, cb19f9ef2f75940924a3290059fcfd29b3d32112
	// tag 0xa0000003: \??\C:\plain
	// true
}

// Images that wimlib captured with Unix data have owners, modes and extended
// attributes.
func ExampleEntry_unix() {
	r, err := wim.OpenReader("../testdata/unix.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	tree, err := r.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"owned.txt", "xattrs.txt"} {
		info, err := tree.Stat(name)
		if err != nil {
			log.Fatal(err)
		}
		e := info.Sys().(*wim.Entry)
		fmt.Println(info.Mode(), e.Unix.UID, e.Unix.GID, info.Name())
		for _, x := range e.Xattrs {
			fmt.Printf("  %s: %q\n", x.Name, x.Value)
		}
	}
	// Output:
	// -rw-r----- 1000 1001 owned.txt
	// -rw-r--r-- 0 0 xattrs.txt
	//   user.empty: ""
	//   user.comment: "hello"
	//   user.binary: "\x00\xff\n\r"
}

// A delta WIM needs the file that it was made against.
func ExampleReader_Reference() {
	delta, err := wim.OpenReader("../testdata/delta.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer delta.Close()
	tree, err := delta.Images[0].FS()
	if err != nil {
		log.Fatal(err)
	}
	_, err = tree.ReadFile("twin-1.txt")
	fmt.Println(errors.Is(err, wim.ErrMissingBlob))

	base, err := wim.OpenReader("../testdata/lzx-32k.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer base.Close()
	delta.Reference(base.Reader)
	data, err := tree.ReadFile("twin-1.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", data)
	// Output:
	// true
	// the same bytes
}

// Verify reads everything on all processors, and goes on after a problem.
func ExampleReader_Verify() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	report, err := r.Verify(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, problem := range report.Problems {
		fmt.Println(problem.Err, problem.Affected)
	}
	fmt.Println(report.OK(), report.Blobs, "blobs, integrity table:", report.Integrity)
	// Output: true 27 blobs, integrity table: good
}

// magic counts the blobs that begin with "MZ", as Windows programs do.
type magic struct {
	size     int
	programs *atomic.Int64
}

func (m *magic) Write(p []byte) (int, error) {
	if m.size == 0 && bytes.HasPrefix(p, []byte("MZ")) {
		m.programs.Add(1)
	}
	m.size += len(p)
	return len(p), nil
}

func (m *magic) Finish(err error) error { return err }

// ReadBlobs decodes all content once, on all processors.
func ExampleReader_ReadBlobs() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	var programs atomic.Int64
	err = r.ReadBlobs(context.Background(), nil, func(b wim.Blob) (wim.BlobSink, error) {
		return &magic{programs: &programs}, nil
	})
	fmt.Println(programs.Load(), "programs,", err)
	// Output: 6 programs, <nil>
}

// WriteTar streams an image, or some of it, to any writer.
func ExampleImage_WriteTar() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	in, out := io.Pipe() // in place of a network connection, say
	go func() {
		_, err := r.Images[0].WriteTar(context.Background(), out, wim.WithPaths("Windows/System32/drivers/etc/hosts"))
		out.CloseWithError(err)
	}()
	for archive := tar.NewReader(in); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err) // that of WriteTar
		}
		fmt.Println(header.Name, header.Size, header.PAXRecords["MSWINDOWS.fileattr"])
	}
	// Output:
	// Windows/ 0 16
	// Windows/System32/ 0 16
	// Windows/System32/drivers/ 0 16
	// Windows/System32/drivers/etc/ 0 16
	// Windows/System32/drivers/etc/hosts 59 128
	// Windows/System32/drivers/etc/ 0 16
}

// Extract writes a directory of an image below a target.
func ExampleImage_Extract() {
	r, err := wim.OpenReader("../testdata/install.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	dir, err := os.MkdirTemp("", "wimble")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	report, err := r.Images[0].Extract(context.Background(), dir, wim.WithPaths("Windows/System32/drivers"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Files, "file,", report.Directories, "directories,", report.Bytes, "bytes")
	// Output: 1 file, 4 directories, 59 bytes
}

// Diff tells what is different in another image.
func ExampleDiff() {
	r, err := wim.OpenReader("../testdata/multi.wim")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	var trees []*wim.FS
	for _, image := range r.Images[:2] {
		tree, err := image.FS()
		if err != nil {
			log.Fatal(err)
		}
		trees = append(trees, tree)
	}
	for change, err := range wim.Diff(context.Background(), trees[0], trees[1]) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s (%v)\n", change.Kind, change.Path, change.Aspects)
	}
	// Output:
	// added new.log ()
	// changed readme.txt (content)
	// removed twin-2.txt ()
}
