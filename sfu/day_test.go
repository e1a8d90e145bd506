package sfu

import (
	"flag"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pionice "github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/pionlog"
	"plenum/sfu/transport/plain"
)

var day = flag.Duration("day", shortDay, "virtual time of TestADay")

const (
	frameEvery = 250 * time.Millisecond // 345,600 a day: five wraps of the numbers
	visitEvery = time.Minute
	visitLasts = 20 * time.Second
	restarts   = 10
)

// virtual is a network without sockets, and an SFU on it. It is made inside
// the bubble of a test.
type virtual struct {
	t      *testing.T
	router *vnet.Router
	pages  *vnet.Net
	mux    *pionice.MultiUDPMuxDefault
	sfu    *SFU
}

func newVirtual(t *testing.T) *virtual {
	t.Helper()
	quiet := pionlog.New(slog.New(slog.DiscardHandler))
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: quiet})
	must(t, err)
	server, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.1"}})
	must(t, err)
	pages, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.2"}})
	must(t, err)
	must(t, router.AddNet(server))
	must(t, router.AddNet(pages))
	must(t, router.Start())
	socket, err := server.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 7882})
	must(t, err)
	mux := pionice.NewMultiUDPMuxDefault(pionice.NewUDPMuxDefault(pionice.UDPMuxParams{
		UDPConn: socket, Logger: quiet.NewLogger("udp"), Net: server,
	}))
	s := &SFU{
		cfg: Config{}.withDefaults(), log: slog.New(slog.DiscardHandler), pool: &packet.Pool{}, turns: newTurns(),
		rooms: map[*Room]struct{}{},
	}
	s.conns, err = plain.NewFactory(plain.Config{Ports: &ice.Ports{UDP: mux}, MaxSeats: 9, Log: quiet}, s.pool)
	must(t, err)
	return &virtual{t: t, router: router, pages: pages, mux: mux, sfu: s}
}

func (v *virtual) close() {
	must(v.t, v.mux.Close())
	must(v.t, v.router.Stop())
}

// lodger is a page on a virtual network that sends a camera and watches one seat.
type lodger struct {
	t      *testing.T
	pc     *webrtc.PeerConnection
	p      *Participant
	camera *webrtc.TrackLocalStaticRTP

	mu     sync.Mutex
	unwrap packet.Unwrapper
	ts     packet.Unwrapper32
	seen   int
	gaps   int // packets missing before anything but a keyframe
	breaks int // gaps that a keyframe ended
	last   int64
	lastTS int64
	faults []string
}

