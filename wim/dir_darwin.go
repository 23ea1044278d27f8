package wim

import (
	"syscall"
	"time"
)

func accessTime(st *syscall.Stat_t) Filetime { return FiletimeOf(time.Unix(st.Atimespec.Unix())) }

// birthTime returns when a file was made, 0 if that is not known.
func birthTime(_ *openDirectory[string], _ string, st *syscall.Stat_t) Filetime {
	return FiletimeOf(time.Unix(st.Birthtimespec.Unix()))
}

// readXattrs reads nothing: images have the attributes of Linux or of Windows.
func (d *Dir) readXattrs(*Entry, *openDirectory[string], string) {}
