package sfu

import (
	"time"

	"plenum/sfu/codec"
)

// A rung is one of the pictures a source can be had in: a simulcast
// encoding, or the spatial layers of a layered stream up to one of them. Its
// zero value is none.
type rung struct {
	layer   *layer
	spatial int
}

// rung returns the n-th of a source's rungs, from the smallest.
func (s *source) rung(n int) rung {
	if s == nil || n < 0 || n >= maxLayers {
		return rung{}
	}
	if base := s.layers[0].Load(); base != nil && base.layered() {
		if n < int(base.most.Load()) {
			return rung{base, n}
		}
		return rung{}
	}
	return rung{layer: s.layers[n].Load()}
}

// layered reports whether the layer's stream has several spatial layers, or
// had: publishers leave out those that nobody wants.
func (l *layer) layered() bool { return l.most.Load() > 1 }

// live reports whether the rung can be had: publishers leave out encodings and
// layers that nobody wants, or that their link does not carry.
func (q rung) live(now time.Time) bool {
	l := q.layer
	if q.spatial == 0 || !l.src.flows() {
		return l.live(now)
	}
	at := l.spatialAt[q.spatial].Load()
	silent := l.lastSeen.Load() - at
	return now.UnixNano()-at < int64(liveFor) && silent < max(int64(outlivedBy), outlivedFrames*l.frameGap.Load())
}

// height is that of the picture in pixels, 0 while it is not known.
func (q rung) height() int { return int(q.layer.heights[q.spatial].Load()) }

// bitrate is what forwarding the rung costs, in bit/s.
func (q rung) bitrate(now time.Time) int {
	l, at := q.layer, now.UnixNano()
	l.mu.Lock()
	defer l.mu.Unlock()
	rate := l.meter.Rate(at)
	if l.layered() && rate > 0 {
		for i := q.spatial + 1; i < maxLayers; i++ {
			rate -= l.upper[i].Rate(at)
		}
		rate = max(rate, 1) // the meters began at different times
	}
	if rate > 0 {
		return rate
	}
	if !l.video {
		return soundReserve
	}
	return defaultRates[max(l.stream.Layer, q.spatial)]
}

// drop ends the source's streams of other formats: a publisher sends in one.
func (s *source) drop(but codec.Kind) {
	for i := range s.layers {
		old := s.layers[i].Load()
		if old == nil || old.kind == but || !s.layers[i].CompareAndSwap(old, nil) {
			continue
		}
		s.owner.room.mu.Lock()
		old.end()
		s.owner.room.mu.Unlock()
	}
}
