//go:build purego || noasm || !amd64

package match

// linkFast leaves all to [Chains.link].
func (c *Chains[P]) linkFast(bits4, bits3 int) int { return 0 }
