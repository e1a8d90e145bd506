package sfu

import (
	"slices"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/seating"
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
	s := &r.sharing
	s.seats, s.tiles = s.seats[:0], s.tiles[:0]
	least := reserve
	for _, st := range p.seats {
		top := r.wish(p, st, now)
		st.choice = layerAt(st.video.source, top)
		if st.choice == nil {
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
		p.down.shared(0, 0, now)
		return
	}
	for _, st := range s.seats {
		top := st.choice.stream.Layer
		s.tiles = append(s.tiles, bandwidth.Tile{
			Rates: st.rates[:top+1], Screen: st.occupant.Screen, Standing: &st.standing,
		})
	}
	_, need := s.alloc.Allocate(s.tiles, budget-reserve, now)
	held := 0
	for _, st := range s.seats {
		st.choice = layerAt(st.video.source, st.standing.Level-1)
		if st.standing.Held {
			held++
		}
	}
	if need > 0 {
		need += reserve
	}
	p.down.shared(held, need, now)
}

// price fills in what the layers up to top cost and returns the smallest's cost.
func (st *seat) price(top int, now time.Time) (least int) {
	st.rates = [maxLayers]int{}
	for i := range top + 1 {
		l := layerAt(st.video.source, i)
		if l == nil || !l.live(now) {
			continue
		}
		st.rates[i] = l.bitrate(now)
		if least == 0 {
			least = st.rates[i]
		}
	}
	return least
}

// wish is the layer a seat's picture asks for: the smallest live one that
// fills its tile; -1 for a picture nobody looks at. It also finds the seat's
// rank: screens come first, then the view's order.
func (r *Room) wish(p *Participant, st *seat, now time.Time) int {
	src := st.video.source
	if src == nil || !st.wanted || !src.isOn() {
		return -1
	}
	height := 0
	for i, t := range slices.Backward(p.view) {
		if r.numbers[t.Participant] == st.occupant.Participant && (t.Source == Screen) == st.occupant.Screen {
			height = max(height, t.Height)
			st.rank = i
		}
	}
	if st.occupant.Screen {
		st.rank -= len(p.view)
	}
	layers := make([]seating.Layer, maxLayers)
	current := -1
	playing := st.video.playing()
	for i := range layers {
		l := src.layers[i].Load()
		if l == nil {
			continue
		}
		layers[i] = seating.Layer{Height: int(l.height.Load()), Live: l.live(now)}
		if layers[i].Height == 0 {
			layers[i].Height = defaultHeights[i]
		}
		if l == playing {
			current = i
		}
	}
	return seating.PickLayer(layers, height, current)
}
