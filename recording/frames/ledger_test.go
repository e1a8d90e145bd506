package frames

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plenum/recording/mediatest"
	"plenum/sfu"
	"plenum/sfu/packet"
)

// formats are the formats by codec.
var formats = map[sfu.Codec]func() Format{
	sfu.VP8: VP8, sfu.VP9: VP9, sfu.AV1: AV1, sfu.H264: H264, sfu.Opus: Opus, sfu.RED: Opus,
}

// A stream is a clip on its way.
type stream struct {
	clip    *mediatest.Clip
	packets []sent
}

// send packs a clip, twice over if it is short, with padding if wanted.
func send(clip *mediatest.Clip, rng *rand.Rand, first int64, padding bool) *stream {
	s := &stream{clip: clip}
	seq := first
	for i, f := range clip.Frames {
		at := time.Duration(i) * clip.Step
		ts := uint32(int64(at)*int64(clip.Rate)/int64(time.Second)) + 0xFFFFF000
		for j, payload := range f.Payloads {
			marker := j == len(f.Payloads)-1 && clip.Rate == 90000
			s.packets = append(s.packets, sent{seq: seq, ts: ts, marker: marker, payload: payload, at: at})
			seq++
			at += 100 * time.Microsecond
		}
		if padding && i%3 == 0 {
			for range 1 + rng.IntN(3) {
				s.packets = append(s.packets, sent{seq: seq, ts: ts, at: at})
				seq++
			}
		}
	}
	return s
}

// tally is what came of a stream.
type tally struct {
	out     []Frame // with data of their own
	numbers []int
}

// receive sends a stream through an assembler. What comes out corrupt, twice, in
// the wrong order or without what it needs fails the test.
func receive(t *testing.T, s *stream) (tally, Stats) {
	t.Helper()
	var pool packet.Pool
	base := time.Now()
	order := slices.DeleteFunc(slices.Clone(s.packets), func(p sent) bool { return p.at < 0 })
	slices.SortStableFunc(order, func(a, b sent) int { return int(a.at - b.at) })
	a := New(formats[s.clip.Codec](), Config{})
	var b tally
	given := map[int]bool{}
	last := -1
	take := func(f Frame, ok bool) bool {
		if !ok {
			return false
		}
		n := s.clip.Number(f.Data)
		if n < 0 {
			t.Errorf("a frame of %d bytes was never sent", len(f.Data))
			return true
		}
		if n <= last {
			t.Errorf("frame %d came after %d", n, last)
		}
		want := s.clip.Frames[n]
		for _, need := range want.Needs {
			if !given[need] {
				t.Errorf("frame %d came without frame %d", n, need)
			}
		}
		if f.Key != want.Key {
			t.Errorf("frame %d: key is %v", n, f.Key)
		}
		if last >= 0 && n != last+1 && !f.Broken {
			t.Errorf("frames %d to %d are missing and nothing says so", last+1, n-1)
		}
		if n == last+1 && f.Broken {
			t.Errorf("frame %d is said to be broken off", n)
		}
		if f.Key && (f.Width != s.clip.Width || f.Height != s.clip.Height) {
			t.Errorf("frame %d is %dx%d", n, f.Width, f.Height)
		}
		last = n
		given[n] = true
		f.Data, f.Private = slices.Clone(f.Data), slices.Clone(f.Private)
		b.out, b.numbers = append(b.out, f), append(b.numbers, n)
		return true
	}
	for i, p := range order {
		now := base.Add(p.at)
		for range 1 + i%2*int(p.at%2) {
			pk := pool.Get()
			pk.Seq, pk.Timestamp, pk.Marker, pk.Arrival = p.seq, p.ts, p.marker, now
			pk.SetPayload(0, copy(pk.Buffer(), p.payload))
			if s.clip.Codec == sfu.RED {
				a.PushRED(pk)
			} else {
				a.Push(pk)
			}
		}
		for take(a.Next(now)) {
		}
	}
	for take(a.Flush()) {
	}
	stats := a.Stats()
	a.Restart()
	if n := pool.Outstanding(); n != 0 {
		t.Errorf("%d packets kept", n)
	}
	return b, stats
}

// Every codec through every network: what comes out is what was sent, and never
// without what it needs.
func TestCodecs(t *testing.T) {
	// The least share that must come out when packets are lost for good. Of the
	// pictures each loss costs up to a second; redundancy mends most of the sound.
	floors := map[string]map[string]float64{
		"loss":              {"opus": 0.95, "red": 0.99, "red 2": 0.99, "": 0},
		"loss, some resent": {"opus": 0.98, "red": 0.99, "red 2": 0.99, "": 0.3},
	}
	for _, name := range mediatest.Names() {
		clip := mediatest.Load(t, name)
		for network, happen := range networks {
			for _, first := range []int64{65536 - 40, -5} {
				for _, padding := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%d/%v", name, network, first, padding), func(t *testing.T) {
						rng := rand.New(rand.NewPCG(uint64(first), 7))
						s := send(clip, rng, first, padding)
						happen(rng, s.packets)
						s.packets[0].at = max(0, s.packets[0].at)
						b, stats := receive(t, s)
						floor := 1.0
						if floors[network] != nil {
							var known bool
							if floor, known = floors[network][name]; !known {
								floor = floors[network][""]
							}
						}
						if float64(len(b.out)) < floor*float64(len(clip.Frames)) {
							t.Errorf("%d of %d frames, want %v of them; %+v", len(b.out), len(clip.Frames), floor, stats)
						}
						if stats.Frames != int64(len(b.out)) {
							t.Errorf("%d frames came out, %+v", len(b.out), stats)
						}
					})
				}
			}
		}
	}
}

// A recorder that comes in mid-stream begins with a keyframe, wherever it comes in.
func TestCodecsMidStream(t *testing.T) {
	for _, name := range mediatest.Names() {
		clip := mediatest.Load(t, name)
		for skip := range 16 {
			s := send(clip, rand.New(rand.NewPCG(1, 1)), 100, false)
			s.packets = s.packets[skip:]
			b, _ := receive(t, s)
			if len(b.out) == 0 || !b.out[0].Key || b.out[0].Broken {
				t.Fatalf("%s without its first %d packets: %d frames", name, skip, len(b.out))
			}
		}
	}
}

// One lost packet, whichever of the first it is.
func TestCodecsOneLost(t *testing.T) {
	for _, name := range mediatest.Names() {
		clip := mediatest.Load(t, name)
		s := send(clip, rand.New(rand.NewPCG(1, 1)), 65530, false)
		some := min(len(s.packets), 120)
		for lost := range some {
			s := &stream{clip: clip, packets: slices.Clone(s.packets)}
			s.packets[lost].at = -1
			b, _ := receive(t, s)
			switch {
			case t.Failed():
				t.Fatalf("%s without packet %d", name, lost)
			case clip.Codec == sfu.RED && lost > 0 && lost < len(s.packets)-1 && len(b.out) != len(clip.Frames):
				t.Fatalf("%s: packet %d is lost and not made up for", name, lost)
			case len(b.out) < len(clip.Frames)/2:
				t.Fatalf("%s without packet %d: %d frames", name, lost, len(b.out))
			}
		}
	}
}
