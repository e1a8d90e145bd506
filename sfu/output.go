package sfu

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/police"
	"plenum/sfu/repair"
	"plenum/sfu/rewrite"
	"plenum/sfu/svc"
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
// the transport drops rather than blocks. The room's plan never takes it: what
// the plan wants and what it reads are atomics.
type output struct {
	sub    *Participant
	sender transport.Sender
	video  bool
	rate   uint32

	// The plan's own, guarded by the room's mutex.
	source   *source  // who sits here
	attached []*layer // those whose packets come here
	early    bool     // a keyframe was asked for before the gate opened

	// Written by the plan. Era counts what makes the forwarded stream begin
	// anew: it is changed last by who writes and read first by who forwards.
	sits   atomic.Pointer[sitting]
	target atomic.Pointer[layer] // what should be forwarded
	top    atomic.Int32          // up to which of its spatial layers
	era    atomic.Uint32

	can atomic.Uint32 // the formats the subscriber can decode, a codec.Set

	// Written under mu.
	plays atomic.Pointer[playing]
	shown atomic.Pointer[showing]
	goes  atomic.Int32 // spatial layer of plays that is forwarded

	mu      sync.Mutex // guards what follows
	stream  *rewrite.Stream
	layers  svc.Selector
	resends *repair.Resends
	csrc    uint32
	wants   struct{ packets, keyframes police.Bucket }
	passed  int64           // newest packet of the current layer replayed from its ring
	whole   bool            // the packet sent last ended its frame
	lineup  lineup          // what waits, of a picture on a narrow link
	batch   transport.Batch // of forward
	fill    int
	scratch [packet.MTU]byte
}

// A sitting is one stay of a source on an output.
type sitting struct {
	source *source
	gate   int64 // the seat epoch the page must have acknowledged first
}

// playing is what an output forwards.
type playing struct {
	layer *layer
	epoch uint32 // of its source, when it began
	era   uint32 // it is over when the output has another
}

// showing is the first frame of a sitting.
type showing struct {
	in   *sitting
	from uint32
}

// A tally counts what went out to several outputs.
type tally struct{ packets, bytes uint64 }

// newOutput returns the output of half a seat that nobody sits on.
func newOutput(sub *Participant, s transport.Sender, video bool) *output {
	o := &output{sub: sub, sender: s, video: video, rate: 48000}
	if video {
		o.rate = 90000
	}
	o.stream = rewrite.New(o.rate, uint16(rand.Uint32N(1<<15)), rand.Uint32()) //nolint:gosec // RFC 3550: random, not secret
	o.resends = repair.NewResends(repair.ResendsConfig{})
	o.sits.Store(&sitting{})
	o.agreed()
	s.Listen(o)
	return o
}

// agreed takes in what an answer says the subscriber can decode.
func (o *output) agreed() { o.can.Store(uint32(o.sender.Codecs())) }

// accepts are the formats the subscriber can decode.
func (o *output) accepts() codec.Set { return codec.Set(o.can.Load()) }

// decodes reports whether the subscriber can decode what a source sends. Of
// one that sends nothing yet that is not known.
func (o *output) decodes(s *source) bool {
	for i := range s.layers {
		if l := s.layers[i].Load(); l != nil {
			return o.accepts().Has(l.kind)
		}
	}
	return true
}

// sit changes who is forwarded here; nil for nobody. What was forwarded before
// stops. The first packet of the new one goes out when the page has
// acknowledged the seat epoch gate. Only the room's plan calls it.
func (o *output) sit(s *source, gate int64) {
	if o.source == nil && s == nil {
		return
	}
	for _, l := range o.attached {
		l.detach(o)
	}
	o.source, o.early, o.attached = s, false, o.attached[:0]
	o.target.Store(nil)
	o.sits.Store(&sitting{source: s, gate: gate})
	o.era.Add(1)
}

// aim chooses what to forward. The switch happens at the layer's next
// keyframe, or its next packet for sound. Until then, it and what plays stay
// attached. Only the room's plan calls it.
func (o *output) aim(q rung) {
	if o.source == nil {
		return
	}
	l := q.layer
	o.top.Store(int32(q.spatial))
	if old := o.target.Swap(l); l == nil && old != nil {
		o.era.Add(1)
	}
	if l != nil && !slices.Contains(o.attached, l) {
		o.attached = append(o.attached, l)
		l.attach(o)
	}
	keep := o.playing()
	o.attached = slices.DeleteFunc(o.attached, func(have *layer) bool {
		if have == l || have == keep {
			return false
		}
		have.detach(o)
		return true
	})
}

// restart forgets what is forwarded, so that it begins again with a keyframe.
func (o *output) restart() { o.era.Add(1) }

// pending returns the layer whose keyframe this output waits for, or nil, and
// whether the page has cleared the seat for it.
func (o *output) pending() (l *layer, open bool) {
	l, at := o.target.Load(), o.sits.Load()
	if !o.video || l == nil || !o.sub.flowing() || !l.src.flows() {
		return nil, false
	}
	if now := o.current(); now != nil && now.layer == l && now.epoch == l.src.epoch.Load() && !o.climbs(l) {
		return nil, false
	}
	return l, o.open(at)
}

