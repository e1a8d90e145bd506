package sfu

import (
	"slices"
	"testing"
	"time"

	"plenum/sfu/transport"
)

// arrives is one packet of a picture that comes to the server.
type arrives struct {
	seq      uint16
	after    time.Duration // the one before
	key      bool
	repaired bool // by RTX
}

// A subscriber gets a picture in order as long as what is missing may still
// come, and is not kept waiting for what will not.
func TestPicturesLeaveInOrder(t *testing.T) {
	const ms = time.Millisecond
	start := []arrives{{seq: 1, key: true}, {seq: 2}}
	for name, tt := range map[string]struct {
		more []arrives
		want []uint16 // from the first on
	}{
		"nothing missing": {[]arrives{{seq: 3}, {seq: 4}}, []uint16{0, 1, 2, 3}},
		"repaired":        {[]arrives{{seq: 4, after: 50 * ms}, {seq: 3, after: 20 * ms, repaired: true}}, []uint16{0, 1, 2, 3}},
		"late":            {[]arrives{{seq: 4}, {seq: 3}}, []uint16{0, 1, 2, 3}},
		"waiting":         {[]arrives{{seq: 4, after: 50 * ms}, {seq: 5, after: 50 * ms}}, []uint16{0, 1}},
		"for too long":    {[]arrives{{seq: 4, after: 50 * ms}, {seq: 5, after: mostHold + ms}}, []uint16{0, 1, 3, 4}},
		"after too long":  {[]arrives{{seq: 4}, {seq: 5, after: mostHold}, {seq: 3, after: 10 * ms, repaired: true}}, []uint16{0, 1, 3, 4, 2}},
		"two gaps": {
			[]arrives{{seq: 4}, {seq: 6}, {seq: 5, repaired: true}, {seq: 3, repaired: true}},
			[]uint16{0, 1, 2, 3, 4, 5},
		},
		"the first of two gaps": {[]arrives{{seq: 4}, {seq: 6}, {seq: 3, repaired: true}}, []uint16{0, 1, 2, 3}},
		"a keyframe":            {[]arrives{{seq: 4}, {seq: 6, key: true}, {seq: 7}}, []uint16{0, 1, 3, 5, 6}},
		"an outage":             {[]arrives{{seq: 1000, after: time.Second}, {seq: 1001, after: mostHold + ms}}, []uint16{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newStill(t)
			_, ann := r.enter("ann", 1, camera("bo")...)
			bo, _ := r.enter("bo", 2)
			in := r.camera(bo)
			r.plan(time.Now())
			at := time.Now()
			for _, a := range slices.Concat(start, tt.more) {
				at = at.Add(a.after)
				p := r.frame(a.seq, a.key)
				p.Arrival, p.Repaired = at, a.repaired
				in.Packet(p, a.seq)
				in.Flush(nil)
			}
			var got []uint16
			for _, h := range ann.sent[0].written() {
				got = append(got, h.Seq-ann.sent[0].written()[0].Seq)
			}
			if len(got) < len(tt.want) || !slices.Equal(got[:len(tt.want)], tt.want) || name != "an outage" && len(got) != len(tt.want) {
				t.Errorf("sent %v, want %v", got, tt.want)
			}
		})
	}
}

// Sound waits for nothing: players make up what is late.
func TestSoundLeavesAtOnce(t *testing.T) {
	r := newStill(t)
	_, _ = r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	bo.SetSource(Microphone, true, false)
	in := bo.Incoming(transport.Track{Mid: "0", SSRC: 9, Mime: "audio/opus", ClockRate: 48000, Repairs: true})
	r.plan(time.Now())
	before := r.sfu.Stats().Forwarded
	for _, seq := range []uint16{1, 2, 4, 5} {
		in.Packet(r.frame(seq, false), seq)
		in.Flush(nil)
	}
	if n := r.sfu.Stats().Forwarded - before; n != 4 {
		t.Errorf("%d packets of sound went out, want 4", n)
	}
}
