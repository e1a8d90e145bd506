package rewrite

import (
	"slices"
	"testing"
	"time"
)

// starts are the first output numbers every wraparound test begins at.
var starts = []uint16{0, 1, 1000, 1<<15 - 2, 1 << 15, 1<<16 - 3, 1<<16 - 1}

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const video = 90_000

func at(seq int64, ts uint32) Point { return Point{Seq: seq, Timestamp: ts, PictureID: -1, TL0: -1} }

// forward fails the test unless packet seq becomes want, counted from start.
func forward(t *testing.T, s *Stream, seq int64, start uint16, want int) {
	t.Helper()
	got, _, ok := s.Forward(seq, 0, t0)
	if !ok || got != start+uint16(want) {
		t.Errorf("start %d: packet %d becomes %d %v, want %d", start, seq, got-start, ok, want)
	}
}

func refuse(t *testing.T, s *Stream, seq int64) {
	t.Helper()
	if got, _, ok := s.Forward(seq, 0, t0); ok {
		t.Errorf("packet %d becomes %d, want it refused", seq, got)
	}
}

func source(t *testing.T, s *Stream, start uint16, out, input int, seq int64) {
	t.Helper()
	gotInput, gotSeq, ok := s.Source(start + uint16(out))
	if !ok || gotInput != input || gotSeq != seq {
		t.Errorf("start %d: output %d is packet %d of input %d (%v), want %d of %d", start, out, gotSeq, gotInput, ok, seq, input)
	}
}

func noSource(t *testing.T, s *Stream, start uint16, out int) {
	t.Helper()
	if input, seq, ok := s.Source(start + uint16(out)); ok {
		t.Errorf("start %d: output %d is packet %d of input %d, want none", start, out, seq, input)
	}
}

func TestForwardBeforeSwitch(t *testing.T) {
	s := New(video, 5, 0)
	refuse(t, s, 1)
	if s.Input() != 0 {
		t.Errorf("input %d before the first switch", s.Input())
	}
	if !s.Drop(1) {
		t.Error("a packet without a place was too late to be dropped")
	}
	noSource(t, s, 5, 0)
}

func TestSwitchGoesOn(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 0)
		s.Switch(at(70_000, 0), t0)
		noSource(t, s, start, 0) // nothing was sent yet
		forward(t, s, 70_000, start, 0)
		forward(t, s, 70_003, start, 3)
		forward(t, s, 70_001, start, 1) // late
		refuse(t, s, 69_999)            // before the switch

		s.Switch(at(500, 0), t0)
		forward(t, s, 501, start, 5) // overtook the first
		forward(t, s, 500, start, 4)
		refuse(t, s, 499)

		source(t, s, start, 0, 1, 70_000)
		source(t, s, start, 2, 1, 70_002) // never came, but has its place
		source(t, s, start, 4, 2, 500)
		source(t, s, start, 5, 2, 501)
		noSource(t, s, start, 6)  // not sent yet
		noSource(t, s, start, -1) // before the stream
		if s.Input() != 2 {
			t.Errorf("input %d, want 2", s.Input())
		}
	}
}

func TestSwitchWithoutAPacket(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 7777)
		for i := range 5 {
			if got := s.Switch(at(int64(1000*i), 5), t0.Add(time.Duration(i)*time.Second)); got != 7777 {
				t.Errorf("start %d: timestamp %d before anything was sent, want 7777", start, got)
			}
		}
		forward(t, s, 4000, start, 0)
		source(t, s, start, 0, 5, 4000)
		if _, _, _, ok := s.Labels(3, at(2000, 5)); ok {
			t.Error("an input that sent nothing is remembered")
		}
	}
}

func TestDrop(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 0)
		s.Switch(at(100, 0), t0)
		forward(t, s, 100, start, 0)
		for _, seq := range []int64{103, 104} {
			if !s.Drop(seq) {
				t.Errorf("start %d: %d came too late to be dropped", start, seq)
			}
		}
		forward(t, s, 105, start, 3)
		forward(t, s, 101, start, 1) // late, before the drop
		refuse(t, s, 103)            // its place is 105's
		refuse(t, s, 104)
		if s.Drop(102) {
			t.Errorf("start %d: 102 has a place and was dropped", start)
		}
		if s.Drop(105) {
			t.Errorf("start %d: 105 went and was dropped", start)
		}
		if !s.Drop(103) {
			t.Errorf("start %d: 103 is dropped, and can't be again", start)
		}
		source(t, s, start, 2, 1, 102)
		source(t, s, start, 3, 1, 105)

		if !s.Drop(106) {
			t.Errorf("start %d: 106 came too late to be dropped", start)
		}
		s.Switch(at(9, 0), t0)
		forward(t, s, 9, start, 4) // the drop left nothing behind
		source(t, s, start, 4, 2, 9)
	}
}

