//go:build linux

package fast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketBuffer is asked of the kernel for each UDP socket: bursts of keyframes
// from hundreds of publishers must fit while the reader is busy elsewhere.
const socketBuffer = 4 << 20

// A socket is one UDP socket of a group.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	six  bool // an IPv6 socket: addresses of IPv4 are written mapped
}

// A group is the sockets of all shards on one local address. They share the
// port (SO_REUSEPORT), so the kernel deals the peers out among them and any of
// them may answer any peer.
type group struct {
	local   *net.UDPAddr
	sockets []*socket
	queue   *queue // what Pion reads
}

// openGroup binds one socket per shard to an address.
func openGroup(addr *net.UDPAddr, shards int) (*group, error) {
	g := &group{local: addr}
	for i := range shards {
		s, err := openSocket(g.local, i > 0)
		if err == nil && i == 0 {
			g.local = s.conn.LocalAddr().(*net.UDPAddr) //nolint:forcetypeassert // a UDP socket's address
			if shards > 1 {
				// Only after the first bind, which thus finds out whether
				// another server has the port.
				err = s.set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
		}
		if s != nil {
			g.sockets = append(g.sockets, s)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("bind %s: %w", g.local, err), g.close())
		}
	}
	g.queue = newQueue(g)
	return g, nil
}

func openSocket(addr *net.UDPAddr, shared bool) (*socket, error) {
	cfg := net.ListenConfig{}
	if shared {
		cfg.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			})
			return errors.Join(err, failed)
		}
	}
	pc, err := cfg.ListenPacket(context.Background(), "udp", addr.String()) //nolint:forbidigo // opening a socket of an address waits for nothing
	if err != nil {
		return nil, err
	}
	s := &socket{conn: pc.(*net.UDPConn)} //nolint:forcetypeassert // what "udp" gives
	if s.raw, err = s.conn.SyscallConn(); err != nil {
		return nil, errors.Join(err, s.conn.Close())
	}
	_ = s.conn.SetReadBuffer(socketBuffer) // the kernel may grant less
	_ = s.conn.SetWriteBuffer(socketBuffer)
	var domain int
	controlled := s.raw.Control(func(fd uintptr) { domain, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN) })
	if err = errors.Join(controlled, err); err != nil {
		return nil, errors.Join(err, s.conn.Close())
	}
	s.six = domain == unix.AF_INET6
	return s, nil
}

func (s *socket) set(level, option, value int) error {
	var failed error
	err := s.raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), level, option, value) })
	return errors.Join(err, failed)
}

func (g *group) close() error {
	var errs []error
	for _, s := range g.sockets {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(errs...)
}

// sockaddr is a destination as the kernel takes it.
type sockaddr struct {
	bytes [unix.SizeofSockaddrInet6]byte
	size  uint32
}

// newSockaddr writes addr for a socket of one family.
func newSockaddr(addr netip.AddrPort, six bool) (to sockaddr, err error) {
	ip := addr.Addr()
	port := addr.Port()
	if !six {
		if ip = ip.Unmap(); !ip.Is4() {
			return to, fmt.Errorf("%s from an IPv4 socket: %w", addr, unix.EAFNOSUPPORT)
		}
		// struct sockaddr_in: family in host order, port and address in network order.
		put16(to.bytes[0:], unix.AF_INET)
		to.bytes[2], to.bytes[3] = byte(port>>8), byte(port)
		a := ip.As4()
		copy(to.bytes[4:], a[:])
		to.size = unix.SizeofSockaddrInet4
		return to, nil
	}
	put16(to.bytes[0:], unix.AF_INET6)
	to.bytes[2], to.bytes[3] = byte(port>>8), byte(port)
	a := ip.As16()
	copy(to.bytes[8:], a[:])
	to.size = unix.SizeofSockaddrInet6
	return to, nil
}

// source reads the address the kernel wrote; addresses of IPv4 are never mapped.
func source(b *[unix.SizeofSockaddrInet6]byte) (addr netip.AddrPort) {
	port := uint16(b[2])<<8 | uint16(b[3])
	switch get16(b[0:]) {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])).Unmap(), port)
	default:
		return netip.AddrPort{}
	}
}
