package describe

import (
	"strings"
	"time"

	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/winver"
)

// Event is the object that "info --watch --json" prints for what happens to a
// file. The field names are stable.
type Event struct {
	Time    string       `json:"time"`
	Kind    string       `json:"kind"` // found, added, changed, incomplete, removed
	Path    string       `json:"path"` // as FILE takes it
	Size    int64        `json:"size"`
	Changes []string     `json:"changes,omitempty"` // in words
	Before  []EventImage `json:"before,omitempty"`  // what it held when an event told last
	Images  []EventImage `json:"images,omitempty"`  // what it holds now
	Error   string       `json:"error,omitempty"`   // why it cannot be read
}

// EventImage is an image, and which Windows it says to have.
type EventImage struct {
	Index        int    `json:"index"`
	Name         string `json:"name"`
	Edition      string `json:"edition"`
	Architecture string `json:"architecture"`
	Version      string `json:"version"`      // empty where it says none
	KB           string `json:"kb,omitempty"` // of the update, where the table knows it
}

// NewEvent describes an event of a moment.
func NewEvent(e media.Event, at time.Time, table *winver.Table) Event {
	out := Event{
		Time: at.UTC().Format(time.RFC3339), Kind: e.Kind, Path: strings.ToValidUTF8(e.Package.Path, "\ufffd"), Size: e.Package.Size,
		Before: eventImages(e.Before, table), Images: eventImages(e.Images, table),
	}
	for _, c := range e.Changes {
		out.Changes = append(out.Changes, withoutName(c, e.Package.Path))
	}
	if err := e.Package.Err; err != nil && e.Kind != media.Removed {
		out.Error = withoutName(err.Error(), e.Package.Path)
	}
	return out
}

// withoutName leaves out the name of a file that is said already.
func withoutName(text, name string) string { return strings.TrimPrefix(text, name+": ") }

func eventImages(m *media.Images, table *winver.Table) (list []EventImage) {
	if m == nil {
		return nil
	}
	for _, i := range m.List {
		image := EventImage{Index: i.Index, Name: i.Name, Edition: i.EditionID, Architecture: i.Architecture}
		if !i.Version.IsZero() {
			image.Version = i.Version.String()
		}
		if kb := i.KB(table); kb != 0 {
			image.KB = kb.String()
		}
		list = append(list, image)
	}
	return list
}

// Line is an event on one line.
func (e Event) Line() string {
	line := e.Kind + " " + e.Path
	if what := e.what(); what != "" {
		line += ": " + what
	}
	return line
}

// what says what changed, what is wrong with a file, or which versions one has
// that was added.
func (e Event) what() string {
	switch {
	case e.Changes != nil:
		return strings.Join(e.Changes, "; ")
	case e.Error != "":
		return e.Error
	}
	var versions []string
	said := map[string]bool{}
	for _, i := range e.Images {
		text := i.Version
		if i.KB != "" {
			text += " (" + i.KB + ")"
		}
		if text != "" && !said[text] {
			said[text] = true
			versions = append(versions, text)
		}
	}
	return strings.Join(versions, ", ")
}
