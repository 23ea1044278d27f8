package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// The programs split a file of about 300 MB in parts of 100 MB, in memory and on
// the disk that has the cache. cp and a sync of the copy are the measure. Both
// wimble and cp have the files on the disk when they end; wimlib-imagex does not
// wait for that, checks nothing, and splits no solid file.
var splits = group{[]string{"split", "split checked"}, []string{"windows"}, []kind{lzx, solid}}

// splitters are the programs that split.
func splitters(all []program, cache string) ([]program, error) {
	script := filepath.Join(cache, "copy.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncp \"$1\" \"$2\" && sync \"$2\"\n"), 0o777); err != nil {
		return nil, err
	}
	wimlib := map[string]string{"split": "split FILE DIR/out.swm 95", "split checked": "split FILE DIR/out.swm 95"}
	return []program{
		{"wimble", all[0].path, map[string]string{
			"split":         "split FILE DIR/out.swm --size 100MB --no-verify",
			"split checked": "split FILE DIR/out.swm --size 100MB",
		}},
		{"cp and sync", script, map[string]string{"split": "FILE DIR/out.wim", "split checked": "FILE DIR/out.wim"}},
		{"wimlib-imagex", all[1].path, wimlib},
	}, nil
}

// compareSplits writes the table of splits.
func compareSplits(w io.Writer, cache string, pattern *regexp.Regexp, all []program, rounds int) error {
	programs, err := splitters(all, cache)
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	writeHead(w, programs)
	for _, operation := range splits.operations {
		err := splits.each(cache, pattern, operation, func(name, file string) error {
			able := programs
			if name == operation+" windows-solid" {
				able = []program{programs[0], programs[1], {name: programs[2].name}}
			}
			for _, where := range []string{scratch(), cache} {
				results, err := race(able, operation, file, where, rounds)
				if err != nil {
					return err
				}
				title := name + " in memory"
				if where == cache {
					title = name + " on disk"
				}
				writeRow(w, title, able, results)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
