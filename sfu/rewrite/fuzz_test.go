package rewrite

import (
	"testing"
	"time"

	"plenum/sfu/packet"
)

// model replays operations against a Stream and remembers what came of them.
type model struct {
	t      *testing.T
	s      *Stream
	out    packet.Unwrapper
	now    time.Time
	newest int64 // of the current input
	ts     packet.Unwrapper32
	maxTS  int64 // newest output timestamp

	places  map[key]int64 // packet to output number, unwrapped
	taken   map[int64]key
	dropped map[key]bool
	spans   int // that the stream had to remember, at most
	starts  map[int]int64
}

type key struct {
	input int
	seq   int64
}

func newModel(t *testing.T, seq uint16, ts uint32) *model {
	t.Helper()
	m := &model{
		t: t, s: New(video, seq, ts), now: t0,
		places: map[key]int64{}, taken: map[int64]key{}, dropped: map[key]bool{}, starts: map[int]int64{},
	}
	m.maxTS = m.ts.Unwrap(ts)
	m.out.Unwrap(seq)
	return m
}

// inTS gives every input packet a timestamp that rises with its number, from a
// base of each input's own.
func inTS(k key) uint32 { return uint32(k.input)*0x9E3779B9 + uint32(k.seq)*1000 }

func (m *model) switchTo(seq int64) {
	m.t.Helper()
	k := key{m.s.Input() + 1, seq}
	before := m.maxTS
	got := m.ts.Unwrap(m.s.Switch(Point{Seq: seq, Timestamp: inTS(k), PictureID: -1, TL0: -1}, m.now))
	if len(m.places) > 0 && got < before+video/100 {
		m.t.Fatalf("switch to input %d steps the clock by %d", k.input, got-before)
	}
	m.newest, m.starts[k.input] = seq-1, seq
	m.spans++
}

func (m *model) forward(seq int64) {
	m.t.Helper()
	k := key{m.s.Input(), seq}
	outBefore := m.s.outNewest
	outSeq, outTS, ok := m.s.Forward(seq, inTS(k), m.now)
	if m.s.outNewest-outBefore >= maxGap {
		m.spans++ // closing a wide hole takes one too
	}
	before, had := m.places[k]
	mustGo := k.input > 0 && seq > m.newest
	switch {
	case !ok && mustGo:
		m.t.Fatalf("%v is the newest and was refused", k)
	case !ok:
		if had && m.spans <= historyLen {
			m.t.Fatalf("%v went before and was refused", k)
		}
		return
	case k.input == 0, seq < m.starts[k.input]:
		m.t.Fatalf("%v is older than the switch and went", k)
	case m.dropped[k]:
		m.t.Fatalf("%v was dropped and went", k)
	}
	out := m.out.Unwrap(outSeq)
	if had && before != out {
		m.t.Fatalf("%v became %d and %d", k, before, out)
	}
	if other, dup := m.taken[out]; dup && other != k {
		m.t.Fatalf("%v and %v both became %d", other, k, out)
	}
	m.places[k], m.taken[out] = out, k
	m.newest = max(m.newest, seq)
	m.maxTS = max(m.maxTS, m.ts.Unwrap(outTS))
}

func (m *model) drop(seq int64) {
	m.t.Helper()
	k := key{m.s.Input(), seq}
	ok := m.s.Drop(seq)
	if _, had := m.places[k]; had && ok && m.spans <= historyLen {
		m.t.Fatalf("%v went and was dropped", k)
	}
	if !ok && seq > m.newest {
		m.t.Fatalf("%v is the newest and could not be dropped", k)
	}
	if ok && k.input > 0 {
		m.dropped[k] = true
		m.newest = max(m.newest, seq)
		m.spans++
	}
}

