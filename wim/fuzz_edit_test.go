package wim

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzEdit reads any bytes as metadata, changes the tree as further bytes say,
// and writes its metadata. What a reader makes of that is the tree that was
// written, and what was not changed is as it was.
func FuzzEdit(f *testing.F) {
	for _, w := range craftedSeeds() {
		data := w.Bytes()
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		require.NoError(f, err)
		for _, image := range r.Images {
			if tree, err := image.FS(); err == nil {
				f.Add(tree.meta.raw, []byte{0, 1, 1, 2, 2, 3, 3, 1, 4, 0, 5, 2})
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw, changes []byte) {
		if len(raw) > 1<<16 || len(changes) > 200 {
			return
		}
		meta, err := parseMetadata(raw)
		if err != nil {
			return
		}
		w, err := NewWriter(WithGUID(GUID{1}))
		require.NoError(t, err)
		e, err := newEdit(newFS(emptyReader(), meta), w)
		if err != nil {
			return // something would be lost
		}
		e.image = new(WriterImage)
		for pair := range slices.Chunk(changes, 2) {
			all := slices.Collect(e.all)
			pick := func(b byte) string { return e.pathOf(all[int(b)%len(all)]) }
			a := pick(pair[len(pair)-1])
			switch pair[0] % 6 {
			case 0:
				e.WriteFile(a, []byte("content"))
			case 1:
				e.WriteFile(a+"/new", nil)
			case 2:
				e.Remove(a)
			case 3:
				e.Rename(a, pick(pair[0])+"/Moved")
			case 4:
				e.Rename(a, pick(pair[0]))
			case 5:
				e.SetStream(a, fmt.Sprint("stream ", pair[0]), []byte("content of a stream"))
			}
		}
		if e.checkPaths() != nil {
			return
		}
		written, err := e.appendMetadata(nil)
		require.NoError(t, err)
		again, err := parseMetadata(written)
		require.NoError(t, err)
		reread, err := newEdit(newFS(emptyReader(), again), w)
		require.NoError(t, err)
		require.Equal(t, describeEdit(e), describeEdit(reread))
	})
}

// describeEdit lists all that a tree has.
func describeEdit(e *Edit) []string {
	var list []string
	path := map[int32]string{}
	for i := range e.all {
		if i == 0 && !e.stored(0) && e.base.meta.nodes[0].dentry < 0 {
			continue
		}
		d := e.dentry(i)
		path[i] = fmt.Sprintf("%s/%x", path[e.nodes[i].parent], d.Name)
		items, rest := d.Items()
		line := fmt.Sprintf("%s %x %x %d %d %d %d %d %d %x %v %x", path[i], d.ShortName, d.Attributes, d.SecurityID, d.CreationTime,
			d.LastAccessTime, d.LastWriteTime, d.Link, d.Unused, d.Unknown, items, rest)
		s := e.streamsOf(i)
		line += fmt.Sprintf(" %v %v %v %v", s.hasData, s.data.sha1(), s.hasReparse, s.reparse.sha1())
		for _, n := range s.named {
			line += fmt.Sprintf(" %x %v", n.name, n.sha1())
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}
