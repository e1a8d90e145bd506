package repair

import "time"

// ResendsConfig tunes a Resends. A zero field means its default.
type ResendsConfig struct {
	// Fraction is how many bytes may be sent again for each byte of media in
	// the last second; default 0.3, a little more than 20 % of loss needs.
	Fraction float64
	// Floor is how many bytes may be sent again in any second, so that a quiet
	// stream is repaired too; default 6000.
	Floor int
	// MinGap is the least time between two resends of one packet; default 20 ms.
	MinGap time.Duration
}

func (c ResendsConfig) withDefaults() ResendsConfig {
	orDefault(&c.Fraction, 0.3)
	orDefault(&c.Floor, 6000)
	orDefault(&c.MinGap, 20*time.Millisecond)
	return c
}

// resendSlots is how many of the last resends are remembered by number. Two
// numbers this far apart share a slot; that costs one resend too many.
const resendSlots = 256

// Resends guards the answering of one subscriber's NACKs on one outgoing
// stream: one resend of a packet per round trip, and a byte budget. It is not
// safe for concurrent use.
type Resends struct {
	cfg    ResendsConfig
	media  window
	resent window
	last   []resend // by number modulo resendSlots; nil until the first resend
}

type resend struct {
	seq uint16
	at  time.Time
}

// NewResends returns a Resends that has seen nothing yet.
func NewResends(cfg ResendsConfig) *Resends {
	return &Resends{cfg: cfg.withDefaults()}
}

// Sent tells that so many bytes of media went out.
func (r *Resends) Sent(bytes int, now time.Time) { r.media.add(bytes, now) }

// Allow reports whether packet seq may be sent again now, and counts it if so.
func (r *Resends) Allow(seq uint16, bytes int, now time.Time, rtt time.Duration) bool {
	if r.last == nil {
		r.last = make([]resend, resendSlots)
	}
	slot := &r.last[seq%resendSlots]
	if slot.seq == seq && !slot.at.IsZero() && now.Sub(slot.at) < max(rtt, r.cfg.MinGap) {
		return false
	}
	budget := max(int(r.cfg.Fraction*float64(r.media.sum(now))), r.cfg.Floor)
	if r.resent.sum(now)+bytes > budget {
		return false
	}
	r.resent.add(bytes, now)
	*slot = resend{seq: seq, at: now}
	return true
}

// A window sums what was added in the last second, to a tenth of it.
type window struct {
	buckets [windowBuckets]int
	total   int
	start   time.Time // of the first bucket
	newest  int64     // bucket number of the newest
}

const (
	windowBuckets = 10
	bucketLen     = time.Second / windowBuckets
)

func (w *window) add(n int, now time.Time) {
	w.roll(now)
	w.buckets[w.newest%windowBuckets] += n
	w.total += n
}

func (w *window) sum(now time.Time) int {
	w.roll(now)
	return w.total
}

// roll empties the buckets that are older than a second.
func (w *window) roll(now time.Time) {
	if w.start.IsZero() {
		w.start = now
	}
	bucket := int64(now.Sub(w.start) / bucketLen)
	if bucket >= w.newest+windowBuckets {
		w.buckets, w.total, w.newest = [windowBuckets]int{}, 0, bucket
	}
	for w.newest < bucket {
		w.newest++
		b := &w.buckets[w.newest%windowBuckets]
		w.total -= *b
		*b = 0
	}
}
