package repair

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// starts are the numbers every wraparound test begins at: as unwrapped by the
// edge, before and across multiples of 1<<16.
var starts = []int64{1 << 16, 1<<16 + 1, 1<<17 - 2, 1<<17 - 1, 5<<16 - 3}

func wantAsk(t *testing.T, m *Missing, at, rtt time.Duration, start int64, want ...int64) {
	t.Helper()
	got := slices.Clone(m.Due(t0.Add(at), rtt))
	for i := range got {
		got[i] -= start
	}
	if !slices.Equal(got, want) {
		t.Errorf("start %d, at %v: asks for %v, want %v", start, at, got, want)
	}
}

func received(m *Missing, at time.Duration, start int64, seqs ...int64) {
	for _, seq := range seqs {
		m.Received(start+seq, t0.Add(at))
	}
}

func TestMissingAsks(t *testing.T) {
	for _, start := range starts {
		m := NewMissing(MissingConfig{})
		wantAsk(t, m, 0, 50*ms, start)
		received(m, 0, start, 0, 1, 3)
		wantAsk(t, m, 0, 50*ms, start, 2)  // nothing says that it is only late
		wantAsk(t, m, 50*ms, 50*ms, start) // the answer is under way
		wantAsk(t, m, 60*ms, 50*ms, start, 2)
		received(m, 80*ms, start, 2)
		wantAsk(t, m, 300*ms, 50*ms, start)
		if lost := m.Lost(); lost != 0 {
			t.Errorf("start %d: %d lost, want 0", start, lost)
		}
	}
}

func TestMissingGrace(t *testing.T) {
	for name, tt := range map[string]struct {
		after []int64 // what comes after 0, at once
		want  []int64
	}{
		"one newer":            {[]int64{2}, nil},
		"two newer":            {[]int64{2, 3}, nil},
		"three newer":          {[]int64{2, 3, 4}, []int64{1}},
		"came late":            {[]int64{2, 3, 1, 4, 5}, nil},
		"several missing":      {[]int64{4, 5, 6}, []int64{1, 2, 3}},
		"the newer one is new": {[]int64{3, 6}, []int64{1, 2}},
		"duplicates":           {[]int64{0, 2, 2, 0, 2}, nil},
		"older than the first": {[]int64{-5, -1, 1}, nil},
	} {
		for _, start := range starts {
			m := NewMissing(MissingConfig{})
			m.reordered = sometimes
			received(m, 0, start, 0)
			received(m, 0, start, tt.after...)
			if got := m.Due(t0, 50*ms); len(got) != len(tt.want) {
				t.Errorf("%s from %d: asks for %v, want %v", name, start, got, tt.want)
			}
		}
	}
}

func TestMissingGivesUp(t *testing.T) {
	for _, start := range starts {
		m := NewMissing(MissingConfig{MaxTries: 2})
		received(m, 0, start, 0, 2)
		wantAsk(t, m, 10*ms, 10*ms, start, 1)
		wantAsk(t, m, 25*ms, 10*ms, start) // MinGap is 20 ms
		wantAsk(t, m, 30*ms, 10*ms, start, 1)
		wantAsk(t, m, 45*ms, 10*ms, start)
		if lost := m.Lost(); lost != 0 {
			t.Errorf("start %d: %d lost while the answer may come", start, lost)
		}
		wantAsk(t, m, 50*ms, 10*ms, start)
		if lost := m.Lost(); lost != 1 {
			t.Errorf("start %d: %d lost after the last try, want 1", start, lost)
		}
		received(m, 60*ms, start, 1) // all the same
		if lost := m.Lost(); lost != 0 {
			t.Errorf("start %d: %d lost, counted twice", start, lost)
		}
	}
}

func TestMissingGrowsOld(t *testing.T) {
	m := NewMissing(MissingConfig{MaxAge: 100 * ms})
	received(m, 0, 0, 0, 2)
	wantAsk(t, m, 10*ms, time.Second, 0, 1)
	wantAsk(t, m, 99*ms, time.Second, 0)
	wantAsk(t, m, 100*ms, time.Second, 0)
	if lost := m.Lost(); lost != 1 {
		t.Errorf("%d lost, want 1", lost)
	}
}

func TestMissingWithoutARoundTrip(t *testing.T) {
	m := NewMissing(MissingConfig{})
	received(m, 0, 0, 0, 2)
	wantAsk(t, m, 10*ms, 0, 0, 1)
	wantAsk(t, m, 100*ms, 0, 0)
	wantAsk(t, m, 130*ms, 0, 0, 1)
}

