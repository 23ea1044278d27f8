package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCaptureAppend(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	for name, data := range map[string]string{"a.txt": "hello", "b/c.txt": "hello", "b/d.tmp": "x", "pagefile.sys": "y"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), []byte(data), 0o666))
	}
	out := filepath.Join(dir, "out.wim")
	writes(t, "capture", tree, out, "--description", "d & e", "--flags", "Core", "--exclude", "*.tmp", "--compress", "fast", "--check", "--boot")
	list, boot := names(t, out)
	require.Equal(t, []string{"tree"}, list)
	require.Equal(t, 1, boot)
	works(t, "verify", out)
	require.Equal(t, "hello", works(t, "cat", out, "1", "b/c.txt"))
	require.NotContains(t, works(t, "ls", "-R", out, "1"), ".tmp")
	require.NotContains(t, works(t, "ls", "-R", out, "1"), "pagefile")
	require.Contains(t, works(t, "info", "--xml", out), "<FLAGS>Core</FLAGS>")

	config := filepath.Join(dir, "list.ini")
	require.NoError(t, os.WriteFile(config, []byte("[ExclusionList]\n\\b\n"), 0o666))
	writes(t, "append", tree, out, "--config", config, "--sd", "O:SYG:SYD:(A;;FA;;;WD)", "--update-of", "1")
	writes(t, "append", tree, out, "--name", "third", "--rebuild", "--sd", "none")
	list, _ = names(t, out)
	require.Equal(t, []string{"tree", "tree (2)", "third"}, list)
	works(t, "verify", out)
	require.Contains(t, works(t, "ls", "-R", out, "2"), "pagefile")
	require.Contains(t, works(t, "ls", "-R", out, "third"), "d.tmp")

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"capture", tree, out}, "already exists"},
		{[]string{"capture", filepath.Join(dir, "no"), filepath.Join(dir, "new.wim")}, "no such file"},
		{[]string{"capture", config, filepath.Join(dir, "new.wim")}, "tar"},
		{[]string{"capture", tree, filepath.Join(dir, "new.wim"), "--sd", "x"}, "--sd"},
		{[]string{"capture", tree, filepath.Join(dir, "new.wim"), "--config", out}, "out.wim"},
		{[]string{"append", tree, out, "--name", "third"}, "give it another name"},
		{[]string{"append", tree, out, "--compress", "max"}, "write the file anew"},
		{[]string{"append", tree, out, "--update-of", "9"}, "there is no image 9"},
		{[]string{"append", tree, filepath.Join(dir, "new.wim")}, "no such file"},
	} {
		if runtime.GOOS == "windows" && c.want == "no such file" {
			continue
		}
		require.Contains(t, fails(t, c.args...), c.want)
	}
	noFile(t, filepath.Join(dir, "new.wim"))
}

// What cannot be read is left out, and listed.
func TestCaptureUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names there are UTF-16")
	}
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	require.NoError(t, os.Mkdir(tree, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "good"), nil, 0o666))
	if err := os.WriteFile(filepath.Join(tree, `back\slash`), nil, 0o666); err != nil {
		t.Skip(err)
	}
	out := filepath.Join(dir, "out.wim")
	require.Contains(t, fails(t, "capture", tree, out), "which Windows does not take")
	_, stderr, status := command("capture", tree, out, "--skip-unreadable")
	require.Zero(t, status)
	require.Contains(t, stderr, `left out: back\slash: `)
}
