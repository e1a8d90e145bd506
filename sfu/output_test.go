package sfu

import (
	"slices"
	"testing"
	"time"
)

// The first packet of a keyframe may come last, by RTX. Then the whole frame
// goes out, not its first packet alone.
func TestAKeyframeWhoseFirstPacketIsLate(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	in := r.camera(bo)
	r.plan(time.Now())
	r.shoot(in, 1, false)
	for _, seq := range []uint16{3, 4, 5, 2, 6} {
		r.shoot(in, seq, seq == 2)
	}
	var got []uint16
	for _, h := range ann.sent[0].written() {
		got = append(got, h.Seq-ann.sent[0].written()[0].Seq)
	}
	if want := []uint16{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

// A page that never clears its seat costs a publisher one keyframe, not two a second.
func TestAPageThatClearsNoSeatAsksForOneKeyframe(t *testing.T) {
	r := newStill(t)
	ann, got := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	cy, asked := r.enter("cy", 3)
	r.shoot(r.camera(bo), 1, true)
	r.shoot(r.camera(cy), 1, true)
	start := time.Now()
	r.plan(start)
	ann.SetView(camera("cy"))
	before := asked.asked()
	for i := range 50 {
		at := start.Add(time.Duration(i) * time.Second)
		r.plan(at)
		cy.sources[Camera].layers[0].Load().keyframes.Arrived(at)
	}
	if n := asked.asked() - before; n != 1 {
		t.Errorf("%d keyframes were asked for", n)
	}
	if n := fromCSRC(got.sent[0].written(), 3); n != 0 {
		t.Errorf("%d packets were sent to a seat that was not cleared", n)
	}
	ann.AckSeats(ann.epoch)
	r.plan(start.Add(time.Minute))
	if n := asked.asked() - before; n != 2 {
		t.Errorf("%d keyframes were asked for once the seat was clear, want one more", n)
	}
}
