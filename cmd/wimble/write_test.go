package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
)

// writes runs wimble, which has to succeed and to say what it wrote.
func writes(t *testing.T, args ...string) {
	t.Helper()
	stdout, stderr, status := command(args...)
	require.Zero(t, status, stderr)
	require.Empty(t, stdout)
	require.Regexp(t, `: (1 image|[\d,]+ images), (1 content|[\d,]+ contents), `, stderr)
}

// names returns the names of a file's images, as info --json has them, and the
// boot index.
func names(t *testing.T, file string) (list []string, boot int) {
	t.Helper()
	var info struct {
		BootIndex int `json:"boot_index"`
		Images    []struct{ Name string }
	}
	require.NoError(t, json.Unmarshal([]byte(works(t, "info", "--json", file)), &info))
	for _, image := range info.Images {
		list = append(list, image.Name)
	}
	return list, info.BootIndex
}

func TestExportDeleteSetOptimize(t *testing.T) {
	source := fixture(t, "multi.wim")
	all, boot := names(t, source)
	require.Greater(t, len(all), 2)
	out := filepath.Join(t.TempDir(), "out.wim")

	writes(t, "export", source, "2", out, "--name", "one", "--description", "d & e", "--boot", "--check")
	list, index := names(t, out)
	require.Equal(t, []string{"one"}, list)
	require.Equal(t, 1, index)
	works(t, "verify", out)

	writes(t, "export", source, all[0], out)
	list, _ = names(t, out)
	require.Equal(t, []string{"one", all[0]}, list)
	require.Contains(t, fails(t, "export", source, all[0], out), "give it another name")
	works(t, "verify", out)

	writes(t, "set", out, "2", "NAME=two", "FLAGS=Professional", "WINDOWS/LANGUAGES/LANGUAGE[1]=de-DE", "--boot", "0")
	list, index = names(t, out)
	require.Equal(t, []string{"one", "two"}, list)
	require.Zero(t, index)
	works(t, "verify", out)
	require.Contains(t, fails(t, "set", out, "2", "A/B[3]=x"), "the next one is number 1")
	require.Contains(t, fails(t, "set", out, "NAME=x"), "name one")

	writes(t, "delete", out, "one", "--soft")
	list, _ = names(t, out)
	require.Equal(t, []string{"two"}, list)
	before, err := os.Stat(out)
	require.NoError(t, err)
	writes(t, "optimize", out, "--compress", "fast")
	after, err := os.Stat(out)
	require.NoError(t, err)
	require.Less(t, after.Size(), before.Size())
	works(t, "verify", out)

	whole := filepath.Join(t.TempDir(), "all.wim")
	writes(t, "export", source, "all", whole, "--boot")
	list, index = names(t, whole)
	require.Equal(t, all, list)
	require.Equal(t, boot, index)
	for _, image := range []string{"1", "3"} {
		require.Equal(t, works(t, "ls", "-R", "--json", source, image), works(t, "ls", "-R", "--json", whole, image))
	}
}

// copyOf returns a copy of a file that a test may change.
func copyOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return writeFile(t, "copy.wim", data)
}

func TestWritingRefuses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.wim")
	source := fixture(t, "multi.wim")
	delta := copyOf(t, fixture(t, "delta.wim"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"export", fixture(t, "split.swm"), "7", out}, "there is no image 7"},
		{[]string{"export", fixture(t, "delta.wim"), "1", out}, "needs the file that it was made against"},
		{[]string{"export", source, "1", filepath.Join(dir, "no", "out.wim")}, "no"},
		{[]string{"export", source, "all", out, "--name", "x"}, "for one image"},
		{[]string{"delete", fixture(t, "split.swm"), "1"}, "join the set"},
		{[]string{"set", filepath.Join(dir, "nothing.wim"), "NAME=x"}, "nothing.wim"},
		{[]string{"export", source, "1", dir}, "not a regular file"},
		{[]string{"export", source, "1", out, "--chunk-size", "5000"}, "not a power of two"},
		{[]string{"delete", copyOf(t, fixture(t, "xpress-32k.wim")), "1"}, "no image to write"},
		{[]string{"optimize", delta}, delta + ": image 1: "},
		{[]string{"rm", delta, "1", "one-byte.bin"}, "made against: --ref FILE names it"},
		{[]string{"set", copyOf(t, fixture(t, "pipable-none.wim")), "NAME=x"}, "write the file anew, with wimble optimize"},
	} {
		require.Contains(t, fails(t, c.args...), c.want)
		list, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, list, "%v leaves nothing", c.args)
	}
	_, stderr, status := command("export", source, "1", out, "--compress", "zip")
	require.Equal(t, exitUsage, status, stderr)
}

