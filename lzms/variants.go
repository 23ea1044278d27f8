package lzms

// A variant is one way to run the hot loops. All of them give equal results on
// every input, and all that a build has can be tested side by side. The plain
// one is in every build and shows what the others do; the build tag noasm
// leaves out those in assembly. purego also leaves unsafe out of the loop in
// Go.
type variant uint8

const (
	variantPlain    variant = iota // item by item, and place by place
	variantLoop                    // goLoop and findGo
	variantAssembly                // amd64 with AVX2 and BMI2
)

// bestVariant is what a Decoder uses.
func bestVariant() variant { return variants[len(variants)-1] }

func (v variant) String() string {
	return [...]string{"plain", "loop", "assembly"}[v]
}
