package winver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// The expectations here are Microsoft's release information, read by a person.

func version(t testing.TB, text string) winver.Version {
	v, err := winver.Parse(text)
	require.NoError(t, err)
	return v
}

func day(t testing.TB, text string) winver.Date {
	d, err := winver.ParseDate(text)
	require.NoError(t, err)
	return d
}

var (
	anyEdition   = winver.Edition{}
	professional = winver.Edition{ID: "Professional", InstallationType: "Client"}
	enterprise   = winver.Edition{ID: "Enterprise", InstallationType: "Client"}
	ltsc         = winver.Edition{ID: "EnterpriseS", InstallationType: "Client"}
	iotLTSC      = winver.Edition{ID: "IoTEnterpriseS", InstallationType: "Client"}
	server       = winver.Edition{ID: "ServerStandard", InstallationType: "Server"}
	serverCore   = winver.Edition{ID: "ServerDatacenterCor", InstallationType: "Server Core"}
	serverAnnual = winver.Edition{ID: "ServerDatacenterACor", InstallationType: "Server Core"}
)

func TestDefaultTable(t *testing.T) {
	table := winver.DefaultTable()
	require.Equal(t, day(t, "2026-09-29"), table.AsOf())
	require.Same(t, table, winver.DefaultTable())
}

func TestUpdate(t *testing.T) {
	for text, want := range map[string]string{
		"18362.1139":  "KB4577671 2020-10-13",
		"18363.1139":  "KB4577671 2020-10-13",
		"18362.1199":  "KB4594443 2020-11-19 (out-of-band)",
		"18362.815":   "KB4550945 2020-04-21 (preview)",
		"10240.17320": "KB4016637", // day and kind unknown
		"14393.970":   "KB4016635 2017-03-22",
		"17763.9247":  "KB5129238 2026-09-14 (out-of-band)",
		"20348.5139":  "KB5087545 2026-05-12",
		"25398.2330":  "KB5087541 2026-05-12",
		"26300.9550":  "KB5124010 2026-09-29 (preview)",
		"26200.9550":  "KB5124010 2026-09-22 (preview)",
		"28000.3086":  "KB5124006 2026-09-22 (preview)",

		// Releases with no KB anywhere in their family.
		"17763.1":   "10.0.17763.1 2018-10-02 (release)",
		"22000.194": "10.0.22000.194 2021-10-04 (release)",
		"28000.1":   "10.0.28000.1 2026-02-10 (release)",

		// Releases that enablement packages made: the KB is that of the family.
		"19042.572":  "KB4579311 2020-10-13",
		"19044.1288": "KB5006670 2021-10-12",
		"19045.2130": "KB5018410 2022-10-11",
		"22631.2428": "KB5031354 2023-10-10",
		"26200.6584": "KB5065426 2025-09-09",
		"26300.9457": "KB5129195 2026-09-14 (out-of-band)",

		// A build of a family where only another one has the row.
		"18363.418":  "KB4517389 2019-10-08", // before its first row
		"18362.2274": "KB5013945 2022-05-10",
		"19041.2130": "KB5018410 2022-10-11",
		"19042.7727": "KB5129236 2026-09-14 (out-of-band)",
		"22621.7584": "KB5129242 2026-09-14 (out-of-band)",
		"22631.5191": "KB5055528 2025-04-08",

		// Server 2025 on the client's build.
		"26100.32230": "KB5073379 2026-01-13",
		"26100.3781":  "KB5059087 2025-04-16 (out-of-band)",
		"26100.7623":  "KB5074109 2026-01-13",

		// Hotpatches.
		"20348.2458":  "KB5037848 2024-05-14 (hotpatch)",
		"26100.2240":  "KB5046696 2024-11-12 (hotpatch)",
		"26100.9106":  "KB5120994 2026-08-11 (hotpatch)",
		"26200.7092":  "KB5068966 2025-11-11 (hotpatch)",
		"26100.32772": "KB5087423 2026-05-12 (hotpatch)",
	} {
		update, ok := winver.DefaultTable().Update(version(t, text))
		require.True(t, ok, text)
		require.Equal(t, want, update.String(), text)
		require.Equal(t, version(t, text), update.Version)
		require.Empty(t, update.Alternatives, text)

		status := winver.DefaultTable().Status(version(t, text), anyEdition)
		below, above := status.Below, status.Above
		require.Zero(t, below, text)
		require.Zero(t, above, text)
	}
}

