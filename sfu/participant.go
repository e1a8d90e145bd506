package sfu

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/seating"
	"plenum/sfu/transport"
)

// defaultRoundTrip stands in until a subscriber's reports tell the real one.
const defaultRoundTrip = 100 * time.Millisecond

// Entry is what a participant brings when it joins.
type Entry struct {
	ID      string            // unique in the room
	Number  uint32            // unique in the room, at least 1; the CSRC of its packets
	Offer   string            // SDP
	Sources map[string]Source // send-only m-lines: mid to source
	View    []Tile            // most wanted first
}

// seat is one receiving place of a participant.
type seat struct {
	occupant seating.Occupant
	gate     int64 // the epoch that took the last occupant away
	wanted   bool  // the occupant's picture is in the view
	rank     int   // its place there
	rates    [maxLayers]int
	standing bandwidth.Standing // what the picture gets
	choice   rung               // of the picture
	level    int                // its index
	blind    bool               // the picture is in a format the participant can't decode
	asks     struct {           // what the picture's tile asks for, whether it arrives or not
		source *source
		layer  int // -1 for none
	}
	audio *output
	video *output
}

// A Participant is one connection in a room. Its methods may be called from
// any goroutine; after Leave they do nothing or return ErrClosed.
type Participant struct {
	id      string
	number  uint32
	room    *Room
	conn    transport.Conn
	sources map[Source]*source
	every   [4]*source // the same, in order

	up   atomic.Bool // the link is
	held atomic.Bool // paused by signalling
	gave atomic.Bool // published something, ever
	// barred is set while the participant may not publish.
	barred atomic.Bool
	// stirred is set when the plan has to look at the participant.
	stirred atomic.Bool
	acked   atomic.Int64
	rtt     atomic.Int64 // nanoseconds; 0 is unknown
	answers atomic.Int64 // how long lost packets take to come again; the same

	down   downlink
	uplink uplink

	clockMu sync.Mutex
	clock   clock

	mu   sync.Mutex // guards mids and may
	mids map[string]Source
	may  map[Source]codec.Set // formats each source may come in

	// Guarded by the room's mutex.
	view  []Tile
	seats []*seat
	epoch int64
	table []SeatRow // as last told
	left  bool

	// The plan's own, guarded by it too.
	tiles   []seating.Tile // the view in numbers
	asked   bool           // view or seats changed
	seated  int64          // Room.changes as of the last seating
	aimed   int64          // planning.sights as of the last choice of layers
	waiting bool           // a seat waits for a keyframe
	due     time.Time      // when to share the bandwidth again
}

func newParticipant(r *Room, e Entry) *Participant {
	p := &Participant{id: e.ID, number: e.Number, room: r, view: e.View, sources: map[Source]*source{}, down: newDownlink()}
	for i, kind := range []Source{Microphone, Camera, Screen, ScreenAudio} {
		p.every[i] = &source{owner: p, kind: kind}
		p.sources[kind] = p.every[i]
	}
	return p
}

// answer takes an offer and makes outputs for its new seats.
func (p *Participant) answer(ctx context.Context, offer string, sources map[string]Source) (string, error) {
	for mid, s := range sources {
		if p.sources[s] == nil {
			return "", fmt.Errorf("m-line %s is %q: %w", mid, s, ErrBadOffer)
		}
	}
	p.mu.Lock()
	p.mids = sources
	p.mu.Unlock()
	answer, err := p.conn.Answer(ctx, offer)
	if err != nil {
		return "", err
	}
	p.agreed(sources)
	all := p.conn.Seats()
	p.room.mu.Lock()
	for i := len(p.seats); i < len(all); i++ {
		p.seats = append(p.seats, &seat{
			audio: newOutput(p, all[i].Audio, false), video: newOutput(p, all[i].Video, true),
		})
	}
	for _, st := range p.seats {
		st.audio.agreed()
		st.video.agreed()
	}
	p.asked, p.room.plans.mixed = true, true
	p.room.mu.Unlock()
	return answer, nil
}

// agreed keeps which formats an answer lets the sources come in. Until a page
// is told otherwise it sends VP8, if it can.
func (p *Participant) agreed(sources map[string]Source) {
	may := make(map[Source]codec.Set, len(sources))
	for mid, s := range sources {
		may[s] = p.conn.Sends(mid)
	}
	p.mu.Lock()
	p.may = may
	p.mu.Unlock()
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	for _, s := range p.every {
		if !s.format.ever && may[s.kind].Has(codec.VP8Video) {
			s.format.told = codec.VP8Video
		}
	}
}

// Reoffer answers a further offer of the same connection: more seats, or an ICE restart.
func (p *Participant) Reoffer(ctx context.Context, offer string, sources map[string]Source) (answer string, err error) {
	if p.gone() {
		return "", ErrClosed
	}
	if answer, err = p.answer(ctx, offer, sources); err != nil {
		return "", err
	}
	p.room.wakeUp()
	return answer, nil
}

// SetView replaces what the participant wants to see, most wanted first.
func (p *Participant) SetView(tiles []Tile) {
	p.room.mu.Lock()
	p.view, p.asked = tiles, true
	p.room.mu.Unlock()
	p.room.wakeUp()
}

// SetSource says whether a source is on and whether it is muted. Packets of a
// source that is off or muted are dropped and not recorded.
func (p *Participant) SetSource(s Source, on, muted bool) {
	src := p.sources[s]
	if src == nil {
		return
	}
	if on {
		p.gave.Store(true)
	}
	if src.set(func() { src.on, src.muted = on, muted }) {
		p.wantKeyframes(src)
	}
	if s == Microphone && (!on || muted) {
		p.room.silenced(p)
	}
	p.room.changed()
}

