package bandwidth

import (
	"math"
	"time"
)

// signal is what the delays of arriving packets say of the link.
type signal uint8

const (
	normal signal = iota
	overuse
	underuse
)

// The constants of the trendline detector are those of Google congestion
// control (draft-ietf-rmcat-gcc-02 section 5 and its successor in libwebrtc).
const (
	groupLen       = 5 * time.Millisecond // packets sent this close are one group
	trendWindow    = 20                   // groups
	trendGain      = 4
	trendSmoothing = 0.9
	maxDeltas      = 60
	overuseTime    = 10.0 // ms of overuse before it counts
	minThreshold   = 6.0  // ms
	maxThreshold   = 600.0
	startThreshold = 12.5
	thresholdUp    = 0.0087 // per ms
	thresholdDown  = 0.039
	maxSpike       = 15.0 // ms over the threshold that it does not adapt to
	maxGroupGap    = 3 * time.Second
)

// The trend alone takes jitter for a queue. So an overuse counts only when
// packets stand in a queue: when even the fastest of the last few hundred
// milliseconds took longer than is usual, or much longer than the fastest of
// the last ten seconds.
const (
	recentLen  = 100 * time.Millisecond // one of recentN parts of "recent"
	recentN    = 4
	baseLen    = 10 * time.Second // half of what the base is taken from
	meanLen    = 5 * time.Second  // time constant of the usual delay
	minQueue   = 5.0              // ms; a rise over the usual delay shorter than this is none
	longQueue  = 80.0             // ms; a queue this long is overuse whatever its trend
	jitterGate = 4                // but one of so many mean deviations may be jitter
	sureQueue  = 150.0            // ms; and one this long is no jitter
)

// group is packets that were sent together.
type group struct {
	first, last int64 // sent
	arrived     int64 // the last of them
	ok          bool
}

// delays is the detector: arrivals in, signal out. Times are nanoseconds.
type delays struct {
	current, before group

	deltas    int
	began     int64 // arrival of the first delta
	total     float64
	smoothed  float64
	window    [trendWindow]point
	slope     float64
	threshold float64
	adapted   float64 // ms
	over      float64 // ms spent in overuse
	overs     int
	trend     signal

	mean      float64 // usual one-way delay in ms, from an unknown start
	deviation float64 // from it, smoothed
	meanAt    int64
	recent    floors
	base      floors
}

type point struct{ at, delay float64 }

func newDelays() delays {
	return delays{
		threshold: startThreshold,
		recent:    floors{length: int64(recentLen), parts: recentN}, base: floors{length: int64(baseLen), parts: 2},
	}
}

// restart forgets the trend, but not the base: what follows is not comparable
// with what was, as after a probe or an outage.
func (d *delays) restart() {
	d.current, d.before = group{}, group{}
	d.deltas, d.total, d.smoothed, d.slope = 0, 0, 0, 0
	d.over, d.overs, d.trend = 0, 0, normal
	d.recent.clear()
}

// rebase forgets the base too: the path has changed.
func (d *delays) rebase() {
	d.restart()
	d.base.clear()
	d.meanAt = 0
}

// usual moves the usual delay towards this packet's.
func (d *delays) usual(at int64, oneWay float64) {
	if d.meanAt == 0 {
		d.mean, d.deviation, d.meanAt = oneWay, 0, at
		return
	}
	weight := min(max(float64(at-d.meanAt)/float64(meanLen), 0), 1)
	d.meanAt = max(d.meanAt, at)
	d.deviation += weight * (math.Abs(oneWay-d.mean) - d.deviation)
	d.mean += weight * (oneWay - d.mean)
}

// arrived takes one packet. One that was overtaken says nothing of a queue.
func (d *delays) arrived(sentAt, at int64) {
	oneWay := float64(at-sentAt) / 1e6
	d.recent.add(at, oneWay)
	d.base.add(at, oneWay)
	d.usual(at, oneWay)
	switch {
	case !d.current.ok:
		d.current = group{first: sentAt, last: sentAt, arrived: at, ok: true}
	case sentAt < d.current.first:
	case sentAt-d.current.first <= int64(groupLen):
		d.current.last = max(d.current.last, sentAt)
		d.current.arrived = max(d.current.arrived, at)
	default:
		d.closeGroup()
		d.before = d.current
		d.current = group{first: sentAt, last: sentAt, arrived: at, ok: true}
	}
}

