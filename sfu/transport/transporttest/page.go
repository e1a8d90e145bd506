package transporttest

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/bandwidth"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

const (
	seatCount = 2
	video     = webrtc.RTPCodecTypeVideo

	uriLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriWide  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	uriMid   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	uriRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
)

var quiet = slog.New(slog.DiscardHandler)

// got is a packet a page received.
type got struct{ rtp.Packet }

// client says what a page is like.
type client struct {
	simulcast bool
	wire      *wire
}

// A page is the peer: two things it sends, then seats.
type page struct {
	pc        *webrtc.PeerConnection
	senders   []*source // microphone, camera
	encodings []*source // of the camera, with simulcast
	wire      *wire

	mu     sync.Mutex
	in     map[int]map[webrtc.RTPCodecType][]got
	report []rtcp.SenderReport
}

// A source is what a page sends on: a track that writes what it is told.
type source struct {
	webrtc.TrackLocal
	rid string
	tr  *webrtc.RTPTransceiver

	mu    sync.Mutex
	out   webrtc.TrackLocalWriter
	main  uint32
	again uint32
	rtcp  []rtcp.Packet
}

func (s *source) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	s.mu.Lock()
	s.out, s.main, s.again = ctx.WriteStream(), uint32(ctx.SSRC()), uint32(ctx.SSRCRetransmission())
	s.mu.Unlock()
	return s.TrackLocal.Bind(ctx)
}

func (s *source) ssrc() uint32 { s.mu.Lock(); defer s.mu.Unlock(); return s.main }
func (s *source) rtx() uint32  { s.mu.Lock(); defer s.mu.Unlock(); return s.again }
func (s *source) mid() string  { return s.tr.Mid() }

func (s *source) write(seq uint16, payload []byte, ext map[string][]byte) error {
	p := uint8(111)
	if s.Kind() == video {
		p = 96
	}
	h := rtp.Header{Version: 2, PayloadType: p, SequenceNumber: seq, Timestamp: uint32(seq) * 100, SSRC: s.ssrc(), Marker: true}
	for _, e := range s.tr.Sender().GetParameters().HeaderExtensions {
		if v, ok := ext[e.URI]; ok {
			if err := h.SetExtension(uint8(e.ID), v); err != nil {
				return err
			}
		}
	}
	return s.send(&h, payload)
}

func (s *source) writeAs(ssrc uint32, payloadType uint8, seq uint16, payload []byte) error {
	return s.send(&rtp.Header{Version: 2, PayloadType: payloadType, SequenceNumber: seq, SSRC: ssrc}, payload)
}

func (s *source) send(h *rtp.Header, payload []byte) error {
	s.mu.Lock()
	out := s.out
	s.mu.Unlock()
	_, err := out.WriteRTP(h, payload)
	return err
}

// heard is the RTCP about what the source sends.
func (s *source) heard() []rtcp.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rtcp)
}

func (s *source) heardAnywhere(p *page) []rtcp.Packet {
	var all []rtcp.Packet
	for _, o := range append(slices.Clone(p.senders), p.encodings...) {
		all = append(all, o.heard()...)
	}
	return all
}

func (s *source) listen() {
	for {
		packets, _, err := s.tr.Sender().ReadRTCP()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.rtcp = append(s.rtcp, packets...)
		s.mu.Unlock()
	}
}

func newPage(t *testing.T, kind Kind, is client) *page {
	t.Helper()
	p := &page{in: map[int]map[webrtc.RTPCodecType][]got{}, wire: is.wire}
	media := &webrtc.MediaEngine{}
	must(t, media.RegisterDefaultCodecs())
	must(t, webrtc.ConfigureSimulcastExtensionHeaders(media))
	must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uriLevel}, webrtc.RTPCodecTypeAudio))
	for _, k := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, video} {
		must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uriWide}, k))
		media.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, k)
	}
	registry := &interceptor.Registry{}
	tell, err := twcc.NewSenderInterceptor(twcc.SendInterval(20 * time.Millisecond))
	must(t, err)
	registry.Add(tell)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings(t, kind, is))).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	p.pc = pc
	p.publish(t, is)
	for range seatCount {
		for _, k := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, video} {
			_, err := pc.AddTransceiverFromKind(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			must(t, err)
		}
	}
	pc.OnTrack(p.receive)
	return p
}

