package timeline

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sender is a simulated participant: its clocks, its network, its streams.
type sender struct {
	rng    *rand.Rand
	clock  *Clock
	ppm    float64       // of the NTP clock against the server's
	step   time.Duration // of the NTP clock
	stepAt time.Duration
	base   time.Duration // one-way delay
	jitter time.Duration
	spikes bool
}

func newSender(seed uint64) *sender {
	return &sender{rng: rand.New(rand.NewPCG(seed, 1)), clock: &Clock{}, base: 30 * time.Millisecond, jitter: 10 * time.Millisecond}
}

// ntp is the sender's clock at a true time.
func (s *sender) ntp(at time.Duration) uint64 {
	sec := 3.97e9 + at.Seconds()*(1+s.ppm*1e-6)
	if s.stepAt > 0 && at >= s.stepAt {
		sec += s.step.Seconds()
	}
	whole, frac := math.Modf(sec)
	return uint64(whole)<<32 | uint64(frac*(1<<32))
}

// arrive is when something sent at a true time arrives.
func (s *sender) arrive(at time.Duration) time.Duration {
	d := s.base + time.Duration(s.rng.ExpFloat64()*float64(s.jitter))
	if s.spikes && s.rng.IntN(100) == 0 {
		d += 300 * time.Millisecond
	}
	return at + d
}

// stream is one simulated stream.
type stream struct {
	s       *sender
	line    *Line
	rate    float64
	ppm     float64 // of the RTP clock against true time
	origin  uint32
	lag     time.Duration // by which the RTP clock stood still
	noise   time.Duration // of the RTP time in reports
	srFrom  time.Duration
	srEvery time.Duration
	srNext  time.Duration
	outlier time.Duration // true time of one report that is 80 ms off
}

func (s *sender) stream(rate, ppm float64, every time.Duration) *stream {
	return &stream{
		s: s, line: s.clock.Line(uint32(rate)), rate: rate, ppm: ppm,
		origin: s.rng.Uint32(), noise: 2 * time.Millisecond, srEvery: every,
	}
}

func (st *stream) rtp(at time.Duration) uint32 {
	return st.origin + uint32(int64((at-st.lag).Seconds()*(1+st.ppm*1e-6)*st.rate))
}

// frame passes a frame made at a true time through the line, and the reports due.
func (st *stream) frame(at time.Duration, step bool) time.Duration {
	if st.srEvery > 0 && at >= st.srFrom && at >= st.srNext {
		st.srNext = at + st.srEvery
		noise := time.Duration((st.s.rng.Float64()*2 - 1) * float64(st.noise))
		if st.outlier > 0 && at >= st.outlier {
			noise, st.outlier = 80*time.Millisecond, 0
		}
		st.line.Report(st.s.ntp(at), st.rtp(at+noise), st.s.arrive(at))
	}
	arrival := st.s.arrive(at)
	st.line.Seen(st.rtp(at), arrival)
	return st.line.Time(st.rtp(at), arrival, step)
}

