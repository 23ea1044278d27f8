package lzx

// NewVariants returns a decoder for each way that this build has to run the hot
// loop, by name.
func NewVariants(windowSize int) (map[string]*Decoder, error) {
	all := map[string]*Decoder{}
	for _, v := range variants {
		d, err := NewDecoder(windowSize)
		if err != nil {
			return nil, err
		}
		d.variant = v
		all[v.String()] = d
	}
	return all, nil
}
