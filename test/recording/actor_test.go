package recording_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"plenum/recording/mediatest"
	"plenum/signaling/protocol"
	"plenum/test/program"
)

const patience = 30 * time.Second

// A role is what an actor does in a meeting.
type role struct {
	name  string
	token string                 // a host's
	sound *mediatest.Clip        // what its microphone sends; nil: none
	image *mediatest.Clip        // what its camera sends; nil: none
	view  func() []protocol.Tile // what it looks at; nil: nothing
	skew  [2]float64             // of its sound's and its picture's clock, ppm
	heard func(msg any)          // hears every message of the server; optional
}

// An actor is a participant with real coded media, by Pion. It ends with its test.
type actor struct {
	role
	tb     testing.TB
	id     string
	socket *websocket.Conn
	pc     *webrtc.PeerConnection
	alive  context.Context
	end    context.CancelFunc
	wg     sync.WaitGroup

	received atomic.Int64 // packets of pictures that came with the marker: frames
	sent     atomic.Int64 // frames of pictures that went out
	dropped  atomic.Bool  // the server is gone

	mu   sync.Mutex // guards made
	made map[*mediatest.Clip][]made
}

// act brings an actor into a room, and has it play its role until it leaves.
func act(tb testing.TB, s *program.Server, room string, r role) *actor {
	tb.Helper()
	a := &actor{role: r, tb: tb}
	a.alive, a.end = context.WithCancel(context.WithoutCancel(tb.Context()))
	tb.Cleanup(a.leave)
	if err := a.enter(s, room); err != nil {
		tb.Fatalf("%s does not get in: %v", r.name, err)
	}
	return a
}

// A line is one stream of an actor.
type line struct {
	clip   *mediatest.Clip
	track  *webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender
	ppm    float64
	origin uint32 // of the RTP clock
	ext    uint8  // id of the audio level's extension; 0 for none
	seq    uint16
	sent   uint32
	octets uint32
	next   int // frame of the clip
	wanted atomic.Bool
}

func (a *actor) enter(s *program.Server, room string) error {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	var err error
	a.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	lines, err := a.lines()
	if err != nil {
		return err
	}
	up := make(chan struct{})
	var once sync.Once
	a.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	a.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { a.count(t) })
	if err := a.join(s, room, lines); err != nil {
		return err
	}
	select {
	case <-up:
	case <-time.After(patience):
		return errors.New("no media connection")
	}
	a.publish(lines)
	return nil
}

const levelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

// lines makes what the actor sends, and two places for what it receives.
func (a *actor) lines() ([]*line, error) {
	var lines []*line
	for i, clip := range []*mediatest.Clip{a.sound, a.image} {
		if clip == nil {
			continue
		}
		mime := [2]string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8}[i]
		t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime, ClockRate: clip.Rate}, [2]string{"sound", "image"}[i], a.name)
		if err != nil {
			return nil, err
		}
		tr, err := a.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return nil, err
		}
		lines = append(lines, &line{clip: clip, track: t, sender: tr.Sender(), ppm: a.skew[i], origin: uint32(i+1) * 0x7FFF_F000})
	}
	for range 2 {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if _, err := a.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				return nil, err
			}
		}
	}
	return lines, nil
}

// join exchanges descriptions with the server.
func (a *actor) join(s *program.Server, room string, lines []*line) error {
	offer, err := a.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(a.pc)
	if err := a.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	sources := map[string]protocol.Source{}
	for _, tr := range a.pc.GetTransceivers() {
		for _, l := range lines {
			if tr.Sender() == l.sender {
				sources[tr.Mid()] = l.source()
			}
		}
	}
	a.socket, _, err = websocket.Dial(a.alive, "ws"+strings.TrimPrefix(s.URL, "http")+"/api/v1/rooms/"+room+"/ws",
		&websocket.DialOptions{Subprotocols: []string{protocol.Version}})
	if err != nil {
		return err
	}
	a.socket.SetReadLimit(1 << 24)
	a.say(protocol.Join{
		Request: protocol.Request{ID: 1}, Name: a.name, Token: a.token, Offer: a.pc.LocalDescription().SDP, Sources: sources,
		View: protocol.View{Tiles: []protocol.Tile{}},
	})
	msg, err := a.hear()
	if err != nil {
		return err
	}
	joined, ok := msg.(protocol.Joined)
	if !ok {
		return fmt.Errorf("join was answered by %+v", msg)
	}
	a.id = joined.Participant
	a.wg.Go(a.listen)
	return a.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: joined.Answer})
}

func (l *line) source() protocol.Source {
	if l.clip.Rate == 48000 {
		return protocol.Microphone
	}
	return protocol.Camera
}

