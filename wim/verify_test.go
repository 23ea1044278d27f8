package wim_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// setOf returns the fixtures that make up a file: itself, or its split set.
func setOf(t *testing.T, file string) []string {
	var set []string
	for _, other := range wimtest.FixtureFiles(t) {
		if isSibling(file, other) {
			set = append(set, other)
		}
	}
	return set
}

// Verify finds every fixture good, and reads what wimlib's table lists.
func TestVerify(t *testing.T) {
	eachFile(t, func(t *testing.T, file string, r *wim.Reader) {
		blobs, size, integrity := 0, int64(0), wim.IntegrityAbsent
		for _, part := range setOf(t, file) {
			info := fixtureInfo(t, part)
			for _, b := range info.Blobs {
				blobs++
				size += b.Size
			}
			if info.Header["Integrity Size"] != "0" {
				integrity = wim.IntegrityGood
			}
		}
		if reference := wimtest.FixtureReference(file); reference != "" {
			users, own := usersOf(t, r), map[string]bool{}
			for _, b := range fixtureInfo(t, file).Blobs {
				own[b.SHA1] = true
			}
			for _, b := range fixtureInfo(t, reference).Blobs {
				if users[b.SHA1] != nil && !own[b.SHA1] {
					blobs++
					size += b.Size
				}
			}
		}
		for _, opts := range [][]wim.BulkOption{
			nil, {wim.WithWorkers(1)}, {wim.WithWorkers(7)}, {wim.WithMemory(1)}, {wim.WithWorkers(3), wim.WithMemory(100_000)},
		} {
			report, err := r.Verify(t.Context(), opts...)
			require.NoError(t, err)
			// Programs of others leave nothing to note, except for an image
			// that was deleted without a rebuild: wimlib-imagex info --blobs
			// has its two contents with a reference count of 0.
			if file == "holes.wim" {
				require.Len(t, report.Notes, 2)
				require.EqualError(t, report.Notes[0], "blob c1997b75732693bf21f176374851ecf9150adaa5, of 30000 bytes: no image uses it")
				require.EqualError(t, report.Notes[1], "blob f887eb9033eb81d60df8dcbd5a01ca3e41672e7a, of 132096 bytes: no image uses it")
				report.Notes = nil
			}
			require.Equal(t, &wim.VerifyReport{Blobs: blobs, Bytes: size, Integrity: integrity}, report)
			require.True(t, report.OK())
		}
	})
}

// Progress only grows, and ends where it said that it would.
func TestVerifyProgress(t *testing.T) {
	eachFile(t, func(t *testing.T, file string, r *wim.Reader) {
		var last wim.Progress
		report, err := r.Verify(t.Context(), wim.WithProgress(func(p wim.Progress) {
			require.GreaterOrEqual(t, p.BytesDone, last.BytesDone)
			last = p
		}))
		require.NoError(t, err)
		if wimtest.FixtureReference(file) != "" {
			return // the total grows when the trees tell what is needed of the reference
		}
		var metadata, covered int64
		for _, part := range setOf(t, file) {
			covered += integrityCovers(t, part)
			for _, b := range fixtureInfo(t, part).Blobs {
				if b.IsMetadata() {
					metadata += b.Size
				}
			}
		}
		require.Equal(t, report.Bytes-metadata+covered, last.BytesTotal)
		require.Equal(t, last.BytesTotal, last.BytesDone)
	})
}

// integrityCovers is how many bytes a fixture's integrity table covers: from
// the header, of 208 bytes, to the end of the blob table (WIM format sheet,
// sections 2 and 10).
func integrityCovers(t *testing.T, file string) int64 {
	raw := wimtest.FixtureBytes(t, file)
	if string(raw[:5]) == "WLPWM" { // pipable: the header at the end says where things are
		raw = raw[len(raw)-208:]
	}
	const blobTable, integrity, offset = 0x30, 0x7C, 8                                                  // resource headers in the header, and the offset in those
	size := func(header int) int64 { return int64(binary.LittleEndian.Uint64(raw[header:]) << 8 >> 8) } // of 7 bytes
	if size(integrity) == 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(raw[blobTable+offset:])) + size(blobTable) - 208
}

func TestVerifyIsEndedByItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, file := range []string{"lzx-32k.wim", "none.wim", "solid-lzms.esd"} { // with and without an integrity table
		_, err := openFixture(t, file).Verify(ctx)
		require.ErrorIs(t, err, context.Canceled, file)
	}
	ctx, cancel = context.WithCancel(t.Context())
	_, err := openFixture(t, "lzx-2m.wim").Verify(ctx, wim.WithProgress(func(wim.Progress) { cancel() }))
	require.ErrorIs(t, err, context.Canceled)
}

// usersOf lists, by hash, the names whose content it is, as Verify prints them.
func usersOf(t *testing.T, r *wim.Reader) map[string][]string {
	users := map[string][]string{}
	for _, image := range r.Images {
		for _, w := range walk(t, imageFS(t, r, image.Index)) {
			path := fmt.Sprintf("%d:%s", image.Index, w.path)
			if p := w.entry.Reparse; p != nil {
				users[p.SHA1.String()] = append(users[p.SHA1.String()], path)
			}
			for _, s := range w.entry.Streams {
				name := path
				if s.Name != "" {
					name += ":" + s.Name
				}
				users[s.SHA1.String()] = append(users[s.SHA1.String()], name)
			}
		}
	}
	for _, names := range users {
		slices.Sort(names)
	}
	return users
}

// A changed byte is found, and the names that it concerns are told, and no
// others. Where the byte belongs is what wimlib says.
func TestVerifyFindsDamage(t *testing.T) {
	for _, file := range []string{
		"none.wim", "xpress-4k.wim", "lzx-32k.wim", "lzms-128k.wim", "multi.wim", "ntfs.wim", "raw-lzx-32k.wim", "holes.wim",
		"pipable-none.wim", "pipable-xpress-4k.wim", "pipable-lzx-32k.wim",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			good := wimtest.FixtureBytes(t, file)
			info := fixtureInfo(t, file)
			users := usersOf(t, openBytes(t, good))
			image := 0
			for i, b := range info.Blobs {
				want := users[b.SHA1]
				if b.IsMetadata() {
					image++
					want = []string{fmt.Sprintf("%d:", image)}
				}
				if file != "holes.wim" { // blobs of its deleted image are nobody's
					require.NotEmpty(t, want, b.SHA1)
				}
				// The first byte, the last one, or one between.
				at := b.Offset + []int64{0, b.Stored - 1, b.Stored / 2}[i%3]
				bad := bytes.Clone(good)
				bad[at] ^= 0x55
				report, err := openBytes(t, bad).Verify(t.Context())
				require.NoError(t, err)
				problems := report.Problems
				if info.Header["Integrity Size"] != "0" {
					require.Equal(t, wim.IntegrityDamaged, report.Integrity)
					require.ErrorIs(t, problems[0].Err, wim.ErrChecksum)
					require.ErrorContains(t, problems[0].Err, "integrity table")
					require.Empty(t, problems[0].Affected)
					problems = problems[1:]
				}
				if len(problems) == 0 {
					// A compressed chunk has bits that mean nothing, such as
					// those that fill up its last word.
					require.NotEqual(t, b.Size, b.Stored, "byte %d of raw blob %s", at, b.SHA1)
					// A pipable resource begins with a size that the chunk
					// table tells as well.
					require.True(t, info.Header["Magic Characters"] == `WLPWM\0\0\0` || b.Offset != at)
					continue
				}
				require.Len(t, problems, 1, "%v", problems)
				require.Equal(t, want, wimtest.Texts(problems[0].Affected), "byte %d", at)
				if b.Size == b.Stored {
					require.ErrorIs(t, problems[0].Err, wim.ErrChecksum)
				}
				require.NotContains(t, problems[0].Err.Error(), "\n")
				require.False(t, report.OK())
				require.Zero(t, report.MissingBlobs)
			}
		})
	}
}

