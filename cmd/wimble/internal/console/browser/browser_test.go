package browser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/wimtest"
)

func quote(text string) string {
	data, _ := json.Marshal(text) // of text, which cannot fail
	return string(data)
}

// fixture is the content of a file in testdata of the module around this one.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "testdata", name))
	require.NoError(t, err)
	return data
}

// folder makes a folder of copies of fixtures.
func folder(t *testing.T, fixtures ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range fixtures {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), fixture(t, name), 0o600))
	}
	return dir
}

func TestSortAndFilter(t *testing.T) {
	b := newTab(t)
	b.open(serve(t, folder(t, "install.wim", "install.esd", "boot.wim", "ntfs.wim")))
	require.Equal(t, []string{"boot.wim", "install.esd", "install.wim", "ntfs.wim"}, b.names())
	b.do(chromedp.Evaluate[chromedp.Void](`window.same = true`))

	b.press("Size")
	b.until(`document.querySelector("[aria-sort]").textContent.includes("Size")`)
	require.Equal(t, []string{"ntfs.wim", "install.esd", "boot.wim", "install.wim"}, b.names())
	b.press("Size ▲")
	b.until(`document.querySelector("[aria-sort=descending]")`)
	require.Equal(t, []string{"install.wim", "boot.wim", "install.esd", "ntfs.wim"}, b.names())

	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "professional 10"))
	b.until(`document.querySelector(".count").textContent.startsWith("2 of 4")`)
	require.Equal(t, []string{"install.wim", "install.esd"}, b.names(), "sorted as before")
	require.Equal(t, "q", value(b, chromedp.Evaluate[string](`document.activeElement.id`)), "typing can go on")
	require.True(t, value(b, chromedp.Evaluate[bool](`window.same`)), "the page was not loaded again")

	// The address has all of it.
	b.do(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("#q")))
	require.Equal(t, []string{"install.wim", "install.esd"}, b.names())
	require.Equal(t, "professional 10", value(b, chromedp.Value(chromedp.CSS("#q"))))
}

func TestWithoutScript(t *testing.T) {
	b := newTab(t)
	address := serve(t, folder(t, "install.wim", "boot.wim"))
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open(address)
	const first = `document.querySelector("tbody tr:first-child th a")?.textContent === `
	b.until(first + `"boot.wim"`)
	b.do(chromedp.Click(chromedp.CSS(`thead a[href*="sort=name"]`)))
	b.until(first + `"install.wim"`)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "pe\n"))
	b.until(first + `"boot.wim"`)
	b.do(chromedp.Click(chromedp.CSS("tbody th a")))
	b.until(`document.querySelector("h1")?.textContent === "boot.wim"`)
	b.do(chromedp.Click(chromedp.CSS(`form[action$="/verify"] button`)))
	b.until(`document.querySelector("#job")?.textContent.includes("Nothing is damaged")`) // the page looks again by itself
}

func TestPropertiesBrowseAndDownload(t *testing.T) {
	b := newTab(t)
	b.open(serve(t, folder(t, "install.wim", "ntfs.wim")))
	b.follow("install.wim", "install.wim")
	text := strings.Join(b.texts("dd"), "\n")
	for _, fact := range []string{"51a67a2d-8242-ca26-4347-45098d1f0755", "Windows 10 Enterprise", "KB4577671", "19h1_release"} {
		require.Contains(t, text, fact)
	}
	require.Equal(t, []string{"File", "Image 1: Windows 10 Pro", "Image 2: Windows 10 Home", "Image 3: Windows 10 Enterprise", "Verify"}, b.texts("h2"))
	b.follow("Version evidence", "Version of Windows 10 Pro")
	require.Contains(t, b.texts("tbody td"), "Windows/System32/ntoskrnl.exe")
	b.follow("install.wim", "install.wim")
	b.follow("Installed", "Installed in Windows 10 Pro")
	require.Contains(t, b.texts("tbody td"), "KB4577671")
	b.follow("install.wim", "install.wim")
	b.follow("Browse", "Windows 10 Pro")
	b.follow("Windows", "Windows")
	b.follow("System32", "System32")
	b.follow("cmd.exe", "cmd.exe")
	require.Contains(t, b.texts("pre")[0], "00000000  4d 5a")
	b.press("Text")
	b.until(`document.querySelector("pre")?.textContent.startsWith("MZ")`)
	b.until(`document.readyState === "complete"`)

	downloads := t.TempDir()
	_, err := chromedp.CallBrowser(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: downloads,
	})
	require.NoError(t, err)
	b.press("Download")
	path := filepath.Join(downloads, "cmd.exe")
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, time.Minute, 20*time.Millisecond)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, strings.Join(b.texts("dd"), "\n"), wimtest.HexSHA1(data))
	require.Len(t, data, 1731)
}

