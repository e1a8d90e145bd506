package sfu

import (
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

const (
	// paceEvery is how often padding is sent while the room probes, and how
	// often it looks at what is missing.
	paceEvery = 10 * time.Millisecond
	// padSize is the padding of one packet, the most there is.
	padSize = 255
	// soundReserve is kept for sound before pictures get anything: one voice,
	// so that a second one speaking up finds room.
	soundReserve = 40_000
	// sendingOver is what a subscriber's own rate is measured over.
	sendingOver = time.Second
)

// A downlink is the way to one subscriber: what it carries and what it is sent.
type downlink struct {
	bytes atomic.Uint64 // sent, headers included
	lined atomic.Int32  // outputs on which packets wait

	mu      sync.Mutex // guards what follows
	est     *bandwidth.Estimator
	blind   bandwidth.Blind
	pacer   bandwidth.Pacer
	counted uint64 // of bytes, at since
	since   time.Time
	sending int  // bit/s
	held    int  // tiles held back
	plenty  int  // bit/s below which an estimate concerns the plan at once; 0 for never
	bounded bool // there is an estimate
	unpaced bool // send bursts at once, which only tests want
}

func newDownlink() downlink { return downlink{est: bandwidth.New(bandwidth.Config{})} }

// Sending implements transport.Events.
func (p *Participant) Sending(bytes int) uint16 {
	now := time.Now()
	p.down.mu.Lock()
	defer p.down.mu.Unlock()
	p.down.pacer.Sent(bytes, p.down.pace(0), now)
	return p.down.est.Sent(bytes, now)
}

// pace is how fast pictures may be sent while so many bytes of them wait, in
// bit/s; 0 for any. The mutex is held.
func (d *downlink) pace(waiting int) int {
	if !d.bounded || d.unpaced {
		return 0
	}
	return d.est.Pace(waiting)
}

// open reports whether a packet of a picture may go now, with so many bytes
// waiting.
func (d *downlink) open(waiting int, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pacer.Open(d.pace(waiting), now)
}

// resent counts bytes that were sent again.
func (d *downlink) resent(bytes int, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pacer.Sent(bytes, d.pace(0), now)
	d.est.Resent(bytes, now)
}

// Arrived implements transport.Events.
func (p *Participant) Arrived(arrivals []bandwidth.Arrival, now time.Time) {
	if !p.uplink.admitReport(now) {
		p.room.sfu.count.policedFeedback.Add(1)
		return
	}
	if p.down.arrived(arrivals, now) {
		p.stir()
	}
}

// arrived takes feedback and reports whether the estimate fell so far that
// the plan has to share it anew.
func (d *downlink) arrived(arrivals []bandwidth.Arrival, now time.Time) (scarce bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.est.Feedback(arrivals, now)
	if scarce = d.est.Rate() < d.plenty; scarce {
		d.plenty = 0 // the plan looks at it more often from here on
	}
	return scarce
}

// budget returns what the subscriber may be sent, in bit/s; 0 for anything.
// Least is what it gets until anything is known of its link. A subscriber
// that gives no feedback is bounded by the loss it reports.
func (d *downlink) budget(numbered bool, least int, now time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.since) >= sendingOver {
		total := d.bytes.Load()
		d.sending = int(float64(total-d.counted) * 8 / now.Sub(d.since).Seconds())
		d.counted, d.since = total, now
	}
	d.bounded = numbered && !d.est.Deaf(now)
	if !d.bounded {
		return d.blind.Bound(d.sending, now)
	}
	d.est.Assume(least)
	return d.est.Media(now)
}

// shared keeps what came of a budget: how many tiles are held back and what
// the next step would need in all, 0 for nothing. An estimate below plenty
// concerns the plan at once.
func (d *downlink) shared(held, need, plenty int, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held, d.plenty = held, 0
	if d.est.Rate() >= plenty {
		d.plenty = plenty
	}
	if d.bounded && need > 0 {
		d.est.Want(need, now)
	}
}

// padding returns how many bytes of padding to send now, and whether there
// will be more.
func (d *downlink) padding(now time.Time) (bytes int, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.est.Padding(now)
}

func (d *downlink) lost(fraction float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.blind.Lost(fraction)
}

// count adds the downlink to a snapshot.
func (d *downlink) count(st *Stats) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st.HeldBack += d.held
	if d.bounded {
		st.Estimated++
		st.EstimatedBits += int64(d.est.Rate())
	}
}

// pace sends the padding that is due to everybody and what waits for its turn
// on narrow links, asks again for what is missing, and reports whether there will be more.
func (r *Room) pace(now time.Time) (more bool) {
	for _, p := range r.plans.givers {
		more = p.askMissing(now) || more
	}
	for _, p := range r.all() {
		more = p.drain(now) || more
		bytes, again := p.down.padding(now)
		more = more || again
		if bytes > 0 {
			p.pad(bytes)
		}
	}
	return more
}

// askMissing asks the participant for what is due and reports whether anything
// is missing.
func (p *Participant) askMissing(now time.Time) (more bool) {
	for _, s := range p.every {
		for i := range s.layers {
			if l := s.layers[i].Load(); l != nil && l.lacks.Load() && !l.over.Load() {
				l.askMissing(now)
				more = true
			}
		}
	}
	return more
}

// pad sends padding where it hurts least: on a seat whose picture is not
// forwarded, else between two frames of one.
func (p *Participant) pad(bytes int) {
	p.room.mu.Lock()
	seats := p.seats
	p.room.mu.Unlock()
	for _, idle := range []bool{true, false} {
		for _, st := range seats {
			if st.video.pad(bytes, idle) {
				return
			}
		}
	}
}

// padsAs is the format whose payload type padding carries: that of what plays.
func (o *output) padsAs() codec.Kind {
	if l := o.playing(); l != nil {
		return l.kind
	}
	return codec.None
}

// pad sends padding if nothing is forwarded here, or, unless idle is asked
// for, if no frame is cut in two by it: decoders want a frame's packets in a row.
func (o *output) pad(bytes int, idle bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.sub.flowing() || o.current() != nil && (idle || !o.whole) {
		return false
	}
	for ; bytes > 0; bytes -= padSize + transport.Overhead {
		seq, ts := o.stream.Pad()
		o.sender.Pad(transport.Header{Seq: seq, Timestamp: ts, Codec: o.padsAs()}, padSize)
		o.sub.down.bytes.Add(padSize + transport.Overhead)
		o.sub.room.sfu.count.padded.Add(padSize + transport.Overhead)
	}
	return true
}
