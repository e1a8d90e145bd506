package bandwidth

import (
	"slices"
	"testing"
	"time"
)

// dropped carries 3 Mbit/s, but 300 kbit/s from second 20 to 40.
func dropped(ms int) float64 {
	if ms >= 20_000 && ms < 40_000 {
		return 300_000
	}
	return 3_000_000
}

// burst is 2 Mbit/s of somebody else from second 20 to 30.
func burst(ms int) float64 {
	if ms >= 20_000 && ms < 30_000 {
		return 2_000_000
	}
	return 0
}

// within is what some seconds of a run must show.
type within struct {
	from, to int
	least    float64 // bit/s sent, at least
	queue    float64 // ms in the queue, at most
}

// A greedy sender finds the link's rate and keeps the queue short.
func TestEstimateFollowsTheLink(t *testing.T) {
	for _, tt := range []struct {
		name   string
		link   link
		bounds []within
	}{
		{"constant 3 Mbit/s", link{capacity: constant(3e6)}, []within{{5, 20, 2.2e6, 150}, {20, 60, 2.4e6, 150}}},
		{"constant 300 kbit/s", link{capacity: constant(3e5)}, []within{{5, 60, 2.4e5, 320}}},
		{"constant 10 Mbit/s", link{capacity: constant(10e6)}, []within{{5, 20, 8e6, 150}, {20, 60, 8e6, 150}}},
		{
			"3 Mbit/s, 300 kbit/s, 3 Mbit/s",
			link{capacity: dropped},
			[]within{{5, 20, 2.2e6, 150}, {24, 40, 2.3e5, 320}, {46, 60, 2.4e6, 180}},
		},
		{"5 % random loss", link{capacity: constant(3e6), loss: 0.05}, []within{{5, 20, 2.2e6, 150}, {20, 60, 2.4e6, 150}}},
		{"20 % random loss", link{capacity: constant(3e6), loss: 0.2}, []within{{15, 20, 1e6, 150}, {20, 60, 1.8e6, 250}}},
		{"200 ms jitter", link{capacity: constant(3e6), jitterMs: 200}, []within{{10, 60, 1.5e6, 350}}},
		{
			"competing burst",
			link{capacity: constant(3e6), cross: burst},
			[]within{{22, 30, 5e5, 320}, {36, 60, 2.4e6, 150}},
		},
		{"policer without a queue", link{capacity: dropped, queueMs: 10}, []within{{24, 40, 2.3e5, 50}, {54, 60, 2.3e6, 50}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, tt.link)
			r.greedy = true
			r.during(60)
			for _, b := range tt.bounds {
				if used := r.used(b.from, b.to); used < b.least {
					t.Errorf("seconds %d to %d: sent %.0f bit/s, want at least %.0f", b.from, b.to, used, b.least)
				}
				if q := r.queue(b.from, b.to); q > b.queue {
					t.Errorf("seconds %d to %d: queued for %.0f ms, want at most %.0f", b.from, b.to, q, b.queue)
				}
			}
			if t.Failed() {
				t.Logf("estimates: %v", r.rate)
			}
		})
	}
}

// Three pictures of 150, 500 and 1,700 kbit/s get what fits, and change rarely.
func TestTilesFollowTheLink(t *testing.T) {
	for _, tt := range []struct {
		name    string
		link    link
		bounds  []within
		changes int // layer changes in a minute, at most
		last    int // sum of levels at the end, at least
	}{
		{"constant 3 Mbit/s", link{capacity: constant(3e6)}, []within{{0, 60, 1.4e6, 60}}, 4, 6},
		{"constant 300 kbit/s", link{capacity: constant(3e5)}, []within{{3, 60, 1.8e5, 170}}, 5, 1},
		{"constant 10 Mbit/s", link{capacity: constant(10e6)}, []within{{2, 60, 4.8e6, 30}}, 6, 9},
		{
			"3 Mbit/s, 300 kbit/s, 3 Mbit/s",
			link{capacity: dropped},
			[]within{{3, 20, 1.4e6, 60}, {23, 40, 1.8e5, 150}, {52, 60, 1.4e6, 60}},
			14, 6,
		},
		{"5 % random loss", link{capacity: constant(3e6), loss: 0.05}, []within{{3, 60, 1.4e6, 60}}, 4, 6},
		{"20 % random loss", link{capacity: constant(3e6), loss: 0.2}, []within{{25, 60, 1.2e6, 60}}, 6, 6},
		{"200 ms jitter", link{capacity: constant(3e6), jitterMs: 200}, []within{{20, 60, 1.4e6, 60}}, 10, 6},
		{
			"competing burst",
			link{capacity: constant(3e6), cross: burst},
			[]within{{20, 30, 6e5, 150}, {40, 60, 1.4e6, 60}},
			8, 6,
		},
		{"policer without a queue", link{capacity: dropped, queueMs: 10}, []within{{24, 40, 1.8e5, 50}}, 18, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, tt.link, simulcast(), simulcast(), simulcast())
			r.during(60)
			for _, b := range tt.bounds {
				if used := r.used(b.from, b.to); used < b.least {
					t.Errorf("seconds %d to %d: sent %.0f bit/s, want at least %.0f", b.from, b.to, used, b.least)
				}
				if q := r.queue(b.from, b.to); q > b.queue {
					t.Errorf("seconds %d to %d: queued for %.0f ms, want at most %.0f", b.from, b.to, q, b.queue)
				}
			}
			if r.changes > tt.changes {
				t.Errorf("layers changed %d times, want at most %d", r.changes, tt.changes)
			}
			if last := r.levels[59]; last < tt.last {
				t.Errorf("levels add up to %d at the end, want at least %d", last, tt.last)
			}
			if share := float64(r.overhead) * 8 / 60 / r.used(0, 60); share > 0.06 {
				t.Errorf("padding is %.1f %% of what was sent, want at most 6 %%", share*100)
			}
			if t.Failed() {
				t.Logf("estimates: %v\nlevels: %v", r.rate, r.levels)
			}
		})
	}
}

