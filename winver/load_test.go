package winver_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// small is a table with one family, one build with two ladders, and no more.
const small = `# a comment
windows-table	1
as-of	2020-12-31

release	18362	18362	Windows 10	1903	19H1	client	2019-05-21	2020-12-08	2020-12-08
release	18363	18362	Windows 10	1909	19H2	client	2019-11-12	2021-05-11	2022-05-10	KB4517245
release	26100	26100	Windows 11	24H2	-	client	-	-	-
release	26100	26100	Windows Server 2025	24H2	-	server	-	-	-
ladder	26100	30000	server
update	18362,18363	1199	KB4594443	2020-11-19	OOB
update	18362,18363	1139	KB4577671	2020-10-13	B
update	18363	476	-	2019-11-12	rtm
update	18362	476	KB4524570	2019-11-12	B
update	26100	30001	KB3	-	-
update	26100	20	KB2	-	-	client
update	26100	10	KB1	-	hotpatch
`

func load(t testing.TB, text string) *winver.Table {
	table, err := winver.LoadTable(strings.NewReader(text))
	require.NoError(t, err)
	return table
}

func TestLoadTable(t *testing.T) {
	for name, text := range map[string]string{
		"as is":       small,
		"CRLF":        strings.ReplaceAll(small, "\n", "\r\n"),
		"BOM":         "\uFEFF" + small,
		"aligned":     strings.ReplaceAll(small, "\t", "\t\t"),
		"no last LF":  strings.TrimSuffix(small, "\n"),
		"other order": "windows-table\t1\n" + strings.Join(reversed(strings.Split(strings.Replace(small, "windows-table\t1\n", "", 1), "\n")), "\n"),
	} {
		table := load(t, text)
		require.Equal(t, day(t, "2020-12-31"), table.AsOf(), name)
		require.Equal(t, "4594443o", kbs(table.Newer(version(t, "18362.1139"), anyEdition)), name)
		update, ok := table.Update(version(t, "18363.476"))
		require.True(t, ok, name)
		require.Equal(t, "KB4524570 2019-11-12", update.String(), name)
		require.Len(t, table.Releases(version(t, "18362.1139"), anyEdition), 2, name)

		require.Len(t, table.Releases(version(t, "26100.30500"), anyEdition), 1, name)
		latest, ok := table.Latest(version(t, "26100.5"), server)
		require.True(t, ok, name)
		require.Equal(t, winver.KB(3), latest.KB, name)
		latest, ok = table.Latest(version(t, "26100.5"), professional)
		require.True(t, ok, name)
		require.Equal(t, winver.KB(2), latest.KB, name)
		update, ok = table.Update(version(t, "26100.10"))
		require.True(t, ok, name)
		require.Equal(t, winver.KindHotpatch, update.Kind, name)

		_, ok = table.Update(version(t, "17763.55"))
		require.False(t, ok, name)
	}
}

func reversed(lines []string) []string {
	var out []string
	for _, line := range lines {
		out = append([]string{line}, out...)
	}
	return out
}

func TestLoadTableExtends(t *testing.T) {
	table := load(t, `windows-table	1
as-of	2026-10-13
extends	built-in
update	26100,26200,26300	9700	KB5130001	2026-10-13	B
update	18362	1139	KB4577671	2020-10-14	OOB
release	26300	26100	Windows 11	26H2	Germanium	client	2026-09-29	2028-10-10	2029-10-09	KB5121794
`)
	require.Equal(t, day(t, "2026-10-13"), table.AsOf())
	require.Equal(t, "5124010p 5130001s", kbs(table.Newer(version(t, "26200.9457"), professional)))
	latest, ok := table.Latest(version(t, "17763.1"), anyEdition)
	require.True(t, ok)
	require.Equal(t, "KB5129238 2026-09-14 (out-of-band)", latest.String())

	// Later records take the place of earlier ones.
	update, ok := table.Update(version(t, "18362.1139"))
	require.True(t, ok)
	require.Equal(t, "KB4577671 2020-10-14 (out-of-band)", update.String())
	releases := table.Releases(version(t, "26300.9700"), professional)
	require.Len(t, releases, 1)
	require.Equal(t, day(t, "2028-10-10"), releases[0].EndOfService(professional))

	// The built-in table stays what it is.
	update, ok = winver.DefaultTable().Update(version(t, "18362.1139"))
	require.True(t, ok)
	require.Equal(t, "KB4577671 2020-10-13", update.String())

	require.Equal(t, winver.DefaultTable().AsOf(), load(t, "windows-table\t1\nextends\tbuilt-in\n").AsOf())
}

