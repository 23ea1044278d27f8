package inventory

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/winver"
)

// The files are made like those of Windows, with their names, attributes and
// values; what they are about is left out.
const (
	xmlHead = `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n"
	v3      = ` xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0" `

	// A part of an update of Windows 8.1.
	part = xmlHead + `<assembly` + v3 + `description="Fix for KB4577066" displayName="default" company="Microsoft Corporation" supportInformation="http://support.microsoft.com/?kbid=4577066">
<assemblyIdentity name="Package_980_for_KB4577066" version="6.3.1.11" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>
<package identifier="KB4577066" applicabilityEvaluation="deep" releaseType="Security Update" restart="possible">
<parent buildCompare="EQ" integrate="separate" disposition="detect"><assemblyIdentity name="Microsoft-Windows-Foundation-Package" version="6.3.9600.16384" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/></parent>
<update name="4577066-1_neutral_PACKAGE"><component><assemblyIdentity name="x" version="6.3.9600.1" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/></component></update>
</package></assembly>`

	// A cumulative update of Windows 11.
	rollup = "\uFEFF" + `<assembly` + v3 + `supportInformation="https://support.microsoft.com/help/5129195" copyright="Copyright (c) Microsoft Corporation. All Rights Reserved.">
<assemblyIdentity name="Package_for_RollupFix" version="26100.9457.1.0" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>
<package identifier="KB5129195" releaseType="Security Update" psfName="Windows11.0-KB5129195-x64.psf">
<mum2:customInformation xmlns:mum2="urn:schemas-microsoft-com:asm.v3.mum" PackageFormat="PSFX" PSFXVersion="2"/>
<update name="a"><package integrate="hidden"><assemblyIdentity name="Package_1_for_KB5129195" version="26100.9457.1.0"/></package></update>
<update name="b"><package integrate="hidden"><assemblyIdentity name="Package_2_for_KB5129195" version="26100.9457.1.0"/></package></update>
</package></assembly>`

	// A feature of Windows 10 and 11.
	sandbox = xmlHead + `<assembly` + v3 + `description="Windows Sandbox">
<assemblyIdentity name="Containers-OptionalFeature-DisposableClientVM-Package" version="10.0.26100.1" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>
<package identifier="Containers-OptionalFeature-DisposableClientVM" releaseType="Feature Pack">
<parent integrate="delegate"><assemblyIdentity name="Microsoft-Windows-Foundation-Package" version="10.0.26100.1"/></parent>
<update name="Containers-DisposableClientVM" displayName="Windows Sandbox" description="Enables the dependencies required to run Windows Sandbox scenarios.">
<selectable disposition="staged"><detectNone default="false"/></selectable>
<applicable disposition="staged"><detectUpdate><update name="Microsoft-Hyper-V"/></detectUpdate></applicable>
<package integrate="hidden"><assemblyIdentity name="y"/></package>
</update>
<update name="plain"><package><assemblyIdentity name="z"/></package></update>
<update name="NetFx3" displayName="%netfx%"><selectable disposition="staged"><detectNone default="true"/></selectable></update>
</package></assembly>`

	// Features on demand: fonts, and one that cannot be removed.
	fonts = xmlHead + `<assembly` + v3 + `>
<assemblyIdentity name="Microsoft-Windows-LanguageFeatures-Fonts-Jpan-Package" version="10.0.22621.1" language="neutral"/>
<package identifier="KB777778" releaseType="OnDemand Pack">
<declareCapability><capability><capabilityIdentity name="Language.Fonts.Jpan" language="und-Jpan" version="1.0"/></capability>
<dependency><capabilityIdentity name="Other" version="1.0"/></dependency>
<satelliteInfo><applyTo><capabilityIdentity name="Third"/></applyTo></satelliteInfo></declareCapability>
</package></assembly>`
	sense = xmlHead + `<assembly` + v3 + `supportInformation="https://support.microsoft.com/help/777777">
<package identifier="Sense" releaseType="OnDemand Pack" permanence="permanent">
<declareCapability><capability><capabilityIdentity name="Microsoft.Windows.Sense.Client"/></capability></declareCapability>
</package></assembly>`
)