// A link that is gone for five seconds comes back with the pictures it had.
func TestOutageIsNoCongestion(t *testing.T) {
	r := newRun(t, link{capacity: constant(3e6)}, simulcast(), simulcast())
	r.during(20)
	before := r.est.Rate()
	r = newRun(t, link{capacity: constant(3e6)}, simulcast(), simulcast())
	gone := func(ms int) bool { return ms >= 20_000 && ms < 25_000 }
	r.deaf, r.gone = gone, gone
	r.during(27)
	if after := r.est.Rate(); after < before*9/10 {
		t.Errorf("estimate went from %d to %d over an outage; by second %v", before, after, r.rate)
	}
}

// A token bucket lets a short cluster through at any rate. Chromium behind one
// was dark for five seconds: the estimate fell again and again for one queue.
func TestTokenBucketLeavesAPicture(t *testing.T) {
	capacity := func(ms int) float64 {
		if ms >= 15_000 && ms < 55_000 {
			return 300_000
		}
		return 5_000_000
	}
	for _, ms := range []float64{0, 50, 110} {
		r := newRun(t, link{capacity: capacity, burst: ms}, []int{130_000, 400_000, 1_300_000})
		r.during(80)
		if slices.Contains(r.levels, 0) || r.levels[79] != 3 {
			t.Errorf("bucket of %v ms: levels %v, want none dark and the best at the end", ms, r.levels)
		}
		if q := r.queue(18, 55); q > 230 || r.changes > 8 {
			t.Errorf("bucket of %v ms: queued for %.0f ms, %d changes; want at most 230 and 8", ms, q, r.changes)
		}
	}
}

func TestProbesOnlyWhenHeldBack(t *testing.T) {
	r := newRun(t, link{capacity: constant(10e6)}, []int{150_000})
	r.during(20)
	if r.overhead > 0 {
		t.Errorf("%d bytes of padding though nothing was held back", r.overhead)
	}
}

func TestProbesBackOff(t *testing.T) {
	r := newRun(t, link{capacity: constant(400_000)}, []int{150_000, 2_000_000})
	r.during(60)
	if share := float64(r.overhead) * 8 / 60 / 400_000; share > 0.04 {
		t.Errorf("padding took %.1f %% of the link, want at most 4 %%", share*100)
	}
}

func TestDeafSubscriber(t *testing.T) {
	e := New(Config{})
	if e.Deaf(at(0)) {
		t.Error("deaf before anything was sent")
	}
	n := e.Sent(1000, at(0))
	if e.Deaf(at(2000)) || !e.Deaf(at(4000)) {
		t.Error("want deaf after three seconds without feedback, and not before")
	}
	e.Feedback([]Arrival{{Number: n, Received: true}}, at(4100))
	if e.Deaf(at(60_000)) {
		t.Error("deaf though it gave feedback")
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	e := New(Config{})
	all := make([]Arrival, 10)
	ms := 0
	if n := testing.AllocsPerRun(500, func() {
		for i := range all {
			ms++
			all[i] = Arrival{Number: e.Sent(1200, at(ms)), Received: true, At: time.Duration(ms) * time.Millisecond}
		}
		e.Feedback(all, at(ms+20))
		e.Want(100_000_000, at(ms+20))
		e.Padding(at(ms + 20))
	}); n > 0 {
		t.Errorf("%v allocations for ten packets and their feedback, want none", n)
	}
}

func TestBlindFollowsReportedLoss(t *testing.T) {
	var b Blind
	step := func(second int, loss float64, sending int) int {
		b.Lost(loss)
		return b.Bound(sending, at(second*1000))
	}
	if got := step(1, 0.05, 1e6); got != 0 {
		t.Errorf("bound %d at 5 %% loss, want none", got)
	}
	if got := step(2, 0.2, 1e6); got != 900_000 {
		t.Errorf("bound %d after 20 %% loss of 1 Mbit/s, want 900000", got)
	}
	if got := step(3, 0.05, 1e6); got != 900_000 {
		t.Errorf("bound %d at 5 %% loss, want it kept", got)
	}
	if got := step(4, 0, 1e6); got != 972_000 {
		t.Errorf("bound %d without loss, want 8 %% more", got)
	}
	lifted := false
	for second := 5; second < 65 && !lifted; second++ {
		lifted = step(second, 0, 300_000) == 0
	}
	if !lifted {
		t.Error("the bound was never lifted")
	}
}