// open reports whether the page has cleared the seat.
func (o *output) open(at *sitting) bool { return o.sub.acked.Load() >= at.gate }

// current returns what is forwarded, or nil.
func (o *output) current() *playing {
	if p := o.plays.Load(); p != nil && p.era == o.era.Load() {
		return p
	}
	return nil
}

// catchUp starts l from its ring if its keyframe is young. It reports how many
// packets went, and whether a keyframe has to be asked for.
func (o *output) catchUp(l *layer, now time.Time) (sent int, ask bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if want, open := o.pending(); want != l || !open {
		return 0, false // the keyframe came meanwhile, or nobody waits any more
	}
	if now := o.current(); now != nil && now.layer == l && now.epoch == l.src.epoch.Load() {
		return 0, true // it plays, and only its upper layers are missing
	}
	era, at := o.era.Load(), o.sits.Load()
	epoch := l.src.epoch.Load()
	if at.source != l.src || l.keyEpoch.Load() != epoch || now.UnixNano()-l.keyArrive.Load() > int64(replayFor) {
		return 0, true
	}
	first, ok := l.ring.Keyframe()
	if !ok {
		return 0, true
	}
	p := l.ring.Get(first)
	if p == nil { // the ring was closed or overrun meanwhile
		return 0, true
	}
	defer p.Release()
	var t tally
	o.start(at, playing{layer: l, epoch: epoch, era: era}, p, &t)
	o.sub.room.sent(t)
	return int(t.packets), false
}

// start begins with p, the first packet of a picture, and sends what came
// after it already.
func (o *output) start(at *sitting, play playing, p *packet.Packet, t *tally) {
	o.begin(at, play, p)
	o.choose(play.layer, p, t)
	ring := play.layer.ring
	newest, _ := ring.Newest()
	for seq := p.Seq + 1; seq <= newest; seq++ {
		next := ring.Get(seq)
		if next == nil {
			continue // lost or late: the subscriber will ask for it
		}
		if len(next.Payload()) > 0 || !o.stream.Drop(seq) {
			o.choose(play.layer, next, t)
		}
		o.passed = seq
		next.Release()
	}
	o.passed = max(o.passed, p.Seq)
}

// forward takes packets of a layer this output is attached to, and counts what
// went. Those shorter than fill are padded, within reason.
func (o *output) forward(l *layer, held []holding, fill int, b transport.Batch, t *tally) {
	if !o.sub.flowing() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batch, o.fill = b, fill
	for _, h := range held {
		o.forwardLocked(l, h.p, h.epoch, t)
	}
	o.batch, o.fill = nil, 0
}

func (o *output) forwardLocked(l *layer, p *packet.Packet, epoch uint32, t *tally) {
	era := o.era.Load()
	if now := o.plays.Load(); now == nil || now.layer != l || now.epoch != epoch || now.era != era {
		at := o.sits.Load()
		if o.target.Load() != l || at.source != l.src || (o.video && (!p.Keyframe || !o.open(at))) {
			return
		}
		play := playing{layer: l, epoch: epoch, era: era}
		if o.video { // its first packet may have come by RTX, after the others
			o.start(at, play, p, t)
			return
		}
		o.begin(at, play, p)
	}
	switch {
	case p.Seq <= o.passed: // went out with the replay
	case len(p.Payload()) == 0 && o.stream.Drop(p.Seq): // padding
	case o.video:
		o.choose(l, p, t)
	default:
		o.write(p, t)
	}
}

// begin makes a layer the input, from its packet p on.
func (o *output) begin(in *sitting, play playing, p *packet.Packet) {
	at := rewrite.Point{Seq: p.Seq, Timestamp: p.Timestamp, PictureID: -1, TL0: -1}
	if o.video {
		at.PictureID, at.TL0 = int(p.Frame.PictureID), int(p.Frame.TL0)
	}
	o.layers = svc.Selector{}
	o.goes.Store(0)
	o.disband()
	from := o.stream.Switch(at, p.Arrival)
	o.passed, o.csrc = p.Seq-1, in.source.owner.number
	o.plays.Store(&play)
	if s := o.shown.Load(); s == nil || s.in != in {
		o.shown.Store(&showing{in: in, from: from})
	}
	if o.video { // the seat table has its timestamp, and what played before is not needed any more
		o.sub.stir()
	}
	o.sub.room.sfu.count.switches.Add(1)
}

// write maps and sends one packet of the current input.
func (o *output) write(p *packet.Packet, t *tally) {
	h, payload, ok := o.mapped(p, p.Arrival)
	if !ok {
		return
	}
	h.Batch = o.batch
	if short := o.fill - len(payload); short > 0 && short <= maxFill {
		h.Fill = uint8(short)
	}
	o.sender.Write(h, payload)
	o.whole = h.Marker
	o.sub.down.bytes.Add(uint64(len(payload) + transport.Overhead))
	o.resends.Sent(len(payload), p.Arrival)
	t.packets++
	t.bytes += uint64(len(payload))
}

