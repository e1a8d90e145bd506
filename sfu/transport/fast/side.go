//go:build linux

package fast

import "sync"

// sideBytes bounds what waits on a side: a burst of replayed keyframes fits.
const sideBytes = 2 << 20

// A side sends what comes from elsewhere than a reader's batch: retransmissions,
// replays of a keyframe, padding, RTCP. Its goroutine makes the system calls,
// so that nobody waits for one with a lock held.
type side struct {
	mu    sync.Mutex // guards filling
	fill  *batch
	spare *batch // the goroutine's own

	wake chan struct{} // holds one; never closed
}

func newSide(f *Factory, index int) *side {
	s := &side{fill: f.newBatch(index), spare: f.newBatch(index), wake: make(chan struct{}, 1)}
	return s
}

// put lets seal append a packet of at most size bytes to the side's slab; it
// reports whether it did.
func (s *side) put(l *link, d *dest, size int, seal func(to []byte) ([]byte, error)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.fill
	if !b.grow(size) {
		l.f.count.dropped.Add(1)
		return false
	}
	from := len(b.slab)
	sealed, err := seal(b.slab)
	if err != nil {
		return false
	}
	b.slab = sealed
	b.add(l, d, from)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// run sends until done is closed.
func (s *side) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-s.wake:
		}
		s.mu.Lock()
		s.fill, s.spare = s.spare, s.fill
		s.mu.Unlock()
		s.spare.flush()
		s.spare.shrink()
	}
}

// sideStart is a side's slab to begin with, and after a burst.
const sideStart = 16 << 10

// grow makes room for n more bytes, within bounds. What is in the slab is only
// known by its place there, so it may move.
func (b *batch) grow(n int) bool {
	need := len(b.slab) + n
	switch {
	case need <= cap(b.slab):
		return true
	case need > sideBytes:
		return false
	}
	bigger := make([]byte, len(b.slab), min(max(2*cap(b.slab), need, sideStart), sideBytes))
	copy(bigger, b.slab)
	b.slab = bigger
	return true
}

// shrink gives a burst's slab back.
func (b *batch) shrink() {
	if cap(b.slab) > 16*sideStart {
		b.slab = nil
	}
}
