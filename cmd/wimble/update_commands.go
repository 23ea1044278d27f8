package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A fileCommand is a command of "wimble update", in wimlib's words.
type fileCommand struct {
	line      int    // where it stands, 0 for an argument
	word      string // add, delete or rename
	paths     []string
	noReplace bool
	recursive bool
	force     bool
	unixData  bool
}

// commandWords are the words, and how many paths each takes.
var commandWords = map[string]int{"add": 2, "delete": 1, "rename": 2}

// commandOptions are the options, and the words that have them.
var commandOptions = map[string]struct {
	word string
	set  func(*fileCommand)
}{
	"--no-replace": {"add", func(c *fileCommand) { c.noReplace = true }},
	"--unix-data":  {"add", func(c *fileCommand) { c.unixData = true }},
	"--recursive":  {"delete", func(c *fileCommand) { c.recursive = true }},
	"--force":      {"delete", func(c *fileCommand) { c.force = true }},
}

// parseCommand parses the words of a command.
func parseCommand(words []string) (fileCommand, error) {
	c := fileCommand{word: strings.ToLower(words[0])}
	count, known := commandWords[c.word]
	if !known {
		return c, fmt.Errorf("%q is none of add, delete, rename", brief(words[0]))
	}
	options := true
	for _, word := range words[1:] {
		switch {
		case options && word == "--":
			options = false
		case options && strings.HasPrefix(word, "--"):
			option, known := commandOptions[word]
			if !known || option.word != c.word {
				return c, fmt.Errorf("%s has no option %s", c.word, brief(word))
			}
			option.set(&c)
		default:
			c.paths = append(c.paths, word)
		}
	}
	if len(c.paths) != count {
		return c, fmt.Errorf("%s takes %d paths, not %d; put one with blanks in it in quotes", c.word, count, len(c.paths))
	}
	changed := c.paths
	if c.word == "add" {
		if changed = c.paths[1:]; c.paths[0] == "" {
			return c, errEmptyPath
		}
	}
	return c, checkChanged(changed...)
}

// maxCommandLine is how long a line of commands may be: no path is as long.
const maxCommandLine = 1 << 20

// readCommands reads commands, one a line. Empty lines and those that begin with
// # are comments.
func readCommands(r io.Reader) ([]fileCommand, error) {
	var commands []fileCommand
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxCommandLine)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if strings.HasPrefix(strings.TrimLeft(text, " \t"), "#") {
			continue
		}
		words, err := splitWords(text)
		if err == nil && len(words) == 0 {
			continue
		}
		var c fileCommand
		if err == nil {
			c, err = parseCommand(words)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		c.line = n
		commands = append(commands, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return commands, nil
}

// argumentCommands parses the commands that are arguments: the words of one, or
// each a whole one.
func argumentCommands(args []string) ([]fileCommand, error) {
	if _, known := commandWords[strings.ToLower(args[0])]; known {
		c, err := parseCommand(args)
		return []fileCommand{c}, err
	}
	var commands []fileCommand
	for _, arg := range args {
		words, err := splitWords(arg)
		if err == nil && len(words) == 0 {
			err = errors.New("an empty command")
		}
		var c fileCommand
		if err == nil {
			c, err = parseCommand(words)
		}
		if err != nil {
			return nil, err
		}
		commands = append(commands, c)
	}
	return commands, nil
}