func TestCompareAndTake(t *testing.T) {
	b := newTab(t)
	b.open(serve(t, folder(t, "install.wim")))
	b.follow("install.wim", "install.wim")
	b.follow("Compare", "Compare")
	require.Contains(t, value(b, chromedp.Evaluate[string](`document.querySelector("#old").selectedOptions[0].textContent`)), "Windows 10 Pro")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#new").selectedIndex = 2`))
	b.press("Compare")
	b.until(`document.querySelector("tbody")?.textContent.includes("/Windows/System32/license-Core.xrm-ms")`)
	b.open(value(b, chromedp.Evaluate[string](`new URL("/", location).href`)))
	b.follow("install.wim", "install.wim")
	b.follow("Take as a file", "Take Windows 10 Pro")
	require.Equal(t, []string{"install-1.wim"}, b.names())
	b.do(chromedp.SendKeys(chromedp.CSS("#size"), "1MiB\n"))
	b.until(`document.querySelector("tbody")?.textContent.includes("install-1-part.swm")`)
}

// A file that takes a while to verify, and is damaged.
func TestVerifyWithProgress(t *testing.T) {
	b := newTab(t)
	dir := t.TempDir()
	const chunks = 40_000 // of 32 KiB zeros: 1.3 GB
	w := wimtest.NewCompressedWIM(wimtest.HeaderLZX, 32<<10)
	resource := wimtest.Chunked{USize: chunks * 32 << 10}
	for range chunks {
		resource.Chunks = append(resource.Chunks, wimtest.ZerosLZX32K)
	}
	data, wrong := resource.Bytes(), wimtest.SHA1([]byte("something else"))
	w.Add(wimtest.TableEntry{
		ResourceHeader: wimtest.ResourceHeader{Size: uint64(len(data)), Flags: wimtest.ResourceCompressed, Offset: w.Place(data), USize: resource.USize},
		Part:           1, References: 1, SHA1: wrong,
	})
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("", wimtest.RegularFile("zeros.bin", wrong))})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "large.wim"), w.Bytes(), 0o600))

	b.open(serve(t, dir))
	b.follow("large.wim", "large.wim")
	b.do(chromedp.Click(chromedp.CSS("form[action$='/verify'] button")))
	b.until(`location.hash === "#verify"`)
	b.do(chromedp.Evaluate[chromedp.Void](`window.seen = [];
		setInterval(() => { const p = document.querySelector("#job progress"); if (p && !window.seen.includes(p.value)) window.seen.push(p.value); }, 5)`))
	b.until(`document.querySelector("#job").textContent.includes("Damaged or incomplete")`)
	seen := value(b, chromedp.Evaluate[[]float64](`window.seen`))
	require.Greater(t, len(seen), 2, "the bar moved")
	require.IsIncreasing(t, seen)
	require.Contains(t, b.texts("#job li"), "1:zeros.bin")
	b.until(`document.querySelector("#news").textContent.includes("large.wim: verification has ended")`)
}