// mapped returns p as this subscriber sees it. The payload is valid until the next call.
func (o *output) mapped(p *packet.Packet, now time.Time) (transport.Header, []byte, bool) {
	seq, ts, ok := o.stream.Forward(p.Seq, p.Timestamp, now)
	if !ok {
		return transport.Header{}, nil, false
	}
	l := o.plays.Load().layer
	h := transport.Header{Seq: seq, Timestamp: ts, Marker: p.Marker, CSRC: o.csrc, Codec: l.kind}
	payload := p.Payload()
	switch {
	case len(payload) == 0:
	case o.video:
		if l.layered() {
			_, last := o.layers.Took(p.Frame, p.Timestamp)
			h.Marker = h.Marker || last
		}
		if p.Frame.PictureID >= 0 || p.Frame.TL0 >= 0 {
			pid, tl0 := o.stream.Picture(int(p.Frame.PictureID), int(p.Frame.TL0))
			payload = o.scratch[:copy(o.scratch[:], payload)]
			codec.Patch(l.kind, payload, pid, tl0)
		}
	case l.kind == codec.REDAudio && !o.accepts().Has(codec.REDAudio):
		h.Codec = codec.OpusAudio
		payload, _, _ = codec.REDPrimary(payload) // it was looked at when it came
	}
	return h, payload, true
}

// Nack implements transport.Feedback.
func (o *output) Nack(seqs []uint16, now time.Time) {
	count := &o.sub.room.sfu.count
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.wants.packets.Take(float64(len(seqs)), packetsWanted, now) {
		count.policedFeedback.Add(1)
		count.refused.Add(uint64(len(seqs)))
		return
	}
	for _, seq := range seqs {
		if !o.resend(seq, now) {
			count.refused.Add(1)
		}
	}
}

// resend sends one packet again if it belongs to the current input, is still
// in the ring and the subscriber's budget allows it.
func (o *output) resend(number uint16, at time.Time) bool {
	input, seq, ok := o.stream.Source(number)
	now := o.current()
	if !ok || now == nil || input != o.stream.Input() || !o.sub.flowing() {
		return false
	}
	p := now.layer.ring.Get(seq)
	if p == nil {
		return false
	}
	defer p.Release()
	if !o.resends.Allow(number, len(p.Payload()), at, o.sub.roundTrip()) {
		return false
	}
	h, payload, ok := o.mapped(p, at)
	if !ok || h.Seq != number {
		return false
	}
	if now.layer.layered() && len(payload) > 0 {
		if went, _ := o.layers.Took(p.Frame, p.Timestamp); !went {
			payload = nil // padding took its place, and is lost
		}
	}
	n := o.sender.Resend(h, payload)
	if n == 0 {
		return false
	}
	o.sub.down.resent(n+transport.Overhead, at)
	o.sub.room.sfu.count.resent.Add(1)
	return true
}

// KeyframeWanted implements transport.Feedback.
func (o *output) KeyframeWanted(now time.Time) {
	l := o.target.Load()
	if l == nil {
		l = o.playing()
	}
	if l == nil || !o.video {
		return
	}
	o.mu.Lock()
	allowed := o.wants.keyframes.Take(1, keyframesWanted, now)
	o.mu.Unlock()
	if !allowed {
		o.sub.room.sfu.count.policedFeedback.Add(1)
		return
	}
	l.askKeyframe(now)
}

// RoundTrip implements transport.Feedback.
func (o *output) RoundTrip(d time.Duration) { o.sub.rtt.Store(int64(d)) }

// Lost implements transport.Feedback.
func (o *output) Lost(fraction float64) {
	if o.video {
		o.sub.down.lost(fraction)
	}
}

// report sends the subscriber a sender report that puts this stream on the
// server's clock, once the publisher's own report is there.
func (o *output) report(now time.Time) {
	if o.current() == nil { // as most: don't wait for a packet on its way
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	play := o.current()
	if play == nil || !o.sub.flowing() {
		return
	}
	sr := play.layer.report.Load()
	if sr == nil {
		return
	}
	since := now.Sub(play.layer.src.owner.clockTime(sr.NTP))
	ts := o.stream.Timestamp(sr.Timestamp) + uint32(int64(since.Seconds()*float64(o.rate)))
	o.sender.Report(toNTP(now), ts)
}

// first returns the RTP timestamp of the occupant's first frame, once it went out.
func (o *output) first() (timestamp uint32, ok bool) {
	if s := o.shown.Load(); s != nil && s.in == o.sits.Load() {
		return s.from, true
	}
	return 0, false
}

// playing returns the layer that is forwarded now, or nil.
func (o *output) playing() *layer {
	if now := o.current(); now != nil {
		return now.layer
	}
	return nil
}
