package load

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/packet"
	"plenum/signaling/protocol"
)

// Header extensions (RFC 8285) a publisher sends, as a browser does.
const (
	uriAudioLevel  = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriTransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	uriMid         = "urn:ietf:params:rtp-hdrext:sdes:mid"
	uriRID         = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
)

// receiveBuffer is asked of the kernel for each participant's socket.
const receiveBuffer = 1 << 20

// mediaSocket is a participant's UDP socket as Pion sees it. When light is set, RTP
// never reaches Pion: it is accounted for by its header, which SRTP leaves in
// the clear, and is not decrypted.
//
// Participants cannot share a port: the server has one port for all, so an
// address pair is all that tells one participant from another, on both sides.
type mediaSocket struct {
	*net.UDPConn
	local net.Addr // announced; the socket itself is bound to every address
	clock clock
	light *account // nil: Pion gets everything
}

// LocalAddr implements net.PacketConn.
func (t *mediaSocket) LocalAddr() net.Addr { return t.local }

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (t *mediaSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := t.ReadFromUDPAddrPort(b)
		if err == nil && t.light != nil && isRTP(b[:n]) {
			t.light.sealed(b[:n], t.clock.now())
			continue
		}
		return n, from, err
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (t *mediaSocket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return t.WriteToUDPAddrPort(b, to)
}

// openMediaSocket opens a socket that is announced under the address local.
func openMediaSocket(local netip.Addr, c clock, light *account) (*mediaSocket, error) {
	network, every := "udp4", net.IPv4zero
	if local.Is6() {
		network, every = "udp6", net.IPv6unspecified
	}
	conn, err := net.ListenUDP(network, &net.UDPAddr{IP: every})
	if err != nil {
		return nil, fmt.Errorf("open a media socket: %w", err)
	}
	_ = conn.SetReadBuffer(receiveBuffer) // the kernel may grant less
	port := conn.LocalAddr().(*net.UDPAddr).Port
	return &mediaSocket{UDPConn: conn, local: &net.UDPAddr{IP: local.AsSlice(), Port: port}, clock: c, light: light}, nil
}

// connection is the WebRTC side of one participant.
type connection struct {
	pc        *webrtc.PeerConnection
	mux       *ice.UDPMuxDefault
	media     *mediaSocket
	account   *account
	outlets   []*outlet
	connected chan struct{} // closed when ICE and DTLS are up
	failed    chan struct{} // closed when they are not, any more
	readers   sync.WaitGroup
}

// plan is what a participant's connection has.
type plan struct {
	microphone bool
	layers     int // of the camera; 0 for none
	seats      int
	full       bool // decrypt and look into packets
}

// keys is shared by all participants: making one for each would be their cost,
// not the server's.
func keys() ([]webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	return []webrtc.Certificate{*cert}, nil
}

// newConnection makes a connection that has not offered yet. It must be closed.
func newConnection(local netip.Addr, c clock, certs []webrtc.Certificate, p plan) (*connection, error) {
	account := newAccount()
	light := account
	if p.full {
		light = nil
	}
	socket, err := openMediaSocket(local, c, light)
	if err != nil {
		return nil, err
	}
	silent := &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket, Logger: silent.NewLogger("ice")})
	media, err := mediaEngine()
	if err != nil {
		return nil, errors.Join(err, mux.Close())
	}
	s := webrtc.SettingEngine{LoggerFactory: silent}
	s.SetICEUDPMux(mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.DisableActiveTCP(true)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: certs})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a peer connection: %w", err), mux.Close())
	}
	e := &connection{
		pc: pc, mux: mux, media: socket, account: account,
		connected: make(chan struct{}), failed: make(chan struct{}),
	}
	if err := e.prepare(p); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// prepare adds the m-lines: what is sent, then two for each seat.
func (e *connection) prepare(p plan) error {
	if p.microphone {
		if err := e.send(newOutlet(protocol.Microphone, "", 0)); err != nil {
			return err
		}
	}
	if p.layers > 0 {
		rids := []string{"q", "h", "f"}[:p.layers]
		if p.layers == 1 {
			rids = []string{""}
		}
		var all []*outlet
		for i, rid := range rids {
			all = append(all, newOutlet(protocol.Camera, rid, i))
		}
		if err := e.send(all...); err != nil {
			return err
		}
	}
	for range p.seats {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			recvonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
			if _, err := e.pc.AddTransceiverFromKind(kind, recvonly); err != nil {
				return fmt.Errorf("add a seat: %w", err)
			}
		}
	}
	var up, down sync.Once
	e.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			up.Do(func() { close(e.connected) })
		}
		if s == webrtc.PeerConnectionStateFailed {
			down.Do(func() { close(e.failed) })
		}
	})
	e.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { e.receive(t) })
	return nil
}

