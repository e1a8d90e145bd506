package frames

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plenum/sfu/packet"
)

// A sent packet, before the network.
type sent struct {
	seq     int64
	ts      uint32
	marker  bool
	payload []byte
	at      time.Duration // when it arrives; negative if never
}

// source is a stream with a ledger: which frame has which bytes.
type source struct {
	packets []sent
	frames  map[[32]byte]int // hash of a frame's bytes to its number
	keys    map[int]bool
	video   bool
}

// vp8 makes n frames of random size at 30/s, a keyframe each 30.
func vp8(rng *rand.Rand, first int64, n int, padding bool) *source {
	s := &source{frames: map[[32]byte]int{}, keys: map[int]bool{}, video: true}
	seq := first
	for i := range n {
		frame := make([]byte, 10+rng.IntN(9000))
		for j := range frame {
			frame[j] = byte(rng.Uint32())
		}
		frame[0] |= 1
		if i%30 == 0 {
			s.keys[i] = true
			frame[0] &^= 1
			copy(frame[3:], []byte{0x9D, 0x01, 0x2A})
			binary.LittleEndian.PutUint16(frame[6:], 640)
			binary.LittleEndian.PutUint16(frame[8:], 360)
		}
		s.frames[sha256.Sum256(frame)] = i
		at := time.Duration(i) * time.Second / 30
		ts := uint32(i)*3000 + 0xFFFF0000
		for start := true; len(frame) > 0; start = false {
			cut := min(len(frame), 1100)
			head := []byte{0x80, 0x80, 0x80 | byte(i>>8&0x7F), byte(i)}
			if start {
				head[0] |= 0x10
			}
			s.packets = append(s.packets, sent{seq: seq, ts: ts, marker: cut == len(frame), payload: append(head, frame[:cut]...), at: at})
			frame = frame[cut:]
			seq++
			at += 200 * time.Microsecond
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

// opus makes n packets of 20 ms.
func opus(rng *rand.Rand, first int64, n int) *source {
	s := &source{frames: map[[32]byte]int{}, keys: map[int]bool{}}
	for i := range n {
		frame := make([]byte, 40+rng.IntN(80))
		for j := range frame {
			frame[j] = byte(rng.Uint32())
		}
		frame[0] = 0xFC
		s.frames[sha256.Sum256(frame)] = i
		s.packets = append(s.packets, sent{
			seq: first + int64(i), ts: uint32(i) * 960, payload: frame, at: time.Duration(i) * 20 * time.Millisecond,
		})
	}
	return s
}

// networks say what happens to a stream on its way.
var networks = map[string]func(rng *rand.Rand, packets []sent){
	"clean": func(*rand.Rand, []sent) {},
	"reorder": func(rng *rand.Rand, packets []sent) {
		for i := range packets {
			packets[i].at += time.Duration(rng.IntN(40)) * time.Millisecond
		}
	},
	"loss, all resent": func(rng *rand.Rand, packets []sent) {
		for i := range packets {
			if rng.IntN(50) == 0 {
				packets[i].at += 60*time.Millisecond + time.Duration(rng.IntN(140))*time.Millisecond
			}
		}
	},
	// 5 % is lost, and 5 % of what is sent again too, up to three times.
	"loss and RTX": func(rng *rand.Rand, packets []sent) {
		for i := range packets {
			for try := 0; try < 3 && rng.IntN(20) == 0; try++ {
				packets[i].at += 60*time.Millisecond + time.Duration(rng.IntN(140))*time.Millisecond
			}
		}
	},
	"loss, some resent": func(rng *rand.Rand, packets []sent) {
		for i := range packets {
			if rng.IntN(50) == 0 {
				packets[i].at += 60*time.Millisecond + time.Duration(rng.IntN(140))*time.Millisecond
				if rng.IntN(20) == 0 {
					packets[i].at = -1
				}
			}
		}
	},
	"loss": func(rng *rand.Rand, packets []sent) {
		for i := range packets {
			if rng.IntN(100) == 0 {
				packets[i].at = -1
			}
		}
	},
	"everything twice": func(_ *rand.Rand, packets []sent) {
		for i := range packets { // replay pushes odd ones twice
			packets[i].at += time.Duration(i%2) * time.Nanosecond
		}
	},
}

// book is what a replay gave out.
type book struct{ out, corrupt, badref, broken int }

// replay sends a stream through an assembler and keeps the books.
func replay(t *testing.T, s *source, format Format) (book, *Assembler) {
	t.Helper()
	var pool packet.Pool
	base := time.Now()
	order := slices.DeleteFunc(slices.Clone(s.packets), func(p sent) bool { return p.at < 0 })
	slices.SortStableFunc(order, func(a, b sent) int { return int(a.at - b.at) })
	a := New(format, Config{})
	var b book
	last := -1
	take := func(f Frame, ok bool) bool {
		if !ok {
			return false
		}
		b.out++
		if f.Broken {
			b.broken++
		}
		n, known := s.frames[sha256.Sum256(f.Data)]
		switch {
		case !known:
			b.corrupt++
		case n <= last:
			t.Errorf("frame %d came after %d", n, last)
		case s.video && f.Key != s.keys[n]:
			t.Errorf("frame %d: key is %v", n, f.Key)
		case s.video && !f.Key && n != last+1:
			b.badref++
		case last >= 0 && n != last+1 && !f.Broken:
			t.Errorf("frames %d to %d are missing and nothing says so", last+1, n-1)
		}
		if f.Key && s.video && (f.Width != 640 || f.Height != 360) {
			t.Errorf("size %dx%d", f.Width, f.Height)
		}
		last = n
		return true
	}
	for i, p := range order {
		now := base.Add(p.at)
		for range 1 + i%2*int(p.at%2) {
			pk := pool.Get()
			pk.Seq, pk.Timestamp, pk.Marker, pk.Arrival = p.seq, p.ts, p.marker, now
			pk.SetPayload(0, copy(pk.Buffer(), p.payload))
			a.Push(pk)
		}
		for take(a.Next(now)) {
		}
	}
	for take(a.Flush()) {
	}
	a.Restart()
	if n := pool.Outstanding(); n != 0 {
		t.Errorf("%d packets kept", n)
	}
	return b, a
}

func TestLedger(t *testing.T) {
	const n = 600
	floors := map[string]float64{"loss": 0.3, "loss, some resent": 0.75}
	for name, network := range networks {
		for _, first := range []int64{0, 65536 - 40, -5, 1 << 33} {
			for _, kind := range []string{"vp8", "vp8, padded", "opus"} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, kind, first), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(first), 5))
					s, format := vp8(rng, first, n, kind == "vp8, padded"), VP8()
					if kind == "opus" {
						s, format = opus(rng, first, n), Opus()
					}
					network(rng, s.packets)
					s.packets[0].at = max(0, s.packets[0].at) // a lost first packet is another test
					if _, lossy := floors[name]; lossy {
						s.packets[len(s.packets)/2].at = -1 // at least one
					}
					b, a := replay(t, s, format)
					floor, lossy := floors[name]
					if !lossy {
						floor = 1
					}
					if b.corrupt != 0 || b.badref != 0 || float64(b.out) < floor*n {
						t.Errorf("%+v, want at least %v frames", b, floor*n)
					}
					st := a.Stats()
					if lossy != (b.broken > 0) || lossy != (st.Lost > 0) || st.Frames != int64(b.out) {
						t.Errorf("%+v with %+v", b, st)
					}
				})
			}
		}
	}
}

