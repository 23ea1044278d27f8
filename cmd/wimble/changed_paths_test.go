package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A variable of a script that is not set empties no image.
func TestChangeOfTheRootIsSaid(t *testing.T) {
	source, err := os.ReadFile(fixture(t, "none.wim"))
	require.NoError(t, err)
	file := writeFile(t, "none.wim", source)
	for _, args := range [][]string{
		{"rm", "-r", file, "1", ""}, {"rm", "-r", file, "1", "/links/.."}, {"rm", "-rf", file, "1", `C:\links\..`}, {"rm", "-r", file, "1", "."},
		{"put", file, "1", fixture(t, "README.md"), ""}, {"mv", file, "1", "readme.txt", ""}, {"mv", file, "1", "", "x"},
		{"update", file, "1", "delete --recursive /links/.."}, {"update", file, "1", "delete --recursive ''"},
	} {
		_, stderr, status := command(args...)
		require.Equal(t, exitUsage, status, stderr)
		now, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, source, now, "%q", args)
	}
	for _, root := range []string{"/", `\`, "C:", `C:\`, "c:/"} {
		require.NoError(t, checkChanged(root), root)
	}
}

// What begins elsewhere in a file is not changed as if it began there.
func TestChangeWithOffset(t *testing.T) {
	source, err := os.ReadFile(fixture(t, "none.wim"))
	require.NoError(t, err)
	two := append(append([]byte(nil), source...), source...)
	file := writeFile(t, "two.wim", two)
	for _, args := range [][]string{{"set", file, "1", "NAME=x"}, {"optimize", file}, {"delete", file, "1"}, {"rm", file, "1", "readme.txt"}} {
		fails(t, append(args, "--offset", "13957")...)
		now, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, two, now, "%q", args)
	}
}
