package packet

import (
	"sync"
	"testing"
)

// starts are the numbers every wraparound test begins at.
var starts = []int64{0, 1, 1<<15 - 3, 1<<16 - 3, 1<<16 + 5, 3<<16 - 1}

func put(l *Pool, r *Ring, seq int64, keyframe bool) {
	p := l.Get()
	p.Seq, p.Keyframe = seq, keyframe
	r.Put(p)
}

func has(r *Ring, seq int64) bool {
	p := r.Get(seq)
	if p == nil {
		return false
	}
	defer p.Release()
	return p.Seq == seq
}

func TestRingKeepsTheNewest(t *testing.T) {
	for _, start := range starts {
		var pool Pool
		r := NewRing(8)
		if _, ok := r.Newest(); ok {
			t.Errorf("start %d: an empty ring has a newest packet", start)
		}
		for i := range int64(20) {
			put(&pool, r, start+i, false)
		}
		for i := range int64(20) {
			if got, want := has(r, start+i), i >= 12; got != want {
				t.Errorf("start %d: has packet %d: %v, want %v", start, i, got, want)
			}
			if !r.Stale(start + i) {
				t.Errorf("start %d: packet %d would be taken again", start, i)
			}
		}
		if r.Stale(start + 20) {
			t.Errorf("start %d: a new packet is stale", start)
		}
		if newest, ok := r.Newest(); !ok || newest != start+19 {
			t.Errorf("start %d: newest %d %v", start, newest, ok)
		}
		if got := pool.Outstanding(); got != 8 {
			t.Errorf("start %d: %d packets held, want 8", start, got)
		}
		r.Close()
		if got := pool.Outstanding(); got != 0 {
			t.Errorf("start %d: %d packets left after Close", start, got)
		}
	}
}

func TestRingReleasesWhatItRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		late int64
		kept bool
	}{
		"a gap is filled":         {95, true},
		"a duplicate":             {100, false},
		"just old enough":         {93, true},
		"older than the ring":     {92, false},
		"long before":             {5, false},
		"older, in an empty slot": {90, false},
	} {
		var pool Pool
		r := NewRing(8)
		put(&pool, r, 99, false)
		put(&pool, r, 100, false)
		before := pool.Outstanding()
		put(&pool, r, tt.late, false)
		if got := pool.Outstanding() - before; (got == 1) != tt.kept {
			t.Errorf("%s: the ring took %d packets, want kept %v", name, got, tt.kept)
		}
		r.Close()
		put(&pool, r, 101, false)
		if got := pool.Outstanding(); got != 0 {
			t.Errorf("%s: %d packets left after Close", name, got)
		}
	}
}

func TestRingKeyframe(t *testing.T) {
	type pkt struct {
		seq int64
		key bool
	}
	for name, tt := range map[string]struct {
		pkts []pkt
		want int64 // -1 for none
	}{
		"nothing":                 {nil, -1},
		"no keyframe":             {[]pkt{{1, false}, {2, false}}, -1},
		"one":                     {[]pkt{{1, false}, {2, true}, {3, false}}, 2},
		"the newer one":           {[]pkt{{1, true}, {2, false}, {3, true}, {4, false}}, 3},
		"a hole behind it":        {[]pkt{{1, true}, {3, false}}, -1},
		"a hole before the newer": {[]pkt{{1, true}, {3, true}, {4, false}}, 3},
		"the hole filled":         {[]pkt{{1, true}, {3, false}, {2, false}}, 1},
		"late and older":          {[]pkt{{5, true}, {6, false}, {3, true}}, 5},
		"pushed out":              {[]pkt{{1, true}, {2, false}, {3, false}, {4, false}, {5, false}}, -1},
	} {
		for _, start := range starts {
			var pool Pool
			r := NewRing(4)
			for _, p := range tt.pkts {
				put(&pool, r, start+p.seq, p.key)
			}
			seq, ok := r.Keyframe()
			if ok != (tt.want >= 0) || ok && seq != start+tt.want {
				t.Errorf("%s from %d: got %d %v, want %d", name, start, seq-start, ok, tt.want)
			}
			r.Close()
			if _, ok := r.Keyframe(); ok {
				t.Errorf("%s from %d: a closed ring has a keyframe", name, start)
			}
		}
	}
}

func TestRingSizeMustBeAPowerOfTwo(t *testing.T) {
	for _, size := range []int{-8, 0, 3, 1000} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewRing(%d) did not panic", size)
				}
			}()
			NewRing(size)
		}()
	}
}

func TestRingOneWriterManyReaders(t *testing.T) {
	const packets = 5000
	var pool Pool
	var wg sync.WaitGroup
	r := NewRing(64)
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for seq := int64(0); ; seq++ {
				select {
				case <-done:
					return
				default:
				}
				newest, _ := r.Newest()
				want := newest - seq%80
				if p := r.Get(want); p != nil {
					if p.Seq != want {
						t.Errorf("asked for %d, got %d", want, p.Seq)
					}
					p.Release()
				}
				r.Keyframe()
			}
		})
	}
	for seq := range int64(packets) {
		put(&pool, r, seq, seq%50 == 0)
	}
	close(done)
	wg.Wait()
	r.Close()
	if got := pool.Outstanding(); got != 0 {
		t.Errorf("%d packets left", got)
	}
}

// renumbered yields packets to put without touching the pool: each is given
// out again long after the ring of the given size has let go of it.
func renumbered(l *Pool, size int) func() *Packet {
	ring := make([]*Packet, 2*size)
	for i := range ring {
		ring[i] = l.Get()
	}
	seq := int64(0)
	return func() *Packet {
		p := ring[seq%int64(len(ring))].Retain()
		p.Seq = seq
		seq++
		return p
	}
}

func TestRingAllocatesNothing(t *testing.T) {
	var pool Pool
	r := NewRing(64)
	next := renumbered(&pool, 64)
	if got := testing.AllocsPerRun(1000, func() {
		p := next()
		r.Put(p)
		r.Get(p.Seq).Release()
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkRingPut(b *testing.B) {
	var pool Pool
	r := NewRing(1024)
	next := renumbered(&pool, 1024)
	b.ReportAllocs()
	for b.Loop() {
		r.Put(next())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}

func BenchmarkRingGet(b *testing.B) {
	var pool Pool
	r := NewRing(1024)
	for seq := range int64(1024) {
		put(&pool, r, seq, false)
	}
	seq := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		r.Get(seq & 1023).Release()
		seq++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}