func TestMissingHoldsOnlySoMany(t *testing.T) {
	for name, tt := range map[string]struct {
		seqs      []int64
		lost      int
		held      int
		firstHeld int64
	}{
		"just as many":   {[]int64{0, 11}, 0, 10, 1},
		"one too many":   {[]int64{0, 12}, 1, 10, 2},
		"an outage":      {[]int64{0, 30_001}, 29_990, 10, 29_991},
		"one by one":     {[]int64{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22}, 1, 10, 3},
		"a gap on top":   {[]int64{0, 6, 14}, 2, 10, 3},
		"an outage then": {[]int64{0, 6, 1000}, 988, 10, 990},
	} {
		for _, start := range starts {
			m := NewMissing(MissingConfig{MaxHeld: 10})
			received(m, 0, start, tt.seqs...)
			got := m.Due(t0.Add(50*ms), 50*ms)
			if len(got) != tt.held || got[0] != start+tt.firstHeld {
				t.Errorf("%s from %d: asks for %d from %d, want %d from %d", name, start, len(got), got[0]-start, tt.held, tt.firstHeld)
			}
			if lost := m.Lost(); lost != tt.lost {
				t.Errorf("%s from %d: %d lost, want %d", name, start, lost, tt.lost)
			}
		}
	}
}

// Who only publishes tells nothing of the round trip: an answer that comes soon
// is no late packet then, and says how long answers take.
func TestARepairIsNotLateness(t *testing.T) {
	for _, start := range starts {
		m := NewMissing(MissingConfig{})
		m.Received(start, t0)
		for n := int64(2); n < 200; n += 2 {
			at := t0.Add(time.Duration(n) * 50 * ms)
			m.Received(start+n, at)
			if got := m.Due(at, 0); len(got) != 1 {
				t.Fatalf("start %d: asks for %v at once, want one", start, got)
			}
			if took := m.Repaired(start+n-1, at.Add(22*ms)); took != 22*ms {
				t.Fatalf("start %d: the answer took %v, want 22 ms", start, took)
			}
			if m.Any() {
				t.Fatalf("start %d: something is missing after the repair", start)
			}
		}
	}
}

// Nothing is learned from an answer to one of several asks, or from a packet
// nobody missed; one that came late, and again by RTX, was late.
func TestWhatARepairTells(t *testing.T) {
	for name, tt := range map[string]struct {
		do        func(m *Missing) time.Duration
		took      time.Duration
		reordered bool
	}{
		"the second ask": {do: func(m *Missing) time.Duration {
			m.Due(t0, 20*ms)
			m.Due(t0.Add(50*ms), 20*ms)
			return m.Repaired(1, t0.Add(60*ms))
		}},
		"not asked for":  {do: func(m *Missing) time.Duration { return m.Repaired(1, t0) }},
		"not missing":    {do: func(m *Missing) time.Duration { return m.Repaired(0, t0) }},
		"newer than all": {do: func(m *Missing) time.Duration { return m.Repaired(7, t0) }},
		"the first ask":  {took: 30 * ms, do: func(m *Missing) time.Duration { m.Due(t0, 0); return m.Repaired(1, t0.Add(30*ms)) }},
		"late after it": {took: 30 * ms, reordered: true, do: func(m *Missing) time.Duration {
			m.Due(t0, 0)
			took := m.Repaired(1, t0.Add(30*ms))
			m.Received(1, t0.Add(40*ms))
			return took
		}},
	} {
		m := NewMissing(MissingConfig{})
		received(m, 0, 0, 0, 2)
		if took := tt.do(m); took != tt.took {
			t.Errorf("%s: took %v, want %v", name, took, tt.took)
		}
		if (m.reordered > 0) != tt.reordered {
			t.Errorf("%s: reordered %v, want %v", name, m.reordered, tt.reordered)
		}
	}
}

// path is a link with seeded loss and delay, in steps of 1 ms.
type path struct {
	rng   *rand.Rand
	loss  float64
	delay time.Duration
	at    map[time.Duration][]int64
}

func (p *path) send(now time.Duration, seq int64, extra time.Duration) {
	if p.rng.Float64() >= p.loss {
		at := now + p.delay + extra
		p.at[at] = append(p.at[at], seq)
	}
}

// outcome is what a stream over two lossy links came to.
type outcome struct {
	sent, asked float64 // per packet of media
	residual    float64 // share of packets that never came
}

// stream sends a packet each 4 ms for 40 s; reorder is the share of packets
// that take 60 ms more.
func stream(t *testing.T, seed uint64, loss, reorder float64, delay time.Duration) outcome {
	t.Helper()
	const packets = 10_000
	rng := rand.New(rand.NewPCG(seed, 1))
	down := path{rng, loss, delay, map[time.Duration][]int64{}}
	up := path{rng, loss, delay, map[time.Duration][]int64{}}
	m := NewMissing(MissingConfig{})
	r := NewResends(ResendsConfig{})
	came := map[int64]bool{}
	sent, asked := 0, 0
	for step := time.Duration(0); step < packets*4*ms+2*time.Second; step += ms {
		now := t0.Add(step)
		if seq := int64(step / (4 * ms)); step%(4*ms) == 0 && seq < packets {
			extra := time.Duration(0)
			if rng.Float64() < reorder {
				extra = 60 * ms
			}
			sent++
			r.Sent(1000, now)
			down.send(step, seq, extra)
		}
		for _, seq := range up.at[step] {
			if r.Allow(uint16(seq), 1000, now, 2*delay) {
				sent++
				down.send(step, seq, 0)
			}
		}
		for _, seq := range down.at[step] {
			came[seq] = true
			m.Received(seq, now)
		}
		if step%(10*ms) == 0 {
			for _, seq := range m.Due(now, 2*delay) {
				if came[seq] {
					t.Fatalf("asked for %d, which came", seq)
				}
				asked++
				up.send(step, seq, 0)
			}
		}
	}
	return outcome{float64(sent) / packets, float64(asked) / packets, 1 - float64(len(came))/packets}
}

