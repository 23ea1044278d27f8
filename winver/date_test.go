package winver_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

func TestDate(t *testing.T) {
	d := day(t, "2020-10-13")
	require.Equal(t, winver.Date{Year: 2020, Month: time.October, Day: 13}, d)
	require.Equal(t, d, winver.DateOf(time.Date(2020, 10, 13, 23, 59, 59, 0, time.UTC)))
	require.Equal(t, "2020-10-13", d.String())
	require.Equal(t, "", winver.Date{}.String())
	require.True(t, winver.Date{}.IsZero())

	order := []string{"2019-12-31", "2020-01-01", "2020-01-02", "2020-02-01", "2021-01-01"}
	for i := range order[1:] {
		a, b := day(t, order[i]), day(t, order[i+1])
		require.Equal(t, -1, a.Compare(b))
		require.Equal(t, +1, b.Compare(a))
		require.Equal(t, 0, a.Compare(a))
	}
	for _, text := range []string{"", "2020-10", "2020-02-30", "13.10.2020", "0000-01-01", "2020-10-13 ", "20201013"} {
		_, err := winver.ParseDate(text)
		require.Error(t, err, text)
	}
}

func TestUpdateJSON(t *testing.T) {
	update, ok := winver.DefaultTable().Update(version(t, "14393.187"))
	require.True(t, ok)
	text, err := json.Marshal(update)
	require.NoError(t, err)
	require.JSONEq(t, `{"version": "10.0.14393.187", "kb": "KB3193494", "released": "2016-09-20", "kind": "security",
		"alternatives": [{"kb": "KB3189866", "released": "2016-09-13", "kind": "security"}]}`, string(text))
	var back winver.Update
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, update, back)

	for _, text := range []string{`{"kb": "KB"}`, `{"kb": "KB0"}`, `{"kb": "KB+1"}`, `{"released": "tomorrow"}`, `{"kind": "B"}`} {
		require.Error(t, json.Unmarshal([]byte(text), &back), text)
	}
	require.NoError(t, json.Unmarshal([]byte(`{"kb": "", "released": "", "kind": ""}`), &back))
	require.Zero(t, back.KB)
	require.Zero(t, back.Released)
	require.Zero(t, back.Kind)
}

func TestKindNames(t *testing.T) {
	for kind, want := range map[winver.Kind]string{
		winver.KindUnknown: "", winver.KindRelease: "release", winver.KindSecurity: "security", winver.KindPreview: "preview",
		winver.KindOutOfBand: "out-of-band", winver.KindHotpatch: "hotpatch", 200: "kind 200",
	} {
		require.Equal(t, want, kind.String())
	}
}
