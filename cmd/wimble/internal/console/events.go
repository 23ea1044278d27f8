package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// events sends what happens as server-sent events: what came after the event of
// Last-Event-ID or ?after=, or from now on.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead { // there is nothing to wait for
		return nil
	}
	if !s.listeners.tryEnter() {
		return errTooMuch
	}
	defer s.listeners.leave()
	last := s.catalog.Feed.Last()
	// A client may have numbers of a server that ran before.
	for _, text := range []string{r.URL.Query().Get("after"), r.Header.Get("Last-Event-ID")} {
		if id, err := strconv.ParseUint(text, 10, 64); err == nil && id <= s.catalog.Feed.Last() {
			last = id
		}
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Time{})
	if _, err := fmt.Fprintf(w, "retry: 2000\n\n"); err != nil {
		return nil
	}
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	for {
		list, more := s.catalog.Feed.After(last)
		for _, e := range list {
			data, err := json.Marshal(e)
			if err != nil {
				return nil
			}
			last = e.ID
			if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data); err != nil {
				return nil
			}
		}
		if control.Flush() != nil {
			return nil
		}
		select {
		case <-more:
		case <-beat.C: // finds out who has gone
			if _, err := fmt.Fprint(w, ":\n\n"); err != nil {
				return nil
			}
		case <-r.Context().Done():
			return nil
		}
	}
}
