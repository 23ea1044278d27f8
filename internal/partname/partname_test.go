package partname

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStem(t *testing.T) {
	for name, want := range map[string]string{
		"install.swm": "install.swm", "Install2.SWM": "install.swm", "install10.swm": "install.swm",
		"Reconstruct.WIM": "reconstruct.wim", "Reconstruct.WIM2": "reconstruct.wim", "other.swm": "other.swm", "7": "", "": "",
	} {
		require.Equal(t, want, Stem(name), name)
	}
}

// The names are those of the parts that DISM and a recovery drive make.
func TestNames(t *testing.T) {
	require.Equal(t, "a.b/install.swm", Of("a.b/install.swm", 1))
	require.Equal(t, "a.b/install12.swm", Of("a.b/install.swm", 12))
	for _, c := range []struct {
		name        string
		own, number int
		want        []string
	}{
		{"install.swm", 1, 2, []string{"install2.swm"}},
		{"install2.swm", 2, 1, []string{"install.swm"}},
		{"install2.swm", 2, 13, []string{"install13.swm"}},
		{"/x/Reconstruct.WIM", 1, 2, []string{"/x/Reconstruct2.WIM", "/x/Reconstruct.WIM2"}},
		{"/x/Reconstruct.WIM2", 2, 1, []string{"/x/Reconstruct.WIM"}},
		{"/x/Reconstruct.WIM2", 2, 3, []string{"/x/Reconstruct.WIM3"}},
		{"other.swm", 2, 1, nil},
		{"install3.swm", 2, 1, nil},
	} {
		require.Equal(t, c.want, Others(c.name, c.own, c.number), c.name)
	}
}
