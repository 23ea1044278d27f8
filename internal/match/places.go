package match

// Places says where the matches of each position of a chunk are kept, for
// encoders that ask for them more than once. It is one of
//
//	0                     there are none
//	NotSearched | x       nobody asked yet; x is up to the encoder
//	i << FirstMatch | n   they are the n ones from the i-th on
//
// the last one maybe with TakeLongest.
type Places []uint32

// The bits of [Places].
const (
	FirstMatch  = 8
	TakeLongest = 1 << 30 // inside of the longest match there are no others
	NotSearched = 1 << 31
)

// Searched tells whether the matches at pos are known.
func (p Places) Searched(pos int) bool { return p[pos]&NotSearched == 0 }

// TakesLongest tells whether they are, and the longest is one to be taken.
func (p Places) TakesLongest(pos int) bool {
	return p[pos]&(NotSearched|TakeLongest) == TakeLongest
}

// Get returns which matches those at pos are.
func (p Places) Get(pos int) (first, n int) {
	place := int(p[pos] &^ TakeLongest)
	return place >> FirstMatch, place & (1<<FirstMatch - 1)
}

// Set says which matches those at pos are; n is less than 256.
func (p Places) Set(pos, first, n int) { p[pos] = uint32(first<<FirstMatch | n) }

// Take says that the longest match at pos, of length bytes, is to be taken. So
// what begins inside of it is not looked for, up to where another such match
// begins: it is that one which goes on.
func (p Places) Take(pos, length int) {
	p[pos] |= TakeLongest
	for inside := pos + 1; inside < min(pos+length, len(p)) && !p.TakesLongest(inside); inside++ {
		p[inside] = 0
	}
}
