package lzx_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// wimOf makes a WIM of contents, all of whose chunks are ours.
func wimOf(t *testing.T, window, level int, contents [][]byte) []byte {
	t.Helper()
	e := newEncoder(t, window, level)
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, uint32(window))
	root := &wimtest.Dentry{Attributes: wimtest.AttributeDirectory, SecurityID: -1}
	dst := make([]byte, window)
	for i, content := range contents {
		stored := wimtest.Chunked{USize: uint64(len(content))}
		for _, chunk := range wimtest.Split(content, window) {
			if n := e.Encode(dst, chunk); n > 0 {
				chunk = bytes.Clone(dst[:n])
			}
			stored.Chunks = append(stored.Chunks, chunk)
		}
		hash := w.AddStored(stored.Bytes(), content, wimtest.ResourceCompressed)
		root.Children = append(root.Children, &wimtest.Dentry{
			Name: fmt.Sprint(i), Attributes: wimtest.AttributeArchive, SecurityID: -1, Hash: hash,
		})
	}
	w.AddImage(&wimtest.Metadata{Root: root})
	return w.Bytes()
}

// requireOthers has other programs test a WIM: 7-Zip wants more of a chunk's
// end and of its codes than wimlib does.
func requireOthers(t *testing.T, file string) {
	t.Helper()
	found := false
	for _, command := range [][]string{{"7zz", "t"}, {"wimlib-imagex", "verify"}} {
		program, err := exec.LookPath(command[0])
		if err != nil {
			continue
		}
		found = true
		output, err := exec.Command(program, append(command[1:], file)...).CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	if !found {
		t.Skip("neither 7zz nor wimlib-imagex is there")
	}
}

func TestOthersReadChunks(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for _, window := range []int{1 << 15, 1 << 16, 1 << 21} {
		for _, level := range []int{1, 20, 30, 50, 100} {
			if testing.Short() && (window > 1<<15 || level == 30) {
				continue
			}
			t.Run(fmt.Sprintf("window %d, level %d", window, level), func(t *testing.T) {
				var all [][]byte
				add := func(content []byte) {
					content = append([]byte(fmt.Sprint(len(all), ":")), content...) // no two are the same
					all = append(all, content)
				}
				for _, content := range contents {
					add(content.make(random, window))
					for range 25 {
						add(content.make(random, 1+random.IntN(1000)))
					}
				}
				for _, content := range edges(window) {
					add(content)
				}
				file := filepath.Join(t.TempDir(), "test.wim")
				require.NoError(t, os.WriteFile(file, wimOf(t, window, level, all), 0o666))
				requireOthers(t, file)
			})
		}
	}
}

// edges are chunks where an encoder that is a little wrong writes what readers
// reject.
func edges(window int) [][]byte {
	random := rand.New(rand.NewPCG(13, 14))
	noise := randomBytes(random, window, 256)
	far := func(length int) []byte { // the chunk ends as it starts
		out := bytes.Repeat([]byte{7}, window)
		copy(out, noise[:length])
		copy(out[window-length:], noise)
		return out
	}
	all := [][]byte{far(2), far(3), far(4), far(5)}
	for _, length := range []int{8, 9, 10, 256, 257, 258, 259, 514, 515, 516, 520} {
		// Matches of just that length, after which one byte differs.
		var out []byte
		for i := 0; len(out)+length < window && i < 30; i++ {
			out = append(append(out, noise[:length]...), byte(i))
		}
		all = append(all, out)
	}
	// Repeats of three offsets in turn.
	var out []byte
	for i := range window / 8 {
		out = append(out, noise[i%3*100:][:7]...)
		out = append(out, noise[i])
	}
	return append(all, out[:window])
}

func TestEncodeEdges(t *testing.T) {
	for _, window := range []int{1 << 15, 1 << 16} {
		d := newDecoder(t, window)
		for _, level := range levels {
			e := newEncoder(t, window, level)
			for _, src := range edges(window) {
				roundTrip(t, e, d, src)
			}
		}
	}
}

// The chunk is stored as it is where it does not get smaller: not translated.
func TestEncodeLeavesCalls(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	src := randomBytes(random, 1<<15, 256)
	for i := 0; i < len(src)-5; i += 2000 {
		copy(src[i:], "\xe8\x00\x01\x00\x00")
	}
	given := bytes.Clone(src)
	for _, level := range levels {
		require.Zero(t, newEncoder(t, 1<<15, level).Encode(make([]byte, len(src)), given))
		require.True(t, bytes.Equal(src, given))
	}
}
