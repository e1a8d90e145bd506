package bandwidth

import (
	"slices"
	"time"
)

const (
	lossEvery   = 500 * time.Millisecond // the least time loss is judged over
	lossPackets = 20                     // the least number of packets it is judged by
	lossWindow  = 8                      // judgements among which the link's own loss is sought

	lossCut  = 0.10 // congestion: the rate falls
	lossHold = 0.06 // suspicion: the rate does not rise
	lossGrim = 0.40 // the rate falls to what arrives
)

// losses tells loss of congestion from loss the link always has, as radio
// does: what the best of the last intervals lost too is the link's own.
type losses struct {
	since      int64 // start of the interval
	sent, lost int
	own        [lossWindow]float64
	n          int
	excess     float64 // of the interval judged last, over the link's own
	usual      float64 // the link's own
}

// mayRise reports whether the rate may grow by itself. On a lossy link only
// probes tell what more would do.
func (l *losses) mayRise() bool { return l.excess < lossHold && l.usual < lossHold }

// packet counts one reported packet.
func (l *losses) packet(isLost bool) {
	l.sent++
	if isLost {
		l.lost++
	}
}

// healed takes back that a packet was lost.
func (l *losses) healed() { l.lost = max(0, l.lost-1) }

// restart begins a new interval.
func (l *losses) restart(now int64) { l.since, l.sent, l.lost, l.excess = now, 0, 0, 0 }

// judge closes the interval if it is long enough and reports whether it did.
func (l *losses) judge(now int64) bool {
	if now-l.since < int64(lossEvery) || l.sent < lossPackets {
		return false
	}
	fraction := float64(l.lost) / float64(l.sent)
	l.own[l.n%lossWindow] = fraction
	l.n++
	l.usual = 0
	if l.n >= lossWindow {
		l.usual = slices.Min(l.own[:])
	}
	l.restart(now)
	l.excess = fraction - l.usual
	return true
}
