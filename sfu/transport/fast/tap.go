//go:build linux

package fast

import (
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
)

// udpTap is the UDP mux as one connection's ICE agent sees it.
type udpTap struct {
	ice.UDPMux
	conn *conn
}

// GetConn implements ice.UDPMux.
func (m *udpTap) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	inner, err := m.UDPMux.GetConn(ufrag, addr)
	if err != nil {
		return nil, err
	}
	g := m.conn.f.groupOf(addr)
	pairs, ok := inner.(ice.AddrPortReaderWriter)
	if g == nil || !ok {
		return inner, nil // a socket that is not ours; its peers are plain
	}
	return &udpPath{PacketConn: inner, pairs: pairs, conn: m.conn, group: g}, nil
}

// udpPath is what one connection's ICE agent reads and writes by UDP. It
// remembers where the peer was heard, and lets no media of Pion's out under
// keys that are ours.
type udpPath struct {
	net.PacketConn
	pairs ice.AddrPortReaderWriter
	conn  *conn
	group *group
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (p *udpPath) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := p.pairs.ReadFromAddrPort(b)
		if err != nil {
			return n, from, err
		}
		w := way{addr: canonical(from)}
		if !media(b[:n]) {
			p.conn.met(w, exit{group: p.group})
		} else if p.conn.diverted(b[:n]) {
			continue
		}
		return n, from, nil
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (p *udpPath) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if p.conn.barred(b) {
		return len(b), nil
	}
	return p.pairs.WriteToAddrPort(b, to)
}

// ReadFrom implements net.PacketConn.
func (p *udpPath) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (p *udpPath) WriteTo(b []byte, to net.Addr) (int, error) {
	if p.conn.barred(b) {
		return len(b), nil
	}
	return p.PacketConn.WriteTo(b, to)
}

// tcpTap is the TCP mux as one connection's ICE agent sees it.
type tcpTap struct {
	ice.TCPMux
	conn *conn
}

// GetConnByUfrag implements ice.TCPMux.
func (m *tcpTap) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	inner, err := m.TCPMux.GetConnByUfrag(ufrag, isIPv6, local)
	if err != nil {
		return nil, err
	}
	return &tcpPath{PacketConn: inner, conn: m.conn}, nil
}

// tcpPath is udpPath for ICE-TCP.
type tcpPath struct {
	net.PacketConn
	conn *conn
}

// ReadFrom implements net.PacketConn.
func (p *tcpPath) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.PacketConn.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		tcp, ok := from.(*net.TCPAddr)
		switch {
		case !ok:
		case !media(b[:n]):
			p.conn.met(way{canonical(tcp.AddrPort()), true}, exit{stream: p.PacketConn, peer: from})
		case p.conn.diverted(b[:n]):
			continue
		}
		return n, from, nil
	}
}

// WriteTo implements net.PacketConn.
func (p *tcpPath) WriteTo(b []byte, to net.Addr) (int, error) {
	if p.conn.barred(b) {
		return len(b), nil
	}
	return p.PacketConn.WriteTo(b, to)
}

func canonical(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// met remembers how a peer was heard.
func (c *conn) met(w way, e exit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ways) >= maxWays {
		if _, known := c.ways[w]; !known {
			clear(c.ways) // ICE hears again, at once, of the ones in use
		}
	}
	c.ways[w] = e
}

// barred reports whether a datagram of Pion's must not leave: media is
// written by one side only, and by none before it is decided by which.
func (c *conn) barred(b []byte) bool {
	if !media(b) || c.mode.Load() == modePlain {
		return false
	}
	c.f.count.barred.Add(1)
	return true
}

// diverted takes media of a fast connection that came by Pion's way: over
// ICE-TCP, or from an address ICE has just begun to use.
func (c *conn) diverted(b []byte) bool {
	l := c.link.Load()
	if l == nil {
		return false
	}
	p := c.f.pool.Get()
	if len(b) > len(p.Buffer()) {
		p.Release()
		c.f.count.truncated.Add(1)
		return true
	}
	n := copy(p.Buffer(), b)
	if to := l.receive(p, n, time.Now()); to != nil {
		to.Flush(nil)
	}
	return true
}
