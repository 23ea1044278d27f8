package lzx

// params says how hard an Encoder tries.
type params struct {
	tree   bool // find matches by trees, not by chains
	depth  int  // how many places the match finder looks at
	nice   int  // a match of so many bytes is taken as it is
	passes int  // how often each block is parsed; 0 for the lazy parse

	// A position is passed over when one soon after it costs less than margin
	// more. That is for the last parse of a block; those before, which only
	// have to learn what items cost, have firstMargin. Both are in costUnits.
	margin, firstMargin int
}

// maxDepth is the largest depth of all levels.
const maxDepth = 64

// never is a margin with which no position is passed over. It is less than what
// costs begin at, see [firstWord].
const never = -1 << 19

// steps are the levels where something changes. Sizes and speeds of each are in
// the tables of command codecs.
var steps = [...]struct {
	level int
	params
}{
	{1, params{depth: 2, nice: 24}},
	{5, params{depth: 4, nice: 32}},
	{10, params{depth: 6, nice: 40}},
	{20, params{depth: 13, nice: 64}},
	{25, params{depth: 32, nice: 96}},
	{30, params{depth: 4, nice: 32, passes: 1, margin: 64}},
	{40, params{depth: 8, nice: 48, passes: 1, margin: 48}},
	{45, params{depth: 12, nice: 64, passes: 2, firstMargin: 128, margin: 48}},
	{50, params{depth: 28, nice: 96, passes: 2, firstMargin: 128, margin: 20}},
	{55, params{depth: 40, nice: 128, passes: 2, firstMargin: 128}},
	{60, params{depth: 48, nice: 160, passes: 3, firstMargin: 128, margin: -32}},
	{70, params{tree: true, depth: 32, nice: 128, passes: 3, firstMargin: 64, margin: -32}},
	{80, params{tree: true, depth: 48, nice: 192, passes: 3, firstMargin: 64, margin: -32}},
	{90, params{tree: true, depth: 64, nice: maxMatch, passes: 3, firstMargin: 32, margin: -64}},
	{100, params{tree: true, depth: 64, nice: maxMatch, passes: 4, firstMargin: 16, margin: never}},
}

func newParams(level int) params {
	p := steps[0].params
	for _, s := range steps {
		if level >= s.level {
			p = s.params
		}
	}
	return p
}
