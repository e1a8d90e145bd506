//go:build linux

package fast_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
	"golang.org/x/sys/unix"

	"plenum/sfu"
	"plenum/sfu/transport/fast"
)

// A shape is who sends to whom.
type shape struct {
	name       string
	publishers int
	viewers    int // beside the publishers; 0 lets the publishers watch each other
	perSecond  int // packets of each publisher
	burst      int // of them at once
}

var shapes = []shape{
	{"1→50", 1, 50, 600, 20},
	{"1→200", 1, 200, 200, 20},
	{"20↔20", 20, 0, 80, 8},
}

const (
	warmUp  = 700 * time.Millisecond
	measure = 2500 * time.Millisecond
	idleFor = 500 * time.Millisecond // what ICE allocates meanwhile is not the packets'
)

// A cost is what one packet delivered took of this process.
type cost struct {
	nanos, allocs float64
	run           float64 // packets of one destination in a row; 1 without GSO
	lost          float64
}

// BenchmarkForwarding prints what a delivered packet of 1200 bytes costs: the
// limit of this machine, the fast transport, the plain one, and Pion as it
// comes. The pages are in another process. It measures once, whatever b.N is.
func BenchmarkForwarding(b *testing.B) {
	out := io.Writer(os.Stdout)
	fmt.Fprintf(out, "\n%-8s %-6s %-6s %9s %9s %7s %7s %8s\n", "shape", "pacing", "path", "ns/packet", "allocs", "run", "lost", "× limit")
	for range b.N {
		for _, s := range shapes {
			for _, kind := range []string{"fast", "plain", "stock"} {
				if only := os.Getenv("PLENUM_BENCH_ONLY"); only == "" || only == s.name+" "+kind {
					compare(b, out, s, kind)
				}
			}
		}
	}
}

// compare measures one path in both pacings, each beside the limit of the
// same moment.
func compare(b *testing.B, out io.Writer, s shape, kind string) {
	b.Helper()
	g := startGenerator(b)
	defer g.stop()
	srv, err := newServer(b.Context(), kind)
	check(b, err)
	defer srv.close()
	check(b, gather(g, srv, s))
	limit, err := fast.NewLimit(g.addrs)
	check(b, err)
	defer func() { _ = limit.Close() }()
	for _, pacing := range []string{"burst", "paced"} {
		o := order{Op: "send", PerSec: s.perSecond, Millis: int((warmUp + measure + 500*time.Millisecond).Milliseconds())}
		if pacing == "burst" {
			o.Burst = s.burst
		}
		c := g.during(b, o, srv)
		least := bound(b, g, limit, max(int(c.run+0.5), 1))
		fmt.Fprintf(out, "%-8s %-6s %-6s %9.0f %9.4f %7.1f %6.2f%% %8.2f\n", s.name, pacing, "limit", least.nanos, least.allocs, least.run, 0.0, 1.0)
		fmt.Fprintf(out, "%-8s %-6s %-6s %9.0f %9.4f %7.1f %6.2f%% %8.2f\n",
			s.name, pacing, kind, c.nanos, c.allocs, c.run, 100*c.lost, c.nanos/least.nanos)
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// bound measures the limit with runs as long as the path had.
func bound(b *testing.B, g *peer, l *fast.Limit, run int) cost {
	b.Helper()
	before := l.Stats()
	sent := 0
	m := begin()
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
		sent += l.Send(run)
		if sent%(20*len(g.addrs)) == 0 {
			time.Sleep(time.Millisecond) // the sockets must not run over
		}
	}
	after := l.Stats()
	return m.end(sent, float64(after.Sent-before.Sent)/float64(after.Runs-before.Runs))
}

// meter is CPU time and allocations of this process since it began.
type meter struct {
	cpu    time.Duration
	memory runtime.MemStats
}

func begin() *meter {
	m := &meter{}
	runtime.ReadMemStats(&m.memory)
	m.cpu = cpuTime()
	return m
}

func (m *meter) end(packets int, run float64) cost {
	cpu := cpuTime() - m.cpu
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	n := float64(max(packets, 1))
	return cost{nanos: float64(cpu.Nanoseconds()) / n, allocs: float64(memory.Mallocs-m.memory.Mallocs) / n, run: run}
}

func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A peer is the generator process.
type peer struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	addrs []string // of those who receive
}

