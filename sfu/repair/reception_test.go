package repair

import (
	"testing"
	"time"
)

func TestReceptionLoss(t *testing.T) {
	seqs := func(from, to int64, without ...int64) []int64 {
		var out []int64
	next:
		for s := from; s < to; s++ {
			for _, w := range without {
				if s == w {
					continue next
				}
			}
			out = append(out, s)
		}
		return out
	}
	for name, tt := range map[string]struct {
		first, second []int64
		fraction      [2]uint8
		cumulative    [2]uint32
		highest       int64 // after both, counted from the start
	}{
		"nothing lost":      {seqs(0, 100), seqs(100, 200), [2]uint8{0, 0}, [2]uint32{0, 0}, 199},
		"a quarter":         {seqs(0, 4, 2), seqs(4, 8), [2]uint8{64, 0}, [2]uint32{1, 1}, 7},
		"came in the next":  {seqs(0, 10, 5), append(seqs(10, 20), 5), [2]uint8{25, 0}, [2]uint32{1, 0}, 19},
		"all but two":       {[]int64{0, 999}, []int64{1000}, [2]uint8{255, 0}, [2]uint32{998, 998}, 1000},
		"twice each":        {append(seqs(0, 10), seqs(0, 10)...), nil, [2]uint8{0, 0}, [2]uint32{0xFFFFF6, 0xFFFFF6}, 9},
		"silence":           {seqs(0, 10), nil, [2]uint8{0, 0}, [2]uint32{0, 0}, 9},
		"reordered start":   {[]int64{2, 1, 0, 3}, nil, [2]uint8{0, 0}, [2]uint32{0, 0}, 3},
		"left from before":  {[]int64{200, 99, 201}, nil, [2]uint8{0, 0}, [2]uint32{0, 0}, 201},
		"more than 24 bits": {[]int64{0, 1 << 25}, nil, [2]uint8{255, 0}, [2]uint32{0x7FFFFF, 0x7FFFFF}, 1 << 25},
	} {
		for _, start := range starts {
			r := NewReception(48_000)
			for i, part := range [][]int64{tt.first, tt.second} {
				for _, seq := range part {
					r.Packet(start+seq, 0, t0)
				}
				b := r.Block(t0)
				if b.FractionLost != tt.fraction[i] || b.CumulativeLost != tt.cumulative[i] {
					t.Errorf("%s from %d, block %d: lost %d/256, %#x, want %d, %#x",
						name, start, i, b.FractionLost, b.CumulativeLost, tt.fraction[i], tt.cumulative[i])
				}
				if want := uint32(start + tt.highest - (start+part0(tt.first))&^0xFFFF); i == 1 && b.HighestSeq != want {
					t.Errorf("%s from %d: highest %#x, want %#x", name, start, b.HighestSeq, want)
				}
			}
		}
	}
}

func part0(seqs []int64) int64 { return seqs[0] }

func TestReceptionJitter(t *testing.T) {
	for name, tt := range map[string]struct {
		rate uint32
		late func(i int) time.Duration
		want [2]uint32 // from, to
	}{
		"even":             {48_000, func(int) time.Duration { return 0 }, [2]uint32{0, 0}},
		"a steady delay":   {48_000, func(int) time.Duration { return time.Second }, [2]uint32{0, 0}},
		"10 ms to and fro": {48_000, func(i int) time.Duration { return time.Duration(i%2) * 10 * ms }, [2]uint32{470, 480}},
		"the same, video":  {90_000, func(i int) time.Duration { return time.Duration(i%2) * 10 * ms }, [2]uint32{880, 900}},
		"a slow clock":     {48_000, func(i int) time.Duration { return time.Duration(i) * ms }, [2]uint32{40, 48}},
	} {
		for _, ts := range []uint32{0, 1<<31 - 5, 1<<32 - 5} {
			r := NewReception(tt.rate)
			for i := range 200 {
				arrival := t0.Add(time.Duration(i)*20*ms + tt.late(i))
				stamp := ts + uint32(i)*tt.rate/50
				r.Packet(int64(2*i), stamp, arrival)
				r.Packet(int64(2*i+1), stamp, arrival.Add(5*ms)) // paced within its frame
			}
			if got := r.Block(t0).Jitter; got < tt.want[0] || got > tt.want[1] {
				t.Errorf("%s from %d: jitter %d, want %v", name, ts, got, tt.want)
			}
		}
	}
}

func TestReceptionSenderReport(t *testing.T) {
	r := NewReception(48_000)
	if got := r.Block(t0); got != (Block{}) {
		t.Errorf("before anything came: %+v", got)
	}
	r.SenderReport(0x1122334455667788, t0)
	for after, want := range map[time.Duration]uint32{
		0:                      0,
		time.Second / 2:        1 << 15,
		3 * time.Second:        3 << 16,
		-time.Second:           0,
		365 * 24 * time.Hour:   1<<32 - 1,
		1500 * ms:              3 << 15,
		10 * time.Hour:         36_000 << 16,
		time.Second / (1 << 9): 1 << 7,
	} {
		if got := r.Block(t0.Add(after)); got.LSR != 0x33445566 || got.DLSR != want {
			t.Errorf("%v after: LSR %#x, DLSR %#x, want 0x33445566, %#x", after, got.LSR, got.DLSR, want)
		}
	}
}

func TestReceptionAllocatesNothing(t *testing.T) {
	r := NewReception(90_000)
	seq, now := int64(0), t0
	if got := testing.AllocsPerRun(1000, func() {
		r.Packet(seq, uint32(seq)*3000, now)
		seq++
		now = now.Add(33 * ms)
		r.Block(now)
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkReceptionPacket(b *testing.B) {
	r := NewReception(90_000)
	seq, now := int64(0), t0
	b.ReportAllocs()
	for b.Loop() {
		r.Packet(seq, uint32(seq)*3000, now)
		seq++
		now = now.Add(33 * ms)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}
