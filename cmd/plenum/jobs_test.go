package main

import (
	"testing"
	"time"
)

func TestLoadGauge(t *testing.T) {
	var sent uint64
	now := time.Unix(1e9, 0)
	g := &loadGauge{packets: func() uint64 { return sent }, cores: 2, now: func() time.Time { return now }}
	for i, step := range []struct {
		after   time.Duration
		packets uint64
		want    bool
	}{
		{0, 1 << 40, false},
		{5 * time.Second, 5 * 30_000, false},
		{5 * time.Second, 5 * 50_000, true},
		{time.Second, 0, true},
		{4 * time.Second, 0, false},
	} {
		now, sent = now.Add(step.after), sent+step.packets
		if got := g.busy(); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}
