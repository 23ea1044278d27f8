package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/internal/wimtest"
)

// verdict is what another program says of a mutant.
type verdict struct {
	Peer    string
	Good    bool
	Reason  string // why it is not good, without what differs from file to file
	Content string // in what a good file's content differs from what we see; empty for nothing
	Detail  string // of that, for people
}

const (
	wimlib   = "wimlib-imagex"
	sevenZip = "7zz"
)

var peerNames = []string{wimlib, sevenZip}

// peerTime ends a program that does not end by itself; peerMemory, in KiB, is
// what it may take.
const (
	peerTime   = 30 * time.Second
	peerMemory = 4 << 20
)

// runPeer runs a program and returns what it prints on standard output, and all
// that it prints.
func runPeer(dir, name string, args ...string) (stdout, output []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), peerTime)
	defer cancel()
	limited := append([]string{"-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, peerMemory), "sh", name}, args...)
	cmd := exec.CommandContext(ctx, "sh", limited...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "WIMLIB_IMAGEX_USE_UTF8=1")
	var out, other bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &other
	err = cmd.Run()
	stdout, output = out.Bytes(), slices.Concat(out.Bytes(), []byte("\n"), other.Bytes())
	if ctx.Err() != nil {
		return stdout, output, fmt.Errorf("no end within %v", peerTime)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		return stdout, output, fmt.Errorf("ended by a signal: %v", exit)
	}
	return stdout, output, err
}

// writeParts puts a mutant, with the other parts of its set, into a folder, and
// returns the name of the first file.
func writeParts(dir string, m *mutant) (string, error) {
	old, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, entry := range old {
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return "", err
		}
	}
	first := "mutant.wim"
	for i, data := range m.seed.parts {
		name := first
		if len(m.seed.parts) > 1 {
			first = "mutant.swm"
			if name = first; i > 0 {
				name = fmt.Sprintf("mutant%d.swm", i+1)
			}
		}
		if i == m.seed.target {
			data = m.data
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return "", err
		}
	}
	return first, nil
}

// askPeer asks a program for its verdict on the files in dir. Where both find
// the mutant good it compares what they see in it.
func askPeer(peer, dir, file string, s *seed, ours *finding) verdict {
	references := []string{}
	if len(s.parts) > 1 {
		references = append(references, "--ref=mutant*.swm")
	}
	if s.reference != "" {
		references = append(references, "--ref="+s.reference)
	}
	args := append([]string{"verify", file}, references...)
	if peer == sevenZip {
		args = []string{"t", "-twim", "-bd", "-sccUTF-8", file}
	}
	_, output, err := runPeer(dir, peer, args...)
	v := verdict{Peer: peer, Good: err == nil}
	switch {
	case err != nil:
		v.Reason = reason(output, err)
	case ours != nil && len(ours.Damage) == 0 && peer == wimlib:
		v.Content, v.Detail = compareListing(dir, file, references, ours)
	case ours != nil && len(ours.Damage) == 0:
		v.Content, v.Detail = compareHashes(dir, file, ours)
	}
	return v
}

// compareListing compares the entries of all images with wimlib's listing.
func compareListing(dir, file string, references []string, ours *finding) (difference, detail string) {
	for i, list := range ours.entries {
		args := append([]string{"dir", file, fmt.Sprint(i + 1), "--detailed"}, references...)
		stdout, output, err := runPeer(dir, wimlib, args...)
		if err != nil {
			return "no listing: " + reason(output, err), ""
		}
		// wimlib prints years that Go's package time does not parse.
		entries, err := wimtest.ParseListing(listedTime.ReplaceAll(stdout, nil))
		if err != nil {
			return "a listing that cannot be told apart", err.Error()
		}
		theirs := make([]string, len(entries))
		for k := range entries {
			theirs[k] = theirLine(&entries[k])
		}
		ours := slices.Clone(list)
		slices.Sort(ours)
		slices.Sort(theirs)
		onlyOurs, onlyTheirs := without(ours, theirs), without(theirs, ours)
		if len(onlyOurs)+len(onlyTheirs) == 0 {
			continue
		}
		detail = fmt.Sprintf("ours: %q; wimlib's: %q", onlyOurs[:min(3, len(onlyOurs))], onlyTheirs[:min(3, len(onlyTheirs))])
		switch {
		case len(onlyOurs) < len(onlyTheirs):
			return "fewer entries than wimlib", detail
		case len(onlyOurs) > len(onlyTheirs):
			return "more entries than wimlib", detail
		}
		name := func(line string) string { path, _, _ := strings.Cut(line, "\t"); return path }
		if name(onlyOurs[0]) != name(onlyTheirs[0]) {
			return "names differ", detail
		}
		return "attributes or streams differ", detail
	}
	return "", ""
}