// Tables that make sense as far as records go, and not beyond.
func TestOddTables(t *testing.T) {
	const head = "windows-table\t1\nas-of\t2020-12-31\n" +
		"release\t18362\t18362\tWindows 10\t1903\t-\tclient\t-\t2020-01-01\n" +
		"release\t18363\t18362\tWindows 10\t1909\t-\tclient\n"

	// A gap between the UBRs of two members of a family.
	gap := load(t, head+"update\t18362\t10\tKB1\nupdate\t18363\t30\tKB3\n")
	require.Len(t, gap.Releases(version(t, "18362.20"), anyEdition), 1)
	require.Empty(t, gap.Newer(version(t, "18362.20"), anyEdition))

	// A server's ladder on a build of clients.
	ladder := load(t, head+"ladder\t18362\t5\tserver\nupdate\t18362\t10\tKB1\n")
	require.Len(t, ladder.Releases(version(t, "18362.10"), anyEdition), 1)
	require.Empty(t, ladder.Newer(version(t, "18362.20"), anyEdition))

	// A base build of another major version.
	other := load(t, head+"release\t9600\t18362\tWindows 8.1\tRTM\t-\tclient\n"+
		"update\t18362\t10\tKB1\nupdate\t9600\t5\tKB2\n")
	require.Equal(t, "1", kbs(other.Newer(version(t, "9600.7"), anyEdition)))

	// The older article of one UBR comes again with the next.
	again := load(t, head+"update\t18362\t10\tKB1\t2020-01-01\nupdate\t18362\t10\tKB2\t2020-01-02\nupdate\t18362\t11\tKB1\n")
	require.Empty(t, again.Newer(version(t, "18362.10"), anyEdition))

	// Releases without updates.
	none := load(t, head)
	require.Len(t, none.Releases(version(t, "18362.10"), anyEdition), 2)
	require.Empty(t, none.Newer(version(t, "18362.10"), anyEdition))
}

func TestLoadTableErrors(t *testing.T) {
	for text, message := range map[string]string{
		"":                            "holds no record",
		"# nothing":                   "holds no record",
		"as-of\t2020-12-31\n" + small: `line 1: the first record is not "windows-table 1"`,
		"windows-table 1\n":           `line 1: the first record is not`,
		"windows-table\t2\n":          `windows-table "2": this program reads version 1`,
		small + "windows-table\t1\n":  "once at the start",
		"windows-table\t1\n":          "no as-of record",
		small + "extends\tmine\n":     "only built-in",
		"windows-table\t1\nextends\tbuilt-in\nextends\tbuilt-in\n":      "line 3: extends",
		small + "downgrade\t1\n":                                        `line 17: "downgrade" is not a record`,
		small + "update 26100 30 KB4\n":                                 "is not a record",
		small + "as-of\t2020-13-31\n":                                   `"2020-13-31" is not a date`,
		small + "as-of\t2020-12-31\tx\n":                                "too many fields",
		small + "update\t26100\t30\tKB4\t-\tB\tclient\tx\n":             "too many fields",
		small + "update\t26100\t30\n":                                   "update without a KB",
		small + "update\t26100\t30\t-\t-\tB\n":                          "update without a KB",
		small + "update\t26100\t0\tKB4\n":                               `UBR "0" is not a number`,
		small + "update\t26100\t4294967296\tKB4\n":                      "is not a number from 1 to 4294967295",
		small + "update\t26100\t+30\tKB4\n":                             "is not a number",
		small + "update\t26100,\t30\tKB4\n":                             `build "" is not a number`,
		small + "update\t26100\t30\t4KB\n":                              "is not a KB number",
		small + "update\t26100\t30\tKB4\t-\tA\n":                        "is not a kind of update",
		small + "update\t26100\t30\tKB4\t-\tB\tphone\n":                 "is not a product",
		small + "update\t26101\t30\tKB4\t-\tB\n":                        "build 26101 has an update, but no release",
		small + "ladder\t26101\t30\tclient\n":                           "build 26101 has a ladder, but no release",
		small + "release\t26101\t26101\tWindows 11\t24H2\t-\tphone\n":   `"phone" is not a channel`,
		small + "release\t26101\t26101\t-\t24H2\t-\tclient\n":           "no product",
		small + "release\t26101\t26102\tWindows 11\t24H2\t-\tclient\n":  "base build 26102 of build 26101 has no release",
		small + "release\t26101\t18363\tWindows 11\t24H2\t-\tclient\n":  "base build 18363 of build 26101 has no release",
		small + "release\t26100\t18362\tWindows 11 X\t24H2\t-\tltsc\n":  "build 26100 has two base builds",
		small + "release\t26101\t26101\tWindows\a\t24H2\t-\tclient\n":   "not printable text",
		small + "release\t26101\t26101\tWindows\xff\t24H2\t-\tclient\n": "not printable text",
		small + strings.Repeat("#\n", 2<<20):                            "more than 4194304 bytes",
		small + "update\t26100\t30\tKB4\n" + manyUpdates(100_001):       "more than 100000 updates",
		small + manyReleases(1001, 0):                                   "more than 1000 releases",
		small + manyReleases(33, 1):                                     "base build 1 has more than 32 builds",
		small + strings.Repeat("ladder\t26100\t30000\tserver\n", 1001):  "more than 1000 ladders",
	} {
		_, err := winver.LoadTable(strings.NewReader(text))
		require.ErrorIs(t, err, winver.ErrFormat, message)
		require.ErrorContains(t, err, message)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := winver.LoadTable(iotest.ErrReader(errors.New("cable pulled")))
	require.EqualError(t, err, "reading a table of Windows updates: cable pulled")
}

func manyUpdates(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "update\t26100\t%d\tKB4\n", i+100)
	}
	return b.String()
}