// The recorder comes in mid-stream: nothing before a keyframe may come out.
func TestStartsAtKeyframe(t *testing.T) {
	s := vp8(rand.New(rand.NewPCG(1, 1)), 100, 90, false)
	s.packets = s.packets[20:]
	b, a := replay(t, s, VP8())
	if b.out != 60 || b.broken != 0 || a.Stats().Dropped == 0 {
		t.Errorf("%+v, %+v", b, a.Stats())
	}
}

// push feeds packets that arrive at once.
func push(a *Assembler, pool *packet.Pool, at time.Time, packets ...sent) {
	for _, p := range packets {
		pk := pool.Get()
		pk.Seq, pk.Timestamp, pk.Marker, pk.Arrival = p.seq, p.ts, p.marker, at
		pk.SetPayload(0, copy(pk.Buffer(), p.payload))
		a.Push(pk)
	}
}

func count(a *Assembler, now time.Time) (n int) {
	for {
		if _, ok := a.Next(now); !ok {
			return n
		}
		n++
	}
}

func TestSenderStartsAnew(t *testing.T) {
	for _, jump := range []int64{-40_000, 30_000, 3 * ringSize} {
		var pool packet.Pool
		rng := rand.New(rand.NewPCG(2, 2))
		a := New(VP8(), Config{})
		now := time.Now()
		push(a, &pool, now, vp8(rng, 0, 30, false).packets...)
		now = now.Add(time.Second)
		if got := count(a, now); got != 30 {
			t.Fatalf("%d frames at first", got)
		}
		push(a, &pool, now, vp8(rng, 200+jump, 60, false).packets...)
		now = now.Add(time.Second)
		if got := count(a, now); got < 30 {
			t.Errorf("jump %d: %d frames after it", jump, got)
		}
		a.Restart()
		if n := pool.Outstanding(); n != 0 {
			t.Errorf("jump %d: %d packets kept", jump, n)
		}
	}
}

