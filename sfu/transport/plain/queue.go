package plain

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// How much of one stream waits for its reader at most. Pion's own queue holds
// a megabyte, which turns overload into seconds of delay that nobody's
// congestion control sees. Here it becomes loss at once, which makes
// publishers send less.
const (
	waitingAge   = 250 * time.Millisecond
	waitingBytes = 256 << 10 // the keyframe of a large screen, twice over
)

// A buffers is where queues have the memory of their packets from: most
// queues are empty most of the time.
type buffers struct{ free sync.Pool }

func (b *buffers) copyOf(data []byte) *[]byte {
	p, ok := b.free.Get().(*[]byte)
	if !ok {
		p = new([]byte)
	}
	*p = append((*p)[:0], data...)
	return p
}

// A queue is what came on one stream and was not read yet, the newest of it.
// Each stream has its own queue and its own reader, so that sound never waits
// behind a picture. Read is for one goroutine.
type queue struct {
	pool    *buffers
	overrun *atomic.Uint64 // counts what was dropped
	wake    chan struct{}  // holds a token when there may be something to read; closed by Close

	mu     sync.Mutex // guards what follows
	held   []waiting
	head   int // of held
	bytes  int
	closed bool
}

type waiting struct {
	at   time.Time
	data *[]byte
}

func newQueue(pool *buffers, overrun *atomic.Uint64) *queue {
	return &queue{pool: pool, overrun: overrun, wake: make(chan struct{}, 1)}
}

// Write queues a copy of one packet. It makes room at the expense of the
// oldest: what is new is worth more.
func (q *queue) Write(packet []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, io.ErrClosedPipe
	}
	for q.bytes+len(packet) > waitingBytes && q.head < len(q.held) {
		q.drop()
	}
	if q.head > 0 && len(q.held) == cap(q.held) { // use the room in front before growing
		n := copy(q.held, q.held[q.head:])
		clear(q.held[n:])
		q.held, q.head = q.held[:n], 0
	}
	q.held = append(q.held, waiting{at: time.Now(), data: q.pool.copyOf(packet)})
	q.bytes += len(packet)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return len(packet), nil
}

// Read waits for a packet. It passes over those that are too old to be of use,
// and returns io.EOF when the queue is closed and empty.
func (q *queue) Read(to []byte) (int, error) {
	for {
		data, closed := q.next()
		switch {
		case data != nil:
			n := copy(to, *data)
			short := n < len(*data)
			q.pool.free.Put(data)
			if short {
				return n, io.ErrShortBuffer
			}
			return n, nil
		case closed:
			return 0, io.EOF
		}
		<-q.wake
	}
}

// next takes the oldest packet that is young enough, nil for none.
func (q *queue) next() (data *[]byte, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head < len(q.held) {
		for oldest := time.Now().Add(-waitingAge); q.head < len(q.held) && q.held[q.head].at.Before(oldest); {
			q.drop()
		}
	}
	if q.head == len(q.held) {
		return nil, q.closed
	}
	return q.pop(), false
}

func (q *queue) drop() {
	q.pool.free.Put(q.pop())
	q.overrun.Add(1)
}

func (q *queue) pop() *[]byte {
	data := q.held[q.head].data
	q.held[q.head] = waiting{}
	q.head++
	q.bytes -= len(*data)
	if q.head == len(q.held) {
		q.held, q.head = q.held[:0], 0
	}
	return data
}

// Close ends the queue. What it holds can still be read.
func (q *queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.wake)
	}
	return nil
}
