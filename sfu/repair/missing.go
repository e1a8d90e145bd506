// Package repair keeps the books of loss: what a receiver lacks and when to ask
// for it, what a sender may send again, when to ask for a keyframe, and what
// the reports say. It is arithmetic only; the caller has the clock and the wire.
package repair

import (
	"slices"
	"time"
)

// MissingConfig tunes a Missing. A zero field means its default.
type MissingConfig struct {
	MaxTries int           // asks per packet; default 10
	MinGap   time.Duration // least time between two asks for one packet; default 20 ms
	MaxAge   time.Duration // a packet missing this long is given up; default 1 s
	MaxHeld  int           // packets missing at once; older ones are given up; default 256
	Grace    time.Duration // wait before the first ask on a path that has reordered of late; default 10 ms
	Reorder  int64         // or until this many newer ones came; default 3
	MaxGrace time.Duration // most the wait grows to on a path that reorders; default 100 ms
}

func (c MissingConfig) withDefaults() MissingConfig {
	orDefault(&c.MaxTries, 10)
	orDefault(&c.MinGap, 20*time.Millisecond)
	orDefault(&c.MaxAge, time.Second)
	orDefault(&c.MaxHeld, 256)
	orDefault(&c.Grace, 10*time.Millisecond)
	orDefault(&c.Reorder, 3)
	orDefault(&c.MaxGrace, 100*time.Millisecond)
	return c
}