func TestDropAtOnce(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 0)
		s.Switch(at(100, 0), t0)
		if !s.Drop(100) || !s.Drop(101) {
			t.Error("the first packets can't be dropped")
		}
		forward(t, s, 102, start, 0)
	}
}

func TestHistoryForgets(t *testing.T) {
	const switches = historyLen + 10
	for _, start := range starts {
		s := New(video, start, 0)
		for i := range switches {
			s.Switch(at(int64(i)*1000, uint32(i)), t0)
			forward(t, s, int64(i)*1000, start, i)
		}
		for i := range switches {
			_, _, _, known := s.Labels(i+1, at(0, 0))
			if i < switches-historyLen {
				noSource(t, s, start, i)
			} else {
				source(t, s, start, i, i+1, int64(i)*1000)
			}
			if want := i >= switches-historyLen; known != want {
				t.Errorf("labels of input %d known: %v, want %v", i+1, known, want)
			}
		}
	}
}

func TestManyDropsForgetOldPlaces(t *testing.T) {
	s := New(video, 0, 0)
	s.Switch(at(0, 0), t0)
	for seq := int64(0); seq < 200; seq += 2 {
		forward(t, s, seq, 0, int(seq/2))
		if !s.Drop(seq + 1) {
			t.Errorf("%d came too late", seq+1)
		}
	}
	refuse(t, s, 0) // forgotten: rather no packet than a wrong number
	source(t, s, 0, 99, 1, 198)
	noSource(t, s, 0, 0)
}

func TestWideHoleStaysReadable(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 0)
		s.Switch(at(0, 0), t0)
		forward(t, s, 0, start, 0)
		s.Drop(30_000)
		forward(t, s, 100_000, start, maxGap)
		forward(t, s, 100_001, start, maxGap+1)
		refuse(t, s, 99_999)
		refuse(t, s, maxGap) // its place is 100 000's
		forward(t, s, maxGap-1, start, maxGap-1)
		forward(t, s, 5, start, 5)
		source(t, s, start, maxGap, 1, 100_000)
		source(t, s, start, 5, 1, 5)
		s.Switch(at(7, 0), t0)
		forward(t, s, 7, start, maxGap+2)
	}
}

func TestTimestamps(t *testing.T) {
	const ms = time.Millisecond
	for _, base := range []uint32{0, 5000, 1<<31 - 1, 1<<32 - 1} {
		for name, tt := range map[string]struct {
			idle time.Duration // since the newest frame
			want uint32
		}{
			"half a second":       {500 * ms, 45_000},
			"a frame":             {33 * ms, 2970},
			"at once":             {0, 900},
			"sooner than 10 ms":   {5 * ms, 900},
			"the clock went back": {-time.Second, 900},
			"a day":               {24 * time.Hour, maxIdle},
			"three hours":         {3 * time.Hour, 3 * 3600 * video},
		} {
			s := New(video, 0, base)
			if got := s.Switch(at(10, 123_456), t0); got != base {
				t.Fatalf("%s: first timestamp %d, want %d", name, got, base)
			}
			s.Forward(10, 123_456, t0)
			s.Forward(11, 123_456+3000, t0.Add(40*ms))
			s.Forward(12, 123_456+3000, t0.Add(70*ms)) // the same frame: the clock runs from its first packet
			s.Forward(9, 123_456, t0.Add(70*ms))       // refused, changes nothing
			got := s.Switch(at(900, 42), t0.Add(40*ms+tt.idle))
			if want := base + 3000 + tt.want; got != want {
				t.Errorf("%s from %d: %d, want %d", name, base, got-base, want-base)
			}
			if _, ts, _ := s.Forward(900, 42, t0.Add(time.Second)); ts != got {
				t.Errorf("%s from %d: the packet carries %d, Switch said %d", name, base, ts, got)
			}
			if ts := s.Timestamp(42 + 90_000); ts != got+90_000 {
				t.Errorf("%s from %d: a second later is %d, want %d", name, base, ts-got, 90_000)
			}
		}
	}
}

