package wim

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// TestSplitManyBlobs splits a file with very many tiny blobs: the plan allocates
// no more than 1500 bytes for each, all told, and copies many of them at once.
func TestSplitManyBlobs(t *testing.T) {
	count := 20_000
	if testing.Short() {
		count = 2000
	}
	w := wimtest.NewWIM()
	var hashes [][20]byte
	for i := range count {
		hashes = append(hashes, w.AddBlob([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
	}
	r := openCrafted(t, withImage(w, hashes...))
	s, err := r.newSplitting(nil)
	require.NoError(t, err)
	metadata := r.Images[0].tree.metadata.size()
	requireMemory(t, uint64(count*1500), func() {
		layouts, err := s.begin(t.Context(), "", 208+metadata+int64(count*10))
		require.NoError(t, err)
		require.Len(t, layouts, 2)
		copies := 0
		for _, l := range layouts {
			copies += len(l.copies)
		}
		require.Less(t, copies, 30)
	})
}

// TestCoveredBytes finds the most that fits with its integrity table, by trying:
// 12 bytes, and 20 for each 10 MiB.
func TestCoveredBytes(t *testing.T) {
	size := func(covered int64) int64 { return covered + 12 + 20*((covered+10<<20-1)/(10<<20)) }
	for _, base := range []int64{33, 10 << 20, 20 << 20, 4 << 30} {
		for room := max(base-80, 33); room < base+80; room++ {
			covered := coveredBytes(room)
			require.LessOrEqual(t, size(covered), room)
			require.Greater(t, size(covered+1), room)
		}
	}
	for room := range int64(33) {
		require.LessOrEqual(t, coveredBytes(room), int64(0), "%d", room)
	}
}

// TestFirstFit compares the tree with a list that is searched from its start.
func TestFirstFit(t *testing.T) {
	tree := firstFit{capacity: 100}
	var list []int64
	for i := range int64(2000) {
		weight := 1 + i*i*7919%100
		want := 0
		for want < len(list) && list[want] < weight {
			want++
		}
		if want == len(list) {
			list = append(list, 100)
		}
		list[want] -= weight
		got, err := tree.place(weight)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, len(list), tree.parts)
		require.Equal(t, list[want], tree.room(got))
	}
	require.ErrorIs(t, tree.take(mostParts, 1), ErrOption)
}

// TestSplitBreaksOff has the files fail at every byte: the error is the file's.
func TestSplitBreaksOff(t *testing.T) {
	data := wimtest.FixtureBytes(t, "solid-lzx-32k.esd")
	r, err := NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	s, err := r.newSplitting([]SplitOption{WithIntegrityTable(true), WithWorkers(1)})
	require.NoError(t, err)
	layouts, err := s.begin(t.Context(), "", 20_000)
	require.NoError(t, err)
	require.Len(t, layouts, 2)
	step := 199
	if testing.Short() {
		step *= 10
	}
	for _, l := range layouts {
		for room := 0; room < int(l.size); room += step {
			require.ErrorIs(t, s.write(t.Context(), &breakingFile{room: room}, l), errBroken, "room for %d bytes", room)
		}
	}
}
