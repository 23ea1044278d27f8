package main

import (
	"errors"
	"strings"
)

// splitWords splits a line into words as wimlib does: at blanks, but not those
// between quotes of either kind, which hold the other kind and backslashes as
// they are.
func splitWords(line string) ([]string, error) {
	const blanks = " \t\r\n\v\f"
	var words []string
	for {
		line = strings.TrimLeft(line, blanks)
		if line == "" {
			return words, nil
		}
		var word string
		if quote := line[:1]; quote == `"` || quote == "'" {
			var closed bool
			if word, line, closed = strings.Cut(line[1:], quote); !closed {
				return nil, errors.New("a quote is not closed: " + quote + brief(word))
			}
		} else {
			end := strings.IndexAny(line, blanks)
			if end < 0 {
				end = len(line)
			}
			word, line = line[:end], line[end:]
		}
		words = append(words, word)
	}
}

// brief is text for a message: short, and on one line.
func brief(text string) string {
	const most = 100
	text = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return '?'
		}
		return r
	}, text), "?")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