func TestPictures(t *testing.T) {
	s := New(video, 0, 0)
	now := t0
	seq := int64(0)
	input := func(pictureID, tl0 int) {
		now = now.Add(time.Second)
		seq = 1000 * int64(s.Input())
		s.Switch(Point{seq, 0, pictureID, tl0}, now)
	}
	frame := func(pictureID, tl0, wantPID, wantTL0 int) {
		t.Helper()
		if _, _, ok := s.Forward(seq, 0, now); !ok {
			t.Fatal("refused")
		}
		seq++
		if pid, tl0 := s.Picture(pictureID, tl0); pid != wantPID || tl0 != wantTL0 {
			t.Errorf("picture %d, TL0 %d, want %d, %d", pid, tl0, wantPID, wantTL0)
		}
	}
	input(0x7FFE, 254)
	frame(0x7FFE, 254, 0x7FFE, 254) // the first input keeps its ids
	frame(0x7FFF, 255, 0x7FFF, 255)
	frame(0, 0, 0, 0)
	input(500, 9)
	frame(500, 9, 1, 1)
	frame(502, 10, 3, 2)
	s.Picture(501, 9) // resent: older, and not just forwarded
	input(-1, -1)
	frame(-1, -1, -1, -1)
	input(7, 200)
	frame(7, 200, 4, 3) // goes on over the input without ids
	input(30, -1)
	frame(30, -1, 5, -1)
	input(0, 0)
	frame(0, 0, 6, 4)

	for input, want := range map[int]struct{ pid, tl0 int }{2: {3, 2}, 4: {4, 3}, 6: {6, 4}} {
		in := map[int]Point{2: {0, 0, 502, 10}, 4: {0, 0, 7, 200}, 6: {0, 0, 0, 0}}[input]
		if _, pid, tl0, ok := s.Labels(input, in); !ok || pid != want.pid || tl0 != want.tl0 {
			t.Errorf("input %d: labels %d, %d, %v, want %d, %d", input, pid, tl0, ok, want.pid, want.tl0)
		}
	}
}

// A sender of 7-bit picture ids wraps at 128; patched into 7 bits, the output
// counts on all the same.
func TestShortPictureIDs(t *testing.T) {
	s := New(video, 0, 0)
	s.Switch(Point{0, 0, 100, -1}, t0)
	for i := range 200 {
		s.Forward(int64(i), 0, t0)
		if pid, _ := s.Picture((100+i)&0x7F, -1); pid&0x7F != (100+i)&0x7F {
			t.Fatalf("frame %d: %d", i, pid)
		}
	}
	s.Switch(Point{0, 0, 9, -1}, t0)
	s.Forward(0, 0, t0)
	if pid, _ := s.Picture(9, -1); pid&0x7F != (100+200)&0x7F {
		t.Errorf("after the switch %d, want %d", pid&0x7F, (100+200)&0x7F)
	}
}

func TestForwardAllocatesNothing(t *testing.T) {
	s := New(video, 65_000, 0)
	s.Switch(Point{0, 0, 0, 0}, t0)
	seq, now := int64(0), t0
	if got := testing.AllocsPerRun(5000, func() {
		out, _, ok := s.Forward(seq, uint32(seq)*3000, now)
		s.Picture(int(seq&0x7FFF), int(seq&0xFF))
		if _, src, found := s.Source(out); !ok || !found || src != seq {
			t.Error("lost", seq)
		}
		seq++
		now = now.Add(time.Millisecond)
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkForward(b *testing.B) {
	s := New(video, 0, 0)
	s.Switch(Point{0, 0, 0, 0}, t0)
	seq := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		s.Forward(seq, uint32(seq), t0)
		s.Picture(int(seq&0x7FFF), int(seq&0xFF))
		seq++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}

func BenchmarkSource(b *testing.B) {
	s := New(video, 0, 0)
	for i := range int64(40) {
		s.Switch(at(i*100, 0), t0)
		for j := range int64(10) {
			s.Forward(i*100+j, 0, t0)
		}
	}
	out := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		s.Source(80 + out%320)
		out++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/lookup")
}

func TestPaddingTakesAPlaceOfItsOwn(t *testing.T) {
	for _, start := range starts {
		s := New(video, start, 0)
		s.Switch(Point{Seq: 100, Timestamp: 5000, PictureID: 7, TL0: -1}, t0)
		var got []uint16
		for _, op := range []int64{100, 0, 0, 101, 103, 0, 102, 104} { // 0 is padding
			if op == 0 {
				seq, ts := s.Pad()
				if ts != 0 {
					t.Errorf("padding carries timestamp %d, want that of the frame before it", ts)
				}
				got = append(got, seq-start)
				continue
			}
			seq, _, ok := s.Forward(op, 5000, t0)
			if !ok {
				t.Fatalf("packet %d was refused", op)
			}
			got = append(got, seq-start)
		}
		if want := []uint16{0, 1, 2, 3, 5, 6, 4, 7}; !slices.Equal(got, want) {
			t.Errorf("from %d: numbers %v, want %v", start, got, want)
		}
		if _, seq, ok := s.Source(start + 4); !ok || seq != 102 {
			t.Errorf("from %d: the fifth is %d, %v, want packet 102", start, seq, ok)
		}
	}
}
