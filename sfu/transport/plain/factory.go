// Package plain carries a participant's media over Pion's PeerConnection. It
// serves every kind of path: UDP, ICE-TCP, any SRTP profile.
package plain

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/big"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
	mediaice "plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// Time after which a silent path counts as interrupted, then as failed. The
// page restarts ICE on its own, sooner. Pion looks at paths as often as it
// keeps them alive, so that is also how late it notices that one is back.
const (
	interruptedAfter = 5 * time.Second
	failedAfter      = 20 * time.Second
	keepaliveEvery   = 500 * time.Millisecond
)

// dtlsRetransmit shortens the handshake's retransmission from 1 s, so that one
// lost flight does not cost a second of joining.
const dtlsRetransmit = 150 * time.Millisecond

// certificateLife outlives any run of the server; browsers check only the
// fingerprint (RFC 8827 section 5.6).
const certificateLife = 10 * 365 * 24 * time.Hour

// Config says how connections are made.
type Config struct {
	Ports       *mediaice.Ports
	ExternalIPs []netip.Addr        // announced instead of the local addresses
	Found       func() []netip.Addr // announced too, as they become known; nil for none
	Loopback    bool                // announce loopback addresses too
	MaxSeats    int
	Video       []codec.Kind   // the formats of pictures that are agreed on; VP8 alone if empty
	Overrun     *atomic.Uint64 // counts packets dropped because nobody kept up with reading them; may be nil
	Log         logging.LoggerFactory
}

// A Factory makes connections that share ports, certificate and packet pool.
type Factory struct {
	media    *webrtc.MediaEngine
	registry *interceptor.Registry
	settings webrtc.SettingEngine
	config   webrtc.Configuration
	pool     *packet.Pool
	buffers  *buffers
	network  *network
	overrun  *atomic.Uint64
	maxSeats int
	found    func() []netip.Addr
}

// NewFactory prepares everything connections share.
func NewFactory(cfg Config, pool *packet.Pool) (*Factory, error) {
	media, err := mediaEngine(cfg.Video)
	if err != nil {
		return nil, fmt.Errorf("register codecs: %w", err)
	}
	registry, err := interceptors(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("register interceptors: %w", err)
	}
	settings, err := settings(cfg)
	if err != nil {
		return nil, err
	}
	cert, err := certificate()
	if err != nil {
		return nil, fmt.Errorf("make the DTLS certificate: %w", err)
	}
	return &Factory{
		media: media, registry: registry, settings: settings,
		config:   webrtc.Configuration{Certificates: []webrtc.Certificate{*cert}},
		pool:     pool,
		buffers:  &buffers{},
		network:  &network{},
		overrun:  cmp.Or(cfg.Overrun, &atomic.Uint64{}),
		maxSeats: cfg.MaxSeats,
		found:    cfg.Found,
	}, nil
}

// interceptors holds only Pion's transport-wide feedback recorder: repair,
// reports and keyframes are ours.
func interceptors(log logging.LoggerFactory) (*interceptor.Registry, error) {
	feedback, err := TransportFeedback(log)
	if err != nil {
		return nil, err
	}
	r := &interceptor.Registry{}
	r.Add(feedback)
	return r, nil
}

// TransportFeedback makes the interceptors that report to publishers when
// their packets arrived.
func TransportFeedback(log logging.LoggerFactory) (interceptor.Factory, error) {
	return twcc.NewSenderInterceptor(twcc.WithLoggerFactory(log))
}