// publish turns the sources on and starts their streams.
func (a *actor) publish(lines []*line) {
	for _, l := range lines {
		a.say(protocol.Publish{Source: l.source(), On: true})
		for _, e := range l.sender.GetParameters().HeaderExtensions {
			if e.URI == levelURI {
				l.ext = uint8(e.ID)
			}
		}
		a.wg.Go(func() { l.obey() })
		a.wg.Go(func() { a.stream(l) })
	}
	if a.view != nil {
		a.say(protocol.SetView{View: protocol.View{Tiles: a.view()}})
	}
}

// stream sends a clip over and over, one frame each step, with sender reports.
func (a *actor) stream(l *line) {
	began := time.Now()
	tick := time.NewTimer(0)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		media := time.Duration(n) * l.clip.Step // on the stream's clock
		when := time.Duration(float64(media) / (1 + l.ppm*1e-6))
		tick.Reset(time.Until(began.Add(when)))
		select {
		case <-a.alive.Done():
			return
		case <-tick.C:
		}
		if l.wanted.Swap(false) {
			for !l.clip.Frames[l.next].Key {
				l.next = (l.next + 1) % len(l.clip.Frames)
			}
		}
		ts := l.origin + uint32(media.Microseconds()*int64(l.clip.Rate)/1e6)
		a.note(l.clip, made{l.next, began.Add(when)})
		l.send(l.clip.Frames[l.next], ts)
		l.next = (l.next + 1) % len(l.clip.Frames)
		if l.source() == protocol.Camera {
			a.sent.Add(1)
		}
		if media%time.Second == 0 {
			_ = a.pc.WriteRTCP([]rtcp.Packet{l.report(began.Add(when), ts)}) // a connection that closes refuses it
		}
	}
}

// note keeps that a frame was made; ledger tells all that were.
func (a *actor) note(c *mediatest.Clip, m made) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.made == nil {
		a.made = map[*mediatest.Clip][]made{}
	}
	a.made[c] = append(a.made[c], m)
}

func (a *actor) ledger(c *mediatest.Clip) []made {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.made[c]
}

func (l *line) send(f mediatest.Frame, ts uint32) {
	for i, payload := range f.Payloads {
		l.seq++
		p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: ts, Marker: i == len(f.Payloads)-1}, Payload: payload}
		if l.ext != 0 {
			_ = p.SetExtension(l.ext, []byte{0x80 | 26}) // speech
		}
		if l.track.WriteRTP(&p) == nil {
			l.sent++
			l.octets += uint32(len(payload))
		}
	}
}

// report is a sender report (RFC 3550 section 6.4.1).
func (l *line) report(at time.Time, ts uint32) rtcp.Packet {
	const ntpEpoch = 2208988800 // seconds from 1900 to 1970
	return &rtcp.SenderReport{
		SSRC: uint32(l.sender.GetParameters().Encodings[0].SSRC), RTPTime: ts, PacketCount: l.sent, OctetCount: l.octets,
		NTPTime: uint64(at.Unix()+ntpEpoch)<<32 | uint64(at.Nanosecond())<<32/uint64(time.Second),
	}
}

// obey answers requests for keyframes until the connection closes.
func (l *line) obey() {
	for {
		packets, _, err := l.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				l.wanted.Store(true)
			}
		}
	}
}

// count counts the frames of a picture that come in.
func (a *actor) count(t *webrtc.TrackRemote) {
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if t.Kind() == webrtc.RTPCodecTypeVideo && p.Marker && len(p.Payload) > 0 {
			a.received.Add(1)
		}
	}
}

func (a *actor) hear() (any, error) {
	_, data, err := a.socket.Read(a.alive)
	if err != nil {
		return nil, err
	}
	return protocol.DecodeServer(data)
}

// listen does what the server asks for until the socket ends.
func (a *actor) listen() {
	for {
		msg, err := a.hear()
		if err != nil {
			a.dropped.Store(true)
			return
		}
		if m, ok := msg.(protocol.Seats); ok {
			a.say(protocol.Seated{Epoch: m.Epoch})
		}
		if a.heard != nil {
			a.heard(msg)
		}
	}
}

func (a *actor) say(msg any) {
	data, err := protocol.Marshal(msg)
	if err != nil {
		a.tb.Errorf("%s: %v", a.name, err)
		return
	}
	_ = a.socket.Write(a.alive, websocket.MessageText, data) // the server may be dead: that is the test
}

// leave ends the actor and waits for all that it started. It may be called twice.
func (a *actor) leave() {
	a.end()
	if a.socket != nil {
		_ = a.socket.CloseNow()
	}
	if a.pc != nil {
		_ = a.pc.Close()
	}
	a.wg.Wait()
}
