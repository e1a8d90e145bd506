package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/repair"
	"plenum/sfu/transport"
)

// Sizes of the retransmission rings, in packets: about two seconds of a large
// video layer, and as long of audio.
const (
	videoRing = 1024
	audioRing = 128
)

// largeAudience is how many receive a picture that has to wait for its turn.
const largeAudience = 8

// keyframeEvery is the least time between keyframe requests upstream.
const keyframeEvery = 500 * time.Millisecond

// What a layer's bit rate is measured over. A screen's comes in bursts.
const (
	meterWindow  = 2 * time.Second
	screenWindow = 4 * time.Second
)

// defaultRates stand in for a layer's bit rate until it is measured, and when
// it has sent nothing for a while.
var defaultRates = [maxLayers]int{150_000, 500_000, 1_500_000}

// maxLayers is how many encodings of one source are taken.
const maxLayers = 3

// source is one source of one participant. Its state is set by signalling and
// read by every packet.
type source struct {
	owner *Participant
	kind  Source
	// epoch counts how often the source began to flow; odd while it flows. A
	// new epoch is a new input for everyone who receives it.
	epoch  atomic.Uint32
	layers [maxLayers]atomic.Pointer[layer]
	seen   [maxLayers]sight // guarded by the room's mutex
	demand demand           // the same
	format format           // the same

	lit atomic.Bool // on, for who does not hold mu

	mu     sync.Mutex // guards what follows
	on     bool
	muted  bool
	paused bool
	barred bool
}

// set changes the source's state and reports whether it flows now and did not before.
func (s *source) set(change func()) (began bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.lit.Store(s.on && !s.barred)
	flows := s.on && !s.muted && !s.paused && !s.barred
	if flows == s.flows() {
		return false
	}
	s.epoch.Add(1)
	return flows
}

func (s *source) flows() bool { return s.epoch.Load()%2 == 1 }

// isOn reports whether the source is switched on, muted or not.
func (s *source) isOn() bool { return s.lit.Load() }

// layer is one encoding of a source: who receives it and what repairs it.
type layer struct {
	src    *source
	stream Stream
	kind   codec.Kind
	level  uint8 // audio level extension id
	video  bool
	asks   bool // lost packets are asked for again
	ring   *packet.Ring
	outs   atomic.Pointer[[]*output] // changed only by the room's plan

	most      atomic.Int32            // spatial layers the stream had at most
	spatials  atomic.Int32            // spatial layers, as the newest keyframe says
	heights   [maxLayers]atomic.Int32 // of them, of the newest keyframe; 0 until one came
	spatialAt [maxLayers]atomic.Int64 // lastSeen of the spatial layers above the lowest
	lastSeen  atomic.Int64            // Unix nanoseconds of the newest packet
	keyEpoch  atomic.Uint32
	keyArrive atomic.Int64
	report    atomic.Pointer[SenderReport]
	frameGap  atomic.Int64 // nanoseconds between frames, smoothed
	over      atomic.Bool  // another stream has taken its place
	lacks     atomic.Bool  // packets are missing, so somebody has to look at the clock

	// Of the reading goroutine.
	unwrap  packet.Unwrapper
	reader  *codec.Reader
	lastEnd int64     // when a frame ended last, Unix nanoseconds
	held    []holding // packets of this batch
	backlog backlog

	mu        sync.Mutex // guards what follows
	meter     bandwidth.Meter
	upper     [maxLayers]bandwidth.Meter // of the spatial layers above the lowest
	missing   *repair.Missing
	reception *repair.Reception
	keyframes *repair.Keyframes
}

func newLayer(src *source, t transport.Track, st Stream, kind codec.Kind) *layer {
	l := &layer{src: src, stream: st, kind: kind, level: t.LevelID, video: !src.kind.Audio(), reader: codec.NewReader(kind)}
	l.asks = l.video || t.Repairs
	size := audioRing
	if l.video {
		size = videoRing
	}
	l.ring = packet.NewRing(size)
	window := meterWindow
	if src.kind == Screen {
		window = screenWindow
	}
	l.meter = bandwidth.NewMeter(window)
	for i := range l.upper {
		l.upper[i] = bandwidth.NewMeter(window)
	}
	l.spatials.Store(1)
	l.most.Store(1)
	l.missing = repair.NewMissing(repair.MissingConfig{})
	l.reception = repair.NewReception(st.ClockRate)
	l.keyframes = repair.NewKeyframes(keyframeEvery)
	l.outs.Store(&[]*output{})
	return l
}

// single reports whether the source has only one encoding.
func (s *source) single() bool {
	n := 0
	for i := range s.layers {
		if s.layers[i].Load() != nil {
			n++
		}
	}
	return n == 1
}

