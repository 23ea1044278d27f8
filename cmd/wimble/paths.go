package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// imagePath turns what a person types into a path of the image's file system:
// slashes or backslashes, with or without one in front, or a drive as in
// C:\Windows.
func imagePath(text string) string {
	text = strings.ReplaceAll(text, `\`, "/")
	if len(text) >= 2 && text[1] == ':' && isLetter(text[0]) && (len(text) == 2 || text[2] == '/') {
		text = text[2:]
	}
	text = path.Clean("/" + text)
	if text == "/" {
		return "."
	}
	return text[1:]
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

var errEmptyPath = errors.New("an empty path")

// checkChanged refuses a path that stands for the root of an image without saying
// so: an empty one, of a variable that is not set, or one that climbs to it.
func checkChanged(texts ...string) error {
	for _, text := range texts {
		plain := strings.TrimRight(strings.ReplaceAll(text, `\`, "/"), "/")
		drive := len(plain) == 2 && plain[1] == ':' && isLetter(plain[0])
		switch {
		case text == "":
			return errEmptyPath
		case imagePath(text) == "." && plain != "" && !drive:
			return fmt.Errorf("%s is the root of the image; say / if that is meant", brief(text))
		}
	}
	return nil
}

// imagePaths is imagePath for each of several.
func imagePaths(texts []string) []string {
	paths := make([]string, len(texts))
	for i, text := range texts {
		paths[i] = imagePath(text)
	}
	return paths
}

// rooted is how a path of the image is shown: the root is "/".
func rooted(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name
}

// streamType is what Windows calls the type of a data stream in NAME:STREAM:TYPE.
const streamType = ":$DATA"

// place is a stream of a file.
type place struct{ path, stream string }

// findStream finds what PATH[:STREAM[:$DATA]] means. A file with a colon in its
// name, which Windows cannot have but an image can, comes first.
func findStream(tree fs.ReadLinkFS, text string) (place, error) {
	whole := imagePath(text)
	_, err := tree.Lstat(whole)
	if err == nil {
		return place{path: whole}, nil
	}
	if n := len(whole) - len(streamType); n > 0 && strings.EqualFold(whole[n:], streamType) {
		whole = whole[:n]
	}
	colon := strings.LastIndex(whole, ":")
	if colon <= 0 {
		return place{path: whole}, err
	}
	_, err = tree.Lstat(whole[:colon])
	return place{whole[:colon], whole[colon+1:]}, err
}