var listedTime = regexp.MustCompile(`(?m)^(Creation|Last Write|Last Access) Time .*\n`)

// without returns the strings of one sorted list that are not in another.
func without(list, other []string) (rest []string) {
	for _, s := range list {
		if _, found := slices.BinarySearch(other, s); !found {
			rest = append(rest, s)
		}
	}
	return rest
}

func theirLine(e *wimtest.ListedEntry) string {
	const none = "0000000000000000000000000000000000000000"
	var b strings.Builder
	fmt.Fprintf(&b, "%s\t%08x", e.Path, e.Attributes)
	if r := e.Stream(wimtest.ReparseStream); r != nil && r.SHA1 != none {
		fmt.Fprintf(&b, " reparse %08x %s", e.ReparseTag, r.SHA1)
	}
	const directory = 0x10 // whose unnamed stream is nothing to us
	for _, s := range e.Streams {
		if s.Kind == wimtest.NamedStream ||
			s.Kind == wimtest.UnnamedStream && s.SHA1 != none && e.ReparseTag == 0 && e.Attributes&directory == 0 {
			fmt.Fprintf(&b, " %q %s", s.Name, s.SHA1)
		}
	}
	return b.String()
}

var listedHash = regexp.MustCompile(`(?m)^SHA-1 = ([0-9A-Fa-f]{40})`)

// compareHashes looks for the contents that we found in 7-Zip's list.
func compareHashes(dir, file string, ours *finding) (difference, detail string) {
	stdout, output, err := runPeer(dir, sevenZip, "l", "-slt", "-sns", "-twim", "-sccUTF-8", file)
	if err != nil {
		return "no list: " + reason(output, err), ""
	}
	theirs := map[string]bool{}
	for _, match := range listedHash.FindAllSubmatch(stdout, -1) {
		theirs[string(bytes.ToLower(match[1]))] = true
	}
	for hash := range ours.hashes {
		if !theirs[hash] {
			return "content that 7-Zip does not list", hash
		}
	}
	return "", ""
}

var (
	errorLine = regexp.MustCompile(`(?m)^(?:\[ERROR\]|ERROR: Exiting with error code \d+:|ERRORS?:|Open ERROR:)[ \n]*(.*)$|^(Cannot open the file as archive)$`)
	otherLine = regexp.MustCompile(`(?m)^(?:WARNINGS?:)[ \n]*(.*)$`)
	itemPath  = regexp.MustCompile(`^([A-Z][A-Za-z ]*) : .*`)
	quoted    = regexp.MustCompile(`"[^"]*"|'[^']*'|<[^<>]*>`)
	guid      = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	number    = regexp.MustCompile(`\b(0x|U\+)[0-9a-fA-F]+\b|\b[0-9a-f]*[0-9][0-9a-f]*\b`)
	xmlSyntax = regexp.MustCompile(`XML syntax error.*`)
)

// reason takes from what a program printed why it is not content.
func reason(output []byte, err error) string {
	if !strings.HasPrefix(err.Error(), "exit status") {
		return err.Error()
	}
	var reasons []string
	for _, pattern := range []*regexp.Regexp{errorLine, otherLine} {
		for _, match := range pattern.FindAllSubmatch(output, -1) {
			line := strings.TrimSpace(string(match[len(match)-1]))
			if line == "" {
				line = strings.TrimSpace(string(match[1]))
			}
			line = itemPath.ReplaceAllString(line, "$1")
			if strings.HasPrefix(line, "mutant") || line == "" { // the name of the file that is tested
				continue
			}
			if line = plain(line); !slices.Contains(reasons, line) && len(reasons) < 3 {
				reasons = append(reasons, line)
			}
		}
		if len(reasons) > 0 {
			return strings.Join(reasons, "; ")
		}
	}
	return err.Error()
}

// plain takes out what differs from file to file.
func plain(text string) string {
	text = xmlSyntax.ReplaceAllString(text, "XML syntax error")
	text = quoted.ReplaceAllString(text, "Q")
	text = guid.ReplaceAllString(text, "G")
	text = number.ReplaceAllString(text, "N")
	return strings.Join(strings.Fields(text), " ")
}
