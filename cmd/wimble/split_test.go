package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSplitJoin(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.swm")
	source := fixture(t, "boot.wim")
	writes(t, "split", source, out, "--size", "12kB", "--check")
	for _, part := range []string{"out.swm", "out2.swm", "out3.swm"} {
		info, err := os.Stat(filepath.Join(dir, part))
		require.NoError(t, err)
		require.LessOrEqual(t, info.Size(), int64(12_000))
	}
	works(t, "verify", out)
	require.Contains(t, fails(t, "split", source, out, "--size", "12kB"), "already exists")

	joined := filepath.Join(dir, "joined.wim")
	writes(t, "join", filepath.Join(dir, "out2.swm"), joined)
	list, boot := names(t, joined)
	require.Len(t, list, 2)
	require.Zero(t, boot)
	writes(t, "join", out, joined, "--boot", list[1], "--no-verify")
	_, boot = names(t, joined)
	require.Equal(t, 2, boot)
	works(t, "verify", joined)
	require.Equal(t, works(t, "ls", "-R", "--json", source, "2"), works(t, "ls", "-R", "--json", joined, "2"))

	// The whole file is smaller than a part.
	for i, flags := range [][]string{nil, {"--fat32"}, {"--size", "3.8GB"}} {
		one := filepath.Join(dir, string(rune('a'+i))+".swm")
		writes(t, append([]string{"split", source, one}, flags...)...)
		works(t, "verify", one)
	}

	_, stderr, status := command("split", fixture(t, "delta.wim"), filepath.Join(dir, "delta.swm"))
	require.Zero(t, status)
	require.Contains(t, stderr, "25 contents are left out")
	writes(t, "split", fixture(t, "delta.wim"), filepath.Join(dir, "whole.swm"), "--ref", fixture(t, "lzx-32k.wim"))
	works(t, "verify", filepath.Join(dir, "whole.swm"))
}

func TestSplitJoinRefuse(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.swm")
	source := fixture(t, "lzx-32k.wim")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"split", source, out, "--size", "1"}, "no room"},
		{[]string{"split", source, out, "--size", "9kB"}, "large/code.dll: its 25024 bytes take 11134"},
		{[]string{"split", source, filepath.Join(dir, "no", "out.swm")}, "no"},
		{[]string{"split", writeFile(t, "split.swm", nil), out}, "208"},
		{[]string{"join", fixture(t, "split.swm"), out, "--boot", "2"}, "there is no image 2"},
		{[]string{"join", copyOf(t, fixture(t, "split2.swm")), out}, "part 1"},
	} {
		require.Contains(t, fails(t, c.args...), c.want)
		list, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, list, "%v leaves nothing", c.args)
	}
	_, _, status := command("split", source, out, "--size", "large")
	require.Equal(t, exitUsage, status)
}

// TestJoinOverAPart: the other parts of a set are nothing without one.
func TestJoinOverAPart(t *testing.T) {
	dir := copies(t, "a.swm=split.swm", "a2.swm=split2.swm", "a3.swm=split3.swm", "other.swm=none.wim")
	first := filepath.Join(dir, "a.swm")
	for i, part := range []string{"a.swm", "a2.swm", "a3.swm"} {
		name := filepath.Join(dir, part)
		require.Equal(t, fmt.Sprintf("%s is part %d of the set, which the other parts need: file already exists; choose another name", name, i+1),
			fails(t, "join", first, name))
	}
	works(t, "verify", first)
	writes(t, "join", first, filepath.Join(dir, "other.swm")) // which is no part
	require.Contains(t, works(t, "ls", filepath.Join(dir, "other.swm")), "readme.txt")
}

// TestKilledSplit kills wimble at random moments. There is no set then, or a
// whole one; part 1 gets its name last. The next run succeeds.
func TestKilledSplit(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills programs")
	}
	program := filepath.Join(t.TempDir(), "wimble")
	output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	dir := t.TempDir()
	out := filepath.Join(dir, "out.swm")
	random := rand.New(rand.NewPCG(20, 3))
	whole := 0
	for range 20 {
		cmd := exec.Command(program, "split", fixture(t, "lzx-32k.wim"), out, "--size", "14000")
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if _, err := os.Stat(out); err == nil {
			works(t, "verify", out)
			whole++
		}
		parts, err := filepath.Glob(filepath.Join(dir, "out*.swm"))
		require.NoError(t, err)
		for _, part := range parts {
			require.NoError(t, os.Remove(part))
		}
		writes(t, "split", fixture(t, "lzx-32k.wim"), out, "--size", "14000")
		works(t, "verify", out)
		for _, part := range []string{"out.swm", "out2.swm", "out3.swm"} {
			os.Remove(filepath.Join(dir, part))
		}
	}
	t.Log(whole, "of 20 were whole")
}
