// Package timeline puts the RTP times of many streams on one server timeline.
//
// A stream's RTP clock is tied to its sender's NTP clock by the sender reports
// (RFC 3550 section 6.4.1): a line fit over the last of them. All streams of one
// participant share the NTP clock and therefore one offset to the server's
// clock, so that lips and voice stay together whatever the network does. Until
// the first report a stream is placed by when its packets arrive.
//
// All server times are durations since the recording's start. The package has
// no clock of its own.
package timeline

import (
	"math"
	"slices"
	"time"
)

const (
	// offsetWindow is how long a one-way delay counts for the least of them.
	offsetWindow = 60 * time.Second
	// offsetSlew is how fast the offset follows: 0.5 ms per second.
	offsetSlew = 0.0005
	// youngFor is how long the offset follows faster, 20 ms per second: who joins is
	// busy with it, and the first report may well come a tenth of a second late.
	youngFor  = 15 * time.Second
	youngSlew = 0.02
	// stepAtLeast is the least jump of a clock that counts as one.
	stepAtLeast = 250 * time.Millisecond
	// foreignClock is beyond any network's delay: a report that far off its
	// participant's offset comes from another clock.
	foreignClock = 5 * time.Second
)

// A Clock is the clock of one participant's sender. Its zero value is ready.
// A Clock and its Lines aren't safe for use by more than one goroutine.
type Clock struct {
	lines   []*Line
	offset  float64 // server time minus sender time, s
	known   bool
	updated time.Duration
	born    time.Duration // when the offset was first known
	shift   float64       // steps of the sender's clock, taken out of every report, s
	delays  []delay       // rising in both fields: the least of the window is the first
}

type delay struct {
	at    time.Duration
	value float64 // s
}

// Line returns a new stream of this sender's with an RTP clock of rate Hz.
func (c *Clock) Line(rate uint32) *Line {
	l := &Line{clock: c, rate: float64(rate)}
	c.lines = append(c.lines, l)
	return l
}

// Drop forgets a line that has ended.
func (c *Clock) Drop(l *Line) {
	c.lines = slices.DeleteFunc(c.lines, func(x *Line) bool { return x == l })
}

// observe takes one report's delay and moves the offset towards the least of
// the last minute.
func (c *Clock) observe(at time.Duration, d float64) {
	for n := len(c.delays); n > 0 && c.delays[n-1].value >= d; n-- {
		c.delays = c.delays[:n-1]
	}
	c.delays = append(c.delays, delay{at: at, value: d})
	for c.delays[0].at < at-offsetWindow {
		c.delays = c.delays[1:]
	}
	least := c.delays[0].value
	if !c.known {
		c.offset, c.known, c.updated, c.born = least, true, at, at
		return
	}
	slew := offsetSlew
	if at-c.born < youngFor {
		slew = youngSlew
	}
	most := slew * max(0, (at-c.updated).Seconds())
	c.offset += min(max(least-c.offset, -most), most)
	c.updated = at
}

// stepped reports whether every line that has reported since the odd reports
// began finds them odd: then it was the clock that jumped, not one stream.
func (c *Clock) stepped(since time.Duration) bool {
	for _, l := range c.lines {
		if l.reported >= since && l.odd == 0 {
			return false
		}
	}
	return true
}

// ntpSeconds turns a 64-bit NTP time into seconds since a fixed day. Doubles
// hold it to below a microsecond.
func ntpSeconds(ntp uint64) float64 {
	const day = 3_900_000_000 // 2023; keeps the numbers small
	return float64(int64(ntp>>32)-day) + float64(ntp&math.MaxUint32)/(1<<32)
}