func settings(cfg Config) (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{LoggerFactory: cfg.Log}
	s.SetLite(true) // RFC 8445 section 2.5: never sends checks to addresses a client names
	s.SetICEUDPMux(cfg.Ports.UDP)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if cfg.Ports.TCP != nil {
		s.SetICETCPMux(cfg.Ports.TCP)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(networks)
	s.DisableActiveTCP(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(cfg.Loopback)
	s.SetIPFilter(mediaice.Announceable)
	s.SetICETimeouts(interruptedAfter, failedAfter, keepaliveEvery)
	s.SetDTLSRetransmissionInterval(dtlsRetransmit)
	// AES-GCM first: HMAC-SHA1 costs 6.5 times as much per packet. The server
	// must be the DTLS server for Chromium to agree.
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, fmt.Errorf("set the DTLS role: %w", err)
	}
	if len(cfg.ExternalIPs) > 0 {
		return s, announce(&s, cfg.ExternalIPs, webrtc.ICEAddressRewriteReplace)
	}
	return s, nil
}

// announce makes candidates of addresses that are not on this machine.
func announce(s *webrtc.SettingEngine, addrs []netip.Addr, mode webrtc.ICEAddressRewriteMode) error {
	rule := webrtc.ICEAddressRewriteRule{AsCandidateType: webrtc.ICECandidateTypeHost, Mode: mode}
	for _, ip := range addrs {
		rule.External = append(rule.External, ip.String())
	}
	if err := s.SetICEAddressRewriteRules(rule); err != nil {
		return fmt.Errorf("announce the external addresses: %w", err)
	}
	return nil
}

// announceFound announces what was found meanwhile, unless the operator has
// said what to announce.
func (f *Factory) announceFound(s *webrtc.SettingEngine) error {
	if f.found == nil {
		return nil
	}
	addrs := f.found()
	if len(addrs) == 0 {
		return nil
	}
	return announce(s, addrs, webrtc.ICEAddressRewriteAppend)
}

// Header extensions (RFC 8285) the server reads. It writes the transport-wide
// one, for its own congestion control.
const (
	URIAudioLevel  = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	URITransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	URIMid         = "urn:ietf:params:rtp-hdrext:sdes:mid"
	URIRID         = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	URIRepairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
)

func extensions(m *webrtc.MediaEngine) error {
	audio, video := webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo
	for uri, kinds := range map[string][]webrtc.RTPCodecType{
		URIAudioLevel: {audio}, URITransportCC: {audio, video}, URIMid: {audio, video},
		URIRID: {video}, URIRepairedRID: {video},
	} {
		directions := []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionRecvonly}
		if uri == URITransportCC {
			directions = append(directions, webrtc.RTPTransceiverDirectionSendonly)
		}
		for _, kind := range kinds {
			err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind, directions...)
			if err != nil {
				return fmt.Errorf("register %s: %w", uri, err)
			}
		}
	}
	return nil
}

func certificate() (*webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial, Version: 2, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
	})
}

// Options are what another transport that builds on this one changes in a
// connection. Its zero value changes nothing.
type Options struct {
	// Settings has the last word on Pion's settings.
	Settings func(*webrtc.SettingEngine)
	// Interceptors replace the plain ones.
	Interceptors *interceptor.Registry
}

// New returns a connection without an offer yet. The caller must Close it.
func (f *Factory) New(ev transport.Events, log *slog.Logger) (transport.Conn, error) {
	return f.NewConn(ev, log, Options{})
}

// NewConn is New for a transport that builds on this one.
func (f *Factory) NewConn(ev transport.Events, log *slog.Logger, opt Options) (*Conn, error) {
	c := &Conn{
		factory: f, events: ev, log: log, pool: f.pool, maxSeats: f.maxSeats,
		rids: map[string][]string{}, closed: make(chan struct{}),
	}
	settings := f.settings
	settings.BufferFactory = c.buffer
	if err := f.announceFound(&settings); err != nil {
		return nil, err
	}
	machine, err := f.network.current(time.Now())
	if err != nil {
		return nil, err
	}
	settings.SetNet(machine)
	if opt.Settings != nil {
		opt.Settings(&settings)
	}
	registry := f.registry
	if opt.Interceptors != nil {
		registry = opt.Interceptors
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(f.media), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings)).NewPeerConnection(f.config)
	if err != nil {
		return nil, fmt.Errorf("make a peer connection: %w", err)
	}
	c.pc = pc
	pc.OnConnectionStateChange(c.stateChanged)
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) { c.PathChanged() })
	pc.OnTrack(c.incoming)
	return c, nil
}

// LayerOf returns the place of rid among the encodings of mid, smallest first.
func LayerOf(rids []string, rid string) int { return max(0, slices.Index(rids, rid)) }
