//go:build linux

package fast

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
	"plenum/sfu/rtcpwire"
	"plenum/sfu/transport"
	"plenum/sfu/transport/plain"
)

// mode says who writes and reads a connection's media.
type mode = int32

// A connection is undecided until its handshake is over, and then one of the
// others to its end.
const (
	modeUndecided mode = iota
	modeFast
	modePlain
)

// conn is a transport.Conn: a plain one that does ICE, DTLS and SDP, and the
// link that took its media over, if one did.
type conn struct {
	f      *Factory
	plain  *plain.Conn
	events transport.Events
	log    *slog.Logger
	keys   keyTap

	mode  atomic.Int32
	link  atomic.Pointer[link] // set once, when mode becomes modeFast
	table atomic.Pointer[negotiated]

	mu      sync.Mutex // guards what follows
	watched bool       // the handshake is
	ice     *webrtc.ICETransport
	ways    map[way]exit // how the peer was heard, for when ICE chooses
	seats   []transport.Seat
	done    bool

	hearing sync.RWMutex // guards heard
	heard   map[uint32]*sender
}

// A way is a peer's address, by UDP or by TCP.
type way struct {
	addr   netip.AddrPort
	stream bool
}

// An exit is where packets to a way leave.
type exit struct {
	group  *group         // by UDP
	stream net.PacketConn // by TCP
	peer   net.Addr       // on stream
}

// maxWays bounds how many addresses of a peer are remembered.
const maxWays = 64

// Answer implements transport.Conn.
func (c *conn) Answer(ctx context.Context, offer string) (string, error) {
	c.watch()
	answer, err := c.plain.Answer(ctx, offer)
	if err != nil {
		return "", err
	}
	c.table.Store(negotiate(offer, answer))
	return answer, nil
}

// watch asks Pion to tell of the end of the handshake, and of ICE's choices.
func (c *conn) watch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watched {
		return
	}
	c.watched = true
	handshake := c.plain.Peer().SCTP().Transport()
	c.ice = handshake.ICETransport()
	c.ice.OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) {
		c.moved()
		c.plain.PathChanged() // which this handler takes the place of
	})
	handshake.OnStateChange(func(s webrtc.DTLSTransportState) {
		if s == webrtc.DTLSTransportStateConnected {
			c.decide()
		}
	})
}

// decide chooses who carries the media, once: before this nobody writes.
func (c *conn) decide() {
	if c.mode.Load() != modeUndecided {
		return
	}
	l, d, err := c.take()
	if err != nil {
		if c.mode.CompareAndSwap(modeUndecided, modePlain) {
			c.f.count.plain.Add(1)
			c.log.Debug("media takes the plain path", "reason", err)
		}
		return
	}
	if c.begin(l, d) {
		c.log.Debug("media takes the fast path")
		c.moved() // in case ICE has changed its mind meanwhile
	}
}

// begin makes the connection fast, unless it is closing.
func (c *conn) begin(l *link, d aim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || !c.mode.CompareAndSwap(modeUndecided, modeFast) {
		return false
	}
	c.link.Store(l)
	c.f.count.fast.Add(1)
	l.to.Store(d.dest)
	c.f.move(l, d.way)
	return true
}

// aim is a way and where packets to it go.
type aim struct {
	way  way
	dest *dest
}

// take makes the link, if everything is as the fast path needs it.
func (c *conn) take() (*link, aim, error) {
	d, err := c.chosen()
	if err != nil {
		return nil, aim{}, err
	}
	if d.way.stream {
		return nil, aim{}, fmt.Errorf("the peer is on ICE-TCP")
	}
	client, server, err := c.keys.keys()
	if err != nil {
		return nil, aim{}, err
	}
	l, err := newLink(c, client, server)
	return l, d, err
}

// chosen is where ICE says the peer is.
func (c *conn) chosen() (aim, error) {
	pair, err := c.ice.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return aim{}, fmt.Errorf("no candidate pair: %w", err)
	}
	ip, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return aim{}, fmt.Errorf("the peer's address: %w", err)
	}
	w := way{netip.AddrPortFrom(ip.Unmap().WithZone(""), pair.Remote.Port), pair.Local.Protocol == webrtc.ICEProtocolTCP}
	c.mu.Lock()
	e, ok := c.ways[w]
	c.mu.Unlock()
	if !ok {
		return aim{}, fmt.Errorf("nothing came from %s", w.addr)
	}
	d := &dest{group: e.group, stream: e.stream, peer: e.peer}
	if !w.stream {
		if d.to, err = newSockaddr(w.addr, e.group.sockets[0].six); err != nil {
			return aim{}, err
		}
	}
	return aim{w, d}, nil
}

// moved follows ICE to another candidate pair. The keys and their indexes stay
// with the link, whatever the way: over ICE-TCP go the same sealed packets.
func (c *conn) moved() {
	l := c.link.Load()
	if l == nil {
		return
	}
	d, err := c.chosen()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return
	}
	if err != nil {
		c.log.Debug("the way to a peer is unknown", "error", err)
		l.to.Store(nil) // nothing is sent until ICE finds another
		return
	}
	l.to.Store(d.dest)
	c.f.move(l, d.way)
}

// Seats implements transport.Conn.
func (c *conn) Seats() []transport.Seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.plain.Seats()[len(c.seats):] {
		c.seats = append(c.seats, transport.Seat{Audio: c.wrap(s.Audio), Video: c.wrap(s.Video)})
	}
	return slices.Clip(c.seats)
}

func (c *conn) wrap(s transport.Sender) *sender {
	return &sender{conn: c, plain: s.(bindable)} //nolint:forcetypeassert // made by plain
}

// hear makes s the one who hears of an outgoing stream.
func (c *conn) hear(ssrc uint32, s *sender) {
	c.hearing.Lock()
	defer c.hearing.Unlock()
	c.heard[ssrc] = s
}

// sending returns the sender of an outgoing stream, nil for none.
func (c *conn) sending(ssrc uint32) *sender {
	c.hearing.RLock()
	defer c.hearing.RUnlock()
	return c.heard[ssrc]
}

// Sends implements transport.Conn.
func (c *conn) Sends(mid string) codec.Set { return c.plain.Sends(mid) }

// Numbered implements transport.Conn.
func (c *conn) Numbered() bool { return c.plain.Numbered() }

// AskKeyframe implements transport.Conn.
func (c *conn) AskKeyframe(ssrc uint32) {
	if l := c.link.Load(); l != nil {
		var b [12]byte
		l.control(rtcpwire.AppendPLI(b[:0], ssrc))
		return
	}
	c.plain.AskKeyframe(ssrc)
}

// Nack implements transport.Conn.
func (c *conn) Nack(ssrc uint32, seqs []int64) {
	if l := c.link.Load(); l != nil {
		l.control(rtcpwire.AppendNack(nil, ssrc, seqs))
		return
	}
	c.plain.Nack(ssrc, seqs)
}

// ReceiverReport implements transport.Conn.
func (c *conn) ReceiverReport(blocks []transport.Block) {
	if l := c.link.Load(); l != nil {
		l.control(rtcpwire.AppendReceiverReport(nil, blocks))
		return
	}
	c.plain.ReceiverReport(blocks)
}

// Close implements transport.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	first := !c.done
	c.done = true
	c.mu.Unlock()
	if l := c.link.Load(); l != nil {
		c.f.forget(l)
		l.close()
		c.f.settle()
	}
	err := c.plain.Close()
	if first {
		switch c.mode.Load() {
		case modeFast:
			c.f.count.fast.Add(-1)
		case modePlain:
			c.f.count.plain.Add(-1)
		}
	}
	return err
}
