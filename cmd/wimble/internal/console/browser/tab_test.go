package browser

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// wimble is the command, built once for all tests.
var wimble = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wimble-browser")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "wimble")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	build := exec.Command("go", "build", "-o", name, "github.com/wimble-go/wimble/cmd/wimble")
	build.Dir = filepath.Join("..", "..", "..") // of the module that it is in
	build.Stderr = os.Stderr
	return name, build.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if name, err := wimble(); err == nil {
		os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// chromium finds a browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("Chromium is not installed")
	return ""
}

// run runs wimble to its end.
func run(t *testing.T, args ...string) {
	t.Helper()
	name, err := wimble()
	require.NoError(t, err)
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// serve runs wimble serve for a folder, and returns its address.
func serve(t *testing.T, dir string) string {
	t.Helper()
	name, err := wimble()
	require.NoError(t, err)
	server := exec.Command(name, "serve", "--listen", "127.0.0.1:0", dir)
	stderr, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	go io.Copy(io.Discard, stderr)
	address := regexp.MustCompile(`http://\S*`).FindString(strings.TrimSpace(line))
	require.NotEmpty(t, address, line)
	return strings.TrimSuffix(address, "/")
}

// tab is a page of a browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // what scripts and policies complained of
}

// newTab opens a page. When the test ends nothing may have gone wrong in it.
func newTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1240, 700)))
	b := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *cdpruntime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Text)
		case *page.EventJavascriptDialogOpening:
			b.complain("dialog: " + e.Message)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				b.complain(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	}))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		require.Empty(t, b.problems)
	})
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, text)
}

// do runs steps, of which each has to work within a minute.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...))
}

// value runs an action that has a value.
func value[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	require.NoError(b.t, err)
	return v
}

// open goes to a page and waits until it is there.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
}

// follow clicks the first link or button with a text, and waits until the next
// page has a heading.
func (b *tab) follow(text, heading string) {
	b.t.Helper()
	b.press(text)
	b.until(`document.readyState === "complete" && document.querySelector("h1")?.textContent === ` + quote(heading))
}

// press clicks the first link or button with a text.
func (b *tab) press(text string) {
	b.t.Helper()
	value(b, chromedp.Evaluate[bool](`(() => {
		const all = [...document.querySelectorAll("main a, main button, nav a")];
		const found = all.find(e => e.textContent.trim() === `+quote(text)+`);
		if (!found) throw new Error("nothing has the text " + `+quote(text)+`);
		found.scrollIntoView({behavior: "instant"});
		setTimeout(() => found.click());
		return true;
	})()`))
}

// until waits until an expression is true, also where pages follow each other.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && is {
			return
		}
		select {
		case <-ctx.Done():
			require.Fail(b.t, "it did not become true", "%s\n%s", expression, value(b, chromedp.Evaluate[string]("document.body.innerText")))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// texts are the texts of elements.
func (b *tab) texts(selector string) []string {
	b.t.Helper()
	return value(b, chromedp.Evaluate[[]string](`[...document.querySelectorAll(`+quote(selector)+`)].map(e => e.textContent.trim())`))
}

// names are those in the list of packages, or of entries.
func (b *tab) names() []string { return b.texts("tbody th > a:first-child") }

// call runs a command of the protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := chromedp.Call(b.ctx, command, params)
	require.NoError(b.t, err)
	return r
}
