package wim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// modelImage is what is known of an image of the file under test.
type modelImage struct {
	name, description string
	contents          []string
	added             string // content of a file that was added to the tree
	fresh             bool   // it was not written yet
	boot              bool
}

// addedFile is the file that is added to images.
const addedFile = "added by the model"

// TestUpdatesLikeModel changes a file at random, again and again, and compares
// it after each change with what it then ought to hold.
func TestUpdatesLikeModel(t *testing.T) {
	sequences, steps := 4, 25
	if testing.Short() {
		sequences, steps = 2, 8
	}
	pool := openBytes(t, madeFile(100, 12))
	contents := withoutEmpty(contentsOf(t, pool))
	for seed := range sequences {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 3))
			file := filepath.Join(t.TempDir(), "model.wim")
			codec := []wim.Compression{wim.CompressionNone, wim.CompressionXPRESS, wim.CompressionLZX}[seed%3]
			w := newWriter(t, wim.WithCompression(codec), wim.WithIntegrityTable(seed%2 == 1))
			require.NoError(t, w.Export(pool.Images[0]))
			require.NoError(t, w.Images()[0].Set("NAME", "first"))
			_, err := w.WriteFile(t.Context(), file)
			require.NoError(t, err)
			model := []*modelImage{{name: "first", contents: contents[0]}}
			requireModel(t, file, model, false)
			made := 0
			for range steps {
				before, err := os.ReadFile(file)
				require.NoError(t, err)
				u, err := wim.OpenUpdate(file)
				require.NoError(t, err)
				next := cloneModel(model)
				taken := false // a name
				for range 1 + random.IntN(3) {
					i := random.IntN(len(next))
					switch random.IntN(7) {
					case 0, 1:
						from := random.IntN(len(contents))
						image := &modelImage{name: fmt.Sprint("image & ", made), contents: contents[from], fresh: true}
						made++
						if random.IntN(10) == 0 {
							image.name = next[i].name
							taken = true
						}
						if random.IntN(2) == 0 {
							require.NoError(t, u.Export(pool.Images[from]))
						} else {
							_, err := u.Capture(t.Context(), imageFS(t, pool, from+1))
							require.NoError(t, err)
						}
						added := u.Images()[len(next)]
						require.NoError(t, added.Set("NAME", image.name))
						require.NoError(t, added.Set("DESCRIPTION", ""))
						next = append(next, image)
					case 2:
						if len(next) > 1 && !taken {
							u.Delete(u.Images()[i])
							next = slices.Delete(next, i, i+1)
						}
					case 3:
						next[i].description = fmt.Sprint("<described> ", random.Uint32())
						require.NoError(t, u.Images()[i].Set("DESCRIPTION", next[i].description))
					case 4:
						u.SetBoot(u.Images()[i])
						for k := range next {
							next[k].boot = k == i
						}
					case 6:
						if next[i].fresh {
							continue // one that was captured cannot be edited yet
						}
						e, err := u.Images()[i].Edit()
						require.NoError(t, err)
						content := fmt.Sprint("content ", random.Uint32())
						require.NoError(t, e.WriteFile(addedFile, []byte(content)))
						next[i].added = content
					case 5:
						u.SetBoot(nil)
						for k := range next {
							next[k].boot = false
						}
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				rebuild, cancelled := random.IntN(3) == 0, random.IntN(10) == 0
				if cancelled {
					cancel()
				}
				if rebuild {
					_, err = u.Rebuild(ctx)
				} else {
					_, err = u.Commit(ctx)
				}
				cancel()
				switch {
				case taken:
					require.ErrorIs(t, err, wim.ErrNameTaken)
				case cancelled:
					require.ErrorIs(t, err, context.Canceled)
				default:
					require.NoError(t, err)
					model = next
				}
				if err != nil {
					after, err := os.ReadFile(file)
					require.NoError(t, err)
					require.Equal(t, before, after, "the file is as it was")
				}
				requireModel(t, file, model, !rebuild)
				requireOnly(t, file)
			}
			if !testing.Short() {
				needsWimlib(t)
				mustWimlib(t, "verify", file)
			}
		})
	}
}

func cloneModel(model []*modelImage) (c []*modelImage) {
	for _, image := range model {
		copied := *image
		copied.fresh = false
		c = append(c, &copied)
	}
	return c
}

func requireModel(t *testing.T, file string, model []*modelImage, appended bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	requireInvariants(t, data, appended)
	requireClean(t, data)
	r := openBytes(t, data)
	require.Len(t, r.Images, len(model))
	boot := 0
	for i, want := range model {
		image := r.Images[i]
		require.Equal(t, want.name, image.Info.Name)
		require.Equal(t, want.description, image.Info.Description)
		added := ""
		if tree, err := image.FS(); want.added != "" {
			require.NoError(t, err)
			data, err := tree.ReadFile(addedFile)
			require.NoError(t, err)
			added = string(data)
		}
		require.Equal(t, want.added, added)
		contents := slices.DeleteFunc(contentsOfImage(t, image), func(line string) bool {
			return strings.HasPrefix(line, fmt.Sprintf("%q ", addedFile))
		})
		require.Equal(t, want.contents, withoutEmpty([][]string{contents})[0])
		if want.boot {
			boot = i + 1
		}
	}
	require.Equal(t, boot, r.Header.BootIndex)
}

// requireOnly checks that a file is alone in its directory.
func requireOnly(t *testing.T, file string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, filepath.Base(file), entries[0].Name())
}
