package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/wim"
)

func fixtureSeeds(t *testing.T) []*seed {
	t.Helper()
	seeds, err := loadSeeds("../../testdata", t.TempDir())
	require.NoError(t, err)
	require.Greater(t, len(seeds), 30)
	return seeds
}

// TestMutants is a small campaign without other programs.
func TestMutants(t *testing.T) {
	seeds := fixtureSeeds(t)
	references := map[string][]*wim.Reader{}
	for _, s := range seeds {
		var err error
		references[s.reference], err = openReference(s.reference)
		require.NoError(t, err)
		good := examine(&mutant{seed: s, data: s.data()}, references[s.reference])
		require.Empty(t, good.Damage, s.name)
		require.Empty(t, good.Broken, s.name)
		require.NotZero(t, good.Decoded, s.name)
	}
	kindsSeen := map[string]bool{}
	damaged := 0
	for i := range uint64(400) {
		m := mutate(seeds, 7, i)
		require.False(t, bytes.Equal(m.data, m.seed.data()), "%s of %s", m.field, m.seed.name)
		again := mutate(seeds, 7, i)
		require.Equal(t, m.data, again.data, "a mutant follows from its number")
		kindsSeen[m.kind] = true
		f := examine(&m, references[m.seed.reference])
		require.Empty(t, f.Broken, "mutant %d, %s of %s", i, m.field, m.seed.name)
		if len(f.Damage) > 0 {
			damaged++
		}
	}
	require.Greater(t, len(kindsSeen), 10)
	require.Greater(t, damaged, 100)
	require.Less(t, damaged, 350)
}

// TestExamineFindsWhatIsBroken has errors that the examiner has to object to.
func TestExamineFindsWhatIsBroken(t *testing.T) {
	for _, err := range []error{
		errors.New("of no kind"),
		errors.Join(wim.ErrFormat, wim.ErrLimit), // two lines
	} {
		e := examiner{finding: &finding{}}
		e.damage(err)
		require.NotEmpty(t, e.Broken, err)
	}
	e := examiner{finding: &finding{}}
	e.damage(wim.ErrFormat)
	require.Empty(t, e.Broken)
	require.Len(t, e.Damage, 1)
}

// TestLayout compares some of what is found with testdata/expected.
func TestLayout(t *testing.T) {
	for _, s := range fixtureSeeds(t) {
		switch s.name {
		case "none.wim":
			listing, err := os.ReadFile("../../testdata/expected/small.dir.txt")
			require.NoError(t, err)
			dentries := strings.Count(string(listing), "Full Path ")
			found := 0
			for _, f := range s.layout.images[0].fields {
				if f.name == "dentry attributes" {
					found++
				}
			}
			require.Equal(t, dentries, found)
		case "solid-three.esd":
			require.Len(t, s.layout.images, 3)
			require.NotEmpty(t, s.layout.solid)
		}
	}
}

func TestReason(t *testing.T) {
	failed := errors.New("exit status 2")
	for want, output := range map[string]string{
		"Headers Error; Data Error": "ERRORS:\nHeaders Error\n\nERROR: mutant.wim\nERRORS:\nData Error : a/b\n",
		"exit status 2":             "nothing",
		"Q failed verification!":    "[ERROR] \"mutant.wim\" failed verification!\n",
		"The XML data is invalid.":  "[WARNING] odd\nERROR: Exiting with error code 28:\n       The XML data is invalid.\n",
		"There are data after N":    "WARNINGS:\nThere are data after 0x1f\n",
	} {
		require.Equal(t, want, reason([]byte(output), failed))
	}
	require.Equal(t, "signal: killed", reason(nil, errors.New("signal: killed")))
	require.Equal(t, "part N of set G: Q, XML syntax error",
		plain(`part 3 of set 01234567-89ab-cdef-0123-456789abcdef: "name", XML syntax error on line 1: whatever`))
}

// TestKnownNamesTests looks for the tests that known.go names.
func TestKnownNamesTests(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("../../*/*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(data)
	}
	name := regexp.MustCompile(`Test\w+`)
	for _, k := range known {
		for _, test := range name.FindAllString(k.test, -1) {
			require.Contains(t, source.String(), "func "+test+"(", k.why)
		}
	}
}
