package transport

import "time"

// ntpEpoch is 1 January 1900 in Unix seconds (RFC 5905).
const ntpEpoch = -2208988800

// MiddleNTP is the middle 32 bits of t as an NTP timestamp (RFC 3550 section 4).
func MiddleNTP(t time.Time) uint32 {
	seconds := uint32(t.Unix() - ntpEpoch)
	fraction := uint32((int64(t.Nanosecond()) << 16) / int64(time.Second))
	return seconds<<16 | fraction
}

// RoundTrip computes the round-trip time of a reception report (RFC 3550
// section 6.4.1), at least 1 ms.
func RoundTrip(now time.Time, lsr, delay uint32) time.Duration {
	units := int32(MiddleNTP(now) - lsr - delay)
	d := time.Duration(units) * time.Second / (1 << 16)
	return min(max(d, time.Millisecond), 5*time.Second)
}
