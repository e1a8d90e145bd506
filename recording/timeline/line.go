package timeline

import (
	"math"
	"time"
)

const (
	fitPoints    = 20
	fitSpan      = 8 * time.Second // below it the nominal rate beats a fitted one
	fitMaxSkew   = 2000e-6
	oddAtLeast   = 0.010 // s off the fit at which a report counts as odd
	oddSteps     = 5     // odd reports in a row that are believed
	oddJumps     = 2     // the same, when the RTP clock has jumped
	anchorSpan   = 500 * time.Millisecond
	jumpAtLeast  = 10.0 // s between RTP and arrival that mean a new start
	keepFitUntil = 0.25 // s off arrival up to which a fit outlives a pause

	slewFit    = 0.001 // how fast a change of the fit is followed
	slewAnchor = 0.005 // how fast the first report's correction is
	slewFar    = 0.1   // how fast a correction beyond farOff is
	farOff     = 0.1   // s
	stepOver   = 0.5   // s of forward correction that is taken at once
)

// A Line maps one stream's RTP times to server times.
type Line struct {
	clock *Clock
	rate  float64

	last    int64 // newest unwrapped RTP time
	started bool

	// The fit: sender = base + slope*(rtp-origin).
	points []point
	origin int64
	base   float64
	slope  float64 // s per tick
	sigma  float64 // s

	odd      int // odd reports in a row
	oddSince time.Duration
	oddJump  int // of them, those that show a jump of the RTP clock
	oddStep  int // of them, those that show a step of the sender's clock
	oddRing  []point
	reported time.Duration // arrival of the last report

	// The anchor stands in for the fit until there is one.
	anchorSince time.Duration
	anchor      float64 // least of arrival - rtp/rate, s
	anchored    bool

	out    float64 // the last time given out, s
	outRTP int64
	bias   float64 // what is still to be slewed away, s
	slew   float64
	hasOut bool
	fresh  bool // nothing was given out since a restart: nothing to be continuous with
	epochs int
}

type point struct {
	rtp int64
	ntp float64
}

// unwrap extends a 32-bit RTP time around the newest one.
func (l *Line) unwrap(ts uint32) int64 {
	if !l.started {
		l.started = true
		l.last = int64(ts)
		return l.last
	}
	v := l.last + int64(int32(ts-uint32(l.last)))
	l.last = max(l.last, v)
	return v
}

// Epochs is how often the stream had to be placed anew by arrival.
func (l *Line) Epochs() int { return l.epochs }

// Fitted reports whether sender reports place the stream.
func (l *Line) Fitted() bool { return len(l.points) > 0 && l.clock.known }

// Restart tells that the stream paused: its RTP clock may have stood still.
// The fit is kept if the next frame agrees with it.
func (l *Line) Restart(rtp uint32, arrival time.Duration) {
	v := l.unwrap(rtp)
	if l.Fitted() {
		if off := arrival.Seconds() - l.target(v); off > -keepFitUntil && off < keepFitUntil {
			l.bias, l.fresh = 0, true // a pause is the place to step in
			return
		}
	}
	l.reanchor(v, arrival)
}

// reanchor starts a new epoch.
func (l *Line) reanchor(rtp int64, arrival time.Duration) {
	l.points = l.points[:0]
	l.forgive()
	l.anchored, l.anchorSince = true, arrival
	l.anchor = arrival.Seconds() - float64(rtp)/l.rate
	l.bias, l.fresh = 0, true
	l.epochs++
}

// Seen takes the arrival of a packet. Until there is a report, and for the
// first half second, the fastest packet places the stream.
func (l *Line) Seen(ts uint32, arrival time.Duration) {
	rtp := l.unwrap(ts)
	if l.Fitted() || l.anchored && arrival-l.anchorSince > anchorSpan {
		return
	}
	if !l.anchored {
		l.reanchor(rtp, arrival)
		return
	}
	if a := arrival.Seconds() - float64(rtp)/l.rate; a < l.anchor {
		l.change(slewAnchor, func() { l.anchor = a })
	}
}

// Time returns the server time of a frame that arrived at arrival. Times of
// one line rise strictly. Step allows a correction to be taken at once: at a
// keyframe, or behind a gap.
func (l *Line) Time(ts uint32, arrival time.Duration, step bool) time.Duration {
	rtp := l.unwrap(ts)
	if !l.Fitted() && !l.anchored {
		l.reanchor(rtp, arrival)
	}
	if off := arrival.Seconds() - l.target(rtp); math.Abs(off) > jumpAtLeast {
		l.reanchor(rtp, arrival)
	}
	t := l.target(rtp)
	if l.hasOut {
		l.relax(float64(rtp-l.outRTP)/l.rate, step)
		t = max(t+l.bias, l.out+1e-6)
	}
	t = math.Round(t * 1e6) // so that the next is later by a whole microsecond
	l.out, l.outRTP, l.hasOut, l.fresh = t/1e6, rtp, true, false
	return time.Duration(t) * time.Microsecond
}

// relax lets the bias shrink over dt seconds of media.
func (l *Line) relax(dt float64, step bool) {
	rate := l.slew
	if math.Abs(l.bias) > farOff {
		rate = slewFar
	}
	switch most := rate * max(0, dt); {
	case step && (l.bias < 0 || l.bias < dt), l.bias < -stepOver:
		// The target is ahead, or the gap is wide enough to step back in.
		l.bias = 0
	default:
		l.bias -= min(max(l.bias, -most), most)
	}
}

