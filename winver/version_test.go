package winver_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]winver.Version{
		"10.0.18362.1139": {Major: 10, Build: 18362, UBR: 1139},
		"18362.1139":      {Major: 10, Build: 18362, UBR: 1139},
		"10.0.19045":      {Major: 10, Build: 19045},
		"6.1.7601.17514":  {Major: 6, Minor: 1, Build: 7601, UBR: 17514},
		"7601.17514":      {Major: 6, Minor: 1, Build: 7601, UBR: 17514},
		"9200.16384":      {Major: 6, Minor: 2, Build: 9200, UBR: 16384},
		"9600.17031":      {Major: 6, Minor: 3, Build: 9600, UBR: 17031},
		"6002.18005":      {Major: 6, Build: 6002, UBR: 18005},
		"3790.3959":       {Major: 5, Minor: 2, Build: 3790, UBR: 3959},
		"2600.5512":       {Major: 5, Minor: 1, Build: 2600, UBR: 5512},
		"2195.1":          {Major: 5, Build: 2195, UBR: 1},
	} {
		got, err := winver.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "10", "10.0.18362.1139.1", "10.0.x.1", "10..18362", "-1.0", "+1.0", "18362.", ".1", "10.0.18362.4294967296", " 1.2", "1.2 ", "1,2", "0x1.2", "10.0", "6.1", "2194.1"} {
		_, err := winver.Parse(text)
		require.ErrorIs(t, err, winver.ErrSyntax, text)
	}
}

func TestCompare(t *testing.T) {
	// In ascending order, the way Microsoft's release table lists them.
	order := []string{"6.1.7601.17514", "6.3.9600.17031", "10.0.18362.1", "10.0.18362.1139", "10.0.18363.476", "10.0.22631.2428"}
	for i, a := range order {
		for k, b := range order {
			va, err := winver.Parse(a)
			require.NoError(t, err)
			vb, err := winver.Parse(b)
			require.NoError(t, err)
			want := map[bool]int{i < k: -1, i == k: 0, i > k: 1}[true]
			require.Equal(t, want, va.Compare(vb), "%s, %s", a, b)
		}
	}
}

func TestText(t *testing.T) {
	v := winver.Version{Major: 10, Build: 18362, UBR: 1139}
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, `"10.0.18362.1139"`, string(text))
	var back winver.Version
	require.NoError(t, json.Unmarshal([]byte(`"18362.1139"`), &back))
	require.Equal(t, v, back)
	require.False(t, v.IsZero())
	require.True(t, winver.Version{}.IsZero())
}

func FuzzParse(f *testing.F) {
	f.Add("10.0.18362.1139")
	f.Add("18362.1139")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := winver.Parse(text)
		if err != nil {
			return
		}
		again, err := winver.Parse(v.String())
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}
