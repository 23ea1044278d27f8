package wim

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// fuzzLimits keep the memory and the time of a fuzz target small, so that what
// they do not bound stands out.
var fuzzLimits = Limits{XML: 1 << 20, BlobTable: 1 << 20, Metadata: 1 << 20, ChunkSize: 1 << 21, ChunkCache: 1 << 21}

// fixtureSeeds adds the fixtures below a size.
func fixtureSeeds(f *testing.F, size int64, add func(data []byte)) {
	dir := filepath.Join("..", "testdata")
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			f.Fatal(err)
		}
		switch filepath.Ext(entry.Name()) {
		case ".wim", ".esd", ".swm":
			if info.Size() <= size {
				data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
				if err != nil {
					f.Fatal(err)
				}
				add(data)
			}
		}
	}
}

// craftedSeeds are small crafted files of all kinds.
func craftedSeeds() (seeds []*wimtest.WIM) {
	add := func(w *wimtest.WIM, hashes ...[20]byte) *wimtest.WIM {
		w.IntegrityChunk = 300
		seeds = append(seeds, withImage(w, hashes...))
		return w
	}
	data := counted(9000)
	add(wimtest.NewWIM())
	w := wimtest.NewWIM()
	add(w, w.AddBlob([]byte("hello")))
	w = wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 4096)
	add(w, w.AddChunked(data), w.AddStored(wimtest.ZerosXPRESS4096, make([]byte, 4096), wimtest.ResourceCompressed))
	w = wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32768)
	add(w, w.AddStored(wimtest.ZerosLZX32K, make([]byte, 32768), wimtest.ResourceCompressed))
	w = wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 1<<20)
	add(w, w.AddStored(wimtest.ZerosLZMS1M, make([]byte, 1<<20), wimtest.ResourceCompressed))
	w = wimtest.NewPipableWIM(wimtest.HeaderXPRESS, 4096)
	add(w, w.AddChunked(data))
	w = wimtest.NewWIM()
	w.AddSolid(wimtest.SolidOf(data[:3000], wimtest.CodecNone, 512))
	w.AddSolid(wimtest.SolidOf(data[3000:], wimtest.CodecXPRESS, 4096))
	add(w, w.AddSolidBlob(data[10:20], 10), w.AddSolidBlob(data[3000:5000], 3000))
	w = wimtest.NewWIM()
	file := wimtest.RegularFile("f", w.AddBlob([]byte("hello")))
	file.Streams = []wimtest.StreamEntry{{Name: "s", Hash: file.Hash}}
	file.Tagged = []wimtest.TaggedItem{{Tag: 1, Data: make([]byte, 16)}, {Tag: 0x337DD873, Data: make([]byte, 16)}, {Tag: 2, Data: []byte{1, 0, 1, 0, 'n', 0, 'v'}}}
	file.ShortName = "F~1"
	link := wimtest.Symlink("l", w.AddBlob(wimtest.SymlinkData(`d\f`, true)))
	w.AddImage(&wimtest.Metadata{Security: [][]byte{[]byte("sd")}, Root: wimtest.Directory("", file, link, wimtest.Directory("d", file))})
	return append(seeds, w)
}

// exercise does everything with a file that a reader can do, a little of each,
// and checks what has to hold of any file.
func exercise(t *testing.T, r *Reader) {
	known := func(err error) {
		t.Helper()
		if err == nil || err == io.EOF {
			return
		}
		text := err.Error()
		if strings.Contains(text, "\n") || strings.Contains(text, "%!") || len(text) > 1000+3*maxPath {
			t.Fatalf("not a clear error: %q", text)
		}
		if twice := saidTwice(err); twice != "" {
			t.Fatalf("%q twice: %v", twice, err)
		}
		if !isOfKind(err) {
			t.Fatalf("an error of no kind: %v", err)
		}
	}
	for _, w := range r.Warnings() {
		known(w)
	}
	if !utf8.ValidString(r.XML()) {
		t.Fatal("XML that is not UTF-8")
	}
	for i, image := range r.Images {
		if i == 3 {
			break
		}
		tree, err := image.FS()
		if known(err); err != nil {
			continue
		}
		visited := 0
		err = fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
			known(err)
			if visited++; visited > 100 {
				return fs.SkipAll
			}
			if !fs.ValidPath(path) || !utf8.ValidString(path) {
				t.Fatalf("path %q", path)
			}
			info, err := entry.Info()
			if err != nil {
				t.Fatal(err)
			}
			_ = info.Mode()
			_ = info.ModTime()
			e := info.Sys().(*Entry)
			for _, s := range e.Streams {
				file, err := tree.OpenStream(path, s.Name)
				if known(err); err == nil {
					exerciseFile(t, file, SHA1(s.SHA1), known)
				}
			}
			if e.Reparse != nil {
				_, err := e.Reparse.Data()
				known(err)
				_, err = tree.ReadLink(path)
				known(err)
			}
			_, err = tree.Stat(path)
			known(err)
			_, err = tree.Stat(strings.ToUpper(path))
			known(err)
			return nil
		})
		known(err)
		count := 0
		for path := range tree.StorageOrder() {
			if count++; count > 10 {
				break
			}
			if _, err := tree.Lstat(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.blobBytes() > 32<<20 {
		return // a bomb, and none of the reader's making
	}
	report, err := r.Verify(t.Context(), WithWorkers(2), WithMemory(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		known(p.Err)
	}
	if missing := r.MissingBlobs(); missing > report.MissingBlobs {
		t.Fatalf("%d missing blobs, Verify says %d", missing, report.MissingBlobs)
	}
}

// blobBytes is what Verify would decode at most.
func (r *Reader) blobBytes() int64 {
	var total int64
	for _, b := range r.ownBlobs() {
		size := b.size()
		if _, err := b.open(); err != nil {
			continue
		}
		if total += size; total < 0 || size > 1<<40 {
			return 1 << 62
		}
	}
	for _, image := range r.Images {
		if image.tree.metadata != nil {
			total += min(image.tree.metadata.size(), r.limits.Metadata)
		}
	}
	return total
}

// exerciseFile reads some of a file in three ways, which have to agree. Content
// that was read whole has its SHA-1.
func exerciseFile(t *testing.T, file *File, hash SHA1, known func(error)) {
	info, err := file.Stat()
	known(err)
	head := make([]byte, 300)
	n, err := file.ReadAt(head, 0)
	known(err)
	head = head[:n]
	sequential := make([]byte, 300)
	m, err := io.ReadFull(file, sequential)
	known(err)
	if common := min(n, m); !bytes.Equal(head[:common], sequential[:common]) {
		t.Fatal("Read and ReadAt differ")
	}
	if size := info.Size(); size > 4 {
		_, err := file.ReadAt(make([]byte, 4), size-3)
		known(err)
		_, err = file.Seek(-2, io.SeekEnd)
		known(err)
		_, err = file.Read(make([]byte, 4))
		known(err)
	}
	if size := info.Size(); size < 1<<20 {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			known(err)
			return
		}
		content, err := io.ReadAll(file)
		known(err)
		if err == nil && size >= 0 && !hash.IsZero() && SHA1(wimtest.SHA1(content)) != hash {
			t.Fatal("content was accepted that does not have its SHA-1")
		}
	}
	file.Close()
}