func TestParseMUM(t *testing.T) {
	no, yes := false, true
	for text, want := range map[string]mum{
		part: {releaseType: "Security Update", identifier: "KB4577066", support: "http://support.microsoft.com/?kbid=4577066", restart: "possible"},
		rollup: {releaseType: "Security Update", identifier: "KB5129195",
			support: "https://support.microsoft.com/help/5129195"},
		sandbox: {releaseType: "Feature Pack", identifier: "Containers-OptionalFeature-DisposableClientVM", features: []mumFeature{
			{name: "Containers-DisposableClientVM", displayName: "Windows Sandbox", parent: "Microsoft-Hyper-V", byDefault: &no, selectable: true},
			{name: "NetFx3", displayName: "%netfx%", byDefault: &yes, selectable: true},
		}},
		fonts: {releaseType: "OnDemand Pack", identifier: "KB777778", capabilities: []string{"Language.Fonts.Jpan~~~und-Jpan~0.0.1.0"}},
		sense: {releaseType: "OnDemand Pack", identifier: "Sense", permanent: true, support: "https://support.microsoft.com/help/777777",
			capabilities: []string{"Microsoft.Windows.Sense.Client~~~~"}},
	} {
		// Whatever pieces the file comes in.
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			got, err := parseMUM(r)
			require.NoError(t, err)
			require.Equal(t, &want, got)
		}
	}
}

func TestArticle(t *testing.T) {
	for want, list := range map[winver.KB][]mum{
		4577066: {{identifier: "KB4577066"}, {identifier: "kb4577066", support: "/help/1"}, {support: "http://support.microsoft.com/?kbid=4577066"}},
		5030219: {{identifier: "Foundation", support: "https://support.microsoft.com/help/5030219"}},
		0: {{}, {identifier: "KB777777"}, {identifier: "KB777778", support: "/help/5"}, {identifier: "x", support: "/help/777778"},
			{identifier: "KB"}, {identifier: "5030219"}, {support: "/help/"}, {support: "/help/99999999999"}},
	} {
		for _, m := range list {
			require.Equal(t, want, m.article(), m)
		}
	}
}

func TestCapabilityName(t *testing.T) {
	// As DISM prints them.
	require.Equal(t, "Language.Basic~~~es-ES~0.0.1.0", capabilityName("Language.Basic", "es-ES", "1.0"))
	require.Equal(t, "OpenSSH.Client~~~~0.0.1.0", capabilityName("OpenSSH.Client", "", "1.0"))
	require.Equal(t, "Browser.InternetExplorer~~~~0.0.11.0", capabilityName("Browser.InternetExplorer", "neutral", "11.0"))
	require.Equal(t, "Language.UI.Client~~~fi-FI~", capabilityName("Language.UI.Client", "fi-FI", ""))
	require.Equal(t, "A~~~~1.2.3.4", capabilityName("A", "", "1.2.3.4"))
	require.Empty(t, capabilityName("", "de-DE", "1.0"))
	require.Empty(t, capabilityName("A~B", "de-DE", "1.0"))
}