// stir makes the plan look at the participant soon.
func (p *Participant) stir() {
	p.stirred.Store(true)
	p.room.wakeUp()
}

// wantKeyframes asks for a keyframe of every layer of a source that begins to flow.
func (p *Participant) wantKeyframes(s *source) {
	now := time.Now()
	for i := range s.layers {
		if l := s.layers[i].Load(); l != nil && l.video {
			l.askKeyframe(now)
		}
	}
}

// AckSeats tells that the page has cleared the seats up to this epoch.
func (p *Participant) AckSeats(epoch int64) {
	for {
		old := p.acked.Load()
		if epoch <= old {
			return
		}
		if p.acked.CompareAndSwap(old, epoch) {
			p.stir()
			return
		}
	}
}

// Pause stops media to and from the participant, or lets it flow again. It is
// set while the participant's signalling is lost, so that nobody is heard
// without knowing it.
func (p *Participant) Pause(paused bool) {
	p.held.Store(paused)
	p.refresh()
}

// Bar takes the right to publish away, or gives it back. While it is barred,
// every packet the participant sends is dropped and counted, whatever its
// sources are said to be.
func (p *Participant) Bar(barred bool) {
	p.barred.Store(barred)
	for _, s := range p.sources {
		if s.set(func() { s.barred = p.barred.Load() }) {
			p.wantKeyframes(s)
		}
	}
	if barred {
		p.room.silenced(p)
	}
	p.room.changed()
}

// refresh applies a change of the link or of Pause to what flows.
func (p *Participant) refresh() {
	for _, s := range p.sources {
		// Asked under the source's mutex, so that of two changes at once the
		// one that comes last sees both.
		if s.set(func() { s.paused = !p.flowing() }) {
			p.wantKeyframes(s)
		}
	}
	if !p.flowing() {
		p.room.silenced(p)
	}
	p.room.mu.Lock()
	for _, st := range p.seats {
		st.video.restart()
	}
	p.room.mu.Unlock()
	p.stir()
	if p.gave.Load() {
		p.room.changed()
	}
}

// flowing reports whether media may pass to and from the participant.
func (p *Participant) flowing() bool { return p.up.Load() && !p.held.Load() }

func (p *Participant) roundTrip() time.Duration {
	if d := p.measured(); d > 0 {
		return d
	}
	return defaultRoundTrip
}

// measured is the round trip as the participant's reports tell it, else as
// answers to our asking do, which is all there is of who only publishes; 0 for
// unknown.
func (p *Participant) measured() time.Duration {
	if d := p.rtt.Load(); d > 0 {
		return time.Duration(d)
	}
	return time.Duration(p.answers.Load())
}

// answered takes in how long a publisher took to send something again.
func (p *Participant) answered(took time.Duration) {
	old := p.answers.Load()
	if old == 0 {
		old = int64(took)
	}
	p.answers.Store(old + (int64(took)-old)/8) // two layers at once lose one sample at most
}

// Leave ends the connection and frees its seats. It waits for its goroutines.
func (p *Participant) Leave() {
	if p.room.remove(p) {
		p.end()
	}
}

// end closes the connection and gives back its packets.
func (p *Participant) end() {
	if err := p.conn.Close(); err != nil {
		p.room.log.Debug("connection closed with an error", "participant", p.id, "error", err)
	}
	for _, s := range p.sources {
		s.set(func() { s.on = false })
		for i := range s.layers {
			if l := s.layers[i].Load(); l != nil {
				l.ring.Close()
			}
		}
	}
}

func (p *Participant) gone() bool {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.left
}

func (p *Participant) clockReport(ntp uint64, arrival time.Time) {
	p.clockMu.Lock()
	defer p.clockMu.Unlock()
	p.clock.report(ntp, arrival)
}

func (p *Participant) clockTime(ntp uint64) time.Time {
	p.clockMu.Lock()
	defer p.clockMu.Unlock()
	return p.clock.serverTime(ntp)
}

// Incoming implements transport.Events.
func (p *Participant) Incoming(t transport.Track) transport.Receiver {
	p.mu.Lock()
	kind, ok := p.mids[t.Mid]
	p.mu.Unlock()
	format := codec.KindOf(t.Mime)
	if !ok || t.Layer >= maxLayers || format == codec.None || kind.Audio() != format.Audio() {
		p.room.log.Warn("unexpected stream", "participant", p.id, "mid", t.Mid, "rid", t.RID, "codec", t.Mime)
		return nil
	}
	st := Stream{Participant: p.id, Source: kind, ClockRate: t.ClockRate, SSRC: t.SSRC, Layer: t.Layer, Codec: codecOf(format)}
	src := p.sources[kind]
	l := newLayer(src, t, st, format)
	if old := src.layers[t.Layer].Swap(l); old != nil {
		p.room.log.Debug("stream replaced", "participant", p.id, "source", kind, "layer", t.Layer)
		p.room.mu.Lock()
		old.end()
		p.room.mu.Unlock()
	}
	src.drop(format)
	p.room.log.Debug("stream began", "participant", p.id, "source", kind, "layer", t.Layer, "ssrc", t.SSRC, "codec", st.Codec)
	p.room.wakeUp()
	return l
}

// StateChanged implements transport.Events.
func (p *Participant) StateChanged(s transport.State) {
	state := LinkConnecting
	switch s {
	case transport.Up:
		state = LinkUp
	case transport.Interrupted:
		state = LinkInterrupted
	case transport.Failed:
		state = LinkFailed
	case transport.Connecting:
	}
	p.up.Store(state == LinkUp)
	p.refresh()
	p.room.obs.LinkChanged(p.id, state)
}
