package catalog

import (
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
)

// changes says in words how a package differs from the one before.
func changes(old, new *Package) []string {
	switch {
	case new.Err != nil:
		return []string{new.Err.Error()}
	case old.Err != nil:
		return []string{"can be read now"}
	}
	var list []string
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	was, removed, added := match(old.Images, new.Images)
	for i, image := range new.Images {
		if before := was[i]; before != nil && before.Status.Version != image.Status.Version {
			kb := ""
			if image.Status.Listed && image.Status.Update.KB != 0 {
				kb = " (" + image.Status.Update.KB.String() + ")"
			}
			say("%s → %s%s", orNone(before), orNone(image), kb)
		}
	}
	for _, image := range removed {
		say("image %d removed", image.Index)
	}
	for _, image := range added {
		say("image %d added", image.Index)
	}
	if old.File.BootIndex != new.File.BootIndex && len(removed)+len(added) == 0 {
		say("image %d boots", new.File.BootIndex)
	}
	if len(list) == 0 {
		if old.Size != new.Size {
			say("%s → %s", describe.ByteSize(old.Size), describe.ByteSize(new.Size))
		} else {
			say("written anew")
		}
	}
	return list
}

func orNone(i *Image) string {
	if i.Status.Version.IsZero() {
		return "no version"
	}
	return i.Status.Version.String()
}

// match pairs the images of two packages by what they are called, in order. Was
// has for each new image the old one, or nil.
func match(old, new []*Image) (was, removed, added []*Image) {
	type key struct{ name, edition, architecture string }
	keyOf := func(i *Image) key {
		k := key{name: i.Info.Name}
		if w := i.Info.Windows; w != nil {
			k.edition, k.architecture = w.EditionID, w.Architecture.String()
		}
		return k
	}
	left := map[key][]*Image{}
	for _, image := range old {
		left[keyOf(image)] = append(left[keyOf(image)], image)
	}
	was = make([]*Image, len(new))
	for i, image := range new {
		k := keyOf(image)
		if same := left[k]; len(same) > 0 {
			was[i], left[k] = same[0], same[1:]
		} else {
			added = append(added, image)
		}
	}
	for _, image := range old {
		if slices.Contains(left[keyOf(image)], image) {
			removed = append(removed, image)
		}
	}
	return was, removed, added
}
