//go:build !386 && !arm && !mips && !mipsle

package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

// mounted is a running 'wimble mount'.
type mounted struct {
	*exec.Cmd
	dir    string
	stderr string // the file with what it said
}

// said is what it said.
func (m *mounted) said(t *testing.T) string {
	text, err := os.ReadFile(m.stderr)
	require.NoError(t, err)
	return string(text)
}

// mountAt mounts in a process of its own: to use a FUSE file system from the
// process that serves it can end in a deadlock.
func mountAt(t *testing.T, dir string, args ...string) *mounted {
	t.Helper()
	if device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skip("FUSE cannot be used here: ", err)
	} else {
		device.Close()
	}
	if _, err := exec.LookPath("fusermount3"); err != nil && os.Getuid() != 0 {
		t.Skip("FUSE cannot be used here: not root, and no fusermount3")
	}
	m := &mounted{dir: dir, stderr: filepath.Join(t.TempDir(), "stderr")}
	stderr, err := os.Create(m.stderr)
	require.NoError(t, err)
	defer stderr.Close()
	m.Cmd = program(t, append(append([]string{"mount"}, args...), dir)...)
	m.Stderr = stderr
	require.NoError(t, m.Start())
	t.Cleanup(func() {
		syscall.Unmount(dir, syscall.MNT_DETACH)
		m.Process.Kill()
		m.Wait()
	})
	require.Eventually(t, func() bool { return strings.Contains(m.said(t), "is mounted at") }, time.Minute, time.Millisecond)
	require.True(t, isMountPoint(t, dir))
	return m
}

func isMountPoint(t *testing.T, dir string) bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	return strings.Contains(string(mounts), " "+dir+" fuse.wimble ro,")
}

// findTree lists what is below a directory, as find(1) sees it: type, permissions,
// size, names of a file, time of modification, and where a link leads.
func findTree(t *testing.T, dir string) []string {
	t.Helper()
	find := exec.Command("find", ".", "-type", "d", "-printf", "%P %y %m %T@\n", "-o", "-printf", "%P %y %m %s %n %T@ %l\n")
	find.Dir = dir
	out, err := find.CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines := strings.Split(string(out), "\n")
	slices.Sort(lines)
	return lines
}

