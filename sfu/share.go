package sfu

import (
	"slices"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/seating"
)

// How long a subscriber's shares hold when nothing changes: those whose link
// has plenty to spare are looked at less often. An estimate that falls comes
// by itself.
const (
	shareOften   = tickEvery * 9 / 10 // each tick, though one may come early
	shareSeldom  = time.Second
	plentyFactor = 2
)

// sharing is scratch for sharing one subscriber's bandwidth after another's.
type sharing struct {
	alloc bandwidth.Allocator
	seats []*seat
	tiles []bandwidth.Tile
}

// share chooses the layer of every picture of a subscriber: the one its tile
// asks for, or less where the link does not carry it. Reserve is kept for sound.
func (r *Room) share(p *Participant, reserve int, now time.Time) {
	s := &r.plans.sharing
	s.seats, s.tiles = s.seats[:0], s.tiles[:0]
	least := reserve
	for _, st := range p.seats {
		top := p.wish(st)
		st.choice, st.level = st.video.source.rung(top), top
		if st.choice.layer == nil {
			st.standing = bandwidth.Standing{}
			continue
		}
		least += st.price(top, now)
		s.seats = append(s.seats, st)
	}
	slices.SortStableFunc(s.seats, func(a, b *seat) int { return a.rank - b.rank })
	budget := p.down.budget(p.conn.Numbered(), least, now)
	if budget == 0 || r.sfu.cfg.Unbounded {
		for _, st := range s.seats {
			st.standing = bandwidth.Standing{}
		}
		p.down.shared(0, 0, 0, now)
		p.due = now.Add(shareOften)
		if r.sfu.cfg.Unbounded {
			p.due = now.Add(shareSeldom)
		}
		return
	}
	for _, st := range s.seats {
		s.tiles = append(s.tiles, bandwidth.Tile{
			Rates: st.rates[:st.level+1], Screen: st.occupant.Screen, Standing: &st.standing,
		})
	}
	spent, need := s.alloc.Allocate(s.tiles, budget-reserve, now)
	held := 0
	for _, st := range s.seats {
		st.choice = st.video.source.rung(st.standing.Level - 1)
		if st.standing.Held {
			held++
		}
	}
	if need > 0 {
		need += reserve
	}
	plenty := plentyFactor * (spent + reserve)
	p.due = now.Add(shareOften)
	if held == 0 && need == 0 && budget >= plenty {
		p.due = now.Add(shareSeldom)
	}
	p.down.shared(held, need, plenty, now)
}

// price fills in what the layers up to top cost and returns the smallest's cost.
func (st *seat) price(top int, now time.Time) (least int) {
	st.rates = [maxLayers]int{}
	for i := range top + 1 {
		q := st.video.source.rung(i)
		if q.layer == nil || !st.video.source.seen[i].live {
			continue
		}
		st.rates[i] = q.bitrate(now)
		if least == 0 {
			least = st.rates[i]
		}
	}
	return least
}

// wish is the layer a seat's picture asks for: the smallest live one that
// fills its tile; -1 for a picture nobody looks at. It also finds the seat's
// rank: screens come first, then the view's order.
func (p *Participant) wish(st *seat) int {
	src := st.video.source
	st.blind = src != nil && !st.video.decodes(src)
	if src == nil || !st.wanted || !src.isOn() || st.blind {
		st.ask(-1)
		return -1
	}
	height := 0
	for i, t := range slices.Backward(p.tiles) {
		if t.Occupant == st.occupant {
			height = max(height, t.Height)
			st.rank = i
		}
	}
	if st.occupant.Screen {
		st.rank -= len(p.tiles)
	}
	var layers [maxLayers]seating.Layer
	current := -1
	playing := st.video.has()
	for i, at := range src.seen {
		if at.of.layer == nil {
			continue
		}
		layers[i] = seating.Layer{Height: at.height, Live: at.live}
		if at.of == playing {
			current = i
		}
	}
	st.ask(seating.PickLayer(asLive(layers), height, -1))
	return seating.PickLayer(layers[:], height, current)
}

// asLive lists layers as they would be if all those there are were sent.
func asLive(layers [maxLayers]seating.Layer) []seating.Layer {
	for i := range layers {
		layers[i].Live = layers[i].Height > 0
	}
	return layers[:]
}

// sight is what the room's plan last saw of a layer.
type sight struct {
	of     rung
	live   bool
	height int // a default until the first keyframe
}

// look takes in what became of the source's layers, and reports whether
// anything did. It is the plan's.
func (s *source) look(now time.Time) (changed bool) {
	for i := range s.layers {
		at := sight{of: s.rung(i)}
		if at.of.layer != nil && at.of.layer.video {
			at.live, at.height = at.of.live(now), at.of.height()
			if at.height == 0 {
				at.height = defaultHeights[i]
			}
		}
		if at != s.seen[i] {
			s.seen[i], changed = at, true
		}
	}
	return changed
}
