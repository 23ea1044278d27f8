package winver_test

import (
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/wimble-go/wimble/winver"
)

func ExampleParse() {
	v, err := winver.Parse("10.0.18362.1139")
	if err != nil {
		panic(err)
	}
	fmt.Println("build", v.Build, "UBR", v.UBR)
	// Output: build 18362 UBR 1139
}

// What is 10.0.18362.1139, and is there something newer?
func ExampleTable_Status() {
	v, err := winver.Parse("10.0.18362.1139")
	if err != nil {
		panic(err)
	}
	status := winver.DefaultTable().Status(v, winver.Edition{ID: "Enterprise"})
	today := winver.Date{Year: 2026, Month: time.October, Day: 1}
	fmt.Println(status.ReleaseName())
	fmt.Println(status.Line(today))
	// Output:
	// Windows 10 1903/1909
	// KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10
}

// Everything that came after an update, previews and out-of-band updates too.
func ExampleTable_Newer() {
	v, err := winver.Parse("10.0.18362.1139")
	if err != nil {
		panic(err)
	}
	for _, update := range winver.DefaultTable().Newer(v, winver.Edition{}) {
		fmt.Println(update.Version, update)
	}
	// Output:
	// 10.0.18362.1171 KB4580386 2020-10-20 (preview)
	// 10.0.18362.1198 KB4586786 2020-11-10
	// 10.0.18362.1199 KB4594443 2020-11-19 (out-of-band)
	// 10.0.18362.1237 KB4586819 2020-11-19 (preview)
	// 10.0.18362.1256 KB4592449 2020-12-08
}

// The same build as different products.
func ExampleTable_Releases() {
	v, err := winver.Parse("10.0.17763.9245")
	if err != nil {
		panic(err)
	}
	for _, release := range winver.DefaultTable().Releases(v, winver.Edition{}) {
		fmt.Println(release, release.EndEnterprise)
	}
	fmt.Println()
	for _, release := range winver.DefaultTable().Releases(v, winver.Edition{ID: "EnterpriseS"}) {
		fmt.Println(release, release.EndEnterprise)
	}
	// Output:
	// Windows 10 1809 2021-05-11
	// Windows 10 Enterprise LTSC 2019 2029-01-09
	// Windows Server 2019 2029-01-09
	// Windows Server, version 1809 2020-11-10
	//
	// Windows 10 Enterprise LTSC 2019 2029-01-09
}

// A version that is no row of the table lies between two that are.
func ExampleTable_Status_between() {
	v, err := winver.Parse("10.0.22631.4200")
	if err != nil {
		panic(err)
	}
	status := winver.DefaultTable().Status(v, winver.Edition{})
	fmt.Println("between", status.Below, "and", status.Above)
	// Output: between KB5043076 2024-09-10 and KB5043145 2024-09-26 (preview)
}

// A file of a few lines keeps a program current that is no longer built anew.
func ExampleLoadTable() {
	file := strings.NewReader(strings.Join([]string{
		"windows-table	1",
		"extends	built-in",
		"as-of	2026-10-13",
		"update	26100,26200,26300	9700	KB5130001	2026-10-13	B",
	}, "\n"))
	table, err := winver.LoadTable(file)
	if err != nil {
		panic(err)
	}
	v, err := winver.Parse("10.0.26200.9550")
	if err != nil {
		panic(err)
	}
	latest, _ := table.Latest(v, winver.Edition{})
	fmt.Println(latest.Version, latest)
	// Output: 10.0.26200.9700 KB5130001 2026-10-13
}

// A tree is any fs.FS: os.DirFS("/mnt"), or an image of a WIM. From names
// alone, this one is a 1909, though the XML says 18362, which is 1903.
func ExampleRead() {
	tree := fstest.MapFS{
		"Windows/System32/kernel32.dll": {},
		"Windows/servicing/Packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.6.mum":                    {},
		"Windows/servicing/Packages/Microsoft-Windows-1909Enablement-Package~31bf3856ad364e35~amd64~~10.0.18362.385.mum": {},
	}
	xml := winver.Claim{
		Source:  "the XML",
		Version: winver.Version{Major: 10, Build: 18362, UBR: 1139},
		Edition: winver.Edition{ID: "Professional", InstallationType: "Client"},
	}
	report, err := winver.Read(tree, winver.Fast(), winver.WithClaim(xml))
	if err != nil {
		panic(err)
	}
	for _, e := range report.Evidence {
		if e.Err == nil {
			fmt.Println(e.Witness, e.Value)
		}
	}
	fmt.Println(report.Best())
	fmt.Println(report.Status().ReleaseName())
	fmt.Println(report.Disagreement())
	// Output:
	// rollup_fix 10.0.18362.1139
	// enablement_package 1909
	// claim 10.0.18362.1139
	// 10.0.18363.1139
	// Windows 10 1909
	// the XML says 10.0.18362.1139, but it is 10.0.18363.1139; 18362 is the build of the files that 18363 shares
}
