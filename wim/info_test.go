package wim_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

func fixtureInfo(t *testing.T, file string) *wimtest.Info {
	t.Helper()
	info, err := wimtest.ParseInfo(wimtest.FixtureBytes(t, "expected/"+file+".info.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, info.Header)
	require.NotEmpty(t, info.Blobs)
	return info
}

// eachFile runs a test for each file of the fixtures.
func eachFile(t *testing.T, test func(t *testing.T, file string, r *wim.Reader)) {
	for _, file := range wimtest.FixtureFiles(t) {
		t.Run(file, func(t *testing.T) { test(t, file, openFixture(t, file)) })
	}
}

func TestXMLAgreesWithWimlib(t *testing.T) {
	eachFile(t, func(t *testing.T, file string, r *wim.Reader) {
		require.Equal(t, string(wimtest.FixtureBytes(t, "expected/"+file+".xml")), r.XML())
	})
}

func TestHeaderAgreesWithWimlib(t *testing.T) {
	eachFile(t, func(t *testing.T, file string, r *wim.Reader) {
		info, h := fixtureInfo(t, file), r.Header
		magic := map[bool]string{false: `MSWIM\0\0\0`, true: `WLPWM\0\0\0`}
		require.Equal(t, info.Header["Magic Characters"], magic[h.Pipable])
		for key, value := range map[string]any{
			"Version":     fmt.Sprintf("%#x", h.Version),
			"Flags":       fmt.Sprintf("%#x", uint32(h.Flags)),
			"Chunk Size":  h.ChunkSize,
			"GUID":        hex.EncodeToString(h.GUID[:]),
			"Part Number": h.PartNumber,
			"Total Parts": h.TotalParts,
			"Image Count": h.ImageCount,
			"Boot Index":  h.BootIndex,
		} {
			require.Equal(t, info.Header[key], fmt.Sprint(value), key)
		}
		require.Equal(t, info.Header["Integrity Size"] != "0", r.HasIntegrityTable())
		require.Equal(t, strings.ToLower(info.WIM["Compression"]), strings.ToLower(h.Compression.String()))
		solid := false
		for _, b := range info.Blobs {
			solid = solid || b.SolidResource != ""
		}
		require.Equal(t, solid, r.Solid())
		require.Equal(t, h.Flags&wim.FlagSpanned != 0, h.TotalParts > 1)
	})
}

// Windows prints the first three groups of a GUID as little-endian numbers.
func TestGUIDString(t *testing.T) {
	require.Equal(t, "2d7aa651428226ca434745098d1f0755", fixtureInfo(t, "install.wim").Header["GUID"])
	require.Equal(t, "51a67a2d-8242-ca26-4347-45098d1f0755", openFixture(t, "install.wim").Header.GUID.String())
}

// wimlibTime prints a FILETIME as wimlib does.
func wimlibTime(t wim.Filetime) string { return t.Time().Format(wimtest.ListedTime) }

func TestImageInfoAgreesWithWimlib(t *testing.T) {
	eachFile(t, func(t *testing.T, file string, r *wim.Reader) {
		info := fixtureInfo(t, file)
		require.Len(t, r.Images, len(info.Images))
		for i, image := range r.Images {
			require.Equal(t, info.Images[i], wimlibInfo(image), image.Index)
			require.Equal(t, strconv.Itoa(image.Index), image.Info.Element.Attribute("INDEX"))
		}
	})
}

// wimlibInfo describes an image in wimlib's words.
func wimlibInfo(image *wim.Image) map[string]string {
	i := image.Info
	said := map[string]string{
		"Index":                  strconv.Itoa(image.Index),
		"Name":                   i.Name,
		"Description":            i.Description,
		"Directory Count":        fmt.Sprint(i.DirCount),
		"File Count":             fmt.Sprint(i.FileCount),
		"Total Bytes":            fmt.Sprint(i.TotalBytes),
		"Hard Link Bytes":        fmt.Sprint(i.HardLinkBytes),
		"Creation Time":          wimlibTime(i.Created),
		"Last Modification Time": wimlibTime(i.Modified),
		"WIMBoot compatible":     map[bool]string{false: "no", true: "yes"}[i.WIMBoot],
	}
	optional := map[string]string{
		"Display Name":        i.DisplayName,
		"Display Description": i.DisplayDescription,
		"Flags":               i.Flags,
	}
	if w := i.Windows; w != nil {
		optional["Architecture"] = strings.ReplaceAll(w.Architecture.String(), "x64", "x86_64")
		optional["Product Name"] = w.ProductName
		optional["Edition ID"] = w.EditionID
		optional["Installation Type"] = w.InstallationType
		optional["HAL"] = w.HAL
		optional["Product Type"] = w.ProductType
		optional["Product Suite"] = w.ProductSuite
		optional["Languages"] = strings.Join(w.Languages, " ")
		optional["Default Language"] = w.DefaultLanguage
		optional["System Root"] = w.SystemRoot
		optional["Major Version"] = fmt.Sprint(w.Version.Major)
		optional["Minor Version"] = fmt.Sprint(w.Version.Minor)
		optional["Build"] = fmt.Sprint(w.Version.Build)
		optional["Service Pack Build"] = fmt.Sprint(w.Version.UBR)
		optional["Service Pack Level"] = fmt.Sprint(w.ServicePackLevel)
	}
	for key, value := range optional {
		if value != "" {
			said[key] = value
		}
	}
	return said
}

// The properties that make.sh gave to the images, typed.
func TestWindowsInfo(t *testing.T) {
	windows := func(build, ubr uint32, edition, kind, branch string, languages ...string) *wim.WindowsInfo {
		return &wim.WindowsInfo{
			Architecture: wim.ArchitectureX64, ProductName: "Microsoft® Windows® Operating System",
			EditionID: edition, InstallationType: kind, ProductType: "WinNT", ProductSuite: "Terminal Server",
			HAL: "acpiapic", SystemRoot: "WINDOWS",
			Languages: languages, DefaultLanguage: languages[0],
			Version: winver.Version{Major: 10, Build: build, UBR: ubr}, Branch: branch,
			GDRDURevision: "20201013", PKeyConfigVersion: fmt.Sprintf("10.0.%d.%d;2016-01-01T00:00:00Z", build, ubr),
			ImageState: "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
		}
	}
	type image struct {
		name, edition string
		windows       *wim.WindowsInfo
	}
	for file, images := range map[string][]image{
		"install.wim": {
			{"Windows 10 Pro", "Professional", windows(18362, 1139, "Professional", "Client", "19h1_release", "en-US", "de-DE")},
			{"Windows 10 Home", "Core", windows(18362, 1139, "Core", "Client", "19h1_release", "en-US", "de-DE")},
			{"Windows 10 Enterprise", "Enterprise", windows(18362, 1139, "Enterprise", "Client", "19h1_release", "en-US", "de-DE", "fr-FR")},
		},
		"boot.wim": {
			{"Microsoft Windows PE (amd64)", "WindowsPE", windows(18362, 1, "WindowsPE", "WindowsPE", "19h1_release", "en-US")},
			{"Microsoft Windows Setup (amd64)", "WindowsPE", windows(18362, 1, "WindowsPE", "WindowsPE", "19h1_release", "en-US")},
		},
		"install.esd": {
			{"Windows Setup Media", "", nil},
			{"Windows 11 Pro", "Professional", windows(22621, 2428, "Professional", "Client", "ni_release", "de-DE")},
			{"Windows 11 Home", "Core", windows(22621, 2428, "Core", "Client", "ni_release", "de-DE")},
		},
	} {
		r := openFixture(t, file)
		require.Len(t, r.Images, len(images), file)
		for i, want := range images {
			got := r.Images[i].Info
			require.Equal(t, want.windows, got.Windows, want.name)
			require.Equal(t, want.name, got.Name)
			require.Equal(t, want.name, got.Description)
			require.Equal(t, want.edition, got.Flags)
			// 2020-10-13 17:00:00 UTC, when wimlib was told that it was.
			require.Equal(t, filetime(1602608400, 0), got.Created)
			require.Equal(t, filetime(1602608400, 0), got.Modified)
			if want.windows != nil {
				require.Equal(t, want.name, got.DisplayName)
				require.Equal(t, want.name, got.DisplayDescription)
				require.Equal(t, "x64", got.Windows.Architecture.String())
			}
		}
	}
	require.Equal(t, "10.0.18362.1139", openFixture(t, "install.wim").Images[0].Info.Windows.Version.String())
}

// What has no type is reached by its path.
func TestUnknownElements(t *testing.T) {
	r := openFixture(t, "multi.wim")
	again := r.Images[3].Info
	require.True(t, again.WIMBoot)
	require.Equal(t, "4711", again.Element.Value("ORGANISATION/ASSET"))
	require.Equal(t, "ASSET", again.Element.Find("ORGANISATION/ASSET").Name)
	require.Nil(t, again.Element.Find("ORGANISATION/NOTHING"))
	require.Nil(t, again.Element.Find("ORGANISATION/ASSET/DEEPER"))
	require.Empty(t, again.Element.Value("ORGANISATION/NOTHING"))
	require.Equal(t, "0x01D6A182", again.Element.Value("CREATIONTIME/HIGHPART"))
	require.Nil(t, r.Images[0].Info.Element.Find("ORGANISATION"))
	require.Equal(t, `Beschreibung: <leer> & "leer"`, r.Images[2].Info.Description)
	require.Equal(t, "空のイメージ 🚀", r.Images[2].Info.Name)
}

// withXML returns a copy of a file that has another XML document, at its end.
// The reshdr of the XML is at 0x48 of the header: size and flags, offset, size.
func withXML(file, document []byte) []byte {
	out := append(append([]byte{}, file...), document...)
	le := binary.LittleEndian
	const metadata = 0x02
	le.PutUint64(out[0x48:], uint64(len(document))|metadata<<56)
	le.PutUint64(out[0x50:], uint64(len(file)))
	le.PutUint64(out[0x58:], uint64(len(document)))
	return out
}

// utf16le encodes text as an XML document is stored.
func utf16le(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

const byteOrderMark = "\ufeff"

// Every element of section 12.2 of the WIM format sheet, as other writers than
// wimlib have it.
func TestEveryElement(t *testing.T) {
	document := `<WIM><TOTALBYTES>13170</TOTALBYTES><IMAGE INDEX="1">
		<DIRCOUNT>18446744073709551615</DIRCOUNT><FILECOUNT> 0x2A </FILECOUNT><TOTALBYTES>14123456789</TOTALBYTES>
		<HARDLINKBYTES>7000000000</HARDLINKBYTES>
		<CREATIONTIME><HIGHPART>0x01D5F5AD</HIGHPART><LOWPART>0x89ABCDEF</LOWPART></CREATIONTIME>
		<LASTMODIFICATIONTIME><HIGHPART>01d5f5ae</HIGHPART><LOWPART>0X0000000a</LOWPART></LASTMODIFICATIONTIME>
		<WIMBOOT>0</WIMBOOT>
		<WINDOWS>
			<ARCH>12</ARCH><PRODUCTNAME>Microsoft&#174; Windows</PRODUCTNAME><EDITIONID>ServerStandard</EDITIONID>
			<INSTALLATIONTYPE>Server Core</INSTALLATIONTYPE>
			<SERVICINGDATA><GDRDUREVISION>0</GDRDUREVISION><PKEYCONFIGVERSION>6.3.9600.17031;2014-02-22T04:31:55Z</PKEYCONFIGVERSION>
			<IMAGESTATE>IMAGE_STATE_COMPLETE</IMAGESTATE></SERVICINGDATA>
			<HAL/><PRODUCTTYPE>ServerNT</PRODUCTTYPE><PRODUCTSUITE></PRODUCTSUITE>
			<LANGUAGES><LANGUAGE>zh-TW</LANGUAGE><LANGUAGE>ar-SA</LANGUAGE><FALLBACK LANGUAGE="zh-TW">en-US</FALLBACK>
			<FALLBACK LANGUAGE="ar-SA">fr-FR</FALLBACK><DEFAULT>ja-JP</DEFAULT></LANGUAGES>
			<VERSION><MAJOR>6</MAJOR><MINOR>1</MINOR><BUILD>7601</BUILD><SPBUILD>17514</SPBUILD><SPLEVEL>1</SPLEVEL><BRANCH>win7sp1_rtm</BRANCH></VERSION>
			<SYSTEMROOT>WINDOWS</SYSTEMROOT>
		</WINDOWS>
		<NAME>  Ein Name </NAME><DESCRIPTION/><FLAGS>ServerStandard</FLAGS><DISPLAYNAME><![CDATA[<&>]]></DISPLAYNAME><DISPLAYDESCRIPTION></DISPLAYDESCRIPTION>
		<USERDATA kind="odd"><X>1</X><X>2</X></USERDATA>
	</IMAGE></WIM>`
	r := openBytes(t, withXML(wimtest.FixtureBytes(t, "none.wim"), utf16le(byteOrderMark+document)))
	require.Empty(t, r.Warnings())
	require.Equal(t, document, r.XML())
	got := r.Images[0].Info
	userData := got.Element.Find("USERDATA")
	require.Equal(t, &wim.Element{
		Name: "USERDATA", Attributes: []wim.Attribute{{Name: "kind", Value: "odd"}},
		Children: []*wim.Element{{Name: "X", Text: "1"}, {Name: "X", Text: "2"}},
	}, userData)
	got.Element = nil
	require.Equal(t, wim.ImageInfo{
		Name: "Ein Name", DisplayName: "<&>", Flags: "ServerStandard",
		DirCount: 1<<64 - 1, FileCount: 42, TotalBytes: 14123456789, HardLinkBytes: 7000000000,
		Created: 0x01D5F5AD89ABCDEF, Modified: 0x01D5F5AE0000000A,
		Windows: &wim.WindowsInfo{
			Architecture: wim.ArchitectureARM64, ProductName: "Microsoft® Windows", EditionID: "ServerStandard",
			InstallationType: "Server Core", ProductType: "ServerNT", SystemRoot: "WINDOWS",
			Languages: []string{"zh-TW", "ar-SA"}, DefaultLanguage: "ja-JP",
			FallbackLanguages: map[string]string{"zh-TW": "en-US", "ar-SA": "fr-FR"},
			Version:           winver.Version{Major: 6, Minor: 1, Build: 7601, UBR: 17514}, ServicePackLevel: 1, Branch: "win7sp1_rtm",
			GDRDURevision: "0", PKeyConfigVersion: "6.3.9600.17031;2014-02-22T04:31:55Z", ImageState: "IMAGE_STATE_COMPLETE",
		},
	}, got)
}

// The oddities of section 12.3 cost nothing but what is odd.
func TestOddXML(t *testing.T) {
	for _, c := range []struct {
		name, document string
		warning        string // "" for none
		check          func(t *testing.T, info wim.ImageInfo)
	}{
		{"numbers that are none", `<WIM><IMAGE INDEX="1"><DIRCOUNT>many</DIRCOUNT><FILECOUNT>-1</FILECOUNT><TOTALBYTES>18446744073709551616</TOTALBYTES>` +
			`<CREATIONTIME><HIGHPART>0x1FFFFFFFF</HIGHPART><LOWPART>0x0</LOWPART></CREATIONTIME>` +
			`<WINDOWS><ARCH>nine</ARCH><VERSION><MAJOR>10</MAJOR><BUILD>x</BUILD><SPBUILD>4294967296</SPBUILD></VERSION></WINDOWS></IMAGE></WIM>`, "",
			func(t *testing.T, info wim.ImageInfo) {
				require.Zero(t, info.DirCount)
				require.Zero(t, info.FileCount)
				require.Zero(t, info.TotalBytes)
				require.Zero(t, info.Created)
				require.Equal(t, winver.Version{Major: 10}, info.Windows.Version)
				require.Empty(t, info.Windows.Architecture.String())
			}},
		{"architectures", `<WIM><IMAGE INDEX="1"><WINDOWS><ARCH>0</ARCH></WINDOWS></IMAGE></WIM>`, "",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "x86", info.Windows.Architecture.String()) }},
		{"an architecture of the future", `<WIM><IMAGE INDEX="1"><WINDOWS><ARCH>99</ARCH></WINDOWS></IMAGE></WIM>`, "",
			func(t *testing.T, info wim.ImageInfo) {
				require.Equal(t, "architecture 99", info.Windows.Architecture.String())
			}},
		{"servicing data outside of WINDOWS", `<WIM><IMAGE INDEX="1"><WINDOWS/><SERVICINGDATA><GDRDUREVISION>2428</GDRDUREVISION></SERVICINGDATA></IMAGE></WIM>`, "",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "2428", info.Windows.GDRDURevision) }},
		{"a declaration", `<?xml version="1.0" encoding="UTF-16"?><WIM><IMAGE INDEX="1"><NAME>a</NAME></IMAGE></WIM>`, "",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "a", info.Name) }},
		{"NULs at the end", "<WIM><IMAGE INDEX=\"1\"><NAME>b</NAME></IMAGE></WIM>\x00\x00", "",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "b", info.Name) }},
		{"no element for the image", `<WIM></WIM>`, "no IMAGE element",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, wim.ImageInfo{}, info) }},
		{"a second element for the image", `<WIM><IMAGE INDEX="1"><NAME>first</NAME></IMAGE><IMAGE INDEX="1"><NAME>second</NAME></IMAGE></WIM>`,
			"second IMAGE with INDEX 1",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "first", info.Name) }},
		{"images that there are not", `<WIM><IMAGE INDEX="2"><NAME>two</NAME></IMAGE><IMAGE INDEX=" 1 "><NAME>one</NAME></IMAGE><IMAGE/></WIM>`,
			`INDEX "2"`,
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "one", info.Name) }},
		{"a document that breaks off", `<WIM><IMAGE INDEX="1"><NAME>c</NAME><DESCRIPTION>d`, "XML",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, "c", info.Name) }},
		{"no XML at all", `nothing of the kind`, "XML",
			func(t *testing.T, info wim.ImageInfo) { require.Equal(t, wim.ImageInfo{}, info) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, mark := range []string{byteOrderMark, ""} {
				r := openBytes(t, withXML(wimtest.FixtureBytes(t, "none.wim"), utf16le(mark+c.document)))
				require.Len(t, r.Images, 1)
				c.check(t, r.Images[0].Info)
				if c.warning == "" {
					require.Empty(t, r.Warnings())
				} else {
					require.NotEmpty(t, r.Warnings())
					require.ErrorContains(t, r.Warnings()[0], c.warning)
					require.ErrorIs(t, r.Warnings()[0], wim.ErrFormat)
				}
				// The XML is about the images, it is not the images.
				data, err := imageFS(t, r, 1).ReadFile("one-byte.bin")
				require.NoError(t, err)
				require.Equal(t, "x", string(data))
			}
		})
	}
}

func TestEncryptedESDIsRefusedByName(t *testing.T) {
	file := withXML(wimtest.FixtureBytes(t, "install.esd"),
		utf16le(byteOrderMark+`<WIM><ESD><ENCRYPTED><KEY>AAAA</KEY><RANGE Offset="208" Bytes="16"/></ENCRYPTED></ESD></WIM>`))
	_, err := wim.NewReader(strings.NewReader(string(file)), int64(len(file)))
	require.ErrorIs(t, err, wim.ErrEncrypted)
}

func TestImageByIndexOrName(t *testing.T) {
	r := openFixture(t, "multi.wim")
	for which, index := range map[string]int{
		"1": 1, "4": 4, "first": 1, "again": 4, "AGAIN": 4, "空のイメージ 🚀": 3, "": 2,
	} {
		image, err := r.Image(which)
		require.NoError(t, err, which)
		require.Equal(t, index, image.Index, which)
	}
	for which, message := range map[string]string{
		"0":       "there is no image 0; the file has 4",
		"5":       "there is no image 5; the file has 4",
		"-1":      "there is no image -1; the file has 4",
		"nothing": `no image is named "nothing"`,
	} {
		_, err := r.Image(which)
		require.EqualError(t, err, message)
	}
}
