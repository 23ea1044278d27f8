package lzms

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkBuild compares the code for some frequencies with that of a textbook.
func checkBuild(t *testing.T, b *builder, freq []int) {
	t.Helper()
	r := &referenceCode{freq: freq}
	r.build()

	c := &code{slots: &offsets, symbols: len(freq), interval: 77}
	for s, f := range freq {
		c.freq[s] = uint32(f)
	}
	b.rebuild(c)
	require.Equal(t, 77, c.left)
	for s, f := range freq {
		require.EqualValues(t, f/2+1, c.freq[s], "halved frequency of %d", s)
	}
	for w, s := range r.symbols {
		require.LessOrEqual(t, w.length, maxCodeLen, "frequencies %v", freq)
		plain := int(offsets.entry[s].bits())
		// The codeword, followed by all zeros and by all ones.
		buf := uint64(w.bits) << (64 - w.length)
		for _, rest := range []uint64{0, 1<<(64-w.length) - 1} {
			e := c.lookup(buf | rest)
			if int(e.symbol()) != s || int(e.bits()) != w.length+plain { // require is slow
				require.Fail(t, "wrong code", "symbol %d, length %d, entry %#x, frequencies %v", s, w.length, e, freq)
			}
		}
	}
}

// frequencies returns what a code of n symbols may have after some rounds.
func frequencies(random *rand.Rand, n int) []int {
	freq := make([]int, n)
	for i := range freq {
		freq[i] = 1
	}
	interval := 1024
	if n < 100 {
		interval = 512
	}
	spread := 1 + random.IntN(n)
	for range random.IntN(6) {
		for range interval {
			s := random.IntN(spread)
			if random.IntN(3) != 0 {
				s = random.IntN(1 + random.IntN(1+s))
			}
			freq[s]++
		}
		if random.IntN(5) == 0 {
			return freq // as it is when the code is built
		}
		for i, f := range freq {
			freq[i] = f/2 + 1
		}
	}
	return freq
}

func TestRebuild(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := new(builder)
	for n := 2; n <= maxOffsetSlots; n += 1 + n/8 {
		for range 30 {
			freq := frequencies(random, n)
			random.Shuffle(n, func(i, j int) { freq[i], freq[j] = freq[j], freq[i] })
			checkBuild(t, b, freq)
		}
	}
}

// TestCodeLengthBound shows that no code of LZMS needs 16 bits.
//
// Call the excess of a code the sum of f-2 over all symbols of a frequency f
// of 2 or more. It is 0 at first, counting 1024 symbols adds at most 1024, and
// replacing f by f/2+1 at least halves it: so it stays below 2048.
//
// In a Huffman tree, every node weighs at least as much as every deeper one.
// If there is a leaf at depth 16, then its ancestors weigh at least F(18-d) at
// depth d, Fibonacci numbers with F(1) = F(2) = 1: 2 at depth 15, and above
// that as much as the ancestor below and that one's sibling, which weighs no
// less than the ancestor below it. So every other node at depth d, being no
// lighter than the ancestor at depth d+1, weighs at least F(17-d).
//
// Hence the excess is at least the sum of F(17-d)-2 over all leaves where that
// is positive. This finds the least sum for all trees of up to 799 leaves.
func TestCodeLengthBound(t *testing.T) {
	const deepest = 16
	var fibonacci [deepest + 2]int
	fibonacci[1] = 1
	for i := 2; i < len(fibonacci); i++ {
		fibonacci[i] = fibonacci[i-1] + fibonacci[i-2]
	}
	// The least sums for the part of a tree below a node at some depth, by
	// leaves: of all trees, and of those with a leaf at the deepest level.
	const none = 1 << 29
	var all, deep [maxOffsetSlots + 1]int
	for n := range all {
		all[n], deep[n] = none, none
	}
	all[1], deep[1] = 0, 0
	for depth := deepest - 1; depth >= 0; depth-- {
		var allHere, deepHere [maxOffsetSlots + 1]int
		for n := range allHere {
			allHere[n], deepHere[n] = none, none
			for left := 1; left < n; left++ {
				allHere[n] = min(allHere[n], all[left]+all[n-left])
				deepHere[n] = min(deepHere[n], deep[left]+all[n-left])
			}
		}
		allHere[1] = max(fibonacci[deepest+1-depth]-2, 0)
		all, deep = allHere, deepHere
	}
	least := none
	for _, sum := range deep {
		least = min(least, sum)
	}
	require.Greater(t, least, 2048)
}

// The Fibonacci numbers do make 15 bits.
func TestRebuildLongest(t *testing.T) {
	freq := []int{1, 1}
	for i := range 14 {
		freq = append(freq, freq[i]+freq[i+1])
	}
	r := &referenceCode{freq: freq}
	r.build()
	require.Equal(t, 15, r.lengths[0])
	checkBuild(t, new(builder), freq)
}
