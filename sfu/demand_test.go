package sfu

import (
	"slices"
	"testing"
	"time"

	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// simulcast turns on a camera of three layers and sends a keyframe of each.
func (r still) simulcast(p *Participant) []transport.Receiver {
	p.SetSource(Camera, true, false)
	var in []transport.Receiver
	for i := range maxLayers {
		l := p.Incoming(transport.Track{Mid: "1", Layer: i, SSRC: p.number*10 + uint32(i), Mime: "video/VP8", ClockRate: 90000})
		in = append(in, l)
		r.key(l, i, 1, time.Now())
	}
	return in
}

func (r still) key(to transport.Receiver, layer int, seq uint16, at time.Time) {
	p := r.sfu.pool.Get()
	p.SetPayload(0, copy(p.Buffer(), vp8(true, [2]uint16{320 << layer, 180 << layer}, seq)))
	p.Timestamp, p.Marker, p.Arrival = uint32(seq)*3000, true, at
	to.Packet(p, seq)
	to.Flush(nil)
}

// silentTap lets go of what it is given.
type silentTap struct{}

func (silentTap) Packet(_ Stream, p *packet.Packet) { p.Release() }
func (silentTap) Report(Stream, SenderReport)       {}

// A publisher is told which layers nobody looks at, after a while, and at once
// when somebody does again.
func TestPublishersAreToldWhichLayersAreWanted(t *testing.T) {
	r := newStill(t)
	ann, _ := r.enter("ann", 1)
	bo, _ := r.enter("bo", 2)
	in := r.simulcast(bo)
	at := time.Now()
	seq := uint16(1)
	plan := func(d time.Duration) { // layers that are wanted arrive
		for end := at.Add(d); at.Before(end); {
			at = at.Add(500 * time.Millisecond)
			seq++
			told := r.w.layers()["bo"]
			for i, l := range in {
				if told == 0 || i < told {
					r.key(l, i, seq, at)
				}
			}
			r.plan(at)
		}
	}
	look := func(height int) {
		ann.SetView([]Tile{{Participant: "bo", Source: Camera, Height: height}})
		r.plan(at)
	}
	plan(layerLinger)
	if got := r.w.layers()["bo"]; got != 0 {
		t.Fatalf("told %d layers before the time was over", got)
	}
	plan(2 * time.Second)
	if got := r.w.layers()["bo"]; got != 1 {
		t.Fatalf("nobody looks: told %d layers, want 1", got)
	}
	plan(5 * time.Second) // the others are silent, and not live any more
	look(720)
	if got := r.w.layers()["bo"]; got != 3 {
		t.Fatalf("a big tile opened: told %d layers, want 3 at once", got)
	}
	plan(time.Second)
	if l := ann.seats[0].video.target.Load(); l == nil || l.stream.Layer != 2 {
		t.Errorf("the big tile does not get the large layer: %+v", l)
	}
	look(180)
	plan(2 * time.Second)
	look(720)
	plan(layerLinger + 2*time.Second)
	look(360)
	plan(layerLinger - time.Second)
	if got := r.w.layers()["bo"]; got != 3 {
		t.Errorf("told %d layers before the time was over", got)
	}
	plan(2 * time.Second)
	if got := r.w.layers()["bo"]; got != 2 {
		t.Errorf("a middling tile: told %d layers, want 2", got)
	}
	stop := r.Tap(silentTap{})
	r.plan(at)
	if got := r.w.layers()["bo"]; got != 3 {
		t.Errorf("a recording began: told %d layers, want 3", got)
	}
	stop()
	ann.Leave()
	plan(layerLinger + 2*time.Second)
	if got := r.w.layers()["bo"]; got != 1 {
		t.Errorf("everybody has left: told %d layers, want 1", got)
	}
}

// What seats ask for adds up, whatever happens to them.
func TestDemandsAddUp(t *testing.T) {
	r := newStill(t)
	var all []*Participant
	for i, id := range []string{"ann", "bo", "cy", "di"} {
		p, _ := r.enter(id, uint32(i+1))
		r.simulcast(p)
		all = append(all, p)
	}
	for step := range 200 {
		p := all[step*7%4]
		switch step % 5 {
		case 0, 1:
			p.SetView([]Tile{{Participant: all[step*3%4].id, Source: Camera, Height: 180 << (step % 3)}})
		case 2:
			p.SetSource(Camera, step%3 > 0, false)
		case 3:
			p.Leave()
			next, _ := r.enter(p.id, p.number)
			r.simulcast(next)
			all[slices.Index(all, p)] = next
		}
		r.plan(time.Now())
		for _, owner := range all {
			var want [maxLayers]int
			for _, p := range all {
				for _, st := range p.seats {
					if st.video.source == owner.sources[Camera] && st.asks.layer >= 0 {
						want[st.asks.layer]++
					}
				}
			}
			if got := owner.sources[Camera].demand.seats; got != want {
				t.Fatalf("step %d: %s is asked for %v, want %v", step, owner.id, got, want)
			}
		}
	}
}
