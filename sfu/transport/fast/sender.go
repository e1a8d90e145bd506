//go:build linux

package fast

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"plenum/sfu/codec"
	"plenum/sfu/rtcpwire"
	"plenum/sfu/srtp"
	"plenum/sfu/transport"
	"plenum/sfu/transport/plain"
)

// bindable is a plain sender, which Pion negotiates for us.
type bindable interface {
	transport.Sender
	Binding() *plain.Binding
}

// A sender is one half of a seat. Until the handshake is over it drops what it
// is given; then it seals itself, or leaves it to the plain sender for good.
type sender struct {
	conn  *conn
	plain bindable

	listen   sync.Once
	feedback transport.Feedback

	// The writer's own.
	bound      *plain.Binding
	media, rtx *srtp.Stream // rtx is nil without RTX
	rtxSeq     uint16
	header     [maxHeader]byte
	original   [2]byte
	again      transport.Again // sealed packets, without RTX

	packets, octets atomic.Uint32 // counts for sender reports
}

// maxHeader is the largest RTP header written here: the fixed part, one CSRC,
// and one extension of three bytes (RFC 8285 section 4.2).
const maxHeader = 12 + 4 + 4 + 4

// maxPadding is how much padding one packet may have (RFC 3550 section 5.1).
const maxPadding = 255

// Listen implements transport.Sender.
func (s *sender) Listen(f transport.Feedback) {
	s.listen.Do(func() { s.feedback = f })
	s.plain.Listen(f)
}

// Codecs implements transport.Sender.
func (s *sender) Codecs() codec.Set { return s.plain.Codecs() }

// ready returns the link when it may be written to.
func (s *sender) ready() *link {
	l := s.conn.link.Load()
	if l == nil {
		return nil
	}
	b := s.plain.Binding()
	if b == nil {
		return nil
	}
	if b != s.bound {
		s.bound, s.media, s.rtx = b, l.out.Stream(b.SSRC), nil
		if b.RTXSSRC != 0 {
			s.rtx = l.out.Stream(b.RTXSSRC)
		}
		s.conn.hear(b.SSRC, s)
	}
	return l
}

// Write implements transport.Sender.
func (s *sender) Write(h transport.Header, payload []byte) {
	if s.conn.mode.Load() == modePlain {
		s.plain.Write(h, payload)
		return
	}
	if l := s.ready(); l != nil && s.send(l, h, payload, int(h.Fill)) {
		s.packets.Add(1)
		s.octets.Add(uint32(len(payload)))
	}
}

// Pad implements transport.Sender.
func (s *sender) Pad(h transport.Header, bytes int) {
	if s.conn.mode.Load() == modePlain {
		s.plain.Pad(h, bytes)
		return
	}
	if l := s.ready(); l != nil && s.send(l, h, nil, min(max(bytes, 1), maxPadding)) {
		s.packets.Add(1)
	}
}

// send seals one packet of the media stream, with its transport-wide number.
func (s *sender) send(l *link, h transport.Header, payload []byte, pad int) bool {
	payloadType := s.bound.Types[h.Codec].Media
	if payloadType == 0 {
		return false
	}
	n := s.fill(h, payloadType)
	if id := s.bound.WideID; id != 0 {
		number := s.conn.events.Sending(len(payload) + pad + transport.Overhead)
		s.header[0] |= 0x10
		e := s.header[n : n+8]
		e[0], e[1], e[2], e[3] = 0xBE, 0xDE, 0, 1
		e[4], e[7] = id<<4|1, 0
		binary.BigEndian.PutUint16(e[5:], number)
		n += 8
	}
	if pad > 0 {
		s.header[0] |= 0x20
	}
	return s.seal(l, h.Batch, s.media, s.header[:n], nil, payload, pad)
}

// fill writes the fixed part of the header and returns its length.
func (s *sender) fill(h transport.Header, payloadType uint8) int {
	b := &s.header
	b[0], b[1] = 0x80, payloadType
	if h.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.Seq)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	if h.CSRC == 0 {
		return 12
	}
	b[0] |= 1
	binary.BigEndian.PutUint32(b[12:], h.CSRC)
	return 16
}

