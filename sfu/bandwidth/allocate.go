package bandwidth

import "time"

const (
	headroom  = 1.2 // a rise must fit so many times over
	tolerance = 0.5 // the first tile is kept while so much of it fits: dark is worse than late

	riseGap   = time.Second      // between two rises of a tile
	fallWait  = 3 * time.Second  // until the first rise after a fall, then doubling
	fallLimit = 12 * time.Second // the longest wait
	darkLimit = 2 * time.Second  // the longest wait of a tile that has nothing
	forgetful = 30 * time.Second // without a change, after which falls are forgotten
)

// A Standing is what one tile gets. It lives as long as the tile shows the
// same source; its zero value is a tile that has had nothing yet.
type Standing struct {
	Level int  // 0 is nothing, 1 the smallest layer, and so on
	Held  bool // less than the tile asks for, for want of bandwidth

	known   bool
	changed time.Time
	wait    time.Duration // from changed until a rise
	falls   int
	fell    time.Time
}

// A Tile is one picture a subscriber looks at.
type Tile struct {
	// Rates are the measured bit rates of the layers up to the one the tile
	// asks for, smallest first; 0 for a layer that can't be had.
	Rates    []int
	Screen   bool // it gets its best before the others get more than something
	Standing *Standing
}

// step is the next level a tile can have above level, and what it costs more.
// It reports false at the tile's best.
func (t Tile) step(level int) (to, cost int, ok bool) {
	for to = level + 1; to <= len(t.Rates); to++ {
		if t.Rates[to-1] > 0 {
			return to, max(0, t.Rates[to-1]-t.rate(level)), true
		}
	}
	return level, 0, false
}

func (t Tile) rate(level int) int {
	if level <= 0 || level > len(t.Rates) {
		return 0
	}
	return t.Rates[level-1]
}

// An Allocator shares a budget among the tiles of one subscriber. Its zero
// value is ready.
type Allocator struct {
	budget, spent int
	now           time.Time
	levels        []int
}

// Allocate sets the standing of every tile; tiles come most wanted first. It
// returns the bit rate of them all, and the budget that the next step up would
// take, 0 when no tile is held back.
//
// Every tile gets its smallest layer before any gets more; then screens get
// their best; then the others rise a layer at a time. What does not fit is
// left out and those after it are still considered. Falls happen at once, also
// to nothing. A rise needs headroom and time since the last change: little
// after a rise, more with every fall.
func (a *Allocator) Allocate(tiles []Tile, budget int, now time.Time) (spent, need int) {
	a.budget, a.spent, a.now = budget, 0, now
	a.levels = a.levels[:0]
	for i := range tiles {
		a.levels = append(a.levels, 0)
		a.raise(tiles[i], i)
	}
	for i, t := range tiles {
		for more := t.Screen && a.levels[i] > 0; more; {
			more = a.raise(t, i)
		}
	}
	for more := true; more; {
		more = false
		for i := range tiles {
			if a.levels[i] > 0 && a.raise(tiles[i], i) {
				more = true
			}
		}
	}
	for i := range tiles {
		if _, cost, ok := tiles[i].step(a.levels[i]); ok {
			if n := a.spent + padded(cost); need == 0 || n < need {
				need = n
			}
		}
		a.settle(tiles[i], a.levels[i])
	}
	return a.spent, need
}

// raise gives tile i one step more if it can.
func (a *Allocator) raise(t Tile, i int) bool {
	to, cost, ok := t.step(a.levels[i])
	if !ok || !a.affords(t, to, cost, i) {
		return false
	}
	a.levels[i] = to
	a.spent += cost
	return true
}

func (a *Allocator) affords(t Tile, to, cost, i int) bool {
	s := t.Standing
	if s.known && to > s.Level {
		wait := s.wait
		if s.Level == 0 {
			wait = min(wait, darkLimit)
		}
		return a.spent+padded(cost) <= a.budget && a.now.Sub(s.changed) >= wait
	}
	if i == 0 && a.levels[0] == 0 && int(tolerance*float64(cost)) <= a.budget {
		return true
	}
	return a.spent+cost <= a.budget
}

func padded(cost int) int { return int(headroom * float64(cost)) }

// settle writes down what the tile gets from now on.
func (a *Allocator) settle(t Tile, level int) {
	s := t.Standing
	_, _, s.Held = t.step(level)
	if s.known && level == s.Level {
		if s.falls > 0 && a.now.Sub(s.changed) > forgetful {
			s.falls = 0
		}
		return
	}
	switch {
	case level < s.Level && s.Held: // for want of bandwidth
		if a.now.Sub(s.fell) > fallWait { // else it is still the same fall
			s.wait = min(fallWait<<min(s.falls, 8), fallLimit)
			s.falls++
		}
		s.fell = a.now
	case level > s.Level && s.known:
		s.wait = riseGap
	default:
		s.wait = 0
	}
	s.known, s.Level, s.changed = true, level, a.now
}
