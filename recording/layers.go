package recording

import (
	"time"

	"plenum/recording/frames"
	"plenum/recording/timeline"
)

const (
	// aliveFor is how long a layer counts as alive after its last packet.
	aliveFor = time.Second
	// fallAfter is how long a lower layer goes on after the recorded one's last
	// packet until it is taken: long enough for a late picture, short enough that
	// with a round trip and a keyframe the picture stands for 700 ms at most.
	fallAfter = 250 * time.Millisecond
	// goneAfter is how long a layer may be silent while it is waited for.
	goneAfter = 2 * time.Second
	// riseAfter is how long a better layer must be alive before it is taken.
	riseAfter = 5 * time.Second
	// bestWithin is how long a better layer is waited for at the start.
	bestWithin = 500 * time.Millisecond
)

// A layer is one encoding of a source: one SSRC with its own RTP clock.
type layer struct {
	number int
	ssrc   uint32
	asm    *frames.Assembler
	line   *timeline.Line

	last   time.Time // arrival of the newest packet
	since  time.Time // alive without a break since then
	paused bool      // the source was closed since the last packet
}

func (l *layer) seen(at time.Time) {
	if at.Sub(l.last) > aliveFor {
		l.since = at
	}
	if at.After(l.last) {
		l.last = at
	}
}

func (l *layer) silent(now time.Time) time.Duration { return now.Sub(l.last) }

// A ladder chooses which of a source's layers is recorded. It changes only from
// keyframe to keyframe: target is wanted, current is recorded until target's
// keyframe is there.
type ladder struct {
	layers  []*layer // highest first
	current *layer
	target  *layer
}

// find returns the layer with a number, or nil.
func (d *ladder) find(number int) *layer {
	for _, l := range d.layers {
		if l.number == number {
			return l
		}
	}
	return nil
}

// insert adds a layer in its place.
func (d *ladder) insert(l *layer) {
	i := 0
	for i < len(d.layers) && d.layers[i].number > l.number {
		i++
	}
	d.layers = append(d.layers, nil)
	copy(d.layers[i+1:], d.layers[i:])
	d.layers[i] = l
}

// feeds reports whether a layer's packets are needed.
func (d *ladder) feeds(l *layer) bool {
	return d.current == nil || l == d.current || l == d.target
}

// choose sets the target and reports whether it is a new one.
func (d *ladder) choose(now time.Time) bool {
	if d.target != nil && (d.target.silent(now) >= goneAfter || d.recovered()) {
		d.target.asm.Restart()
		d.target = nil
	}
	if d.current == nil {
		return false
	}
	best := d.better(now)
	if best == nil || best == d.target || d.target != nil && d.target.number > best.number {
		return false
	}
	if d.target != nil {
		d.target.asm.Restart()
	}
	d.target = best
	best.asm.Restart()
	return true
}

// recovered reports whether the recorded layer has come back before the lower
// one that should have replaced it could.
func (d *ladder) recovered() bool {
	return d.target.number < d.current.number && !d.target.last.After(d.current.last.Add(fallAfter/2))
}

// better is the highest layer that should replace the current one, or nil. The
// layers of a source share their way here, so a current layer is given up when
// another goes on without it; when all are silent, nothing is better.
func (d *ladder) better(now time.Time) *layer {
	for _, l := range d.layers {
		switch {
		case l == d.current || l.silent(now) >= aliveFor:
		case l.last.Sub(d.current.last) >= fallAfter,
			l.number > d.current.number && now.Sub(l.since) >= riseAfter:
			return l
		}
	}
	return nil
}

// adopt makes a layer the recorded one and lets go of what the others hold.
func (d *ladder) adopt(l *layer) {
	d.current, d.target = l, nil
	for _, other := range d.layers {
		if other != l {
			other.asm.Restart()
		}
	}
}
