// Package rewrite renumbers one outgoing stream across switches of its input,
// so that a receiver sees one stream: sequence numbers without holes of our
// making, timestamps that go on with the clock, picture ids that count.
//
// It is arithmetic only. Input sequence numbers are unwrapped by the caller.
package rewrite

import "time"

const (
	// historyLen is how many spans are remembered for NACK.
	historyLen = 32
	// maxGap is the widest hole in the output. A receiver unwraps by the
	// nearest number, so a hole of 1<<15 would look like a step back.
	maxGap = 1 << 14
	// maxIdle is the longest step of the output clock at a switch, in ticks:
	// a step of 1<<31 would look like a step back.
	maxIdle = 1 << 30
)

// A Point is one packet's place in its stream. PictureID and TL0 are -1 when
// the packet has none.
type Point struct {
	Seq       int64
	Timestamp uint32
	PictureID int // 15 bits
	TL0       int // 8 bits
}

// A Stream is one outgoing stream. It is not safe for concurrent use.
type Stream struct {
	rate   uint32
	input  int    // switches so far
	from   labels // of the current input
	spans  []span // oldest first; the last one is open
	sent   bool   // something was forwarded, ever
	newest bool   // the packet forwarded last was the newest of the output

	inNewest  int64     // highest number of this input that went or was dropped
	outNewest int64     // highest number that went, of any input
	outStart  int64     // the first number of the stream
	ts        uint32    // newest timestamp that went
	tsAt      time.Time // when its first packet went
	picture   int       // newest picture id that went; -1 for none yet
	tl0       int       // newest TL0PICIDX that went; -1 for none yet
}

// labels is what is subtracted from the labels of an input.
type labels struct {
	ts      uint32
	picture int
	tl0     int
}

// A span is a run of input numbers with one shift. Neighbours in the history
// are neighbours in the output, but for padding between them.
type span struct {
	input    int
	from, to int64 // input numbers, to excluded
	shift    int64 // input number less output number
	labels   labels
}

// New returns a stream whose first packet will carry seq and ts.
func New(clockRate uint32, seq uint16, ts uint32) *Stream {
	start := int64(seq) + 1<<16 // so that numbers before it stay positive
	return &Stream{rate: clockRate, outStart: start, outNewest: start - 1, ts: ts, picture: -1, tl0: -1}
}

// Switch starts a new input whose first packet is at. The output goes on with
// the next sequence number, the next picture id and TL0PICIDX, and a timestamp
// advanced by the time since the newest frame went, by 10 ms at least. It
// returns the timestamp that the packet at will carry.
func (s *Stream) Switch(at Point, now time.Time) uint32 {
	out := s.ts
	if s.sent {
		out += max(ticks(now.Sub(s.tsAt), s.rate), s.rate/100)
	}
	s.truncate(s.outNewest + 1)
	s.input++
	s.from = labels{ts: at.Timestamp - out}
	if at.PictureID >= 0 && s.picture >= 0 {
		s.from.picture = at.PictureID - s.picture - 1
	}
	if at.TL0 >= 0 && s.tl0 >= 0 {
		s.from.tl0 = at.TL0 - s.tl0 - 1
	}
	s.inNewest = at.Seq - 1
	s.newest = false
	s.push(span{input: s.input, from: at.Seq, to: at.Seq, shift: at.Seq - s.outNewest - 1, labels: s.from})
	return out
}

// Forward maps one packet of the current input. It reports false when the
// packet is older than the switch or than what is remembered, or when its
// place was given away.
func (s *Stream) Forward(seq int64, ts uint32, now time.Time) (outSeq uint16, outTS uint32, ok bool) {
	if s.input == 0 {
		return 0, 0, false
	}
	if seq > s.inNewest {
		s.advance(seq)
	}
	at := s.find(seq)
	if at == nil {
		return 0, 0, false
	}
	out := seq - at.shift
	if out > s.outNewest+maxGap { // its place is among dropped ones, too far ahead
		return 0, 0, false
	}
	outTS = ts - s.from.ts
	s.newest = out > s.outNewest
	s.outNewest = max(s.outNewest, out)
	if !s.sent || int32(outTS-s.ts) > 0 { // wraps on purpose
		s.ts, s.tsAt = outTS, now
	}
	s.sent = true
	return wrap(out), outTS, true
}

// advance opens the last span as far as seq. When that would leave too wide a
// hole in the output, seq gets a lower number and the hole's rest no places.
func (s *Stream) advance(seq int64) {
	last := &s.spans[len(s.spans)-1]
	if out := s.outNewest + maxGap; seq-last.shift > out {
		s.truncate(out)
		s.push(span{input: s.input, from: seq, shift: seq - out, labels: s.from})
		last = &s.spans[len(s.spans)-1]
	}
	last.to = seq + 1
	s.inNewest = seq
}

// Picture maps a picture id and a TL0PICIDX of the current input; -1 stays -1.
// It is called for a packet after Forward, or any time for a resent one.
func (s *Stream) Picture(pictureID, tl0 int) (outPictureID, outTL0 int) {
	outPictureID, outTL0 = s.from.pictures(pictureID, tl0)
	if s.newest {
		s.newest = false
		if outPictureID >= 0 {
			s.picture = outPictureID
		}
		if outTL0 >= 0 {
			s.tl0 = outTL0
		}
	}
	return outPictureID, outTL0
}