func settings(t *testing.T, kind Kind, is client) webrtc.SettingEngine {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	switch {
	case kind.HMAC:
		s.SetSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	case kind.Both:
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	case kind.TCP:
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	if is.wire != nil {
		mux := webrtc.NewICEUDPMux(nil, is.wire)
		s.SetICEUDPMux(mux)
		t.Cleanup(func() { _ = mux.Close() })
	}
	return s
}

func (p *page) publish(t *testing.T, is client) {
	t.Helper()
	add := func(mime, id, rid string) *source {
		var opts []func(*webrtc.TrackLocalStaticRTP)
		if rid != "" {
			opts = append(opts, webrtc.WithRTPStreamID(rid))
		}
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "me", opts...)
		must(t, err)
		return &source{TrackLocal: track, rid: rid}
	}
	rid := ""
	if is.simulcast {
		rid = "q"
	}
	p.senders = []*source{add(webrtc.MimeTypeOpus, "microphone", ""), add(webrtc.MimeTypeVP8, "camera", rid)}
	for _, s := range p.senders {
		tr, err := p.pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		must(t, err)
		s.tr = tr
	}
	if is.simulcast {
		p.encodings = []*source{p.senders[1]}
		for _, rid := range []string{"h", "f"} {
			e := add(webrtc.MimeTypeVP8, "camera", rid)
			e.tr = p.senders[1].tr
			must(t, e.tr.Sender().AddEncoding(e))
			p.encodings = append(p.encodings, e)
		}
	}
	for _, s := range p.senders {
		go s.listen()
	}
}

func (p *page) receive(track *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	seat := int(strings.TrimPrefix(track.StreamID(), "seat-")[0] - '0')
	go func() {
		for {
			packets, _, err := r.ReadRTCP()
			if err != nil {
				return
			}
			p.mu.Lock()
			for _, one := range packets {
				if sr, ok := one.(*rtcp.SenderReport); ok {
					p.report = append(p.report, *sr)
				}
			}
			p.mu.Unlock()
		}
	}()
	for {
		one, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.in[seat] == nil {
			p.in[seat] = map[webrtc.RTPCodecType][]got{}
		}
		p.in[seat][track.Kind()] = append(p.in[seat][track.Kind()], got{*one})
		p.mu.Unlock()
	}
}

func (p *page) on(seat int, kind webrtc.RTPCodecType) []got {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.in[seat][kind])
}

func (p *page) reports() []rtcp.SenderReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.report)
}

func (p *page) restart(t *testing.T, c transport.Conn) {
	t.Helper()
	offer, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(t, err)
	p.answer(t, c, offer)
}

// answer lets c answer an offer.
func (p *page) answer(t *testing.T, c transport.Conn, offer webrtc.SessionDescription) {
	t.Helper()
	gathered := webrtc.GatheringCompletePromise(p.pc)
	must(t, p.pc.SetLocalDescription(offer))
	<-gathered
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := c.Answer(ctx, p.pc.LocalDescription().SDP)
	must(t, err)
	must(t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// ears are a transport.Events.
type ears struct {
	sent atomic.Int64 // packets numbered

	mu    sync.Mutex
	state transport.State
	in    map[uint32]*stream
	told  int // arrivals
}

func newEars() *ears { return &ears{in: map[uint32]*stream{}} }

func (e *ears) Incoming(k transport.Track) transport.Receiver {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &stream{track: k}
	e.in[k.SSRC] = s
	return s
}

func (e *ears) StateChanged(s transport.State) { e.mu.Lock(); defer e.mu.Unlock(); e.state = s }
func (e *ears) Sending(int) uint16             { return uint16(e.sent.Add(1)) }

func (e *ears) Arrived(a []bandwidth.Arrival, _ time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range a {
		if one.Received {
			e.told++
		}
	}
}

func (e *ears) arrivals() int { e.mu.Lock(); defer e.mu.Unlock(); return e.told }

func (e *ears) up() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.state == transport.Up }

func (e *ears) streams() []*stream {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.in))
}

