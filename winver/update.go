package winver

import (
	"fmt"
	"strconv"
	"strings"
)

// Update is a cumulative update: with it installed, a Windows has the version
// Version. Every update holds all those before it on its ladder.
type Update struct {
	Version  Version `json:"version"`
	KB       KB      `json:"kb,omitzero"`       // 0 only where Kind is KindRelease
	Released Date    `json:"released,omitzero"` // zero if it is not known
	Kind     Kind    `json:"kind,omitzero"`

	// Alternatives are other articles about the same version: re-releases that
	// did not revise the kernel. The latest one is the update itself.
	Alternatives []Article `json:"alternatives,omitempty"`
}

// Article is an update without its version.
type Article struct {
	KB       KB   `json:"kb"`
	Released Date `json:"released,omitzero"`
	Kind     Kind `json:"kind,omitzero"`
}

// has says whether the update is known under a KB number.
func (u Update) has(kb KB) bool {
	for _, other := range u.Alternatives {
		if other.KB == kb {
			return true
		}
	}
	return u.KB == kb
}

// String returns KB, day and whatever is special, such as
// "KB4580386 2020-10-20 (preview)".
func (u Update) String() string {
	text := u.KB.String()
	if u.KB == 0 {
		text = u.Version.String()
	}
	if !u.Released.IsZero() {
		text += " " + u.Released.String()
	}
	if u.Kind != KindUnknown && u.Kind != KindSecurity {
		text += " (" + u.Kind.String() + ")"
	}
	return text
}

// KB is the number of an article in Microsoft's knowledge base, by which
// updates are known. Zero stands for none.
type KB uint32

// ParseKB reads "KB4577671"; the letters may be missing, or small.
func ParseKB(text string) (KB, error) {
	digits := text
	if len(text) >= 2 && strings.EqualFold(text[:2], "KB") {
		digits = text[2:]
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || digits[0] == '+' {
		return 0, fmt.Errorf("%q is not a KB number such as KB4577671", text)
	}
	return KB(n), nil
}

// String returns "KB4577671", and "" for none.
func (kb KB) String() string {
	if kb == 0 {
		return ""
	}
	return "KB" + strconv.FormatUint(uint64(kb), 10)
}

// MarshalText implements encoding.TextMarshaler by String.
func (kb KB) MarshalText() ([]byte, error) { return []byte(kb.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler by ParseKB; empty text is
// none.
func (kb *KB) UnmarshalText(text []byte) (err error) {
	*kb = 0
	if len(text) > 0 {
		*kb, err = ParseKB(string(text))
	}
	return err
}

// Kind says on what occasion an update came out.
type Kind uint8

const (
	KindUnknown   Kind = iota
	KindRelease        // the release itself as it was first listed, with no KB: "rtm"
	KindSecurity       // the monthly security update, on the second Tuesday: Microsoft's letter B
	KindPreview        // optional, without security fixes, which come with the next monthly one: C and D
	KindOutOfBand      // out of turn, often for a single fault or a single product
	KindHotpatch       // without a restart, on enrolled machines only
)

var kindNames = [...]string{"", "release", "security", "preview", "out-of-band", "hotpatch"}

// String returns "release", "security", "preview", "out-of-band", "hotpatch",
// or "" for an unknown kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// MarshalText implements encoding.TextMarshaler by String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it reads what String
// gives.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a kind of update", text)
}