func startGenerator(b *testing.B) *peer {
	b.Helper()
	self, err := os.Executable()
	check(b, err)
	p := &peer{cmd: exec.CommandContext(b.Context(), self)}
	p.cmd.Env = append(os.Environ(), asGenerator+"=1")
	p.cmd.Stderr = io.Discard
	p.in, err = p.cmd.StdinPipe()
	check(b, err)
	out, err := p.cmd.StdoutPipe()
	check(b, err)
	p.out = bufio.NewReader(out)
	check(b, p.cmd.Start())
	return p
}

func (p *peer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

func (p *peer) ask(o order) (answer, error) {
	var a answer
	if err := json.NewEncoder(p.in).Encode(o); err != nil {
		return a, err
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// during lets the publishers send and measures the middle of it.
func (p *peer) during(b *testing.B, o order, s server) cost {
	b.Helper()
	time.Sleep(100 * time.Millisecond) // what was sent before has arrived
	arrived, err := p.ask(order{Op: "count"})
	check(b, err)
	first, _ := s.delivered()
	done := make(chan error, 1)
	go func() { _, err := p.ask(o); done <- err }()
	time.Sleep(warmUp)
	sent, runs := s.delivered()
	m := begin()
	time.Sleep(measure)
	sentAfter, runsAfter := s.delivered()
	c := m.end(int(sentAfter-sent), float64(sentAfter-sent)/float64(max(runsAfter-runs, 1)))
	check(b, <-done)
	idle := begin()
	time.Sleep(idleFor)
	c.allocs = max(0, c.allocs-idle.end(1, 0).allocs*float64(measure)/float64(idleFor)/float64(max(sentAfter-sent, 1)))
	time.Sleep(50 * time.Millisecond)
	last, _ := s.delivered()
	after, err := p.ask(order{Op: "count"})
	check(b, err)
	c.lost = 1 - float64(after.Count-arrived.Count)/float64(max(last-first, 1))
	return c
}

// A server is a path that is measured.
type server interface {
	join(id int, offer, mid string, publishes bool, s shape) (answer string, err error)
	ready() bool // everybody sees everything
	delivered() (packets, runs uint64)
	close()
}

func newServer(ctx context.Context, kind string) (server, error) {
	if kind == "stock" {
		return newStock()
	}
	return newOurs(ctx, kind == "plain")
}

// gather lets everybody join.
func gather(g *peer, srv server, s shape) error {
	total, seats := s.publishers+s.viewers, s.publishers
	for id := range total {
		publishes := id < s.publishers
		o := order{Op: "offer", ID: id, Seats: seats, Publish: publishes}
		a, err := g.ask(o)
		if err != nil {
			return err
		}
		text, err := srv.join(id, a.SDP, a.Mid, publishes, s)
		if err != nil {
			return err
		}
		if !publishes || s.viewers == 0 {
			g.addrs = append(g.addrs, a.Addr)
		}
		if _, err := g.ask(order{Op: "answer", ID: id, SDP: text}); err != nil {
			return err
		}
	}
	if _, err := g.ask(order{Op: "up"}); err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); !srv.ready(); {
		if time.Now().After(end) {
			return errors.New("the meeting did not come together")
		}
		if _, err := g.ask(order{Op: "send", PerSec: 50, Burst: 1, Millis: 200}); err != nil {
			return err
		}
	}
	return nil
}

// ours is the media plane on one of its transports.
type ours struct {
	ctx   context.Context // of the measurement
	plain bool
	s     *sfu.SFU
	r     *sfu.Room
	want  int

	mu    sync.Mutex // guards what follows
	all   map[string]*sfu.Participant
	shown map[string]int
}

// LayersWanted implements sfu.Observer.
func (*ours) LayersWanted(string, sfu.Source, int) {}

// CodecWanted implements sfu.Observer.
func (*ours) CodecWanted(string, sfu.Source, sfu.Codec) {}

func newOurs(ctx context.Context, plain bool) (*ours, error) {
	s, err := sfu.New(sfu.Config{
		UDP: "127.0.0.1:0", TCP: "off", Loopback: true, Plain: plain, Unbounded: true, Audible: 1,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	o := &ours{ctx: ctx, plain: plain, s: s, all: map[string]*sfu.Participant{}, shown: map[string]int{}}
	o.r = s.NewRoom("bench", o) //nolint:contextcheck // a room lives as long as its SFU
	return o, nil
}

// SeatsChanged implements sfu.Observer, as a page that clears seats at once.
func (o *ours) SeatsChanged(id string, epoch int64, seats []sfu.SeatRow) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shown[id] = 0
	for _, s := range seats {
		if s.HasFrom {
			o.shown[id]++
		}
	}
	if p := o.all[id]; p != nil {
		go p.AckSeats(epoch)
	}
}

// FloorChanged and LinkChanged implement sfu.Observer.
func (*ours) FloorChanged([]string)             {}
func (*ours) LinkChanged(string, sfu.LinkState) {}

func (o *ours) join(id int, offer, mid string, publishes bool, s shape) (string, error) {
	var view []sfu.Tile
	for p := range s.publishers {
		if p != id && (s.viewers == 0 || !publishes) {
			view = append(view, sfu.Tile{Participant: fmt.Sprint(p), Source: sfu.Camera, Height: 720})
		}
	}
	name := fmt.Sprint(id)
	p, text, err := o.r.Join(o.ctx, sfu.Entry{
		ID: name, Number: uint32(id + 1), Offer: offer, Sources: map[string]sfu.Source{mid: sfu.Camera}, View: view,
	})
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all[name] = p
	o.want += len(view)
	if publishes {
		p.SetSource(sfu.Camera, true, false)
	}
	go p.AckSeats(1 << 40)
	return text, nil
}

func (o *ours) ready() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, shown := range o.shown {
		n += shown
	}
	return n >= o.want
}

func (o *ours) delivered() (uint64, uint64) {
	st := o.s.Stats()
	if o.plain {
		return st.Forwarded, st.Forwarded
	}
	return st.Fast.Sent, st.Fast.Runs
}

func (o *ours) close() {
	_ = o.s.Close()
}

// stock is a forwarder as Pion's examples have it: TrackLocalStaticRTP and the
// default interceptors.
type stock struct {
	api  *webrtc.API
	sent atomic.Uint64
	want int
	up   atomic.Int64

	mu     sync.Mutex // guards what follows
	pcs    []*webrtc.PeerConnection
	tracks map[int]*countedTrack
}

// countedTrack counts what it writes.
type countedTrack struct{ *webrtc.TrackLocalStaticRTP }

func newStock() (*stock, error) {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, registry); err != nil {
		return nil, err
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	s.SetLite(true)
	return &stock{
		api:    webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s)),
		tracks: map[int]*countedTrack{},
	}, nil
}