func TestUpdateUnknown(t *testing.T) {
	for _, text := range []string{
		"18362.1140",               // between two
		"18362.1",                  // media
		"18362.99999",              // newer than the table
		"10.0.18362", "10.0.19041", // UBR unknown
		"12345.1", "27842.1", "15254.1", // builds that are not in the table
		"7601.24214", "9600.17031", "6002.18005", // builds without such updates
		"6.3.18362.1139", "11.0.22621.2428", // no such version
	} {
		_, ok := winver.DefaultTable().Update(version(t, text))
		require.False(t, ok, text)
	}
	_, ok := winver.DefaultTable().Update(winver.Version{})
	require.False(t, ok)
}

func TestUpdateWithTwoKBs(t *testing.T) {
	for text, want := range map[string][]string{
		"10240.17113": {"KB3193821 2016-09-20", "KB3185611 2016-09-13"},
		"10240.17741": {"KB4077735 2018-01-31", "KB4075199 2018-01-18"},
		"14393.187":   {"KB3193494 2016-09-20", "KB3189866 2016-09-13"},
		"15063.936":   {"KB4092077 2018-03-08", "KB4077528 2018-02-22"},
	} {
		update, ok := winver.DefaultTable().Update(version(t, text))
		require.True(t, ok, text)
		require.Equal(t, want[0], update.KB.String()+" "+update.Released.String(), text)
		require.Len(t, update.Alternatives, 1, text)
		other := update.Alternatives[0]
		require.Equal(t, want[1], other.KB.String()+" "+other.Released.String(), text)
		for _, newer := range winver.DefaultTable().Newer(version(t, text), anyEdition) {
			require.NotEqual(t, update.KB, newer.KB, text)
			require.NotEqual(t, other.KB, newer.KB, text)
		}
	}
	// The release and its KB are one and the same.
	update, ok := winver.DefaultTable().Update(version(t, "26100.1742"))
	require.True(t, ok)
	require.Equal(t, "KB5043080 2024-09-10", update.String())
	require.Empty(t, update.Alternatives)
}

// A KB article with two UBRs: the lower is not outdated by the higher.
func TestKBWithTwoUBRs(t *testing.T) {
	for _, pair := range [][3]string{
		{"10240.16769", "10240.16771", "KB3147461"}, {"10240.18841", "10240.18842", "KB4601331"},
		{"10586.679", "10586.682", "KB3198586"}, {"14393.187", "14393.189", "KB3193494"},
		{"14393.447", "14393.448", "KB3200970"}, {"14393.571", "14393.576", "KB3206632"},
		{"14393.1066", "14393.1083", "KB4015217"}, {"14393.2034", "14393.2035", "KB4057142"},
		{"14393.2125", "14393.2126", "KB4088787"}, {"14393.6799", "14393.6800", "KB5037423"},
		{"15063.296", "15063.297", "KB4016871"}, {"15063.413", "15063.414", "KB4022725"},
		{"15063.726", "15063.728", "KB4048954"}, {"15063.966", "15063.968", "KB4088782"},
		{"15063.1356", "15063.1358", "KB4457141"}, {"17763.402", "17763.404", "KB4490481"},
		{"17763.2210", "17763.2213", "KB5005625"}, {"18363.1830", "18363.1832", "KB5005624"},
		{"19044.5736", "19044.5737", "KB5055518"}, {"22621.5189", "22621.5191", "KB5055528"},
	} {
		low, high := version(t, pair[0]), version(t, pair[1])
		for _, v := range []winver.Version{low, high} {
			update, ok := winver.DefaultTable().Update(v)
			require.True(t, ok, v)
			require.Equal(t, pair[2], update.KB.String(), v)
		}
		require.Equal(t, winver.DefaultTable().Newer(low, anyEdition), winver.DefaultTable().Newer(high, anyEdition), pair)
	}
	// From below, the update counts once, with its later revision.
	newer := winver.DefaultTable().Newer(version(t, "18363.1801"), anyEdition)
	require.Equal(t, version(t, "18363.1832"), newer[0].Version)
	require.Equal(t, version(t, "18363.1854"), newer[1].Version)
}

