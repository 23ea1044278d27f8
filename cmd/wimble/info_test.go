package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// parseJSON reads one object, with numbers as they are written.
func parseJSON(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	require.NoError(t, decoder.Decode(&object))
	require.False(t, decoder.More())
	require.True(t, strings.HasSuffix(text, "}\n"))
	return object
}

// requireKeys checks that an object has exactly these fields.
func requireKeys(t *testing.T, object any, keys string) map[string]any {
	t.Helper()
	m := object.(map[string]any)
	var got []string
	for key := range m {
		got = append(got, key)
	}
	want := strings.Fields(keys)
	slices.Sort(got)
	slices.Sort(want)
	require.Equal(t, want, got)
	return m
}

const (
	fileKeys = `path size guid version compression chunk_size part parts boot_index image_count integrity pipable solid images microsoft`

	imageKeys = `index name description display_name display_description flags dir_count file_count total_bytes hard_link_bytes
		created modified wimboot windows other`

	windowsKeys = `architecture product_name edition installation_type product_type product_suite hal system_root languages
		default_language version major minor build ubr service_pack_level branch
		fallback_languages servicing_data`
)

func fixtureInfo(t *testing.T, file string) *wimtest.Info {
	t.Helper()
	info, err := wimtest.ParseInfo(wimtest.FixtureBytes(t, "expected/"+file+".info.txt"))
	require.NoError(t, err)
	return info
}

// The fields of every fixture are there, and say what wimlib says.
func TestInfoJSON(t *testing.T) {
	for _, file := range wimtest.FixtureFiles(t) {
		t.Run(file, func(t *testing.T) {
			path := fixture(t, file)
			keys := fileKeys
			if file == "delta.wim" {
				keys += " missing_bytes" // only where there are some
			}
			got := requireKeys(t, parseJSON(t, works(t, "info", "--json", path)), keys)
			info := fixtureInfo(t, file)
			number := func(key string) json.Number { return json.Number(info.Header[key]) }
			require.Equal(t, path, got["path"])
			require.Equal(t, number("Chunk Size"), got["chunk_size"])
			require.Equal(t, number("Part Number"), got["part"])
			require.Equal(t, number("Total Parts"), got["parts"])
			require.Equal(t, number("Boot Index"), got["boot_index"])
			require.Equal(t, number("Image Count"), got["image_count"])
			require.Equal(t, strings.ToLower(info.WIM["Compression"]), strings.ToLower(got["compression"].(string)))
			require.Equal(t, map[string]string{"0x10d00": "1.13", "0xe00": "0.14"}[info.Header["Version"]], got["version"])
			require.Equal(t, strings.HasPrefix(info.Header["Magic Characters"], "WLPWM"), got["pipable"])
			require.Equal(t, info.Header["Integrity Size"] != "0", got["integrity"])
			require.Equal(t, slices.ContainsFunc(info.Blobs, func(b wimtest.ListedBlob) bool { return b.SolidResource != "" }), got["solid"])
			require.Len(t, got["guid"], 36)

			images := got["images"].([]any)
			require.Len(t, images, len(info.Images))
			for i := range images {
				requireImageJSON(t, info.Images[i], requireKeys(t, images[i], imageKeys))
			}
		})
	}
}

// requireImageJSON compares an image with what wimlib-imagex info says of it.
func requireImageJSON(t *testing.T, want map[string]string, got map[string]any) {
	t.Helper()
	when := func(key string) string {
		at, err := time.Parse(wimtest.ListedTime, want[key])
		require.NoError(t, err)
		return at.Format(time.RFC3339)
	}
	for key, value := range map[string]any{
		"index": json.Number(want["Index"]), "name": want["Name"], "description": want["Description"],
		"display_name": want["Display Name"], "display_description": want["Display Description"], "flags": want["Flags"],
		"dir_count": json.Number(want["Directory Count"]), "file_count": json.Number(want["File Count"]),
		"total_bytes": json.Number(want["Total Bytes"]), "hard_link_bytes": json.Number(want["Hard Link Bytes"]),
		"created": when("Creation Time"), "modified": when("Last Modification Time"),
	} {
		require.Equal(t, value, got[key], key)
	}
	if want["Build"] == "" {
		require.Nil(t, got["windows"])
		return
	}
	windows := requireKeys(t, got["windows"], windowsKeys+" update")
	for key, value := range map[string]any{
		"architecture": strings.Replace(want["Architecture"], "x86_64", "x64", 1), "product_name": want["Product Name"],
		"edition": want["Edition ID"], "installation_type": want["Installation Type"], "product_type": want["Product Type"],
		"product_suite": want["Product Suite"], "hal": want["HAL"], "system_root": want["System Root"],
		"default_language": want["Default Language"],
		"version":          fmt.Sprintf("%s.%s.%s.%s", want["Major Version"], want["Minor Version"], want["Build"], want["Service Pack Build"]),
		"major":            json.Number(want["Major Version"]), "minor": json.Number(want["Minor Version"]),
		"build": json.Number(want["Build"]), "ubr": json.Number(want["Service Pack Build"]),
		"service_pack_level": json.Number(want["Service Pack Level"]),
	} {
		require.Equal(t, value, windows[key], key)
	}
	require.Equal(t, strings.Fields(want["Languages"]), stringsOf(windows["languages"]))
	require.NotEmpty(t, windows["branch"])
}

