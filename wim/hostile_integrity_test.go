package wim

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// withIntegrity makes a file of about 2000 bytes with an integrity table that a
// test changes.
func withIntegrity(chunkSize uint32, change func(table []byte) []byte) *wimtest.WIM {
	w := wimtest.NewWIM()
	withImage(w, w.AddBlob(counted(1000)))
	w.IntegrityChunk = chunkSize
	w.Integrity = change
	return w
}

// An integrity table that is no such table is reported, and nothing else is
// affected by it.
func TestHostileIntegrityTable(t *testing.T) {
	le := binary.LittleEndian
	put := func(at int, n uint32) func([]byte) []byte {
		return func(table []byte) []byte {
			le.PutUint32(table[at:], n)
			return table
		}
	}
	for name, w := range map[string]*wimtest.WIM{
		"chunk size 0":                       withIntegrity(500, put(8, 0)),
		"n * 20 overflows 32 bits":           withIntegrity(500, put(4, 0x0CCCCCCD)), // times 20 is 2^32 + 4
		"n is 2^32-1":                        withIntegrity(500, put(4, 0xFFFFFFFF)),
		"n is not what it should be":         withIntegrity(500, put(8, 501*1000)),
		"size is not 12 + 20 n":              withIntegrity(500, put(0, 13)),
		"shorter than it says":               withIntegrity(500, func(table []byte) []byte { return table[:len(table)-1] }),
		"too short for its header":           withIntegrity(500, func(table []byte) []byte { return table[:11] }),
		"one chunk too many":                 withIntegrity(500, func(table []byte) []byte { return moreChunks(table, 1) }),
		"outside of the file":                editHeader(withIntegrity(500, nil), func(h *wimtest.Header) { h.Integrity.Offset = 1 << 40 }),
		"offset and size wrap around":        editHeader(withIntegrity(500, nil), func(h *wimtest.Header) { h.Integrity.Offset = 1<<64 - 1 }),
		"covers a blob table of no bytes":    editHeader(withIntegrity(500, nil), func(h *wimtest.Header) { h.BlobTable = wimtest.ResourceHeader{} }),
		"covers a table before the header's": editHeader(withIntegrity(500, nil), func(h *wimtest.Header) { h.BlobTable.Offset, h.BlobTable.Size, h.BlobTable.USize = 0, 50, 50 }),
	} {
		t.Run(name, func(t *testing.T) {
			r := openCrafted(t, w)
			require.True(t, r.HasIntegrityTable())
			var report *VerifyReport
			requireMemory(t, 4<<20, func() { report = verifyCrafted(t, r) })
			require.Equal(t, IntegrityDamaged, report.Integrity)
			requireClear(t, report.Problems[0].Err, ErrFormat)
			require.ErrorContains(t, report.Problems[0].Err, "integrity table of part 1")
			if len(r.Images) == 1 {
				require.Len(t, report.Problems, 1)
				requireFile(t, craftedTree(t, r), "0", counted(1000))
			}
		})
	}
}

func moreChunks(table []byte, n int) []byte {
	le := binary.LittleEndian
	table = append(table, make([]byte, 20*n)...)
	le.PutUint32(table, uint32(len(table)))
	le.PutUint32(table[4:], uint32(len(table)-12)/20)
	return table
}

func editHeader(w *wimtest.WIM, edit func(h *wimtest.Header)) *wimtest.WIM {
	w.Edit = edit
	return w
}

// Chunks of one byte are possible, if there are as many SHA-1s.
func TestHostileIntegrityChunkSizeOne(t *testing.T) {
	w := withIntegrity(1, nil)
	requireClean(t, openCrafted(t, w))
	// Of the damage in many places the first are told.
	w.Integrity = func(table []byte) []byte {
		for i := 12; i < len(table); i += 40 {
			table[i] ^= 1
		}
		return table
	}
	report := verifyCrafted(t, openCrafted(t, w))
	require.Equal(t, IntegrityDamaged, report.Integrity)
	require.Len(t, report.Problems, maxWarnings+1)
	requireClear(t, report.Problems[0].Err, ErrChecksum)
	require.ErrorContains(t, report.Problems[0].Err, "bytes 208 to 209 of part 1")
	requireClear(t, report.Problems[maxWarnings].Err, ErrChecksum)
	require.ErrorContains(t, report.Problems[maxWarnings].Err, "more ranges of part 1")
}

// An empty file has an empty table.
func TestIntegrityOfNothing(t *testing.T) {
	w := wimtest.NewWIM()
	w.IntegrityChunk = 500
	r := openCrafted(t, w)
	require.Equal(t, IntegrityGood, verifyCrafted(t, r).Integrity)
}

// The table is not read into memory: a large one costs time only.
func TestHostileIntegrityMemory(t *testing.T) {
	const covered = 256 << 10
	w := wimtest.NewWIM()
	w.Body().Skip(covered - 208 - 50)
	w.Add(wimtest.TableEntry{Part: 1})
	var table bytes.Buffer
	for _, n := range []uint32{12 + 20*(covered-208), covered - 208, 1} {
		table.Write(binary.LittleEndian.AppendUint32(nil, n))
	}
	var at uint64
	w.Edit = func(h *wimtest.Header) {
		require.EqualValues(t, covered, h.BlobTable.Offset+h.BlobTable.Size)
		at = h.XML.Offset + h.XML.Size
		size := uint64(table.Len()) + 20*(covered-208)
		h.Integrity = wimtest.ResourceHeader{Offset: at, Size: size, USize: size}
	}
	file := w.Bytes()
	file = append(append(file, table.Bytes()...), make([]byte, 20*(covered-208))...)
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	requireMemory(t, 1<<20, func() {
		p := r.parts[0]
		table, err := p.readIntegrityTable()
		require.NoError(t, err)
		require.EqualValues(t, covered-208, table.count)
	})
	report := verifyCrafted(t, r)
	require.Len(t, report.Problems, 1, "one run of damage")
}
