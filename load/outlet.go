package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"plenum/signaling/protocol"
)

// codecOf describes a codec; feedback is a list of "type parameter".
func codecOf(mime string, rate uint32, channels uint16, fmtp string, pt webrtc.PayloadType, feedback ...string) webrtc.RTPCodecParameters {
	c := webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: mime, ClockRate: rate, Channels: channels, SDPFmtpLine: fmtp,
	}}
	for _, f := range feedback {
		kind, parameter, _ := strings.Cut(f, " ")
		c.RTCPFeedback = append(c.RTCPFeedback, webrtc.RTCPFeedback{Type: kind, Parameter: parameter})
	}
	return c
}

// An outlet is one encoding of one source: what is written to it is sent as it
// is, with the header extensions a browser would add. Only its publisher's
// goroutine writes.
type outlet struct {
	source      protocol.Source
	rid         string
	layer       int
	sender      *webrtc.RTPSender
	transceiver *webrtc.RTPTransceiver

	bound     atomic.Pointer[binding] // nil until negotiated
	keyWanted atomic.Bool             // the server asked for a keyframe
	idle      atomic.Bool             // nobody wants the encoding

	header rtp.Header
	level  [1]byte
	wide   [2]byte
	octets uint32
	sent   atomic.Uint32
	seq    uint16
}

// binding is what negotiation gave an outlet.
type binding struct {
	stream                          webrtc.TrackLocalWriter
	ssrc                            uint32
	payloadType                     uint8
	levelID, wideID, midID, streamI uint8
}

func newOutlet(s protocol.Source, rid string, layer int) *outlet {
	o := &outlet{source: s, rid: rid, layer: layer}
	o.keyWanted.Store(true) // the first frame is one
	return o
}

// ID, RID, StreamID and Kind implement webrtc.TrackLocal.
func (o *outlet) ID() string       { return string(o.source) }
func (o *outlet) RID() string      { return o.rid }
func (o *outlet) StreamID() string { return "load" }
func (o *outlet) Kind() webrtc.RTPCodecType {
	if o.source == protocol.Camera {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// Bind implements webrtc.TrackLocal.
func (o *outlet) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	want := webrtc.MimeTypeOpus
	if o.source == protocol.Camera {
		want = webrtc.MimeTypeVP8
	}
	for _, c := range ctx.CodecParameters() {
		if !strings.EqualFold(c.MimeType, want) {
			continue
		}
		b := &binding{stream: ctx.WriteStream(), ssrc: uint32(ctx.SSRC()), payloadType: uint8(c.PayloadType)}
		for _, e := range ctx.HeaderExtensions() {
			switch id := uint8(e.ID); e.URI {
			case uriAudioLevel:
				b.levelID = id
			case uriTransportCC:
				b.wideID = id
			case uriMid:
				b.midID = id
			case uriRID:
				b.streamI = id
			}
		}
		o.bound.Store(b)
		return c, nil
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("the answer lacks %s: %w", want, webrtc.ErrUnsupportedCodec)
}

// Unbind implements webrtc.TrackLocal.
func (o *outlet) Unbind(webrtc.TrackLocalContext) error {
	o.bound.Store(nil)
	return nil
}

// begin prepares the header that all packets share.
func (o *outlet) begin() error {
	b := o.bound.Load()
	if b == nil {
		return errors.New("the answer has no place for " + string(o.source))
	}
	o.header = rtp.Header{Version: 2, PayloadType: b.payloadType, SSRC: b.ssrc}
	extensions := []struct {
		id    uint8
		value []byte
	}{{b.midID, []byte(o.transceiver.Mid())}, {b.wideID, o.wide[:]}}
	if o.source == protocol.Microphone {
		extensions = append(extensions, struct {
			id    uint8
			value []byte
		}{b.levelID, o.level[:]})
	}
	if o.rid != "" {
		extensions = append(extensions, struct {
			id    uint8
			value []byte
		}{b.streamI, []byte(o.rid)})
	}
	for _, e := range extensions {
		if e.id == 0 {
			continue
		}
		if err := o.header.SetExtension(e.id, e.value); err != nil {
			return fmt.Errorf("set header extension %d: %w", e.id, err)
		}
	}
	return nil
}

// write sends one packet. wide is its transport-wide number.
func (o *outlet) write(timestamp uint32, marker bool, payload []byte, wide uint16) {
	b := o.bound.Load()
	if b == nil {
		return // closing
	}
	binary.BigEndian.PutUint16(o.wide[:], wide)
	o.seq++
	o.header.SequenceNumber, o.header.Timestamp, o.header.Marker = o.seq, timestamp, marker
	if _, err := b.stream.WriteRTP(&o.header, payload); err == nil {
		o.sent.Add(1)
		o.octets += uint32(len(payload))
	}
}

// report is the sender report of what was sent so far (RFC 3550 section 6.4.1).
func (o *outlet) report(now time.Time, timestamp uint32) *rtcp.SenderReport {
	const ntpEpoch = 2208988800 // seconds from 1900 to 1970
	ntp := uint64(now.Unix()+ntpEpoch)<<32 | uint64(now.Nanosecond())<<32/uint64(time.Second)
	return &rtcp.SenderReport{
		SSRC: o.header.SSRC, NTPTime: ntp, RTPTime: timestamp, PacketCount: o.sent.Load(), OctetCount: o.octets,
	}
}

// listen reads the server's feedback until the connection closes.
func (o *outlet) listen() {
	for {
		var packets []rtcp.Packet
		var err error
		if o.rid != "" {
			packets, _, err = o.sender.ReadSimulcastRTCP(o.rid)
		} else {
			packets, _, err = o.sender.ReadRTCP()
		}
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication:
				o.wantKey(p.MediaSSRC)
			case *rtcp.FullIntraRequest:
				for _, e := range p.FIR {
					o.wantKey(e.SSRC)
				}
			}
		}
	}
}

func (o *outlet) wantKey(ssrc uint32) {
	if b := o.bound.Load(); b != nil && b.ssrc == ssrc {
		o.keyWanted.Store(true)
	}
}