// pad takes a place after everything that went.
func (m *model) pad() {
	m.t.Helper()
	newest := m.s.outNewest
	outSeq, outTS := m.s.Pad()
	out := m.out.Unwrap(outSeq)
	if m.s.outNewest <= newest {
		m.t.Fatalf("padding after %d became %d", newest, m.s.outNewest)
	}
	if other, dup := m.taken[out]; dup {
		m.t.Fatalf("padding became %d like %v", out, other)
	}
	if _, seq, ok := m.s.Source(outSeq); ok {
		m.t.Fatalf("padding %d has the source %d", out, seq)
	}
	if ts := m.ts.Unwrap(outTS); ts > m.maxTS {
		m.t.Fatalf("padding moves the clock by %d", ts-m.maxTS)
	}
	m.taken[out] = key{input: -1}
	m.spans++
}

// check holds what must be true of everything that went.
func (m *model) check() {
	m.t.Helper()
	for a, outA := range m.places {
		input, seq, ok := m.s.Source(uint16(outA))
		recent := m.s.outNewest-outA < 1<<15 // older ones share their 16 bits with newer
		if recent && ok && (key{input, seq}) != a {
			m.t.Fatalf("output %d was %v, and Source says %d of input %d", outA, a, seq, input)
		}
		if recent && !ok && m.spans <= historyLen {
			m.t.Fatalf("output %d was %v, and Source knows nothing", outA, a)
		}
		for b, outB := range m.places {
			earlier := a.input < b.input || a.input == b.input && a.seq < b.seq
			if earlier && outA >= outB {
				m.t.Fatalf("%v became %d, and the later %v became %d", a, outA, b, outB)
			}
		}
	}
}

func replay(t *testing.T, seq uint16, ts uint32, ops []byte) {
	t.Helper()
	m := newModel(t, seq, ts)
	for _, op := range ops[:min(len(ops), 200)] {
		n := int64(op >> 3)
		switch op & 7 {
		case 0, 1: // the next packet, perhaps after a hole
			m.forward(m.newest + 1 + n/8)
		case 2: // a late one, or a duplicate
			m.forward(m.newest - n)
		case 3:
			m.drop(m.newest + 1 + n/8)
		case 4:
			m.drop(m.newest - n)
		case 5:
			m.switchTo(70_000 + n*5000)
		case 6:
			if n == 1 {
				m.pad()
				continue
			}
			m.now = m.now.Add(time.Duration(n) * 10 * time.Millisecond)
		case 7: // far ahead
			if n&1 == 0 {
				m.forward(m.newest + 1 + n*1000)
			} else {
				m.drop(m.newest + n*1000)
			}
		}
	}
	m.check()
}

// rows are replayed from several starts, and seed the fuzzer.
var rows = map[string][]byte{
	"switch, forward, switch":      {5, 0, 0, 0, 13, 0, 0},
	"holes and late packets":       {5, 0, 24, 0, 10, 18, 2, 34},
	"drops between packets":        {5, 0, 3, 0, 3, 3, 0, 2, 10, 18, 26},
	"drop, then a late drop":       {5, 0, 59, 12, 4, 0, 20},
	"wide holes":                   {5, 0, 0xF7, 0xF7, 0, 2, 0xF7, 5, 0},
	"dropped far ahead, then hole": {5, 0, 0xFF, 0xF7, 2, 10, 0xF2, 0, 21, 0},
	"idle between inputs":          {5, 0, 0xFE, 0xFE, 5, 0, 6, 13, 0},
	"switches without a packet":    {5, 5, 5, 0, 13, 13, 0},
	"padding between packets":      {5, 0, 14, 0, 14, 14, 0, 24, 14, 10, 0, 3, 14, 0, 3, 14, 14, 5, 14, 0},
	"padding before any switch":    {14, 14, 5, 0, 14, 0},
	"before any switch":            {0, 3, 4, 2, 5, 0},
}

func TestRewriteRows(t *testing.T) {
	for name, ops := range rows {
		for _, start := range starts {
			for _, ts := range []uint32{0, 1<<31 - 1, 1<<32 - 1} {
				t.Run(name, func(t *testing.T) { replay(t, start, ts, ops) })
			}
		}
	}
}

func FuzzRewrite(f *testing.F) {
	for _, ops := range rows {
		f.Add(uint16(65_530), uint32(1<<32-100), ops)
		f.Add(uint16(0), uint32(0), ops)
	}
	f.Fuzz(replay)
}
