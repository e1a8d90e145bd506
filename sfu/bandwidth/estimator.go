// Package bandwidth finds out what the link to one subscriber carries and
// shares it among the subscriber's tiles. It is arithmetic only: the caller
// brings packets, feedback and the time, and sends the padding asked for.
//
// The Estimator follows Google congestion control: the trend of packet delays
// and the loss, both from transport-wide feedback, move an estimate whose
// ground is the rate that was acknowledged. Probes raise it where nothing else
// can, because a server that forwards layers rarely sends as much as it may.
package bandwidth

import "time"

// Config tunes an Estimator. A zero field means its default.
type Config struct {
	Start int // bit/s before anything is known; default 1,000,000
	Min   int // bit/s the estimate never falls below; default 50,000
	Max   int // bit/s the estimate never exceeds; default 50,000,000
}

func (c Config) withDefaults() Config {
	if c.Start == 0 {
		c.Start = 1_000_000
	}
	if c.Min == 0 {
		c.Min = 50_000
	}
	if c.Max == 0 {
		c.Max = 50_000_000
	}
	return c
}

const (
	// outage is how long a link that gives no feedback counts as congested,
	// not as broken. What was lost while it was broken says nothing of rates.
	outage = time.Second
	// deaf is how long the first feedback may take before the subscriber
	// counts as one that gives none.
	deaf = 3 * time.Second
	// ackedWindow is what the acknowledged rate is measured over.
	ackedWindow = 500 * time.Millisecond
	// resentWindow is what the rate of resends is measured over.
	resentWindow = time.Second
	// afterCut is how long no probe follows a cut of the estimate.
	afterCut = 3 * time.Second
	// drainGap is the time between cuts for a queue that stays long.
	drainGap = time.Second
	// cure is how long a cut is given while the queue does not grow.
	cure = 2 * time.Second
	// stuck is how long a queue may stay long until it counts as the path's
	// new delay.
	stuck = 8 * time.Second
)

// An Estimator keeps the books of what one subscriber was sent and estimates
// what its link carries. It is not safe for concurrent use.
type Estimator struct {
	start     time.Time // all times below are nanoseconds since
	sent      history
	clock     wrapClock
	acked     Meter
	resent    Meter
	ackedAt   int64 // newest arrival, on the subscriber's clock
	delay     delays
	loss      losses
	rate      rates
	probe     prober
	rtt       time.Duration
	firstSent int64
	heard     int64
	hasSent   bool
	hasHeard  bool
	mended    int64   // when the last outage ended
	longSince int64   // when the queue became long; 0 while it is not
	cutQueue  float64 // the queue at the last overuse
}

// New returns an Estimator that knows nothing.
func New(cfg Config) *Estimator {
	cfg = cfg.withDefaults()
	return &Estimator{
		acked: NewMeter(ackedWindow), resent: NewMeter(resentWindow), delay: newDelays(), rtt: reactionTime,
		rate: rates{low: float64(cfg.Min), high: float64(cfg.Max), rate: float64(cfg.Start)},
	}
}

// Sent keeps a packet of so many bytes that leaves now, and returns the
// transport-wide number it must carry.
func (e *Estimator) Sent(bytes int, now time.Time) uint16 {
	at := e.since(now)
	if !e.hasSent {
		e.hasSent, e.firstSent = true, at
	}
	return e.sent.add(bytes, e.probe.sending(bytes), at)
}

// since is now on the estimator's clock, which begins with its first use.
func (e *Estimator) since(now time.Time) int64 {
	if e.start.IsZero() {
		e.start = now
	}
	return int64(now.Sub(e.start))
}

// Feedback takes one report of the subscriber, in the order of its numbers.
func (e *Estimator) Feedback(arrivals []Arrival, now time.Time) {
	at := e.since(now)
	broken := e.hasHeard && at-e.heard > int64(outage)
	e.hasHeard, e.heard = true, at
	if broken {
		e.mended = at
		e.acked = NewMeter(ackedWindow)
		e.delay.restart()
		e.loss.restart(at)
	}
	newest := int64(-1)
	for _, a := range arrivals {
		p, before, ok := e.sent.report(a.Number, a.Received)
		switch {
		case !ok:
		case !a.Received:
			if p.at >= e.mended {
				e.loss.packet(true)
			}
		default:
			newest = max(newest, p.at)
			e.arrived(p, before, a.At)
		}
	}
	if newest >= 0 {
		e.rtt += (time.Duration(at-newest) - e.rtt) / 8
	}
	e.react(at)
}

func (e *Estimator) arrived(p sent, before fate, at time.Duration) {
	t := e.clock.unwrap(at)
	e.ackedAt = max(e.ackedAt, t)
	e.acked.Add(int(p.size), t)
	if before == lost {
		e.loss.healed()
	} else {
		e.loss.packet(false)
	}
	if p.probe != 0 {
		e.probe.arrived(p, t)
		return
	}
	if before == lost { // late, or sent again: that is no queue
		return
	}
	e.delay.arrived(p.at, t)
}

