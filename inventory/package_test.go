package inventory

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPackageSetIsBounded(t *testing.T) {
	var s packageSet
	for n := range maxPackages {
		require.NotNil(t, s.add(Identity{Name: "a", Version: fmt.Sprint(n)}))
	}
	require.Nil(t, s.add(Identity{Name: "a", Version: "x"}))
	require.NotNil(t, s.add(Identity{Name: "A", Version: "5"})) // is there already
	require.Equal(t, 1, s.refused)
}

func TestCompareVersions(t *testing.T) {
	sorted := []string{"", "1", "1.0", "1.2", "1.10", "1.10.0.1", "2.0", "18362.1139.1.6", "18362.10000.1.6", "99999999999999999999.1"}
	for i, a := range sorted {
		for j, b := range sorted {
			require.Equal(t, i < j, compareVersions(a, b) < 0, "%s %s", a, b)
			require.Equal(t, i == j, compareVersions(a, b) == 0, "%s %s", a, b)
		}
	}
	require.Zero(t, compareVersions("01.2", "1.02"))
}