func TestBetween(t *testing.T) {
	for text, want := range map[string][2]string{
		"18362.1140":  {"KB4577671 2020-10-13", "KB4580386 2020-10-20 (preview)"},
		"18362.1":     {"", "KB4505057 2019-05-21 (out-of-band)"},
		"18363.99999": {"KB5013945 2022-05-10", ""},
		"18362.99999": {"KB5013945 2022-05-10", ""},                               // the family's last
		"26100.1":     {"", "KB5039239 2024-06-15"},                               // a client's first
		"26100.31000": {"KB5072033 2025-12-09", "KB5073379 2026-01-13"},           // a server's
		"26100.9000":  {"KB5101684 2026-07-28 (preview)", "KB5121003 2026-08-11"}, // a client's
		"26100.40000": {"KB5129235 2026-09-14 (out-of-band)", ""},
		"10.0.18362":  {"", ""}, // no UBR
		"12345.6":     {"", ""}, // no such build
		"7601.24214":  {"", ""},
	} {
		status := winver.DefaultTable().Status(version(t, text), anyEdition)
		below, above := status.Below, status.Above
		got := [2]string{}
		for i, u := range []winver.Update{below, above} {
			if u.KB != 0 {
				got[i] = u.String()
			}
		}
		require.Equal(t, want, got, text)
	}
}

func kbs(updates []winver.Update) string {
	var all []string
	for _, u := range updates {
		kind := u.Kind.String()
		all = append(all, strings.TrimPrefix(u.KB.String(), "KB")+kind[:min(1, len(kind))])
	}
	return strings.Join(all, " ")
}

func TestSteps(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     string // KB and the first letter of the kind, as in TestNewer
		ok       bool
	}{
		{"18362.1139", "18362.1199", "4580386p 4586786s 4594443o", true},
		{"18362.1139", "18363.1198", "4580386p 4586786s", true}, // of one family
		{"18362.1139", "18362.1139", "", true},
		{"18362.1199", "18362.1139", "", true},
		{"18362.1139", "19041.1", "", false},
		{"18362.0", "18362.1139", "", false},
		{"18362.1139", "18362.0", "", false},
		{"4711.1", "4711.2", "", false},
		{"26100.9445", "26100.33296", "", false}, // of Server 2025 only
		{"26100.7171", "26100.33296", "5072359o 5072033s 5073379s 5077793o 5078135o 5075899s 5078740s 5082063s 5091157o 5087539s 5094125s 5099536s 5120233s", true},
	} {
		steps, ok := winver.DefaultTable().Steps(version(t, test.from), version(t, test.to), anyEdition)
		require.Equal(t, test.ok, ok, "%s to %s", test.from, test.to)
		require.Equal(t, test.want, kbs(steps), "%s to %s", test.from, test.to)
	}
}

func TestNewer(t *testing.T) {
	for _, test := range []struct {
		version string
		edition winver.Edition
		want    string // KB and the first letter of the kind
	}{
		{"18362.1139", anyEdition, "4580386p 4586786s 4594443o 4586819p 4592449s"},
		{"18362.1140", anyEdition, "4580386p 4586786s 4594443o 4586819p 4592449s"},
		{"18362.1256", anyEdition, ""},
		{"18363.2158", anyEdition, "5012591s 5013945s"},
		// 18362 had no rows by then, so the ladder is that of 18363.
		{"18362.2158", anyEdition, "5012591s 5013945s"},
		{"18362.2274", anyEdition, ""},
		{"18362.99999", anyEdition, ""},
		// Of 19041's members with these UBRs, 19044 is the one serviced
		// longest, unless only 22H2's editions are meant.
		{"19041.7548", anyEdition, "5120249s 5122878s 5129236o"},
		{"19041.6332", professional, "5066198p 5066791s 5071959o 5068781s 5071546s 5074976o 5073724s 5077796o 5078129o 5075912s 5078885s 5082200s 5087544s 5094127s 5099539s 5120249s 5122878s 5129236o"},
		{"19044.6332", professional, "5066791s 5068781s 5071546s 5074976o 5073724s 5077796o 5078129o 5075912s 5078885s 5082200s 5087544s 5094127s 5099539s 5120249s 5122878s 5129236o"},
		{"22631.7376", enterprise, "5120240s 5122880s 5129242o"},

		// 26100: the client's ladder and the server's.
		{"26100.9445", professional, "5129195o 5124010p"},
		{"26100.33296", server, "5122871s 5129235o"},
		{"26100.33451", anyEdition, ""},
		{"26100.9457", anyEdition, "5124010p"}, // not behind 26100.33451
		// Server 2025 goes on above 30000 after December 2025.
		{"26100.7171", server, "5072359o 5072033s 5073379s 5077793o 5078135o 5075899s 5078740s 5082063s 5091157o 5087539s 5094125s 5099536s 5120233s 5122871s 5129235o"},
		// ... and never had previews, nor KB5063060.
		{"26100.4061", serverCore, "5061977o 5060842s 5062553s 5064489o 5063878s 5065426s 5068221o 5066835s 5070773o 5070881o 5068861s 5072359o 5072033s 5073379s 5077793o 5078135o 5075899s 5078740s 5082063s 5091157o 5087539s 5094125s 5099536s 5120233s 5122871s 5129235o"},

		// Hotpatches: the update of the month is not newer, the next one is.
		{"26100.9106", enterprise, "5120998p 5124008s 5129195o 5124010p"},
		{"20348.5074", anyEdition, "5094128s 5099540s 5120242s 5122882s 5129237o"},
		{"26100.32772", anyEdition, "5094125s 5099536s 5120233s 5122871s 5129235o"},

		{"10.0.18362", anyEdition, ""},
		{"12345.6", anyEdition, ""},
		{"7601.24214", anyEdition, ""},
	} {
		require.Equal(t, test.want, kbs(winver.DefaultTable().Newer(version(t, test.version), test.edition)), "%s %v", test.version, test.edition)
	}
}

