package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/turn/v5"
)

// generator makes the sockets of allocations.
type generator struct{ s *Server }

var errOnlyUDP = errors.New("this relay has no TCP allocations (RFC 6062)")

// Validate implements turn.RelayAddressGenerator.
func (generator) Validate() error { return nil }

// AllocatePacketConn implements turn.RelayAddressGenerator. The port a client
// asks for is not heeded: nobody but us ever sees it.
func (g generator) AllocatePacketConn(cfg turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	var at *net.UDPAddr
	for _, addr := range g.s.peers.media {
		if addr.Addr().Is4() == (cfg.Network == "udp4") {
			at = net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr.Addr(), 0))
			break
		}
	}
	if at == nil {
		return nil, nil, errors.New("no media address of this family")
	}
	any4or6 := *at
	any4or6.IP = nil // of this family: media may be on several addresses
	socket, err := net.ListenUDP(cfg.Network, &any4or6)
	if err != nil {
		return nil, nil, err
	}
	at.Port = socket.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket's address
	return &conn{
		UDPConn: socket, peers: g.s.peers, user: g.s.quota.user(cfg.UserID),
		called: map[netip.AddrPort]*net.UDPAddr{},
	}, at, nil
}

// AllocateListener implements turn.RelayAddressGenerator.
func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errOnlyUDP
}

// AllocateConn implements turn.RelayAddressGenerator.
func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errOnlyUDP }

// conn is the socket of one allocation. What is not to or from our media ports,
// or too much, is dropped: permissions (RFC 8656 section 9) know no ports.
type conn struct {
	*net.UDPConn
	peers *peers
	user  *user

	mu     sync.Mutex                      // guards called
	called map[netip.AddrPort]*net.UDPAddr // what the client calls each of our addresses
}

// WriteTo sends what the client wants sent to a peer.
func (c *conn) WriteTo(p []byte, to net.Addr) (int, error) {
	peer, ok := to.(*net.UDPAddr)
	if !ok {
		return len(p), nil
	}
	target, ok := c.peers.target(peer.AddrPort())
	if !ok || !passes(c.user.up, len(p)) {
		return len(p), nil
	}
	c.mu.Lock()
	if c.called[target] == nil {
		c.called[target] = peer
	}
	c.mu.Unlock()
	return c.WriteToUDPAddrPort(p, target)
}

// ReadFrom returns what our media ports send, under the name the client calls them by.
func (c *conn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.ReadFromUDPAddrPort(p)
		if err != nil {
			return 0, nil, err
		}
		c.mu.Lock()
		peer := c.called[netip.AddrPortFrom(from.Addr().Unmap(), from.Port())]
		c.mu.Unlock()
		if peer != nil && passes(c.user.down, n) {
			return n, peer, nil
		}
	}
}
