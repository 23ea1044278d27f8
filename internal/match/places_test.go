package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/match"
)

func TestPlaces(t *testing.T) {
	p := make(match.Places, 10)
	for i := range p {
		p[i] = match.NotSearched | 5
	}
	require.False(t, p.Searched(2))
	require.False(t, p.TakesLongest(2))

	p.Set(2, 700, 255)
	require.True(t, p.Searched(2))
	require.False(t, p.TakesLongest(2))
	first, n := p.Get(2)
	require.Equal(t, []int{700, 255}, []int{first, n})

	// The match reaches past the end.
	p.Set(7, 3, 1)
	p.Take(7, 100)
	require.True(t, p.TakesLongest(7))
	first, n = p.Get(7)
	require.Equal(t, []int{3, 1}, []int{first, n})
	require.Equal(t, match.Places{0, 0}, p[8:])

	// 3 to 6 are inside, 2 is before, and 7 begins another such match.
	p[1] = match.NotSearched
	p.Set(3, 4, 2)
	p.Take(2, 8)
	require.Equal(t, match.Places{0, 0, 0, 0}, p[3:7])
	require.False(t, p.Searched(1))
	require.True(t, p.TakesLongest(2))
	require.True(t, p.TakesLongest(7))
}