// seal writes a sealed packet into the batch it belongs to, or hands it to the
// link's side. It reports whether the packet is on its way.
func (s *sender) seal(l *link, in transport.Batch, by *srtp.Stream, header, prefix, payload []byte, pad int) bool {
	d := l.to.Load()
	if d == nil {
		return false
	}
	size := len(header) + len(prefix) + len(payload) + pad + srtp.TagLen
	if b, ok := in.(*batch); ok && b.room(size) {
		from := len(b.slab)
		sealed, err := sealInto(b.slab, by, header, prefix, payload, pad)
		if err != nil {
			return false
		}
		b.slab = sealed
		b.add(l, d, from)
		s.keep(by, header, sealed[from:])
		return true
	}
	return l.side.put(l, d, size, func(to []byte) ([]byte, error) {
		sealed, err := sealInto(to, by, header, prefix, payload, pad)
		if err == nil {
			s.keep(by, header, sealed[len(to):])
		}
		return sealed, err
	})
}

// keep remembers a sealed packet of a stream that has no RTX.
func (s *sender) keep(by *srtp.Stream, header, sealed []byte) {
	if s.rtx == nil && by == s.media {
		s.again.Keep(binary.BigEndian.Uint16(header[2:]), sealed)
	}
}

// sealInto appends a sealed packet to a slab that has room for it. A payload
// that stands alone is encrypted on its way; one with something before or
// after it is put together where its ciphertext will be.
func sealInto(slab []byte, by *srtp.Stream, header, prefix, payload []byte, pad int) ([]byte, error) {
	if len(prefix) == 0 && pad == 0 {
		return by.Seal(slab, header, payload)
	}
	at := len(slab) + len(header)
	plain := slab[at:at:cap(slab)]
	plain = append(plain, prefix...)
	plain = append(plain, payload...)
	for i := range pad {
		if i == pad-1 {
			plain = append(plain, byte(pad))
			break
		}
		plain = append(plain, 0)
	}
	return by.Seal(slab, header, plain)
}

// Resend implements transport.Sender. RTX carries no transport-wide number, as
// on the plain path. Without RTX the very packet goes that went before, number
// and all.
func (s *sender) Resend(h transport.Header, payload []byte) int {
	if s.conn.mode.Load() == modePlain {
		return s.plain.Resend(h, payload)
	}
	l := s.ready()
	if l == nil {
		return 0
	}
	if s.rtx == nil {
		return s.repeat(l, s.again.Get(h.Seq))
	}
	if s.bound.Types[h.Codec].RTX == 0 {
		return 0
	}
	binary.BigEndian.PutUint16(s.original[:], h.Seq) // RFC 4588 section 4
	s.rtxSeq++
	h.Seq = s.rtxSeq
	n := s.fill(h, s.bound.Types[h.Codec].RTX)
	if !s.seal(l, h.Batch, s.rtx, s.header[:n], s.original[:], payload, 0) {
		return 0
	}
	return n + len(s.original) + len(payload)
}

// repeat sends a sealed packet as it is.
func (s *sender) repeat(l *link, sealed []byte) int {
	d := l.to.Load()
	if d == nil || len(sealed) == 0 {
		return 0
	}
	if !l.side.put(l, d, len(sealed), func(to []byte) ([]byte, error) { return append(to, sealed...), nil }) {
		return 0
	}
	return len(sealed)
}

// Report implements transport.Sender.
func (s *sender) Report(ntp uint64, timestamp uint32) {
	if s.conn.mode.Load() == modePlain {
		s.plain.Report(ntp, timestamp)
		return
	}
	if l := s.ready(); l != nil && s.packets.Load() > 0 {
		var b [32]byte
		l.control(rtcpwire.AppendSenderReport(b[:0], s.bound.SSRC, ntp, timestamp, s.packets.Load(), s.octets.Load()))
	}
}
