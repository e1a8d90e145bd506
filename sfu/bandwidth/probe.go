package bandwidth

import "time"

const (
	probeBits     = 150_000                // in one cluster, so that it outlasts a token bucket
	probeLeast    = 120 * time.Millisecond // but no shorter
	probeMost     = 350 * time.Millisecond // and no longer
	probeQueue    = 50 * time.Millisecond  // a cluster that queues for so long has shown the limit
	probeWait     = 700 * time.Millisecond // for its feedback, beyond a round trip
	probeBoldly   = 2.0                    // times the estimate, at first
	probeShyly    = 1.3                    // and after a failure
	probeTrial    = 8 * time.Second        // a cut so soon after a success makes it a failure
	probeQueueMax = 80 * time.Millisecond  // or this, on a link that jitters
	probeEnough   = 0.6                    // of a cluster's packets must arrive
	probeKept     = 0.95                   // of a rate the link could not quite carry
	probeSoon     = 200 * time.Millisecond // between successes
	probeRetry    = 2 * time.Second        // after the first failure, then doubling
	probeRetryMax = 12 * time.Second
	minCluster    = 5 // packets
)

// A prober plans clusters of padding that find out whether the link carries
// more than is sent, and reads their result.
type prober struct {
	cluster uint8 // number of the newest; never 0 once there was one
	active  bool  // it is being sent
	open    bool  // its result is awaited
	rate    float64
	gate    int64 // probeQueue, or more on a link that jitters
	began   int64
	length  int64
	ended   int64
	next    int64 // no new cluster before
	failed  int   // in a row
	humble  bool  // the link has shown a limit
	proved  int64 // time of the last success; 0 after a failure

	sentBytes, sentPackets int
	got                    int
	fastest                int64 // one-way delay
	tail                   stretch
}

// stretch is the latter half of a cluster as it arrived. The first half may
// have gone through a token bucket or a shallow queue at any rate.
type stretch struct {
	packets             int
	bytes, lastBytes    int
	firstSent, lastSent int64
	firstAt, lastAt     int64
}

func (t *stretch) add(s sent, at int64) {
	if t.packets == 0 || at < t.firstAt {
		t.firstAt = at
	}
	if t.packets == 0 || s.at < t.firstSent {
		t.firstSent = s.at
	}
	if t.packets == 0 || at >= t.lastAt {
		t.lastAt, t.lastBytes = at, int(s.size)
	}
	t.lastSent = max(t.lastSent, s.at)
	t.packets++
	t.bytes += int(s.size)
}

// rates returns how fast the stretch was sent and how fast it arrived.
func (t *stretch) rates() (sending, received float64, ok bool) {
	over, took := float64(t.lastSent-t.firstSent)/1e9, float64(t.lastAt-t.firstAt)/1e9
	if t.packets < minCluster || over <= 0 || took <= 0 {
		return 0, 0, false
	}
	bits := float64(t.bytes-t.lastBytes) * 8
	return bits / over, bits / took, true
}

// start begins a cluster at rate, on a link whose delay deviates so many ms.
func (p *prober) start(rate, deviation float64, now int64) {
	cluster := p.cluster + 1
	if cluster == 0 {
		cluster = 1
	}
	*p = prober{
		cluster: cluster, active: true, open: true, rate: rate, began: now, next: p.next,
		failed: p.failed, proved: p.proved, humble: p.humble,
	}
	p.gate = int64(min(max(float64(probeQueue), 2*deviation*1e6), float64(probeQueueMax)))
	length := time.Duration(probeBits / rate * float64(time.Second))
	p.length = int64(min(max(length, probeLeast), probeMost))
}

// due returns how many bytes of padding are missing from the cluster now. It
// ends the cluster when its time is over.
func (p *prober) due(now int64) int {
	if !p.active {
		return 0
	}
	elapsed := now - p.began
	if elapsed >= p.length {
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
	delay := at - s.at
	if p.got == 0 || delay < p.fastest {
		p.fastest = delay
	}
	p.got++
	if s.at-p.began >= p.length/2 || delay-p.fastest > p.gate/2 {
		p.tail.add(s, at)
	}
	if p.active && delay-p.fastest > p.gate && p.tail.packets >= minCluster {
		p.active, p.ended = false, p.began+p.length
	}
}

// result returns the rate the cluster proved, 0 for none, once it is known.
func (p *prober) result(rtt time.Duration, now int64) (rate float64, done bool) {
	if !p.open || p.active || (p.got < p.sentPackets && now < p.ended+int64(rtt+probeWait)) {
		return 0, false
	}
	p.open = false
	sending, received, ok := p.tail.rates()
	switch {
	case !ok || float64(p.got) < probeEnough*float64(p.sentPackets):
		return 0, true
	case received < 0.97*sending:
		return received * probeKept, true
	}
	return min(received, sending), true
}

// settle plans the next cluster after one that helped, or did not.
func (p *prober) settle(helped bool, now int64) {
	if helped {
		p.proved = now
		p.next = now + int64(probeSoon)
		return
	}
	p.proved, p.humble = 0, true
	wait := min(probeRetry<<min(p.failed, 8), probeRetryMax)
	p.failed++
	p.next = now + int64(wait)
}

// cut tells that the estimate fell: a success just before was none.
func (p *prober) cut(now int64) {
	p.humble = true
	if p.proved != 0 && now-p.proved < int64(probeTrial) {
		p.settle(false, now)
	}
}

// steady forgets failures once a success has held.
func (p *prober) steady(now int64) {
	if p.proved != 0 && now-p.proved >= int64(probeTrial) {
		p.failed, p.humble = 0, false
	}
}

// boldness is how many times the estimate to try.
func (p *prober) boldness() float64 {
	if p.humble && p.proved == 0 {
		return probeShyly
	}
	return probeBoldly
}
