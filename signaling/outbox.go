package signaling

import (
	"sync"

	"plenum/signaling/protocol"
)

// outbox is what waits to be written to one socket. Messages keep their order
// and are bounded in number; of seat tables, floors and
// lobbies only the newest waits.
type outbox struct {
	wake chan struct{} // holds one token when there may be something to write; never closed

	mu     sync.Mutex // guards all below
	limit  int
	replay [][]byte // goes before queue and is not bounded by limit
	queue  [][]byte
	seats  *protocol.Seats
	floor  []byte    // nil for none
	lobby  []byte    // likewise
	last   *farewell // once set, nothing more is taken in
}

// parcel is what the writer takes from an outbox: one message, or a farewell
// when all messages are out, or neither.
type parcel struct {
	message []byte
	table   any    // a message that replaces the ones of its kind before; not yet encoded
	floor   []byte // the same, encoded: a floor or a lobby
	held    bool   // tables wait, but tables were not asked for
	last    *farewell
}

func newOutbox(limit int) *outbox { return &outbox{wake: make(chan struct{}, 1), limit: limit} }

// push queues a message. It reports false when the queue is full.
func (b *outbox) push(msg []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil {
		return true
	}
	if len(b.queue) >= b.limit {
		return false
	}
	b.queue = append(b.queue, msg)
	b.ring()
	return true
}

// offer queues a message that may be missed: not while much waits already.
func (b *outbox) offer(msg []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil || len(b.queue) >= b.limit/2 {
		return
	}
	b.queue = append(b.queue, msg)
	b.ring()
}

// begin queues what a session starts with, however much it is. It comes after
// what was said on the socket before.
func (b *outbox) begin(msgs [][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) > 0 {
		b.replay = append(b.replay, b.queue...)
		b.queue = nil
	}
	b.replay = append(b.replay, msgs...)
	b.ring()
}

func (b *outbox) setSeats(s protocol.Seats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seats = &s
	b.ring()
}

func (b *outbox) setFloor(msg []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.floor = msg
	b.ring()
}

func (b *outbox) setLobby(msg []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lobby = msg
	b.ring()
}

// finish makes f the last message, and reports whether it is: the first call
// counts. With drop, what waits is not written any more.
func (b *outbox) finish(f farewell, drop bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil {
		return false
	}
	b.last = &f
	b.seats, b.floor, b.lobby = nil, nil, nil
	if drop {
		b.replay, b.queue = nil, nil
	}
	b.ring()
	return true
}

// finished reports whether the farewell is said.
func (b *outbox) finished() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last != nil
}

// take returns the next thing to write. Tables come after all messages, so
// that a seat is never told before the participant in it, and only if asked for.
func (b *outbox) take(tables bool) parcel {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(b.replay) > 0:
		msg := b.replay[0]
		b.replay = b.replay[1:]
		return parcel{message: msg}
	case len(b.queue) > 0:
		msg := b.queue[0]
		b.queue[0] = nil
		b.queue = b.queue[1:]
		return parcel{message: msg}
	case b.last != nil:
		return parcel{last: b.last}
	case !tables:
		return parcel{held: b.seats != nil || b.floor != nil || b.lobby != nil}
	case b.seats != nil:
		seats := *b.seats
		b.seats = nil
		return parcel{table: seats}
	case b.floor != nil:
		floor := b.floor
		b.floor = nil
		return parcel{floor: floor}
	case b.lobby != nil:
		lobby := b.lobby
		b.lobby = nil
		return parcel{floor: lobby}
	}
	return parcel{}
}

func (b *outbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}
