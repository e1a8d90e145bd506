package bandwidth

import "time"

// meterBuckets is how finely a Meter's window is cut.
const meterBuckets = 20

// A Meter measures a bit rate over a sliding window. Times are its caller's
// clock in nanoseconds; they may go back a little. Make it with NewMeter.
type Meter struct {
	bucket  int64 // length
	first   int64 // time of the first bytes
	newest  int64 // number of the newest bucket
	started bool
	total   int64
	bytes   [meterBuckets]int64
}

// NewMeter returns a Meter over the last window.
func NewMeter(window time.Duration) Meter { return Meter{bucket: int64(window) / meterBuckets} }

// Add counts bytes at time t.
func (m *Meter) Add(bytes int, t int64) {
	n := t / m.bucket
	if !m.started {
		m.started, m.first, m.newest = true, t, n
	}
	m.roll(n)
	if n <= m.newest-meterBuckets {
		return // too old to count
	}
	m.bytes[n%meterBuckets] += int64(bytes)
	m.total += int64(bytes)
}

// Rate returns the bit rate at time t; 0 while a quarter of the window has not passed.
func (m *Meter) Rate(t int64) int {
	if !m.started {
		return 0
	}
	m.roll(t / m.bucket)
	covered := min(t-m.first, (meterBuckets-1)*m.bucket+t%m.bucket)
	if covered < m.bucket*meterBuckets/4 {
		return 0
	}
	return int(m.total * 8 * int64(time.Second) / covered)
}

// roll empties the buckets that left the window.
func (m *Meter) roll(n int64) {
	if n >= m.newest+meterBuckets {
		m.bytes, m.total, m.newest = [meterBuckets]int64{}, 0, n
		return
	}
	for m.newest < n {
		m.newest++
		b := &m.bytes[m.newest%meterBuckets]
		m.total -= *b
		*b = 0
	}
}
