package bandwidth

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// link is a bottleneck with a queue, then a wire. Times are milliseconds.
type link struct {
	capacity func(ms int) float64 // bit/s
	queueMs  float64              // what the queue holds
	jitterMs float64              // uniform, in order
	loss     float64
	burst    float64              // ms of its rate that a token bucket lets through at once
	cross    func(ms int) float64 // bit/s of somebody else's traffic

	rnd  *rand.Rand
	free float64 // when the queue is empty
	last float64 // newest arrival
}

const wireMs = 20

// send returns when a packet arrives, or false for a lost one.
func (l *link) send(ms int, bytes int) (at float64, ok bool) {
	start := max(float64(ms)-l.burst, l.free)
	if start-float64(ms) > l.queueMs {
		return 0, false
	}
	l.free = start + float64(bytes)*8*1000/l.capacity(ms)
	if l.rnd.Float64() < l.loss {
		return 0, false
	}
	at = max(max(l.free, float64(ms))+wireMs+l.rnd.Float64()*l.jitterMs, l.last)
	l.last = at
	return at, true
}

type flight struct {
	number uint16
	at     float64
	ok     bool
}

// run drives an estimator and an allocator over a link, as a room does.
type run struct {
	*testing.T
	link     link
	tiles    []Tile
	greedy   bool // sends as much as it may, without layers
	est      *Estimator
	alloc    Allocator
	flights  []flight
	deaf     func(ms int) bool // no feedback gets through
	gone     func(ms int) bool // nothing gets through
	changes  int
	sent     []int // bytes by second
	rate     []int // estimate by second
	levels   []int // sum by second
	maxQueue []float64
	overhead int // padding bytes
}

var epoch = time.Unix(1000, 0)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

func newRun(t *testing.T, l link, rates ...[]int) *run {
	t.Helper()
	l.rnd = rand.New(rand.NewPCG(1, 2))
	if l.queueMs == 0 {
		l.queueMs = 300
	}
	r := &run{T: t, link: l, est: New(Config{})}
	for _, layers := range rates {
		r.tiles = append(r.tiles, Tile{Rates: layers, Standing: &Standing{}})
	}
	return r
}

func (r *run) packet(ms, bytes int) {
	number := r.est.Sent(bytes, at(ms))
	arrive, ok := r.link.send(ms, bytes)
	ok = ok && (r.gone == nil || !r.gone(ms))
	r.flights = append(r.flights, flight{number, arrive, ok})
	r.sent[len(r.sent)-1] += bytes
}

func (r *run) frame(ms, bytes int) {
	for ; bytes > 0; bytes -= 1200 {
		r.packet(ms, min(bytes, 1200))
	}
}

// feedback reports what arrived, in order, as far as something did.
func (r *run) feedback(ms int) {
	newest := -1
	for i, f := range r.flights {
		if f.ok && f.at <= float64(ms-wireMs) {
			newest = i
		}
	}
	if newest < 0 || r.deaf != nil && r.deaf(ms) {
		return
	}
	var all []Arrival
	for _, f := range r.flights[:newest+1] {
		all = append(all, Arrival{Number: f.number, Received: f.ok, At: time.Duration(f.at * float64(time.Millisecond))})
	}
	r.flights = slices.Delete(r.flights, 0, newest+1)
	r.est.Feedback(all, at(ms))
}

func (r *run) allocate(ms int) {
	const audio = 40_000
	before := make([]int, len(r.tiles))
	for i, tile := range r.tiles {
		before[i] = tile.Standing.Level
	}
	_, need := r.alloc.Allocate(r.tiles, r.est.Rate()-audio, at(ms))
	if need > 0 {
		r.est.Want(need+audio, at(ms))
	}
	for i, tile := range r.tiles {
		if ms > 0 && before[i] != tile.Standing.Level {
			r.changes++
		}
	}
	if r.greedy {
		r.est.Want(r.est.Rate()*2, at(ms))
	}
}

func (r *run) during(seconds int) {
	for ms := range seconds * 1000 {
		if ms%1000 == 0 {
			r.sent, r.rate = append(r.sent, 0), append(r.rate, r.est.Rate())
			r.levels, r.maxQueue = append(r.levels, 0), append(r.maxQueue, 0)
		}
		if ms%100 == 0 {
			r.allocate(ms)
		}
		if ms%20 == 0 {
			r.packet(ms, 120)
		}
		for i, tile := range r.tiles {
			if tile.Standing.Level > 0 && (ms+7*i)%33 == 0 {
				size := float64(tile.rate(tile.Standing.Level)) / 8 * 0.033
				r.frame(ms, int(size*(0.7+0.6*r.link.rnd.Float64())))
			}
		}
		if r.greedy && ms%10 == 0 {
			r.frame(ms, r.est.Rate()/800)
		}
		if ms%10 == 0 {
			bytes, _ := r.est.Padding(at(ms))
			for ; bytes > 0; bytes -= 280 {
				r.packet(ms, 280)
				r.overhead += 280
			}
		}
		if r.link.cross != nil {
			if c := r.link.cross(ms); c > 0 {
				r.link.free = max(r.link.free, float64(ms)) + c/r.link.capacity(ms)
			}
		}
		if ms%50 == 0 {
			r.feedback(ms)
		}
		r.maxQueue[len(r.maxQueue)-1] = max(r.maxQueue[len(r.maxQueue)-1], r.link.free-float64(ms))
		level := 0
		for _, tile := range r.tiles {
			level += tile.Standing.Level
		}
		r.levels[len(r.levels)-1] = level
	}
}

// used is the mean bit rate from one second to another.
func (r *run) used(from, to int) float64 {
	sum := 0
	for _, n := range r.sent[from:to] {
		sum += n
	}
	return float64(sum) * 8 / float64(to-from)
}

func (r *run) queue(from, to int) float64 { return slices.Max(r.maxQueue[from:to]) }

func constant(rate float64) func(int) float64 { return func(int) float64 { return rate } }

func simulcast() []int { return []int{150_000, 500_000, 1_700_000} }