func (k *stock) track(id int) (*countedTrack, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.tracks[id]; t != nil {
		return t, nil
	}
	t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", fmt.Sprint("p", id))
	if err != nil {
		return nil, err
	}
	k.tracks[id] = &countedTrack{t}
	return k.tracks[id], nil
}

func (k *stock) join(id int, offer, _ string, publishes bool, s shape) (string, error) {
	pc, err := k.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	k.pcs = append(k.pcs, pc)
	k.want++
	k.mu.Unlock()
	pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		if st == webrtc.PeerConnectionStateConnected {
			k.up.Add(1)
		}
	})
	viewers := s.viewers
	if viewers == 0 {
		viewers = s.publishers - 1
	}
	if publishes {
		own, err := k.track(id)
		if err != nil {
			return "", err
		}
		pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			for {
				p, _, err := t.ReadRTP()
				if err != nil {
					return
				}
				p.Extension, p.Extensions = false, nil
				if own.WriteRTP(p) == nil {
					k.sent.Add(uint64(viewers))
				}
			}
		})
	}
	for p := range s.publishers {
		if p == id || (publishes && s.viewers > 0) {
			continue
		}
		t, err := k.track(p)
		if err != nil {
			return "", err
		}
		if _, err := pc.AddTrack(t); err != nil {
			return "", err
		}
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	text, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(text); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

func (k *stock) ready() bool { return int(k.up.Load()) == k.want }

func (k *stock) delivered() (uint64, uint64) { n := k.sent.Load(); return n, n }

func (k *stock) close() {
	var wg sync.WaitGroup
	for _, pc := range k.pcs {
		wg.Go(func() { _ = pc.GracefulClose() })
	}
	wg.Wait()
}
