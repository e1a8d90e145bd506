// Package packet holds the one packet type of the media plane and its pool.
//
// A packet is read once from a transport, parsed once, and then shared by every
// subscriber, the retransmission ring and the recorder without copying.
package packet

import (
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/codec"
)

// MTU is the most bytes of one RTP packet, header included, that a Packet holds.
// It is an Ethernet frame's payload, which no browser exceeds.
const MTU = 1500

// A Packet is one decrypted RTP packet (RFC 3550 section 5.1).
//
// Whoever holds a *Packet owns one reference and either passes it on or calls
// Release, never both. Its bytes and fields are read-only from the second owner
// on. A call that takes ownership says "takes p". Misuse panics: it is our bug,
// not the peer's.
type Packet struct {
	// Seq is the sequence number, unwrapped to 64 bits once at the edge.
	Seq int64
	// Timestamp, SSRC, PayloadType and Marker are the RTP header's.
	Timestamp   uint32
	SSRC        uint32
	PayloadType uint8
	Marker      bool
	// Arrival is when the packet was read, with a monotonic reading.
	Arrival time.Time
	// Level is the RFC 6464 audio level in -dBov: 0 is loudest, 127 silence.
	// It is valid when HasLevel is set; Voice is that extension's V bit.
	Level    uint8
	HasLevel bool
	Voice    bool
	// Repaired is set on a packet that came by RTX (RFC 4588).
	Repaired bool
	// Keyframe is set on the first packet of a video keyframe, from which on a
	// decoder that has had nothing can begin.
	Keyframe bool
	// Frame is what the payload of a video packet says of itself.
	Frame codec.Frame

	buf   [MTU]byte
	start int // where the payload begins in buf
	end   int // where the payload ends; padding is already cut off
	ext   extensions
	refs  atomic.Int32
	pool  *Pool
}

// Buffer returns the packet's whole storage for the reader that fills it.
// Only the first owner may write to it.
func (p *Packet) Buffer() []byte { return p.buf[:] }

// SetPayload says which part of the buffer is payload. Only the first owner calls it.
func (p *Packet) SetPayload(start, end int) { p.start, p.end = start, end }

// PayloadBounds returns where the payload begins and ends in the buffer.
func (p *Packet) PayloadBounds() (start, end int) { return p.start, p.end }

// Payload returns the RTP payload without header and padding. It is empty for
// a packet that carries only padding.
func (p *Packet) Payload() []byte { return p.buf[p.start:p.end] }

// Retain adds a reference and returns p, for handing p to one more owner.
func (p *Packet) Retain() *Packet {
	if p.refs.Add(1) <= 1 {
		panic("packet: retained after release")
	}
	return p
}

// Release gives up one reference. The last one puts the packet back in its pool.
func (p *Packet) Release() {
	switch n := p.refs.Add(-1); {
	case n > 0:
	case n < 0:
		panic("packet: released twice")
	default:
		p.pool.put(p)
	}
}

// A Pool hands out packets and takes them back. Its zero value is ready.
type Pool struct {
	free        sync.Pool
	outstanding atomic.Int64
}

// Get returns an empty packet with one reference, owned by the caller.
func (l *Pool) Get() *Packet {
	p, ok := l.free.Get().(*Packet)
	if !ok {
		p = &Packet{}
	}
	l.outstanding.Add(1)
	p.pool = l
	p.refs.Store(1)
	return p
}

// Outstanding returns how many packets are in use, which is zero when every
// owner has released what it held.
func (l *Pool) Outstanding() int64 { return l.outstanding.Load() }

func (l *Pool) put(p *Packet) {
	l.outstanding.Add(-1)
	p.Seq, p.Timestamp, p.SSRC, p.PayloadType, p.Marker = 0, 0, 0, 0, false
	p.Arrival, p.Level, p.HasLevel, p.Voice, p.Keyframe, p.Repaired = time.Time{}, 0, false, false, false, false
	p.start, p.end, p.ext, p.Frame = 0, 0, extensions{}, codec.Frame{}
	l.free.Put(p)
}
