// Package frames turns the packets of one stream into whole frames. It puts
// packets in order, waits for late ones, and never gives out a frame that a
// decoder could not decode: after a loss it drops pictures up to the next
// keyframe and says so. It has no clock of its own.
package frames

import (
	"time"

	"plenum/sfu/codec"
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

// A Part is what one payload adds to a frame.
type Part struct {
	Body          []byte
	Start         bool // the frame begins here
	Key           bool // of a frame that needs no other; valid with Start
	Width, Height int  // of a keyframe; valid with Start
	Samples       int  // how long audio plays, at 48 kHz
	Refs          Refs // what the frame needs; valid with Start
}

// A Format reads the payloads of a codec.
type Format struct {
	parse func(payload []byte) (Part, error)
	video bool // frames span packets and refer to each other
}

// VP8 is the format of RFC 7741.
func VP8() Format {
	return Format{video: true, parse: func(payload []byte) (Part, error) {
		v, err := codec.ParseVP8(payload)
		if err != nil {
			return Part{}, err
		}
		return Part{
			Body: payload[v.DescriptorLen:], Start: v.Start, Key: v.Keyframe, Width: v.Width, Height: v.Height,
			Refs: Refs{Picture: v.PictureID, Wide: v.LongPictureID, TL0: v.TL0PicIdx, Layer: v.TID, Sync: v.LayerSync},
		}, nil
	}}
}

// Opus is the format of RFC 7587: each packet is a frame.
func Opus() Format {
	return Format{parse: func(payload []byte) (Part, error) {
		n, err := codec.OpusDuration(payload)
		return Part{Body: payload, Start: true, Key: true, Samples: n, Refs: noRefs}, err
	}}
}

// A Frame is one whole coded frame.
type Frame struct {
	Timestamp     uint32
	Arrival       time.Time // of its first packet
	Key           bool
	Broken        bool // frames are missing between this one and the one before
	Width, Height int  // of a video keyframe
	Samples       int  // of audio, at 48 kHz
	Data          []byte
}

// Stats count what an Assembler has seen.
type Stats struct {
	Packets int64 // taken, padding included
	Lost    int64 // waited for in vain
	Late    int64 // came after they were given up, or twice
	Frames  int64 // given out
	Dropped int64 // frames not given out: torn, or without their reference
}

// An Assembler builds frames from one stream's packets. It isn't safe for use
// by more than one goroutine.
type Assembler struct {
	format Format
	cfg    Config
	ring   [ringSize]*packet.Packet
	held   int

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
	buf     []byte
}

// New returns an Assembler for a stream of the format.
func New(f Format, cfg Config) *Assembler {
	if cfg.Wait == 0 {
		cfg.Wait = 800 * time.Millisecond
	}
	if cfg.Grace == 0 {
		cfg.Grace = 100 * time.Millisecond
	}
	return &Assembler{format: f, cfg: cfg, empty: true, needKey: f.video}
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
	a.needKey = a.format.video
	a.broken = a.stats.Frames > 0
	a.chain = chain{}
}

// Push takes p.
func (a *Assembler) Push(p *packet.Packet) {
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
			a.Push(p)
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
	a.ring[p.Seq&ringMask] = p
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
	for {
		last, whole := a.scan()
		switch {
		case whole:
			if f, ok := a.assemble(last); ok {
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
		case p.Marker || !a.format.video:
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

// assemble takes the packets up to last out of the ring. It reports false when
// they make no frame that may be given out.
func (a *Assembler) assemble(last int64) (Frame, bool) {
	first := a.at(a.next)
	f := Frame{Timestamp: first.Timestamp, Arrival: first.Arrival}
	a.buf = a.buf[:0]
	good, refs := true, noRefs
	for n := a.next; n <= last; n++ {
		p := a.at(n)
		if payload := p.Payload(); len(payload) > 0 && good {
			part, err := a.format.parse(payload)
			good = err == nil && part.Start == (n == a.next)
			if n == a.next {
				f.Key, f.Width, f.Height, f.Samples = part.Key, part.Width, part.Height, part.Samples
				refs = part.Refs
			}
			a.buf = append(a.buf, part.Body...)
		}
		a.drop(p)
	}
	a.next, a.scanned = last+1, last+1
	a.hole = time.Time{}
	if !good {
		a.stats.Dropped++
		a.chain.lose(0)
		return f, false
	}
	if !a.decodable(f.Key, refs) {
		a.stats.Dropped++
		return f, false
	}
	f.Broken, a.broken = a.broken, false
	f.Data = a.buf
	a.stats.Frames++
	return f, true
}

// decodable reports whether a decoder of what was given out can decode a frame.
func (a *Assembler) decodable(key bool, refs Refs) bool {
	if !a.format.video {
		a.broken = a.broken || a.chain.hurt && a.stats.Frames > 0
		a.chain = chain{}
		return true
	}
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
