package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// What wimble may take for a mutant. Processor time and the sum of all
// allocations both depend on the bytes that the file has and on those that it
// is decoded to. Chunks of up to 64 MiB have to be in memory as a whole, as
// often as they are read.
const (
	fixedTime   = 3 * time.Second
	timePerByte = time.Microsecond
	fixedMemory = 256 << 20
	perByte     = 64
)

// limits are smaller than the default ones, as a careful server's would be.
var limits = wim.Limits{XML: 4 << 20, BlobTable: 16 << 20, Metadata: 16 << 20, ChunkCache: 8 << 20}

// finding is what wimble made of a mutant.
type finding struct {
	Opened  bool
	Damage  []string // what is wrong; none for a good file
	Warned  bool
	Broken  []string // promises that were not kept
	CPU     time.Duration
	Memory  uint64 // bytes that were allocated, freed ones included
	Decoded int64  // bytes of content that came out

	entries [][]string // of each image, for comparison with what others list
	hashes  map[string]bool
}

// examine reads a mutant in every way that the library offers.
func examine(m *mutant, references []*wim.Reader) (f *finding) {
	f = &finding{hashes: map[string]bool{}}
	memory, cpu := allocated(), processorTime()
	defer func() {
		if p := recover(); p != nil {
			f.broke("panic: %v\n%s", p, debug.Stack())
		}
		f.CPU, f.Memory = processorTime()-cpu, allocated()-memory
		// Decoded counts what Verify read and what was read below.
		size := int64(len(m.data)) + f.Decoded
		if most := fixedTime + time.Duration(size)*timePerByte; f.CPU > most {
			f.broke("%v of processor time for %d bytes and %d decoded", f.CPU, len(m.data), f.Decoded)
		}
		if most := fixedMemory + uint64(size)*perByte; f.Memory > most {
			f.broke("%d bytes allocated for %d bytes and %d decoded", f.Memory, len(m.data), f.Decoded)
		}
	}()
	e := examiner{f, map[wim.SHA1]bool{}}
	if r := e.open(m); r != nil {
		f.Opened = true
		r.Reference(references...)
		e.verify(r)
		for _, image := range r.Images {
			e.walk(image)
		}
		f.Warned = f.Warned || len(r.Warnings()) > 0
		e.texts(r.Warnings())
	}
	return f
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func (f *finding) broke(format string, args ...any) {
	f.Broken = append(f.Broken, fmt.Sprintf(format, args...))
}

type examiner struct {
	*finding
	read map[wim.SHA1]bool
}

// damage notes an error, which has to be one line for people and of a kind that
// programs know.
func (e *examiner) damage(err error) {
	e.texts([]error{err})
	e.Damage = append(e.Damage, cause(err).Error())
	for _, kind := range []error{wim.ErrFormat, wim.ErrUnsupported, wim.ErrChecksum, wim.ErrEncrypted, wim.ErrMissingPart,
		wim.ErrMissingBlob, wim.ErrLimit, fs.ErrNotExist, fs.ErrInvalid, io.ErrUnexpectedEOF} {
		if errors.Is(err, kind) {
			return
		}
	}
	e.broke("an error of no known kind: %v", err)
}

// cause is an error without the path that io/fs puts in front.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (e *examiner) texts(list []error) {
	for _, err := range list {
		text := cause(err).Error()
		if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "%!") || text == "" || len(text) > 1000 {
			e.broke("not one clear line: %q", text)
		}
	}
}

func (e *examiner) open(m *mutant) *wim.Reader {
	file := func(i int) (*bytes.Reader, int64) {
		data := m.seed.parts[i]
		if i == m.seed.target {
			data = m.data
		}
		return bytes.NewReader(data), int64(len(data))
	}
	source, size := file(0)
	r, err := wim.NewReader(source, size, wim.WithLimits(limits))
	if err != nil {
		e.damage(err)
		return nil
	}
	for i := 1; i < len(m.seed.parts); i++ {
		source, size := file(i)
		if err := r.AddPart(source, size); err != nil {
			e.damage(err)
		}
	}
	return r
}

func (e *examiner) verify(r *wim.Reader) {
	report, err := r.Verify(context.Background())
	if err != nil {
		e.damage(err)
		return
	}
	for _, p := range report.Problems {
		e.damage(p.Err)
	}
	if report.OK() != (len(report.Problems) == 0) && report.MissingBlobs == 0 {
		e.broke("OK is %v with %d problems", report.OK(), len(report.Problems))
	}
	e.Decoded += report.Bytes
}

