package floor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// A voice says how loud a participant is at a time, and whether it sends.
type voice func(at time.Duration) (dBov uint8, flag, sends bool)

func silent(time.Duration) (uint8, bool, bool) { return silence, false, true }
func absent(time.Duration) (uint8, bool, bool) { return 0, false, false }

// speaks is heard from one time to another at one loudness, without pauses.
func speaks(from, to time.Duration, dBov uint8) voice {
	return func(at time.Duration) (uint8, bool, bool) {
		if at >= from && at < to {
			return dBov, true, true
		}
		return silence, false, true
	}
}

// converses speaks in words of 400 ms with 200 ms between, like people do.
func converses(from, to time.Duration, dBov uint8) voice {
	say := speaks(from, to, dBov)
	return func(at time.Duration) (uint8, bool, bool) {
		if (at-from)%(600*ms) >= 400*ms {
			return silence, false, true
		}
		return say(at)
	}
}

// A meeting plays voices to a floor: a packet each 20 ms, a Rank each 200 ms.
type meeting struct {
	*Floor
	now     time.Duration
	entered map[uint32]time.Duration // first entry
	changes int
	ranked  []uint32
	most    int // members at once
}

func meet(cfg Config) *meeting {
	return &meeting{Floor: New(cfg), entered: map[uint32]time.Duration{}}
}

func (m *meeting) play(until time.Duration, voices map[uint32]voice) {
	for ; m.now < until; m.now += 20 * ms {
		now := t0.Add(m.now)
		for id := range uint32(600) {
			v, ok := voices[id]
			if !ok {
				continue
			}
			dBov, flag, sends := v(m.now)
			if sends && m.Level(id, dBov, flag, now) {
				if _, again := m.entered[id]; !again {
					m.entered[id] = m.now
				}
			}
		}
		m.most = max(m.most, len(m.members))
		if m.now%(200*ms) == 0 {
			ids, changed := m.Rank(now)
			if changed {
				m.changes++
			}
			m.ranked = ids
		}
	}
}

func TestFirstPacketOfVoiceEnters(t *testing.T) {
	for name, tt := range map[string]struct {
		dBov  uint8
		voice bool
		want  bool
	}{
		"voice":                       {30, true, true},
		"loudest":                     {0, true, true},
		"quiet voice":                 {55, true, true},
		"too quiet":                   {56, true, false},
		"silence":                     {127, false, false},
		"no flag, never had one":      {40, false, true},
		"flag on what isn't a level":  {200, true, false},
		"quiet noise without a flag":  {60, false, false},
		"loud noise without the flag": {10, false, true},
	} {
		f := New(Config{})
		if got := f.Level(1, tt.dBov, tt.voice, t0); got != tt.want || f.Audible(1) != tt.want {
			t.Errorf("%s: entered %v, audible %v, want %v", name, got, f.Audible(1), tt.want)
		}
		if got := f.Level(1, tt.dBov, tt.voice, t0.Add(20*ms)); got {
			t.Errorf("%s: entered twice", name)
		}
	}
}

func TestSenderWithADetectorGoesByIt(t *testing.T) {
	f := New(Config{})
	f.Level(1, 80, true, t0) // too quiet, but it shows that the flag is used
	if f.Level(1, 40, false, t0.Add(20*ms)) {
		t.Error("noise entered that the sender's detector says is none")
	}
	if !f.Level(1, 30, false, t0.Add(40*ms)) {
		t.Error("something loud did not enter")
	}
}

func TestSilentStayForHold(t *testing.T) {
	m := meet(Config{})
	m.play(2900*ms, map[uint32]voice{1: speaks(0, time.Second, 30), 2: absent})
	if !slices.Equal(m.ranked, []uint32{1}) {
		t.Errorf("floor %v before Hold is over, want 1", m.ranked)
	}
	m.play(3300*ms, map[uint32]voice{1: absent}) // Opus DTX, or muted
	if len(m.ranked) != 0 || m.Audible(1) {
		t.Errorf("floor %v after Hold, want nobody", m.ranked)
	}
	if m.changes != 2 {
		t.Errorf("%d changes, want one entry and one leave", m.changes)
	}
}