// target is where the current fit or anchor puts an RTP time, in s.
func (l *Line) target(rtp int64) float64 {
	if l.Fitted() {
		return l.sender(rtp) + l.clock.offset
	}
	return float64(rtp)/l.rate + l.anchor
}

// sender is where the fit puts an RTP time on the sender's clock.
func (l *Line) sender(rtp int64) float64 {
	return l.base + l.slope*float64(rtp-l.origin)
}

// change runs fn, which changes the mapping, without moving the last time given out.
func (l *Line) change(slew float64, fn func()) {
	if !l.hasOut || l.fresh {
		fn()
		return
	}
	before := l.target(l.outRTP) + l.bias
	fn()
	l.bias = before - l.target(l.outRTP)
	l.slew = slew
}

// Report takes a sender report.
func (l *Line) Report(ntp uint64, ts uint32, arrival time.Duration) {
	rtp := l.unwrap(ts)
	if ntp == 0 {
		return // the sender has no clock (RFC 3550 section 6.4.1)
	}
	sent := ntpSeconds(ntp)
	if c := l.clock; c.known && !l.Fitted() &&
		math.Abs(arrival.Seconds()-(sent-c.shift)-c.offset) > foreignClock.Seconds() {
		c.Drop(l)
		l.clock = &Clock{lines: []*Line{l}}
	}
	p := point{rtp: rtp, ntp: sent - l.clock.shift}
	if n := len(l.points); n > 0 && l.points[n-1] == p {
		return
	}
	defer func() { l.reported = arrival }()
	if len(l.points) > 0 && l.isOdd(p) {
		l.judge(p, arrival)
		return
	}
	l.forgive()
	l.take(arrival, p)
}

// forgive forgets odd reports.
func (l *Line) forgive() {
	l.odd, l.oddJump, l.oddStep, l.oddRing = 0, 0, 0, l.oddRing[:0]
}

// take adds a report to the fit.
func (l *Line) take(arrival time.Duration, p point) {
	slew := slewFit
	if !l.Fitted() {
		slew = slewAnchor
	}
	l.change(slew, func() {
		l.points = append(l.points, p)
		if over := len(l.points) - fitPoints; over > 0 {
			l.points = append(l.points[:0], l.points[over:]...)
		}
		l.fit()
		l.clock.observe(arrival, arrival.Seconds()-p.ntp)
	})
}

// isOdd reports whether a report is off the fit by more than noise.
func (l *Line) isOdd(p point) bool {
	return math.Abs(p.ntp-l.sender(p.rtp)) > max(3*l.sigma, oddAtLeast)
}

// judge decides what odd reports mean: noise, a jump of the RTP clock, or a
// step of the sender's clock.
func (l *Line) judge(p point, arrival time.Duration) {
	off := p.ntp - l.sender(p.rtp)
	delay := arrival.Seconds() - p.ntp - l.clock.offset
	if l.odd == 0 {
		l.oddSince = arrival
	}
	l.odd++
	l.oddRing = append(l.oddRing, p)
	if big := stepAtLeast.Seconds(); math.Abs(off) > big {
		if math.Abs(delay+off) < big { // as much earlier as it is off
			l.oddStep++
		} else if math.Abs(delay) < big {
			l.oddJump++
		}
	}
	switch {
	case l.oddStep >= oddSteps && l.clock.stepped(l.oddSince):
		l.clock.shift += off
		l.forgive()
	case l.oddStep >= 2*oddSteps: // the others disagree: this stream has a clock of its own
		own := *l.clock
		own.lines, own.delays = []*Line{l}, nil
		own.shift += off
		l.clock.Drop(l)
		l.clock = &own
		l.forgive()
	case l.oddJump >= oddJumps:
		l.rebuild(l.oddRing[len(l.oddRing)-1:])
	case l.odd >= oddSteps && l.oddStep == 0:
		l.rebuild(l.oddRing)
	}
}

// rebuild draws the fit anew through reports that were odd. The clock's offset stays.
func (l *Line) rebuild(points []point) {
	l.change(slewFit, func() {
		l.points = append(l.points[:0], points...)
		l.fit()
	})
	l.forgive()
}

// fit draws the line through the points.
func (l *Line) fit() {
	n := float64(len(l.points))
	first, last := l.points[0], l.points[len(l.points)-1]
	l.origin = first.rtp
	var mx, my float64
	for _, p := range l.points {
		mx += float64(p.rtp-first.rtp) / n
		my += (p.ntp - first.ntp) / n
	}
	var sxx, sxy float64
	for _, p := range l.points {
		dx := float64(p.rtp-first.rtp) - mx
		sxx += dx * dx
		sxy += dx * (p.ntp - first.ntp - my)
	}
	l.slope = 1 / l.rate
	if sxx > 0 && float64(last.rtp-first.rtp)/l.rate >= fitSpan.Seconds() {
		lo, hi := (1-fitMaxSkew)/l.rate, (1+fitMaxSkew)/l.rate
		l.slope = min(max(sxy/sxx, lo), hi)
	}
	l.base = first.ntp + my - l.slope*mx
	var sum float64
	for _, p := range l.points {
		d := p.ntp - l.sender(p.rtp)
		sum += d * d
	}
	l.sigma = math.Sqrt(sum / n)
}
