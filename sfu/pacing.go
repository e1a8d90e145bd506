package sfu

import (
	"time"

	"plenum/sfu/packet"
)

// A lineup is what of an output's picture waits for its turn on a narrow link,
// oldest first: the ring has the packets.
type lineup struct {
	play  *playing // it belongs to; with another the rest is not needed
	seqs  []int64
	bytes int
}

// maxLineup bounds what waits: with more, the link is hopeless and the picture
// is about to be given up.
const maxLineup = 512

// pass sends a packet of the current input, or lines it up behind those before
// it where the link is narrow. The output's mutex is held.
func (o *output) pass(p *packet.Packet, t *tally) {
	o.drain(p.Arrival, t)
	if len(o.lineup.seqs) == 0 && o.sub.down.open(0, p.Arrival) {
		o.write(p, t)
		return
	}
	if len(o.lineup.seqs) == 0 {
		o.lineup.play = o.plays.Load()
		o.sub.down.lined.Add(1)
		o.sub.room.hurry()
	}
	o.lineup.seqs = append(o.lineup.seqs, p.Seq)
	o.lineup.bytes += len(p.Payload())
	if len(o.lineup.seqs) > maxLineup {
		o.disband()
	}
}

// drain sends of what waits as much as may go now. The output's mutex is held.
func (o *output) drain(now time.Time, t *tally) {
	w := &o.lineup
	if len(w.seqs) == 0 {
		return
	}
	if play := o.current(); play == nil || play != w.play || !o.sub.flowing() {
		o.disband()
		return
	}
	sent := 0
	for _, seq := range w.seqs {
		if !o.sub.down.open(w.bytes, now) {
			break
		}
		sent++
		if p := w.play.layer.ring.Get(seq); p != nil {
			w.bytes -= len(p.Payload())
			o.write(p, t)
			p.Release()
		}
	}
	if w.seqs = append(w.seqs[:0], w.seqs[sent:]...); len(w.seqs) == 0 {
		o.disband()
	}
}

// disband forgets what waits. The output's mutex is held.
func (o *output) disband() {
	if o.lineup.play != nil {
		o.lineup = lineup{seqs: o.lineup.seqs[:0]}
		o.sub.down.lined.Add(-1)
	}
}

// drain sends what may go now of a subscriber's pictures, and reports whether more waits.
func (p *Participant) drain(now time.Time) (more bool) {
	if p.down.lined.Load() == 0 {
		return false
	}
	p.room.mu.Lock()
	seats := p.seats
	p.room.mu.Unlock()
	var t tally
	for _, st := range seats {
		st.video.mu.Lock()
		st.video.drain(now, &t)
		st.video.mu.Unlock()
	}
	p.room.sfu.count.sent(t)
	return true
}