func TestLatest(t *testing.T) {
	for text, want := range map[string]string{
		"18362.1139":  "KB4592449 2020-12-08",
		"18363.1139":  "KB5013945 2022-05-10",
		"18362.2274":  "KB5013945 2022-05-10",
		"10.0.18363":  "KB5013945 2022-05-10",
		"26100.1742":  "KB5124010 2026-09-22 (preview)",
		"26100.32230": "KB5129235 2026-09-14 (out-of-band)",
		"22000.194":   "KB5044280 2024-10-08",
		"28000.1":     "KB5124006 2026-09-22 (preview)",
		"26100.9600":  "KB5124010 2026-09-29 (preview)", // newer than the table: 26H2 has no end yet
	} {
		latest, ok := winver.DefaultTable().Latest(version(t, text), anyEdition)
		require.True(t, ok, text)
		require.Equal(t, want, latest.String(), text)
	}
	for _, text := range []string{"12345.6", "7601.24214", "6.2.18362.1139"} {
		_, ok := winver.DefaultTable().Latest(version(t, text), anyEdition)
		require.False(t, ok, text)
	}
}

func TestRelease(t *testing.T) {
	const (
		allOf17763  = "Windows 10 1809|Windows 10 Enterprise LTSC 2019|Windows Server 2019|Windows Server, version 1809"
		clients1903 = "Windows 10 1903|Windows Server, version 1903"
		clients1909 = "Windows 10 1909|Windows Server, version 1909"
		clients24H2 = "Windows 11 24H2|Windows 11 Enterprise LTSC 2024|Windows 11 IoT Enterprise LTSC 2024"
	)
	for _, test := range []struct {
		version string
		edition winver.Edition
		want    string
	}{
		// By the number alone, the base of a family is ambiguous where both
		// releases had the UBR.
		{"18362.1139", anyEdition, clients1903 + "|" + clients1909},
		{"18362.1139", professional, "Windows 10 1903|Windows 10 1909"},
		{"18362.1139", serverCore, "Windows Server, version 1903|Windows Server, version 1909"},
		{"18362.449", anyEdition, clients1903},
		{"18362.1316", anyEdition, clients1909},
		{"18362.99999", anyEdition, clients1909},
		{"18363.1139", anyEdition, clients1909},
		{"10.0.18362", professional, "Windows 10 1903|Windows 10 1909"},
		{"19041.985", professional, "Windows 10 2004|Windows 10 20H2|Windows 10 21H1"},
		{"19041.2130", professional, "Windows 10 20H2|Windows 10 21H1|Windows 10 21H2|Windows 10 22H2"},
		{"19041.6000", professional, "Windows 10 21H2|Windows 10 22H2"},
		{"19041.6000", ltsc, "Windows 10 Enterprise LTSC 2021"},
		{"19041.6000", iotLTSC, "Windows 10 IoT Enterprise LTSC 2021"},
		{"22621.2428", professional, "Windows 11 22H2|Windows 11 23H2"},
		{"22621.1", professional, "Windows 11 22H2"},
		{"22621.7000", anyEdition, "Windows 11 23H2"},
		{"26100.4349", anyEdition, clients24H2 + "|Windows Server 2025"},
		{"26100.4349", server, "Windows Server 2025"},
		{"26100.4202", anyEdition, clients24H2}, // a preview
		{"26100.3781", anyEdition, "Windows Server 2025"},
		{"26100.7000", professional, "Windows 11 24H2|Windows 11 25H2"},
		{"26100.32230", anyEdition, "Windows Server 2025"},
		{"26100.8000", anyEdition, clients24H2 + "|Windows 11 25H2"},
		{"26100.9500", professional, "Windows 11 24H2|Windows 11 25H2|Windows 11 26H2"},
		{"26200.8000", anyEdition, "Windows 11 25H2"},
		{"28000.1", anyEdition, "Windows 11 26H1"},

		{"17763.1339", anyEdition, allOf17763},
		{"17763.1339", professional, "Windows 10 1809"},
		{"17763.1339", ltsc, "Windows 10 Enterprise LTSC 2019"},
		{"17763.1339", iotLTSC, "Windows 10 Enterprise LTSC 2019"}, // has no row of its own
		{"17763.1339", server, "Windows Server 2019"},
		{"17763.1339", serverCore, "Windows Server 2019"},
		{"17763.1339", serverAnnual, "Windows Server, version 1809"},
		{"17763.1339", winver.Edition{InstallationType: "Server Core"}, "Windows Server 2019|Windows Server, version 1809"},
		{"17763.1339", winver.Edition{InstallationType: "Server"}, "Windows Server 2019"},
		{"17763.1339", winver.Edition{InstallationType: "Client"}, "Windows 10 1809|Windows 10 Enterprise LTSC 2019"},
		{"17763.1339", winver.Edition{ID: "ServerRdsh"}, "Windows 10 1809"},
		{"17763.1339", winver.Edition{ID: "WindowsPE", InstallationType: "WindowsPE"}, allOf17763},
		{"20348.1", professional, "Windows Server 2022"}, // an edition that it does not have

		{"7601.24214", anyEdition, "Windows 7 SP1|Windows Server 2008 R2 SP1"},
		{"6.0.6000", anyEdition, "Windows Vista"},
		{"6003.20491", anyEdition, "Windows Server 2008 SP2 (updated 2019-03-19 or later)"},
		{"9600.17031", server, "Windows Server 2012 R2"},
		{"12345.6", anyEdition, ""},
		{"6.3.18362.1139", anyEdition, ""},
	} {
		var got []string
		for _, release := range winver.DefaultTable().Releases(version(t, test.version), test.edition) {
			got = append(got, release.String())
		}
		require.Equal(t, test.want, strings.Join(got, "|"), "%s %v", test.version, test.edition)
	}
}