func (v *virtual) lodge(r *Room, w *watcher, id string, number uint32, view []Tile) *lodger {
	v.t.Helper()
	m := &webrtc.MediaEngine{}
	must(v.t, m.RegisterDefaultCodecs())
	var s webrtc.SettingEngine
	s.SetNet(v.pages)
	s.LoggerFactory = &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}
	s.SetICEMulticastDNSMode(pionice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	must(v.t, err)
	l := &lodger{t: v.t, pc: pc}
	l.camera, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "me")
	must(v.t, err)
	_, err = pc.AddTransceiverFromTrack(l.camera, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(v.t, err)
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		must(v.t, err)
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			l.watch(p)
		}
	})
	p, answer, err := r.Join(v.t.Context(), Entry{ID: id, Number: number, Offer: l.offer(nil), Sources: map[string]Source{"0": Camera}, View: view})
	must(v.t, err)
	l.p = p
	l.accept(answer)
	for range 200 {
		if w.link(id) == LinkUp {
			return l
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.t.Fatalf("%s is %s after 10 s", id, w.link(id))
	return nil
}

func (l *lodger) offer(opt *webrtc.OfferOptions) string {
	l.t.Helper()
	o, err := l.pc.CreateOffer(opt)
	must(l.t, err)
	must(l.t, l.pc.SetLocalDescription(o))
	return l.pc.LocalDescription().SDP
}

func (l *lodger) accept(answer string) {
	l.t.Helper()
	must(l.t, l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// watch checks one packet against the one before. What is sent at the very
// moment of an ICE restart is lost, because Pion forgets the old pair before it
// has a new one; the stream begins with a keyframe then.
func (l *lodger) watch(p *rtp.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seq, ts := l.unwrap.Unwrap(p.SequenceNumber), l.ts.Unwrap(p.Timestamp)
	if len(p.Payload) > 0 { // else the server probes
		l.seen++
	}
	if l.last > 0 {
		if seq <= l.last || ts < l.lastTS || ts-l.lastTS > 90_000*60 {
			l.faults = append(l.faults, fmt.Sprintf("packet %d: number %d after %d, time %d after %d", l.seen, seq, l.last, ts, l.lastTS))
		}
		switch d, err := codec.ParseVP8(p.Payload); {
		case seq <= l.last+1:
		case err == nil && d.Keyframe:
			l.breaks++
		default:
			l.gaps += int(seq - l.last - 1)
		}
	}
	l.last, l.lastTS = seq, ts
}

func (l *lodger) leave() {
	l.t.Helper()
	l.p.Leave()
	must(l.t, l.pc.GracefulClose())
}

// film sends a frame of its own every so often until stop is closed, numbers
// and times wrapping as they come.
func (l *lodger) film(stop <-chan struct{}) (frames int) {
	ticker := time.NewTicker(frameEvery)
	defer ticker.Stop()
	seq, ts := uint16(60_000), uint32(1<<32-90_000*60)
	for {
		select {
		case <-stop:
			return frames
		case <-ticker.C:
		}
		p := &rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts, Marker: true},
			Payload: vp8(frames%16 == 0, [2]uint16{320, 180}, seq),
		}
		must(l.t, l.camera.WriteRTP(p))
		frames++
		seq++
		ts += uint32(frameEvery * 90 / time.Millisecond)
	}
}

// TestADay runs a room for a day of virtual time over Pion's virtual network,
// ICE, DTLS and SRTP included: numbers, timestamps and SRTP's rollover counter
// wrap, ICE restarts ten times, somebody comes and goes every minute. Who
// watches all day sees every frame in order, but for those of a restart. The bubble ends only when
// no goroutine is left in it.
func TestADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, w := newVirtual(t), newWatcher()
		r := v.sfu.NewRoom("day", w)
		ann := v.lodge(r, w, "ann", 1, nil)
		bo := v.lodge(r, w, "bo", 2, camera("ann"))
		ann.p.SetSource(Camera, true, false)
		stop, filmed := make(chan struct{}), make(chan int)
		go func() { filmed <- ann.film(stop) }()
		began, visits := time.Now(), 0
		for n := 1; time.Since(began) < *day; n++ {
			minute := time.Now()
			guest := v.lodge(r, w, fmt.Sprint("guest", n), uint32(n+2), camera("ann"))
			time.Sleep(visitLasts)
			guest.mu.Lock()
			if guest.seen < int(visitLasts/frameEvery)*3/4 || len(guest.faults) > 0 || guest.gaps+guest.breaks > 0 {
				t.Fatalf("guest %d saw %d frames, %d missing, faults %v", n, guest.seen, guest.gaps+guest.breaks, guest.faults)
			}
			guest.mu.Unlock()
			guest.leave()
			w.forget("bo")
			visits++
			if every := max(int(*day/visitEvery)/restarts, 1); n%every == 0 {
				answer, err := bo.p.Reoffer(t.Context(), bo.offer(&webrtc.OfferOptions{ICERestart: true}), map[string]Source{"0": Camera})
				must(t, err)
				bo.accept(answer)
			}
			time.Sleep(visitEvery - time.Since(minute))
		}
		close(stop)
		frames := <-filmed
		time.Sleep(time.Second)
		bo.mu.Lock()
		t.Logf("%v: %d frames, %d seen, %d missing, %d begun anew, %d visits", *day, frames, bo.seen, bo.gaps, bo.breaks, visits)
		if len(bo.faults) > 0 || bo.gaps > 0 || bo.breaks > restarts || bo.seen < frames-16 {
			t.Errorf("bo saw %d of %d frames, %d missing, faults %v", bo.seen, frames, bo.gaps, bo.faults[:min(3, len(bo.faults))])
		}
		bo.mu.Unlock()
		bo.leave()
		ann.leave()
		r.Close()
		v.close()
		if n := v.sfu.pool.Outstanding(); n != 0 {
			t.Errorf("%d packets were never released", n)
		}
		synctest.Wait()
	})
}
