//go:build purego || noasm || !amd64

package lzx

// searchFast leaves all to [parser.searchPlain].
func (p *parser) searchFast(*Encoder, *searchState) {}