// manyReleases gives every build a base, or with 0 itself.
func manyReleases(n, base int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "release\t%d\t%d\tW\t1\t-\tclient\n", i, cmp.Or(base, i))
	}
	return b.String()
}

func FuzzLoadTable(f *testing.F) {
	f.Add([]byte(small), uint32(18362), uint32(1199))
	f.Add([]byte(small), uint32(26100), uint32(30000))
	f.Add([]byte("windows-table\t1\nextends\tbuilt-in\nupdate\t26100,26200\t9700\tKB5130001\t2026-10-13\tB\n"), uint32(26200), uint32(9700))
	f.Fuzz(func(t *testing.T, text []byte, build, ubr uint32) {
		table, err := winver.LoadTable(bytes.NewReader(text))
		if err != nil {
			require.ErrorIs(t, err, winver.ErrFormat)
			return
		}
		require.False(t, table.AsOf().IsZero())
		v, err := winver.Parse(fmt.Sprintf("%d.%d", build, ubr))
		require.NoError(t, err)
		for _, e := range []winver.Edition{anyEdition, professional, server} {
			s := table.Status(v, e)
			require.NotEmpty(t, s.Line(day(t, "2026-10-01")))
			last := v.UBR
			for _, u := range s.Newer {
				require.Greater(t, u.Version.UBR, last) // newest last
				require.NotZero(t, u.KB)
				last = u.Version.UBR
			}
			if len(s.Newer) > 0 {
				require.Equal(t, s.Latest, s.Newer[len(s.Newer)-1])
			}
			if s.Listed {
				require.Equal(t, v, s.Update.Version)
				require.Zero(t, s.Below)
				require.Zero(t, s.Above)
			}
			if above := s.Above.Version; !above.IsZero() {
				require.Greater(t, above.UBR, v.UBR)
			}
			if below := s.Below.Version; !below.IsZero() {
				require.Less(t, below.UBR, v.UBR)
			}
		}
	})
}

// The built-in table is read once, when it is first asked for.
func BenchmarkLoadTable(b *testing.B) {
	text, err := os.ReadFile("table/windows.txt")
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := winver.LoadTable(bytes.NewReader(text))
		require.NoError(b, err)
	}
}

func BenchmarkStatus(b *testing.B) {
	v := version(b, "18362.1139")
	table := winver.DefaultTable()
	b.ReportAllocs()
	for b.Loop() {
		table.Status(v, professional)
	}
}