// Packet implements transport.Receiver. It runs on the goroutine that reads
// the stream and takes the packet all the way to the subscribers' sockets.
func (l *layer) Packet(p *packet.Packet, seq uint16) {
	defer p.Release()
	room := l.src.owner.room
	room.sfu.count.received.Add(1)
	if l.over.Load() {
		return
	}
	if l.src.owner.barred.Load() { // before it costs anything, or is asked for again
		room.sfu.count.barred.Add(1)
		return
	}
	header, end := p.PayloadBounds()
	if header > maxHeader {
		room.sfu.count.malformed.Add(1)
		return
	}
	p.Seq = l.unwrap.Unwrap(seq)
	l.backlog.now = p.Arrival
	if !p.Repaired { // browsers probe with old packets, of layers they no longer encode too
		l.lastSeen.Store(p.Arrival.UnixNano())
		l.step(p)
	}
	l.repair(p) // before duplicates go: one whose copy came by RTX was late, not lost
	if !l.src.owner.uplink.admit(l.video, end, p.Arrival) {
		room.sfu.count.policed.Add(1)
		return
	}
	if l.ring.Stale(p.Seq) { // no number may go out twice with another content
		room.sfu.count.duplicate.Add(1)
		return
	}
	epoch := l.src.epoch.Load()
	if epoch%2 == 0 || !l.parse(p) {
		return
	}
	if l.src.kind == Microphone {
		room.heard(l.src.owner, p)
	}
	l.ring.Put(p.Retain())
	if p.Keyframe { // after Put, so that nobody replays the keyframe before this one
		l.keyEpoch.Store(epoch)
		l.keyArrive.Store(p.Arrival.UnixNano())
	}
	if len(p.Payload()) > 0 {
		room.tapPacket(l, p)
	}
	l.held = append(l.held, holding{p.Retain(), epoch})
}

// A holding is a packet on its way to the subscribers.
type holding struct {
	p     *packet.Packet
	epoch uint32 // of the source, when the packet came
}

// Flush implements transport.Receiver. Each subscriber is sent all that came
// together in one go: what is known of it is fetched once, and its packets can
// leave as one.
//
// Without a batch, pictures with a large audience are forwarded only as many
// at a time as there are processors: when there is no time for all of them,
// pictures wait for each other, and are dropped when they waited for long, but
// sound does not wait.
func (l *layer) Flush(b transport.Batch) {
	l.settle()
	if len(l.held) == 0 {
		return
	}
	outs := *l.outs.Load()
	turns := l.src.owner.room.sfu.turns
	waits := b == nil && l.video && len(outs) >= largeAudience // who batches has few goroutines anyway
	if waits {
		turns <- struct{}{}
	}
	fill := l.longest()
	var sent tally
	for _, o := range outs {
		o.forward(l, l.held, fill, b, &sent)
		if b != nil {
			b.Pause()
		}
	}
	if waits {
		<-turns
	}
	l.src.owner.room.sent(sent)
	for i, h := range l.held {
		h.p.Release()
		l.held[i] = holding{}
	}
	l.held = l.held[:0]
}

// maxFill is how much padding a packet gets at most to be as long as others.
const maxFill = 48

// longest returns the length of the longest payload held, 0 for a lone packet.
func (l *layer) longest() (n int) {
	if len(l.held) == 1 {
		return 0
	}
	for _, h := range l.held {
		n = max(n, len(h.p.Payload()))
	}
	return n
}

// repair keeps the books of what is missing and asks for it again. What came
// because it was asked for counts as lost in reports: publishers of sound add
// redundancy for what they lose.
func (l *layer) repair(p *packet.Packet) {
	l.mu.Lock()
	l.meter.Add(len(p.Payload())+transport.Overhead, p.Arrival.UnixNano())
	again, took := p.Repaired, time.Duration(0)
	switch {
	case !l.asks:
	case again:
		took = l.missing.Repaired(p.Seq, p.Arrival)
	default:
		again = l.missing.Received(p.Seq, p.Arrival)
	}
	if !again {
		l.reception.Packet(p.Seq, p.Timestamp, p.Arrival)
	}
	l.mu.Unlock()
	if took > 0 {
		l.src.owner.answered(took)
	}
	if l.asks {
		l.askMissing(p.Arrival)
	}
}

// askMissing asks the publisher for what is due to be asked for, and for a
// keyframe when something was given up.
func (l *layer) askMissing(now time.Time) {
	owner := l.src.owner
	rtt := owner.measured()
	l.mu.Lock()
	ask := slices.Clone(l.missing.Due(now, rtt))
	lacks := l.missing.Any()
	pli := l.missing.Lost() > 0 && l.video && !l.outlived() && l.keyframes.Ask(now)
	l.mu.Unlock()
	if l.lacks.Swap(lacks) != lacks && lacks {
		owner.room.hurry()
	}
	if len(ask) > 0 {
		owner.room.sfu.count.nacked.Add(uint64(len(ask)))
		owner.conn.Nack(l.stream.SSRC, ask)
	}
	if pli {
		l.sendKeyframeRequest()
	}
}

