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
