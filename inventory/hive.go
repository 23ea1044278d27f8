package inventory

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/wimble-go/wimble/internal/regf"
	"github.com/wimble-go/wimble/internal/wintree"
)

const (
	// maxText is how many bytes of text a value may have, and maxBinary how
	// many of other data. What is read here has less than a hundredth of it,
	// except PendingFileRenameOperations.
	maxText   = 8 << 10
	maxBinary = 4 << 10

	// valueBytes is how many bytes of a value, or of its name, are read in a
	// step.
	valueBytes = 64

	// entrySteps is what looking at a subkey or a value takes, which is some
	// microseconds.
	entrySteps = 16

	// mostEntries is more than a key may have of subkeys or values.
	mostEntries = 1 << 17
)

// hive is an open hive.
type hive struct {
	*regf.Hive
	reader *reader
	path   string
	stale  bool
}

// withHive opens a hive and closes it after use. One that cannot be opened
// gives a note.
func (r *reader) withHive(name string, use func(h *hive)) {
	opened, file, found, err := r.OpenHive(name)
	if err != nil {
		r.note(found, notThere(err))
		return
	}
	defer file.Close()
	if state := wintree.HiveState(opened); state != "" {
		r.note(found, state)
	}
	use(&hive{opened, r, found, opened.Dirty() || opened.Truncated()})
}

// systemFile is the path of a file below the system root.
func (r *reader) systemFile(name string) string { return path.Join(r.root, name) }

// source is a source of what a key tells.
func (h *hive) source(key string, err error) Source {
	return Source{Kind: SourceHive, Path: h.path + ": " + key, Stale: h.stale, Err: wintree.HiveError(err)}
}

// with uses the key at a path, if there is one. What cannot be read gives a
// note.
func (h *hive) with(key string, use func(k *key)) {
	found, err := h.Key(key)
	if errors.Is(err, regf.ErrNotFound) {
		return
	}
	if err == nil {
		k := h.reader.key(found)
		use(k)
		err = k.err
	}
	if err != nil {
		h.reader.note(h.path+": "+key, wintree.HiveError(err).Error())
	}
}

// key is a registry key whose values are read once. The first error other than
// a missing value is kept.
type key struct {
	*regf.Key
	reader *reader
	values map[string]*regf.Value // by name in lower case
	err    error
}

// key reads the names of a key's values, which are paid for before that.
func (r *reader) key(k *regf.Key) *key {
	out := &key{Key: k, reader: r}
	_, count := k.Counts()
	if out.err = r.Work.Spend(1 + entrySteps*int(min(count, mostEntries))); out.err != nil {
		return out
	}
	out.values = make(map[string]*regf.Value)
	for v, err := range k.Values() {
		if err != nil {
			out.keep(err)
			continue
		}
		name := strings.ToLower(v.Name())
		if err := r.Work.Spend(len(name) / valueBytes); err != nil {
			out.err = err
			break
		}
		if out.values[name] == nil {
			out.values[name] = v
		}
	}
	return out
}

func (k *key) keep(err error) {
	if k.err == nil {
		k.err = err
	}
}

// subkeys yields the subkeys, which are paid for, and keeps the first error.
func (k *key) subkeys(yield func(*key) bool) {
	for sub, err := range k.Subkeys() {
		if err := k.reader.Work.Spend(entrySteps); err != nil {
			k.keep(err)
			return
		}
		if err != nil {
			k.keep(err)
			continue
		}
		if !yield(k.reader.key(sub)) {
			return
		}
	}
}

// subkey returns the subkey of a name, nil if there is none.
func (k *key) subkey(name string) *key {
	count, _ := k.Counts()
	if err := k.reader.Work.Spend(1 + 4*int(min(count, mostEntries))); err != nil { // see regf.Key.Subkey
		k.keep(err)
		return nil
	}
	sub, err := k.Subkey(name)
	if err != nil {
		if !errors.Is(err, regf.ErrNotFound) {
			k.keep(err)
		}
		return nil
	}
	return k.reader.key(sub)
}

// value returns the value of a name, in lower case, if it has at most so many
// bytes; nil if there is none.
func (k *key) value(name string, most int) *regf.Value {
	v := k.values[name]
	if v == nil {
		return nil
	}
	if size := v.Size(); size > most {
		k.keep(wintree.OfKind(fmt.Errorf("value %s has %d bytes, more than %d", v.Name(), size, most), wintree.ErrLimit))
		return nil
	}
	if err := k.reader.Work.Spend(v.Size() / valueBytes); err != nil {
		k.keep(err)
		return nil
	}
	return v
}

func (k *key) failed(name string, err error) {
	k.keep(fmt.Errorf("value %s: %w", k.values[name].Name(), wintree.HiveError(err)))
}

// text returns a text, "" if there is none.
func (k *key) text(name string) string {
	v := k.value(name, maxText)
	if v == nil {
		return ""
	}
	text, err := v.Text()
	if err != nil {
		k.failed(name, err)
	}
	return strings.TrimSpace(text)
}

// number returns a DWORD, nil if there is none.
func (k *key) number(name string) *uint32 {
	v := k.value(name, maxBinary)
	if v == nil {
		return nil
	}
	n, err := v.Uint32()
	if err != nil {
		k.failed(name, err)
		return nil
	}
	return &n
}

// is says whether a DWORD is there and has the value n.
func (k *key) is(name string, n uint32) bool {
	found := k.number(name)
	return found != nil && *found == n
}

// filetime returns the time of a FILETIME: 100 ns since 1601, the zero time for
// 0 and for what is no year of four digits.
func filetime(n uint64) time.Time {
	const unixEpoch, second = 11644473600, 10_000_000
	t := time.Unix(int64(n/second)-unixEpoch, int64(n%second)*100).UTC()
	if n == 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// notThere is the text of an error, made short for what is missing.
func notThere(err error) string {
	if isNotExist(err) {
		return "not there"
	}
	return err.Error()
}

// data returns the bytes of a value, nil if there is none.
func (k *key) data(name string) []byte {
	v := k.value(name, maxBinary)
	if v == nil {
		return nil
	}
	data, err := v.Data()
	if err != nil {
		k.failed(name, err)
	}
	return data
}
