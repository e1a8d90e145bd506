package recording

import (
	"sync"
	"time"

	"plenum/sfu"
	"plenum/sfu/packet"
)

// An item is one thing a track is told, in the order it happened: a packet, a
// sender report, or a change of the source.
type item struct {
	p      *packet.Packet
	report *sfu.SenderReport
	change *change

	red   bool // the packet has redundancy (RFC 2198)
	ssrc  uint32
	rate  uint32
	layer int
}

// A change says what a source does from a moment on.
type change struct {
	at        time.Time
	on, muted bool
	reason    Reason // of the gap that begins, if one does
	left      bool   // the participant has left the room
	discard   bool   // the participant has declined: nothing of it may stay
}

// A queue stands between the media and the disk. Its producers never wait: when
// it is full, packets are dropped until the writer has come round.
type queue struct {
	limit int

	mu       sync.Mutex // guards what follows
	items    []item
	packets  int
	overflow bool
	closed   bool
}

// push adds an item. It takes the packet in it.
func (q *queue) push(it item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.p != nil {
		if q.closed || q.overflow || q.packets >= q.limit {
			q.overflow = !q.closed
			it.p.Release()
			return
		}
		q.packets++
	}
	if q.closed {
		return
	}
	q.items = append(q.items, it)
}

// take empties the queue into the caller's hands. Buf is what take returned
// before: its items are done with. Overflow tells that packets were dropped
// behind the items.
func (q *queue) take(buf []item) (items []item, overflow bool) {
	clear(buf)
	q.mu.Lock()
	defer q.mu.Unlock()
	items, overflow = q.items, q.overflow
	q.items, q.packets, q.overflow = buf[:0], 0, false
	return items, overflow
}

// close drops what comes from now on. What is in the queue can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}
