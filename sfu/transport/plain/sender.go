package plain

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

// sender is one half of a seat: a TrackLocal that is fed from outside and a
// transport.Sender.
type sender struct {
	conn *Conn
	seat int
	kind webrtc.RTPCodecType
	tr   *webrtc.RTPTransceiver // set before the first negotiation
	rtp  *webrtc.RTPSender      // the same

	bound atomic.Pointer[Binding] // nil until negotiated

	listen   sync.Once
	feedback transport.Feedback
	reading  sync.Once

	rtxSeq uint16 // the writer's own, like what follows
	rtx    []byte // scratch of Resend
	header rtp.Header
	plain  rtp.Header      // of RTX
	wide   [2]byte         // the transport-wide number in header
	again  transport.Again // packets without RTX
	raw    [64]byte        // scratch of keep: a header

	arrivals []bandwidth.Arrival // scratch of readFeedback

	packets atomic.Uint32 // counts for sender reports
	octets  atomic.Uint32
}

// A Binding is what negotiation gave a sender.
type Binding struct {
	SSRC    uint32
	RTXSSRC uint32 // 0 without RTX
	WideID  uint8  // extension id of transport-wide numbers; 0 without
	Types   Types

	stream webrtc.TrackLocalWriter
}

// Types are the payload types of a stream by format, that of the first one at
// codec.None.
type Types [codec.Kinds]struct {
	Media uint8 // 0 for a format that was not agreed on
	RTX   uint8 // 0 without
}

// typesOf lists the first payload type of each format.
func typesOf(formats []Format) (t Types) {
	for _, f := range formats {
		for _, k := range []codec.Kind{codec.None, f.Kind} {
			if t[k].Media == 0 {
				t[k].Media, t[k].RTX = f.Payload, f.RTX
			}
		}
	}
	return t
}

// Binding returns what was negotiated, nil before. The same negotiation gives
// the same pointer.
func (s *sender) Binding() *Binding { return s.bound.Load() }

// maxPadding is how much padding one packet may have (RFC 3550 section 5.1).
const maxPadding = 255

func newSender(c *Conn, seat int, kind webrtc.RTPCodecType) *sender {
	return &sender{conn: c, seat: seat, kind: kind}
}

// ID, RID, StreamID and Kind implement webrtc.TrackLocal. The two halves of a
// seat share a stream, so that browsers keep lips in sync.
func (s *sender) ID() string                { return s.kind.String() + "-" + strconv.Itoa(s.seat) }
func (s *sender) RID() string               { return "" }
func (s *sender) StreamID() string          { return "seat-" + strconv.Itoa(s.seat) }
func (s *sender) Kind() webrtc.RTPCodecType { return s.kind }

// Bind implements webrtc.TrackLocal.
func (s *sender) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	types := typesOf(s.conn.formatsOf(s.tr.Mid()))
	for _, c := range ctx.CodecParameters() {
		if types[codec.None].Media == 0 || uint8(c.PayloadType) != types[codec.None].Media {
			continue
		}
		b := &Binding{
			stream: ctx.WriteStream(), SSRC: uint32(ctx.SSRC()), RTXSSRC: uint32(ctx.SSRCRetransmission()), Types: types,
		}
		for _, ext := range ctx.HeaderExtensions() {
			if ext.URI == URITransportCC && s.conn.Numbered() {
				b.WideID = uint8(ext.ID)
			}
		}
		s.bound.Store(b)
		return c, nil
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("the offer lacks a format of ours: %w", webrtc.ErrUnsupportedCodec)
}

// rebind takes what a further answer agreed on.
func (s *sender) rebind() {
	old := s.bound.Load()
	if old == nil {
		return
	}
	if types := typesOf(s.conn.formatsOf(s.tr.Mid())); types != old.Types && types[codec.None].Media != 0 {
		b := *old
		b.Types = types
		s.bound.Store(&b)
	}
}

// Codecs implements transport.Sender.
func (s *sender) Codecs() codec.Set { return KindsOf(s.conn.formatsOf(s.tr.Mid())) }

// Unbind implements webrtc.TrackLocal.
func (s *sender) Unbind(webrtc.TrackLocalContext) error {
	s.bound.Store(nil)
	return nil
}

// Listen implements transport.Sender.
func (s *sender) Listen(f transport.Feedback) { s.listen.Do(func() { s.feedback = f }) }

// Write implements transport.Sender.
func (s *sender) Write(h transport.Header, payload []byte) {
	b := s.bound.Load()
	if b == nil {
		return
	}
	if !s.send(b, h, payload) {
		return // not connected, or closing: as good as lost
	}
	s.packets.Add(1)
	s.octets.Add(uint32(len(payload)))
}

// Pad implements transport.Sender.
func (s *sender) Pad(h transport.Header, bytes int) {
	b := s.bound.Load()
	if b == nil {
		return
	}
	s.header.Padding, s.header.PaddingSize = true, byte(min(max(bytes, 1), maxPadding))
	if s.send(b, h, nil) {
		s.packets.Add(1)
	}
	s.header.Padding, s.header.PaddingSize = false, 0
}

