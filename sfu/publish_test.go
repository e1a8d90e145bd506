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

// A publisher may begin a layer anew with another SSRC, after it renegotiated.
func TestANewStreamReplacesTheLayer(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, asked := r.enter("bo", 2)
	old := r.camera(bo)
	r.plan(time.Now())
	r.shoot(old, 1, true)
	next := r.camera(bo)
	if next == nil {
		t.Fatal("the new stream was refused")
	}
	before := asked.asked()
	r.plan(time.Now())
	if asked.asked() == before {
		t.Error("no keyframe of it was asked for")
	}
	r.shoot(next, 100, true)
	r.shoot(old, 2, false)
	r.shoot(next, 101, false)
	got := ann.sent[0].written()
	if len(got) != 3 || got[2].Seq != got[0].Seq+2 {
		t.Errorf("sent %v, want one packet of the old and two of the new stream", got)
	}
}

// What RTX repaired was lost on the way: reports tell so (RFC 4588 section 8.1).
func TestReportsCountRepairedPacketsAsLost(t *testing.T) {
	r := newStill(t)
	bo, _ := r.enter("bo", 2)
	in := r.camera(bo)
	for _, seq := range []uint16{1, 2, 4, 5, 3} {
		p := r.frame(seq, seq == 1)
		p.Repaired = seq == 3
		in.Packet(p, seq)
		in.Flush(nil)
	}
	b, ok := bo.sources[Camera].layers[0].Load().block(time.Now())
	if !ok || b.CumulativeLost != 1 {
		t.Errorf("%d packets are reported lost, want 1", b.CumulativeLost)
	}
}
