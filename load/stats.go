package load

import (
	"math"
	"math/bits"
	"time"
)

// A sequence keeps the books of one stream's 16-bit sequence numbers.
type sequence struct {
	started bool
	first   int64
	highest int64 // unwrapped
	seen    [16]uint64
	counts
}

// counts are what a stream's packets came to. They only rise, so that a window
// is one snapshot less another.
type counts struct {
	expected, received, reordered, duplicate uint64
}

func (c counts) plus(o counts) counts {
	return counts{c.expected + o.expected, c.received + o.received, c.reordered + o.reordered, c.duplicate + o.duplicate}
}

func (c counts) minus(o counts) counts {
	return counts{c.expected - o.expected, c.received - o.received, c.reordered - o.reordered, c.duplicate - o.duplicate}
}

func (c counts) lost() uint64 {
	if c.received > c.expected {
		return 0
	}
	return c.expected - c.received
}

// window is how far behind the highest number a packet is still recognised.
const window = 1024

// packet notes one arrival and reports whether it is a new packet.
func (s *sequence) packet(number uint16) bool {
	if !s.started {
		s.started = true
		s.first, s.highest = int64(number), int64(number)
		s.mark(s.highest)
		s.expected, s.received = 1, 1
		return true
	}
	at := s.highest + int64(int16(number-uint16(s.highest)))
	switch {
	case at > s.highest:
		s.advance(at)
	case at < s.first: // sent before what we took for the first
		s.reordered++
		return false
	case s.highest-at >= window || s.has(at):
		s.duplicate++
		return false
	default:
		s.reordered++
	}
	s.mark(at)
	s.received++
	return true
}

// advance moves the window up to at and forgets what leaves it.
func (s *sequence) advance(at int64) {
	s.expected += uint64(at - s.highest)
	for n := max(s.highest+1, at-window+1); n <= at; n++ {
		s.seen[n>>6&15] &^= 1 << (n & 63)
	}
	s.highest = at
}

func (s *sequence) mark(at int64)     { s.seen[at>>6&15] |= 1 << (at & 63) }
func (s *sequence) has(at int64) bool { return s.seen[at>>6&15]&(1<<(at&63)) != 0 }

// A histogram counts durations in buckets that grow by 1/16, so that a
// quantile is at most 6 % off. Its zero value is ready.
type histogram struct {
	buckets [512]uint64
	total   uint64
}

// add counts d; what is below a microsecond counts as one.
func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.total++
}

// bucketOf numbers the buckets: sixteen for each doubling of microseconds.
func bucketOf(d time.Duration) int {
	us := uint64(max(d/time.Microsecond, 1))
	if us < 16 {
		return int(us)
	}
	doubling := bits.Len64(us) - 5 // 0 for 16 to 31 µs
	return min(16+doubling*16+int(us>>doubling)-16, 511)
}

// top returns the upper edge of a bucket.
func top(bucket int) time.Duration {
	if bucket < 16 {
		return time.Duration(bucket) * time.Microsecond
	}
	doubling := (bucket - 16) / 16
	return time.Duration((uint64(bucket-16)%16+17)<<doubling-1) * time.Microsecond
}

// merge adds o's counts.
func (h *histogram) merge(o *histogram) {
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
	h.total += o.total
}

// minus takes away an earlier state of the same histogram.
func (h *histogram) minus(earlier *histogram) {
	for i, n := range earlier.buckets {
		h.buckets[i] -= n
	}
	h.total -= earlier.total
}

// quantile returns the duration that the share q of all stays below, 0 of none.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(h.total)))
	var passed uint64
	for i, n := range h.buckets {
		if passed += n; passed >= max(rank, 1) {
			return top(i)
		}
	}
	return top(len(h.buckets) - 1)
}

// Frames behind a freeze (W3C webrtc-stats, freezeCount).
const (
	freezeFrames = 30 // whose mean duration counts
	freezeExtra  = 150 * time.Millisecond
)

// A pulse watches the frames of one picture for freezes: gaps between two
// frames of at least three times the mean of the last thirty, and of at least
// the mean and 150 ms. Its zero value is ready.
type pulse struct {
	gaps   [freezeFrames]time.Duration
	n      int // gaps noted
	sum    time.Duration
	last   time.Duration // when the last frame came
	frames uint64
	begun  bool

	freezes uint64
	frozen  time.Duration
}

// frame notes a complete frame.
func (p *pulse) frame(at time.Duration) {
	p.frames++
	if p.begun {
		gap := at - p.last
		if p.isFreeze(gap) {
			p.freezes++
			p.frozen += gap
		}
		slot := p.n % freezeFrames
		if p.n >= freezeFrames {
			p.sum -= p.gaps[slot]
		}
		p.gaps[slot] = gap
		p.sum += gap
		p.n++
	}
	p.begun, p.last = true, at
}

// stop forgets the rhythm: another picture, or none, follows.
func (p *pulse) stop() {
	p.begun, p.n, p.sum = false, 0, 0
}

// stalled reports whether the picture stands still now, which is a freeze that
// no frame has ended yet.
func (p *pulse) stalled(now time.Duration) bool { return p.begun && p.isFreeze(now-p.last) }

func (p *pulse) isFreeze(gap time.Duration) bool {
	if p.n < 2 {
		return gap >= freezeExtra*2 // no rhythm yet
	}
	mean := p.sum / time.Duration(min(p.n, freezeFrames))
	return gap >= max(3*mean, mean+freezeExtra)
}