// What is mounted is what wimlib writes out.
func TestMountIsWhatWimlibApplies(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts in other processes")
	}
	if _, err := exec.LookPath("wimlib-imagex"); err != nil {
		t.Skip("wimlib-imagex is not installed")
	}
	for _, name := range []string{"unix.wim", "install.esd", "lzx-2m.wim", "solid-lzms.esd"} {
		t.Run(name, func(t *testing.T) {
			applied := t.TempDir()
			out, err := exec.Command("wimlib-imagex", "apply", fixture(t, name), "1", applied, "--unix-data").CombinedOutput()
			require.NoError(t, err, "%s", out)
			m := mountAt(t, t.TempDir(), fixture(t, name), "1")
			// wimlib makes absolute links lead into the folder; here they are relative.
			absolute := func(line string) bool { return strings.HasPrefix(line, "links/absolute") }
			require.Equal(t, slices.DeleteFunc(findTree(t, applied), absolute), slices.DeleteFunc(findTree(t, m.dir), absolute))
			for link, want := range map[string]string{"links/absolute-inside": "../readme.txt", "links/absolute-outside": "../outside/of/the/tree"} {
				if target, err := os.Readlink(filepath.Join(m.dir, link)); err == nil {
					require.Equal(t, want, target)
					require.NoError(t, os.Remove(filepath.Join(applied, link)))
					require.NoError(t, os.Symlink(want, filepath.Join(applied, link)))
				}
			}
			if name == "unix.wim" {
				return // to diff(1), devices are never the same
			}
			out, err = exec.Command("diff", "-r", "--no-dereference", applied, m.dir).CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}

// What has no place elsewhere is in extended attributes, as ntfs-3g has them.
func TestMountExtendedAttributes(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts in other processes")
	}
	file := fixture(t, "ntfs.wim")
	m := mountAt(t, t.TempDir(), file)
	r, err := wim.OpenReader(file)
	require.NoError(t, err)
	defer r.Close()
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	get := func(path, name string) []byte {
		value := make([]byte, 64<<10)
		n, err := syscall.Getxattr(filepath.Join(m.dir, path), name, value)
		require.NoError(t, err, "%s %s", path, name)
		return value[:n]
	}
	info, err := tree.Stat("A long file name.txt")
	require.NoError(t, err)
	e := info.Sys().(*wim.Entry)
	require.Equal(t, "ALONGF~1.TXT", string(get("A long file name.txt", "system.ntfs_dos_name")))
	require.Equal(t, e.SecurityDescriptor, get("A long file name.txt", "system.ntfs_acl"))
	times := get("A long file name.txt", "system.ntfs_times")
	require.Len(t, times, 32)
	require.Equal(t, uint64(e.CreationTime), binary.LittleEndian.Uint64(times))
	require.Equal(t, uint64(e.LastWriteTime), binary.LittleEndian.Uint64(times[8:]))
	require.Equal(t, uint64(e.LastAccessTime), binary.LittleEndian.Uint64(times[16:]))
	require.Equal(t, []byte{2, 0, 0, 0}, get("attribute-hidden.txt", "system.ntfs_attrib"))

	for path, streams := range map[string][]string{"streams/both.txt": nil, "streams/only-named.txt": nil} {
		info, err := tree.Stat(path)
		require.NoError(t, err)
		for _, s := range info.Sys().(*wim.Entry).Streams {
			if s.Name != "" {
				streams = append(streams, s.Name)
				value := get(path, "user."+s.Name)
				require.Len(t, value, int(s.Size))
			}
		}
		require.NotEmpty(t, streams)
	}
	_, err = syscall.Getxattr(filepath.Join(m.dir, "plain/file.txt"), "user.none", nil)
	require.ErrorIs(t, err, syscall.ENODATA)
	require.ErrorIs(t, os.WriteFile(filepath.Join(m.dir, "plain/file.txt"), nil, 0o600), syscall.EROFS)
	require.ErrorIs(t, os.Mkdir(filepath.Join(m.dir, "new"), 0o700), syscall.EROFS)
	// Names are found as on Windows.
	content, err := os.ReadFile(filepath.Join(m.dir, "PLAIN/File.TXT"))
	require.NoError(t, err)
	require.NotEmpty(t, content)
}

// All images have a folder each, and files with several names an inode each.
func TestMountAll(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts in other processes")
	}
	m := mountAt(t, t.TempDir(), fixture(t, "install.wim"), "all")
	entries, err := os.ReadDir(m.dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, index := range []string{"1", "2", "3"} {
		_, err := os.Stat(filepath.Join(m.dir, index, "Windows/System32"))
		require.NoError(t, err)
	}
	_, err = os.Stat(filepath.Join(m.dir, "01"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A signal or umount ends it, and so does neither while something is open; and a
// mount whose process was killed can be removed and made again.
func TestMountEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts in other processes")
	}
	dir := t.TempDir()
	m := mountAt(t, dir, fixture(t, "none.wim"))
	require.NoError(t, m.Process.Signal(os.Interrupt))
	require.NoError(t, m.Wait(), "%s", m.stderr)
	require.False(t, isMountPoint(t, dir))

	m = mountAt(t, dir, fixture(t, "none.wim"))
	require.NoError(t, syscall.Unmount(dir, 0))
	require.NoError(t, m.Wait(), "%s", m.stderr)

	m = mountAt(t, dir, fixture(t, "none.wim"))
	open, err := os.Open(filepath.Join(dir, "readme.txt"))
	require.NoError(t, err)
	require.NoError(t, m.Process.Signal(os.Interrupt))
	time.Sleep(100 * time.Millisecond)
	_, err = open.Stat()
	require.NoError(t, err)
	require.NoError(t, open.Close())
	require.NoError(t, m.Wait(), "%s", m.stderr)

	m = mountAt(t, dir, fixture(t, "none.wim"))
	require.NoError(t, m.Process.Kill())
	require.Error(t, m.Wait())
	require.NoError(t, syscall.Unmount(dir, 0))
	mountAt(t, dir, fixture(t, "none.wim"))
	_, err = os.Stat(filepath.Join(dir, "readme.txt"))
	require.NoError(t, err)
}

// Damage is an error of what is read, and of nothing else.
func TestMountDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts in other processes")
	}
	source, err := os.ReadFile(fixture(t, "none.wim"))
	require.NoError(t, err)
	r, err := wim.NewReader(bytes.NewReader(source), int64(len(source)))
	require.NoError(t, err)
	tree, err := r.Images[0].FS()
	require.NoError(t, err)
	content, err := tree.ReadFile("readme.txt")
	require.NoError(t, err)
	at := bytes.Index(source, content)
	require.Positive(t, at)
	source[at] ^= 1

	m := mountAt(t, t.TempDir(), writeFile(t, "damaged.wim", source))
	_, err = os.ReadFile(filepath.Join(m.dir, "readme.txt"))
	require.ErrorIs(t, err, syscall.EIO)
	entries, err := tree.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != "readme.txt" {
			_, err := os.ReadFile(filepath.Join(m.dir, e.Name()))
			require.NoError(t, err, e.Name())
		}
	}
	require.NoError(t, m.Process.Signal(os.Interrupt))
	require.NoError(t, m.Wait())
	require.Contains(t, m.said(t), "readme.txt")
	require.Contains(t, m.said(t), "SHA-1")
}
