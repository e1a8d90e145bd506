package sfu

import (
	"math/rand/v2"
	"sync"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/repair"
	"plenum/sfu/rewrite"
	"plenum/sfu/transport"
)

// replayFor is how old a keyframe may be to start a seat from the ring
// instead of asking the publisher for another one.
const replayFor = 400 * time.Millisecond

// output is one outgoing stream: half a seat of one subscriber. Whoever sits
// there changes; its SSRC, sequence numbers and timestamps run on.
//
// Its mutex is held while a packet is handed to the transport, so that packets
// of a switch leave in order. Only this subscriber's packets wait for it, and
// the transport drops rather than blocks.
type output struct {
	sub    *Participant
	sender transport.Sender
	video  bool
	rate   uint32

	source *source // who sits here; guarded by the room's mutex

	mu      sync.Mutex // guards what follows
	stream  *rewrite.Stream
	resends *repair.Resends
	gate    int64  // the seat epoch the page must have acknowledged first
	early   bool   // a keyframe was asked for before that
	target  *layer // what should be forwarded
	current *layer // what is forwarded
	epoch   uint32 // of current's source, when it began
	csrc    uint32
	passed  int64 // newest packet of current replayed from its ring
	from    uint32
	started bool // from holds
	scratch [packet.MTU]byte
}

func newOutput(sub *Participant, s transport.Sender, video bool) *output {
	o := &output{sub: sub, sender: s, video: video, rate: 48000}
	if video {
		o.rate = 90000
	}
	o.stream = rewrite.New(o.rate, uint16(rand.Uint32N(1<<15)), rand.Uint32()) //nolint:gosec // RFC 3550: random, not secret
	o.resends = repair.NewResends(repair.ResendsConfig{})
	s.Listen(o)
	return o
}

// sit changes who is forwarded here; nil for nobody. Packets of the one before
// stop at once. The first of the new one goes out when the page has
// acknowledged the seat epoch gate.
func (o *output) sit(s *source, gate int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.source, o.gate, o.early = s, gate, false
	o.target, o.current, o.started = nil, nil, false
	if s != nil {
		o.csrc = s.owner.number
	}
}

// aim chooses the layer to forward; nil for none. The switch happens at the
// layer's next keyframe, or its next packet for sound.
func (o *output) aim(l *layer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.target = l
	if l == nil {
		o.current = nil
	}
}

// restart forgets what is forwarded, so that it begins again with a keyframe.
func (o *output) restart() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.current = nil
}

// pending returns the layer whose keyframe this output waits for, or nil. An
// open gate and a young keyframe in the ring start it right here.
func (o *output) pending(now time.Time) *layer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.video || o.target == nil || !o.sub.flowing() || !o.target.src.flows() {
		return nil
	}
	if o.current == o.target && o.epoch == o.target.src.epoch.Load() {
		return nil
	}
	if !o.open() { // ask once ahead: the page may take its time, or never answer
		if o.early {
			return nil
		}
		o.early = true
		return o.target
	}
	if o.replay(o.target, now) {
		return nil
	}
	return o.target
}

// open reports whether the page has cleared the seat.
func (o *output) open() bool { return o.sub.acked.Load() >= o.gate }

// replay starts with the newest keyframe in the layer's ring, if it is young.
func (o *output) replay(l *layer, now time.Time) bool {
	epoch := l.src.epoch.Load()
	if l.keyEpoch.Load() != epoch || now.UnixNano()-l.keyArrive.Load() > int64(replayFor) {
		return false
	}
	first, ok := l.ring.Keyframe()
	if !ok {
		return false
	}
	p := l.ring.Get(first)
	if p == nil { // the ring was closed or overrun meanwhile
		return false
	}
	defer p.Release()
	o.start(l, p, epoch)
	return true
}

// start begins with p, the first packet of a picture, and sends what came
// after it already.
func (o *output) start(l *layer, p *packet.Packet, epoch uint32) {
	o.begin(l, p, epoch)
	o.write(p)
	newest, _ := l.ring.Newest()
	for seq := p.Seq + 1; seq <= newest; seq++ {
		next := l.ring.Get(seq)
		if next == nil {
			continue // lost or late: the subscriber will ask for it
		}
		if len(next.Payload()) > 0 || !o.stream.Drop(seq) {
			o.write(next)
		}
		o.passed = seq
		next.Release()
	}
	o.passed = max(o.passed, p.Seq)
}

