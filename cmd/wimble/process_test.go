//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// asProgram is the environment variable that makes the test binary be wimble.
const asProgram = "WIMBLE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is wimble as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// A reader that goes away, such as head, ends the program as it ends others: by
// SIGPIPE, and without a word.
func TestProgramWithBrokenPipe(t *testing.T) {
	for _, args := range [][]string{
		{"ls", "-R", "--json", fixture(t, "install.wim"), "1"}, {"cat", fixture(t, "lzx-2m.wim"), "1", "two-whole-chunks.bin"},
		{"info", fixture(t, "install.wim")}, {"verify", fixture(t, "none.wim")},
	} {
		cmd := program(t, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		reader, writer, err := os.Pipe()
		require.NoError(t, err)
		cmd.Stdout = writer
		require.NoError(t, reader.Close())
		require.NoError(t, cmd.Start())
		require.NoError(t, writer.Close())
		err = cmd.Wait()
		require.Empty(t, stderr.String(), "%v", args)
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%v", args)
		status := exit.Sys().(syscall.WaitStatus)
		require.True(t, status.Signaled(), "%v: %v", args, exit)
		require.Equal(t, syscall.SIGPIPE, status.Signal())
	}
}

// The same in the middle of the output.
func TestProgramWithPipeThatBreaks(t *testing.T) {
	cmd := program(t, "cat", fixture(t, "lzx-2m.wim"), "1", "two-whole-chunks.bin")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = bufio.NewReaderSize(stdout, 16).ReadByte()
	require.NoError(t, err)
	require.NoError(t, stdout.Close())
	require.Error(t, cmd.Wait())
	require.Empty(t, stderr.String())
}

// A pipe has no size and no place to seek to. It is refused, not waited for.
func TestFileThatIsAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.wim")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for name, args := range eachCommand(t, pipe) {
		require.Equal(t, "open "+pipe+": not a regular file", fails(t, args...), name)
	}
}

// Nor is a table read from one.
func TestTableThatIsAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "table")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.Equal(t, "open "+pipe+": not a regular file", fails(t, "updates", "10.0.18362.1", "--table", pipe))
}

// Whichever signal ends it, the program leaves no temporary file.
func TestSignalsLeaveNothing(t *testing.T) {
	content := make([]byte, 64<<20)
	w := wimtest.NewWIM()
	for i := range 4 {
		content[0] = byte(i)
		w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("large", w.AddBlob(content)))})
	}
	file := writeFile(t, "large.wim", w.Bytes())
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		dir := t.TempDir()
		cmd := program(t, "tar", file, "1", "-o", filepath.Join(dir, "out.tar.zst"))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			entries, err := os.ReadDir(dir)
			return err == nil && len(entries) > 0
		}, time.Minute, time.Millisecond)
		require.NoError(t, cmd.Process.Signal(signal))
		err := cmd.Wait()
		entries, readErr := os.ReadDir(dir)
		require.NoError(t, readErr)
		if err == nil { // it was done before the signal came
			require.Len(t, entries, 1)
			require.Equal(t, "out.tar.zst", entries[0].Name())
			continue
		}
		require.Empty(t, entries, "%v", signal)
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v: %s", signal, stderr.String())
	}
}

func TestProgramExitStatus(t *testing.T) {
	for want, args := range map[int][]string{0: {"verify", fixture(t, "none.wim")}, 1: {"verify", os.DevNull}, 2: {"verify"}} {
		cmd := program(t, args...)
		err := cmd.Run()
		require.Equal(t, want, cmd.ProcessState.ExitCode(), "%v: %v", args, err)
	}
}

// Ctrl-C is how a watch ends, and no failure.
func TestInterruptedWatch(t *testing.T) {
	cmd := program(t, "info", "--watch", fixture(t, "none.wim"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	for range 2 { // the header, and an image
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait())
	require.Empty(t, stderr.String())
}
