package wimfile

import (
	"encoding/binary"
	"math"
	"slices"
)

// SecurityData begins a metadata resource (WIM format sheet, section 8.1): the
// security descriptors of the image. Dentries name them by index.
type SecurityData struct {
	Total       uint32   // bytes of all this; the root dentry follows at [Align8] of it
	Descriptors [][]byte // self-relative
	Rest        []byte   // what follows the descriptors: zeros, to a multiple of 8
}

// Align8 rounds up to a multiple of 8. It saturates instead of wrapping.
func Align8(n uint64) uint64 {
	if n > math.MaxUint64-7 {
		return math.MaxUint64 &^ 7
	}
	return (n + 7) &^ 7
}

// pad8 appends zeros to b until it has a multiple of 8 bytes more than start.
func pad8(b []byte, start int) []byte {
	return append(b, make([]byte, -(len(b)-start)&7)...)
}

// ParseSecurityData takes apart the start of a metadata resource.
func ParseSecurityData(raw []byte) (SecurityData, error) {
	le := binary.LittleEndian
	if len(raw) < 8 {
		return SecurityData{}, formatErrorf("security data: %d bytes of metadata", len(raw))
	}
	s := SecurityData{Total: le.Uint32(raw)}
	size := uint64(len(raw))
	total := max(uint64(s.Total), 8)
	count := uint64(le.Uint32(raw[4:]))
	if total > size {
		return SecurityData{}, formatErrorf("security data: %d bytes, the metadata has %d", total, size)
	}
	if count > (total-8)/8 {
		return SecurityData{}, formatErrorf("security data: %d bytes cannot hold %d descriptors", total, count)
	}
	s.Descriptors = make([][]byte, count)
	next := 8 + 8*count
	for i := range count {
		n := le.Uint64(raw[8+8*i:])
		if n > total-next {
			return SecurityData{}, formatErrorf("security data: descriptor %d has %d bytes, %d are left", i, n, total-next)
		}
		s.Descriptors[i] = raw[next : next+n : next+n]
		next += n
	}
	s.Rest = raw[next:min(Align8(total), size)]
	return s, nil
}

// Used is the number of bytes that the descriptors and their sizes take. It is
// Total, or up to 7 less.
func (s *SecurityData) Used() uint64 {
	used := uint64(8)
	for _, d := range s.Descriptors {
		used += 8 + uint64(len(d))
	}
	return used
}

// Root is the offset of the root dentry.
func (s *SecurityData) Root() uint64 { return Align8(max(uint64(s.Total), 8)) }

// Append appends the bytes of the security data to b, up to the root dentry.
func (s *SecurityData) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, s.Total)
	b = le.AppendUint32(b, uint32(len(s.Descriptors)))
	for _, d := range s.Descriptors {
		b = le.AppendUint64(b, uint64(len(d)))
	}
	for _, d := range s.Descriptors {
		b = append(b, d...)
	}
	return append(b, s.Rest...)
}

// NoSecurity is the index of a dentry without a security descriptor.
const NoSecurity = -1

// SecurityBuilder collects security descriptors, each content once. The zero
// value has none.
type SecurityBuilder struct {
	descriptors [][]byte
	index       map[string]int32
}

// NewSecurityBuilder returns a builder that begins with descriptors, which keep
// their indexes, equal ones too.
func NewSecurityBuilder(descriptors [][]byte) SecurityBuilder {
	s := SecurityBuilder{descriptors: slices.Clone(descriptors), index: make(map[string]int32)}
	for i, d := range descriptors {
		if _, known := s.index[string(d)]; !known {
			s.index[string(d)] = int32(i)
		}
	}
	return s
}

// Descriptors are those that were added, by index.
func (s *SecurityBuilder) Descriptors() [][]byte { return s.descriptors }

// Add returns the index of a descriptor, [NoSecurity] for nil.
func (s *SecurityBuilder) Add(descriptor []byte) int32 {
	if descriptor == nil {
		return NoSecurity
	}
	i, known := s.index[string(descriptor)]
	if !known {
		if s.index == nil {
			s.index = make(map[string]int32)
		}
		i = int32(len(s.descriptors))
		s.descriptors = append(s.descriptors, descriptor)
		s.index[string(descriptor)] = i
	}
	return i
}

// Data returns the security data with what was added. It fails where the
// format has no room for so much.
func (s *SecurityBuilder) Data() (SecurityData, error) {
	data := SecurityData{Descriptors: s.descriptors}
	used := data.Used()
	total := Align8(used)
	if total > math.MaxUint32 {
		return SecurityData{}, formatErrorf("security descriptors of %d bytes; an image can have 4 GiB", used)
	}
	data.Total = uint32(total)
	data.Rest = make([]byte, total-used)
	return data, nil
}
