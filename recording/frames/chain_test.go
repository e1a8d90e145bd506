package frames

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestChain(t *testing.T) {
	const wide = true
	at := func(picture, tl0, layer int, sync bool) Refs {
		return Refs{Picture: picture, Wide: wide, TL0: tl0, Layer: layer, Sync: sync}
	}
	// A stream 0 2 1 2 0 …: the first 2 and every other 1 are sync points.
	key := Refs{Picture: 100, Wide: wide, TL0: 7, Layer: 0}
	type step struct {
		lose int64 // packets before it; -1: none
		refs Refs
		want verdict
	}
	for name, steps := range map[string][]step{
		"nothing lost": {
			{-1, at(101, 7, 2, true), follows},
			{-1, at(102, 7, 1, true), follows},
			{-1, at(103, 7, 2, false), follows},
			{-1, at(104, 8, 0, false), follows},
		},
		"only padding lost":         {{5, at(101, 7, 2, false), follows}},
		"a torn frame":              {{0, at(102, 7, 1, true), bridges}},
		"a 2 lost, then a sync":     {{1, at(102, 7, 1, true), bridges}, {-1, at(103, 7, 2, false), dangles}, {-1, at(104, 8, 0, false), bridges}},
		"a 1 lost, its 2 hangs":     {{-1, at(101, 7, 2, true), follows}, {1, at(103, 7, 2, false), dangles}, {-1, at(104, 8, 0, false), bridges}, {-1, at(105, 8, 2, true), follows}},
		"a base lost, seen by base": {{3, at(108, 9, 0, false), breaksOff}},
		"a base lost, seen above":   {{3, at(105, 8, 2, true), breaksOff}},
		"both 2 lost":               {{1, at(102, 7, 1, true), bridges}, {1, at(104, 8, 0, false), bridges}},
		"no layers in the stream":   {{1, at(102, -1, -1, false), breaksOff}},
		"too many to be sure":       {{128, at(102, 7, 1, true), breaksOff}},
		"base index wraps":          {{-1, at(104, 255, 0, false), follows}, {1, at(108, 0, 0, false), bridges}},
	} {
		var c chain
		if got := c.next(true, key); got != follows {
			t.Fatalf("the keyframe: %v", got)
		}
		for i, s := range steps {
			if s.lose >= 0 {
				c.lose(s.lose)
			}
			if got := c.next(false, s.refs); got != s.want {
				t.Errorf("%s: step %d is %v, want %v", name, i, got, s.want)
				break
			}
		}
	}
	var c chain
	c.next(true, Refs{Picture: 127, TL0: -1, Layer: -1})
	c.lose(3)
	if got := c.next(false, Refs{Picture: 0, TL0: -1, Layer: -1}); got != follows {
		t.Errorf("seven bits wrap: %v", got)
	}
}

// layered is a stream of three temporal layers as libvpx makes it, with what
// each frame needs.
type layered struct {
	refs  []Refs
	needs [][]int
	keys  map[int]bool
}

func layers(n int) layered {
	s := layered{keys: map[int]bool{}}
	tl0, base, first := 250, 0, -1
	for i := range n {
		r := Refs{Picture: (32760 + i) & 0x7FFF, Wide: true}
		var needs []int
		switch i % 4 {
		case 0:
			if tl0 = (tl0 + 1) & 0xFF; i%60 == 0 {
				s.keys[i] = true
				first = -1
			} else {
				needs = []int{base}
			}
			base = i
		case 1:
			r.Layer, r.Sync, needs = 2, true, []int{base}
		case 2:
			r.Layer, needs = 1, []int{base}
			if i%8 == 2 || first < 0 {
				r.Sync = true
			} else {
				needs = append(needs, first)
			}
			first = i
		case 3:
			r.Layer, needs = 2, []int{base, first}
		}
		r.TL0 = tl0
		s.refs, s.needs = append(s.refs, r), append(s.needs, needs)
	}
	return s
}

// Whatever is lost, no frame comes out without what it needs; and what is lost
// above the base breaks nothing off.
func TestChainKeepsReferences(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := layers(2400)
		var c chain
		given := map[int]bool{}
		waiting, breaks, lostBase := true, 0, false
		for i, r := range s.refs {
			if rng.IntN(40) == 0 && !s.keys[i] && (seed%2 == 1 || r.Layer > 0) {
				c.lose(1 + int64(rng.IntN(4)))
				lostBase = lostBase || r.Layer == 0
				continue
			}
			if waiting && !s.keys[i] {
				continue
			}
			switch c.next(s.keys[i], r) {
			case follows, bridges:
				waiting, given[i] = false, true
				for _, need := range s.needs[i] {
					if !given[need] {
						t.Fatalf("seed %d: frame %d is given out without frame %d", seed, i, need)
					}
				}
			case breaksOff:
				waiting = true
				breaks++
			case dangles:
			}
		}
		if !lostBase && (breaks > 0 || len(given) < 2200) {
			t.Errorf("seed %d: only upper layers were lost: %d breaks, %d of 2400 frames", seed, breaks, len(given))
		}
		if lostBase && breaks == 0 {
			t.Errorf("seed %d: base frames were lost and nothing broke off", seed)
		}
	}
}

