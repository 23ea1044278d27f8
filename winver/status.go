package winver

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Status is what a table knows about a version, put together for showing.
type Status struct {
	Version  Version
	Edition  Edition
	Releases []Release // what the version can be; none if the build is not in the table

	Update       Update // the update that makes the version, if Listed
	Listed       bool
	Below, Above Update // the neighbours of a version that is not listed

	Newer  []Update // what came after, newest last
	Latest Update   // the last one that the table knows, zero if it knows none

	AsOf Date // up to when

	// clientAssumed is set where client and server have updates of their own
	// and nothing tells which of them the version is.
	clientAssumed bool
}

// Status looks a version up in every way.
func (t *Table) Status(v Version, e Edition) Status {
	s := Status{Version: v, Edition: e, Releases: t.Releases(v, e), Newer: t.Newer(v, e), AsOf: t.asOf}
	s.Update, s.Listed = t.Update(v)
	s.Below, s.Above = t.between(v, e)
	s.Latest, _ = t.Latest(v, e)
	s.clientAssumed = len(t.ladders[v.Build]) > 0 && t.ladderOf(v) == productAny &&
		!e.isServer() && !e.isClient() && len(s.Releases) > 1
	return s
}

// Known says whether the build is in the table.
func (s Status) Known() bool { return len(s.Releases) > 0 }

// ReleaseName names what the version can be, such as "Windows 10 1903/1909",
// and is empty for a build that is not in the table.
func (s Status) ReleaseName() string {
	var names []string
	at := make(map[string]int) // names with a version at the end, without that
	for _, r := range s.Releases {
		name := r.String()
		if prefix, ok := strings.CutSuffix(name, r.Version); ok {
			if i, ok := at[prefix]; ok {
				names[i] += "/" + r.Version
				continue
			}
			at[prefix] = len(names)
		}
		names = append(names, name)
	}
	return strings.Join(names, " or ")
}

// EndOfService returns the last day on which any of the releases is serviced in
// the edition. It is zero if that is not known.
func (s Status) EndOfService() Date {
	if !s.Known() {
		return Date{}
	}
	_, last := s.ends()
	return last
}

// ends returns the first and the last end of service of the releases.
func (s Status) ends() (first, last Date) {
	for i, r := range s.Releases {
		end := r.EndOfService(s.Edition)
		if i == 0 || compareEnds(end, first) < 0 {
			first = end
		}
		if i == 0 || compareEnds(end, last) > 0 {
			last = end
		}
	}
	return first, last
}

// Line says in one line for people where the version stands, on a given day:
//
//	KB4577671, 2020-10-13; 2 newer, latest KB4592449 2020-12-08; out of service since 2022-05-10
//
// The count is that of monthly security updates. Previews and out-of-band
// updates are optional or for few, so that they are counted only where there is
// nothing else. The last one of all is named in any case.
func (s Status) Line(today Date) string {
	if !s.Known() {
		return fmt.Sprintf("build %d is not in the table of %s", s.Version.Build, s.AsOf)
	}
	line := s.current()
	for _, more := range []string{s.behind(today), s.service(today)} {
		if more != "" {
			line += "; " + more
		}
	}
	return line
}

// current names the update, or its neighbours.
func (s Status) current() string {
	switch {
	case s.Listed && s.Update.KB == 0:
		return "the release of " + s.Update.Released.String()
	case s.Listed:
		text := s.Update.KB.String()
		if !s.Update.Released.IsZero() {
			text += ", " + s.Update.Released.String()
		}
		if s.Update.Kind != KindUnknown && s.Update.Kind != KindSecurity {
			text += ", " + s.Update.Kind.String()
		}
		for _, other := range s.Update.Alternatives {
			text += ", or " + other.KB.String()
		}
		return text
	case s.Latest.KB == 0:
		return "the table has no updates of this build"
	case s.Version.UBR == 0:
		return "update not known"
	case s.Below.Version.IsZero():
		return "before " + s.Above.String()
	case s.Above.Version.IsZero():
		return fmt.Sprintf("after %s, the last in the table of %s", s.Below, s.AsOf)
	}
	return fmt.Sprintf("between %s and %s", s.Below, s.Above)
}

// behind says what is newer.
func (s Status) behind(today Date) string {
	if len(s.Newer) == 0 {
		switch {
		case s.Latest.KB == 0:
			return ""
		case s.Version.UBR == 0:
			return "latest " + s.Latest.String()
		case !s.Listed:
			return ""
		case s.outOfService(today):
			return "none newer"
		}
		return "none newer as of " + s.AsOf.String()
	}
	monthly, others := s.counts()
	latest := s.Newer[len(s.Newer)-1].String()
	if s.clientAssumed {
		latest += " on clients"
	}
	if monthly == 0 {
		return fmt.Sprintf("no monthly update newer, %d other, latest %s", others, latest)
	}
	return fmt.Sprintf("%d newer, latest %s", monthly, latest)
}

// counts returns how many of the newer updates are monthly security updates,
// and how many are not.
func (s Status) counts() (monthly, others int) {
	for _, u := range s.Newer {
		if u.Kind == KindSecurity {
			monthly++
		} else {
			others++
		}
	}
	return monthly, others
}

func (s Status) outOfService(today Date) bool {
	end := s.EndOfService()
	return !end.IsZero() && end.Compare(today) < 0
}

func (s Status) service(today Date) string {
	first, last := s.ends()
	switch {
	case last.IsZero():
		return ""
	case s.outOfService(today):
		return "out of service since " + last.String()
	case first == last:
		return "in service until " + last.String()
	}
	return fmt.Sprintf("in service until %s at the longest", last)
}

// MarshalJSON implements json.Marshaler. The fields are release, kb, released,
// kind, alternatives, below and above (the neighbours of a version that is not
// listed), newest (ubr, kb, released, kind), newer_monthly, newer_other,
// end_of_service and as_of; what is not known is left out. An unknown build
// gives as_of alone.
func (s Status) MarshalJSON() ([]byte, error) {
	type newest struct {
		UBR uint32 `json:"ubr"`
		Article
	}
	out := struct {
		Release      string    `json:"release,omitempty"`
		KB           KB        `json:"kb,omitzero"`
		Released     Date      `json:"released,omitzero"`
		Kind         Kind      `json:"kind,omitzero"`
		Alternatives []Article `json:"alternatives,omitempty"`
		Below        *Update   `json:"below,omitempty"`
		Above        *Update   `json:"above,omitempty"`
		Newest       *newest   `json:"newest,omitempty"`
		NewerMonthly *int      `json:"newer_monthly,omitempty"`
		NewerOther   *int      `json:"newer_other,omitempty"`
		EndOfService Date      `json:"end_of_service,omitzero"`
		AsOf         Date      `json:"as_of"`
	}{
		Release: s.ReleaseName(), KB: s.Update.KB, Released: s.Update.Released, Kind: s.Update.Kind,
		Alternatives: s.Update.Alternatives, EndOfService: s.EndOfService(), AsOf: s.AsOf,
	}
	if !s.Below.Version.IsZero() {
		out.Below = &s.Below
	}
	if !s.Above.Version.IsZero() {
		out.Above = &s.Above
	}
	// A version that is newer than the table is newer than the latest in it.
	if latest := s.Latest; latest.KB != 0 && latest.Version.UBR >= s.Version.UBR {
		out.Newest = &newest{latest.Version.UBR, Article{latest.KB, latest.Released, latest.Kind}}
		if s.Version.UBR != 0 {
			monthly, others := s.counts()
			out.NewerMonthly, out.NewerOther = &monthly, &others
		}
	}
	return json.Marshal(out)
}
