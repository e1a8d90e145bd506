package bandwidth

import (
	"math"
	"time"
)

const (
	backOff        = 0.85 // of what arrives, at overuse
	drain          = 0.7  // of what arrives, at a long queue
	growth         = 1.08 // a second, while the link's limit is unknown
	maxAhead       = 1.25 // the estimate grows to so many times what arrives
	aheadSlack     = 10_000
	packetBits     = 1200 * 8
	minAdditive    = 4_000 // bit/s a second
	reactionTime   = 100 * time.Millisecond
	delayFloor     = 150_000 // bit/s; delay alone never cuts deeper, for a stalled page looks like a queue
	minCutGap      = 200 * time.Millisecond
	capacityWeight = 0.05
	capacitySpread = 3 // standard deviations that are still "near"
)

// rates is the rate controller: additive increase near the last known limit,
// multiplicative far from it, multiplicative decrease.
type rates struct {
	low, high float64
	rate      float64
	limit     float64 // where overuse began, smoothed; 0 is unknown
	variance  float64 // of limit, normalised by it
	changed   int64
	cut       int64 // when the rate fell last
}

// update follows the delay signal. Acked is 0 while unknown.
func (r *rates) update(s signal, acked float64, mayRise bool, rtt time.Duration, now int64) {
	elapsed := min(float64(now-r.changed)/1e9, 1)
	r.changed = now
	switch s {
	case overuse:
		if now-r.cut >= int64(max(rtt, minCutGap)) {
			r.overused(acked, now)
		}
	case underuse: // a queue empties: wait for it
	case normal:
		if mayRise {
			r.rise(acked, rtt, elapsed)
		}
	}
}

func (r *rates) overused(acked float64, now int64) {
	r.fall(max(r.below(acked, backOff), delayFloor), now)
	r.learn(acked)
}

// below is a rate safely below what the link carries.
func (r *rates) below(acked, factor float64) float64 {
	to := factor * r.rate
	if acked > 0 {
		to = factor * acked
	}
	if to >= r.rate && r.limit > 0 {
		to = factor * r.limit
	}
	return to
}

// fall lowers the rate; it never raises it.
func (r *rates) fall(to float64, now int64) {
	r.cut = now
	r.rate = max(min(r.rate, to), r.low)
}

func (r *rates) rise(acked float64, rtt time.Duration, elapsed float64) {
	to := r.rate
	if acked > 0 && r.limit > 0 && acked > r.limit+r.spread() {
		r.limit = 0 // it carries more than it did
	}
	if r.limit > 0 && math.Abs(r.rate-r.limit) <= max(r.spread(), r.limit*0.15) {
		to += max(packetBits/(rtt+reactionTime).Seconds(), minAdditive) * elapsed
	} else {
		to *= math.Pow(growth, elapsed)
	}
	if acked > 0 {
		to = min(to, maxAhead*acked+aheadSlack)
	}
	r.rate = min(max(r.rate, to), r.high)
}

// learn takes the rate at which overuse began into account.
func (r *rates) learn(acked float64) {
	if acked == 0 {
		return
	}
	if r.limit == 0 || math.Abs(acked-r.limit) > r.spread() {
		r.limit, r.variance = acked, 0.4
		return
	}
	miss := r.limit - acked
	r.limit += capacityWeight * (acked - r.limit)
	r.variance = (1-capacityWeight)*r.variance + capacityWeight*miss*miss/r.limit/1000
	r.variance = min(max(r.variance, 0.4), 2.5)
}

// spread is how far from the limit still counts as near it, in bit/s.
func (r *rates) spread() float64 {
	return capacitySpread * math.Sqrt(r.variance*r.limit/1000) * 1000
}

// proven takes the result of a probe.
func (r *rates) proven(rate float64) {
	if rate > r.rate {
		r.rate = min(rate, r.high)
		if r.limit > 0 && r.rate > r.limit+r.spread() {
			r.limit = 0
		}
	}
}