// parse reads what the payload says. It reports false for a payload no
// decoder could take.
func (l *layer) parse(p *packet.Packet) bool {
	if !l.video {
		if ext := p.Extension(l.level); l.level != 0 && len(ext) > 0 {
			p.Level, p.Voice, p.HasLevel = ext[0]&0x7f, ext[0]&0x80 != 0, true
		}
		return l.kind != codec.REDAudio || l.unwraps(p)
	}
	if len(p.Payload()) == 0 {
		return true
	}
	f, err := l.reader.Read(p.Payload(), nil)
	if err != nil {
		l.src.owner.room.sfu.count.malformed.Add(1)
		return false
	}
	p.Frame, p.Keyframe = f, f.Keyframe
	if f.Keyframe {
		l.keyframe(p)
	}
	if f.Spatial > 0 && f.Spatial < maxLayers {
		l.spatialAt[f.Spatial].Store(p.Arrival.UnixNano())
		l.mu.Lock()
		l.upper[f.Spatial].Add(len(p.Payload())+transport.Overhead, p.Arrival.UnixNano())
		l.mu.Unlock()
	}
	return true
}

// unwraps reports whether redundant audio can be forwarded to who wants none.
func (l *layer) unwraps(p *packet.Packet) bool {
	if len(p.Payload()) == 0 {
		return true
	}
	_, _, err := codec.REDPrimary(p.Payload())
	if err != nil {
		l.src.owner.room.sfu.count.malformed.Add(1)
	}
	return err == nil
}

// keyframe takes in what a keyframe's first packet says.
func (l *layer) keyframe(p *packet.Packet) {
	if n := min(int32(p.Frame.Layers), maxLayers); n > 0 {
		l.spatials.Store(n)
		l.most.Store(max(n, l.most.Load()))
	}
	for i, h := range p.Frame.Heights {
		if h > 0 {
			l.heights[i].Store(int32(h))
		}
	}
	l.mu.Lock()
	l.keyframes.Arrived(p.Arrival)
	l.mu.Unlock()
}

// SenderReport implements transport.Receiver.
func (l *layer) SenderReport(ntp uint64, timestamp uint32, arrival time.Time) {
	owner := l.src.owner
	sr := SenderReport{NTP: ntp, Timestamp: timestamp, Arrival: arrival}
	l.report.Store(&sr)
	l.mu.Lock()
	l.reception.SenderReport(ntp, arrival)
	l.mu.Unlock()
	owner.clockReport(ntp, arrival)
	owner.room.tapReport(l, sr)
}

// askKeyframe wants a keyframe of the layer; requests are merged.
func (l *layer) askKeyframe(now time.Time) {
	if l.outlived() { // it begins with one when it comes back
		return
	}
	l.mu.Lock()
	send := l.keyframes.Ask(now)
	l.mu.Unlock()
	if send {
		l.sendKeyframeRequest()
	}
}

// tick repeats requests that are due, for what comes with no packet.
func (l *layer) tick(now time.Time) {
	if l.asks {
		l.askMissing(now)
	}
	if !l.video || l.outlived() {
		return
	}
	l.mu.Lock()
	send := l.keyframes.Due(now)
	l.mu.Unlock()
	if send {
		l.sendKeyframeRequest()
	}
}

func (l *layer) sendKeyframeRequest() {
	count := &l.src.owner.room.sfu.count
	count.keyframes.Add(1)
	l.mu.Lock()
	hopeless := l.keyframes.Hopeless()
	l.mu.Unlock()
	if hopeless {
		count.unanswered.Add(1)
	}
	l.src.owner.conn.AskKeyframe(l.stream.SSRC)
}

// block returns the layer's reception report, or false before its first packet.
func (l *layer) block(now time.Time) (transport.Block, bool) {
	if l.lastSeen.Load() == 0 {
		return transport.Block{}, false
	}
	l.mu.Lock()
	b := l.reception.Block(now)
	l.mu.Unlock()
	return transport.Block{
		SSRC: l.stream.SSRC, FractionLost: b.FractionLost, CumulativeLost: b.CumulativeLost,
		HighestSeq: b.HighestSeq, Jitter: b.Jitter, LSR: b.LSR, DLSR: b.DLSR,
	}, true
}

// attach adds o to those who receive the layer. Only the room's plan calls it,
// and only for an output that is not among them. Readers of the list before
// don't see what is written behind its end.
func (l *layer) attach(o *output) {
	grown := append(*l.outs.Load(), o)
	l.outs.Store(&grown)
}

// detach removes o from those who receive the layer. Only the room's plan calls it.
func (l *layer) detach(o *output) {
	old := *l.outs.Load()
	i := slices.Index(old, o)
	if i < 0 { // the layer has ended
		return
	}
	rest := slices.Concat(old[:i], old[i+1:])
	l.outs.Store(&rest)
}

// end stops a layer whose place another stream has taken. The room's mutex is held.
func (l *layer) end() {
	l.over.Store(true)
	l.outs.Store(&[]*output{})
	l.ring.Close()
}
