package relay

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"

	"plenum/sfu/police"
)

// What those without an allocation may cost. A browser behind an address asks
// twice for each way to the relay, the first time without credentials.
var (
	fromAddress = police.Limit{PerSecond: 20, Burst: 300}    // requests of one address, or of one IPv6 network
	fromAll     = police.Limit{PerSecond: 2000, Burst: 4000} // senders' addresses are easily forged
)

const (
	wrongCosts   = 10               // requests, when credentials are wrong
	mostSpoken   = 32 << 10         // bytes a TCP connection says before its host has an allocation
	mostSilence  = 30 * time.Second // and how long it has for one
	mostHosts    = 4096             // remembered at once
	hostForgets  = 30 * time.Second // fromAddress is full again before
	extraStreams = 64               // connections of an address beyond its allocations
)

// strangers holds who has shown no credentials to the limits, so that nobody
// uses the relay to send to a forged address, to fill its memory or its time.
type strangers struct {
	quota   *quota
	streams int // connections of one address at once
	refused atomic.Uint64

	mu    sync.Mutex // guards what follows
	all   police.Bucket
	hosts map[netip.Addr]*host
}

// host is what is known of one address.
type host struct {
	bucket  police.Bucket
	streams int
	seen    time.Time
}

func newStrangers(q *quota) *strangers {
	return &strangers{quota: q, streams: q.cfg.PerAddress + extraStreams, hosts: map[netip.Addr]*host{}}
}

// admits reports whether a datagram is looked at.
func (s *strangers) admits(packet []byte, from net.Addr, now time.Time) bool {
	at := hostOf(from)
	if s.quota.has(at) && !anonymous(packet) {
		return true
	}
	return s.take(at, 1, now)
}

// failed charges an address for wrong credentials.
func (s *strangers) failed(from net.Addr, now time.Time) { s.take(hostOf(from), wrongCosts, now) }

func (s *strangers) take(at netip.Addr, n float64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hostLocked(at, now)
	if h == nil || !h.bucket.Take(n, fromAddress, now) || !s.all.Take(n, fromAll, now) {
		s.refused.Add(1)
		return false
	}
	return true
}

// hostLocked returns what is known of an address, nil when too many are.
func (s *strangers) hostLocked(at netip.Addr, now time.Time) *host {
	if at.Is6() { // whoever has one has the network
		p, _ := at.Prefix(64) // never fails for 64 bits
		at = p.Addr()
	}
	h := s.hosts[at]
	if h == nil {
		if len(s.hosts) >= mostHosts {
			s.forgetLocked(now)
		}
		if len(s.hosts) >= mostHosts {
			return nil
		}
		h = &host{}
		s.hosts[at] = h
	}
	h.seen = now
	return h
}

func (s *strangers) forgetLocked(now time.Time) {
	for at, h := range s.hosts {
		if h.streams == 0 && now.Sub(h.seen) > hostForgets {
			delete(s.hosts, at)
		}
	}
}

// anonymous reports whether a datagram is a STUN request that carries no proof
// of credentials (RFC 8489 sections 5 and 14.5).
func anonymous(b []byte) bool {
	const headerSize, attributeSize = 20, 4
	if len(b) < headerSize || !stun.IsMessage(b) || b[0]&1 != 0 || b[1]&0x10 != 0 {
		return false
	}
	for rest := b[headerSize:]; len(rest) >= attributeSize; {
		if stun.AttrType(binary.BigEndian.Uint16(rest)) == stun.AttrMessageIntegrity {
			return false
		}
		size := attributeSize + (int(binary.BigEndian.Uint16(rest[2:]))+3)&^3
		rest = rest[min(size, len(rest)):]
	}
	return true
}

// packetGate is a UDP socket that drops what strangers send too much of.
type packetGate struct {
	net.PacketConn
	strangers *strangers
}

// ReadFrom implements net.PacketConn.
func (g packetGate) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	for {
		n, from, err = g.PacketConn.ReadFrom(p)
		if err != nil || g.strangers.admits(p[:n], from, time.Now()) {
			return n, from, err
		}
	}
}

// streamGate is a TCP listener that turns away who connects too often.
type streamGate struct {
	net.Listener
	strangers *strangers
}

// Accept implements net.Listener.
func (g streamGate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		now := time.Now()
		if !g.strangers.connected(c.RemoteAddr(), now) {
			_ = c.Close()
			continue
		}
		_ = c.SetReadDeadline(now.Add(mostSilence)) // fails only when it is closed already
		return &stream{Conn: c, strangers: g.strangers, host: hostOf(c.RemoteAddr())}, nil
	}
}

// connected counts a connection and reports whether it may stay.
func (s *strangers) connected(from net.Addr, now time.Time) bool {
	at := hostOf(from)
	if !s.take(at, 1, now) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hostLocked(at, now)
	if h == nil || h.streams >= s.streams {
		s.refused.Add(1)
		return false
	}
	h.streams++
	return true
}

func (s *strangers) disconnected(at netip.Addr, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hostLocked(at, now); h != nil && h.streams > 0 {
		h.streams--
	}
}

var errStranger = errors.New("the connection opened no allocation")

// stream is one TCP connection. Until its address has an allocation it may not
// say much, nor take long.
type stream struct {
	net.Conn
	strangers *strangers
	host      netip.Addr
	spoken    int  // the reader's own
	known     bool // the same
	closed    sync.Once
}

// Read implements net.Conn.
func (c *stream) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.known || err != nil {
		return n, err
	}
	if c.known = c.strangers.quota.has(c.host); c.known {
		return n, c.SetReadDeadline(time.Time{})
	}
	if c.spoken += n; c.spoken > mostSpoken {
		c.strangers.refused.Add(1)
		return 0, errStranger
	}
	return n, nil
}

// Close implements net.Conn.
func (c *stream) Close() error {
	c.closed.Do(func() { c.strangers.disconnected(c.host, time.Now()) })
	return c.Conn.Close()
}
