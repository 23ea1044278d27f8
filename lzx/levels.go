package lzx

// params says how hard an Encoder tries.
type params struct {
	tree   bool // find matches by trees, not by chains
	depth  int  // how many places the match finder looks at
	nice   int  // a match of so many bytes is taken as it is
	passes int  // how often each block is parsed
}

func newParams(level int) params {
	return params{tree: level > 60, depth: 24, nice: 48, passes: 2}
}
