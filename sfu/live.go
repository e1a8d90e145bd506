package sfu

import (
	"time"

	"plenum/sfu/packet"
)

// liveFor is how long after its last packet a simulcast layer still counts as
// live. When others of its source go on meanwhile, the publisher has stopped
// encoding it, as browsers do when their estimate falls: then it is outlivedBy,
// or outlivedFrames of its frames if those took longer.
const (
	liveFor        = 2 * time.Second
	outlivedBy     = 300 * time.Millisecond
	outlivedFrames = 4
)

// live reports whether the layer can be had. Publishers pause simulcast
// layers, so one that fell silent is not; but a source with a single encoding,
// such as a still screen, may send rarely.
func (l *layer) live(now time.Time) bool {
	if !l.src.flows() {
		return false
	}
	if l.src.single() {
		return true
	}
	return now.UnixNano()-l.lastSeen.Load() < int64(liveFor) && !l.outlived()
}

// outlived reports whether the publisher has stopped the layer and sends others
// of the source. Asked for a keyframe of it, browsers send one of those.
func (l *layer) outlived() bool {
	last := l.lastSeen.Load()
	return last != 0 && l.src.newest()-last >= max(int64(outlivedBy), outlivedFrames*l.frameGap.Load())
}

// newest is when the source's newest packet came, of whichever layer, in Unix nanoseconds.
func (s *source) newest() (at int64) {
	for i := range s.layers {
		if l := s.layers[i].Load(); l != nil {
			at = max(at, l.lastSeen.Load())
		}
	}
	return at
}

// step measures how far the layer's frames are apart, at the end of each.
func (l *layer) step(p *packet.Packet) {
	if !p.Marker {
		return
	}
	at := p.Arrival.UnixNano()
	if last := l.lastEnd; last != 0 && at-last < int64(liveFor) {
		gap := l.frameGap.Load()
		l.frameGap.Store(gap + (at-last-gap)/8)
	}
	l.lastEnd = at
}
