package wim

import (
	"bytes"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// Solid split sets. The Media Creation Tool writes them, no sample of one is
// public, and wimlib and 7-Zip refuse them. The four forms are those of the
// WIM format sheet, section 11.6: a file with two solid resources, of which
// resource 0 is in part 1, with the metadata, and resource 1 in part 2. They
// differ in what the tables say:
//
//	A  each part its own resource and blobs, offsets from 0 in that part
//	B  as A, but the offsets of part 2 continue after resource 0
//	C  both parts all entries of both, with part numbers
//	D  each part its own resource, but the blobs of both, offsets as in B;
//	   the part numbers of the blobs are those of the parts that hold them, or
//	   that of the part in which the table is

// solidBlob is a blob in a solid resource of a set.
type solidBlob struct {
	part    int
	content []byte
	offset  uint64 // in its resource
}

// solidSet is a set with a solid resource in each part.
type solidSet struct {
	resources [][]byte
	blobs     []solidBlob
}

// newSolidSet returns a set whose resources have the sizes. Each has some blobs
// with gaps between them, in chunks of 4096 bytes.
func newSolidSet(sizes ...int) *solidSet {
	s := &solidSet{}
	for part, size := range sizes {
		data := counted(size + part)[part:]
		for i := range data {
			data[i] ^= byte(part * 85)
		}
		s.resources = append(s.resources, data)
		for _, cut := range [][2]int{{0, 10}, {size / 5, size / 2}, {size - size/3, size}} {
			s.blobs = append(s.blobs, solidBlob{part, data[cut[0]:cut[1]], uint64(cut[0])})
		}
	}
	return s
}

// part makes one part. The choices are those of the forms.
func (s *solidSet) part(number int, c solidChoices) *wimtest.WIM {
	w := wimtest.NewCompressedWIM(wimtest.HeaderXPRESS, 32768)
	w.Header.Version = wimtest.VersionSolid
	w.Header.Flags |= wimtest.HeaderSpanned
	w.Header.Part, w.Header.Parts = uint16(number+1), uint16(len(s.resources))
	base := uint64(0)
	var blobs []wimtest.TableEntry
	for i, data := range s.resources {
		solid := wimtest.SolidOf(data, wimtest.CodecXPRESS, 4096)
		switch {
		case i == number:
			w.AddSolid(solid)
		case c.allResources: // each is the first thing in its file
			size := uint64(len(solid.Bytes()))
			w.Add(wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
				Size: size, Flags: wimtest.ResourceSolid, Offset: 208, USize: wimtest.SolidMarker}, Part: uint16(i + 1), References: 1})
		}
		for _, b := range s.blobs {
			if b.part != i || i != number && !c.allBlobs {
				continue
			}
			e := wimtest.TableEntry{ResourceHeader: wimtest.ResourceHeader{
				Size: uint64(len(b.content)), Flags: wimtest.ResourceSolid, Offset: b.offset},
				Part: uint16(i + 1), References: 1, SHA1: wimtest.SHA1(b.content)}
			if c.continuous {
				e.Offset += base
			}
			if c.ownNumber {
				e.Part = uint16(number + 1)
			}
			blobs = append(blobs, e)
		}
		base += uint64(len(data))
	}
	w.Table = append(w.Table, blobs...)
	if number == 0 {
		root := wimtest.Directory("")
		for i, b := range s.blobs {
			root.Children = append(root.Children, wimtest.RegularFile(fmt.Sprint(i), wimtest.SHA1(b.content)))
		}
		w.AddImage(&wimtest.Metadata{Root: root})
	}
	w.Header.Images = 1
	return w
}

// solidChoices is what the forms differ in.
type solidChoices struct {
	continuous   bool // offsets count in the resources of all parts
	allResources bool // each table has the resources of all parts
	allBlobs     bool // each table has the blobs of all parts
	ownNumber    bool // blobs have the number of the part whose table they are in
}

var solidForms = map[string]solidChoices{
	"A":                    {},
	"B":                    {continuous: true},
	"C":                    {continuous: true, allResources: true, allBlobs: true},
	"D":                    {continuous: true, allBlobs: true},
	"D with own numbers":   {continuous: true, allBlobs: true, ownNumber: true},
	"C with own numbers":   {continuous: true, allResources: true, allBlobs: true, ownNumber: true},
	"A and all resources":  {allResources: true},
	"B and all resources":  {continuous: true, allResources: true},
	"offsets of C, from 0": {allResources: true, allBlobs: true},
}

