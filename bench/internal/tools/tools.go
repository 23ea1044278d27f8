// Package tools holds what the benchmark commands share: the cache folder, the
// programs that they build, and the description of the machine.
package tools

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Cache returns the folder for downloads, compressed inputs and programs:
// $WIMBLE_BENCH_DIR, or wimble-bench in the user's cache folder.
func Cache() (string, error) {
	dir := os.Getenv("WIMBLE_BENCH_DIR")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "wimble-bench")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o777)
}

// Output runs a program in dir and returns what it prints. What it says on
// standard error becomes part of the error.
func Output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// ModuleRoot returns the folder of module bench. The commands run inside of it.
func ModuleRoot() (string, error) {
	gomod, err := Output("", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	root := filepath.Dir(gomod)
	if _, err := os.Stat(filepath.Join(root, "libwim", "chunks.c")); err != nil {
		return "", fmt.Errorf("run this inside of the folder bench: %w", err)
	}
	return root, nil
}

// BuildWimble builds the command into the folder of [Cache], and returns both.
func BuildWimble() (program, cache string, err error) {
	cache, err = Cache()
	if err != nil {
		return "", "", err
	}
	root, err := ModuleRoot()
	if err != nil {
		return "", "", err
	}
	program = filepath.Join(cache, "wimble")
	_, err = Output(filepath.Dir(root), "go", "build", "-o", program, "./cmd/wimble")
	return program, cache, err
}

// BuildChunks compiles libwim/chunks.c into dir.
func BuildChunks(dir string) (string, error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "chunks")
	if _, err := Output(root, "gcc", "-O2", "-Wall", "-Wextra", "-o", program, filepath.Join("libwim", "chunks.c"), "-lwim"); err != nil {
		return "", fmt.Errorf("cannot build the libwim program (apt-get install gcc libwim-dev): %w", err)
	}
	return program, nil
}

// BuildTiming builds command timing with a build tag ("" for none) into dir.
func BuildTiming(dir, tag string) (string, error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "timing"+tag)
	_, err = Output(root, "go", "build", "-tags", tag, "-o", program, "./timing")
	return program, err
}

// Machine describes where the numbers come from, in one line.
func Machine() string {
	model := "unknown CPU"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s %s/%s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
