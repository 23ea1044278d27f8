package console

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
	"github.com/wimble-go/wimble/winver"
)

// listed are the names in the list, in order.
func listed(page string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`<th role="rowheader" scope="row"><a href="/packages/\w+">([^<]*)</a>`).FindAllStringSubmatch(page, -1) {
		names = append(names, match[1])
	}
	return names
}

func TestList(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "install.esd", "boot.wim", "none.wim")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "cut.wim"), wimtest.FixtureBytes(t, "install.wim")[:5000], 0o600))
	s = serveFolder(t, Guard{}, s.dir)

	page := s.get("/")
	require.Equal(t, []string{"boot.wim", "cut.wim", "install.esd", "install.wim", "none.wim"}, listed(page))
	require.Contains(t, page, "it may be cut off", "a damaged file is a row with its error")
	for _, text := range []string{
		"Professional, Core, Enterprise", "10.0.18362.1139", "Windows 10 1903/1909", "KB4577671", "2, latest KB4592449", "en-US, de-DE, fr-FR", "35.6 KiB",
		`<span class="badge over">out of service since`, `<th role="columnheader" scope="col" aria-sort="ascending">`, `<label for="q">`,
	} {
		require.Contains(t, page, text)
	}
	require.Equal(t, []string{"install.esd", "install.wim", "boot.wim"}, listed(s.get("/?sort=version&order=desc"))[:3])
	require.Equal(t, []string{"install.wim", "boot.wim", "install.esd", "none.wim", "cut.wim"}, listed(s.get("/?sort=size&order=desc")))
	require.Equal(t, []string{"install.esd", "install.wim", "boot.wim"}, listed(s.get("/?sort=service&order=desc"))[:3])
	require.Equal(t, listed(page), listed(s.get("/?sort=nothing")))

	require.Equal(t, []string{"install.wim"}, listed(s.get("/?q=1139+enterprise")))
	require.Equal(t, []string{"install.esd", "install.wim"}, listed(s.get("/?q=PROfessional")))
	require.Equal(t, []string{"cut.wim"}, listed(s.get("/?q=cut+off")))
	require.Empty(t, listed(s.get("/?q=%3Cscript%3E")))
	require.Contains(t, s.get("/?q=%3Cscript%3E"), `value="&lt;script&gt;"`)
}

// The end of service, as a class and in words.
func TestService(t *testing.T) {
	today := winver.Date{Year: 2026, Month: 11, Day: 28}
	for _, c := range []struct {
		end         winver.Date
		class, text string
	}{
		{winver.Date{}, "unknown", "unknown"},
		{winver.Date{Year: 2026, Month: 11, Day: 27}, "over", "out of service since 2026-11-27"},
		{today, "soon", "until 2026-11-28, 0 days left"},
		{winver.Date{Year: 2027, Month: 5, Day: 26}, "soon", "until 2027-05-26, 179 days left"},
		{winver.Date{Year: 2027, Month: 5, Day: 27}, "good", "until 2027-05-27"},
	} {
		got := serviceOf(c.end, today)
		require.Equal(t, [2]string{c.class, c.text}, [2]string{got.Class, got.Text})
	}
}

func TestPackagePage(t *testing.T) {
	s := serve(t, Guard{}, "install.wim", "multi.wim")
	page := s.get("/packages/" + s.id("install.wim"))
	for _, text := range []string{
		"51a67a2d-8242-ca26-4347-45098d1f0755", "LZX in chunks of 32 KiB, integrity table", "both take it",
		"Image 1: Windows 10 Pro", "Image 3: Windows 10 Enterprise", "19h1_release", "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE", "Terminal Server",
	} {
		require.Contains(t, page, text)
	}
	require.Contains(t, s.get("/packages/"+s.id("multi.wim")), "空のイメージ 🚀")
	require.Contains(t, s.get("/packages/"+s.id("install.wim")+"/xml"), "<WIM>")
	require.Equal(t, http.StatusNotFound, s.do("GET", "/packages/000000000000").StatusCode)

	evidence := s.get("/packages/" + s.id("install.wim") + "/images/1/version")
	for _, text := range []string{"rollup_fix", "Package_for_RollupFix~31bf3856ad364e35~amd64~~18362.1139.1.9.mum", "10.0.18362.1139", "the XML"} {
		require.Contains(t, evidence, text)
	}
	require.Equal(t, http.StatusNotFound, s.do("GET", "/packages/"+s.id("multi.wim")+"/images/1/version").StatusCode, "no Windows is in it")
	for _, image := range []string{"0", "4", "01", "-1", "+1", "x", "99999999999999999999"} {
		require.Equal(t, http.StatusNotFound, s.do("GET", "/packages/"+s.id("install.wim")+"/images/"+image+"/browse/").StatusCode, image)
	}
}

