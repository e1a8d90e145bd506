//go:build linux

package fast_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// asGenerator makes the test binary the other half of a measurement: pages in
// a process of their own, so that the server's CPU time is the server's.
const asGenerator = "PLENUM_BENCH_GENERATOR"

func TestMain(m *testing.M) {
	if os.Getenv(asGenerator) != "" {
		generate()
		return
	}
	goleak.VerifyTestMain(m)
}

// An order is what the measured process asks of the generator, and an answer
// what it gets.
type order struct {
	Op       string // "offer", "answer", "send", "count"
	ID       int
	Seats    int
	Publish  bool
	SDP      string
	Burst    int // packets at once; 0 for one to three
	PerSec   int // packets of each publisher
	Millis   int
	Shutdown bool
}

type answer struct {
	SDP   string
	Mid   string // of the camera
	Addr  string // of the page
	Count int64  // packets pages have received
	Error string
}

// generator is the pages.
type generator struct {
	cert   webrtc.Certificate
	mu     sync.Mutex // guards pages
	pages  map[int]*benchPage
	socks  []*polled
	count  atomic.Int64
	random uint32
}

type benchPage struct {
	pc   *webrtc.PeerConnection
	sock *polled
	cam  *benchTrack
	tr   *webrtc.RTPTransceiver
	up   chan struct{}
	seq  uint16
}

// generate serves orders until its standard input ends.
func generate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return
	}
	g := &generator{cert: *cert, pages: map[int]*benchPage{}, random: 1}
	go g.poll()
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var o order
		var a answer
		if err := json.Unmarshal(line, &o); err != nil {
			return
		}
		if err := g.obey(o, &a); err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return
		}
	}
}

func (g *generator) obey(o order, a *answer) error {
	switch o.Op {
	case "offer":
		p, err := g.page(o)
		if err != nil {
			return err
		}
		g.pages[o.ID] = p
		a.SDP, a.Mid, a.Addr = p.pc.LocalDescription().SDP, p.tr.Mid(), p.sock.LocalAddr().String()
	case "answer":
		return g.pages[o.ID].pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: o.SDP})
	case "up":
		for _, p := range g.pages {
			select {
			case <-p.up:
			case <-time.After(20 * time.Second):
				return errors.New("a page did not connect")
			}
		}
	case "send":
		g.send(o)
	case "count":
		a.Count = g.count.Load()
	}
	return nil
}

// page makes a page whose camera may send and which has seats.
func (g *generator) page(o order) (*benchPage, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	sock := &polled{UDPConn: conn, count: &g.count, in: make(chan note, 256)}
	if sock.raw, err = conn.SyscallConn(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.socks = append(g.socks, sock)
	g.mu.Unlock()
	p := &benchPage{sock: sock, up: make(chan struct{})}
	m := &webrtc.MediaEngine{}
	if err := errors.Join(m.RegisterDefaultCodecs(), webrtc.ConfigureTWCCHeaderExtensionSender(m, &interceptor.Registry{})); err != nil {
		return nil, err
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	s.SetICEUDPMux(webrtc.NewICEUDPMux(nil, sock))
	p.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{g.cert}})
	if err != nil {
		return nil, err
	}
	var once sync.Once
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(p.up) })
		}
	})
	local, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "me")
	if err != nil {
		return nil, err
	}
	p.cam = &benchTrack{TrackLocalStaticRTP: local}
	if p.tr, err = p.pc.AddTransceiverFromTrack(p.cam, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		return nil, err
	}
	for range o.Seats {
		for _, k := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if _, err := p.pc.AddTransceiverFromKind(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				return nil, err
			}
		}
	}
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	<-gathered
	if !o.Publish {
		p.cam = nil
	}
	return p, nil
}

// send lets every publisher send for a while.
func (g *generator) send(o order) {
	var wg sync.WaitGroup
	for _, p := range g.pages {
		if p.cam != nil {
			wg.Go(func() { p.send(o) })
		}
	}
	wg.Wait()
}

func (p *benchPage) send(o order) {
	began := time.Now()
	end := began.Add(time.Duration(o.Millis) * time.Millisecond)
	sent := 0
	for n := 1; time.Now().Before(end); n++ {
		burst := o.Burst
		if burst == 0 {
			burst = n%3 + 1
		}
		for i := range burst {
			p.seq++
			_ = p.cam.write(p.seq, n == 1 && i == 0)
		}
		sent += burst
		if wait := time.Until(began.Add(time.Duration(sent) * time.Second / time.Duration(o.PerSec))); wait > 0 {
			time.Sleep(wait)
		}
	}
}

// benchTrack sends packets of 1200 bytes that look like VP8.
type benchTrack struct {
	*webrtc.TrackLocalStaticRTP
	out     webrtc.TrackLocalWriter
	ssrc    uint32
	payload [1176]byte // with header, extension and tag on our side about 1200
}

func (t *benchTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.out, t.ssrc = ctx.WriteStream(), uint32(ctx.SSRC())
	return t.TrackLocalStaticRTP.Bind(ctx)
}

func (t *benchTrack) write(seq uint16, key bool) error {
	b := append(t.payload[:0], 0x90, 0xc0, 0x80|byte(seq>>8)&0x7f, byte(seq), byte(seq))
	if key {
		b = append(b, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 5, 0xd0, 2)
	} else {
		b = append(b, 0x01, 0, 0)
	}
	_, err := t.out.WriteRTP(&rtp.Header{
		Version: 2, PayloadType: 96, SequenceNumber: seq, Timestamp: uint32(seq) * 300, SSRC: t.ssrc, Marker: true,
	}, b[:len(t.payload)])
	return err
}

// polled is a page's socket that is looked at now and then, so that waking up
// for each packet costs the machine nothing. It hands Pion one media packet of
// fifty.
type polled struct {
	*net.UDPConn
	raw interface {
		Read(f func(fd uintptr) bool) error
	}
	count *atomic.Int64
	media int
	in    chan note
}

type note struct {
	data []byte
	from net.Addr
}

// ReadFrom implements net.PacketConn.
func (s *polled) ReadFrom(b []byte) (int, net.Addr, error) {
	n, ok := <-s.in
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, n.data), n.from, nil
}

// poll looks at every socket until the process ends.
func (g *generator) poll() {
	buf := make([]byte, 2048)
	for {
		g.mu.Lock()
		socks := g.socks
		g.mu.Unlock()
		for _, s := range socks {
			_ = s.raw.Read(func(fd uintptr) bool {
				for {
					n, from, err := unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
					if err != nil {
						return true
					}
					s.take(buf[:n], from)
				}
			})
		}
		time.Sleep(3 * time.Millisecond)
	}
}

func (s *polled) take(b []byte, from unix.Sockaddr) {
	if len(b) > 1 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223) {
		s.count.Add(1)
		if s.media++; s.media%50 != 1 {
			return
		}
	}
	a, ok := from.(*unix.SockaddrInet4)
	if !ok {
		return
	}
	select {
	case s.in <- note{append([]byte(nil), b...), &net.UDPAddr{IP: a.Addr[:], Port: a.Port}}:
	default:
	}
}
