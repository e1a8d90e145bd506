package bandwidth

import "time"

const (
	probeLen      = 120 * time.Millisecond // of one cluster
	probeWait     = 700 * time.Millisecond // for its feedback, beyond a round trip
	probeBoldly   = 2.0                    // times the estimate, at first
	probeShyly    = 1.5                    // and after a failure
	probeEnough   = 0.6                    // of a cluster's packets must arrive
	probeKept     = 0.95                   // of a rate the link could not quite carry
	probeSoon     = 200 * time.Millisecond // between successes
	probeRetry    = 2 * time.Second        // after the first failure, then doubling
	probeRetryMax = 16 * time.Second
	minCluster    = 5 // packets
)

// A prober plans clusters of padding that find out whether the link carries
// more than is sent, and reads their result.
type prober struct {
	cluster uint8 // number of the newest; never 0 once there was one
	active  bool  // it is being sent
	open    bool  // its result is awaited
	rate    float64
	began   int64
	ended   int64
	next    int64 // no new cluster before
	failed  int   // in a row

	sentBytes, sentPackets int
	got                    int
	gotBytes               int
	lastSize               int
	firstSent, lastSent    int64
	firstAt, lastAt        int64
}

// start begins a cluster at rate.
func (p *prober) start(rate float64, now int64) {
	cluster := p.cluster + 1
	if cluster == 0 {
		cluster = 1
	}
	*p = prober{cluster: cluster, active: true, open: true, rate: rate, began: now, next: p.next, failed: p.failed}
}

// due returns how many bytes of padding are missing from the cluster now. It
// ends the cluster when its time is over.
func (p *prober) due(now int64) int {
	if !p.active {
		return 0
	}
	elapsed := now - p.began
	if elapsed >= int64(probeLen) {
		p.active, p.ended = false, now
		return 0
	}
	// One pacing interval ahead, so that the cluster begins at once.
	want := p.rate / 8 * (time.Duration(elapsed).Seconds() + 0.01)
	return max(0, int(want)-p.sentBytes)
}

// sending counts a packet and returns the cluster it belongs to.
func (p *prober) sending(bytes int) uint8 {
	if !p.active {
		return 0
	}
	p.sentBytes += bytes
	p.sentPackets++
	return p.cluster
}

// arrived takes a packet of a cluster.
func (p *prober) arrived(s sent, at int64) {
	if !p.open || s.probe != p.cluster {
		return
	}
	if p.got == 0 || at < p.firstAt {
		p.firstAt = at
	}
	if p.got == 0 || s.at < p.firstSent {
		p.firstSent = s.at
	}
	if p.got == 0 || at >= p.lastAt {
		p.lastAt, p.lastSize = at, int(s.size)
	}
	p.lastSent = max(p.lastSent, s.at)
	p.got++
	p.gotBytes += int(s.size)
}

// result returns the rate the cluster proved, 0 for none, once it is known.
func (p *prober) result(rtt time.Duration, now int64) (rate float64, done bool) {
	if !p.open || p.active || (p.got < p.sentPackets && now < p.ended+int64(rtt+probeWait)) {
		return 0, false
	}
	p.open = false
	took, over := float64(p.lastAt-p.firstAt)/1e9, float64(p.lastSent-p.firstSent)/1e9
	if p.got < minCluster || float64(p.got) < probeEnough*float64(p.sentPackets) || took <= 0 || over <= 0 {
		return 0, true
	}
	bits := float64(p.gotBytes-p.lastSize) * 8
	received, sending := bits/took, bits/over
	if received < 0.9*sending {
		return received * probeKept, true
	}
	return min(received, sending), true
}

// settle plans the next cluster after one that helped, or did not.
func (p *prober) settle(helped bool, now int64) {
	if helped {
		p.failed = 0
		p.next = now + int64(probeSoon)
		return
	}
	wait := min(probeRetry<<min(p.failed, 8), probeRetryMax)
	p.failed++
	p.next = now + int64(wait)
}

// boldness is how many times the estimate to try.
func (p *prober) boldness() float64 {
	if p.failed > 0 {
		return probeShyly
	}
	return probeBoldly
}
