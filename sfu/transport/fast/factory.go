//go:build linux

package fast

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/packet"
	"plenum/sfu/transport"
	"plenum/sfu/transport/plain"
)

// feedbackEvery is how often publishers are told when their packets arrived.
const feedbackEvery = 100 * time.Millisecond

// Sockets opens the UDP sockets of all shards. Its Listen is for ice.Config.
type Sockets struct {
	shards int

	mu     sync.Mutex // guards groups
	groups []*group
}

// NewSockets returns the sockets of so many shards, at least one. It opens none.
func NewSockets(shards int) *Sockets { return &Sockets{shards: max(shards, 1)} }

// Listen opens the sockets of one address. What it returns is for Pion; to
// close it closes them.
func (s *Sockets) Listen(addr *net.UDPAddr) (net.PacketConn, error) {
	g, err := openGroup(addr, s.shards)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, g)
	return g.queue, nil
}

// Config says what a factory is made of.
type Config struct {
	Sockets *Sockets // whose ports the plain factory announces
	UDP     ice.UDPMux
	TCP     ice.TCPMux // nil without ICE-TCP
	Plain   *plain.Factory
	Seats   int // most seats of a connection
	Pool    *packet.Pool
	Log     logging.LoggerFactory
}

// A Factory makes connections and owns the goroutines that move their media.
// Its sockets are closed by closing the ports; Close comes after that.
type Factory struct {
	cfg      Config
	pool     *packet.Pool
	feedback interceptor.Factory
	maxSeats int
	began    time.Time
	count    counters

	groups  []*group
	readers []*reader
	sides   []*side
	batches int // ids given out
	homes   atomic.Uint32

	mu    sync.Mutex // guards changes of links, and all
	links atomic.Pointer[map[netip.AddrPort]*link]
	all   map[*link]netip.AddrPort // zero for one without a UDP address

	done    chan struct{}
	running sync.WaitGroup
}

// NewFactory starts reading the sockets. The caller must Close the factory,
// after every connection and the ports.
func NewFactory(cfg Config) (*Factory, error) {
	feedback, err := plain.TransportFeedback(cfg.Log)
	if err != nil {
		return nil, err
	}
	f := &Factory{
		cfg: cfg, pool: cfg.Pool, feedback: feedback, maxSeats: cfg.Seats, began: time.Now(),
		all: map[*link]netip.AddrPort{}, done: make(chan struct{}),
	}
	f.links.Store(&map[netip.AddrPort]*link{})
	cfg.Sockets.mu.Lock()
	f.groups = cfg.Sockets.groups
	cfg.Sockets.mu.Unlock()
	for i := range cfg.Sockets.shards {
		f.sides = append(f.sides, newSide(f, i))
		for _, g := range f.groups {
			f.readers = append(f.readers, newReader(f, g, i))
		}
	}
	for _, s := range f.sides {
		f.running.Go(func() { s.run(f.done) })
	}
	for _, r := range f.readers {
		f.running.Go(r.run)
	}
	f.running.Go(f.tell)
	return f, nil
}

// newBatch is called before there are links only: theirs joints are by id.
func (f *Factory) newBatch(index int) *batch {
	f.batches++
	return newBatch(f.batches-1, index, &f.count)
}

func (f *Factory) nextSide() *side { return f.sides[int(f.homes.Add(1))%len(f.sides)] }

func (f *Factory) ssrc() uint32 { return rand.Uint32() } //nolint:gosec // RFC 3550: random, not secret

// New returns a connection without an offer yet. The caller must Close it.
func (f *Factory) New(ev transport.Events, log *slog.Logger) (transport.Conn, error) {
	c := &conn{f: f, events: ev, log: log, ways: map[way]exit{}, heard: map[uint32]*sender{}}
	c.table.Store(&negotiated{})
	registry := &interceptor.Registry{}
	registry.Add(&gate{conn: c, make: f.feedback})
	p, err := f.cfg.Plain.NewConn((*listener)(c), log, plain.Options{
		Interceptors: registry,
		Settings: func(s *webrtc.SettingEngine) {
			s.SetICEUDPMux(&udpTap{UDPMux: f.cfg.UDP, conn: c})
			if f.cfg.TCP != nil {
				s.SetICETCPMux(&tcpTap{TCPMux: f.cfg.TCP, conn: c})
			}
			s.SetDTLSKeyLogWriter(&c.keys)
			s.SetDTLSServerHelloMessageHook(c.keys.hello)
		},
	})
	if err != nil {
		return nil, err
	}
	c.plain = p
	return c, nil
}

// Stats returns what the factory's fast connections have done so far.
func (f *Factory) Stats() Stats { return f.count.stats() }

// Close waits for the factory's goroutines. The ports are closed already.
func (f *Factory) Close() error {
	var errs []error
	for _, g := range f.groups {
		errs = append(errs, g.queue.Close())
	}
	close(f.done)
	f.running.Wait()
	for _, g := range f.groups {
		g.queue.drain()
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the media sockets: %w", err)
	}
	return nil
}

// groupOf returns the sockets of a local address, nil if they are not ours.
func (f *Factory) groupOf(addr net.Addr) *group {
	for _, g := range f.groups {
		if g.local.String() == addr.String() {
			return g
		}
	}
	udp, ok := addr.(*net.UDPAddr)
	for _, g := range f.groups {
		if ok && g.local.IP.IsUnspecified() && g.local.Port == udp.Port {
			return g
		}
	}
	return nil
}

// move makes a peer's address the link's, and only that one.
func (f *Factory) move(l *link, to way) {
	f.mu.Lock()
	defer f.mu.Unlock()
	links := maps.Clone(*f.links.Load())
	if old := f.all[l]; links[old] == l {
		delete(links, old)
	}
	f.all[l] = netip.AddrPort{}
	if !to.stream {
		f.all[l], links[to.addr] = to.addr, l
	}
	f.links.Store(&links)
}

// forget takes a link out of the table.
func (f *Factory) forget(l *link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	links := maps.Clone(*f.links.Load())
	if old := f.all[l]; links[old] == l {
		delete(links, old)
	}
	delete(f.all, l)
	f.links.Store(&links)
}

// settle waits until every reader is through with what it had when called.
func (f *Factory) settle() {
	for _, r := range f.readers {
		r.busy.Lock()
		r.busy.Unlock() //nolint:staticcheck // to have had it is enough
	}
}

// tell lets every link report to its publisher, until Close.
func (f *Factory) tell() {
	tick := time.NewTicker(feedbackEvery)
	defer tick.Stop()
	var links []*link
	for {
		select {
		case <-f.done:
			return
		case <-tick.C:
		}
		f.mu.Lock()
		links = links[:0]
		for l := range f.all {
			links = append(links, l)
		}
		f.mu.Unlock()
		for _, l := range links {
			l.tell()
		}
		clear(links)
	}
}