// send writes one packet of the media stream, with its transport-wide number.
func (s *sender) send(b *Binding, h transport.Header, payload []byte) bool {
	s.reading.Do(func() { s.conn.run(s.readFeedback) })
	payloadType := b.Types[h.Codec].Media
	if payloadType == 0 {
		return false
	}
	fill(&s.header, h, payloadType, b.SSRC)
	if b.WideID != 0 {
		binary.BigEndian.PutUint16(s.wide[:], s.conn.events.Sending(
			len(payload)+int(s.header.PaddingSize)+transport.Overhead))
		if !s.header.Extension {
			if err := s.header.SetExtension(b.WideID, s.wide[:]); err != nil {
				return false
			}
		}
	}
	if _, err := b.stream.WriteRTP(&s.header, payload); err != nil {
		return false
	}
	if b.RTXSSRC == 0 {
		s.keep(payload)
	}
	return true
}

// keep remembers the packet that went out.
func (s *sender) keep(payload []byte) {
	n, err := s.header.MarshalTo(s.raw[:])
	if err == nil {
		s.again.Keep(s.header.SequenceNumber, s.raw[:n], payload)
	}
}

// repeat sends a packet once more as it was.
func (s *sender) repeat(b *Binding, packet []byte) int {
	var h rtp.Header
	n, err := h.Unmarshal(packet)
	if err != nil || h.Padding {
		return 0
	}
	if n, err = b.stream.WriteRTP(&h, packet[n:]); err != nil {
		return 0
	}
	return n
}

// Resend implements transport.Sender. RTX carries no transport-wide number:
// browsers send their feedback under the SSRC that came last, and Pion can't
// read what comes for the SSRC of RTX. Without RTX the very packet goes that
// went before, number and all.
func (s *sender) Resend(h transport.Header, payload []byte) int {
	b := s.bound.Load()
	if b == nil {
		return 0
	}
	if b.RTXSSRC == 0 {
		return s.repeat(b, s.again.Get(h.Seq))
	}
	if b.Types[h.Codec].RTX == 0 {
		return 0
	}
	s.rtx = append(s.rtx[:0], byte(h.Seq>>8), byte(h.Seq)) // original sequence number, RFC 4588 section 4
	s.rtx = append(s.rtx, payload...)
	s.rtxSeq++
	h.Seq = s.rtxSeq
	fill(&s.plain, h, b.Types[h.Codec].RTX, b.RTXSSRC)
	n, err := b.stream.WriteRTP(&s.plain, s.rtx)
	if err != nil {
		return 0
	}
	return n
}

func fill(to *rtp.Header, h transport.Header, payloadType uint8, ssrc uint32) {
	to.Version = 2
	to.Marker = h.Marker
	to.PayloadType = payloadType
	to.SequenceNumber = h.Seq
	to.Timestamp = h.Timestamp
	to.SSRC = ssrc
	to.CSRC = append(to.CSRC[:0], h.CSRC)
	if h.CSRC == 0 {
		to.CSRC = to.CSRC[:0]
	}
}

// Report implements transport.Sender.
func (s *sender) Report(ntp uint64, timestamp uint32) {
	b := s.bound.Load()
	if b == nil || s.packets.Load() == 0 {
		return
	}
	s.conn.writeRTCP(&rtcp.SenderReport{
		SSRC: b.SSRC, NTPTime: ntp, RTPTime: timestamp,
		PacketCount: s.packets.Load(), OctetCount: s.octets.Load(),
	})
}

// readFeedback reads the subscriber's RTCP about this stream until the
// connection closes. It starts with the first packet, so that seats nobody
// has sat on cost no goroutine.
func (s *sender) readFeedback() {
	for {
		packets, _, err := s.rtp.ReadRTCP()
		if err != nil {
			return
		}
		b := s.bound.Load()
		if b == nil || s.feedback == nil {
			continue
		}
		now := time.Now()
		for _, p := range packets {
			s.heard(p, b.SSRC, now)
		}
	}
}

// heard handles one RTCP packet; a compound one may concern other streams too.
func (s *sender) heard(p rtcp.Packet, ssrc uint32, now time.Time) {
	switch p := p.(type) {
	case *rtcp.TransportLayerNack:
		if p.MediaSSRC != ssrc {
			return
		}
		for _, pair := range p.Nacks {
			s.feedback.Nack(pair.PacketList(), now)
		}
	case *rtcp.PictureLossIndication:
		if p.MediaSSRC == ssrc {
			s.feedback.KeyframeWanted(now)
		}
	case *rtcp.FullIntraRequest:
		for _, e := range p.FIR {
			if e.SSRC == ssrc {
				s.feedback.KeyframeWanted(now)
			}
		}
	case *rtcp.TransportLayerCC:
		s.arrivals = unpack(s.arrivals[:0], p)
		s.conn.events.Arrived(s.arrivals, now)
	case *rtcp.ReceiverReport:
		for _, r := range p.Reports {
			if r.SSRC == ssrc && r.LastSenderReport != 0 {
				s.feedback.RoundTrip(transport.RoundTrip(now, r.LastSenderReport, r.Delay))
				s.feedback.Lost(float64(r.FractionLost) / 256)
			}
		}
	}
}
