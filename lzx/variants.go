package lzx

// A variant is one way to run the hot loop. All of them give equal results on
// every input, and all that a build has can be tested side by side. The plain
// one is in every build and shows what the others do; the build tag purego
// leaves it as the only one, noasm leaves out those in assembly.
type variant uint8

const (
	variantPlain    variant = iota // hotPlain: safe Go
	variantUnsafe                  // hotUnsafe: Go without bounds checks
	variantAssembly                // hotAssembly: amd64 with AVX2 and BMI2
)

// bestVariant is what a Decoder uses.
func bestVariant() variant { return variants[len(variants)-1] }

func (v variant) String() string {
	return [...]string{"plain", "unsafe", "assembly"}[v]
}
