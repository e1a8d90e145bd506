package link

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// packet is an IPv4 packet of so many bytes that carries its number.
func packet(number uint32, protocol byte, size int) []byte {
	p := make([]byte, max(size, 24))
	p[0], p[9] = 0x45, protocol
	binary.BigEndian.PutUint32(p[20:], number)
	return p
}

type arrived struct {
	number uint32
	at     time.Duration
}

// drive sends packets at a fixed gap and returns what arrives when.
func drive(t *testing.T, text string, count int, gap time.Duration, size int, seed uint64) ([]arrived, Stats) {
	t.Helper()
	spec, err := ParseSpec(text)
	if err != nil {
		t.Fatal(err)
	}
	path := NewPath(spec, seed)
	var got []arrived
	collect := func(until time.Time) {
		for {
			at, ok := path.Next()
			if !ok || at.After(until) {
				return
			}
			for _, p := range path.Due(nil, at) {
				got = append(got, arrived{binary.BigEndian.Uint32(p[20:]), at.Sub(epoch)})
			}
		}
	}
	for i := range count {
		now := epoch.Add(time.Duration(i) * gap)
		collect(now)
		path.Send(packet(uint32(i), 17, size), now)
	}
	collect(epoch.Add(time.Duration(count)*gap + time.Hour))
	return got, path.Stats()
}

func TestLossIsAsMuchAndAsBurstyAsAsked(t *testing.T) {
	const count = 100_000
	for text, want := range map[string]struct{ loss, run float64 }{
		"":                {0, 0},
		"loss=1":          {1, 1.01},
		"loss=10":         {10, 1.11},
		"loss=20,burst=1": {20, 1.25},
		"loss=5,burst=8":  {5, 8},
		"loss=100":        {100, count},
	} {
		got, stats := drive(t, text, count, time.Millisecond, 100, 7)
		seen := make([]bool, count)
		for _, a := range got {
			seen[a.number] = true
		}
		lost, runs := 0, 0
		for i, ok := range seen {
			if !ok {
				lost++
				if i == 0 || seen[i-1] {
					runs++
				}
			}
		}
		loss, run := 100*float64(lost)/count, float64(lost)/float64(max(runs, 1))
		if math.Abs(loss-want.loss) > 0.1*want.loss || math.Abs(run-want.run) > 0.1*want.run {
			t.Errorf("%q: lost %.2f %% in runs of %.2f, want %.2f %% in runs of %.2f", text, loss, run, want.loss, want.run)
		}
		if int(stats.Lost) != lost || stats.Packets != count {
			t.Errorf("%q: counted %+v, lost %d", text, stats, lost)
		}
	}
}

func TestDelaysAndOrder(t *testing.T) {
	for text, want := range map[string]struct {
		least, most time.Duration
		ordered     bool
	}{
		"":                           {0, 0, true},
		"delay=10ms":                 {10 * time.Millisecond, 10 * time.Millisecond, true},
		"delay=10ms,jitter=200ms":    {10 * time.Millisecond, 210 * time.Millisecond, true},
		"delay=60ms,reorder=10":      {0, 60 * time.Millisecond, false},
		"rate=80kbit,queue=1s":       {10 * time.Millisecond, 1010 * time.Millisecond, true},
		"rate=0.8mbit,dup=5,delay=0": {time.Millisecond, time.Millisecond, true},
	} {
		got, stats := drive(t, text, 2000, 5*time.Millisecond, 100, 1)
		ordered := true
		var least, most time.Duration = time.Hour, 0
		for i, a := range got {
			ordered = ordered && (i == 0 || a.number >= got[i-1].number)
			took := a.at - time.Duration(a.number)*5*time.Millisecond
			least, most = min(least, took), max(most, took)
		}
		if ordered != want.ordered || least < want.least || most > want.most {
			t.Errorf("%q: took %v to %v, in order %v; want %v to %v, %v", text, least, most, ordered, want.least, want.most, want.ordered)
		}
		if len(got) != 2000-int(stats.Overflowed)+int(stats.Duplicated) {
			t.Errorf("%q: %d arrived, counted %+v", text, len(got), stats)
		}
	}
}

func TestARateLimitsAndItsQueueOverflows(t *testing.T) {
	got, stats := drive(t, "rate=300kbit,queue=300ms", 1000, 10*time.Millisecond, 1250, 1) // 1 Mbit/s for 10 s
	if last := got[len(got)-1].at; last > 10*time.Second+400*time.Millisecond {
		t.Errorf("the last came at %v: the queue is longer than asked", last)
	}
	if rate := float64(len(got)*1250*8) / 10; rate < 290_000 || rate > 315_000 {
		t.Errorf("%.0f bit/s went through", rate)
	}
	if stats.Overflowed == 0 {
		t.Error("the queue never overflowed")
	}
}

func TestBlocksAndOutages(t *testing.T) {
	v6 := make([]byte, 48)
	v6[0], v6[6] = 0x60, 17
	for name, tt := range map[string]struct {
		spec   string
		packet []byte
		passes bool
	}{
		"UDP":             {"udp=drop", packet(1, 17, 100), false},
		"UDP over IPv6":   {"udp=drop", v6, false},
		"TCP":             {"udp=drop", packet(1, 6, 100), true},
		"UDP passes":      {"udp=pass", packet(1, 17, 100), true},
		"down":            {"down=1", packet(1, 6, 100), false},
		"too short":       {"udp=drop", []byte{0x45}, true},
		"no longer down":  {"down=0", packet(1, 6, 100), true},
		"nothing at all ": {"", packet(1, 1, 100), true},
	} {
		spec, err := ParseSpec(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		path := NewPath(spec, 1)
		path.Send(tt.packet, epoch)
		if passes := len(path.Due(nil, epoch)) == 1; passes != tt.passes {
			t.Errorf("%s: passed %v", name, passes)
		}
	}
}

func TestARunCanBeRepeated(t *testing.T) {
	const text = "loss=10,burst=3,delay=10ms,jitter=50ms,reorder=5,dup=2"
	a, _ := drive(t, text, 1000, time.Millisecond, 100, 3)
	b, _ := drive(t, text, 1000, time.Millisecond, 100, 3)
	c, _ := drive(t, text, 1000, time.Millisecond, 100, 4)
	same := func(x, y []arrived) bool {
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if x[i] != y[i] {
				return false
			}
		}
		return true
	}
	if !same(a, b) || same(a, c) {
		t.Errorf("same seed, same run: %v; other seed, same run: %v", same(a, b), same(a, c))
	}
}

func TestSpecsThatMakeNoSense(t *testing.T) {
	for _, text := range []string{"loss", "loss=x", "loss=101", "dup=-1", "delay=5", "rate=fast", "udp=maybe", "down=yes", "speed=1"} {
		if s, err := ParseSpec(text); err == nil {
			t.Errorf("%q was read as %+v", text, s)
		}
	}
}
