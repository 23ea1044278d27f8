package catalog

import (
	"sync"
	"time"
)

// Event is something that happened.
type Event struct {
	ID   uint64    `json:"id"` // counts up from 1
	Time time.Time `json:"time"`
	// Kind is "added", "changed" or "removed" for a package. Others who publish
	// on a feed have their own.
	Kind    string   `json:"kind"`
	Subject string   `json:"subject"`           // the id of the package
	Name    string   `json:"name"`              // its name
	Changes []string `json:"changes,omitempty"` // what changed, in words
	Data    any      `json:"data,omitempty"`
}

// kept is how many events a feed keeps for those who come back.
const kept = 200

// Feed hands events to all who wait for them. A slow reader holds nothing up:
// it finds the last 200 events when it looks.
type Feed struct {
	mu     sync.Mutex
	last   uint64
	events []Event
	wake   chan struct{} // closed and replaced with each event
}

// Publish gives an event its number and its time. An event of the same kind and
// subject that has Data takes the place of the one before: of a progress only
// the last counts.
func (f *Feed) Publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	e.ID, e.Time = f.last, time.Now().UTC()
	if e.Data != nil {
		for i, old := range f.events {
			if old.Kind == e.Kind && old.Subject == e.Subject {
				f.events = append(f.events[:i:i], f.events[i+1:]...)
				break
			}
		}
	}
	if f.events = append(f.events, e); len(f.events) > kept {
		f.events = append([]Event(nil), f.events[len(f.events)-kept:]...)
	}
	if f.wake != nil {
		close(f.wake)
		f.wake = nil
	}
}

// Last is the number of the last event, 0 before the first one.
func (f *Feed) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// After returns the events after the one with a number, and a channel that is
// closed when there are more.
func (f *Feed) After(id uint64) ([]Event, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wake == nil {
		f.wake = make(chan struct{})
	}
	var list []Event
	for _, e := range f.events {
		if e.ID > id {
			list = append(list, e)
		}
	}
	return list, f.wake
}
