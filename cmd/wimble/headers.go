package main

import (
	"errors"
	"strings"

	"github.com/wimble-go/wimble/media"
)

// headerOptions parses what --header is given. Its errors do not have the text,
// which may be secret.
func headerOptions(texts []string) ([]media.Option, error) {
	var opts []media.Option
	for _, text := range texts {
		name, value, found := strings.Cut(text, ":")
		if !found || name == "" || strings.ContainsFunc(name, notInToken) {
			return nil, errors.New("--header wants a name and a value, as in 'Authorization: Bearer TOKEN'")
		}
		value = strings.Trim(value, " \t")
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
			return nil, errors.New("--header wants a value of one line of text")
		}
		opts = append(opts, media.WithHeader(name, value))
	}
	return opts, nil
}

// notInToken tells the characters that names of headers do not have (RFC 9110,
// section 5.6.2).
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}
