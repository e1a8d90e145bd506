package bandwidth

import "time"

const (
	blindEvery = time.Second // between two judgements
	blindCut   = 0.10        // mean loss at which the bound falls
	blindRise  = 0.02        // and below which it rises
	blindStep  = 1.08
	blindFree  = 4 // times what is sent at which the bound is lifted
)

// A Blind bounds what a subscriber is sent that gives no transport-wide
// feedback, by the loss its RTCP reports tell. Its zero value is unbounded. It
// is not safe for concurrent use.
type Blind struct {
	bound   float64 // bit/s; 0 is none
	sum     float64
	reports int
	judged  time.Time
}

// Lost takes the loss of one stream since its last report, 0 to 1.
func (b *Blind) Lost(fraction float64) { b.sum, b.reports = b.sum+fraction, b.reports+1 }

// Bound judges the reports since the last time, given the bit rate that was
// sent, and returns what may be sent now, 0 for anything.
func (b *Blind) Bound(sending int, now time.Time) int {
	if b.reports == 0 || now.Sub(b.judged) < blindEvery {
		return int(b.bound)
	}
	loss := b.sum / float64(b.reports)
	b.sum, b.reports, b.judged = 0, 0, now
	switch {
	case loss > blindCut:
		from := float64(sending)
		if b.bound > 0 {
			from = min(from, b.bound)
		}
		b.bound = from * (1 - loss/2)
	case loss < blindRise && b.bound > 0:
		b.bound *= blindStep
		if b.bound > float64(blindFree*sending) {
			b.bound = 0
		}
	}
	return int(b.bound)
}