// openSet opens the parts with the numbers, the first one first.
func (s *solidSet) open(t testing.TB, c solidChoices, parts ...int) *Reader {
	t.Helper()
	r := openCrafted(t, s.part(parts[0], c))
	for _, number := range parts[1:] {
		source, size := s.part(number, c).Source()
		require.NoError(t, r.AddPart(source, size))
	}
	return r
}

// Sizes of the resources such that a wrong reading of an offset places a blob
// in the file as well, or does not.
var solidSizes = [][]int{{20_000, 30_000}, {30_000, 20_000}, {20_000, 20_000}, {5000, 90_000}, {90_000, 5000}, {9000, 50_000, 20_000}}

func TestSolidSplitForms(t *testing.T) {
	for name, form := range solidForms {
		for _, sizes := range solidSizes {
			t.Run(fmt.Sprint(name, " ", sizes), func(t *testing.T) {
				set := newSolidSet(sizes...)
				orders := [][]int{{0, 1}, {1, 0}}
				if len(sizes) == 3 {
					orders = [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}
				}
				for _, order := range orders {
					r := set.open(t, form, order...)
					require.Empty(t, r.MissingParts())
					tree := craftedTree(t, r)
					for i, b := range set.blobs {
						requireFile(t, tree, fmt.Sprint(i), b.content)
					}
					report := verifyCrafted(t, r)
					require.Empty(t, report.Problems)
					require.Equal(t, len(set.blobs)+1, report.Blobs)
					require.Zero(t, r.MissingBlobs())
				}
			})
		}
	}
}

// Without part 2 the content of part 1 stays readable, and errors for the rest
// name part 2.
func TestSolidSplitFormsWithoutPart(t *testing.T) {
	for name, form := range solidForms {
		for _, sizes := range solidSizes {
			t.Run(fmt.Sprint(name, " ", sizes), func(t *testing.T) {
				set := newSolidSet(sizes...)
				given := []int{0}
				if len(sizes) == 3 {
					given = []int{0, 2}
				}
				r := set.open(t, form, given...)
				require.Equal(t, []int{2}, r.MissingParts())
				tree := craftedTree(t, r)
				missing := 0 // all that part 2 holds, and what cannot be found without it
				for i, b := range set.blobs {
					name := fmt.Sprint(i)
					switch {
					case b.part == 0, b.part == 2 && !form.continuous && !form.allBlobs:
						requireFile(t, tree, name, b.content)
					case b.part == 2:
						// Where part 3's resource begins in the address space
						// may be known by part 2 only. Its blobs are read if it
						// is not.
						if data, err := fs.ReadFile(tree, name); err != nil {
							missing++
							requireClear(t, err, ErrMissingPart)
							require.ErrorContains(t, err, "part 2")
						} else {
							require.True(t, bytes.Equal(b.content, data))
						}
					default:
						missing++
						requireNoFile(t, tree, name, ErrMissingPart)
						_, err := fs.ReadFile(tree, name)
						require.ErrorContains(t, err, "part 2")
					}
				}
				report := verifyCrafted(t, r)
				require.Equal(t, missing, report.MissingBlobs)
				require.Equal(t, missing, r.MissingBlobs())
				require.Len(t, report.Problems, missing)
				for _, p := range report.Problems {
					requireClear(t, p.Err, ErrMissingPart)
					require.ErrorContains(t, p.Err, "part 2")
					require.Len(t, p.Affected, 1)
				}
			})
		}
	}
}

// A set that fits no reading fails with a message that tells what was tried, so
// that a person who has a real one can report it.
func TestSolidSplitFitsNoReading(t *testing.T) {
	set := newSolidSet(20_000, 30_000)
	form := solidForms["C"]
	first, second := set.part(0, form), set.part(1, form)
	for i := range second.Table {
		if second.Table[i].SHA1 == wimtest.SHA1(set.blobs[4].content) {
			second.Table[i].Offset = 77_777
		}
		if second.Table[i].SHA1 == wimtest.SHA1(set.blobs[5].content) {
			second.Table[i].Offset = 45_000 // it has 10,000 bytes, and the resource ends at 50,000
		}
	}
	r := openCrafted(t, first)
	source, size := second.Source()
	require.NoError(t, r.AddPart(source, size))
	tree := craftedTree(t, r)
	for i := range 4 {
		requireFile(t, tree, fmt.Sprint(i), set.blobs[i].content)
	}
	for i, want := range map[int]string{
		4: "could not be assigned to a solid resource: its offset 77777 is beyond the 30000 bytes of the part's own solid resources, " +
			"the 50000 bytes of the solid resources of all parts, the 50000 bytes of the solid resources that the table names",
		5: "10000 bytes at offset 25000 of a solid resource of 30000 bytes",
	} {
		requireNoFile(t, tree, fmt.Sprint(i), ErrFormat)
		_, err := tree.ReadFile(fmt.Sprint(i))
		require.ErrorContains(t, err, want)
	}
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 2)
	require.Zero(t, report.MissingBlobs)
}

