package sfu

import (
	"testing"
	"time"
)

// A number goes out once, whatever a publisher retransmits: AES-GCM falls when
// two packets share a number.
func TestAnOldPacketIsNotForwardedAgain(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	in := r.camera(bo)
	r.plan(time.Now())
	const last = videoRing + 100
	for seq := uint16(1); seq <= last; seq++ {
		r.shoot(in, seq, seq == 1)
	}
	for seq := uint16(1); seq <= last; seq++ { // those beyond the ring too
		r.shoot(in, seq, false)
	}
	sent := map[uint16]int{}
	for _, h := range ann.sent[0].written() {
		sent[h.Seq]++
		if sent[h.Seq] > 1 {
			t.Fatalf("number %d went out twice", h.Seq)
		}
	}
	if len(sent) != last {
		t.Errorf("%d packets went out, want %d", len(sent), last)
	}
}
