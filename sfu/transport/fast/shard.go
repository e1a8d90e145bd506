//go:build linux

package fast

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// readAtOnce is how many datagrams one system call reads.
const readAtOnce = 64

// A reader reads one socket and takes what it reads all the way to the
// subscribers' sockets.
type reader struct {
	f     *Factory
	group *group
	sock  *socket
	batch *batch

	busy sync.Mutex // held while packets are handled, so that Close can wait

	headers []messageHeader
	iovs    []unix.Iovec
	names   [][unix.SizeofSockaddrInet6]byte
	packets []*packet.Packet
	got     int
	errno   unix.Errno

	touched []transport.Receiver // to be flushed
	last    netip.AddrPort       // whose link is lastLink
	table   *map[netip.AddrPort]*link
	recent  *link
}

func newReader(f *Factory, g *group, index int) *reader {
	r := &reader{
		f: f, group: g, sock: g.sockets[index], batch: f.newBatch(index),
		headers: make([]messageHeader, readAtOnce),
		iovs:    make([]unix.Iovec, readAtOnce),
		names:   make([][unix.SizeofSockaddrInet6]byte, readAtOnce),
		packets: make([]*packet.Packet, readAtOnce),
	}
	return r
}

// run reads until the socket is closed.
func (r *reader) run() {
	defer r.end()
	for {
		for i := range r.packets {
			if r.packets[i] == nil {
				r.refill(i)
			}
		}
		if err := r.sock.raw.Read(r.receive); err != nil {
			return
		}
		r.handle(time.Now())
	}
}

func (r *reader) refill(i int) {
	p := r.f.pool.Get()
	r.packets[i] = p
	r.iovs[i].Base = &p.Buffer()[0]
	r.iovs[i].SetLen(packet.MTU)
	r.headers[i].header = unix.Msghdr{Name: &r.names[i][0], Iov: &r.iovs[i]}
	r.headers[i].header.SetIovlen(1)
}

// receive is one attempt to read; false waits until there is something.
func (r *reader) receive(fd uintptr) bool {
	for i := range r.headers {
		r.headers[i].header.Namelen = unix.SizeofSockaddrInet6
		r.headers[i].header.Flags = 0
	}
	r.got, r.errno = recvmmsg(fd, r.headers)
	if r.errno == unix.EAGAIN {
		return false
	}
	return true // an error of one datagram is not the socket's end
}

func (r *reader) end() {
	for _, p := range r.packets {
		if p != nil {
			p.Release()
		}
	}
}

// handle takes what was read.
func (r *reader) handle(now time.Time) {
	r.busy.Lock()
	defer r.busy.Unlock()
	r.f.count.received.Add(uint64(r.got))
	if t := r.f.links.Load(); t != r.table {
		r.table, r.recent, r.last = t, nil, netip.AddrPort{}
	}
	for i := range r.got {
		p, n := r.packets[i], int(r.headers[i].size)
		r.packets[i] = nil
		if r.headers[i].header.Flags&unix.MSG_TRUNC != 0 || n == 0 {
			r.f.count.truncated.Add(1)
			p.Release()
			continue
		}
		r.take(p, n, source(&r.names[i]), now)
	}
	for i, to := range r.touched {
		to.Flush(r.batch)
		r.touched[i] = nil
	}
	r.touched = r.touched[:0]
	r.batch.flush()
}

// take hands one datagram to its link, or to Pion.
func (r *reader) take(p *packet.Packet, n int, from netip.AddrPort, now time.Time) {
	var l *link
	if media(p.Buffer()[:n]) {
		l = r.find(from)
	}
	if l == nil {
		if !r.group.queue.put(p, n, from) {
			r.f.count.overrun.Add(1)
		}
		return
	}
	if to := l.receive(p, n, now); to != nil && !slices.Contains(r.touched, to) {
		r.touched = append(r.touched, to)
	}
}

// find returns the fast link a peer's address belongs to, or nil. Only ICE
// says where a peer is: what comes from elsewhere goes to Pion.
func (r *reader) find(from netip.AddrPort) *link {
	if from != r.last {
		r.last, r.recent = from, (*r.table)[from]
	}
	return r.recent
}

// media reports whether a datagram is RTP or RTCP (RFC 7983 section 7).
func media(b []byte) bool { return len(b) > 1 && b[0]>>6 == 2 }

// control reports whether media is RTCP (RFC 5761 section 4).
func control(b []byte) bool { return b[1] >= 192 && b[1] <= 223 }
