// Command table makes windows.txt, the table that package winver embeds, out of
// the .tsv files beside it. Run it in winver, or by "go generate ./winver".
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wimble-go/wimble/winver"
)

func main() {
	log.SetFlags(0)
	text, err := generate("table")
	if err == nil {
		err = os.WriteFile(filepath.Join("table", "windows.txt"), text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// generate writes the records of a table that [winver.LoadTable] reads, updates
// that a family of builds shares in one line.
func generate(dir string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Releases and updates of Windows. Made by \"go generate ./winver\" from the .tsv\n" +
		"# files in winver/table; the records are explained at winver.LoadTable.\n" +
		"windows-table\t1\n")

	asOf, err := os.ReadFile(filepath.Join(dir, "as-of.txt"))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&out, "as-of\t%s\n", bytes.TrimSpace(asOf))

	base := make(map[string]string)
	releases, err := rows(dir, "releases.tsv", 10)
	if err != nil {
		return nil, err
	}
	for _, row := range releases {
		base[row[0]] = row[1]
		record(&out, "release", row)
	}
	ladders, err := rows(dir, "ladders.tsv", 3)
	if err != nil {
		return nil, err
	}
	for _, row := range ladders {
		record(&out, "ladder", row)
	}
	updates, err := rows(dir, "updates.tsv", 6)
	if err != nil {
		return nil, err
	}
	if updates, err = mergeFamilies(updates, base); err != nil {
		return nil, err
	}
	for _, row := range updates {
		record(&out, "update", row)
	}

	if _, err := winver.LoadTable(bytes.NewReader(out.Bytes())); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func record(out *bytes.Buffer, name string, row []string) {
	for len(row) > 0 && row[len(row)-1] == "-" {
		row = row[:len(row)-1]
	}
	fmt.Fprintf(out, "%s\t%s\n", name, strings.Join(row, "\t"))
}

// rows reads a file of so many columns, without its heading.
func rows(dir, name string, columns int) ([][]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var all [][]string
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		row := strings.Split(line, "\t")
		if len(row) != columns || slices.Contains(row, "") {
			return nil, fmt.Errorf("%s:%d: %d columns are wanted, none of them empty (unknown is \"-\")", name, i+1, columns)
		}
		if i > 0 {
			all = append(all, row)
		}
	}
	return all, nil
}

// mergeFamilies joins rows of different builds with the same base that are
// alike otherwise. It checks what the rules about families say: with the same
// UBR, two builds have the same update.
func mergeFamilies(updates [][]string, base map[string]string) ([][]string, error) {
	type key struct{ base, ubr, kb, rest string }
	type build struct{ base, ubr string }
	at := make(map[key]int)
	kbs := make(map[build]map[string]string) // base and UBR to build to KBs
	var merged [][]string
	for _, row := range updates {
		family, ok := base[row[0]]
		if !ok {
			return nil, fmt.Errorf("updates.tsv: build %s is not in releases.tsv", row[0])
		}
		if row[2] != "-" {
			b := build{family, row[1]}
			if kbs[b] == nil {
				kbs[b] = make(map[string]string)
			}
			kbs[b][row[0]] += row[2] + " "
		}
		k := key{family, row[1], row[2], strings.Join(row[3:], "\t")}
		if i, ok := at[k]; ok {
			if builds := strings.Split(merged[i][0], ","); slices.Contains(builds, row[0]) {
				return nil, fmt.Errorf("updates.tsv: build %s has UBR %s with %s twice", row[0], row[1], row[2])
			}
			merged[i][0] += "," + row[0]
			continue
		}
		at[k] = len(merged)
		merged = append(merged, slices.Clone(row))
	}
	for b, byBuild := range kbs {
		for other, theirs := range byBuild {
			for this, ours := range byBuild {
				if ours != theirs {
					return nil, fmt.Errorf("updates.tsv: UBR %s is %son build %s, but %son build %s", b.ubr, theirs, other, ours, this)
				}
			}
		}
	}
	number := func(text string) uint64 {
		n, _ := strconv.ParseUint(text, 10, 32) // LoadTable checks numbers
		return n
	}
	slices.SortStableFunc(merged, func(a, b []string) int {
		first := func(row []string) string { return strings.Split(row[0], ",")[0] }
		return cmp.Or(cmp.Compare(number(base[first(a)]), number(base[first(b)])),
			cmp.Compare(number(a[1]), number(b[1])), strings.Compare(a[2], b[2]), strings.Compare(a[0], b[0]))
	})
	return merged, nil
}
