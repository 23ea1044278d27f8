package lzx

// params says how hard an Encoder tries.
type params struct {
	depth  int // how many places the match finder looks at
	enough int // a match of so many bytes is taken as it is
	passes int // how often each block is parsed
}

func newParams(level int) params {
	return params{depth: 24, enough: 48, passes: 2}
}
