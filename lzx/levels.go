package lzx

// params says how hard an Encoder tries.
type params struct {
	tree   bool // find matches by trees, not by chains
	depth  int  // how many places the match finder looks at
	nice   int  // a match of so many bytes is taken as it is
	passes int  // how often each block is parsed; 0 for the lazy parse
	sample bool // parse only a part of it the first time
}

// maxDepth is the largest depth of all levels.
const maxDepth = 64

// steps are the levels where something changes. Sizes and speeds of each are in the
// tables of command codecs.
var steps = [...]struct {
	level int
	params
}{
	{1, params{depth: 2, nice: 24}},
	{5, params{depth: 4, nice: 32}},
	{10, params{depth: 6, nice: 40}},
	{20, params{depth: 13, nice: 64}},
	{25, params{depth: 32, nice: 96}},
	{30, params{depth: 6, nice: 32, passes: 1}},
	{40, params{depth: 8, nice: 48, passes: 1}},
	{45, params{depth: 10, nice: 40, passes: 2, sample: true}},
	{50, params{depth: 10, nice: 48, passes: 2, sample: true}},
	{55, params{depth: 20, nice: 64, passes: 2}},
	{60, params{tree: true, depth: 24, nice: 64, passes: 2}},
	{70, params{tree: true, depth: 32, nice: 96, passes: 2}},
	{80, params{tree: true, depth: 40, nice: 128, passes: 3}},
	{90, params{tree: true, depth: 48, nice: maxMatch, passes: 3}},
	{100, params{tree: true, depth: 64, nice: maxMatch, passes: 4}},
}

func newParams(level, windowSize int) params {
	p := steps[0].params
	for _, s := range steps {
		if level >= s.level {
			p = s.params
		}
	}
	if windowSize >= manyPositions && p.passes > 1 && !p.tree {
		p.tree, p.depth, p.nice = true, 22, 64
	}
	return p
}

// manyPositions is the size of chunks where chains are so long that trees are better
// already at the default level.
const manyPositions = 1 << 18