// Each entry of each folder has a row, and each row leads to a page.
func TestBrowse(t *testing.T) {
	s := serve(t, Guard{}, "ntfs.wim", "names.wim", "unix.wim", "lzx-32k.wim")
	link := regexp.MustCompile(`<a class="entry" href="([^"]*)">`)
	var walk func(target string) int
	walk = func(target string) int {
		count := 0
		for _, match := range link.FindAllStringSubmatch(s.get(target), -1) {
			count++
			if strings.Contains(match[1], "/browse/") {
				count += walk(match[1])
			} else {
				require.Contains(t, s.get(match[1]), `<h2 id="properties">`, match[1])
			}
		}
		return count
	}
	// The numbers of entries are those that wimlib lists, without the root.
	for file, listing := range map[string]string{"ntfs.wim": "ntfs", "names.wim": "names", "unix.wim": "unix", "lzx-32k.wim": "common"} {
		entries, err := wimtest.ParseListing(wimtest.FixtureBytes(t, "expected/"+listing+".dir.txt"))
		require.NoError(t, err)
		require.Equal(t, len(entries)-1, walk("/packages/"+s.id(file)+"/images/1/browse/"), file)
	}
	page := s.get("/packages/" + s.id("ntfs.wim") + "/images/1/browse/")
	require.Contains(t, page, "→ /plain")
	require.Contains(t, page, "-h------")
}

func TestFolderOfManyEntries(t *testing.T) {
	w := wimtest.NewWIM()
	var entries []*wimtest.Dentry
	for i := range 1201 {
		entries = append(entries, wimtest.RegularFile(strings.Repeat("x", 3)+string(rune('a'+i/1000))+string(rune('a'+i/100%10))+string(rune('a'+i/10%10))+string(rune('a'+i%10)), [20]byte{}))
	}
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.Directory("d", entries...))})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "many.wim"), w.Bytes(), 0o600))
	s := serveFolder(t, Guard{}, dir)
	target := "/packages/" + s.id("many.wim") + "/images/1/browse/d"
	total, pages := 0, 0
	next := regexp.MustCompile(`rel="next" href="([^"]*)"`)
	for target != "" {
		page := s.get(target)
		total += strings.Count(page, `class="entry"`)
		pages++
		target = ""
		if match := next.FindStringSubmatch(page); match != nil {
			target = match[1]
		}
	}
	require.Equal(t, [2]int{1201, 3}, [2]int{total, pages})
	files := s.object("/api/packages/" + s.id("many.wim") + "/images/1/files/d?from=1000")
	require.Len(t, files["entries"], 201)
	require.EqualValues(t, 1201, files["total"])
	require.Len(t, s.object("/api/packages/" + s.id("many.wim") + "/images/1/files/d?limit=5")["entries"], 5)
	require.Len(t, s.object("/api/packages/" + s.id("many.wim") + "/images/1/files/d?limit=99999")["entries"], 1000)
}

func TestPreview(t *testing.T) {
	w := wimtest.NewWIM()
	add := func(name, content string) *wimtest.Dentry {
		return wimtest.RegularFile(name, w.AddBlob([]byte(content)))
	}
	long := strings.Repeat("0123456789abcde\n", 5000) // 80,000 bytes
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		add("utf8.txt", "\uFEFFgrün & <b>\r\nzwei\x1b[2J"), add("utf16.txt", "\xff\xfeg\x00r\x00\xfc\x00n\x00"), add("latin1.txt", "gr\xfcn"),
		add("binary.exe", "MZ\x00\x01"+strings.Repeat("\xfe", 20)), add("long.txt", long), add("edge.txt", strings.Repeat("x", textPart-1)+"ü!"),
		wimtest.RegularFile("empty", [20]byte{}),
	)})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.wim"), w.Bytes(), 0o600))
	s := serveFolder(t, Guard{}, dir)
	view := "/packages/" + s.id("p.wim") + "/images/1/view/"
	shown := func(target string) string {
		_, rest, _ := strings.Cut(s.get(view+target), "<pre")
		_, rest, _ = strings.Cut(rest, ">")
		text, _, _ := strings.Cut(rest, "</pre>")
		return text
	}
	require.Equal(t, "grün &amp; &lt;b&gt;\nzwei\\u001B[2J", shown("utf8.txt"))
	require.Equal(t, "grün", shown("utf16.txt"))
	require.Equal(t, "grün", shown("latin1.txt"))
	require.Equal(t, "00000000  4d 5a 00 01 fe fe fe fe  fe fe fe fe fe fe fe fe  MZ..............\n"+
		"00000010  fe fe fe fe fe fe fe fe                           ........\n", shown("binary.exe"))
	require.Len(t, shown("long.txt"), textPart)
	require.Len(t, shown("long.txt?mode=text&at=65536"), len(long)-textPart)
	require.Equal(t, strings.Repeat("x", textPart-1), shown("edge.txt"))
	require.Equal(t, "ü!", shown("edge.txt?mode=text&at=65535"))
	require.Equal(t, 256, strings.Count(shown("long.txt?mode=hex&at=17"), "\n"))
	require.True(t, strings.HasPrefix(shown("long.txt?mode=hex&at=17"), "00000010  30 31"))
	require.Contains(t, s.get(view+"empty"), "There are no bytes")
	require.Empty(t, shown("long.txt?at=99999999999"))
}