func percentile(v []time.Duration, p float64) time.Duration {
	v = slices.Sorted(slices.Values(v))
	return v[min(len(v)-1, int(float64(len(v))*p))]
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// run plays audio and video side by side and returns how far they drift apart
// and from the truth, after the first from.
func run(t *testing.T, s *sender, audio, video *stream, length, from time.Duration) (skew, off []time.Duration) {
	t.Helper()
	var lastA, lastV time.Duration
	for i := 0; ; i++ {
		at := time.Duration(i)*100*time.Millisecond + 10*time.Millisecond
		if at > length {
			return skew, off
		}
		a, v := audio.frame(at, false), video.frame(at, i%50 == 0)
		if i > 0 && (a <= lastA || v <= lastV) {
			t.Fatalf("at %v: times fell from %v, %v to %v, %v", at, lastA, lastV, a, v)
		}
		lastA, lastV = a, v
		if at > from {
			skew = append(skew, abs(a-v))
			off = append(off, abs(a-at-s.base))
		}
	}
}

func TestSkewedClocks(t *testing.T) {
	for name, tt := range map[string]struct {
		ntp, audio, video float64
		jitter            time.Duration
		spikes            bool
		skew, off         time.Duration
	}{
		"true clocks":         {0, 0, 0, 8 * time.Millisecond, false, 5 * time.Millisecond, 8 * time.Millisecond},
		"cheap sound card":    {20, 500, -80, 8 * time.Millisecond, true, 6 * time.Millisecond, 10 * time.Millisecond},
		"all slow":            {-500, -500, -500, 20 * time.Millisecond, true, 6 * time.Millisecond, 40 * time.Millisecond},
		"all fast, bad radio": {500, 500, 400, 40 * time.Millisecond, true, 6 * time.Millisecond, 60 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(7)
			s.ppm, s.jitter, s.spikes = tt.ntp, tt.jitter, tt.spikes
			audio, video := s.stream(48000, tt.audio, 5*time.Second), s.stream(90000, tt.video, time.Second)
			skew, off := run(t, s, audio, video, 2*time.Hour, time.Minute)
			t.Logf("skew p50 %v p99 %v, off p99 %v", percentile(skew, .5), percentile(skew, .99), percentile(off, .99))
			if got := percentile(skew, .99); got > tt.skew {
				t.Errorf("audio and video are %v apart, want at most %v", got, tt.skew)
			}
			if got := percentile(off, .99); got > tt.off {
				t.Errorf("the timeline is %v off, want at most %v", got, tt.off)
			}
		})
	}
}

func TestDelayedReports(t *testing.T) {
	s := newSender(3)
	audio, video := s.stream(48000, 100, 5*time.Second), s.stream(90000, 0, time.Second)
	audio.srFrom, video.srFrom = 8*time.Second, 3*time.Second
	skew, off := run(t, s, audio, video, 5*time.Minute, 0)
	if got := percentile(skew, 1); got > 60*time.Millisecond {
		t.Errorf("skew up to %v before the reports settle", got)
	}
	late := skew[len(skew)/2:]
	if got := percentile(late, 1); got > 8*time.Millisecond {
		t.Errorf("skew %v at the end", got)
	}
	if got := percentile(off, 1); got > 80*time.Millisecond {
		t.Errorf("timeline up to %v off", got)
	}
}

func TestNeverReports(t *testing.T) {
	s := newSender(4)
	audio, video := s.stream(48000, 0, 0), s.stream(90000, 0, 0)
	skew, _ := run(t, s, audio, video, time.Minute, 0)
	if got := percentile(skew, 1); got > 40*time.Millisecond {
		t.Errorf("skew %v by arrival alone", got)
	}
}

func TestOutlierIsIgnored(t *testing.T) {
	s := newSender(5)
	audio, video := s.stream(48000, 30, 5*time.Second), s.stream(90000, 0, time.Second)
	audio.outlier, video.outlier = 61*time.Second, 90*time.Second
	skew, _ := run(t, s, audio, video, 4*time.Minute, 50*time.Second)
	if got := percentile(skew, 1); got > 8*time.Millisecond {
		t.Errorf("skew %v after one bad report", got)
	}
}

func TestClockStep(t *testing.T) {
	for _, step := range []time.Duration{-3 * time.Second, -400 * time.Millisecond, 700 * time.Millisecond, time.Hour} {
		s := newSender(6)
		s.step, s.stepAt = step, 2*time.Minute
		audio, video := s.stream(48000, 0, 5*time.Second), s.stream(90000, 0, time.Second)
		skew, off := run(t, s, audio, video, 6*time.Minute, 60*time.Second)
		if a, o := percentile(skew, 1), percentile(off, 1); a > 12*time.Millisecond || o > 25*time.Millisecond {
			t.Errorf("step %v: skew %v, off %v", step, a, o)
		}
	}
}