func TestHostileMUM(t *testing.T) {
	nested := func(n int) string {
		return "<assembly>" + strings.Repeat("<a>", n-1) + strings.Repeat("</a>", n-1) + "</assembly>"
	}
	_, err := parseMUM(strings.NewReader(nested(maxXMLDepth)))
	require.NoError(t, err)
	for text, want := range map[string]struct {
		kind    error
		message string
	}{
		nested(maxXMLDepth + 1):                       {winver.ErrLimit, "deeper than 32"},
		"<assembly>" + strings.Repeat("<a>", 100_000): {winver.ErrLimit, "deeper than 32"},
		"":                       {winver.ErrFormat, "empty"},
		"\xEF\xBB\xBF":           {winver.ErrFormat, "empty"},
		"<":                      {winver.ErrFormat, "XML syntax error"},
		"<assembly>":             {winver.ErrFormat, "ends in the element"},
		"<html></html>":          {winver.ErrFormat, "where one \"assembly\" is"},
		"<assembly/><assembly/>": {winver.ErrFormat, "where one \"assembly\" is"},
		"DCM\x01PA30":            {winver.ErrFormat, `compressed as "DCM"`},
		"DCS\x01":                {winver.ErrFormat, `compressed as "DCS"`},
		"\xFF\xFE<\x00a\x00":     {winver.ErrFormat, "XML syntax error"},
		`<?xml version="1.0" encoding="utf-16"?><a/>`: {winver.ErrFormat, "utf-16"},
		"<assembly>" + strings.Repeat(" ", maxXML):    {winver.ErrLimit, "larger than 4194304"},
		"<assembly a='" + strings.Repeat("x", maxXML): {winver.ErrLimit, "larger than 4194304"},
		`<!DOCTYPE a [<!ENTITY b "c">]><assembly/>`:   {winver.ErrFormat, "DTD"},
		`<!DOCTYPE a SYSTEM "file:///x"><assembly/>`:  {winver.ErrFormat, "DTD"},
		`<assembly supportInformation="&b;"/>`:        {winver.ErrFormat, "XML syntax error"},
		manyFeatures(maxDeclared + 1):                 {winver.ErrLimit, "more than 4096 features"},
		manyCapabilities(maxDeclared + 1):             {winver.ErrLimit, "more than 4096 capabilities"},
		"<assembly><b></c>":                           {winver.ErrFormat, "not that of the last one begun"},
	} {
		_, err := parseMUM(strings.NewReader(text))
		require.ErrorIs(t, err, want.kind, "%.60q", text)
		require.ErrorContains(t, err, want.message)
		require.NotContains(t, err.Error(), "\n")
	}
	pulled := errors.New("cable pulled")
	for _, before := range []string{"", "<assembly>"} {
		_, err := parseMUM(io.MultiReader(strings.NewReader(before), iotest.ErrReader(pulled)))
		require.ErrorIs(t, err, pulled)
		require.NotErrorIs(t, err, winver.ErrFormat)
	}
	// An attribute that is too long for a name is none.
	m, err := parseMUM(strings.NewReader(`<assembly><package identifier="` + strings.Repeat("x", maxXMLAttribute+1) + `"/></assembly>`))
	require.NoError(t, err)
	require.Empty(t, m.identifier)
	m, err = parseMUM(strings.NewReader(manyFeatures(maxDeclared)))
	require.NoError(t, err)
	require.Len(t, m.features, maxDeclared)
}

func manyFeatures(n int) string {
	var b strings.Builder
	b.WriteString("<assembly><package>")
	for i := range n {
		fmt.Fprintf(&b, "<update name='f%d'><selectable/></update>", i)
	}
	return b.String() + "</package></assembly>"
}

func manyCapabilities(n int) string {
	return "<assembly><package><declareCapability><capability>" + strings.Repeat("<capabilityIdentity name='c'/>", n) +
		"</capability></declareCapability></package></assembly>"
}

// Whatever is in a file, what is kept of it is bounded, and errors are one line
// and of a kind.
func FuzzMum(f *testing.F) {
	for _, seed := range []string{part, rollup, sandbox, fonts, sense, "DCM\x01", "<!DOCTYPE a><assembly/>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMUM(strings.NewReader(string(data)))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.True(t, errors.Is(err, winver.ErrFormat) || errors.Is(err, winver.ErrLimit), err)
			return
		}
		require.LessOrEqual(t, len(m.features), maxDeclared)
		require.LessOrEqual(t, len(m.capabilities), maxDeclared)
		for _, feature := range m.features {
			require.NotEmpty(t, feature.name)
			require.LessOrEqual(t, len(feature.name), maxXMLAttribute)
		}
		for _, capability := range m.capabilities {
			require.Equal(t, 4, strings.Count(capability, "~"))
		}
		require.False(t, m.article() == 777777 || m.article() == 777778)
	})
}