// vp9 is the same stream as VP9 tells of it: by its switching-up points (structure
// 0 2 1 2), or by a list of what each picture needs.
func (s layered) vp9(flexible bool) layered {
	out := layered{keys: s.keys}
	for i, r := range s.refs {
		var needs []int
		switch {
		case s.keys[i]:
		case i%4 == 0:
			needs = []int{i - 4}
		case i%4 == 2:
			needs = []int{i - 2}
		default:
			needs = []int{i - 1}
		}
		r.Sync, r.Up = false, !flexible && r.Layer > 0
		if r.Listed = flexible; flexible {
			r.TL0 = -1
			for _, n := range needs {
				r.need(byte(i - n))
			}
		}
		out.refs, out.needs = append(out.refs, r), append(out.needs, needs)
	}
	return out
}

// The same as TestChainKeepsReferences for VP9.
func TestChainKeepsReferencesOfVP9(t *testing.T) {
	for _, flexible := range []bool{false, true} {
		for seed := range uint64(50) {
			rng := rand.New(rand.NewPCG(seed, 1))
			s := layers(2400).vp9(flexible)
			var c chain
			given := map[int]bool{}
			waiting, upper, breaks := true, seed%2 == 0, 0
			for i, r := range s.refs {
				if rng.IntN(40) == 0 && !s.keys[i] && (!upper || r.Layer > 0) {
					c.lose(1 + int64(rng.IntN(4)))
					continue
				}
				if waiting && !s.keys[i] {
					continue
				}
				switch c.next(s.keys[i], r) {
				case follows, bridges:
					waiting, given[i] = false, true
					for _, need := range s.needs[i] {
						if !given[need] {
							t.Fatalf("flexible %v, seed %d: picture %d is given out without %d", flexible, seed, i, need)
						}
					}
				case breaksOff:
					waiting = true
					breaks++
				case dangles:
				}
			}
			floor := 2200
			if !flexible { // a lost 1 may be what the next 1 needs: no keyframe, but no 1 until then
				floor = 1300
			}
			if upper && (breaks > 0 || len(given) < floor) || !upper && breaks == 0 {
				t.Errorf("flexible %v, seed %d: %d breaks, %d of 2400 pictures", flexible, seed, breaks, len(given))
			}
		}
	}
}

// A picture that goes on with statistics needs all that came before, even if it
// is predicted from none of it.
func TestChainContext(t *testing.T) {
	for name, last := range map[string]Refs{
		"by layers": {Picture: 2, Wide: true, TL0: 8, Layer: 0},
		"by a list": {Picture: 2, Wide: true, TL0: -1, Layer: 0, Listed: true, Needs: [16]uint8{2}},
	} {
		for _, context := range []bool{false, true} {
			key := Refs{Picture: 0, Wide: true, TL0: 7, Layer: 0, Listed: last.Listed}
			var c chain
			c.next(true, key)
			c.lose(1)
			want := bridges
			if last.Context = context; context {
				want = breaksOff
			}
			if got := c.next(false, last); got != want {
				t.Errorf("%s, context %v: %v, want %v", name, context, got, want)
			}
		}
	}
}

// What a list of needs must not be taken for.
func TestListedEdges(t *testing.T) {
	at := func(picture int, wide bool, needs ...byte) Refs {
		r := Refs{Picture: picture, Wide: wide, TL0: -1, Layer: -1, Listed: true}
		for _, n := range needs {
			r.need(n)
		}
		return r
	}
	var c chain
	for i, step := range []struct {
		key  bool
		lose int64
		refs Refs
		want verdict
	}{
		{true, -1, at(126, false), follows},
		{false, -1, at(127, false, 1), follows},
		{false, -1, at(0, false, 1, 2), follows}, // seven bits wrap
		{false, 1, at(2, false, 2), bridges},     // 1 is lost, and not needed
		{false, -1, at(3, false, 2), breaksOff},  // it is needed now
		{true, -1, at(4, false), follows},
		{false, -1, at(5, false, 2), breaksOff}, // what was before a keyframe is gone
		{true, -1, at(32767, true), follows},
		{false, -1, at(0, true, 1), follows},
		{false, 200, at(128, true, 128-1), breaksOff}, // too much may have come round
	} {
		if step.lose >= 0 {
			c.lose(step.lose)
		}
		if got := c.next(step.key, step.refs); got != step.want {
			t.Fatalf("step %d is %v, want %v", i, got, step.want)
		}
	}
	r := at(9, true)
	for n := range byte(20) {
		r.need(n + 1)
		r.need(n + 1)
	}
	if r.Listed || r.Needs[15] != 16 {
		t.Errorf("twenty needs: %+v", r)
	}
}

func (v verdict) String() string {
	return fmt.Sprint([]string{"follows", "bridges", "dangles", "breaks off"}[v])
}
