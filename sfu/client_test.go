package sfu

import (
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// patience bounds every wait of these tests; it is no measurement.
const patience = time.Minute

// eventually polls until ok or the test's patience is over.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("timed out waiting for: %s", what)
}

func newSFU(t *testing.T) *SFU {
	t.Helper()
	return newSFUWith(t, Config{})
}

// newSFUWith returns an SFU on loopback, with what else cfg says.
func newSFUWith(t *testing.T, cfg Config) *SFU {
	t.Helper()
	cfg.UDP, cfg.TCP, cfg.Loopback = "127.0.0.1:0", "127.0.0.1:0", true
	s, err := New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := s.Stats().Outstanding; n != 0 {
			t.Errorf("%d packets were never released", n)
		}
	})
	return s
}

// watcher is an Observer that keeps what it was told.
type watcher struct {
	mu     sync.Mutex
	seats  map[string][]SeatRow
	epochs map[string]int64
	floor  []string
	links  map[string]LinkState
	wanted map[string]int
	codecs map[string]Codec
	onSeat func(participant string, epoch int64, seats []SeatRow)
}

func newWatcher() *watcher {
	return &watcher{
		seats: map[string][]SeatRow{}, epochs: map[string]int64{}, links: map[string]LinkState{}, wanted: map[string]int{},
		codecs: map[string]Codec{},
	}
}

func (w *watcher) SeatsChanged(p string, epoch int64, seats []SeatRow) {
	w.mu.Lock()
	w.seats[p], w.epochs[p] = seats, epoch
	call := w.onSeat
	w.mu.Unlock()
	if call != nil {
		call(p, epoch, seats)
	}
}

func (w *watcher) LayersWanted(p string, _ Source, layers int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted[p] = layers
}

func (w *watcher) CodecWanted(p string, s Source, c Codec) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codecs[p+" "+string(s)] = c
}

// codec returns what ann was told to send her camera in.
func (w *watcher) codec() Codec {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.codecs["ann "+string(Camera)]
}

// forget drops what was told about everybody but one.
func (w *watcher) forget(but string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	others := func(id string) bool { return id != but }
	maps.DeleteFunc(w.seats, func(id string, _ []SeatRow) bool { return others(id) })
	maps.DeleteFunc(w.epochs, func(id string, _ int64) bool { return others(id) })
	maps.DeleteFunc(w.links, func(id string, _ LinkState) bool { return others(id) })
	maps.DeleteFunc(w.wanted, func(id string, _ int) bool { return others(id) })
}

// layers returns how many layers publishers were told are wanted.
func (w *watcher) layers() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.wanted)
}

func (w *watcher) FloorChanged(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.floor = ids
}

func (w *watcher) LinkChanged(p string, s LinkState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[p] = s
}

func (w *watcher) rows(p string) ([]SeatRow, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seats[p], w.epochs[p]
}

func (w *watcher) link(p string) LinkState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.links[p]
}

func (w *watcher) audible() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.floor
}

// client is a page made of Pion: four send-only m-lines, then seats.
type client struct {
	t  *testing.T
	id string
	p  *Participant
	pc *webrtc.PeerConnection

	audio, video, screen *webrtc.TrackLocalStaticRTP
	raw                  *rawTrack                     // writes what it likes as video
	layers               []*webrtc.TrackLocalStaticRTP // simulcast encodings of video, if any
	senders              map[Source]*webrtc.RTPSender
	sources              map[string]Source

	mu       sync.Mutex
	offers   int
	got      map[int][]rtp.Packet // video packets by seat
	gotAudio map[int][]rtp.Packet
	plis     int
	nacks    []uint16
}

type clientOptions struct {
	seats     int
	simulcast bool
	link      *narrow // what the page receives over; nil for loopback
}

func join(t *testing.T, r *Room, w *watcher, id string, number uint32, view []Tile, opt clientOptions) *client {
	t.Helper()
	c := &client{
		t: t, id: id, got: map[int][]rtp.Packet{}, gotAudio: map[int][]rtp.Packet{}, sources: map[string]Source{},
		senders: map[Source]*webrtc.RTPSender{},
	}
	c.connect(opt)
	offer := c.offer()
	p, answer, err := r.Join(t.Context(), Entry{ID: id, Number: number, Offer: offer, Sources: maps.Clone(c.sources), View: view})
	if err != nil {
		t.Fatalf("join as %s: %v", id, err)
	}
	c.p = p
	c.accept(answer)
	eventually(t, id+" to connect", func() bool { return w.link(id) == LinkUp })
	return c
}

func (c *client) connect(opt clientOptions) {
	c.t.Helper()
	m := &webrtc.MediaEngine{}
	must(c.t, m.RegisterDefaultCodecs())
	m.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack"}, webrtc.RTPCodecTypeAudio) // as our page does
	must(c.t, webrtc.ConfigureSimulcastExtensionHeaders(m))
	must(c.t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{
		URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	}, webrtc.RTPCodecTypeAudio))
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(isLoopback)
	registry := &interceptor.Registry{}
	if opt.link != nil {
		feedback(c.t, m, registry)
		mux := webrtc.NewICEUDPMux(nil, opt.link)
		s.SetICEUDPMux(mux)
		c.t.Cleanup(func() { _ = mux.Close(); _ = opt.link.Close() })
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(registry)).NewPeerConnection(webrtc.Configuration{})
	must(c.t, err)
	c.pc = pc
	c.t.Cleanup(func() { _ = pc.Close() })
	track := func(mime, id string, opts ...func(*webrtc.TrackLocalStaticRTP)) *webrtc.TrackLocalStaticRTP {
		l, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "me", opts...)
		must(c.t, err)
		return l
	}
	c.audio = track(webrtc.MimeTypeOpus, "microphone")
	c.send(c.audio, Microphone)
	if opt.simulcast {
		for _, rid := range []string{"q", "h", "f"} {
			c.layers = append(c.layers, track(webrtc.MimeTypeVP8, "camera", webrtc.WithRTPStreamID(rid)))
		}
		sender := c.send(c.layers[0], Camera)
		must(c.t, sender.AddEncoding(c.layers[1]))
		must(c.t, sender.AddEncoding(c.layers[2]))
	} else {
		c.video = track(webrtc.MimeTypeVP8, "camera")
		c.raw = &rawTrack{TrackLocalStaticRTP: c.video}
		c.send(c.raw, Camera)
	}
	c.screen = track(webrtc.MimeTypeVP8, "screen")
	c.send(c.screen, Screen)
	c.send(track(webrtc.MimeTypeOpus, "screen-audio"), ScreenAudio)
	for range opt.seats {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			must(c.t, err)
		}
	}
	pc.OnTrack(c.receive)
}

// send adds a send-only m-line and reads the feedback it gets.
func (c *client) send(l webrtc.TrackLocal, s Source) *webrtc.RTPSender {
	c.t.Helper()
	tr, err := c.pc.AddTransceiverFromTrack(l, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(c.t, err)
	go func() {
		for {
			packets, _, err := tr.Sender().ReadRTCP()
			if err != nil {
				return
			}
			c.mu.Lock()
			for _, p := range packets {
				switch p := p.(type) {
				case *rtcp.PictureLossIndication:
					c.plis++
				case *rtcp.TransportLayerNack:
					for _, pair := range p.Nacks {
						c.nacks = append(c.nacks, pair.PacketList()...)
					}
				}
			}
			c.mu.Unlock()
		}
	}()
	c.senders[s] = tr.Sender()
	return tr.Sender()
}

func (c *client) offer() string {
	c.t.Helper()
	o, err := c.pc.CreateOffer(nil)
	must(c.t, err)
	must(c.t, c.pc.SetLocalDescription(o))
	c.offers++
	order := []Source{Microphone, Camera, Screen, ScreenAudio}
	c.sources = map[string]Source{}
	for i, tr := range c.pc.GetTransceivers()[:len(order)] {
		c.sources[tr.Mid()] = order[i]
	}
	return c.pc.LocalDescription().SDP
}

func (c *client) accept(answer string) {
	c.t.Helper()
	must(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// receive keeps the packets of one seat.
func (c *client) receive(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	var seat int
	for _, r := range strings.TrimPrefix(track.StreamID(), "seat-") {
		seat = seat*10 + int(r-'0')
	}
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		c.mu.Lock()
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			c.got[seat] = append(c.got[seat], *p)
		} else {
			c.gotAudio[seat] = append(c.gotAudio[seat], *p)
		}
		c.mu.Unlock()
	}
}

func (c *client) videoOn(seat int) []rtp.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[seat]
}

func (c *client) audioOn(seat int) []rtp.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gotAudio[seat]
}

func (c *client) keyframesAsked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plis
}

// source feeds one track with numbered packets until the test ends.
type feed struct {
	track *webrtc.TrackLocalStaticRTP
	video bool
	size  [2]uint16
	step  uint32
	skip  func(seq uint16) bool
	ext   map[uint8][]byte // header extensions of every packet

	filler int // bytes to make frames as large as real ones
	mu     sync.Mutex
	seq    uint16
	ts     uint32
}

// extension is the id a header extension got in the negotiation.
func (c *client) extension(s Source, uri string) uint8 {
	c.t.Helper()
	for _, e := range c.senders[s].GetParameters().HeaderExtensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	c.t.Fatalf("%s was not negotiated", uri)
	return 0
}

// run sends a frame every 10 ms; every tenth video frame is a keyframe.
func (f *feed) run(t *testing.T) {
	stop, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-ended })
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				f.frame(n%10 == 0)
			}
		}
	}()
}

func (f *feed) frame(key bool) {
	f.mu.Lock()
	f.seq++
	f.ts += f.step
	p := &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: f.seq, Timestamp: f.ts, Marker: true},
		Payload: []byte{0xf8, 0xff, 0xfe, byte(f.seq >> 8), byte(f.seq)},
	}
	if f.video {
		p.Payload = append(vp8(key, f.size, f.seq), make([]byte, f.filler)...)
	}
	for id, value := range f.ext {
		_ = p.SetExtension(id, value)
	}
	skip := f.skip != nil && f.skip(f.seq)
	f.mu.Unlock()
	if !skip {
		_ = f.track.WriteRTP(p)
	}
}

// vp8 is one single-packet frame: descriptor with a 15-bit picture id and
// TL0PICIDX (RFC 7741), then a frame header that says whether it is a key.
func vp8(key bool, size [2]uint16, n uint16) []byte {
	b := []byte{0x90, 0xc0, 0x80 | byte(n>>8)&0x7f, byte(n), byte(n)}
	if !key {
		return append(b, 0x01, 0, 0, byte(n>>8), byte(n))
	}
	return append(b, 0x10, 0, 0, 0x9d, 0x01, 0x2a, byte(size[0]), byte(size[0]>>8), byte(size[1]), byte(size[1]>>8),
		byte(n>>8), byte(n))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