// mostDecoded ends the reading of a file that decodes to very much.
const mostDecoded = 1 << 30

// walk reads everything in an image.
func (e *examiner) walk(image *wim.Image) {
	tree, err := image.FS()
	if err != nil {
		e.damage(err)
		e.entries = append(e.entries, nil)
		return
	}
	e.texts(tree.Warnings())
	e.Warned = e.Warned || len(tree.Warnings()) > 0
	var list []string
	stored := map[string]string{}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			e.damage(err)
			return nil
		}
		if !fs.ValidPath(name) || stored[name] != "" {
			e.broke("%q is no path, or no unique one", name)
		}
		info, err := d.Info()
		if err != nil {
			e.damage(err)
			return nil
		}
		entry := info.Sys().(*wim.Entry)
		switch parent := path.Dir(name); {
		case name == ".":
			stored[name] = "/"
		case parent == ".":
			stored[name] = "/" + wimtest.WTF8(entry.RawName)
		default: // not path.Join: a name may be "/" itself
			stored[name] = stored[parent] + "/" + wimtest.WTF8(entry.RawName)
		}
		list = append(list, listed(stored[name], entry))
		if entry.Reparse == nil || !entry.Reparse.IsLink() { // OpenStream follows links
			for _, s := range entry.Streams {
				e.stream(tree, name, s)
			}
		}
		if p := entry.Reparse; p != nil {
			if !p.SHA1.IsZero() {
				e.hashes[p.SHA1.String()] = true
			}
			if data, err := p.Data(); err != nil {
				e.damage(err)
			} else if sum := sha1.Sum(data); len(data) > 0 && sum != p.SHA1 {
				e.broke("reparse data of %q with another SHA-1", name)
			}
		}
		return nil
	})
	if err != nil {
		e.damage(err)
	}
	e.entries = append(e.entries, list)
}

// listed is an entry as one line.
func listed(stored string, entry *wim.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\t%08x", stored, uint32(entry.Attributes))
	if entry.Reparse != nil && !entry.Reparse.SHA1.IsZero() {
		fmt.Fprintf(&b, " reparse %08x %s", uint32(entry.Reparse.Tag), entry.Reparse.SHA1)
	}
	for _, s := range entry.Streams {
		if s.Name != "" || entry.Reparse == nil && !s.SHA1.IsZero() {
			fmt.Fprintf(&b, " %q %s", s.Name, s.SHA1)
		}
	}
	return b.String()
}

// stream reads a stream in one of two ways, if its content was not read
// before, and hashes what comes out.
func (e *examiner) stream(tree *wim.FS, name string, s wim.Stream) {
	if !s.SHA1.IsZero() {
		e.hashes[s.SHA1.String()] = true
	}
	if e.read[s.SHA1] || e.Decoded > mostDecoded {
		return
	}
	e.read[s.SHA1] = true
	file, err := tree.OpenStream(name, s.Name)
	if err != nil {
		e.damage(err)
		return
	}
	defer file.Close()
	sum := sha1.New()
	var n int64
	if len(e.read)%2 == 0 {
		n, err = file.WriteTo(sum)
	} else {
		n, err = io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 1000))
	}
	e.Decoded += n
	if err != nil {
		e.damage(err)
		return
	}
	if s.SHA1.IsZero() {
		if n != 0 {
			e.broke("an empty stream of %d bytes", n)
		}
		return
	}
	if hex.EncodeToString(sum.Sum(nil)) != s.SHA1.String() {
		e.broke("content of another SHA-1 without an error: %q", name)
	}
	if n != s.Size {
		e.broke("%d bytes, the size is %d: %q", n, s.Size, name)
	}
	// Now that all of it is good, any part of it has to be.
	part := make([]byte, min(n, 100))
	if _, err := file.ReadAt(part, n-int64(len(part))); err != nil && err != io.EOF {
		e.broke("a good file whose end cannot be read: %v", err)
	}
}

// openReference opens what a delta WIM was made against.
func openReference(name string) ([]*wim.Reader, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r, err := wim.NewReader(bytes.NewReader(data), int64(len(data)))
	return []*wim.Reader{r}, err
}