// forward takes one packet of a layer this output is attached to.
func (o *output) forward(l *layer, p *packet.Packet, epoch uint32) {
	if !o.sub.flowing() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current != l || o.epoch != epoch {
		if o.target != l || (o.video && (!p.Keyframe || !o.open())) {
			return
		}
		if o.video { // its first packet may have come by RTX, after the others
			o.start(l, p, epoch)
			return
		}
		o.begin(l, p, epoch)
	}
	switch {
	case p.Seq <= o.passed: // went out with the replay
	case len(p.Payload()) == 0 && o.stream.Drop(p.Seq): // padding
	default:
		o.write(p)
	}
}

// begin makes l the input, from its packet p on.
func (o *output) begin(l *layer, p *packet.Packet, epoch uint32) {
	at := rewrite.Point{Seq: p.Seq, Timestamp: p.Timestamp, PictureID: -1, TL0: -1}
	if o.video {
		if d, err := codec.ParseVP8(p.Payload()); err == nil {
			at.PictureID, at.TL0 = d.PictureID, d.TL0PicIdx
		}
	}
	from := o.stream.Switch(at, p.Arrival)
	o.current, o.epoch, o.passed = l, epoch, p.Seq-1
	if !o.started {
		o.from, o.started = from, true
		if o.video {
			o.sub.room.wakeUp() // the seat table now has its timestamp
		}
	}
	o.sub.room.sfu.count.switches.Add(1)
}

// write maps and sends one packet of the current input.
func (o *output) write(p *packet.Packet) {
	h, payload, ok := o.mapped(p, p.Arrival)
	if !ok {
		return
	}
	o.sender.Write(h, payload)
	o.resends.Sent(len(payload), p.Arrival)
	o.sub.room.sfu.count.forwarded.Add(1)
	o.sub.room.sfu.count.forwardedBytes.Add(uint64(len(payload)))
}

// mapped returns p as this subscriber sees it. The payload is valid until the next call.
func (o *output) mapped(p *packet.Packet, now time.Time) (transport.Header, []byte, bool) {
	seq, ts, ok := o.stream.Forward(p.Seq, p.Timestamp, now)
	if !ok {
		return transport.Header{}, nil, false
	}
	h := transport.Header{Seq: seq, Timestamp: ts, Marker: p.Marker, CSRC: o.csrc}
	payload := p.Payload()
	if o.video && len(payload) > 0 {
		payload = o.scratch[:copy(o.scratch[:], payload)]
		if d, err := codec.ParseVP8(payload); err == nil && (d.PictureID >= 0 || d.TL0PicIdx >= 0) {
			pid, tl0 := o.stream.Picture(d.PictureID, d.TL0PicIdx)
			codec.PatchVP8(payload, pid, tl0)
		}
	}
	return h, payload, true
}

// Nack implements transport.Feedback.
func (o *output) Nack(seqs []uint16, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, seq := range seqs {
		if !o.resend(seq, now) {
			o.sub.room.sfu.count.refused.Add(1)
		}
	}
}

// resend sends one packet again if it belongs to the current input, is still
// in the ring and the subscriber's budget allows it.
func (o *output) resend(number uint16, now time.Time) bool {
	input, seq, ok := o.stream.Source(number)
	if !ok || o.current == nil || input != o.stream.Input() || !o.sub.flowing() {
		return false
	}
	p := o.current.ring.Get(seq)
	if p == nil {
		return false
	}
	defer p.Release()
	if !o.resends.Allow(number, len(p.Payload()), now, o.sub.roundTrip()) {
		return false
	}
	h, payload, ok := o.mapped(p, now)
	if !ok || h.Seq != number {
		return false
	}
	o.sender.Resend(h, payload)
	o.sub.room.sfu.count.resent.Add(1)
	return true
}

// KeyframeWanted implements transport.Feedback.
func (o *output) KeyframeWanted(now time.Time) {
	o.mu.Lock()
	l := o.current
	if o.target != nil {
		l = o.target
	}
	o.mu.Unlock()
	if l != nil && o.video {
		l.askKeyframe(now)
	}
}

// RoundTrip implements transport.Feedback.
func (o *output) RoundTrip(d time.Duration) { o.sub.rtt.Store(int64(d)) }

// report sends the subscriber a sender report that puts this stream on the
// server's clock, once the publisher's own report is there.
func (o *output) report(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == nil || !o.sub.flowing() {
		return
	}
	sr := o.current.report.Load()
	if sr == nil {
		return
	}
	since := now.Sub(o.current.src.owner.clockTime(sr.NTP))
	ts := o.stream.Timestamp(sr.Timestamp) + uint32(int64(since.Seconds()*float64(o.rate)))
	o.sender.Report(toNTP(now), ts)
}

// first returns the RTP timestamp of the occupant's first frame, once it went out.
func (o *output) first() (timestamp uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.from, o.started
}

// playing returns the layer that is forwarded now, or nil.
func (o *output) playing() *layer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.current
}
