package bandwidth

import (
	"testing"
	"time"
)

func TestHistoryReports(t *testing.T) {
	for _, first := range []int64{0, 1, 1<<15 - 2, 1<<16 - 2, 3<<16 - 1} {
		h := history{next: first}
		var numbers []uint16
		for i := range 4 {
			numbers = append(numbers, h.add(100+i, 0, int64(i)))
		}
		for _, tt := range []struct {
			name     string
			number   uint16
			received bool
			ok       bool
			before   fate
		}{
			{"arrives", numbers[0], true, true, flying},
			{"arrives twice", numbers[0], true, false, arrived},
			{"lost after it arrived", numbers[0], false, false, arrived},
			{"lost", numbers[2], false, true, flying},
			{"lost twice", numbers[2], false, false, lost},
			{"arrives after all", numbers[2], true, true, lost},
			{"overtaken", numbers[1], true, true, flying},
			{"never sent", numbers[3] + 1, true, false, unsent},
			{"long ago", numbers[0] - historyLen, true, false, unsent},
		} {
			_, before, ok := h.report(tt.number, tt.received)
			if ok != tt.ok || before != tt.before {
				t.Errorf("from %d, %s: report = %v, %v, want %v, %v", first, tt.name, before, ok, tt.before, tt.ok)
			}
		}
	}
}

func TestHistoryForgetsTheOldest(t *testing.T) {
	var h history
	first := h.add(100, 0, 0)
	for range historyLen {
		h.add(100, 0, 0)
	}
	if _, _, ok := h.report(first, true); ok {
		t.Error("a forgotten packet was found")
	}
	if p, _, ok := h.report(first+1, true); !ok || p.size != 100 {
		t.Error("the oldest remembered packet was not found")
	}
}

func TestWrapClock(t *testing.T) {
	for _, start := range []time.Duration{0, time.Hour, ClockWrap - time.Millisecond, ClockWrap / 2} {
		var c wrapClock
		first := c.unwrap(start)
		for _, step := range []time.Duration{time.Second, 500 * time.Millisecond, time.Hour, 0} {
			if got := c.unwrap((start + step) % ClockWrap); time.Duration(got-first) != step {
				t.Errorf("from %v: %v later became %v later", start, step, time.Duration(got-first))
			}
		}
	}
}

// FuzzFeedback sends and reports in any order, with duplicates, unknown
// numbers and wild clocks. Each packet may be counted once, and the estimate
// stays within its bounds.
func FuzzFeedback(f *testing.F) {
	f.Add(int64(0), []byte{0, 10, 1, 0, 0, 20, 2, 1})
	f.Add(int64(1<<16-3), []byte{0, 1, 0, 1, 0, 1, 0, 1, 1, 3, 1, 2, 1, 1, 2, 1, 1, 1})
	f.Add(int64(1<<15-1), []byte{0, 255, 3, 7, 1, 255, 4, 200, 0, 9, 1, 0})
	f.Fuzz(func(t *testing.T, first int64, ops []byte) {
		e := New(Config{})
		e.sent.next = max(0, first%(1<<40))
		now := epoch
		sends := 0
		for i := 0; i+1 < len(ops); i += 2 {
			arg := ops[i+1]
			now = now.Add(time.Duration(arg) * time.Millisecond)
			newest := uint16((e.sent.next - 1) & 0xFFFF)
			switch ops[i] % 6 {
			case 0:
				for range int(arg)%8 + 1 {
					e.Sent(int(arg)*5+40, now)
					sends++
				}
			case 1:
				e.Feedback([]Arrival{{newest - uint16(arg), true, now.Sub(epoch)}}, now)
			case 2:
				e.Feedback([]Arrival{{newest - uint16(arg), false, 0}}, now)
			case 3:
				e.Feedback([]Arrival{{newest + uint16(arg), true, ClockWrap - time.Duration(arg)}}, now)
			case 4:
				e.Want(int(arg)*100_000, now)
				if n, _ := e.Padding(now); n > 0 {
					e.Sent(n, now)
					sends++
				}
			default:
				now = now.Add(time.Duration(arg) * time.Second)
			}
			if r := e.Rate(); r < 50_000 || r > 50_000_000 {
				t.Fatalf("estimate %d is out of bounds", r)
			}
			if e.loss.lost > e.loss.sent || e.loss.sent > sends {
				t.Fatalf("%d sent, %d counted, %d of them lost", sends, e.loss.sent, e.loss.lost)
			}
		}
	})
}

func TestMeter(t *testing.T) {
	m := NewMeter(time.Second)
	for ms := range int64(3000) {
		m.Add(125, ms*1e6) // 1 Mbit/s
	}
	if got := m.Rate(3000 * 1e6); got < 950_000 || got > 1_050_000 {
		t.Errorf("measured %d, want 1 Mbit/s", got)
	}
	m.Add(1_000_000, 1000*1e6) // too late to count
	if got := m.Rate(3500 * 1e6); got < 400_000 || got > 600_000 {
		t.Errorf("measured %d half a window later, want half", got)
	}
	if got := m.Rate(9000 * 1e6); got != 0 {
		t.Errorf("measured %d long after, want 0", got)
	}
}