// send adds a send-only m-line with one outlet per encoding.
func (e *connection) send(encodings ...*outlet) error {
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	t, err := e.pc.AddTransceiverFromTrack(encodings[0], sendonly)
	if err != nil {
		return fmt.Errorf("add %s: %w", encodings[0].source, err)
	}
	for _, o := range encodings[1:] {
		if err := t.Sender().AddEncoding(o); err != nil {
			return fmt.Errorf("add encoding %s: %w", o.rid, err)
		}
	}
	for _, o := range encodings {
		o.sender, o.transceiver = t.Sender(), t
	}
	e.outlets = append(e.outlets, encodings...)
	return nil
}

// offer returns the SDP offer and which m-line carries what.
func (e *connection) offer() (string, map[string]protocol.Source, error) {
	offer, err := e.pc.CreateOffer(nil)
	if err != nil {
		return "", nil, fmt.Errorf("make an offer: %w", err)
	}
	if err := e.pc.SetLocalDescription(offer); err != nil {
		return "", nil, fmt.Errorf("set the offer: %w", err)
	}
	sources := map[string]protocol.Source{}
	for _, o := range e.outlets {
		sources[o.transceiver.Mid()] = o.source
	}
	return offer.SDP, sources, nil
}

// accept takes the answer and waits until media can flow.
func (e *connection) accept(ctx context.Context, answer string) error {
	e.account.expect(seatStreams(answer))
	if e.media.light != nil {
		answer = withoutStreams(answer)
	}
	desc := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}
	if err := e.pc.SetRemoteDescription(desc); err != nil {
		return fmt.Errorf("take the answer: %w", err)
	}
	select {
	case <-e.connected:
	case <-e.failed:
		return errors.New("media connection failed")
	case <-ctx.Done():
		return fmt.Errorf("wait for the media connection: %w", ctx.Err())
	}
	for _, o := range e.outlets {
		e.readers.Go(o.listen)
	}
	return nil
}

// encode sends only so many encodings of a source from now on, as pages do.
func (e *connection) encode(source protocol.Source, layers int) {
	for _, o := range e.outlets {
		if o.source != source {
			continue
		}
		idle := o.layer >= layers
		if was := o.idle.Swap(idle); was && !idle {
			o.keyWanted.Store(true) // an encoder that begins again begins with one
		}
	}
}

// hasFailed reports whether media stopped for good.
func (e *connection) hasFailed() bool {
	select {
	case <-e.failed:
		return true
	default:
		return false
	}
}

// receive reads one stream to its end. It runs on a goroutine of Pion's.
func (e *connection) receive(t *webrtc.TrackRemote) {
	var pool packet.Pool
	p := pool.Get() // filled again and again
	defer p.Release()
	for {
		n, _, err := t.Read(p.Buffer())
		if err != nil {
			return
		}
		at := e.media.clock.now()
		if seq, err := p.Parse(n); err == nil {
			e.account.open(p.SSRC, seq, p.Marker, p.Payload(), at)
		}
	}
}

// close ends the connection and waits for its goroutines.
func (e *connection) close() error {
	err := errors.Join(e.pc.GracefulClose(), e.mux.Close())
	e.readers.Wait()
	return err
}

// mediaEngine holds what the server's has: more would only make offers longer.
func mediaEngine() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	for _, c := range []webrtc.RTPCodecParameters{
		codecOf(webrtc.MimeTypeOpus, 48000, 2, "minptime=10;useinbandfec=1", 111, "transport-cc"),
		codecOf(webrtc.MimeTypeVP8, 90000, 0, "", 96, "transport-cc", "ccm fir", "nack", "nack pli"),
		codecOf(webrtc.MimeTypeRTX, 90000, 0, "apt=96", 97),
	} {
		kind := webrtc.RTPCodecTypeVideo
		if c.MimeType == webrtc.MimeTypeOpus {
			kind = webrtc.RTPCodecTypeAudio
		}
		if err := m.RegisterCodec(c, kind); err != nil {
			return nil, fmt.Errorf("register %s: %w", c.MimeType, err)
		}
	}
	for uri, kinds := range map[string][]webrtc.RTPCodecType{
		uriAudioLevel:  {webrtc.RTPCodecTypeAudio},
		uriTransportCC: {webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo},
		uriMid:         {webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo},
		uriRID:         {webrtc.RTPCodecTypeVideo},
	} {
		for _, kind := range kinds {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, fmt.Errorf("register %s: %w", uri, err)
			}
		}
	}
	return m, nil
}

// clock tells the time since a run began, on one clock for all participants.
type clock struct{ began time.Time }

func (c clock) now() time.Duration { return time.Since(c.began) }
