package xpress

// NewVariants returns a decoder for each way that this build has to run the hot
// loop, by name.
func NewVariants() map[string]*Decoder {
	all := map[string]*Decoder{}
	for _, v := range variants {
		all[v.String()] = newDecoder(v)
	}
	return all
}
