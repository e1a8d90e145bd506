package sfu

import "time"

// layerLinger is how long a layer is still encoded that nobody's tile asks for
// any more: who turns a page of tiles to and fro should not wait for an encoder.
const layerLinger = 5 * time.Second

// A demand is how much of one source of video its audience wants. It is
// guarded by the room's mutex.
type demand struct {
	seats [maxLayers]int // how many pictures ask for each layer
	told  int            // layers that are wanted, as told last, from the smallest; 0 before that
	since time.Time      // when less than told was wanted first; zero while it is not
}

// ask makes layer what the seat's picture asks for, -1 for none, whether it
// arrives or not.
func (st *seat) ask(layer int) {
	if st.asks.source != nil && st.asks.layer >= 0 {
		st.asks.source.demand.seats[st.asks.layer]--
	}
	st.asks.source, st.asks.layer = st.video.source, layer
	if st.asks.source != nil && layer >= 0 {
		st.asks.source.demand.seats[layer]++
	}
}

// wanted returns how many layers of a source with so many are wanted, from
// the smallest. That one always is, so that a tile that opens has a picture at
// once; those below the largest are what a narrow link falls back to.
func (d *demand) wanted(layers int, all bool) int {
	if all {
		return layers
	}
	for i := layers - 1; i > 0; i-- {
		if d.seats[i] > 0 {
			return i + 1
		}
	}
	return min(1, layers)
}

// judge returns how many layers are wanted, and whether the publisher has to
// be told so: more at once, less after a while.
func (d *demand) judge(layers int, all bool, now time.Time) (wanted int, tell bool) {
	wanted = d.wanted(layers, all)
	told := min(d.told, layers)
	if d.told == 0 {
		told = layers // publishers begin with all they have
	}
	switch {
	case wanted == told:
		d.since = time.Time{}
	case wanted > told:
		d.since, d.told = time.Time{}, wanted
		return wanted, true
	case d.since.IsZero():
		d.since = now
	case now.Sub(d.since) >= layerLinger:
		d.since, d.told = time.Time{}, wanted
		return wanted, true
	}
	return wanted, false
}

// appetite is word for a publisher on how many layers are wanted.
type appetite struct {
	participant string
	source      Source
	layers      int
}

// demands finds the publishers who have to be told which layers are wanted.
// Whoever records wants them all.
func (r *Room) demands(now time.Time) (news []appetite) {
	all := len(*r.taps.Load()) > 0
	for _, p := range r.plans.givers {
		for _, s := range p.every {
			if s.kind.Audio() || !s.isOn() {
				continue
			}
			layers := 0
			for i, at := range s.seen {
				if at.of.layer != nil {
					layers = i + 1
				}
			}
			if layers < 2 {
				continue
			}
			if n, tell := s.demand.judge(layers, all, now); tell {
				news = append(news, appetite{participant: p.id, source: s.kind, layers: n})
			}
		}
	}
	return news
}