func orDefault[T int | int64 | float64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// unknownRTT stands in until a round trip was measured.
const unknownRTT = 100 * time.Millisecond

// What share of the last gaps makes a path one that reorders now and then, and
// one that mostly reorders.
const (
	sometimes = 1.0 / 32
	mostly    = 0.5
)

// Missing lists what a receiver lacks on one layer. It must be told of every
// packet, those that came by RTX included, so that nothing is asked for after
// it came. It is not safe for concurrent use.
type Missing struct {
	cfg     MissingConfig
	held    []lack // by rising number
	ask     []int64
	newest  int64
	started bool
	lost    int
	rtt     time.Duration // of the last Due; 0 is unknown

	reordered float64       // share of late packets among the last gaps, 0 to 1
	late      time.Duration // how long those took
	answered  [64]lack      // gaps filled after one ask, by number: is it late or lost?
}

// A lack is one missing packet.
type lack struct {
	seq   int64
	since time.Time // when a newer one came
	asked time.Time // when it was asked for last
	tries int
}

// NewMissing returns a Missing that has seen nothing yet.
func NewMissing(cfg MissingConfig) *Missing {
	return &Missing{cfg: cfg.withDefaults()}
}

// Received tells that packet seq came on the stream itself. It reports whether
// it had been asked for, as sound is sent again without RTX.
func (m *Missing) Received(seq int64, now time.Time) (asked bool) {
	switch {
	case !m.started:
		m.started, m.newest = true, seq
	case seq > m.newest:
		m.open(m.newest+1, seq, now)
		m.newest = seq
	case seq < m.newest:
		return m.fill(seq, now)
	}
	return false
}

// Repaired tells that packet seq came by RTX, so that it was lost and not late.
// It returns how long the answer took, 0 where that can't be told: a measure of
// the round trip, for who has no other.
func (m *Missing) Repaired(seq int64, now time.Time) (took time.Duration) {
	if !m.started || seq >= m.newest {
		m.Received(seq, now)
		return 0
	}
	i, ok := m.find(seq)
	if !ok {
		return 0
	}
	if l := m.held[i]; l.tries == 1 {
		took = now.Sub(l.asked)
		m.answered[seq&int64(len(m.answered)-1)] = l
	}
	m.held = slices.Delete(m.held, i, i+1)
	m.sawLost()
	return took
}

// fill takes a packet off the list and learns how it came. A packet that came
// before it was asked for, or sooner than an answer can have come, was late and
// not lost; so was one that comes once more after the only answer.
func (m *Missing) fill(seq int64, now time.Time) (asked bool) {
	once := &m.answered[seq&int64(len(m.answered)-1)]
	i, ok := m.find(seq)
	switch {
	case !ok && once.tries > 0 && once.seq == seq:
		m.sawLate(now.Sub(once.since))
		once.tries = 0
		return false
	case !ok:
		return false
	}
	l := m.held[i]
	m.held = slices.Delete(m.held, i, i+1)
	switch {
	case l.tries == 0, l.tries == 1 && now.Sub(l.asked) < m.rtt*3/4:
		m.sawLate(now.Sub(l.since))
	default:
		m.sawLost()
		if l.tries == 1 {
			*once = l
		}
	}
	return l.tries > 0
}

// sawLate and sawLost keep moving averages over about 16 gaps.
func (m *Missing) sawLate(late time.Duration) {
	m.reordered += (1 - m.reordered) / 16
	m.late = max(late, m.late-(m.late-late)/16)
}

func (m *Missing) sawLost() { m.reordered -= m.reordered / 16 }

// open notes from up to to, excluded, as missing.
func (m *Missing) open(from, to int64, now time.Time) {
	if first := to - int64(m.cfg.MaxHeld); from < first {
		m.lost += int(first - from)
		from = first
	}
	if over := len(m.held) + int(to-from) - m.cfg.MaxHeld; over > 0 {
		m.lost += over
		m.held = slices.Delete(m.held, 0, over)
	}
	for seq := from; seq < to; seq++ {
		m.held = append(m.held, lack{seq: seq, since: now})
	}
}

func (m *Missing) find(seq int64) (int, bool) {
	return slices.BinarySearchFunc(m.held, seq, func(l lack, seq int64) int {
		switch {
		case l.seq < seq:
			return -1
		case l.seq > seq:
			return 1
		default:
			return 0
		}
	})
}

// grace returns how long to wait before the first ask, and after how many newer
// packets to wait no longer. A path that does not reorder is asked at once: a
// picture's next packet may be a frame away, and sound's 20 ms. The wait grows
// only while most gaps fill by themselves.
func (m *Missing) grace() (wait time.Duration, newer int64) {
	switch {
	case m.reordered < sometimes:
		return 0, 0
	case m.reordered < mostly:
		return m.cfg.Grace, m.cfg.Reorder
	}
	return min(max(m.late*9/8, m.cfg.Grace), m.cfg.MaxGrace), int64(m.cfg.MaxHeld)
}

// Due lists what to ask for now: each number once per round trip, and never
// more often than MinGap. An rtt of zero means that it is not known. The list
// is valid until the next call.
func (m *Missing) Due(now time.Time, rtt time.Duration) (ask []int64) {
	if m.rtt = max(rtt, 0); rtt <= 0 {
		rtt = unknownRTT
	}
	// An answer needs the round trip and its place in the sender's queue.
	again := max(rtt+rtt/8, m.cfg.MinGap)
	wait, newer := m.grace()
	m.ask = m.ask[:0]
	m.held = slices.DeleteFunc(m.held, func(l lack) bool {
		given := now.Sub(l.since) >= m.cfg.MaxAge ||
			l.tries >= m.cfg.MaxTries && now.Sub(l.asked) >= again
		if given {
			m.lost++
			m.sawLost()
		}
		return given
	})
	for i := range m.held {
		l := &m.held[i]
		switch {
		case l.tries == 0 && now.Sub(l.since) < wait && m.newest-l.seq < newer:
			continue
		case l.tries > 0 && (now.Sub(l.asked) < again || l.tries >= m.cfg.MaxTries):
			continue
		}
		l.asked = now
		l.tries++
		m.ask = append(m.ask, l.seq)
	}
	return m.ask
}

// Any reports whether packets are missing that may still be asked for, so that
// Due has to be called though nothing comes.
func (m *Missing) Any() bool { return len(m.held) > 0 }

// First returns the first packet after one that has been missing for less than
// so long.
func (m *Missing) First(after int64, now time.Time, within time.Duration) (seq int64, ok bool) {
	for _, l := range m.held {
		if l.seq > after && now.Sub(l.since) < within {
			return l.seq, true
		}
	}
	return 0, false
}

// Lost returns how many packets were given up since the last call. When there
// are any, the caller asks for a keyframe.
func (m *Missing) Lost() int {
	n := m.lost
	m.lost = 0
	return n
}
