//go:build linux

package fast

import (
	"net"

	"golang.org/x/sys/unix"
)

const (
	// highWater is how much a batch gathers before it is sent, so that what
	// was sealed is still in the processor's cache when the kernel copies it.
	highWater = 192 << 10
	// slabSize leaves room for what one subscriber is sent after that.
	slabSize = highWater + 128<<10
	// maxMessages is how many destinations' runs one system call takes.
	maxMessages = 64
	// maxRun and maxRunBytes bound one run of UDP_SEGMENT: UDP_MAX_SEGMENTS of
	// older kernels, and the largest UDP datagram with room for its headers.
	maxRun      = 64
	maxRunBytes = 65000
)

// A dest is where a link's packets go. It is never changed, but replaced.
type dest struct {
	group  *group
	to     sockaddr
	stream net.PacketConn // instead of group, for ICE-TCP
	peer   net.Addr       // on stream
	single flag           // the kernel refused runs to it
}

// A run is packets of one size to one destination, of which only the last may
// be shorter. One system call hands it to the kernel, which cuts it up.
type run struct {
	to          *dest
	size        int // of its packets but the last
	count       int
	bytes       int
	first, last int32 // its pieces
	sent        bool
}

// A piece is part of a run that lies in one stretch of the slab.
type piece struct {
	from, size int32
	next       int32 // of the same run; -1 for none
}

// joint is the run a link's next packet may join, in one batch.
type joint struct {
	fill uint32 // of the batch; a run of an earlier filling is gone
	run  int32
}

// A batch gathers sealed packets and sends them. It belongs to whoever fills
// it: a shard's reader, or the side of one under its mutex.
type batch struct {
	id    int // its place in every link's joints
	index int // which socket of a group it sends from
	count *counters

	fill   uint32
	slab   []byte
	runs   []run
	pieces []piece

	// What follows is for the system call.
	iovs    []unix.Iovec
	headers []messageHeader
	control []segmentControl
	chosen  []int32 // runs, by header
	next    int     // first header not sent
	call    func(fd uintptr)
	errno   unix.Errno
	did     int
}

func newBatch(id, index int, count *counters) *batch {
	b := &batch{id: id, index: index, count: count, fill: 1}
	b.call = func(fd uintptr) { b.did, b.errno = sendmmsg(fd, b.headers[b.next:len(b.chosen)]) }
	return b
}

// room reports whether n more bytes fit. The slab is made when it is first needed.
func (b *batch) room(n int) bool {
	if b.slab == nil {
		b.slab = make([]byte, 0, slabSize)
	}
	return cap(b.slab)-len(b.slab) >= n
}

// add makes the slab's bytes since from a packet of l to d.
func (b *batch) add(l *link, d *dest, from int) {
	n := len(b.slab) - from
	b.count.sealed.Add(1)
	j := &l.joints[b.id]
	if j.fill == b.fill {
		r := &b.runs[j.run]
		if r.to == d && n <= r.size && r.count < maxRun && r.bytes+n <= maxRunBytes && !d.single.Load() {
			b.extend(r, from, n)
			if n < r.size { // the last of its run
				j.fill = 0
			}
			return
		}
	}
	at := int32(len(b.pieces))
	b.pieces = append(b.pieces, piece{from: int32(from), size: int32(n), next: -1})
	j.fill, j.run = b.fill, int32(len(b.runs))
	b.runs = append(b.runs, run{to: d, size: n, count: 1, bytes: n, first: at, last: at})
}

func (b *batch) extend(r *run, from, n int) {
	r.count++
	r.bytes += n
	if last := &b.pieces[r.last]; int(last.from+last.size) == from {
		last.size += int32(n)
		return
	}
	at := int32(len(b.pieces))
	b.pieces = append(b.pieces, piece{from: int32(from), size: int32(n), next: -1})
	b.pieces[r.last].next = at
	r.last = at
}

// Pause implements transport.Batch.
func (b *batch) Pause() {
	if len(b.slab) >= highWater || len(b.runs) >= maxMessages {
		b.flush()
	}
}

