package transport

import (
	"testing"
	"time"
)

func TestRoundTrip(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	sent := MiddleNTP(now.Add(-120 * time.Millisecond))
	const held = 20 * 65536 / 1000 // 20 ms
	if got := RoundTrip(now, sent, held); got < 99*time.Millisecond || got > 101*time.Millisecond {
		t.Errorf("got %v, want 100 ms", got)
	}
	if got := RoundTrip(now, MiddleNTP(now), 65536); got != time.Millisecond {
		t.Errorf("an impossible report gives %v", got)
	}
}