func TestWaits(t *testing.T) {
	var pool packet.Pool
	a := New(Opus(), Config{})
	s := opus(rand.New(rand.NewPCG(1, 1)), 0, 4)
	now := time.Now()
	push(a, &pool, now, s.packets[1], s.packets[0]) // overtaken at the start
	if got := count(a, now.Add(99*time.Millisecond)); got != 0 {
		t.Errorf("%d frames within the grace", got)
	}
	now = now.Add(100 * time.Millisecond)
	if got := count(a, now); got != 2 {
		t.Errorf("%d frames after the grace", got)
	}
	push(a, &pool, now, s.packets[3])
	if got := count(a, now.Add(799*time.Millisecond)); got != 0 {
		t.Errorf("%d frames over the hole", got)
	}
	f, ok := a.Next(now.Add(800 * time.Millisecond))
	if !ok || !f.Broken || f.Samples != 960 || !bytes.Equal(f.Data, s.packets[3].payload) {
		t.Errorf("after the wait: %v %+v", ok, f)
	}
	push(a, &pool, now, s.packets[2]) // too late
	if st := a.Stats(); st.Late != 1 || st.Lost != 1 || pool.Outstanding() != 0 {
		t.Errorf("%+v, %d kept", st, pool.Outstanding())
	}
}

func TestRestartNeedsKeyframe(t *testing.T) {
	var pool packet.Pool
	a := New(VP8(), Config{})
	s := vp8(rand.New(rand.NewPCG(4, 4)), 0, 60, false)
	now := time.Now()
	half := slices.IndexFunc(s.packets, func(p sent) bool { return p.ts == uint32(15)*3000+0xFFFF0000 })
	push(a, &pool, now, s.packets[:half]...)
	now = now.Add(time.Second)
	if got := count(a, now); got != 15 || a.NeedsKeyframe() {
		t.Fatalf("%d frames, needs keyframe %v", got, a.NeedsKeyframe())
	}
	a.Restart()
	if !a.NeedsKeyframe() {
		t.Error("needs no keyframe after a pause")
	}
	push(a, &pool, now, s.packets[half+40:]...)
	f, ok := a.Next(now.Add(time.Second))
	if !ok || !f.Key || !f.Broken {
		t.Errorf("first frame after the pause: %v key=%v broken=%v", ok, f.Key, f.Broken)
	}
}

func TestBrokenPayloads(t *testing.T) {
	var pool packet.Pool
	for name, packets := range map[string][]sent{
		"no start":        {{seq: 1, marker: true, payload: []byte{0x80, 0x80, 0x80, 1, 0, 0, 0}}},
		"two starts":      {{seq: 1, payload: []byte{0x10, 0, 0, 0}}, {seq: 2, marker: true, payload: []byte{0x10, 0, 0, 0}}},
		"only descriptor": {{seq: 1, marker: true, payload: []byte{0x10}}},
		"cut descriptor":  {{seq: 1, marker: true, payload: []byte{0x90, 0x80}}},
	} {
		a := New(VP8(), Config{})
		now := time.Now()
		push(a, &pool, now, packets...)
		if n := count(a, now.Add(time.Hour)); n != 0 || a.Stats().Dropped != 1 || pool.Outstanding() != 0 {
			t.Errorf("%s: %d frames, %+v, %d kept", name, n, a.Stats(), pool.Outstanding())
		}
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte{1, 0, 0x10, 0x81, 1, 0, 0x10, 2, 3, 0, 255, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var pool packet.Pool
		a := New(VP8(), Config{})
		now, seq := time.Now(), int64(0)
		for i := 0; i+3 < len(ops); i += 4 {
			seq += int64(int8(ops[i]))
			if ops[i+3] == 0xFF {
				seq += int64(int8(ops[i])) * 300
			}
			now = now.Add(time.Duration(ops[i+1]) * 8 * time.Millisecond)
			p := pool.Get()
			p.Seq, p.Timestamp, p.Marker, p.Arrival = seq, uint32(ops[i+2]>>4), ops[i+3]&1 == 1, now
			if ops[i+3]&2 == 0 {
				p.SetPayload(0, copy(p.Buffer(), []byte{ops[i+2] & 0x17, ops[i+3], 0, 0}))
			}
			a.Push(p)
			for {
				fr, ok := a.Next(now)
				if !ok {
					break
				}
				if len(fr.Data) == 0 {
					t.Fatal("empty frame")
				}
			}
			if ops[i+3] == 0xFE {
				a.Restart()
			}
		}
		for _, ok := a.Flush(); ok; _, ok = a.Flush() {
		}
		a.Restart()
		if n := pool.Outstanding(); n != 0 {
			t.Fatalf("%d packets kept", n)
		}
	})
}

func BenchmarkAssembler(b *testing.B) {
	var pool packet.Pool
	a := New(Opus(), Config{})
	payload := bytes.Repeat([]byte{0xF8}, 100)
	now, seq := time.Now(), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		p := pool.Get()
		p.Seq, p.Timestamp, p.Arrival = seq, uint32(seq)*960, now
		p.SetPayload(0, copy(p.Buffer(), payload))
		a.Push(p)
		a.Next(now)
		seq++
		now = now.Add(20 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}
