package winver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Verdict is which Windows it is, as far as the evidence tells.
type Verdict struct {
	// Version is zero if it is not known. Its build is that of the release,
	// which with an enablement package is not the build of the files.
	Version Version `json:"version,omitzero"`

	// HasUBR says whether the UBR is known; where it is not, it is 0.
	HasUBR bool `json:"has_ubr"`

	// BuildExact says that the build is that of the release. Otherwise it may
	// be the base build of a servicing family, and the release a later one:
	// file names and the kernel look the same in all releases of a family.
	BuildExact bool `json:"build_exact"`

	// BuildFrom and UBRFrom are the evidence that decided.
	BuildFrom Witness `json:"build_from,omitempty"`
	UBRFrom   Witness `json:"ubr_from,omitempty"`

	// Reason is one line for people: which evidence was believed, and why.
	Reason string `json:"reason"`
}

// Known says whether at least the build is known.
func (v Verdict) Known() bool { return v.Version.Build != 0 }

// String returns the version, "10.0.17763 (update unknown)" if its UBR is not
// known, or "unknown".
func (v Verdict) String() string {
	switch {
	case !v.Known():
		return "unknown"
	case !v.HasUBR:
		return fmt.Sprintf("%d.%d.%d (update unknown)", v.Version.Major, v.Version.Minor, v.Version.Build)
	}
	return v.Version.String()
}

// Best weighs the evidence. The rule:
//
// The build is the SOFTWARE hive's. Without a hive it is that of the file names
// in the component store and among the packages, else that of the kernel, else
// the one that the caller brought. TargetingInfo, an enablement package, and
// where there is no hive also the caller's claim, raise it to a later release
// of the same servicing family, and to nothing else: a family shares its files,
// and enablement is the only way in which two of these can differ and both be
// right.
//
// The UBR is the hive's. Two systems have none there that counts:
//
//   - Windows PE and the recovery environment, whose hive stays at UBR 0 or 1
//     however much the image is serviced. The claim counts if it is greater
//     (the tools that service these images write the XML), then LCUVer, then
//     what the file names and the kernel say, then the hive after all.
//   - Vista, 7 and 8, and any Windows whose hive cannot be read. The greatest
//     revision among the file names and the kernel counts, as none of them can
//     be ahead of the update that brought it. If there are no such file names,
//     a claim that is not below the kernel counts before the kernel. BuildLabEx
//     counts last, and only before Windows 10, where it has the revision of the
//     service pack.
//
// Evidence counts for the UBR only if its build is of the servicing family that
// was decided on. Where nothing is left, the UBR, or the whole version, is
// unknown; nothing is guessed.
func (r *Report) Best() Verdict {
	w := weighing{report: r, table: r.lookup()}
	w.decideBuild()
	if w.verdict.Known() {
		w.decideUBR()
	}
	switch w.verdict.BuildFrom {
	case WitnessHive, WitnessTargetingInfo, WitnessEnablementPackage:
		w.verdict.BuildExact = true
	}
	return w.finish()
}

// weighing is a verdict in the making.
type weighing struct {
	report  *Report
	table   *Table
	verdict Verdict
	reasons []string
}

func (w *weighing) because(format string, args ...any) {
	w.reasons = append(w.reasons, fmt.Sprintf(format, args...))
}

func (w *weighing) finish() Verdict {
	switch {
	case !w.verdict.Known():
		w.because("no evidence tells the build")
	case !w.verdict.HasUBR:
		w.because("no evidence tells the UBR")
	}
	w.verdict.Reason = strings.Join(w.reasons, "; ")
	return w.verdict
}

// pick returns the accepted evidence of the given witnesses that is last in an
// order, or nil. Evidence without a build is never accepted.
func (w *weighing) pick(order func(a, b Version) int, accept func(Evidence) bool, witnesses ...Witness) *Evidence {
	var last *Evidence
	for i := range w.report.Evidence {
		e := &w.report.Evidence[i]
		if e.Version.Build == 0 || !slices.Contains(witnesses, e.Witness) || !accept(*e) {
			continue
		}
		if last == nil || order(e.Version, last.Version) > 0 {
			last = e
		}
	}
	return last
}

