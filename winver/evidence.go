package winver

import (
	"cmp"
	"encoding/json"
)

// Witness says what evidence of a version rests on.
type Witness string

const (
	// WitnessHive is the SOFTWARE hive: CurrentBuild (or CurrentBuildNumber)
	// and UBR of Microsoft\Windows NT\CurrentVersion. It is what a running
	// Windows calls itself, enablement packages included.
	WitnessHive Witness = "hive"

	// WitnessTargetingInfo is the SOFTWARE hive's list of what Windows Update
	// takes the system for, which an enablement package changes.
	WitnessTargetingInfo Witness = "targeting_info"

	// WitnessLCUVersion is the value LCUVer of the SOFTWARE hive, which was
	// seen in the recovery environment (WinRE) alone.
	WitnessLCUVersion Witness = "lcu_version"

	// WitnessBuildLab is BuildLabEx of the SOFTWARE hive. Its revision is that
	// of the branch when the release was built, never that of an update.
	WitnessBuildLab Witness = "build_lab"

	// WitnessCoreOSRevision is the newest manifest of the component
	// microsoft-windows-coreos-revision, by its file name. It has the base
	// build of the servicing family.
	WitnessCoreOSRevision Witness = "coreos_revision"

	// WitnessRollupFix is the newest package of a cumulative update, by its
	// file name. It has the base build of the servicing family.
	WitnessRollupFix Witness = "rollup_fix"

	// WitnessEnablementPackage is a package that turns a release into a later
	// one of its servicing family, by its file name. It tells no UBR.
	WitnessEnablementPackage Witness = "enablement_package"

	// WitnessKernel is the file version of ntoskrnl.exe. It has the base build,
	// and a revision that is at most the UBR: not every update has a new
	// kernel.
	WitnessKernel Witness = "kernel"

	// WitnessClaim is what the caller brought: for a WIM, what its XML says.
	WitnessClaim Witness = "claim"
)

// name is how a sentence calls the evidence.
func (e Evidence) name() string {
	switch e.Witness {
	case WitnessClaim:
		return cmp.Or(e.Source, "the claim")
	case WitnessHive:
		return "the SOFTWARE hive"
	case WitnessTargetingInfo:
		return "TargetingInfo"
	case WitnessLCUVersion:
		return "LCUVer"
	case WitnessBuildLab:
		return "BuildLabEx"
	case WitnessCoreOSRevision:
		return "the CoreOS revision manifest"
	case WitnessRollupFix:
		return "the rollup package"
	case WitnessEnablementPackage:
		return "the enablement package"
	case WitnessKernel:
		return "ntoskrnl.exe"
	}
	return string(e.Witness)
}

// Evidence is one witness of the version: where it was found and what it says.
type Evidence struct {
	Witness Witness

	// Source is a path in the tree; a pattern if nothing there fits it.
	// Evidence from a hive has the key after a colon and a space. For a claim
	// it is what the caller calls it.
	Source string

	// Value is what was found there, word for word.
	Value string

	// Version is what the value means: zero if it means nothing. HasUBR says
	// whether the UBR in it is known; where it is not, the UBR is 0.
	Version Version
	HasUBR  bool

	// Note is a line about evidence that is sound with a reservation.
	Note string

	// Err says why there is no evidence; it does not repeat Source. It wraps
	// [io/fs.ErrNotExist] if the source is absent, which is normal in many
	// Windows versions, and [ErrFormat] if it is malformed.
	Err error
}

// MarshalJSON implements json.Marshaler: witness, source, value, version,
// has_ubr, note and error, of which those that are empty are left out.
func (e Evidence) MarshalJSON() ([]byte, error) {
	out := struct {
		Witness Witness `json:"witness"`
		Source  string  `json:"source"`
		Value   string  `json:"value,omitempty"`
		Version Version `json:"version,omitzero"`
		HasUBR  bool    `json:"has_ubr,omitempty"`
		Note    string  `json:"note,omitempty"`
		Error   string  `json:"error,omitempty"`
	}{e.Witness, e.Source, e.Value, e.Version, e.HasUBR, e.Note, ""}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	return json.Marshal(out)
}
