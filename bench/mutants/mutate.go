package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf16"
)

// A mutant is a seed with something changed.
type mutant struct {
	seed  *seed
	kind  string // of change
	field string // what was changed
	data  []byte
}

// mutator makes one mutant. Everything it does follows from its source of
// random numbers.
type mutator struct {
	*rand.Rand
	seeds []*seed
	mutant
	l *layout
}

// mutate makes mutant number i of a campaign.
func mutate(seeds []*seed, campaign, i uint64) mutant {
	m := &mutator{Rand: rand.New(rand.NewPCG(campaign, i)), seeds: seeds}
	total := 0
	for _, s := range seeds {
		total += s.weight
	}
	pick := m.IntN(total)
	for _, s := range seeds {
		if pick -= s.weight; pick < 0 {
			m.seed = s
			break
		}
	}
	m.l = m.seed.layout
	for m.field == "" {
		m.data = slices.Clone(m.seed.data())
		// An integrity table makes every other change damage, so most mutants
		// lose theirs first.
		if m.IntN(4) > 0 && m.l.integral.end > m.l.integral.start {
			clear(m.data[m.l.headerAt+integrityAt:][:24])
		}
		k := kinds[m.IntN(len(kinds))]
		m.kind = k.name
		k.change(m)
	}
	return m.mutant
}

// kinds are the kinds of change. A change that does not fit the seed leaves
// field empty; those that find most stand here more than once.
var kinds = []struct {
	name   string
	change func(m *mutator)
}{
	{"byte flips", (*mutator).flipBytes},
	{"byte flips", (*mutator).flipBytes},
	{"header field", func(m *mutator) { m.changeField(m.data, m.l.header) }},
	{"header field", func(m *mutator) { m.changeField(m.data, m.l.header) }},
	{"blob table field", func(m *mutator) { m.changeField(m.data, m.l.entries) }},
	{"blob table field", func(m *mutator) { m.changeField(m.data, m.l.entries) }},
	{"blob table entries", (*mutator).changeEntries},
	{"chunk table", func(m *mutator) { m.changeField(m.data, m.l.chunks) }},
	{"solid header", func(m *mutator) { m.changeField(m.data, m.l.solid) }},
	{"metadata field", (*mutator).changeMetadata},
	{"metadata field", (*mutator).changeMetadata},
	{"metadata field", (*mutator).changeMetadata},
	{"metadata bytes", (*mutator).flipMetadata},
	{"metadata name", (*mutator).changeName},
	{"XML", (*mutator).changeXML},
	{"integrity table", (*mutator).changeIntegrity},
	{"truncation", (*mutator).truncate},
	{"extension", (*mutator).extend},
	{"splice", (*mutator).splice},
}

// one picks an element of a list.
func one[T any](m *mutator, list []T) T { return list[m.IntN(len(list))] }

func (m *mutator) flipBytes() {
	for range 1 + m.IntN(3) {
		at := m.IntN(len(m.data))
		if r := one(m, m.l.regions); m.IntN(2) == 0 && r.end > r.start { // small parts as often as large ones
			at = r.start + m.IntN(r.end-r.start)
		}
		m.field = m.l.regionOf(at)
		if m.IntN(2) == 0 {
			m.data[at] ^= 1 << m.IntN(8)
		} else {
			m.data[at] ^= byte(1 + m.IntN(255))
		}
	}
}

// changeField gives a field another value, now and then a second one too.
func (m *mutator) changeField(b []byte, fields []field) {
	if len(fields) == 0 {
		return
	}
	for range 1 + m.IntN(8)/7 {
		f := one(m, fields)
		old := get(b[f.at:], f.width)
		for value := old; value == old; {
			value = m.number(old, f.width)
			put(b[f.at:], f.width, value)
		}
		m.field = f.name
	}
}

