package link

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// Stats counts what became of the packets of one direction.
type Stats struct {
	Packets, Bytes int64 // that were sent into the path
	Lost           int64 // by loss, a block or an outage
	Overflowed     int64 // dropped by a full queue
	Reordered      int64
	Duplicated     int64
}

// A Path is one direction of a link. It is not safe for concurrent use.
type Path struct {
	spec  Spec
	rng   *rand.Rand
	bad   bool      // in a run of losses
	busy  time.Time // when the rate lets the next packet go
	last  time.Time // when the newest packet in order arrives
	order uint64
	queue arrivals
	stats Stats
}

// NewPath returns a path on which nothing is under way.
func NewPath(spec Spec, seed uint64) *Path {
	return &Path{spec: spec, rng: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))} //nolint:gosec // must be repeatable
}

// Set changes what happens to packets from now on.
func (p *Path) Set(spec Spec) { p.spec, p.bad = spec, false }

// Stats returns the counts so far.
func (p *Path) Stats() Stats { return p.stats }

// Send puts an IP packet on its way. It keeps the slice.
func (p *Path) Send(packet []byte, now time.Time) {
	p.stats.Packets++
	p.stats.Bytes += int64(len(packet))
	if p.spec.Down || p.spec.NoUDP && isUDP(packet) || p.loses() {
		p.stats.Lost++
		return
	}
	at, ok := p.leave(len(packet), now)
	if !ok {
		p.stats.Overflowed++
		return
	}
	copies := 1
	if p.chance(p.spec.Dup) {
		copies = 2
		p.stats.Duplicated++
	}
	at = p.arrive(at)
	for range copies {
		p.order++
		heap.Push(&p.queue, arrival{at: at, order: p.order, packet: packet})
	}
}

// loses decides whether the next packet is lost. Runs of losses follow
// Gilbert's model: their mean length is Burst, the mean loss Loss.
func (p *Path) loses() bool {
	loss := p.spec.Loss / 100
	switch {
	case loss <= 0:
		return false
	case p.spec.Burst <= 1:
		p.bad = p.rng.Float64() < loss
	case p.bad:
		p.bad = p.rng.Float64() >= 1/p.spec.Burst
	default:
		p.bad = p.rng.Float64() < loss/(p.spec.Burst*(1-loss))
	}
	return p.bad
}

// leave returns when a packet has passed the bottleneck; false when its queue is full.
func (p *Path) leave(bytes int, now time.Time) (time.Time, bool) {
	if p.spec.Rate <= 0 {
		return now, true
	}
	if p.busy.Before(now) {
		p.busy = now
	}
	if p.busy.Sub(now) > p.spec.Queue {
		return time.Time{}, false
	}
	p.busy = p.busy.Add(time.Duration(float64(bytes) * 8 / p.spec.Rate * float64(time.Second)))
	return p.busy, true
}

// arrive returns when a packet that left at some time arrives.
func (p *Path) arrive(left time.Time) time.Time {
	if p.chance(p.spec.Reorder) {
		p.stats.Reordered++
		return left
	}
	at := left.Add(p.spec.Delay + time.Duration(p.rng.Float64()*float64(p.spec.Jitter)))
	if at.Before(p.last) {
		at = p.last
	}
	p.last = at
	return at
}

func (p *Path) chance(percent float64) bool {
	return percent > 0 && p.rng.Float64() < percent/100
}

// Due appends the packets that have arrived by now, in order of arrival.
func (p *Path) Due(to [][]byte, now time.Time) [][]byte {
	for len(p.queue) > 0 && !p.queue[0].at.After(now) {
		to = append(to, heap.Pop(&p.queue).(arrival).packet) //nolint:forcetypeassert // only arrivals are pushed
	}
	return to
}

// Next returns when the next packet arrives; false when none is under way.
func (p *Path) Next() (time.Time, bool) {
	if len(p.queue) == 0 {
		return time.Time{}, false
	}
	return p.queue[0].at, true
}

// isUDP looks at the protocol of an IPv4 packet, or of an IPv6 packet without
// extension headers.
func isUDP(packet []byte) bool {
	const udp = 17
	if len(packet) < 20 {
		return false
	}
	if packet[0]>>4 == 6 {
		return packet[6] == udp
	}
	return packet[9] == udp
}

// arrivals is a heap by time, then by order of sending.
type arrivals []arrival

type arrival struct {
	at     time.Time
	order  uint64
	packet []byte
}

func (q arrivals) Len() int { return len(q) }
func (q arrivals) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].order < q[j].order
}
func (q arrivals) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *arrivals) Push(x any)   { *q = append(*q, x.(arrival)) } //nolint:forcetypeassert // ours

func (q *arrivals) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = arrival{}
	*q = old[:len(old)-1]
	return x
}
