package bandwidth

import "time"

const (
	// paceBelow is the estimate, in bit/s, under which a keyframe takes so long
	// that the queues of links have no place for it.
	paceBelow = 3_000_000
	// paceAhead is how much faster than the estimate pictures go, so that what
	// waits gets less.
	paceAhead = 1.15
	// paceBurst is how much may go at once, as time and at least in bytes.
	paceBurst      = 20 * time.Millisecond
	paceBurstLeast = 3600
	// paceMost is how long a packet waits at most: what would take longer goes
	// faster than the estimate.
	paceMost = 400 * time.Millisecond
)

// A Pacer spreads the bursts of pictures, keyframes above all, over time. It is
// a bucket of bytes that leaks at the pace; its zero value is empty. It is not
// safe for concurrent use.
type Pacer struct {
	level float64
	at    time.Time
}

// Sent counts bytes of any kind that leave now. Sound is counted too: what it
// takes, pictures must leave.
func (p *Pacer) Sent(bytes int, pace int, now time.Time) {
	p.leak(pace, now)
	p.level += float64(bytes)
}

// Open reports whether a packet of a picture may leave now, at a pace in bit/s; 0 for any.
func (p *Pacer) Open(pace int, now time.Time) bool {
	p.leak(pace, now)
	return pace == 0 || p.level < max(float64(pace)/8*paceBurst.Seconds(), paceBurstLeast)
}

// leak lets out what the time since the last call lets out. Times may go back a
// little: what is replayed came earlier.
func (p *Pacer) leak(pace int, now time.Time) {
	since := now.Sub(p.at)
	if since < 0 {
		since = 0
	} else {
		p.at = now
	}
	if pace == 0 {
		p.level = 0
		return
	}
	p.level = max(0, p.level-float64(pace)/8*since.Seconds())
}

// Pace returns how fast pictures may be sent while so many bytes of them wait,
// in bit/s; 0 for any. Only a link that has shown a limit is paced: before, the
// first picture comes sooner without.
func (e *Estimator) Pace(waiting int) int {
	if e.rate.cut == 0 || e.rate.rate >= paceBelow {
		return 0
	}
	return int(max(paceAhead*e.rate.rate, float64(waiting)*8/paceMost.Seconds()))
}
