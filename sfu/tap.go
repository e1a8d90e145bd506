package sfu

import (
	"slices"
	"sync"

	"plenum/sfu/packet"
)

// tap is one Tap with the gate that makes its end final.
type tap struct {
	to  Tap
	use sync.RWMutex // held for reading during a call, for writing to end
	off bool
}

// Tap starts feeding t and returns a function that stops it. After stop
// returns, t is not called again.
func (r *Room) Tap(t Tap) (stop func()) {
	e := &tap{to: t}
	r.setTaps(func(all []*tap) []*tap { return append(all, e) })
	return func() {
		r.setTaps(func(all []*tap) []*tap {
			return slices.DeleteFunc(all, func(have *tap) bool { return have == e })
		})
		e.use.Lock()
		e.off = true
		e.use.Unlock()
	}
}

// setTaps replaces the list that media goroutines read by a changed copy.
func (r *Room) setTaps(change func([]*tap) []*tap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := change(slices.Clone(*r.taps.Load()))
	r.taps.Store(&changed)
	r.wakeUp() // whoever records wants all layers
}

func (r *Room) tapPacket(l *layer, p *packet.Packet) {
	for _, e := range *r.taps.Load() {
		e.use.RLock()
		if !e.off {
			e.to.Packet(l.stream, p.Retain())
		}
		e.use.RUnlock()
	}
}

func (r *Room) tapReport(l *layer, sr SenderReport) {
	for _, e := range *r.taps.Load() {
		e.use.RLock()
		if !e.off {
			e.to.Report(l.stream, sr)
		}
		e.use.RUnlock()
	}
}
