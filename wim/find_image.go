package wim

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Image returns an image by index, as "2", or by name. A name that is a number
// has to be given by index. Without an image of that name, text that is one
// image's display name, edition id or flags, and no other's, names it as well:
// "Professional" for "Windows 10 Pro". Case counts only where names differ in
// nothing else. The error is of kind [fs.ErrNotExist] if there is no such
// image, and of kind ErrOption if there are several.
func (r *Reader) Image(which string) (*Image, error) {
	if index, err := strconv.Atoi(which); err == nil {
		if index < 1 || index > len(r.Images) {
			return nil, &kindError{fmt.Sprintf("there is no image %d; the file has %d", index, len(r.Images)), fs.ErrNotExist}
		}
		return r.Images[index-1], nil
	}
	for _, exact := range []bool{true, false} {
		for _, image := range r.Images {
			if image.Info.Name == which || !exact && strings.EqualFold(image.Info.Name, which) {
				return image, nil
			}
		}
	}
	var found []*Image
	for _, image := range r.Images {
		if which != "" && image.isCalled(which) {
			found = append(found, image)
		}
	}
	switch len(found) {
	case 0:
		return nil, &kindError{fmt.Sprintf("no image is named %q", which), fs.ErrNotExist}
	case 1:
		return found[0], nil
	}
	return nil, &kindError{fmt.Sprintf("images %d and %d are both %q; give the index", found[0].Index, found[1].Index, which), ErrOption}
}

// isCalled says whether text is one of the names that an image has beside its
// NAME.
func (image *Image) isCalled(text string) bool {
	info := &image.Info
	return strings.EqualFold(info.DisplayName, text) || strings.EqualFold(info.Flags, text) ||
		info.Windows != nil && strings.EqualFold(info.Windows.EditionID, text)
}