// The bar: sent/media at most 1.05 + 1.3 p/(1-p), and never above 1.3, where
// Pion's defaults send 2.6 times the media at 5 % and 6.5 times at 20 %.
func TestRepairCostsLittle(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.05, 0.1, 0.2} {
		for _, delay := range []time.Duration{5 * ms, 20 * ms, 60 * ms} {
			got := stream(t, 7, loss, 0, delay)
			if bar := min(1.05+1.3*loss/(1-loss), 1.31); got.sent > bar {
				t.Errorf("loss %v, delay %v: sent %.3f of the media, want at most %.3f", loss, delay, got.sent, bar)
			}
			if got.residual > 0.008 {
				t.Errorf("loss %v, delay %v: %.4f were never repaired", loss, delay, got.residual)
			}
			t.Logf("loss %v, delay %v: %+v", loss, delay, got)
		}
	}
}

// The bar: a path that reorders costs at most 1 % of resent packets.
func TestReorderingIsNotLoss(t *testing.T) {
	for _, share := range []float64{0.02, 0.1, 0.9} {
		got := stream(t, 3, 0, share, 20*ms)
		if got.sent > 1.01 || got.residual != 0 {
			t.Errorf("%v reordered: sent %.3f of the media, %.4f never came", share, got.sent, got.residual)
		}
		t.Logf("%v reordered: %+v", share, got)
	}
}

// A path that both loses and reorders is still repaired.
func TestLossIsRepairedBesideReordering(t *testing.T) {
	got := stream(t, 5, 0.05, 0.1, 20*ms)
	if got.residual > 0.005 {
		t.Errorf("%.4f were never repaired", got.residual)
	}
	t.Logf("%+v", got)
}

// FuzzMissing holds that nothing is asked for that came, that is newer than the
// newest, too often or too soon, and that every packet is either held, given up
// or here.
func FuzzMissing(f *testing.F) {
	f.Add(uint16(65_530), []byte{1, 1, 3, 0x80, 0x81, 5, 0x80, 0x42, 0x80})
	f.Add(uint16(0), []byte{1, 63, 63, 0x90, 0x90, 0x90, 0x45, 0x90})
	f.Fuzz(func(t *testing.T, start uint16, ops []byte) {
		cfg := MissingConfig{MaxTries: 3, MaxHeld: 40}
		m := NewMissing(cfg)
		now, newest := t0, int64(start)+1<<16
		first := newest
		m.Received(newest, now)
		came := map[int64]bool{newest: true}
		asks := map[int64]int{}
		last := map[int64]time.Time{}
		lost := 0
		const rtt = 40 * ms
		for _, op := range ops {
			n := int64(op & 0x3F)
			switch op >> 6 {
			case 0: // a newer one
				newest += n + 1
				m.Received(newest, now)
				came[newest] = true
			case 1: // a late one
				m.Received(newest-n, now)
				came[newest-n] = true
			default:
				now = now.Add(time.Duration(n) * ms)
				prev := int64(-1)
				for _, seq := range m.Due(now, rtt) {
					switch {
					case came[seq]:
						t.Fatalf("asked for %d, which came", seq)
					case seq <= prev || seq >= newest || seq <= first:
						t.Fatalf("asked for %d after %d, of %d to %d", seq, prev, first, newest)
					case asks[seq] > 0 && now.Sub(last[seq]) < rtt:
						t.Fatalf("asked for %d again after %v", seq, now.Sub(last[seq]))
					}
					prev = seq
					asks[seq]++
					last[seq] = now
					if asks[seq] > cfg.MaxTries {
						t.Fatalf("asked for %d %d times", seq, asks[seq])
					}
				}
			}
			lost += m.Lost()
			missing := int(newest-first) + 1
			for seq := range came {
				if seq >= first {
					missing--
				}
			}
			// What was given up may still come, so lost may count more.
			if len(m.held) > cfg.MaxHeld || missing > len(m.held)+lost {
				t.Fatalf("%d missing, %d held, %d given up", missing, len(m.held), lost)
			}
		}
	})
}

func TestMissingAllocatesNothing(t *testing.T) {
	m := NewMissing(MissingConfig{})
	seq, now := int64(0), t0
	if got := testing.AllocsPerRun(2000, func() {
		m.Received(seq, now)
		m.Received(seq+3, now)
		m.Received(seq+1, now)
		now = now.Add(20 * ms)
		m.Due(now, 50*ms)
		seq += 4
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkMissingReceived(b *testing.B) {
	m := NewMissing(MissingConfig{})
	seq := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		m.Received(seq, t0)
		seq++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}
