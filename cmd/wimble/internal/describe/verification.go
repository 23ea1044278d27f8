package describe

import (
	"errors"
	"strings"

	"github.com/wimble-go/wimble/wim"
)

// Verification is the object that "verify --json" prints. The field names are
// stable.
type Verification struct {
	Path         string    `json:"path"`
	OK           bool      `json:"ok"`
	Error        string    `json:"error,omitempty"` // why it was not checked to its end
	Blobs        int       `json:"blobs"`
	Bytes        int64     `json:"bytes"`
	Images       int       `json:"images"`
	Integrity    string    `json:"integrity"`
	MissingParts []int     `json:"missing_parts"`
	MissingBlobs int       `json:"missing_blobs"`
	Problems     []Problem `json:"problems"`
	MoreProblems int       `json:"more_problems"`
	Notes        []string  `json:"notes"` // what is odd and costs no content
	MoreNotes    int       `json:"more_notes"`
}

// Problem is something that is damaged or missing.
type Problem struct {
	Error        string   `json:"error"`
	Kind         string   `json:"kind"`
	Affected     []string `json:"affected"`
	MoreAffected int      `json:"more_affected,omitempty"`
}

// NewVerification describes a file of which nothing is known yet.
func NewVerification(name string) Verification {
	return Verification{Path: strings.ToValidUTF8(name, "\ufffd"), MissingParts: []int{}, Problems: []Problem{}, Notes: []string{}}
}

// Add adds what a verification of the file found.
func (v *Verification) Add(r *wim.Reader, report *wim.VerifyReport) {
	v.Blobs, v.Bytes, v.Images = report.Blobs, report.Bytes, len(r.Images)
	v.Integrity, v.MissingBlobs, v.MoreProblems = report.Integrity.String(), report.MissingBlobs, report.MoreProblems
	v.MoreNotes = report.MoreNotes
	for _, note := range report.Notes {
		v.Notes = append(v.Notes, note.Error())
	}
	v.MissingParts = append(v.MissingParts, r.MissingParts()...)
	for _, p := range report.Problems {
		v.Problems = append(v.Problems, Problem{
			Error: p.Err.Error(), Kind: ErrorKind(p.Err),
			Affected: affectedTexts(p.Affected), MoreAffected: p.MoreAffected,
		})
	}
}

// ErrorKind names the kind of an error for programs.
func ErrorKind(err error) string {
	for _, k := range []struct {
		err  error
		name string
	}{
		{wim.ErrChecksum, "checksum"}, {wim.ErrMissingBlob, "missing_blob"}, {wim.ErrMissingPart, "missing_part"},
		{wim.ErrLimit, "limit"}, {wim.ErrUnsupported, "unsupported"}, {wim.ErrEncrypted, "encrypted"}, {wim.ErrFormat, "format"},
	} {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return "other"
}

// affectedTexts are the entries as JSON has them.
func affectedTexts(affected []wim.Affected) []string {
	texts := make([]string, len(affected))
	for i, a := range affected {
		texts[i] = a.String()
	}
	return texts
}
