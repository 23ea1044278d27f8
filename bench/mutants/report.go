package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/bench/internal/tools"
)

// report counts what came of all mutants.
type report struct {
	options *options
	elapsed time.Duration
	mutants int
	opened  int
	good    int // nothing wrong
	warned  int // of them
	decoded int64
	bytes   int64
	cpu     time.Duration
	slowest result
	largest result
	broken  []result
	kinds   map[string]*kindCount
	classes map[class]*classCount
}

// kindCount counts the mutants of one kind of change.
type kindCount struct {
	mutants, damaged int
	peers            map[string]*peerCount
}

// peerCount counts what another program says, compared with us.
type peerCount struct{ asked, both, onlyWe, onlyThey, content int }

// class is a way in which another program differs.
type class struct {
	peer, side, reason string
}

// The sides of a disagreement.
const (
	onlyWe   = "only wimble finds damage"
	onlyThey = "only the other finds damage"
	content  = "both find it good"
)

type classCount struct {
	count   int
	fields  map[string]int
	example uint64
}

func newReport(o *options) *report {
	return &report{options: o, kinds: map[string]*kindCount{}, classes: map[class]*classCount{}}
}

func (p *report) add(r *result) {
	p.mutants++
	k := p.kinds[r.Kind]
	if k == nil {
		k = &kindCount{peers: map[string]*peerCount{}}
		for _, peer := range peerNames {
			k.peers[peer] = &peerCount{}
		}
		p.kinds[r.Kind] = k
	}
	k.mutants++
	damaged := len(r.Ours.Damage) > 0
	if damaged {
		k.damaged++
	} else {
		p.good++
		if r.Ours.Warned {
			p.warned++
		}
	}
	if r.Ours.Opened {
		p.opened++
	}
	p.decoded += r.Ours.Decoded
	p.bytes += int64(r.Bytes)
	p.cpu += r.Ours.CPU
	if p.slowest.Ours == nil || r.Ours.CPU > p.slowest.Ours.CPU {
		p.slowest = *r
	}
	if p.largest.Ours == nil || r.Ours.Memory > p.largest.Ours.Memory {
		p.largest = *r
	}
	if len(r.Ours.Broken) > 0 {
		p.broken = append(p.broken, *r)
	}
	for _, v := range r.Peers {
		c := k.peers[v.Peer]
		c.asked++
		switch {
		case damaged && v.Good:
			c.onlyWe++
			p.class(r, class{v.Peer, onlyWe, plain(r.Ours.Damage[0])})
		case !damaged && !v.Good:
			c.onlyThey++
			p.class(r, class{v.Peer, onlyThey, v.Reason})
		case v.Content != "":
			c.content++
			p.class(r, class{v.Peer, content, v.Content})
		default:
			c.both++
		}
	}
}

func (p *report) class(r *result, c class) {
	n := p.classes[c]
	if n == nil {
		n = &classCount{fields: map[string]int{}, example: r.Number}
		p.classes[c] = n
	}
	n.count++
	n.fields[r.Field]++
}

func (p *report) write(w io.Writer) {
	fmt.Fprintf(w, "%d mutants from seed %d in %v (%s).\n\n", p.mutants, p.options.seed, p.elapsed.Round(time.Second), tools.Machine())
	fmt.Fprintf(w, "- opened: %d; nothing wrong: %d, of which with warnings: %d\n", p.opened, p.good, p.warned)
	fmt.Fprintf(w, "- %d MB of files, %d MB of content, %v of processor time in the library\n", p.bytes/1e6, p.decoded/1e6, p.cpu.Round(time.Second))
	if p.slowest.Ours != nil {
		for _, top := range []struct {
			what string
			r    result
		}{{"most processor time", p.slowest}, {"most bytes allocated", p.largest}} {
			fmt.Fprintf(w, "- %s: %v, %.1f MB for %d bytes that give %d (mutant %d, %s of %s)\n", top.what, top.r.Ours.CPU.Round(time.Millisecond),
				float64(top.r.Ours.Memory)/1e6, top.r.Bytes, top.r.Ours.Decoded, top.r.Number, top.r.Field, top.r.Seed)
		}
	}
	fmt.Fprintf(w, "- promises broken: %d\n", len(p.broken))
	for _, r := range p.broken {
		text, _, _ := strings.Cut(r.Ours.Broken[0], "\n")
		fmt.Fprintf(w, "  - mutant %d, %s of %s: %s\n", r.Number, r.Field, r.Seed, text)
	}
	p.writeKinds(w)
	p.writeClasses(w)
}

func (p *report) writeKinds(w io.Writer) {
	fmt.Fprint(w, "\n| change | mutants | damaged for wimble |")
	for _, peer := range peerNames {
		fmt.Fprintf(w, " %s asked | agrees | only wimble finds damage | only it does | content differs |", peer)
	}
	fmt.Fprintf(w, "\n| --- |%s\n", strings.Repeat(" ---: |", 2+5*len(peerNames)))
	total := kindCount{peers: map[string]*peerCount{}}
	row := func(name string, k *kindCount) {
		fmt.Fprintf(w, "| %s | %d | %d |", name, k.mutants, k.damaged)
		for _, peer := range peerNames {
			c := k.peers[peer]
			fmt.Fprintf(w, " %d | %d | %d | %d | %d |", c.asked, c.both, c.onlyWe, c.onlyThey, c.content)
		}
		fmt.Fprintln(w)
	}
	for _, name := range slices.Sorted(maps.Keys(p.kinds)) {
		k := p.kinds[name]
		row(name, k)
		total.mutants += k.mutants
		total.damaged += k.damaged
		for peer, c := range k.peers {
			t := total.peers[peer]
			if t == nil {
				t = &peerCount{}
				total.peers[peer] = t
			}
			t.asked += c.asked
			t.both += c.both
			t.onlyWe += c.onlyWe
			t.onlyThey += c.onlyThey
			t.content += c.content
		}
	}
	if len(p.kinds) > 0 {
		row("all", &total)
	}
}

// writeClasses prints the disagreements by reason.
func (p *report) writeClasses(w io.Writer) {
	list := slices.Collect(maps.Keys(p.classes))
	slices.SortFunc(list, func(a, b class) int {
		return cmp.Or(cmp.Compare(p.classes[b].count, p.classes[a].count), cmp.Compare(a.peer, b.peer),
			cmp.Compare(a.side, b.side), cmp.Compare(a.reason, b.reason))
	})
	fmt.Fprint(w, "\n| other program | disagreement | what is said | mutants | fields | example | why |\n| --- | --- | --- | ---: | --- | ---: | --- |\n")
	unexplained := 0
	for _, c := range list {
		n := p.classes[c]
		why := explain(c)
		if why == "" {
			why = "**not explained**"
			unexplained += n.count
		}
		fmt.Fprintf(w, "| %s | %s | %s | %d | %s | %d | %s |\n", c.peer, c.side, strings.ReplaceAll(c.reason, "|", `\|`), n.count,
			topFields(n.fields), n.example, why)
	}
	fmt.Fprintf(w, "\nDisagreements that known.go does not explain: %d\n", unexplained)
}

// topFields names the three fields that a class is met with most.
func topFields(fields map[string]int) string {
	names := slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		return cmp.Or(cmp.Compare(fields[b], fields[a]), cmp.Compare(a, b))
	})
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("%d more", len(names)-3))
	}
	return strings.Join(names, ", ")
}