// react moves the estimate after feedback.
func (e *Estimator) react(now int64) {
	acked := float64(e.acked.Rate(e.ackedAt))
	if acked > 0 { // the link carried that too, though nobody says when
		acked += float64(e.resent.Rate(now))
	}
	if e.probe.active || e.probe.open {
		e.settleProbe(now)
		return // its own queue is no overuse
	}
	e.rate.update(e.fresh(e.delay.signal(), now), acked, e.loss.mayRise() && e.longSince == 0, e.rtt, now)
	e.drainLong(acked, now)
	e.judgeLoss(acked, now)
	if e.rate.cut == now {
		e.probe.cut(now)
	} else {
		e.probe.steady(now)
	}
}

// fresh leaves out an overuse that the last cut is already curing: the trend
// looks back over many packets, which take long when few are sent.
func (e *Estimator) fresh(s signal, now int64) signal {
	queue := e.delay.queue()
	if s == overuse && e.rate.cut > 0 && now-e.rate.cut < int64(cure) && queue <= e.cutQueue {
		return underuse
	}
	if s == overuse {
		e.cutQueue = queue
	}
	return s
}

// drainLong cuts the rate while a long queue does not shrink.
func (e *Estimator) drainLong(acked float64, now int64) {
	if !e.delay.long() {
		e.longSince = 0
		return
	}
	queue := e.delay.queue()
	if e.longSince == 0 {
		e.longSince, e.cutQueue = now, queue
	}
	switch {
	case now-e.longSince > int64(stuck):
		e.longSince = 0
		e.delay.rebase()
	case now-e.rate.cut > int64(drainGap+e.rtt) && queue >= 0.9*e.cutQueue:
		e.cutQueue = queue
		e.rate.fall(max(e.rate.below(acked, drain), delayFloor), now)
	}
}

func (e *Estimator) judgeLoss(acked float64, now int64) {
	if !e.loss.judge(now) || e.loss.excess < lossCut || e.rate.cut > 0 && now-e.rate.cut < int64(e.rtt+lossEvery) {
		return // what was lost before a cut is no reason for another
	}
	to := e.rate.rate * (1 - e.loss.excess/2)
	if e.loss.excess > lossGrim && acked > 0 {
		to = min(to, acked)
	}
	e.rate.fall(to, now)
}

func (e *Estimator) settleProbe(now int64) {
	rate, done := e.probe.result(e.rtt, now)
	if !done {
		return
	}
	rate /= 1 - min(e.loss.usual, 0.5) // the cluster lost that too
	helped := rate > e.rate.rate*1.05
	e.rate.proven(rate)
	e.rate.changed = now
	e.probe.settle(helped, now)
	e.delay.restart()
}

// Rate returns the estimate in bit/s.
func (e *Estimator) Rate() int { return int(e.rate.rate) }

// Loss returns the loss of the interval judged last, 0 to 1.
func (e *Estimator) Loss() float64 { return e.loss.usual + e.loss.excess }

// Resent counts bytes that leave now without a number: packets sent again.
func (e *Estimator) Resent(bytes int, now time.Time) { e.resent.Add(bytes, e.since(now)) }

// Media returns what the estimate leaves beside resends, in bit/s: half of it
// at least, for resends have bounds of their own.
func (e *Estimator) Media(now time.Time) int {
	return max(e.Rate()-e.resent.Rate(e.since(now)), e.Rate()/2)
}

// Assume raises the estimate to rate while nothing is known of the link.
func (e *Estimator) Assume(rate int) {
	if !e.hasHeard {
		e.rate.rate = min(max(e.rate.rate, float64(rate)), e.rate.high)
	}
}

// Deaf reports whether the subscriber gives no feedback: none came, though it
// has been sent something for a while.
func (e *Estimator) Deaf(now time.Time) bool {
	return e.hasSent && !e.hasHeard && e.since(now)-e.firstSent > int64(deaf)
}

// Queue returns how long packets stand in the link's queue.
func (e *Estimator) Queue() time.Duration {
	return time.Duration(e.delay.queue() * float64(time.Millisecond))
}

// Want tells that more than the estimate would be used: need bit/s in all. A
// probe begins if it is time for one; Padding says what to send for it.
func (e *Estimator) Want(need int, now time.Time) {
	at := e.since(now)
	switch {
	case e.probe.active || e.probe.open || at < e.probe.next || !e.hasHeard || at-e.heard > int64(outage):
		return
	case need <= e.Rate() || e.rate.rate >= e.rate.high:
		return
	case e.rate.cut > 0 && at-e.rate.cut < int64(afterCut):
		return
	case e.delay.signal() != normal || e.delay.standing() || e.delay.long():
		return
	}
	e.probe.start(min(e.rate.rate*e.probe.boldness(), float64(need)*1.15, e.rate.high), e.delay.deviation, at)
}

// Padding returns how many bytes of padding to send now, and whether to ask
// again in some 10 ms. The bytes sent are told by Sent, like any other's.
func (e *Estimator) Padding(now time.Time) (bytes int, more bool) {
	at := e.since(now)
	bytes = e.probe.due(at)
	if e.probe.open && !e.probe.active {
		e.settleProbe(at) // in case no feedback comes
	}
	return bytes, e.probe.active
}
