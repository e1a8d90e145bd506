package sfu

import (
	"math"
	"time"
)

// ntpEpoch is 1 January 1900 in Unix seconds (RFC 5905).
const ntpEpoch = -2208988800

// clockSlew is how fast a sender's clock offset may rise again after its
// smallest delay: it follows drift and route changes without a step.
const clockSlew = 500 * time.Microsecond // per second

// ntpTime is an NTP timestamp as nanoseconds since the Unix epoch.
func ntpTime(ntp uint64) int64 {
	seconds := int64(ntp>>32) + ntpEpoch
	fraction := int64((ntp & math.MaxUint32) * uint64(time.Second) >> 32)
	return seconds*int64(time.Second) + fraction
}

// toNTP is t as an NTP timestamp (RFC 3550 section 4).
func toNTP(t time.Time) uint64 {
	seconds := uint64(t.Unix() - ntpEpoch)
	fraction := (uint64(t.Nanosecond()) << 32) / uint64(time.Second)
	return seconds<<32 | fraction
}

// clock maps one sender's NTP clock to the server's: all streams of a
// participant share it, so that lips stay in sync whatever the delays. It is
// the smallest (arrival - NTP) seen, slowly forgotten.
type clock struct {
	offset time.Duration
	at     time.Time
}

// report takes one sender report into account.
func (c *clock) report(ntp uint64, arrival time.Time) {
	sample := time.Duration(arrival.UnixNano() - ntpTime(ntp))
	if c.at.IsZero() {
		c.offset, c.at = sample, arrival
		return
	}
	slew := time.Duration(arrival.Sub(c.at).Seconds() * float64(clockSlew))
	c.offset, c.at = min(sample, c.offset+slew), arrival
}

// serverTime is when, on the server's clock, the sender's clock showed ntp.
func (c *clock) serverTime(ntp uint64) time.Time {
	return time.Unix(0, ntpTime(ntp)).Add(c.offset)
}