// flush sends everything and empties the batch.
func (b *batch) flush() {
	if len(b.runs) == 0 {
		return
	}
	for i := range b.runs {
		if r := &b.runs[i]; !r.sent {
			if r.to.stream != nil {
				b.stream(r)
				continue
			}
			b.choose(i)
			b.send(r.to.group.sockets[b.index])
		}
	}
	b.slab, b.runs, b.pieces = b.slab[:0], b.runs[:0], b.pieces[:0]
	b.fill++
	if b.fill == 0 { // a joint's zero means no run
		b.fill = 1
	}
}

// choose prepares the headers of the runs from the first on that leave by the
// same socket.
func (b *batch) choose(first int) {
	group := b.runs[first].to.group
	b.iovs, b.chosen = b.iovs[:0], b.chosen[:0]
	if cap(b.iovs) < len(b.pieces) {
		b.iovs = make([]unix.Iovec, 0, 2*len(b.pieces))
	}
	if b.headers == nil {
		b.headers, b.control = make([]messageHeader, maxMessages), make([]segmentControl, maxMessages)
	}
	for i := first; i < len(b.runs) && len(b.chosen) < maxMessages; i++ {
		r := &b.runs[i]
		if r.sent || r.to.group != group || r.to.stream != nil {
			continue
		}
		r.sent = true
		at := len(b.iovs)
		for k := r.first; k >= 0; k = b.pieces[k].next {
			v := unix.Iovec{Base: &b.slab[b.pieces[k].from]}
			v.SetLen(int(b.pieces[k].size))
			b.iovs = append(b.iovs, v)
		}
		k := len(b.chosen)
		b.headers[k].prepare(&r.to.to, b.iovs[at:], &b.control[k], r)
		b.chosen = append(b.chosen, int32(i))
	}
}

// send hands what was chosen to the kernel.
func (b *batch) send(s *socket) {
	b.next = 0
	for b.next < len(b.chosen) {
		b.count.calls.Add(1)
		b.did = 0
		if err := s.raw.Control(b.call); err != nil {
			b.lost(len(b.chosen)) // the socket is closed
			return
		}
		for _, i := range b.chosen[b.next : b.next+b.did] {
			b.count.runs.Add(1)
			b.count.sent.Add(uint64(b.runs[i].count))
		}
		b.next += b.did
		if b.errno == 0 || b.next == len(b.chosen) {
			continue
		}
		b.failed(s, b.errno)
	}
}

// failed handles the error of the first run that was not sent.
func (b *batch) failed(s *socket, errno unix.Errno) {
	r := &b.runs[b.chosen[b.next]]
	switch {
	case errno == unix.EINTR:
	case errno == unix.EAGAIN || errno == unix.ENOBUFS: // the rest would fare no better
		b.lost(len(b.chosen))
	case r.count > 1: // EINVAL, EMSGSIZE, EIO: the route takes no runs of this size
		if !r.to.single.Swap(true) {
			b.count.refused.Add(1)
		}
		b.one(s, r)
		b.next++
	default:
		b.lost(b.next + 1)
	}
}

// lost counts the runs up to end as dropped.
func (b *batch) lost(end int) {
	for _, i := range b.chosen[b.next:end] {
		b.count.dropped.Add(uint64(b.runs[i].count))
	}
	b.next = end
}

// one sends the packets of a run one by one.
func (b *batch) one(s *socket, r *run) {
	b.each(r, func(p []byte) bool { return sendOne(s, r.to, p) })
}

// stream sends the packets of a run over ICE-TCP, whose queue drops rather
// than blocks.
func (b *batch) stream(r *run) {
	r.sent = true
	b.each(r, func(p []byte) bool {
		_, err := r.to.stream.WriteTo(p, r.to.peer)
		return err == nil
	})
}

// each gives every packet of a run to f, which reports whether it was sent.
func (b *batch) each(r *run, f func(p []byte) bool) {
	for k := r.first; k >= 0; k = b.pieces[k].next {
		rest := b.slab[b.pieces[k].from:][:b.pieces[k].size]
		for len(rest) > 0 {
			n := min(r.size, len(rest))
			if f(rest[:n]) {
				b.count.runs.Add(1)
				b.count.sent.Add(1)
			} else {
				b.count.dropped.Add(1)
			}
			rest = rest[n:]
		}
	}
}
