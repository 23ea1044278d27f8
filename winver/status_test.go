package winver_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// Counts are those of the rows in table/updates.tsv, counted with awk.
func TestStatusLine(t *testing.T) {
	for _, test := range []struct {
		version       string
		edition       winver.Edition
		today         string
		release, line string
	}{
		{"18362.1139", anyEdition, "2026-10-01", "Windows 10 1903/1909 or Windows Server, version 1903/1909",
			"KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10"},
		{"18362.1139", enterprise, "2026-10-01", "Windows 10 1903/1909",
			"KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10"},
		{"18362.1139", professional, "2026-10-01", "Windows 10 1903/1909",
			"KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2021-05-11"},
		// On its last day a release is still in service.
		{"18363.1139", enterprise, "2022-05-10", "Windows 10 1909",
			"KB4577671, 2020-10-13; 19 newer, latest KB5013945 2022-05-10; in service until 2022-05-10"},
		{"18363.1139", enterprise, "2022-05-11", "Windows 10 1909",
			"KB4577671, 2020-10-13; 19 newer, latest KB5013945 2022-05-10; out of service since 2022-05-10"},
		{"18363.2274", enterprise, "2026-10-01", "Windows 10 1909",
			"KB5013945, 2022-05-10; none newer; out of service since 2022-05-10"},
		{"22631.7584", enterprise, "2026-10-01", "Windows 11 23H2",
			"KB5129242, 2026-09-14, out-of-band; none newer as of 2026-09-29; in service until 2026-11-10"},
		{"26200.9445", professional, "2026-10-01", "Windows 11 25H2",
			"KB5124008, 2026-09-08; no monthly update newer, 2 other, latest KB5124010 2026-09-22 (preview); in service until 2027-10-12"},
		{"18362.1140", anyEdition, "2026-10-01", "Windows 10 1903/1909 or Windows Server, version 1903/1909",
			"between KB4577671 2020-10-13 and KB4580386 2020-10-20 (preview); 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10"},
		{"18362.1", professional, "2026-10-01", "Windows 10 1903",
			"before KB4505057 2019-05-21 (out-of-band); 19 newer, latest KB4592449 2020-12-08; out of service since 2020-12-08"},
		{"18363.3000", professional, "2026-10-01", "Windows 10 1909",
			"after KB5013945 2022-05-10, the last in the table of 2026-09-29; out of service since 2021-05-11"},
		{"10.0.18363", professional, "2026-10-01", "Windows 10 1909",
			"update not known; latest KB5013945 2022-05-10; out of service since 2021-05-11"},
		{"14393.187", server, "2026-10-01", "Windows Server 2016",
			"KB3193494, 2016-09-20, or KB3189866; 119 newer, latest KB5129239 2026-09-14 (out-of-band); in service until 2027-01-12"},
		{"17763.1", server, "2026-10-01", "Windows Server 2019",
			"the release of 2018-10-02; 96 newer, latest KB5129238 2026-09-14 (out-of-band); in service until 2029-01-09"},
		{"26100.9106", enterprise, "2026-10-01", "Windows 11 24H2/25H2",
			"KB5120994, 2026-08-11, hotpatch; 1 newer, latest KB5124010 2026-09-22 (preview); in service until 2028-10-10 at the longest"},
		{"26100.9106", ltsc, "2026-10-01", "Windows 11 Enterprise LTSC 2024",
			"KB5120994, 2026-08-11, hotpatch; 1 newer, latest KB5124010 2026-09-22 (preview); in service until 2029-10-09"},
		{"26100.7462", server, "2026-10-01", "Windows Server 2025",
			"KB5072033, 2025-12-09; 9 newer, latest KB5129235 2026-09-14 (out-of-band); in service until 2034-11-14"},
		{"26100.6584", anyEdition, "2026-10-01",
			"Windows 11 24H2/25H2 or Windows 11 Enterprise LTSC 2024 or Windows 11 IoT Enterprise LTSC 2024 or Windows Server 2025",
			"KB5065426, 2025-09-09; 12 newer, latest KB5124010 2026-09-22 (preview) on clients; in service until 2034-11-14 at the longest"},
		{"26300.9550", professional, "2026-10-01", "Windows 11 26H2", // end of service not known
			"KB5124010, 2026-09-29, preview; none newer as of 2026-09-29"},
		{"10240.17320", enterprise, "2026-10-01", "Windows 10 1507",
			"KB4016637; 103 newer, latest KB5066837 2025-10-14; out of service since 2017-05-09"},
		{"7601.24214", professional, "2026-10-01", "Windows 7 SP1",
			"the table has no updates of this build; out of service since 2020-01-14"},
		{"12345.6", professional, "2026-10-01", "", "build 12345 is not in the table of 2026-09-29"},
	} {
		s := winver.DefaultTable().Status(version(t, test.version), test.edition)
		require.Equal(t, test.release, s.ReleaseName(), test.version)
		require.Equal(t, test.line, s.Line(day(t, test.today)), "%s %v", test.version, test.edition)
	}
}

