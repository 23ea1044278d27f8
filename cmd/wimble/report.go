package main

import (
	"errors"

	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

// mostMissing is how many missing contents are named: where one is, most are.
const mostMissing = 10

// mostNotes is how many notes are printed.
const mostNotes = 10

// mostAffected is how many paths are printed for one problem.
const mostAffected = 10

// sayProblems prints problems with say, and for all missing contents beyond the
// first ten one line.
func (a *app) sayProblems(problems []wim.Problem, more int, say func(wim.Problem)) {
	missing := 0
	for _, p := range problems {
		if errors.Is(p.Err, wim.ErrMissingBlob) || errors.Is(p.Err, wim.ErrMissingPart) {
			if missing++; missing > mostMissing {
				continue
			}
		}
		say(p)
	}
	if missing > mostMissing {
		a.say("wimble: %s more: their content is missing", describe.Thousands(missing-mostMissing))
	}
	if more > 0 {
		a.say("wimble: %s more problems are not listed", describe.Thousands(more))
	}
}

// sayNotes prints the first notes. JSON has them all.
func (a *app) sayNotes(notes []error, more int) {
	for i, note := range notes {
		if i == mostNotes {
			break
		}
		a.say("wimble: note: %v", note)
	}
	if more += len(notes) - mostNotes; more > 0 {
		a.say("wimble: note: %s more", describe.Thousands(more))
	}
}

// sayProblem prints a problem and the paths that it affects.
func (a *app) sayProblem(p wim.Problem) {
	a.sayError(p.Err)
	for i, affected := range p.Affected {
		if i == mostAffected {
			a.say("  and %s more", describe.Thousands(len(p.Affected)-mostAffected+p.MoreAffected))
			break
		}
		a.say("  affects %v", affected)
	}
}

// countAffected counts the entries of problems, of which some may not be listed.
func countAffected(problems []wim.Problem, more int) int {
	for _, p := range problems {
		more += len(p.Affected) + p.MoreAffected
	}
	return more
}

// outcome is what extract and tar have to say when they end.
type outcome struct {
	files, directories, links int
	bytes                     int64
	stays                     bool // what was done stays when the operation fails
	leftOut                   []wim.NotRestored
	leftOutWords              string // "not restored"
	problems                  []wim.Problem
	more                      int
}

// sayOutcome prints the problems and the counts. The error is that of the
// operation; incomplete says that it only sums the problems up.
func (a *app) sayOutcome(o outcome, err error) (incomplete bool) {
	a.sayProblems(o.problems, o.more, func(p wim.Problem) {
		if len(p.Affected) > 1 {
			a.sayProblem(p)
		} else {
			a.sayError(p.Err) // names the path
		}
	})
	incomplete = len(o.problems) > 0 && errors.Is(err, o.problems[0].Err)
	if err != nil && !incomplete && !(o.stays && o.files+o.directories+o.links > 0) {
		return false
	}
	a.say("%s files, %s directories, %s links, %s bytes",
		describe.Thousands(o.files), describe.Thousands(o.directories), describe.Thousands(o.links), describe.Thousands(o.bytes))
	for _, n := range o.leftOut {
		a.say("%s: %s (%s)", o.leftOutWords, n.What, describe.Thousands(n.Count))
	}
	return incomplete
}
