package sfu

import (
	"math"
	"slices"
	"time"
)

// How long packets of a picture wait for one before them that was lost on its
// way to us and may still come: detection, the round trip and a second one. A
// viewer that saw the gap would ask us for what we lack, take the frame for one
// its own repair delays, and so never learn to wait for it: it shows what it
// has and drops the frame when it comes.
const (
	leastHold = 80 * time.Millisecond
	mostHold  = 200 * time.Millisecond
	holdTrips = 4
)

// A backlog is what a layer holds back behind a gap, by number: the ring has
// the packets. It belongs to the reading goroutine.
type backlog struct {
	waiting []behind
	key     int64     // where the newest keyframe began
	now     time.Time // arrival of the newest packet
}

// behind is one packet that waits.
type behind struct {
	seq   int64
	epoch uint32 // of the source, when the packet came
}

// settle puts what is held in order and keeps back what lies behind a gap that
// may be filled soon. What was lost before a keyframe is worth no wait. It needs
// no clock of its own: what waits at the end of a stream can't be decoded
// without what it waits for.
func (l *layer) settle() {
	b := &l.backlog
	if !l.video || !l.lacks.Load() && len(b.waiting) == 0 {
		return
	}
	for _, h := range l.held {
		if h.p.Keyframe {
			b.key = max(b.key, h.p.Seq)
		}
	}
	bar := l.gap()
	ready, later := l.held[:0], b.waiting
	for _, h := range l.held {
		if h.p.Seq < bar {
			ready = append(ready, h)
			continue
		}
		later = append(later, behind{h.p.Seq, h.epoch})
		h.p.Release()
	}
	clear(l.held[len(ready):])
	l.held = ready
	b.waiting = slices.DeleteFunc(later, func(w behind) bool {
		if w.seq >= bar {
			return false
		}
		if p := l.ring.Get(w.seq); p != nil {
			l.held = append(l.held, holding{p, w.epoch})
		}
		return true
	})
	slices.SortStableFunc(l.held, func(a, b holding) int { return int(a.p.Seq - b.p.Seq) })
}

// gap returns the number of the first packet worth waiting for, or one that is
// behind all.
func (l *layer) gap() int64 {
	hold := min(max(holdTrips*l.src.owner.roundTrip(), leastHold), mostHold)
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq, ok := l.missing.First(l.backlog.key, l.backlog.now, hold); ok {
		return seq
	}
	return math.MaxInt64
}
