//go:build linux

package fast

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"plenum/sfu/packet"
)

// queued bounds what waits for Pion: STUN, DTLS, and the media of plain
// connections. Beyond it packets are dropped, as by a full socket.
const queued = 1024

// A queue is a group as Pion sees it: a UDP socket without what the fast
// connections take.
type queue struct {
	group  *group
	in     chan parcel
	closed chan struct{}
	once   sync.Once
}

// parcel is a datagram for Pion.
type parcel struct {
	p    *packet.Packet // ours
	size int
	from netip.AddrPort
}

func newQueue(g *group) *queue {
	return &queue{group: g, in: make(chan parcel, queued), closed: make(chan struct{})}
}

// put takes p, and reports whether there was room.
func (q *queue) put(p *packet.Packet, size int, from netip.AddrPort) bool {
	select {
	case q.in <- parcel{p, size, from}:
		return true
	default:
		p.Release()
		return false
	}
}

// ReadFromAddrPort implements Pion's ice.AddrPortReaderWriter.
func (q *queue) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-q.in:
		n := copy(b, d.p.Buffer()[:d.size])
		d.p.Release()
		return n, d.from, nil
	case <-q.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToAddrPort implements Pion's ice.AddrPortReaderWriter.
func (q *queue) WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	return q.group.sockets[0].conn.WriteToUDPAddrPort(b, addr)
}

// ReadFrom implements net.PacketConn.
func (q *queue) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := q.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (q *queue) WriteTo(b []byte, addr net.Addr) (int, error) {
	return q.group.sockets[0].conn.WriteTo(b, addr)
}

// LocalAddr implements net.PacketConn.
func (q *queue) LocalAddr() net.Addr { return q.group.local }

// SetDeadline and its sisters implement net.PacketConn. Nothing here waits
// but a read, which Pion ends by Close.
func (q *queue) SetDeadline(time.Time) error      { return nil }
func (q *queue) SetReadDeadline(time.Time) error  { return nil }
func (q *queue) SetWriteDeadline(time.Time) error { return nil }

// Close implements net.PacketConn. It ends the shards' reading too.
func (q *queue) Close() error {
	var err error
	q.once.Do(func() {
		close(q.closed)
		err = q.group.close()
	})
	return err
}

// drain gives back what nobody read. The shards have ended.
func (q *queue) drain() {
	for {
		select {
		case d := <-q.in:
			d.p.Release()
		default:
			return
		}
	}
}
