// Package police measures what one client does against what any honest client
// would do. It is arithmetic only.
package police

import "time"

// A Limit is how much of something passes: so much a second in the long run,
// and at most so much at once.
type Limit struct {
	PerSecond float64
	Burst     float64
}

// A Bucket holds one client to a limit, as a token bucket. Its zero value is a
// full one. It is not safe for concurrent use.
type Bucket struct {
	used float64 // of the burst
	at   time.Time
}

// Take reports whether n more pass now, and counts them if so.
func (b *Bucket) Take(n float64, l Limit, now time.Time) bool {
	if since := now.Sub(b.at); since > 0 {
		if b.used -= since.Seconds() * l.PerSecond; b.used < 0 || b.at.IsZero() {
			b.used = 0
		}
		b.at = now
	}
	if b.used+n > l.Burst {
		return false
	}
	b.used += n
	return true
}