// Blobs share the chunks of a solid resource: damage in one costs them all,
// and none in another chunk.
func TestVerifyFindsDamageInSolidResources(t *testing.T) {
	for _, file := range []string{"solid-lzms.esd", "solid-lzms-128k.esd", "solid-lzx-32k.esd", "solid-xpress-32k.esd", "solid-three.esd", "install.esd"} {
		t.Run(file, func(t *testing.T) {
			good := wimtest.FixtureBytes(t, file)
			info := fixtureInfo(t, file)
			users := usersOf(t, openBytes(t, good))
			resources := map[string][]wimtest.ListedBlob{}
			for _, b := range info.Blobs {
				if b.SolidResource != "" {
					resources[b.SolidResource] = append(resources[b.SolidResource], b)
				}
			}
			require.NotEmpty(t, resources)
			for name, blobs := range resources {
				bad := bytes.Clone(good)
				bad[blobs[0].Offset+blobs[0].Stored/2] ^= 0xFF
				report, err := openBytes(t, bad).Verify(t.Context())
				require.NoError(t, err)
				problems := slices.DeleteFunc(report.Problems, func(p wim.Problem) bool { return p.Affected == nil })
				require.NotEmpty(t, problems, name)
				inside := map[string]bool{}
				for _, b := range blobs {
					for _, user := range users[b.SHA1] {
						inside[user] = true
					}
				}
				tree := openBytes(t, bad)
				for _, p := range problems {
					for _, user := range wimtest.Texts(p.Affected) {
						require.True(t, inside[user], "%s is not in resource %s", user, name)
					}
				}
				// Whatever is not said to be damaged can be read.
				for _, image := range tree.Images {
					fsys := imageFS(t, tree, image.Index)
					for _, w := range walk(t, fsys) {
						if !w.info.Mode().IsRegular() {
							continue
						}
						named := slices.ContainsFunc(problems, func(p wim.Problem) bool {
							return slices.Contains(p.Affected, wim.Affected{Image: image.Index, Path: w.path})
						})
						_, err := fsys.ReadFile(w.path)
						require.Equal(t, named, err != nil, "%s: %v", w.path, err)
					}
				}
			}
		})
	}
}

// The integrity table covers what is between the header and the end of the
// blob table.
func TestIntegrityTable(t *testing.T) {
	const file = "install.wim"
	good := wimtest.FixtureBytes(t, file)
	header := fixtureInfo(t, file).Header
	number := func(key string) int64 {
		n, err := strconv.ParseInt(header[key], 10, 64)
		require.NoError(t, err)
		return n
	}
	end := number("Blob Table Offset") + number("Blob Table Size")
	table := number("Integrity Offset")
	for _, c := range []struct {
		name    string
		at      int64
		damaged bool
	}{
		{"the first byte covered", 208, true},
		{"the last byte covered", end - 1, true},
		{"the first byte of the XML", end, false},
		{"the size in the header", 0x7C, true},
		{"the uncompressed size in the header", 0x7C + 16, true},
		{"the size in the table", table, true},
		{"the number of chunks", table + 4, true},
		{"the sum of the only chunk", table + 12, true},
	} {
		bad := bytes.Clone(good)
		bad[c.at] ^= 0x01
		r, err := wim.NewReader(bytes.NewReader(bad), int64(len(bad)))
		require.NoError(t, err, c.name)
		report, err := r.Verify(t.Context())
		require.NoError(t, err)
		want := map[bool]wim.IntegrityState{false: wim.IntegrityGood, true: wim.IntegrityDamaged}
		require.Equal(t, want[c.damaged], report.Integrity, c.name)
		if c.damaged {
			require.False(t, report.OK())
			require.ErrorContains(t, report.Problems[0].Err, "integrity table")
		}
	}
	require.Equal(t, "absent good damaged", fmt.Sprint(wim.IntegrityAbsent, wim.IntegrityGood, wim.IntegrityDamaged))
}

// Nothing tells whether the text of the XML is right, but it has to be XML.
func TestVerifyFindsBrokenXML(t *testing.T) {
	for document, message := range map[string]string{
		`<WIM><IMAGE INDEX="1"><NAME>a</IMAGE></WIM>`:              "XML: </IMAGE> at offset ",
		`<WIM><IMAGE INDEX="1"><NAME>`:                             "XML: the document ends inside of <NAME>",
		`<WIMBLE><IMAGE INDEX="1"><NAME>a</NAME></IMAGE></WIMBLE>`: "XML: the document has no WIM element",
	} {
		r := openBytes(t, withXML(wimtest.FixtureBytes(t, "none.wim"), utf16le(byteOrderMark+document)))
		report, err := r.Verify(t.Context())
		require.NoError(t, err)
		require.Len(t, report.Problems, 1)
		require.ErrorIs(t, report.Problems[0].Err, wim.ErrFormat)
		require.ErrorContains(t, report.Problems[0].Err, message)
		require.Empty(t, report.Problems[0].Affected)
		require.False(t, report.OK())
	}
}