func TestReloadByItself(t *testing.T) {
	b := newTab(t)
	dir := folder(t, "install.wim")
	address := serve(t, dir)
	list := newTab(t)
	list.open(address)
	b.open(address)
	b.follow("install.wim", "install.wim")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("a[href$='/images/3/browse/']").focus()`))

	next := filepath.Join(t.TempDir(), "next.wim")
	require.NoError(t, os.WriteFile(next, fixture(t, "install.wim"), 0o600))
	for _, image := range []string{"1", "2", "3"} {
		run(t, "set", next, image, "WINDOWS/VERSION/SPBUILD=1256")
	}
	run(t, "delete", next, "2")
	require.NoError(t, os.Rename(next, filepath.Join(dir, "install.wim")))
	start := time.Now()
	for _, page := range []*tab{b, list} {
		page.until(`document.querySelector("#news").textContent === "install.wim changed: 10.0.18362.1139 → 10.0.18362.1256 (KB4592449); image 2 removed"`)
	}
	t.Logf("the pages said so after %v", time.Since(start))
	b.until(`document.querySelectorAll("section h2").length === 4`)
	require.Equal(t, []string{"File", "Image 1: Windows 10 Pro", "Image 2: Windows 10 Enterprise", "Verify"}, b.texts("h2"))
	list.until(`document.querySelector("tbody").textContent.includes("10.0.18362.1256")`)
	require.Equal(t, "polite", value(b, chromedp.Evaluate[string](`document.querySelector("#news").getAttribute("aria-live")`)))

	require.NoError(t, os.Remove(filepath.Join(dir, "install.wim")))
	list.until(`document.querySelector("#list").textContent.includes("There is no WIM file")`)
}

// A browser has six connections to a server: a page that nobody sees leaves its
// one to others, and tells what it missed when it is seen again.
func TestHiddenPage(t *testing.T) {
	b := newTab(t)
	dir := folder(t, "install.wim")
	b.open(serve(t, dir))
	see := func(hidden string) {
		b.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", {value: ` + hidden + `, configurable: true});
			document.dispatchEvent(new Event("visibilitychange"))`))
	}
	see("true")
	b.do(chromedp.Evaluate[chromedp.Void](`window.others = Array.from({length: 5}, () => new EventSource("/api/events")); void 0`))
	b.until(`others.every(e => e.readyState === 1)`)
	b.do(chromedp.Evaluate[chromedp.Void](`fetch("/api/jobs").then(() => window.answered = true); void 0`))
	b.until(`window.answered`)

	b.do(chromedp.Evaluate[chromedp.Void](`others[0].addEventListener("added", () => window.added = true)`))
	next := filepath.Join(t.TempDir(), "next.wim")
	require.NoError(t, os.WriteFile(next, fixture(t, "boot.wim"), 0o600))
	require.NoError(t, os.Rename(next, filepath.Join(dir, "boot.wim")))
	b.until(`window.added`)
	require.Equal(t, []string{"install.wim"}, b.names())
	b.do(chromedp.Evaluate[chromedp.Void](`others.forEach(e => e.close())`))
	see("false")
	b.until(`document.querySelector("#news").textContent === "boot.wim was added"`)
	b.until(`document.querySelector("tbody").textContent.includes("boot.wim")`)
}