func TestPausesBetweenWordsChangeNothing(t *testing.T) {
	m := meet(Config{})
	m.play(20*time.Second, map[uint32]voice{1: converses(0, time.Minute, 25), 2: silent, 3: converses(100*ms, time.Minute, 40)})
	if m.changes != 2 || !slices.Equal(m.ranked, []uint32{1, 3}) {
		t.Errorf("floor %v after %d changes, want [1 3] after both came", m.ranked, m.changes)
	}
}

func TestLoudestFirst(t *testing.T) {
	m := meet(Config{})
	voices := map[uint32]voice{
		1: converses(0, time.Minute, 45), 2: converses(100*ms, time.Minute, 30), 3: converses(200*ms, time.Minute, 15),
	}
	m.play(5*time.Second, voices)
	if !slices.Equal(m.ranked, []uint32{3, 2, 1}) {
		t.Errorf("floor %v, want [3 2 1]", m.ranked)
	}
}

func TestEqualVoicesDoNotDance(t *testing.T) {
	m := meet(Config{})
	rng := rand.New(rand.NewPCG(1, 2))
	voices := map[uint32]voice{}
	for id := range uint32(4) {
		say := converses(time.Duration(id)*130*ms, time.Hour, 30)
		voices[id+1] = func(at time.Duration) (uint8, bool, bool) {
			dBov, flag, sends := say(at)
			return min(dBov+uint8(rng.IntN(8)), silence), flag, sends
		}
	}
	m.play(3*time.Second, voices)
	before := m.changes
	m.play(33*time.Second, voices)
	if got := m.changes - before; got > 15 {
		t.Errorf("%d changes of order in 30 s among equals", got)
	}
}

// talkers fills the floor of five.
func talkers() map[uint32]voice {
	voices := map[uint32]voice{}
	for id := range uint32(5) {
		voices[id+1] = converses(time.Duration(id)*110*ms, time.Hour, 30)
	}
	return voices
}

func TestAClickThrowsNobodyOut(t *testing.T) {
	for name, tt := range map[string]struct {
		length time.Duration
		dBov   uint8
	}{
		"one packet":        {20 * ms, 1},
		"a door":            {100 * ms, 5},
		"a cough of 300 ms": {300 * ms, 15},
	} {
		m := meet(Config{})
		voices := talkers()
		for click := range 20 { // at any time of their pauses and of the tick
			from := 5*time.Second + time.Duration(click)*3060*ms
			voices[100+uint32(click)] = speaks(from, from+tt.length, tt.dBov)
		}
		for m.now < 70*time.Second {
			m.play(m.now+20*ms, voices)
			for id := uint32(1); id <= 5 && m.now > 2*time.Second; id++ {
				if !m.Audible(id) {
					t.Fatalf("%s: %d was thrown out at %v", name, id, m.now)
				}
			}
		}
		if len(m.entered) != 25 {
			t.Errorf("%s: %d entered, want all 25: it might have been a word", name, len(m.entered))
		}
		if len(m.ranked) != 5 {
			t.Errorf("%s: floor %v, want five", name, m.ranked)
		}
	}
}

// Somebody starts to speak while five are on the floor, one of whom has fallen
// silent: heard from the first packet, and the silent one goes.
func TestNewSpeakerReplacesTheSilent(t *testing.T) {
	m := meet(Config{Hold: time.Minute})
	voices := talkers()
	voices[3] = speaks(0, 5*time.Second, 20)
	voices[50] = converses(7*time.Second, time.Hour, 35)
	for m.now < 12*time.Second {
		m.play(m.now+20*ms, voices)
		if m.now > 7*time.Second && !m.Audible(50) {
			t.Fatalf("the new speaker is not heard at %v", m.now)
		}
	}
	if m.entered[50] != 7*time.Second {
		t.Errorf("the new speaker entered at %v, want 7 s", m.entered[50])
	}
	if m.Audible(3) || len(m.ranked) != 5 {
		t.Errorf("floor %v, want five without 3", m.ranked)
	}
}