func stringsOf(list any) []string {
	out := []string{}
	for _, v := range list.([]any) {
		out = append(out, v.(string))
	}
	return out
}

func TestInfoJSONOfOneFile(t *testing.T) {
	got := parseJSON(t, works(t, "info", "--json", fixture(t, "install.wim")))
	require.Equal(t, "51a67a2d-8242-ca26-4347-45098d1f0755", got["guid"])
	require.Equal(t, json.Number(strconv.Itoa(len(wimtest.FixtureBytes(t, "install.wim")))), got["size"])
	windows := got["images"].([]any)[0].(map[string]any)["windows"].(map[string]any)
	require.Equal(t, "10.0.18362.1139", windows["version"])
	require.Equal(t, json.Number("1139"), windows["ubr"])
	require.Equal(t, "19h1_release", windows["branch"])

	// The size of a set is that of its parts.
	got = parseJSON(t, works(t, "info", "--json", fixture(t, "split2.swm")))
	size := 0
	for _, part := range []string{"split.swm", "split2.swm", "split3.swm"} {
		size += len(wimtest.FixtureBytes(t, part))
	}
	require.Equal(t, json.Number(strconv.Itoa(size)), got["size"])
	require.Equal(t, json.Number("2"), got["part"])
}

func TestInfoXML(t *testing.T) {
	for _, file := range wimtest.FixtureFiles(t) {
		require.Equal(t, string(wimtest.FixtureBytes(t, "expected/"+file+".xml"))+"\n", works(t, "info", "--xml", fixture(t, file)))
	}
}

// table splits what info prints into cells.
func cells(text string) [][]string {
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		var row []string
		for _, cell := range strings.Split(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				row = append(row, cell)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestInfo(t *testing.T) {
	path := fixture(t, "install.wim")
	require.Equal(t, [][]string{
		{"File", path},
		{"Size", "36,429 bytes"},
		{"Kind", "WIM 1.13, LZX in chunks of 32 KiB, integrity table, link targets relative to the image"},
		{"GUID", "51a67a2d-8242-ca26-4347-45098d1f0755"},
		{"Images", "3"},
		{"DISM, Setup", "both take it"},
		nil,
		{"INDEX", "NAME", "EDITION", "ARCH", "VERSION", "LANGUAGES", "FILES", "SIZE", "MODIFIED"},
		{"1", "Windows 10 Pro", "Professional", "x64", "10.0.18362.1139", "en-US, de-DE", "21", "34.5 KiB", "2020-10-13 17:00"},
		{"2", "Windows 10 Home", "Core", "x64", "10.0.18362.1139", "en-US, de-DE", "21", "34.5 KiB", "2020-10-13 17:00"},
		{"3", "Windows 10 Enterprise", "Enterprise", "x64", "10.0.18362.1139", "en-US, de-DE, fr-FR", "21", "34.5 KiB", "2020-10-13 17:00"},
		nil,
		// Microsoft's release information: KB4577671 is of 2020-10-13; 1903 got
		// its last update on 2020-12-08; 1909 ended on 2021-05-11, for
		// Enterprise on 2022-05-10.
		{"INDEX", "RELEASE", "UPDATE"},
		{"1", "Windows 10 1903/1909", "KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2021-05-11"},
		{"2", "Windows 10 1903/1909", "KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2021-05-11"},
		{"3", "Windows 10 1903/1909", "KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10"},
	}, cells(works(t, "info", path)))

	require.Equal(t, [][]string{
		{"1", "first", "-", "-", "-", "-", "30", "4.3 KiB", "2020-10-13 17:00"},
		{"2", "-", "-", "-", "-", "-", "30", "9.1 KiB", "2020-10-13 17:00"},
		{"3", "空のイメージ 🚀", "-", "-", "-", "-", "0", "0 bytes", "2020-10-13 17:00"},
		{"4", "again", "-", "-", "-", "-", "30", "4.3 KiB", "2020-10-13 17:00"},
	}, cells(works(t, "info", fixture(t, "multi.wim")))[8:])

	for file, line := range map[string]string{
		"none.wim":              "Kind         WIM 1.13, not compressed, link targets relative to the image\n",
		"solid-lzms.esd":        "Kind         WIM 0.14, LZMS in chunks of 128 KiB, solid, link targets relative to the image\n",
		"pipable-xpress-4k.wim": "Kind         WIM 1.13, XPRESS in chunks of 4 KiB, pipable, link targets relative to the image\n",
		"boot.wim":              "Images       2, image 2 boots\n",
		"split3.swm":            "Part         3 of 3, all parts found\n",
	} {
		require.Contains(t, works(t, "info", fixture(t, file)), line)
	}
	alone := filepath.Join(t.TempDir(), "split2.swm")
	require.NoError(t, os.WriteFile(alone, wimtest.FixtureBytes(t, "split2.swm"), 0o600))
	require.Contains(t, works(t, "info", alone), "Part         2 of 3, missing: 1 3\n")
}