// Markup in names, XML and contents never becomes part of a page.
func TestHostileFile(t *testing.T) {
	b := newTab(t)
	dir := t.TempDir()
	const script = `<script>window.hacked = 1</script>`
	const image = `"><img src=x onerror="window.hacked = 1">`
	w := wimtest.NewWIM()
	content := w.AddBlob([]byte("<html>" + script + image))
	short := strings.ReplaceAll(script, "/", `\`) // a slash cannot be in a name
	w.AddImage(&wimtest.Metadata{Root: wimtest.Directory("",
		wimtest.RegularFile(short, content), wimtest.RegularFile(image, content), wimtest.RegularFile("page.html", content), wimtest.RegularFile("picture.svg", content),
		wimtest.Directory(`' onfocus='window.hacked=1' autofocus='`, wimtest.RegularFile("x", content)),
		wimtest.Symlink("javascript:window.hacked=1", w.AddBlob(wimtest.SymlinkData(script, true))),
	)})
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(script + image)
	w.XML = wimtest.XML(`<WIM><IMAGE INDEX="1"><NAME>` + escaped + `</NAME><DESCRIPTION>` + escaped + `</DESCRIPTION><WINDOWS><EDITIONID>` + escaped +
		`</EDITIONID><ARCH>9</ARCH><LANGUAGES><LANGUAGE>` + escaped + `</LANGUAGE></LANGUAGES></WINDOWS></IMAGE></WIM>`)
	name := `<img src=x onerror='window.hacked=1'>.wim`
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), w.Bytes(), 0o600))

	address := serve(t, dir)
	b.open(address)
	other := regexp.MustCompile(`#|/(dav|archive)/|/(xml|version|inventory)$`) // no pages, or not of this image
	visited := map[string]bool{}
	waiting := []string{address + "/"}
	for len(waiting) > 0 {
		url := waiting[0]
		waiting = waiting[1:]
		if visited[url] {
			continue
		}
		visited[url] = true
		b.open(url)
		require.False(t, value(b, chromedp.Evaluate[bool](`"hacked" in window`)), url)
		require.Zero(t, value(b, chromedp.Evaluate[int](`document.querySelectorAll("main img, main script, [onerror], [onfocus], [autofocus]").length`)), url)
		for _, link := range value(b, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href]:not([download])")].map(a => a.href)`)) {
			require.True(t, strings.HasPrefix(link, address+"/"), link)
			if !other.MatchString(link) {
				waiting = append(waiting, link)
			}
		}
	}
	require.Greater(t, len(visited), 12)

	// It is said as text when the file is removed.
	b.open(address)
	require.NoError(t, os.Remove(filepath.Join(dir, name)))
	b.until(`document.querySelector("#news").textContent === ` + quote(name+" was removed"))
	require.False(t, value(b, chromedp.Evaluate[bool](`"hacked" in window`)))
}

func TestSchemesAndKeyboard(t *testing.T) {
	b := newTab(t)
	b.open(serve(t, folder(t, "install.wim")))
	background := func(scheme string) string {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return value(b, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
	}
	require.Equal(t, "rgb(246, 247, 249)", background("light"))
	require.Equal(t, "rgb(17, 20, 24)", background("dark"))

	// The first key leads past the header, and everything can be reached.
	b.do(chromedp.KeyEvent("\t"))
	require.Equal(t, "Skip to the content", value(b, chromedp.Evaluate[string](`document.activeElement.textContent`)))
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.activeElement.id === "main"`)
	b.do(chromedp.KeyEvent("\t"))
	require.Equal(t, "q", value(b, chromedp.Evaluate[string](`document.activeElement.id`)))
	for range 3 {
		b.do(chromedp.KeyEvent("\t"))
	}
	require.Equal(t, "th", value(b, chromedp.Evaluate[string](`document.activeElement.parentElement.localName`)), "a column to sort by")

	// What a screen reader needs to find its way.
	require.Equal(t, "en", value(b, chromedp.Evaluate[string](`document.documentElement.lang`)))
	require.Zero(t, value(b, chromedp.Evaluate[int](`[...document.querySelectorAll("input:not([type=hidden])")].filter(i => !i.labels.length).length`)))
	require.Equal(t, 1, value(b, chromedp.Evaluate[int](`document.querySelectorAll("h1").length`)))
	require.Zero(t, value(b, chromedp.Evaluate[int](`document.querySelectorAll("th:not([scope])").length`)))

	// A phone shows no more than its width.
	b.do(chromedp.EmulateViewport(390, 844))
	require.LessOrEqual(t, value(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)), 390)
}
