package repair

import (
	"testing"
	"time"
)

func TestResendsOncePerRoundTrip(t *testing.T) {
	for _, seq := range []uint16{0, 1, 255, 256, 1<<15 - 1, 1<<16 - 1} {
		r := NewResends(ResendsConfig{})
		for _, tt := range []struct {
			at, rtt time.Duration
			seq     uint16
			want    bool
		}{
			{0, 50 * ms, seq, true},
			{0, 50 * ms, seq, false},
			{49 * ms, 50 * ms, seq, false},
			{49 * ms, 50 * ms, seq + 1, true}, // another packet
			{50 * ms, 50 * ms, seq, true},
			{60 * ms, ms, seq, false}, // MinGap is 20 ms
			{70 * ms, ms, seq, true},
			{75 * ms, 0, seq, false},
		} {
			if got := r.Allow(tt.seq, 100, t0.Add(tt.at), tt.rtt); got != tt.want {
				t.Errorf("packet %d at %v, rtt %v: %v, want %v", tt.seq, tt.at, tt.rtt, got, tt.want)
			}
		}
	}
}

func TestResendsBudget(t *testing.T) {
	for name, tt := range map[string]struct {
		media int // bytes in each 100 ms
		want  int // bytes allowed in a second
	}{
		"nothing sent":  {0, 6000},
		"a quiet voice": {500, 6000},
		"1 Mbit/s":      {12_500, 37_500},
		"5 Mbit/s":      {62_500, 187_500},
	} {
		r := NewResends(ResendsConfig{})
		now, seq := t0, uint16(0)
		for second := range 5 {
			allowed := 0
			for range 10 {
				r.Sent(tt.media, now)
				for range 1000 { // a greedy or hostile subscriber
					if r.Allow(seq, 100, now, 10*ms) {
						allowed += 100
					}
					seq++
				}
				now = now.Add(100 * ms)
			}
			if second > 0 && allowed != tt.want {
				t.Errorf("%s: %d bytes in second %d, want %d", name, allowed, second, tt.want)
			}
		}
	}
}

func TestResendsForgetOldMedia(t *testing.T) {
	r := NewResends(ResendsConfig{Floor: 100})
	r.Sent(100_000, t0)
	if !r.Allow(1, 30_000, t0.Add(900*ms), 0) {
		t.Error("refused within the second")
	}
	r.Sent(100_000, t0)                              // the clock may step back
	if r.Allow(2, 101, t0.Add(time.Minute), 10*ms) { // and far ahead
		t.Error("the budget of a minute ago is still there")
	}
	if !r.Allow(2, 100, t0.Add(time.Minute), 10*ms) {
		t.Error("the floor is gone")
	}
}

func TestResendsAllocateNothing(t *testing.T) {
	r := NewResends(ResendsConfig{})
	now, seq := t0, uint16(0)
	if got := testing.AllocsPerRun(1000, func() {
		r.Sent(1200, now)
		r.Allow(seq, 1200, now, 50*ms)
		now = now.Add(ms)
		seq++
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkResendsAllow(b *testing.B) {
	r := NewResends(ResendsConfig{})
	now, seq := t0, uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		r.Sent(1200, now)
		r.Allow(seq, 1200, now, 50*ms)
		now = now.Add(ms)
		seq++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}