// A sixth voice that is quieter than five who speak is tried and loses; one
// that is clearly louder wins. Either way the floor does not flutter.
func TestSixthVoice(t *testing.T) {
	for name, tt := range map[string]struct {
		dBov uint8
		wins bool
	}{
		"quieter": {50, false},
		"equal":   {30, false},
		"louder":  {5, true},
	} {
		m := meet(Config{})
		voices := talkers()
		voices[50] = converses(5*time.Second, time.Hour, tt.dBov)
		m.play(5*time.Second, voices)
		before := m.changes
		m.play(25*time.Second, voices)
		if m.entered[50] != 5*time.Second {
			t.Errorf("%s: entered at %v, want 5 s", name, m.entered[50])
		}
		if got := m.Audible(50); got != tt.wins {
			t.Errorf("%s: heard at the end: %v, want %v", name, got, tt.wins)
		}
		if got := m.changes - before; got > 5 {
			t.Errorf("%s: %d changes in 20 s", name, got)
		}
		if m.most > 8 {
			t.Errorf("%s: %d on the floor at once", name, m.most)
		}
	}
}

func TestFullOfNewcomers(t *testing.T) {
	m := meet(Config{Size: 2, Newcomers: 1})
	voices := map[uint32]voice{
		1: speaks(0, time.Hour, 40), 2: speaks(0, time.Hour, 40), 3: speaks(0, time.Hour, 40), 4: speaks(0, time.Hour, 10),
	}
	m.play(20*ms, voices)
	if !m.Audible(3) || m.Audible(4) {
		t.Errorf("3 audible %v, 4 %v, want the one place for a newcomer given to 3", m.Audible(3), m.Audible(4))
	}
	m.play(5*time.Second, voices)
	if m.ranked[0] != 4 || m.most > 3 {
		t.Errorf("floor %v, at most %d, want the loudest first and never more than 3", m.ranked, m.most)
	}
}

func TestRemove(t *testing.T) {
	f := New(Config{})
	f.Level(1, 20, true, t0)
	f.Level(2, 127, false, t0)
	f.Rank(t0)
	for id, want := range map[uint32]bool{1: true, 2: false, 3: false} {
		if got := f.Remove(id); got != want || f.Audible(id) {
			t.Errorf("Remove(%d) = %v, want %v", id, got, want)
		}
	}
	if ids, changed := f.Rank(t0); len(ids) != 0 || !changed {
		t.Errorf("floor %v, changed %v after everyone left", ids, changed)
	}
	if len(f.known) != 0 {
		t.Errorf("%d are remembered", len(f.known))
	}
}

func TestRankedListIsNeverWrittenTo(t *testing.T) {
	f := New(Config{})
	f.Level(1, 40, true, t0)
	first, _ := f.Rank(t0)
	kept := slices.Clone(first)
	for i := range 50 {
		f.Level(2, 10, true, t0.Add(time.Duration(i)*20*ms))
	}
	f.Rank(t0.Add(time.Second))
	if !slices.Equal(first, kept) {
		t.Errorf("the list became %v, was %v", first, kept)
	}
}

func TestClockMayStepBack(t *testing.T) {
	f := New(Config{})
	f.Level(1, 20, true, t0)
	f.Level(1, 20, true, t0.Add(-time.Hour))
	f.Level(1, 20, true, t0.Add(20*ms))
	if ids, _ := f.Rank(t0.Add(20 * ms)); !slices.Equal(ids, []uint32{1}) {
		t.Errorf("floor %v, want [1]", ids)
	}
	if s := f.known[1].loud; s <= 0 || s > silence {
		t.Errorf("loudness %v", s)
	}
}