// Each part of a set has an XML document, that of the first counts.
func TestVerifyFindsBrokenXMLOfParts(t *testing.T) {
	last := wimtest.FixtureBytes(t, "split3.swm")
	xml, err := strconv.Atoi(fixtureInfo(t, "split3.swm").Header["XML Data Offset"])
	require.NoError(t, err)
	clear(last[0x7C:0x94]) // no integrity table: it is after the XML
	for _, c := range []struct {
		name    string
		data    []byte
		message string // "" for a good set
	}{
		{"whole", last, ""},
		{"cut off", last[:xml+100], fmt.Sprintf("part 3: XML: 786 bytes at offset %d lie outside of the file", xml)},
		{"broken", withXML(last, utf16le(byteOrderMark+"<WIM>")), "part 3: XML: the document ends inside of <WIM>"},
	} {
		r := openBytes(t, wimtest.FixtureBytes(t, "split.swm"))
		require.NoError(t, addPart(r, wimtest.FixtureBytes(t, "split2.swm")))
		require.NoError(t, addPart(r, c.data))
		report, err := r.Verify(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.message == "", report.OK(), c.name)
		if c.message != "" {
			require.Len(t, report.Problems, 1, c.name)
			require.ErrorContains(t, report.Problems[0].Err, c.message)
			require.ErrorIs(t, report.Problems[0].Err, wim.ErrFormat)
		}
	}
}

// An image that is not there any more leaves good blobs behind.
func TestVerifyFindsLostImages(t *testing.T) {
	verify := func(data []byte) *wim.VerifyReport {
		report, err := openBytes(t, data).Verify(t.Context())
		require.NoError(t, err)
		require.False(t, report.OK())
		return report
	}
	// The reference count of a metadata entry is 26 bytes into it; with more
	// than 1 the entry is none.
	data := wimtest.FixtureBytes(t, "none.wim")
	table, err := strconv.Atoi(fixtureInfo(t, "none.wim").Header["Blob Table Offset"])
	require.NoError(t, err)
	require.True(t, fixtureInfo(t, "none.wim").Blobs[0].IsMetadata())
	data[table+26] = 2
	require.ErrorContains(t, verify(data).Problems[0].Err, "metadata of 0 images, the header says 1")

	data = wimtest.FixtureBytes(t, "multi.wim")
	data[0x2C] = 5 // image count
	require.ErrorContains(t, verify(data).Problems[0].Err, "metadata of 4 images, the header says 5")
	data = wimtest.FixtureBytes(t, "boot.wim")
	data[0x78] = 3 // boot index
	require.ErrorContains(t, verify(data).Problems[0].Err, "boot index 3, there are 2 images")
	require.ErrorContains(t, verify(withXML(wimtest.FixtureBytes(t, "none.wim"), utf16le(`<WIM><IMAGE INDEX="2"/></WIM>`))).Problems[0].Err, `INDEX "2"`)
}

// A file that is cut off does not open, or Verify says so.
func TestCutOffFiles(t *testing.T) {
	for _, file := range wimtest.FixtureFiles(t) {
		data := wimtest.FixtureBytes(t, file)
		for _, keep := range []int{0, 10, 207, 208, 209, len(data) / 2, len(data) - 300, len(data) - 1} {
			cut := data[:keep]
			r, err := wim.NewReader(bytes.NewReader(cut), int64(len(cut)))
			if err != nil {
				require.ErrorIs(t, err, wim.ErrFormat, "%s, %d bytes", file, keep)
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			report, err := r.Verify(t.Context())
			require.NoError(t, err)
			require.True(t, !report.OK() || len(r.Warnings()) > 0, "%s, %d bytes of %d", file, keep, len(data))
		}
	}
}