func (e *ears) stream(t *testing.T, ssrc uint32) *stream {
	t.Helper()
	var s *stream
	eventually(t, "a stream to be told", func() bool { e.mu.Lock(); defer e.mu.Unlock(); s = e.in[ssrc]; return s != nil })
	return s
}

// seen is a packet as a transport.Receiver got it.
type seen struct {
	seq         uint16
	timestamp   uint32
	ssrc        uint32
	payloadType uint8
	payload     []byte
	level       []byte
	repaired    bool
	arrival     time.Time
}

// stream is a transport.Receiver. It counts a packet when it is flushed.
type stream struct {
	track  transport.Track
	report atomic.Uint64

	mu      sync.Mutex
	pending []seen
	packets []seen
}

func (s *stream) Packet(p *packet.Packet, seq uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, seen{
		seq: seq, timestamp: p.Timestamp, ssrc: p.SSRC, payloadType: p.PayloadType, payload: slices.Clone(p.Payload()),
		level: slices.Clone(p.Extension(s.track.LevelID)), repaired: p.Repaired, arrival: p.Arrival,
	})
	p.Release()
}

func (s *stream) Flush(transport.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packets, s.pending = append(s.packets, s.pending...), s.pending[:0]
}

func (s *stream) SenderReport(ntp uint64, timestamp uint32, _ time.Time) {
	s.report.Store(ntp + uint64(timestamp))
}

func (s *stream) all() []seen { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.packets) }
func (s *stream) count() int  { s.mu.Lock(); defer s.mu.Unlock(); return len(s.packets) }

// listener is a transport.Feedback.
type listener struct {
	keyframes atomic.Int32
	trip      atomic.Int64

	mu   sync.Mutex
	seqs []uint16
	loss float64
}

func (l *listener) Nack(seqs []uint16, _ time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seqs = append(l.seqs, seqs...)
}
func (l *listener) KeyframeWanted(time.Time)  { l.keyframes.Add(1) }
func (l *listener) RoundTrip(d time.Duration) { l.trip.Store(int64(d)) }
func (l *listener) Lost(f float64)            { l.mu.Lock(); defer l.mu.Unlock(); l.loss = f }
func (l *listener) asked() []uint16           { l.mu.Lock(); defer l.mu.Unlock(); return slices.Clone(l.seqs) }
func (l *listener) lost() float64             { l.mu.Lock(); defer l.mu.Unlock(); return l.loss }

// A meeting is a page and a connection to it that is up.
type meeting struct {
	*ears
	conn     transport.Conn
	page     *page
	feedback []*listener // of the pictures
}

// begin connects a page and arranges for the end of everything.
func begin(t *testing.T, r Rig, kind Kind, is client) *meeting {
	t.Helper()
	m := &meeting{ears: newEars()}
	c, err := r.New(m.ears, quiet)
	must(t, err)
	m.conn = c
	m.page = newPage(t, kind, is)
	t.Cleanup(func() {
		_ = c.Close()
		_ = m.page.pc.GracefulClose()
		must(t, r.Close())
		if n := r.Pool.Outstanding(); n != 0 {
			t.Errorf("%d packets were never released", n)
		}
	})
	offer, err := m.page.pc.CreateOffer(nil)
	must(t, err)
	m.page.answer(t, c, offer)
	for _, seat := range c.Seats() {
		l := &listener{}
		seat.Video.Listen(l)
		seat.Audio.Listen(&listener{})
		m.feedback = append(m.feedback, l)
	}
	eventually(t, "the connection to be up", func() bool {
		return m.up() && m.page.pc.ConnectionState() == webrtc.PeerConnectionStateConnected
	})
	return m
}
