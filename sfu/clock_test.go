package sfu

import (
	"testing"
	"time"
)

func TestNTPRoundTrip(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2026, 11, 22, 8, 30, 0, 123456789, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 15, 0, time.UTC), // the last second of NTP era 0
	} {
		got := time.Unix(0, ntpTime(toNTP(at)))
		if d := got.Sub(at).Abs(); d > time.Microsecond {
			t.Errorf("%v became %v", at, got)
		}
	}
}

func TestClockTakesTheSmallestDelay(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const ahead = 3 * time.Hour                   // the sender's clock runs ahead
	delays := []int{80, 40, 120, 35, 300, 60, 36} // ms
	var c clock
	for i, d := range delays {
		sent := start.Add(time.Duration(i) * time.Second)
		c.report(toNTP(sent.Add(ahead)), sent.Add(time.Duration(d)*time.Millisecond))
	}
	got := c.serverTime(toNTP(start.Add(ahead)))
	if d := got.Sub(start); d < 35*time.Millisecond || d > 37*time.Millisecond {
		t.Errorf("the mapping is off by %v, want the least delay of 35 ms (and 0.5 ms a second)", d)
	}
}