// Where several readings place a blob, the SHA-1 decides, also if the blob that
// is looked at first is damaged.
func TestSolidSplitAmbiguous(t *testing.T) {
	for _, form := range []string{"A", "B", "A and all resources", "B and all resources"} {
		// All of part 2's blobs fit in part 1's resource, and in part 2's too.
		set := newSolidSet(60_000, 50_000)
		for i := range set.blobs {
			set.blobs[i].offset = uint64(i * 1000)
			set.blobs[i].content = set.resources[set.blobs[i].part][i*1000:][:100*(i+1)]
		}
		damaged := set.blobs[3].content[7] // in the smallest blob of part 2
		set.resources[1][3007] = damaged
		second := set.part(1, solidForms[form])
		first := set.part(0, solidForms[form])
		i := len(second.Table) - 3
		second.Table[i].SHA1[0] ^= 1
		r := openCrafted(t, first)
		source, size := second.Source()
		require.NoError(t, r.AddPart(source, size))
		tree := craftedTree(t, r)
		for _, k := range []int{0, 1, 2, 4, 5} {
			requireFile(t, tree, fmt.Sprint(k), set.blobs[k].content)
		}
		report := verifyCrafted(t, r)
		require.Len(t, report.Problems, 2, "the damaged blob, and the one that the image wants")
	}
}

// One file can have several solid runs, each with an address space of its own,
// and several resources in a run, in any order with the blobs.
func TestSolidRuns(t *testing.T) {
	for _, split := range []bool{false, true} {
		w := wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 32768)
		var second *wimtest.WIM
		if split { // the runs of a split set are joined one by one
			second = wimtest.NewCompressedWIM(wimtest.HeaderLZMS, 32768)
			w.Header.Parts, second.Header.Part, second.Header.Parts = 2, 2, 2
			second.Header.Images = 1
		}
		var hashes [][20]byte
		var contents [][]byte
		add := func(content []byte, offset uint64) {
			hashes = append(hashes, w.AddSolidBlob(content, offset))
			contents = append(contents, content)
		}
		data := counted(200_000)
		// A run: blobs before, between and after its resources.
		add(data[50_000+100:][:70_000], 50_000+100) // in the second resource
		w.AddSolid(wimtest.SolidOf(data[:50_000], wimtest.CodecLZX, 32768))
		add(data[:50_000], 0) // all of the first
		w.AddSolid(wimtest.SolidOf(data[50_000:150_000], wimtest.CodecXPRESS, 4096))
		w.AddSolid(wimtest.SolidOf(nil, wimtest.CodecLZMS, 32768)) // an empty one
		w.AddSolid(wimtest.SolidOf(data[150_000:], wimtest.CodecNone, 65536))
		add(data[199_999:], 199_999)
		add(data[49_999:50_000], 49_999)
		add(data[50_000:50_001], 50_000)
		add(data[1:50_000], 1) // overlaps others
		// An ordinary blob ends the run; the next one starts at 0 again.
		add2 := w.AddBlob([]byte("between the runs"))
		other := counted(40_000)
		for i := range other {
			other[i] ^= 0x55
		}
		w.AddSolid(wimtest.SolidOf(other, wimtest.CodecXPRESS, 65536))
		add(other[10:20], 10)
		add(other[39_000:], 39_000)
		hashes, contents = append(hashes, add2), append(contents, []byte("between the runs"))
		if split {
			second.AddSolid(wimtest.SolidOf(data[7:1000], wimtest.CodecLZX, 32768))
			hashes = append(hashes, second.AddSolidBlob(data[8:900], 200_001))
			contents = append(contents, data[8:900])
			hashes = append(hashes, second.AddBlob([]byte("between the runs of part 2")))
			contents = append(contents, []byte("between the runs of part 2"))
			second.AddSolid(wimtest.SolidOf(data[9:1000], wimtest.CodecLZX, 32768))
			hashes = append(hashes, second.AddSolidBlob(data[10:800], 40_001))
			contents = append(contents, data[10:800])
		}
		withImage(w, hashes...)
		r := openCrafted(t, w)
		if split {
			source, size := second.Source()
			require.NoError(t, r.AddPart(source, size))
		}
		tree := craftedTree(t, r)
		for i, content := range contents {
			requireFile(t, tree, fmt.Sprint(i), content)
		}
		requireClean(t, r)
	}
}
