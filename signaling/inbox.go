package signaling

import (
	"sync"

	"plenum/sfu"
)

// inbox is what waits for a room's goroutine: calls, in order, and the newest
// word of the media plane. It needs no bound: a socket waits for its call
// before it reads on, and of media only the newest state is kept.
type inbox struct {
	wake chan struct{} // holds one token when something waits; never closed

	mu     sync.Mutex // guards all below
	closed bool
	calls  []func()
	news   mediaNews
}

// mediaNews is what the media plane has told since it was last asked.
type mediaNews struct {
	seats map[string]seatTable
	links map[string]sfu.LinkState
	floor []string // nil when it has not changed
	// wanted is how many layers of each participant's sources are.
	wanted map[string]map[sfu.Source]int
	// codecs is what each participant's sources should be sent in.
	codecs map[string]map[sfu.Source]sfu.Codec
}

// seatTable is the whole seat table of one participant.
type seatTable struct {
	epoch int64
	rows  []sfu.SeatRow
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// call queues f. It reports false when the inbox is closed.
func (b *inbox) call(f func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.calls = append(b.calls, f)
	b.ring()
	return true
}

// take empties the inbox.
func (b *inbox) take() ([]func(), mediaNews) {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls, news := b.calls, b.news
	b.calls, b.news = nil, mediaNews{}
	return calls, news
}

// close lets nothing more in and returns the calls that still wait.
func (b *inbox) close() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.calls
}

func (b *inbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

// SeatsChanged implements sfu.Observer.
func (b *inbox) SeatsChanged(participant string, epoch int64, seats []sfu.SeatRow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news.seats == nil {
		b.news.seats = map[string]seatTable{}
	}
	if old, ok := b.news.seats[participant]; !ok || old.epoch < epoch {
		b.news.seats[participant] = seatTable{epoch: epoch, rows: append([]sfu.SeatRow(nil), seats...)}
	}
	b.ring()
}

// FloorChanged implements sfu.Observer.
func (b *inbox) FloorChanged(participants []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.news.floor = append([]string{}, participants...)
	b.ring()
}

// LayersWanted implements sfu.Observer.
func (b *inbox) LayersWanted(participant string, source sfu.Source, layers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news.wanted == nil {
		b.news.wanted = map[string]map[sfu.Source]int{}
	}
	if b.news.wanted[participant] == nil {
		b.news.wanted[participant] = map[sfu.Source]int{}
	}
	b.news.wanted[participant][source] = layers
	b.ring()
}

// CodecWanted implements sfu.Observer.
func (b *inbox) CodecWanted(participant string, source sfu.Source, codec sfu.Codec) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news.codecs == nil {
		b.news.codecs = map[string]map[sfu.Source]sfu.Codec{}
	}
	if b.news.codecs[participant] == nil {
		b.news.codecs[participant] = map[sfu.Source]sfu.Codec{}
	}
	b.news.codecs[participant][source] = codec
	b.ring()
}

// LinkChanged implements sfu.Observer.
func (b *inbox) LinkChanged(participant string, state sfu.LinkState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news.links == nil {
		b.news.links = map[string]sfu.LinkState{}
	}
	b.news.links[participant] = state
	b.ring()
}
