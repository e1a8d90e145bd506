package bandwidth

import "time"

// historyLen is how many packets are remembered until they are reported:
// about a second and a half of 15 Mbit/s.
const historyLen = 2048

// An Arrival is what a subscriber reports of one packet. At is when it
// arrived, on the subscriber's clock, modulo ClockWrap.
type Arrival struct {
	Number   uint16
	Received bool
	At       time.Duration
}

// ClockWrap is where the clock of transport-wide feedback begins again: its
// reference time has 24 bits of 64 ms
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
const ClockWrap = (1 << 24) * 64 * time.Millisecond

// fate is what is known of a sent packet.
type fate uint8

const (
	unsent fate = iota
	flying
	lost
	arrived
)

// sent is one packet of the history.
type sent struct {
	at    int64 // nanoseconds since the estimator's start
	size  uint16
	probe uint8 // the cluster it was sent in; 0 for none
	fate  fate
}

// A history numbers packets and finds them again when they are reported.
type history struct {
	slots []sent // by number modulo historyLen; nil until the first packet
	next  int64
}

// add numbers a packet.
func (h *history) add(bytes int, probe uint8, at int64) uint16 {
	if h.slots == nil {
		h.slots = make([]sent, historyLen)
	}
	number := h.next
	h.next++
	h.slots[number%historyLen] = sent{at: at, size: uint16(min(bytes, 1<<16-1)), probe: probe, fate: flying}
	return uint16(number & 0xFFFF)
}

// report takes what the subscriber says of a packet and returns the packet and
// what was known of it before. It reports false when that is no news: the
// packet is unknown or forgotten, or the same was said before. A packet
// reported lost may arrive after all; one that arrived is never lost.
func (h *history) report(number uint16, received bool) (p sent, before fate, ok bool) {
	// The difference wraps on purpose.
	n := h.next - 1 + int64(int16(number-uint16((h.next-1)&0xFFFF)))
	if h.slots == nil || n < 0 || n >= h.next || n < h.next-historyLen {
		return sent{}, unsent, false
	}
	slot := &h.slots[n%historyLen]
	before = slot.fate
	switch {
	case received && before != arrived && before != unsent:
		slot.fate = arrived
	case !received && before == flying:
		slot.fate = lost
	default:
		return sent{}, before, false
	}
	return *slot, before, true
}

// A wrapClock unwraps arrival times. Its zero value is ready.
type wrapClock struct {
	newest  time.Duration
	started bool
}

// unwrap returns at without its wrapping: the time nearest to the newest seen.
// The first is moved one ClockWrap up, so that earlier ones stay positive.
func (c *wrapClock) unwrap(at time.Duration) int64 {
	if !c.started {
		c.started = true
		c.newest = at%ClockWrap + ClockWrap
		return int64(c.newest)
	}
	d := (at - c.newest) % ClockWrap
	switch {
	case d > ClockWrap/2:
		d -= ClockWrap
	case d < -ClockWrap/2:
		d += ClockWrap
	}
	t := c.newest + d
	c.newest = max(c.newest, t)
	return int64(t)
}