func get(b []byte, width int) (n uint64) {
	for i := width - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

func put(b []byte, width int, n uint64) {
	for i := range width {
		b[i] = byte(n >> (8 * i))
	}
}

// number makes up a value for a field: one near the old, one near a limit, or
// one that means something somewhere in a WIM.
func (m *mutator) number(old uint64, width int) uint64 {
	var n uint64
	switch m.IntN(10) {
	case 0:
		n = old + uint64(1+m.IntN(16))
	case 1:
		n = old - uint64(1+m.IntN(16))
	case 2:
		n = old ^ 1<<m.IntN(8*width)
	case 3:
		n = one(m, []uint64{0, 1, 2, 3, 4, 7, 8, 9, 16, 38, 50, 96, 102, 208})
	case 4:
		n = 1<<m.IntN(8*width) - uint64(m.IntN(3))
	case 5:
		n = ^uint64(0) - uint64(m.IntN(20))
	case 6:
		n = uint64(m.IntN(len(m.data) + 100))
	case 7:
		n = one(m, []uint64{old * 2, old / 2, old + 1<<31, old + 1<<32, old + 8, old - 8, old << 8})
	case 8:
		n = m.Uint64()
	case 9: // the value of another field
		fields := slices.Concat(m.l.header, m.l.entries)
		f := one(m, fields)
		n = get(m.seed.data()[f.at:], f.width)
	}
	return n & (1<<(8*width-1)<<1 - 1)
}

// place adds bytes to the file and returns their offset. The last header of a
// pipable file stays last.
func (m *mutator) place(b []byte) int {
	at := len(m.data)
	if m.l.pipable {
		at -= headerSize
	}
	m.data = slices.Insert(m.data, at, b...)
	return at
}

// header is the header that counts.
func (m *mutator) header() []byte {
	if m.l.pipable {
		return m.data[len(m.data)-headerSize:]
	}
	return m.data
}

// changeEntries moves, repeats or drops entries of the blob table.
func (m *mutator) changeEntries() {
	var entries [][]byte
	for at := m.l.table.start; at+entrySize <= m.l.table.end; at += entrySize {
		entries = append(entries, slices.Clone(m.data[at:at+entrySize]))
	}
	if len(entries) == 0 {
		return
	}
	i, j := m.IntN(len(entries)), m.IntN(len(entries))
	rest := 0
	switch m.IntN(7) {
	case 0:
		m.field = "two entries swapped"
		entries[i], entries[j] = entries[j], entries[i]
	case 1:
		m.field = "entry repeated"
		entries = slices.Insert(entries, j, slices.Clone(entries[i]))
	case 2:
		m.field = "entry dropped"
		entries = slices.Delete(entries, i, i+1)
	case 3:
		m.field = "entry all zero"
		clear(entries[i])
	case 4:
		m.field = "entries shuffled"
		m.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	case 5:
		m.field = "resource of another entry"
		copy(entries[i][:24], entries[j][:24])
	case 6:
		m.field = "part of an entry at the end"
		rest = 1 + m.IntN(entrySize-1)
		entries = append(entries, entries[i][:rest])
	}
	table := slices.Concat(entries...)
	r := resource{len(table), m.place(table), len(table), flagMetadata}
	r.put(m.header()[tableAt:])
}

// changeMetadata changes fields of an image's metadata and makes its hash right.
func (m *mutator) changeMetadata() {
	m.withMetadata(func(image *imageLayout, b []byte) []byte {
		m.changeField(b, image.fields)
		return b
	})
}

func (m *mutator) flipMetadata() {
	m.withMetadata(func(image *imageLayout, b []byte) []byte {
		switch m.IntN(6) {
		case 0:
			m.field = "metadata cut off"
			return b[:m.IntN(len(b))]
		case 1:
			m.field = "metadata moved within itself"
			to, from := m.IntN(len(b))&^7, m.IntN(len(b))&^7
			copy(b[to:], b[from:min(len(b), from+8+m.IntN(300))])
		default:
			m.field = "metadata bytes"
			for range 1 + m.IntN(3) {
				b[m.IntN(len(b))] ^= byte(1 + m.IntN(255))
			}
		}
		return b
	})
}

func (m *mutator) changeName() {
	m.withMetadata(func(image *imageLayout, b []byte) []byte {
		if len(image.names) == 0 {
			return nil
		}
		m.field = "dentry name"
		name := one(m, image.names)
		at := name.start + m.IntN((name.end-name.start)/2)*2
		switch m.IntN(3) {
		case 0: // another entry's name
			other := one(m, image.names)
			copy(b[name.start:name.end], image.metadata[other.start:other.end])
		case 1:
			le.PutUint16(b[at:], uint16(m.IntN(1<<16)))
		default:
			le.PutUint16(b[at:], one(m, []uint16{0, '/', '\\', '.', ':', '\n', 0x1B, 0xD800, 0xDC00, 0xFEFF, 0xFFFF, '*', '"', ' '}))
		}
		return b
	})
}

// withMetadata has the metadata of an image changed, stores it raw at the end
// of the file, and corrects the table's entry and the boot metadata.
func (m *mutator) withMetadata(change func(image *imageLayout, b []byte) []byte) {
	if len(m.l.images) == 0 {
		return
	}
	k := m.IntN(len(m.l.images))
	image := &m.l.images[k]
	b := change(image, slices.Clone(image.metadata))
	if b == nil {
		return
	}
	r := resource{len(b), m.place(b), len(b), flagMetadata}
	entry := m.data[image.entry:]
	r.put(entry)
	sum := sha1.Sum(b)
	copy(entry[30:], sum[:])
	if int(le.Uint32(m.header()[bootIndexAt:])) == k+1 {
		r.put(m.header()[bootAt:])
	}
}

func (m *mutator) changeXML() {
	units := make([]uint16, 0, 1000)
	for at := m.l.xml.start; at+1 < m.l.xml.end; at += 2 {
		units = append(units, le.Uint16(m.data[at:]))
	}
	text := string(utf16.Decode(units))
	tags := strings.Split(text, "<")
	i := m.IntN(len(tags))
	switch m.IntN(11) {
	case 0:
		m.field = "XML tag dropped"
		text = strings.Join(slices.Delete(tags, i, i+1), "<")
	case 1:
		m.field = "XML tag repeated"
		text = strings.Join(slices.Insert(tags, i, tags[i]), "<")
	case 2:
		m.field = "XML index"
		text = strings.Replace(text, `INDEX="1"`, fmt.Sprintf(`INDEX="%s"`, one(m, []string{"0", "2", "4294967297", "-1", "x", "", "01", "1 "})), 1)
	case 3:
		m.field = "XML byte order mark"
		text = strings.TrimPrefix(text, "\ufeff")
	case 4:
		m.field = "XML character"
		runes := []rune(text)
		runes[m.IntN(len(runes))] = one(m, []rune{0, 1, '<', '>', '&', '"', '\n', 0xFFFE, 0x1F600, ']', 'x'})
		text = string(runes)
	case 5:
		m.field = "XML document type"
		text = "\ufeff<!DOCTYPE a [<!ENTITY b \"c\">]>" + strings.TrimPrefix(text, "\ufeff")
	case 6:
		m.field = "XML nested deep"
		depth := 1 + m.IntN(300)
		text = strings.Replace(text, "<WIM>", "<WIM>"+strings.Repeat("<A>", depth)+strings.Repeat("</A>", depth), 1)
	case 7:
		m.field = "XML cut off"
		text = text[:m.IntN(len(text))]
	case 8:
		m.field = "XML image dropped"
		if start, end := strings.Index(text, "<IMAGE"), strings.Index(text, "</IMAGE>"); start >= 0 && end > start {
			text = text[:start] + text[end+len("</IMAGE>"):]
		}
	case 9:
		m.field = "XML image repeated"
		if start, end := strings.Index(text, "<IMAGE"), strings.Index(text, "</IMAGE>"); start >= 0 && end > start {
			text = text[:end+len("</IMAGE>")] + text[start:]
		}
	case 10:
		m.field = "XML number"
		text = strings.NewReplacer("COUNT>1", "COUNT>99999999999999999999", "0x", one(m, []string{"", "-0x", "0y", "0x0x"})).Replace(text)
	}
	var encoded []byte
	for _, u := range utf16.Encode([]rune(text)) {
		encoded = le.AppendUint16(encoded, u)
	}
	if m.IntN(10) == 0 && len(encoded) > 0 {
		m.field = "XML odd bytes"
		encoded = append(encoded, 'x')
	}
	r := resource{len(encoded), m.place(encoded), len(encoded), flagMetadata}
	r.put(m.header()[xmlAt:])
}

func (m *mutator) changeIntegrity() {
	table := m.l.integral
	if table.end-table.start < 32 {
		return
	}
	copy(m.data[m.l.headerAt+integrityAt:], m.seed.data()[m.l.headerAt+integrityAt:][:24])
	fields := []field{{"integrity table size", table.start, 4}, {"integrity chunk count", table.start + 4, 4}, {"integrity chunk size", table.start + 8, 4},
		{"integrity hash", table.start + 12, 8}}
	m.changeField(m.data, fields)
}

func (m *mutator) truncate() {
	m.field = "file cut off"
	keep := m.IntN(len(m.data))
	if m.IntN(3) == 0 {
		keep = max(0, len(m.data)-1-m.IntN(300))
	}
	m.data = m.data[:keep]
	if m.IntN(4) == 0 && m.l.pipable && keep > headerSize { // with the header that counts
		m.field = "pipable file cut off before its last header"
		m.data = append(m.data[:keep:keep], m.seed.data()[m.l.headerAt:]...)
	}
}

func (m *mutator) extend() {
	m.field = "bytes behind the end"
	junk := make([]byte, 1+m.IntN(300))
	if m.IntN(2) == 0 {
		for i := range junk {
			junk[i] = byte(m.Uint32())
		}
	}
	m.data = append(m.data, junk...)
}

// splice copies a part of another seed, or of the same, into the file.
func (m *mutator) splice() {
	other := one(m, m.seeds)
	if m.IntN(3) == 0 {
		other = m.seed
	}
	from := other.data()
	switch m.IntN(5) {
	case 0:
		m.field = "tail of another file"
		at := m.IntN(min(len(from), len(m.data)))
		m.data = append(m.data[:at:at], from[at:]...)
	case 1:
		m.field = "header of another file"
		copy(m.header(), from[other.layout.headerAt:][:headerSize])
	case 2:
		m.field = "piece of another file"
		start := m.IntN(len(from))
		copy(m.data[m.IntN(len(m.data)):], from[start:min(len(from), start+1+m.IntN(2000))])
	case 3:
		m.field = "piece inserted"
		start := m.IntN(len(from))
		m.data = slices.Insert(m.data, m.IntN(len(m.data)), from[start:min(len(from), start+1+m.IntN(500))]...)
	case 4:
		m.field = "piece cut out"
		start := m.IntN(len(m.data))
		m.data = slices.Delete(m.data, start, min(len(m.data), start+1+m.IntN(500)))
	}
	if bytes.Equal(m.data, m.seed.data()) {
		m.field = ""
	}
}
