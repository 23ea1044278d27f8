package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever lets other machines ask has to say what they show.
func TestServeNeedsASecret(t *testing.T) {
	t.Setenv("WIMBLE_TOKEN", "")
	file := fixture(t, "none.wim")
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, nil, 0o600))
	for _, c := range []struct{ args, says string }{
		{"--listen 0.0.0.0:0", "that needs --token, or --user and --password-file"},
		{"--listen :0", "that needs --token"},
		{"--listen [::]:0", "that needs --token"},
		{"--listen 192.0.2.1:0", "that needs --token"},
		{"--listen example.org:0", "that needs --token"},
		{"--listen 127.0.0.1", "missing port"},
		{"--token short", "too short"},
		{"--listen :0 --token 0123456789abcde", "it needs 16 characters"},
		{"--user deploy", "need each other"},
		{"--password-file " + password, "need each other"},
		{"--user a --password-file " + password + " --token 0123456789abcdef", "either --token or --user"},
	} {
		_, stderr, status := command(append(append([]string{"serve"}, strings.Fields(c.args)...), file)...)
		require.Equal(t, exitUsage, status, c.args)
		require.Contains(t, stderr, c.says, c.args)
	}
	require.Contains(t, fails(t, "serve", file, "--user", "a", "--password-file", password), "no password in its first line")
	require.Contains(t, fails(t, "serve", "--listen", "127.0.0.1:0", filepath.Join(t.TempDir(), "nothing")), "no such file")
}

// lines hands what is written to those who wait for it.
type lines chan string

func (l lines) Write(p []byte) (int, error) { l <- string(p); return len(p), nil }

func TestServe(t *testing.T) {
	t.Setenv("WIMBLE_TOKEN", "0123456789abcdef")
	stderr := make(lines, 10)
	a := &app{stdout: io.Discard, stderr: stderr}
	root := a.command()
	root.SetArgs([]string{"serve", "--listen", "127.0.0.1:0", fixture(t, "install.wim")})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- root.ExecuteContext(ctx) }()
	said := <-stderr
	match := regexp.MustCompile(`^packages: 1, at (http://127\.0\.0\.1:\d+/)\n$`).FindStringSubmatch(said)
	require.NotNil(t, match, said)
	client := &http.Client{Timeout: 30 * time.Second}
	get := func(authorization string) int {
		r, err := http.NewRequest("GET", match[1]+"api/packages", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", authorization)
		response, err := client.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, http.StatusUnauthorized, get(""))
	require.Equal(t, http.StatusOK, get("Bearer 0123456789abcdef"))
	cancel()
	require.NoError(t, <-done)

	var help bytes.Buffer
	root = (&app{}).command()
	root.SetOut(&help)
	root.SetArgs([]string{"serve", "--help"})
	require.NoError(t, root.Execute())
	require.NotContains(t, help.String(), "0123456789abcdef", "the help does not tell the token")
}