// TestKilledWriters kills wimble at random moments. What was there stays whole,
// and the next run succeeds.
func TestKilledWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills programs")
	}
	program := filepath.Join(t.TempDir(), "wimble")
	output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	dir := t.TempDir()
	file := filepath.Join(dir, "file.wim")
	original := wimtest.FixtureBytes(t, "multi.wim")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		require.NoError(t, os.WriteFile(file, original, 0o666))
		args := [][]string{
			{"export", fixture(t, "lzx-2m.wim"), "1", file, "--name", "added"},
			{"optimize", file, "--compress", "max", "--recompress"},
			{"delete", file, "1"},
			{"set", file, "1", "NAME=other"},
		}[i%4]
		cmd := exec.Command(program, args...)
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()

		works(t, "verify", file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		list, _ := names(t, file)
		if strings.Join(list, " ") == "first second third fourth" && args[0] != "optimize" {
			require.True(t, bytes.HasPrefix(data, original), "%v", args)
		}
		_, stderr, status := command("set", file, "1", "DESCRIPTION=afterwards")
		require.Zero(t, status, stderr)
		works(t, "verify", file)
	}
}

// TestWritingSays looks at what people are told, of one thing and of many.
func TestWritingSays(t *testing.T) {
	file := copyOf(t, fixture(t, "xpress-32k.wim"))
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	contents := 0
	for range r.Blobs() {
		contents++
	}
	require.NoError(t, r.Close())
	_, stderr, status := command("set", file, "DESCRIPTION=new")
	require.Zero(t, status)
	require.Contains(t, stderr, fmt.Sprintf(": 1 image, %d contents, 0 copied, 0 compressed; ", contents))
	require.Contains(t, works(t, "export", "--help"), "--compress CODEC ")

	dir := t.TempDir()
	link := filepath.Join(dir, "link.wim")
	if err := os.Symlink("nowhere", link); err == nil {
		require.Contains(t, fails(t, "export", file, "1", link), link+": a link to nowhere: ")
	}
	require.Contains(t, fails(t, "put", file, "1", file, "/a:b:c"), `/a:b, which is to get the stream "c": file does not exist`)
}

// TestExportImageNamedAll has an image that is named as all are.
func TestExportImageNamedAll(t *testing.T) {
	source, dir := copyOf(t, fixture(t, "multi.wim")), t.TempDir()
	out := filepath.Join(dir, "all.wim")
	writes(t, "export", source, "all", out)
	list, _ := names(t, out)
	require.Len(t, list, 4)

	writes(t, "set", source, "3", "NAME=all")
	out = filepath.Join(dir, "one.wim")
	writes(t, "export", source, "all", out)
	list, _ = names(t, out)
	require.Equal(t, []string{"all"}, list)

	lzms := copyOf(t, fixture(t, "install.esd"))
	require.Contains(t, fails(t, "export", source, "1", lzms), "LZMS cannot be written: wim: unsupported; write the file anew as LZX, with wimble optimize --compress lzx")
}

// TestExportIntoADelta: --ref is also for what the file lacks that is added to.
func TestExportIntoADelta(t *testing.T) {
	delta := copyOf(t, fixture(t, "delta.wim"))
	base := fixture(t, wimtest.FixtureReference("delta.wim"))
	require.Contains(t, fails(t, "export", base, "1", delta, "--name", "new"), delta+": image 1: ")
	writes(t, "export", base, "1", delta, "--name", "new", "--ref", base)
	require.Contains(t, works(t, "verify", delta), "missing blobs: 0; problems: 0")
}
