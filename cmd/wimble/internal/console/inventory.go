package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/winver"
)

// maxInventoryTime is how long reading hives and packages of an image may take.
// From a solid file on a slow disk it takes some ten seconds.
const maxInventoryTime = time.Minute

// inventory finds out what is installed in the image of a request.
func (s *Server) inventory(r *http.Request) (*inventory.Inventory, error) {
	key, err := s.imageKey(r)
	if err != nil {
		return nil, err
	}
	if found := s.inventories.get(key); found != nil {
		return found, nil
	}
	if err := s.inventories.slots.enter(r.Context()); err != nil {
		return nil, err
	}
	defer s.inventories.slots.leave()
	if found := s.inventories.get(key); found != nil { // by the one that was waited for
		return found, nil
	}
	o, err := s.openImage(r.Context(), key.id, key.image)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	ctx, cancel := context.WithTimeout(r.Context(), maxInventoryTime)
	defer cancel()
	found, err := inventory.Read(ctx, o.tree, inventory.WithTable(s.table))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &requestError{http.StatusServiceUnavailable, "finding out what is installed takes too long; wimble inventory does it without haste"}
	case errors.Is(err, winver.ErrNotWindows):
		return nil, notFound("the image holds no Windows")
	case err != nil:
		return nil, err
	}
	s.inventories.put(o.key(), found)
	return found, nil
}

// maxSectionRows is how many rows of a list a page shows.
const maxSectionRows = 2000

type inventoryData struct {
	Sections []inventorySection
	Notes    []string
	More     int // notes that are not shown
	API      string
}

type inventorySection struct {
	describe.Section
	ID   string
	More int // rows that are not shown
}

// inventoryPage shows what is installed in an image.
func (s *Server) inventoryPage(w http.ResponseWriter, r *http.Request) error {
	found, err := s.inventory(r)
	if err != nil {
		return err
	}
	crumbs, title, err := s.imageCrumbs(r)
	if err != nil {
		return err
	}
	data := inventoryData{Notes: found.Notes, API: "/api" + r.URL.EscapedPath()}
	if more := len(data.Notes) - maxSectionRows; more > 0 {
		data.Notes, data.More = data.Notes[:maxSectionRows], more
	}
	for _, list := range describe.InventorySections(found) {
		section := inventorySection{Section: list, ID: sectionID(list.Title)}
		if more := len(section.Rows) - maxSectionRows; more > 0 {
			section.Rows, section.More = section.Rows[:maxSectionRows], more
		}
		data.Sections = append(data.Sections, section)
	}
	return s.show(w, http.StatusOK, "inventory", page{Title: "Installed in " + title, Crumbs: crumbs, Data: data})
}

func (s *Server) apiInventory(w http.ResponseWriter, r *http.Request) error {
	found, err := s.inventory(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, found)
}

// sectionID is the name of a section in the address of a page.
func sectionID(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }
