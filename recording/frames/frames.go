// Package frames turns the packets of one stream into whole frames. It puts
// packets in order, waits for late ones, and never gives out a frame that a
// decoder could not decode: after a loss it drops pictures up to the next
// keyframe and says so. It has no clock of its own.
package frames

import (
	"errors"
	"time"

	"plenum/sfu/packet"
)

// Config is what a caller may tune. A zero field means its default.
type Config struct {
	Wait  time.Duration // how long a missing packet is waited for; default 800 ms
	Grace time.Duration // how long the first packet may be overtaken; default 100 ms
}

const (
	ringSize = 2048 // packets held; a power of two
	ringMask = ringSize - 1
	// restartAfter is how many packets from behind the ring in a row mean that
	// the sender counts anew.
	restartAfter = 16
)

// A Frame is one whole coded frame.
type Frame struct {
	Timestamp     uint32
	Arrival       time.Time // of its first packet
	Key           bool
	Broken        bool // frames are missing between this one and the one before
	Width, Height int  // of a video frame that tells; a keyframe does
	Samples       int  // of audio, at 48 kHz
	Data          []byte
	Private       []byte // of a keyframe: Matroska's CodecPrivate; nil for VP8
}

// Stats count what an Assembler has seen.
type Stats struct {
	Packets int64 // taken, padding included
	Lost    int64 // waited for in vain, and nothing made up for them
	Late    int64 // came after they were given up, or twice
	Frames  int64 // given out
	Dropped int64 // frames not given out: torn, or without their reference

	Recovered int64 // lost, and filled in from later packets' redundancy
}

// An Assembler builds frames from one stream's packets. It isn't safe for use
// by more than one goroutine.
type Assembler struct {
	video   bool
	builder builder
	cfg     Config
	ring    [ringSize]*packet.Packet
	red     [ringSize]bool // the packet there has redundancy
	held    int

	empty   bool // no packet since the start or a Restart
	begun   bool // the grace is over
	since   time.Time
	next    int64 // the first packet not yet given out or up
	scanned int64 // up to where the frame at next is known to be contiguous
	newest  int64
	holeAt  int64     // a packet that is missing, if hole is set
	hole    time.Time // since when
	stale   int

	chain   chain
	needKey bool
	broken  bool
	stats   Stats
	unit    unit
	cut     bool // the packet before next is missing

	queue  []Frame // of a packet with redundancy, not yet given out
	blocks []block
	end    uint32 // when the sound given out ends
	fresh  bool   // no sound was given out since the start or a Restart
}

// New returns an Assembler for a stream of the format.
func New(f Format, cfg Config) *Assembler {
	if cfg.Wait == 0 {
		cfg.Wait = 800 * time.Millisecond
	}
	if cfg.Grace == 0 {
		cfg.Grace = 100 * time.Millisecond
	}
	return &Assembler{video: f.video, builder: f.begin(), cfg: cfg, empty: true, cut: true, fresh: true, needKey: f.video}
}

// Stats returns the counts so far.
func (a *Assembler) Stats() Stats { return a.stats }

// NeedsKeyframe reports whether nothing more can come out before a keyframe.
func (a *Assembler) NeedsKeyframe() bool { return a.needKey }

// Restart forgets the packets held and begins as if with a new stream: after a
// pause, or when packets were dropped on purpose. The next frame is Broken if
// one came before.
func (a *Assembler) Restart() {
	for i, p := range a.ring {
		if a.held == 0 {
			break
		}
		if p != nil {
			p.Release()
			a.ring[i] = nil
			a.held--
		}
	}
	a.empty, a.begun, a.stale = true, false, 0
	a.hole = time.Time{}
	a.needKey = a.video
	a.broken = a.stats.Frames > 0
	a.chain = chain{}
	a.cut, a.fresh = true, true
	a.queue = a.queue[:0]
}

// PushRED takes p, an audio packet whose payload is that of RFC 2198.
func (a *Assembler) PushRED(p *packet.Packet) { a.push(p, true) }

// Push takes p.
func (a *Assembler) Push(p *packet.Packet) { a.push(p, false) }

func (a *Assembler) push(p *packet.Packet, red bool) {
	a.stats.Packets++
	if a.empty {
		a.empty = false
		a.since = p.Arrival
		a.next, a.scanned, a.newest = p.Seq, p.Seq, p.Seq
	}
	switch {
	case p.Seq < a.next-ringSize:
		if a.stale++; a.stale >= restartAfter {
			a.Restart()
			a.stats.Packets--
			a.push(p, red)
			return
		}
	case p.Seq < a.next && !a.begun && a.newest-p.Seq < ringSize:
		a.next, a.scanned = p.Seq, p.Seq // within the grace the start moves back
	case p.Seq >= a.next:
		a.stale = 0
	}
	if p.Seq < a.next || a.ring[p.Seq&ringMask] != nil && a.ring[p.Seq&ringMask].Seq == p.Seq {
		a.stats.Late++
		p.Release()
		return
	}
	if p.Seq >= a.next+ringSize {
		a.skipTo(p.Seq)
	}
	a.ring[p.Seq&ringMask], a.red[p.Seq&ringMask] = p, red
	a.held++
	a.newest = max(a.newest, p.Seq)
}

// skipTo gives up what doesn't fit into the ring together with packet seq.
func (a *Assembler) skipTo(seq int64) {
	to := seq - ringSize + 1
	if to > a.newest { // nothing of the old stays
		a.lose(seq)
		return
	}
	for to <= a.newest && a.at(to) == nil {
		to++
	}
	a.lose(to)
}

// at returns the packet with a number, or nil.
func (a *Assembler) at(seq int64) *packet.Packet {
	if p := a.ring[seq&ringMask]; p != nil && p.Seq == seq {
		return p
	}
	return nil
}

// lose gives up everything before seq.
func (a *Assembler) lose(seq int64) {
	had := 0
	for n := a.next; n < min(seq, a.next+ringSize); n++ {
		if p := a.at(n); p != nil {
			had++
			a.drop(p)
		}
	}
	a.stats.Lost += seq - a.next - int64(had)
	if had > 0 {
		a.stats.Dropped++
	}
	lost := seq - a.next - int64(had)
	a.next, a.scanned = seq, seq
	a.hole = time.Time{}
	a.cut = true
	a.chain.lose(lost)
}

func (a *Assembler) drop(p *packet.Packet) {
	a.ring[p.Seq&ringMask] = nil
	a.held--
	p.Release()
}

// Next gives out the next frame that is whole at now. Its data is valid until
// the next call of a method.
func (a *Assembler) Next(now time.Time) (Frame, bool) {
	if a.empty || !a.begun && now.Sub(a.since) < a.cfg.Grace {
		return Frame{}, false
	}
	a.begun = true
	if f, ok := a.waiting(); ok {
		return f, true
	}
	for {
		last, whole := a.scan()
		switch {
		case whole && a.video:
			if f, ok := a.picture(last); ok {
				return f, true
			}
		case whole:
			a.sound()
			if f, ok := a.waiting(); ok {
				return f, true
			}
		case !a.giveUp(now):
			return Frame{}, false
		}
	}
}

// Flush gives out what is whole without waiting for anything more.
func (a *Assembler) Flush() (Frame, bool) {
	if a.empty {
		return Frame{}, false
	}
	a.begun = true
	return a.Next(a.since.Add(1 << 62))
}

// scan looks for the end of the frame that starts at next. Padding before it
// is dropped.
func (a *Assembler) scan() (last int64, whole bool) {
	for a.scanned == a.next {
		p := a.at(a.next)
		if p == nil {
			return 0, false
		}
		if len(p.Payload()) > 0 {
			break
		}
		a.drop(p)
		a.next++
		a.scanned = a.next
		a.hole = time.Time{}
	}
	first := a.at(a.next)
	for ; ; a.scanned++ {
		p := a.at(a.scanned)
		switch {
		case p == nil:
			return 0, false
		case len(p.Payload()) == 0:
			continue
		case p.Timestamp != first.Timestamp:
			return a.scanned - 1, true
		case p.Marker || !a.video:
			return a.scanned, true
		}
	}
}

// giveUp reports whether the packet missing at scanned has been waited for long
// enough, and then moves on behind it.
func (a *Assembler) giveUp(now time.Time) bool {
	if a.scanned > a.newest {
		a.hole = time.Time{}
		return false // nothing is missing: the frame goes on
	}
	to := a.scanned + 1
	for a.at(to) == nil {
		to++
	}
	if a.hole.IsZero() || a.holeAt != a.scanned || a.at(to).Arrival.Before(a.hole) {
		a.hole, a.holeAt = a.at(to).Arrival, a.scanned
	}
	if now.Sub(a.hole) < a.cfg.Wait {
		return false
	}
	a.lose(to)
	return true
}

// picture takes the packets up to last out of the ring. It reports false when
// they make no frame that may be given out.
func (a *Assembler) picture(last int64) (Frame, bool) {
	first := a.at(a.next)
	f := Frame{Timestamp: first.Timestamp, Arrival: first.Arrival}
	a.unit.reset(a.cut)
	var err error
	for n := a.next; n <= last; n++ {
		p := a.at(n)
		if payload := p.Payload(); len(payload) > 0 && err == nil {
			err = a.builder.add(&a.unit, payload, n == a.next)
		}
		a.drop(p)
	}
	if err == nil {
		err = a.builder.end(&a.unit)
	}
	a.passed(last)
	switch {
	case errors.Is(err, errNothing):
		a.cut = a.unit.cut // what is missing may be missing in the next frame
		return f, false
	case err != nil:
		a.stats.Dropped++
		a.chain.lose(0)
		return f, false
	case !a.decodable(a.unit.key, a.unit.refs):
		a.stats.Dropped++
		return f, false
	}
	a.builder.use(&a.unit)
	f.Key, f.Width, f.Height = a.unit.key, a.unit.width, a.unit.height
	f.Data, f.Private = a.unit.data, a.unit.private
	f.Broken, a.broken = a.broken, false
	a.stats.Frames++
	return f, true
}

// passed moves behind the packets of a frame.
func (a *Assembler) passed(last int64) {
	a.next, a.scanned = last+1, last+1
	a.hole = time.Time{}
	a.cut = false
}

// sound takes the packet at next out of the ring and queues what it holds.
func (a *Assembler) sound() {
	p := a.at(a.next)
	f := Frame{Timestamp: p.Timestamp, Arrival: p.Arrival, Key: true}
	a.unit.reset(a.cut)
	var err error
	if a.red[p.Seq&ringMask] {
		err = a.unwrap(f, p.Payload())
	} else if err = a.builder.add(&a.unit, p.Payload(), true); err == nil {
		f.Samples, f.Data = a.unit.samples, a.unit.data
		a.queue = append(a.queue, f)
	}
	a.drop(p)
	a.passed(a.next)
	if err != nil {
		a.stats.Dropped++
		a.chain.lose(0)
	}
}

// waiting gives out the next frame of sound that is queued.
func (a *Assembler) waiting() (Frame, bool) {
	if len(a.queue) == 0 {
		return Frame{}, false
	}
	f := a.queue[0]
	a.queue = a.queue[:copy(a.queue, a.queue[1:])]
	f.Broken = a.broken || a.chain.hurt && a.stats.Frames > 0 && (a.fresh || f.Timestamp != a.end)
	if a.broken = false; len(a.queue) == 0 {
		a.chain.hurt, a.chain.lost = false, 0
	}
	a.end, a.fresh = f.Timestamp+uint32(f.Samples), false
	a.stats.Frames++
	return f, true
}

// decodable reports whether a decoder of what was given out can decode a frame.
func (a *Assembler) decodable(key bool, refs Refs) bool {
	if a.needKey && !key {
		return false
	}
	switch a.chain.next(key, refs) {
	case follows:
	case bridges:
		a.broken = a.stats.Frames > 0
	case dangles:
		return false
	case breaksOff:
		a.needKey, a.broken = true, a.stats.Frames > 0
		return false
	}
	a.needKey = false
	return true
}
