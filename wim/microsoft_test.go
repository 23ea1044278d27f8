package wim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// What Microsoft's programs take is known of DISM's own three kinds, none, fast
// and max, of the recovery compression of ESDs, and, from wimlib's
// documentation, that they read LZX in chunks of 32 KiB alone and no pipable
// files.
func TestMicrosoft(t *testing.T) {
	const yes, no, unknown = AcceptanceYes, AcceptanceNo, AcceptanceUnknown
	for file, want := range map[string][2]Acceptance{
		"none.wim": {yes, yes}, "install.wim": {yes, yes}, "xpress-32k.wim": {yes, yes}, "lzx-32k.wim": {yes, yes}, "split.swm": {yes, yes},
		"install.esd": {yes, yes}, "solid-lzms.esd": {yes, yes},
		"lzx-2m.wim": {no, no}, "lzx-64k.wim": {no, no}, "pipable-none.wim": {no, no}, "lzms-32k.wim": {no, no},
		"xpress-4k.wim": {yes, unknown}, "lzms-128k.wim": {yes, unknown},
		"xpress-64k.wim": {unknown, unknown}, "solid-lzx-32k.esd": {unknown, unknown},
		"delta.wim": {yes, no},
	} {
		r, err := OpenReader(wimtest.FixturePath(t, file))
		require.NoError(t, err)
		m := r.Microsoft()
		require.Equal(t, want, [2]Acceptance{m.DISM, m.Setup}, file)
		require.Equal(t, want == [2]Acceptance{yes, yes}, m.Reason == "", "%s: %s", file, m.Reason)
		require.NoError(t, r.Close())
	}
	require.Equal(t, []string{"unknown", "yes", "no", "unknown"}, []string{unknown.String(), yes.String(), no.String(), Acceptance(9).String()})
}
