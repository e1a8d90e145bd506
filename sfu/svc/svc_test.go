package svc

import (
	"math/rand/v2"
	"testing"

	"plenum/sfu/codec"
)

const pictureTime = 3000 // ticks

// send plays the packets of one picture of a stream like L3T3_KEY, two packets
// a frame, and returns the highest layer of which something went, -1 for none.
// Marked counts the packets that end the picture.
func send(s *Selector, picture uint32, layers uint8, key bool, want int) (top, marked int) {
	top = -1
	for layer := range layers {
		for part := range 2 {
			f := codec.Frame{Spatial: layer, Start: part == 0, End: part == 1, Fresh: key}
			if f.Keyframe = key && layer == 0 && part == 0; f.Keyframe {
				f.Layers = layers
			}
			forward, last := s.Take(f, picture*pictureTime, want)
			if forward {
				top = int(layer)
			}
			if last {
				marked++
			}
		}
	}
	return top, marked
}

func TestSwitches(t *testing.T) {
	type step struct {
		layers uint8
		key    bool
		want   int
		got    int
	}
	for name, steps := range map[string][]step{
		"all from the beginning":            {{3, true, 2, 2}, {3, false, 2, 2}},
		"less with the next picture":        {{3, true, 2, 2}, {3, false, 0, 0}, {3, false, 1, 0}},
		"more with the next key picture":    {{3, true, 0, 0}, {3, false, 2, 0}, {3, false, 2, 0}, {3, true, 2, 2}, {3, false, 2, 2}},
		"no more than there is":             {{2, true, 2, 1}, {2, false, 2, 1}, {3, true, 2, 2}},
		"what was given up needs a key too": {{3, true, 2, 2}, {3, false, 1, 1}, {3, false, 2, 1}, {3, true, 2, 2}},
		"the publisher leaves layers out":   {{3, true, 2, 2}, {1, true, 2, 0}, {1, false, 2, 0}, {3, true, 2, 2}},
	} {
		for _, start := range []uint32{1, 1<<32/pictureTime - 1} {
			var s Selector
			for i, st := range steps {
				top, marked := send(&s, start+uint32(i), st.layers, st.key, st.want)
				if top != st.got || marked != 1 || s.Top() != st.got {
					t.Errorf("%s from %d: picture %d goes up to %d with %d ends (Top %d), want %d with one", name, start, i, top, marked, s.Top(), st.got)
				}
			}
		}
	}
}

// A packet that comes late, or is asked for again, gets what its picture got.
func TestLatePackets(t *testing.T) {
	var s Selector
	send(&s, 1, 3, true, 2)
	send(&s, 2, 3, false, 0)
	send(&s, 3, 3, false, 2)
	for picture, want := range map[uint32]int{1: 2, 2: 0, 3: 0} {
		for layer := range 3 {
			f := codec.Frame{Spatial: uint8(layer), End: true}
			forward, last := s.Took(f, picture*pictureTime)
			if forward != (layer <= want) || last != (layer == want) {
				t.Errorf("picture %d, layer %d: forward %v, last %v", picture, layer, forward, last)
			}
			if again, _ := s.Take(f, picture*pictureTime, 2); again != forward {
				t.Errorf("picture %d, layer %d: %v when it came, %v when it came again", picture, layer, forward, again)
			}
		}
	}
	if s.Top() != 0 {
		t.Errorf("late packets changed the layer to %d", s.Top())
	}
}

// Whatever is wanted and lost: a frame goes only if all it refers to went.
func TestDecodable(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var s Selector
		decodable := map[uint8]bool{} // layers whose frame of the picture before went
		for picture := range uint32(100) {
			key := picture == 0 || random.IntN(20) == 0
			want := random.IntN(3)
			now := map[uint8]bool{}
			for layer := range uint8(3) {
				f := codec.Frame{Spatial: layer, Start: true, End: true, Fresh: key, Keyframe: key && layer == 0}
				if f.Keyframe {
					f.Layers = 3
				}
				forward, _ := s.Take(f, picture*pictureTime, want)
				if !forward {
					continue
				}
				if key && layer > 0 && !now[layer-1] || !key && !decodable[layer] {
					t.Fatalf("seed %d: picture %d, layer %d goes without what it refers to", seed, picture, layer)
				}
				if int(layer) > want {
					t.Fatalf("seed %d: picture %d goes up to layer %d, want %d", seed, picture, layer, want)
				}
				now[layer] = true
			}
			if !now[0] {
				t.Fatalf("seed %d: nothing of picture %d goes", seed, picture)
			}
			decodable = now
		}
	}
}

func TestTakeAllocatesNothing(t *testing.T) {
	var s Selector
	picture := uint32(0)
	if got := testing.AllocsPerRun(1000, func() {
		send(&s, picture, 3, picture%10 == 0, 1)
		picture++
	}); got != 0 {
		t.Errorf("%v allocations per picture", got)
	}
}