// The RTP clock of a device that stood still goes on where it was, without the
// signalling having said a word.
func TestStandingRTPClock(t *testing.T) {
	s := newSender(8)
	audio, video := s.stream(48000, 0, 5*time.Second), s.stream(90000, 0, time.Second)
	run(t, s, audio, video, time.Minute, time.Minute)
	audio.lag = 4 * time.Second
	var worst time.Duration
	for i := range 300 {
		at := 64*time.Second + time.Duration(i)*100*time.Millisecond
		d := abs(audio.frame(at, false) - at - s.base)
		if i > 120 {
			worst = max(worst, d)
		}
	}
	if worst > 40*time.Millisecond {
		t.Errorf("%v off, 12 s after the jump", worst)
	}
}

func TestRestart(t *testing.T) {
	for name, lag := range map[string]time.Duration{"went on": 0, "stood still": 90 * time.Second, "beyond belief": time.Hour} {
		s := newSender(9)
		audio, video := s.stream(48000, 0, 5*time.Second), s.stream(90000, 0, time.Second)
		run(t, s, audio, video, time.Minute, time.Minute)
		audio.lag = lag
		at := 150 * time.Second
		audio.line.Restart(audio.rtp(at), s.arrive(at))
		got := audio.frame(at, true)
		if d := abs(got - at - s.base); d > 60*time.Millisecond {
			t.Errorf("%s: %v off after the pause", name, d)
		}
	}
}

func TestNewSource(t *testing.T) {
	s := newSender(10)
	audio, video := s.stream(48000, 0, 5*time.Second), s.stream(90000, 0, time.Second)
	run(t, s, audio, video, time.Minute, time.Minute)
	other := s.stream(90000, 0, time.Second) // a new SSRC: a new epoch of the same clock
	other.srFrom = time.Minute + 3*time.Second
	for i := range 100 {
		at := time.Minute + time.Duration(i)*100*time.Millisecond
		if d := abs(other.frame(at, i%10 == 0) - at - s.base); d > 60*time.Millisecond || i > 70 && d > 12*time.Millisecond {
			t.Fatalf("frame %d is %v off", i, d)
		}
	}
	if !other.line.Fitted() || other.line.Epochs() != 1 {
		t.Errorf("fitted %v, epochs %d", other.line.Fitted(), other.line.Epochs())
	}
}

func TestForeignClock(t *testing.T) {
	s := newSender(11)
	audio := s.stream(48000, 0, time.Second)
	for i := range 100 {
		audio.frame(time.Duration(i)*100*time.Millisecond, false)
	}
	odd := *s // the same participant, a day off
	odd.step, odd.stepAt = 24*time.Hour, 1
	video := odd.stream(90000, 0, time.Second)
	for i := 100; i < 300; i++ {
		at := time.Duration(i) * 100 * time.Millisecond
		a, v := audio.frame(at, false), video.frame(at, i%10 == 0)
		if abs(a-at-s.base) > 60*time.Millisecond || abs(v-at-s.base) > 60*time.Millisecond {
			t.Fatalf("at %v: audio at %v, video at %v", at, a, v)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255, 254})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var c Clock
		lines := []*Line{c.Line(48000), c.Line(90000)}
		last := []time.Duration{-1 << 62, -1 << 62}
		now, rtp, ntp := time.Duration(0), uint32(0), uint64(3_970_000_000)<<32
		for i := 0; i+2 < len(ops); i += 3 {
			which := int(ops[i] & 1)
			now += time.Duration(ops[i+1]) * 10 * time.Millisecond
			rtp += uint32(ops[i+2]) << (ops[i] >> 3)
			ntp += uint64(ops[i+1]) << (20 + ops[i]>>4)
			switch l := lines[which]; ops[i] >> 1 & 3 {
			case 0:
				l.Report(ntp, rtp, now)
			case 1:
				l.Restart(rtp, now)
			default:
				l.Seen(rtp, now)
				got := l.Time(rtp, now, ops[i+2]&1 == 0)
				if got <= last[which] {
					t.Fatalf("time fell from %v to %v", last[which], got)
				}
				last[which] = got
			}
		}
	})
}
