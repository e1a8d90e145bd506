package bandwidth

import (
	"testing"
	"time"
)

// paced offers packets of 1200 bytes at once, and 40 bytes of sound every
// 20 ms, to a pacer that is asked every 10 ms, and returns when each went.
func paced(packets int, pace func(waiting int) int) (gone []time.Duration) {
	var p Pacer
	start := time.Unix(100, 0)
	for at := time.Duration(0); len(gone) < packets && at < 10*time.Second; at += 10 * time.Millisecond {
		now := start.Add(at)
		if at%(20*time.Millisecond) == 0 {
			p.Sent(40, pace((packets-len(gone))*1200), now)
		}
		for len(gone) < packets && p.Open(pace((packets-len(gone))*1200), now) {
			p.Sent(1200, pace((packets-len(gone)-1)*1200), now)
			gone = append(gone, at)
		}
	}
	return gone
}

func TestPacer(t *testing.T) {
	for name, tt := range map[string]struct {
		rate    float64
		cut     int64
		packets int
		first   int // that go at once
		least   time.Duration
		most    time.Duration
	}{
		"a keyframe at 800 kbit/s":     {800_000, 1, 20, 4, 120 * time.Millisecond, 250 * time.Millisecond},
		"a frame of a few":             {800_000, 1, 3, 3, 0, 0},
		"one that would take too long": {300_000, 1, 60, 4, 250 * time.Millisecond, 1200 * time.Millisecond},
		"a fast link":                  {3_000_000, 1, 60, 60, 0, 0},
		"nothing known":                {800_000, 0, 60, 60, 0, 0},
	} {
		e := New(Config{})
		e.rate.rate, e.rate.cut = tt.rate, tt.cut
		gone := paced(tt.packets, e.Pace)
		if len(gone) != tt.packets {
			t.Errorf("%s: %d of %d went", name, len(gone), tt.packets)
			continue
		}
		first := 0
		for _, at := range gone {
			if at == 0 {
				first++
			}
		}
		last := gone[len(gone)-1]
		if first > tt.first || last < tt.least || last > tt.most {
			t.Errorf("%s: %d at once and the last after %v, want at most %d and %v to %v", name, first, last, tt.first, tt.least, tt.most)
		}
	}
}

// What is sent again is part of what the link carries, and leaves less for media.
func TestResendsTakeTheirShare(t *testing.T) {
	e := New(Config{})
	start := time.Unix(100, 0)
	for at := time.Duration(0); at < 2*time.Second; at += 10 * time.Millisecond {
		e.Resent(250, start.Add(at)) // 200 kbit/s
	}
	now := start.Add(2 * time.Second)
	if got := e.Media(now); got < 780_000 || got > 820_000 {
		t.Errorf("media may have %d bit/s of %d, want about 800000", got, e.Rate())
	}
	for at := time.Duration(0); at < 2*time.Second; at += 10 * time.Millisecond {
		e.Resent(5000, now.Add(at))
	}
	if got := e.Media(now.Add(2 * time.Second)); got != e.Rate()/2 {
		t.Errorf("media may have %d bit/s of %d beside a flood of resends, want half", got, e.Rate())
	}
	if got := e.Media(now.Add(10 * time.Second)); got != e.Rate() {
		t.Errorf("media may have %d bit/s of %d when nothing is resent, want all", got, e.Rate())
	}
}
