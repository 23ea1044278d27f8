package media

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/wimble-go/wimble/wim"
	"github.com/wimble-go/wimble/winver"
)

// Images are what a WIM file says that it holds.
type Images struct {
	List      []ImageVersion // in order of the index
	BootIndex int            // of the image that boots; 0 for none
	Size      int64          // of the file, or of all parts of a set, in bytes
	Err       error          // why nothing can be said; then the rest is empty

	incomplete bool
	sum        [sha256.Size]byte // of the header and the XML
}

// ImageVersion is an image, and which Windows it says to have.
type ImageVersion struct {
	Index        int
	Name         string
	Edition      winver.Edition // zero for what is no Windows
	EditionID    string
	Architecture string
	Version      winver.Version // with the UBR
}

// NewImages returns what a reader says. The size is for [Images.Since].
func NewImages(r *wim.Reader, size int64) *Images {
	out := &Images{BootIndex: r.BootIndex(), Size: size}
	for _, image := range r.Images {
		i := ImageVersion{Index: image.Index, Name: image.Info.Name}
		if w := image.Info.Windows; w != nil {
			i.Edition, i.EditionID, i.Architecture, i.Version = w.Edition(), w.EditionID, w.Architecture.String(), w.Version
		}
		out.List = append(out.List, i)
	}
	return out
}

// Since says for people how the images differ from those before. Images count
// as the same if they have the name, the edition and the architecture in
// common.
func (m *Images) Since(before *Images, table *winver.Table) []string {
	switch {
	case m.Err != nil:
		return []string{m.Err.Error()}
	case before == nil || before.Err != nil:
		return []string{"can be read now"}
	}
	var list []string
	have := map[string]bool{}
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !have[text] {
			have[text] = true
			list = append(list, text)
		}
	}
	was, removed, added := pair(before.List, m.List)
	for i, image := range m.List {
		if old := was[i]; old != nil && old.Version != image.Version {
			update := ""
			if kb := image.KB(table); kb != 0 {
				update = " (" + kb.String() + ")"
			}
			say("%s → %s%s", versionText(old.Version), versionText(image.Version), update)
		}
	}
	for _, image := range removed {
		say("image %d removed", image.Index)
	}
	for _, image := range added {
		say("image %d added", image.Index)
	}
	if before.BootIndex != m.BootIndex && len(removed)+len(added) == 0 {
		if m.BootIndex == 0 {
			say("no image boots")
		} else {
			say("image %d boots", m.BootIndex)
		}
	}
	if len(list) > 0 {
		return list
	}
	if before.Size != m.Size {
		return []string{fmt.Sprintf("%d → %d bytes", before.Size, m.Size)}
	}
	return []string{"written anew"}
}

// KB is the article of the update that made the version, as far as the table
// knows it, otherwise 0.
func (i *ImageVersion) KB(table *winver.Table) winver.KB {
	if s := table.Status(i.Version, i.Edition); s.Listed {
		return s.Update.KB
	}
	return 0
}

func versionText(v winver.Version) string {
	if v.IsZero() {
		return "no version"
	}
	return v.String()
}

// pair finds for each new image the old one, or nil, in order.
func pair(old, new []ImageVersion) (was, removed, added []*ImageVersion) {
	type key struct{ name, edition, architecture string }
	keyOf := func(i *ImageVersion) key { return key{i.Name, i.EditionID, i.Architecture} }
	left := map[key][]*ImageVersion{}
	for i := range old {
		k := keyOf(&old[i])
		left[k] = append(left[k], &old[i])
	}
	was = make([]*ImageVersion, len(new))
	for i := range new {
		k := keyOf(&new[i])
		if same := left[k]; len(same) > 0 {
			was[i], left[k] = same[0], same[1:]
		} else {
			added = append(added, &new[i])
		}
	}
	for i := range old {
		if rest := left[keyOf(&old[i])]; len(rest) > 0 && rest[0] == &old[i] {
			removed = append(removed, rest[0])
			left[keyOf(&old[i])] = rest[1:]
		}
	}
	return was, removed, added
}

// images reads what a package holds, and how many bytes of XML say it. It is
// nil if the files are not what they were.
func (o *opener) images(ctx context.Context, p Package) (*Images, int) {
	out, xml := &Images{Err: p.Err, incomplete: p.incomplete}, 0
	if p.Err == nil && !p.incomplete {
		f, err := Open(ctx, p.Path, func(to *opener) { to.reader = o.reader })
		if err == nil {
			out, xml = NewImages(f.Reader, p.Size), len(f.XML())
			out.sum = sha256.Sum256(fmt.Append(nil, f.Header, f.XML()))
			_ = f.Close()
		} else {
			out.Err = err
		}
	}
	if out.incomplete && out.Err == nil {
		out.Err = notWhole(p)
	}
	if !slices.ContainsFunc(p.Files, PackageFile.changed) {
		return out, xml
	}
	return nil, 0
}

func notWhole(p Package) error {
	return fmt.Errorf("%s: not whole yet; it is being copied or written, or that did not finish: %w", p.Path, wim.ErrFormat)
}