// In a hall of 500 where everyone makes noise now and then, whoever speaks
// is heard at once.
func TestHall(t *testing.T) {
	m := meet(Config{})
	rng := rand.New(rand.NewPCG(3, 4))
	voices := map[uint32]voice{}
	for id := range uint32(500) {
		voices[id+1] = func(time.Duration) (uint8, bool, bool) {
			if rng.IntN(20_000) == 0 {
				return 20, true, true
			}
			return uint8(65 + rng.IntN(30)), false, true
		}
	}
	voices[501] = converses(3*time.Second, time.Hour, 30)
	m.play(10*time.Second, voices)
	if late := m.entered[501] - 3*time.Second; late > 400*ms {
		t.Errorf("the speaker was let in %v late", late)
	}
	if m.ranked[0] != 501 || m.most > 8 {
		t.Errorf("floor %v, at most %d", m.ranked, m.most)
	}
}

// FuzzFloor holds what every floor must be, whatever the levels and times.
func FuzzFloor(f *testing.F) {
	f.Add([]byte{1, 20, 2, 30, 0xFF, 10, 3, 0, 0xFF, 200})
	f.Fuzz(func(t *testing.T, ops []byte) {
		cfg := Config{Size: 3, Newcomers: 2}
		fl := New(cfg)
		now := t0
		for i := 0; i+1 < len(ops); i += 2 {
			id, arg := uint32(ops[i]&15), ops[i+1]
			switch {
			case ops[i] < 160:
				was := fl.Audible(id)
				entered := fl.Level(id, arg, ops[i]&16 != 0, now)
				if entered == was && entered || fl.Audible(id) != (was || entered) {
					t.Fatalf("%d was audible %v, entered %v, is %v", id, was, entered, fl.Audible(id))
				}
			case ops[i] < 200:
				now = now.Add(time.Duration(arg) * 10 * ms)
			case ops[i] < 210:
				was := fl.Audible(id)
				if got := fl.Remove(id); got != was {
					t.Fatalf("Remove(%d) = %v, was audible %v", id, got, was)
				}
			default:
				before := slices.Clone(fl.ranked)
				ids, changed := fl.Rank(now)
				if changed == slices.Equal(ids, before) {
					t.Fatalf("changed %v from %v to %v", changed, before, ids)
				}
				for j, id := range ids {
					if !fl.Audible(id) || slices.Contains(ids[:j], id) {
						t.Fatalf("floor %v with %d", ids, id)
					}
				}
				if ids2, again := fl.Rank(now); again {
					t.Fatalf("%v, and at once %v", ids, ids2)
				}
			}
			if n := len(fl.members); n > cfg.Size+cfg.Newcomers {
				t.Fatalf("%d on the floor", n)
			}
			for _, s := range fl.known {
				if s.member != slices.Contains(fl.members, s) || s.loud < 0 || s.loud > silence {
					t.Fatalf("%+v", *s)
				}
			}
		}
	})
}

func TestLevelAllocatesNothing(t *testing.T) {
	f := New(Config{})
	now, id := t0, uint32(0)
	for id := range uint32(20) {
		f.Level(id, 127, false, now)
	}
	for range 2000 { // everyone was on the floor once
		f.Level(id%20, uint8(id%60), true, now)
		id++
	}
	if got := testing.AllocsPerRun(2000, func() {
		f.Level(id%20, uint8(id%60), true, now)
		id++
		now = now.Add(ms)
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkLevel(b *testing.B) {
	for _, people := range []uint32{5, 500} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			f := New(Config{})
			now, id := t0, uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				f.Level(id%people, uint8(20+id%80), true, now)
				id++
				now = now.Add(time.Millisecond)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
		})
	}
}

func BenchmarkRank(b *testing.B) {
	f := New(Config{})
	now := t0
	for id := range uint32(500) {
		f.Level(id, 40, true, now)
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(200 * ms)
		f.Rank(now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/tick")
}
