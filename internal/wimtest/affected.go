package wimtest

import (
	"fmt"
	"strings"
)

// Texts are what a problem affects, with the indexes of images.
func Texts[T fmt.Stringer](affected []T) (list []string) {
	for _, a := range affected {
		list = append(list, a.String())
	}
	return list
}

// Paths are what a problem affects in an image.
func Paths[T fmt.Stringer](affected []T) (list []string) {
	for _, text := range Texts(affected) {
		_, path, _ := strings.Cut(text, ":")
		list = append(list, path)
	}
	return list
}