// closeGroup compares the group that ended with the one before.
func (d *delays) closeGroup() {
	if !d.before.ok {
		return
	}
	if d.current.arrived-d.before.arrived > int64(maxGroupGap) {
		d.restart()
		return
	}
	sentDelta := float64(d.current.last-d.before.last) / 1e6
	delta := float64(d.current.arrived-d.before.arrived)/1e6 - sentDelta
	if d.deltas == 0 {
		d.began = d.current.arrived
	}
	d.deltas++
	d.total += delta
	d.smoothed = trendSmoothing*d.smoothed + (1-trendSmoothing)*d.total
	at := float64(d.current.arrived-d.began) / 1e6
	d.window[d.deltas%trendWindow] = point{at: at, delay: d.smoothed}
	slope := d.slope
	if d.deltas >= trendWindow {
		slope = fit(&d.window)
	}
	d.judge(slope, sentDelta, at)
}

// judge turns the slope into a signal.
func (d *delays) judge(slope, sentDelta, at float64) {
	trend := float64(min(d.deltas, maxDeltas)) * slope * trendGain
	switch {
	case trend > d.threshold:
		if d.overs == 0 {
			d.over = sentDelta / 2
		} else {
			d.over += sentDelta
		}
		d.overs++
		if d.over > overuseTime && d.overs > 1 && slope >= d.slope {
			d.over, d.overs, d.trend = 0, 0, overuse
		}
	case trend < -d.threshold:
		d.over, d.overs, d.trend = 0, 0, underuse
	default:
		d.over, d.overs, d.trend = 0, 0, normal
	}
	d.slope = slope
	d.adapt(math.Abs(trend), at)
}

// adapt moves the threshold, so that competing TCP does not starve us.
func (d *delays) adapt(trend, at float64) {
	if trend <= d.threshold+maxSpike {
		k := thresholdDown
		if trend > d.threshold {
			k = thresholdUp
		}
		elapsed := min(at-d.adapted, 100)
		d.threshold += k * (trend - d.threshold) * elapsed
		d.threshold = min(max(d.threshold, minThreshold), maxThreshold)
	}
	d.adapted = at
}

// queue is how long packets stand in the queue, in ms.
func (d *delays) queue() float64 {
	recent, ok := d.recent.floor()
	base, okBase := d.base.floor()
	if !ok || !okBase {
		return 0
	}
	return recent - base
}

// long reports whether the queue is long whatever its trend.
func (d *delays) long() bool {
	return d.queue() > min(max(longQueue, jitterGate*d.deviation), sureQueue)
}

// standing reports whether packets wait longer than is usual.
func (d *delays) standing() bool {
	recent, ok := d.recent.floor()
	return ok && recent > d.mean+minQueue
}

// signal is what the link looks like now.
func (d *delays) signal() signal {
	if d.trend == overuse && !d.standing() && !d.long() {
		return normal
	}
	return d.trend
}

// fit returns the slope of the least-squares line through the points.
func fit(points *[trendWindow]point) float64 {
	var at, delay float64
	for _, p := range points {
		at += p.at
		delay += p.delay
	}
	at /= trendWindow
	delay /= trendWindow
	var up, down float64
	for _, p := range points {
		up += (p.at - at) * (p.delay - delay)
		down += (p.at - at) * (p.at - at)
	}
	if down == 0 {
		return 0
	}
	return up / down
}

// floors is the smallest value of the last few parts of time.
type floors struct {
	length int64
	parts  int64
	newest int64 // number of the newest part
	low    [recentN]float64
	ok     [recentN]bool
}

func (f *floors) clear() { f.ok = [recentN]bool{} }

func (f *floors) add(t int64, v float64) {
	n := t / f.length
	if n >= f.newest+f.parts {
		f.clear()
		f.newest = n
	}
	for f.newest < n {
		f.newest++
		f.ok[f.newest%f.parts] = false
	}
	if n <= f.newest-f.parts {
		return
	}
	i := n % f.parts
	if !f.ok[i] || v < f.low[i] {
		f.low[i], f.ok[i] = v, true
	}
}

func (f *floors) floor() (low float64, ok bool) {
	for i, have := range f.ok {
		if have && (!ok || f.low[i] < low) {
			low, ok = f.low[i], true
		}
	}
	return low, ok
}