func TestReleaseFields(t *testing.T) {
	releases := winver.DefaultTable().Releases(version(t, "18363.1139"), professional)
	require.Equal(t, []winver.Release{{
		Build: 18363, Product: "Windows 10", Version: "1909", Codename: "19H2", Channel: winver.ChannelClient,
		Available:     winver.Date{Year: 2019, Month: time.November, Day: 12},
		EndHomePro:    winver.Date{Year: 2021, Month: time.May, Day: 11},
		EndEnterprise: winver.Date{Year: 2022, Month: time.May, Day: 10},
		BaseBuild:     18362, EnablementKB: 4517245,
	}}, releases)

	for text, want := range map[string][3]string{ // for Pro, for Enterprise, for an unknown edition
		"18363.1139":  {"2021-05-11", "2022-05-10", "2022-05-10"},
		"19045.2130":  {"2025-10-14", "2025-10-14", "2025-10-14"},
		"26300.9550":  {"", "", ""},
		"20348.1":     {"2031-10-14", "2031-10-14", "2031-10-14"},
		"22631.2428":  {"2025-11-11", "2026-11-10", "2026-11-10"},
		"10586.3":     {"2017-10-10", "2018-04-10", "2018-04-10"},
		"6.0.6000":    {"2010-04-13", "2010-04-13", "2010-04-13"},
		"26100.32230": {"2034-11-14", "2034-11-14", "2034-11-14"},
	} {
		release := winver.DefaultTable().Releases(version(t, text), anyEdition)[0]
		for i, e := range []winver.Edition{professional, enterprise, anyEdition} {
			require.Equal(t, want[i], release.EndOfService(e).String(), "%s %v", text, e)
		}
	}
}