func TestStatusJSON(t *testing.T) {
	for text, want := range map[string]string{
		"18362.1139": `{"release": "Windows 10 1903/1909", "kb": "KB4577671", "released": "2020-10-13", "kind": "security",
			"newest": {"ubr": 1256, "kb": "KB4592449", "released": "2020-12-08", "kind": "security"},
			"newer_monthly": 2, "newer_other": 3, "end_of_service": "2021-05-11", "as_of": "2026-09-29"}`,
		"18363.2274": `{"release": "Windows 10 1909", "kb": "KB5013945", "released": "2022-05-10", "kind": "security",
			"newest": {"ubr": 2274, "kb": "KB5013945", "released": "2022-05-10", "kind": "security"},
			"newer_monthly": 0, "newer_other": 0, "end_of_service": "2021-05-11", "as_of": "2026-09-29"}`,
		"18362.1238": `{"release": "Windows 10 1903/1909",
			"below": {"version": "10.0.18362.1237", "kb": "KB4586819", "released": "2020-11-19", "kind": "preview"},
			"above": {"version": "10.0.18362.1256", "kb": "KB4592449", "released": "2020-12-08", "kind": "security"},
			"newest": {"ubr": 1256, "kb": "KB4592449", "released": "2020-12-08", "kind": "security"},
			"newer_monthly": 1, "newer_other": 0, "end_of_service": "2021-05-11", "as_of": "2026-09-29"}`,
		"18363.3000": `{"release": "Windows 10 1909", "below": {"version": "10.0.18363.2274", "kb": "KB5013945", "released": "2022-05-10", "kind": "security"},
			"end_of_service": "2021-05-11", "as_of": "2026-09-29"}`,
		"10.0.18363": `{"release": "Windows 10 1909", "newest": {"ubr": 2274, "kb": "KB5013945", "released": "2022-05-10", "kind": "security"},
			"end_of_service": "2021-05-11", "as_of": "2026-09-29"}`,
		"14393.187": `{"release": "Windows 10 1607", "kb": "KB3193494", "released": "2016-09-20", "kind": "security",
			"alternatives": [{"kb": "KB3189866", "released": "2016-09-13", "kind": "security"}],
			"newest": {"ubr": 9514, "kb": "KB5129239", "released": "2026-09-14", "kind": "out-of-band"},
			"newer_monthly": 119, "newer_other": 69, "end_of_service": "2018-04-10", "as_of": "2026-09-29"}`,
		"7601.24214": `{"release": "Windows 7 SP1", "end_of_service": "2020-01-14", "as_of": "2026-09-29"}`,
		"12345.6":    `{"as_of": "2026-09-29"}`,
	} {
		got, err := json.Marshal(winver.DefaultTable().Status(version(t, text), professional))
		require.NoError(t, err)
		require.JSONEq(t, want, string(got), text)
	}
}