// greatestVersion picks the evidence of the greatest version.
func (w *weighing) greatestVersion(witnesses ...Witness) *Evidence {
	return w.pick(Version.Compare, func(Evidence) bool { return true }, witnesses...)
}

// greatestUBR picks the evidence of the greatest UBR, of those of the servicing
// family that the verdict is in. There has to be one of at least the given
// number.
func (w *weighing) greatestUBR(atLeast uint32, witnesses ...Witness) *Evidence {
	order := func(a, b Version) int { return cmp.Compare(a.UBR, b.UBR) }
	accept := func(e Evidence) bool { return e.HasUBR && e.Version.UBR >= atLeast && w.inFamily(e) }
	return w.pick(order, accept, witnesses...)
}

// inFamily says whether evidence is of the servicing family decided on.
func (w *weighing) inFamily(e Evidence) bool {
	a, b := e.Version.Build, w.verdict.Version.Build
	return a == b || w.table.base(a) != 0 && w.table.base(a) == w.table.base(b)
}

func (w *weighing) decideBuild() {
	anchor := w.greatestVersion(WitnessHive)
	raisers := []Witness{WitnessTargetingInfo, WitnessEnablementPackage}
	if anchor == nil {
		raisers = append(raisers, WitnessClaim)
		anchor = cmp.Or(w.greatestVersion(WitnessCoreOSRevision, WitnessRollupFix),
			w.greatestVersion(WitnessKernel), w.greatestVersion(WitnessClaim))
	}
	if anchor == nil {
		return
	}
	v := &w.verdict
	v.Version = Version{Major: anchor.Version.Major, Minor: anchor.Version.Minor, Build: anchor.Version.Build}
	v.BuildFrom = anchor.Witness
	later := func(e Evidence) bool { return e.Version.Build > v.Version.Build && w.inFamily(e) }
	if raised := w.pick(Version.Compare, later, raisers...); raised != nil {
		w.because("build %d from %s, over the %d of %s", raised.Version.Build, raised.name(), v.Version.Build, anchor.name())
		v.Version.Build, v.BuildFrom = raised.Version.Build, raised.Witness
		return
	}
	w.because("build %d from %s", v.Version.Build, anchor.name())
}

func (w *weighing) decideUBR() {
	hive := w.greatestUBR(0, WitnessHive)
	switch {
	case hive == nil:
		w.takeUBR(w.ubrWithoutHive())
	case w.report.Edition().isPE() && hive.Version.UBR <= 1:
		w.takeUBR(cmp.Or(w.greatestUBR(2, WitnessClaim), w.greatestUBR(2, WitnessLCUVersion),
			w.greatestUBR(2, WitnessCoreOSRevision, WitnessRollupFix, WitnessKernel), hive))
		w.because("the hive of Windows PE says 0 or 1 whatever is installed")
	default:
		w.takeUBR(hive)
	}
}

func (w *weighing) ubrWithoutHive() *Evidence {
	listed := w.greatestUBR(0, WitnessCoreOSRevision, WitnessRollupFix)
	kernel := w.greatestUBR(0, WitnessKernel)
	switch {
	case listed != nil:
		return w.greatestUBR(0, WitnessCoreOSRevision, WitnessRollupFix, WitnessKernel)
	case kernel != nil:
		return cmp.Or(w.greatestUBR(kernel.Version.UBR, WitnessClaim), kernel)
	}
	claim := w.greatestUBR(0, WitnessClaim)
	if claim == nil && w.verdict.Version.Major < 10 {
		return w.greatestUBR(0, WitnessBuildLab)
	}
	return claim
}

// takeUBR makes the UBR of evidence that of the verdict. It may be nil.
func (w *weighing) takeUBR(e *Evidence) {
	if e == nil {
		return
	}
	w.verdict.Version.UBR, w.verdict.HasUBR, w.verdict.UBRFrom = e.Version.UBR, true, e.Witness
	w.because("UBR %d from %s", e.Version.UBR, e.name())
}
