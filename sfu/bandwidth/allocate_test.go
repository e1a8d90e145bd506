package bandwidth

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func tile(rates ...int) Tile { return Tile{Rates: rates, Standing: &Standing{}} }

func screen(rates ...int) Tile { return Tile{Rates: rates, Screen: true, Standing: &Standing{}} }

func levels(tiles []Tile) []int {
	var all []int
	for _, t := range tiles {
		all = append(all, t.Standing.Level)
	}
	return all
}

func TestAllocate(t *testing.T) {
	for name, tt := range map[string]struct {
		tiles       []Tile
		budget      int
		want        []int
		spent, need int
	}{
		"nothing to see":              {nil, 1000, nil, 0, 0},
		"everything fits":             {[]Tile{tile(100, 300), tile(100, 300)}, 600, []int{2, 2}, 600, 0},
		"something before best":       {[]Tile{tile(100, 300), tile(100, 300)}, 250, []int{1, 1}, 200, 440},
		"first first":                 {[]Tile{tile(100, 300), tile(100, 300)}, 450, []int{2, 1}, 400, 640},
		"screen first":                {[]Tile{screen(200, 800), tile(100, 300), tile(100, 300)}, 1000, []int{2, 1, 1}, 1000, 1240},
		"the last is paused":          {[]Tile{tile(100), tile(100), tile(100)}, 250, []int{1, 1, 0}, 200, 320},
		"what does not fit is passed": {[]Tile{tile(100), tile(900), tile(100)}, 250, []int{1, 0, 1}, 200, 1280},
		"a layer that is not there":   {[]Tile{tile(0, 300, 0, 900)}, 1000, []int{4}, 900, 0},
		"a tile that has none":        {[]Tile{tile(0, 0), tile(100)}, 1000, []int{0, 1}, 100, 0},
		"the first is tolerated":      {[]Tile{tile(100), tile(50)}, 55, []int{1, 0}, 100, 160},
		"but not at any price":        {[]Tile{tile(100), tile(40)}, 45, []int{0, 1}, 40, 160},
		"a cheaper higher layer":      {[]Tile{tile(300, 200)}, 300, []int{2}, 300, 0},
	} {
		spent, need := (&Allocator{}).Allocate(tt.tiles, tt.budget, at(0))
		if got := levels(tt.tiles); !slices.Equal(got, tt.want) || spent != tt.spent || need != tt.need {
			t.Errorf("%s: got %v for %d, next at %d; want %v for %d, next at %d",
				name, got, spent, need, tt.want, tt.spent, tt.need)
		}
	}
}

func TestRisesWaitAndFallsDoNot(t *testing.T) {
	tiles := []Tile{tile(100, 300, 900)}
	var a Allocator
	for _, step := range []struct {
		ms, budget, want int
		why              string
	}{
		{0, 400, 2, "a new tile takes what fits"},
		{100, 200, 1, "a fall is at once"},
		{200, 1000, 1, "no rise so soon after"},
		{3200, 320, 1, "no rise without headroom"},
		{3300, 400, 2, "a rise with headroom, after the wait"},
		{3400, 2000, 2, "one step at a time"},
		{4400, 2000, 3, "the next soon after"},
		{8000, 350, 2, "a second fall"},
		{8100, 40, 0, "to nothing, in the same breath"},
		{10000, 2000, 0, "a little wait, for nothing is worst"},
		{10200, 2000, 3, "over"},
	} {
		a.Allocate(tiles, step.budget, at(step.ms))
		if got := tiles[0].Standing.Level; got != step.want {
			t.Errorf("at %d ms with %d: level %d, want %d: %s", step.ms, step.budget, got, step.want, step.why)
		}
	}
}

// What the tile itself asks for is followed at once, both ways.
func TestTheTilesOwnWishIsNoFall(t *testing.T) {
	tiles := []Tile{tile(100, 300)}
	var a Allocator
	for ms, rates := range [][]int{{100, 300}, {100}, {100, 300}, {100}, {100, 300}} {
		tiles[0].Rates = rates
		a.Allocate(tiles, 1000, at(ms*1100))
		if s := tiles[0].Standing; s.Level != len(rates) || s.Held {
			t.Errorf("step %d: level %d, held %v, want %d", ms, s.Level, s.Held, len(rates))
		}
	}
}

func randomTiles(rnd *rand.Rand, equal bool) []Tile {
	base := 50 + rnd.IntN(200)
	var tiles []Tile
	for range 1 + rnd.IntN(9) {
		if !equal {
			base = 50 + rnd.IntN(200)
		}
		tiles = append(tiles, tile(base, base*3, base*9))
	}
	return tiles
}

func TestAllocationProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		tiles := randomTiles(rnd, rnd.IntN(2) == 0)
		budget := rnd.IntN(6000)
		var a Allocator
		spent, need := a.Allocate(tiles, budget, at(0))
		sum := 0
		for _, tl := range tiles {
			sum += tl.rate(tl.Standing.Level)
		}
		if sum != spent {
			t.Fatalf("spent %d, levels cost %d", spent, sum)
		}
		if spent > budget && spent > tiles[0].Rates[0] {
			t.Fatalf("budget %d, spent %d on %v", budget, spent, levels(tiles))
		}
		if (need > 0) != slices.ContainsFunc(tiles, func(tl Tile) bool { return tl.Standing.Held }) {
			t.Fatalf("need %d, levels %v", need, levels(tiles))
		}
		if slices.Max(levels(tiles)) > 1 && budget >= len(tiles)*1800 && slices.Min(levels(tiles)) == 0 {
			t.Fatalf("one tile has more than something while another has nothing: %v", levels(tiles))
		}
		more := slices.Clone(tiles)
		for i := range more {
			more[i].Standing = &Standing{}
		}
		a.Allocate(more, budget+rnd.IntN(2000), at(0))
		if more[0].Standing.Level == 0 && tiles[0].Standing.Level > 0 {
			t.Fatalf("the first tile lost its picture by a larger budget: %v, then %v", levels(tiles), levels(more))
		}
	}
}

// With tiles alike, more budget takes nothing from anybody.
func TestAllocationIsMonotoneForEqualTiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		tiles := randomTiles(rnd, true)
		before := make([]int, len(tiles))
		for budget := 0; budget < 4000; budget += 100 {
			for i := range tiles {
				tiles[i].Standing = &Standing{}
			}
			(&Allocator{}).Allocate(tiles, budget, at(0))
			for i, level := range levels(tiles) {
				if level < before[i] {
					t.Fatalf("budget %d: %v after %v", budget, levels(tiles), before)
				}
			}
			before = levels(tiles)
		}
	}
}

// However the budget jumps, a picture changes rarely.
func TestChangesAreBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	tiles := []Tile{tile(150_000, 500_000, 1_700_000)}
	var a Allocator
	changes, last := 0, 0
	for ms := 0; ms < 300_000; ms += 100 {
		a.Allocate(tiles, 400_000+rnd.IntN(300_000), at(ms))
		if level := tiles[0].Standing.Level; level != last {
			changes, last = changes+1, level
		}
	}
	if changes > 60 { // a fall and a rise each 12 s, after the first ones
		t.Errorf("%d changes in five minutes", changes)
	}
}