// Drop leaves packet seq of the current input out without a gap. It reports
// false when it is too late for that: a newer packet went or was dropped
// already, so that seq has a place in the output.
func (s *Stream) Drop(seq int64) bool {
	if s.input == 0 {
		return true
	}
	if seq <= s.inNewest {
		return s.find(seq) == nil
	}
	last := &s.spans[len(s.spans)-1]
	s.inNewest = seq
	if seq == last.from { // nothing in this span yet
		last.from, last.to = seq+1, seq+1
		last.shift++
		return true
	}
	last.to = seq
	s.push(span{input: s.input, from: seq + 1, to: seq + 1, shift: last.shift + 1, labels: s.from})
	return true
}

// Pad makes room for one packet of padding after everything that went, and
// returns its labels. What comes next goes on behind it.
func (s *Stream) Pad() (outSeq uint16, outTS uint32) {
	out := s.outNewest + 1
	if len(s.spans) > 0 {
		out = s.makeRoom(out)
	}
	s.outNewest = out
	s.newest = false
	return wrap(out), s.ts
}

// makeRoom returns the place of a packet of padding, at least out: behind the
// places of packets that are late, unless that would leave too wide a hole.
func (s *Stream) makeRoom(out int64) int64 {
	next := s.inNewest + 1
	last := &s.spans[len(s.spans)-1]
	out = max(out, next-last.shift)
	if far := s.outNewest + maxGap; out > far {
		s.truncate(far)
		out = far
	} else if last.from == last.to && last.from == next {
		last.shift = next - out - 1
		return out
	}
	s.push(span{input: s.input, from: next, to: next, shift: next - out - 1, labels: s.from})
	return out
}

// Source finds the input packet behind an output number, for NACK. It reports
// false for a number that was not sent, or so long ago that it is forgotten.
// Input counts switches, 1 for the first.
func (s *Stream) Source(outSeq uint16) (input int, seq int64, ok bool) {
	// The difference wraps on purpose.
	out := s.outNewest + int64(int16(outSeq-wrap(s.outNewest)))
	if !s.sent || out > s.outNewest || out < s.outStart {
		return 0, 0, false
	}
	for i := len(s.spans) - 1; i >= 0; i-- {
		if at := &s.spans[i]; out >= at.from-at.shift {
			seq = out + at.shift
			return at.input, seq, seq < at.to
		}
	}
	return 0, 0, false
}

// Labels maps the timestamp, picture id and TL0PICIDX of a packet that Source
// found, which may belong to a past input; -1 stays -1. It reports false for
// an input that is forgotten.
func (s *Stream) Labels(input int, in Point) (outTS uint32, outPictureID, outTL0 int, ok bool) {
	for i := len(s.spans) - 1; i >= 0; i-- {
		if at := &s.spans[i]; at.input == input {
			outPictureID, outTL0 = at.labels.pictures(in.PictureID, in.TL0)
			return in.Timestamp - at.labels.ts, outPictureID, outTL0, true
		}
	}
	return 0, -1, -1, false
}

// Input returns how many inputs there were, which is the current one's number.
func (s *Stream) Input() int { return s.input }

// Timestamp maps a timestamp of the current input to the output's clock, for
// sender reports.
func (s *Stream) Timestamp(ts uint32) uint32 { return ts - s.from.ts }

// find returns the current input's span that holds seq, or nil.
func (s *Stream) find(seq int64) *span {
	for i := len(s.spans) - 1; i >= 0; i-- {
		at := &s.spans[i]
		if at.input != s.input {
			return nil
		}
		if seq >= at.from {
			if seq < at.to {
				return at
			}
			return nil
		}
	}
	return nil
}

// push adds a span and forgets the oldest when there are too many.
func (s *Stream) push(at span) {
	if len(s.spans) == historyLen {
		copy(s.spans, s.spans[1:])
		s.spans[historyLen-1] = at
		return
	}
	s.spans = append(s.spans, at)
}

// truncate gives up places from out on, which no packet has taken.
func (s *Stream) truncate(out int64) {
	for n := len(s.spans); n > 0; n-- {
		at := &s.spans[n-1]
		if at.from-at.shift < out {
			at.to = min(at.to, out+at.shift)
			break
		}
		s.spans = s.spans[:n-1]
	}
}

func (l labels) pictures(pictureID, tl0 int) (outPictureID, outTL0 int) {
	outPictureID, outTL0 = -1, -1
	if pictureID >= 0 {
		outPictureID = (pictureID - l.picture) & 0x7FFF
	}
	if tl0 >= 0 {
		outTL0 = (tl0 - l.tl0) & 0xFF
	}
	return outPictureID, outTL0
}

func wrap(seq int64) uint16 { return uint16(seq & 0xFFFF) }

// ticks returns d on a clock, at most maxIdle. Whole seconds go apart, so that
// the product does not overflow.
func ticks(d time.Duration, rate uint32) uint32 {
	if d <= 0 {
		return 0
	}
	n := int64(d/time.Second)*int64(rate) + int64(d%time.Second)*int64(rate)/int64(time.Second)
	return uint32(min(n, maxIdle))
}
