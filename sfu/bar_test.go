package sfu

import (
	"sync/atomic"
	"testing"

	"plenum/sfu/packet"
)

// countingTap counts what would be recorded.
type countingTap struct{ packets atomic.Int64 }

func (c *countingTap) Packet(_ Stream, p *packet.Packet) {
	c.packets.Add(1)
	p.Release()
}

func (c *countingTap) Report(Stream, SenderReport) {}

// TestWhoIsBarredIsNotForwarded has a participant publish who may not: its
// packets come in, are counted, and go nowhere, whatever its sources are said
// to be; then it may again.
func TestWhoIsBarredIsNotForwarded(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	tap := &countingTap{}
	defer r.Tap(tap)()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	bo.p.Bar(true)
	bo.publish() // says that its sources are on, and sends
	eventually(t, "bo's packets to be dropped", func() bool { return s.Stats().Barred > 60 })
	if n, v, a := tap.packets.Load(), len(ann.videoOn(0)), len(ann.audioOn(0)); n+int64(v+a) != 0 {
		t.Fatalf("%d packets were tapped, %d of picture and %d of sound forwarded", n, v, a)
	}
	if f := w.audible(); len(f) != 0 {
		t.Errorf("%v are on the floor", f)
	}
	bo.p.Bar(false)
	eventually(t, "bo to be seen and heard", func() bool { return len(ann.videoOn(0)) > 5 && len(ann.audioOn(0)) > 5 })
	bo.p.Bar(true)
	barred, forwarded := s.Stats().Barred, s.Stats().Forwarded
	eventually(t, "bo to be barred again", func() bool { return s.Stats().Barred > barred+60 })
	if n := s.Stats().Forwarded - forwarded; n > 4 { // what was on its way
		t.Errorf("%d packets were forwarded of who is barred", n)
	}
	bo.p.SetSource(Camera, true, false) // as a publish that crossed the word would
	if bo.p.sources[Camera].flows() {
		t.Error("a source of who is barred flows")
	}
}
