package recording

import (
	"time"

	"plenum/sfu/packet"
)

const (
	// levelStep is what one level in the journal stands for.
	levelStep = 100 * time.Millisecond
	// levelBatch is how many are written at once.
	levelBatch = 100
	// quiet is the level of digital silence (RFC 6464): no room is that quiet.
	quiet = 127
	// unheardAfter is how long an unmuted microphone may give nothing.
	unheardAfter = 15 * time.Second
	// lastingSilence is how long that must be to count when the recording ends.
	lastingSilence = 30 * time.Second
)

// levels collects the loudest level of each tenth of a second.
type levels struct {
	from  int64 // of the first, in steps since the recording's zero
	peaks []byte
}

// note takes a packet's level at a time since the recording's zero. It returns
// a batch when one is full, with the time of its first level.
func (v *levels) note(at time.Duration, level byte) (from time.Duration, batch []byte) {
	step := int64(at / levelStep)
	if len(v.peaks) > 0 && step >= v.from+levelBatch {
		from, batch = v.take()
	}
	if len(v.peaks) == 0 {
		v.from = step
	}
	if step < v.from {
		return from, batch
	}
	for int64(len(v.peaks)) <= step-v.from {
		v.peaks = append(v.peaks, quiet)
	}
	v.peaks[step-v.from] = min(v.peaks[step-v.from], level)
	return from, batch
}

// take gives out what was collected.
func (v *levels) take() (from time.Duration, batch []byte) {
	from, batch = time.Duration(v.from)*levelStep, v.peaks
	v.peaks = nil
	return from, batch
}

// An ear follows one microphone: whether it gives anything while it is open,
// and whether what it gives is written.
type ear struct {
	open    time.Time // unmuted since; zero while closed
	heard   bool      // something since then
	loud    time.Time // arrival of the newest packet that isn't silence
	wrote   time.Time // when a frame of it was last written
	alarmed bool

	ever   bool          // heard at any time
	opened time.Duration // altogether, the open stretch left out
}

// turn tells that the microphone opens or closes.
func (e *ear) turn(open bool, at time.Time) {
	if !e.open.IsZero() {
		e.opened += at.Sub(e.open)
		e.open = time.Time{}
	}
	if open {
		e.open, e.heard, e.wrote = at, false, at
	}
}

// packet takes a packet, whose frame has a size, that came while the microphone
// was open. One without a level counts as sound unless it is as short as silence.
func (e *ear) packet(p *packet.Packet, size int) {
	const silentBytes = 8
	if e.open.IsZero() {
		e.turn(true, p.Arrival)
	}
	if p.HasLevel && p.Level >= quiet || !p.HasLevel && size <= silentBytes {
		return
	}
	e.heard, e.ever, e.loud = true, true, p.Arrival
}

// changed reports whether the alarm begins or ends now.
func (e *ear) changed(now time.Time) bool {
	silent := !e.open.IsZero() && now.Sub(e.open) >= unheardAfter &&
		(!e.heard || e.loud.Sub(e.wrote) >= unheardAfter)
	if silent == e.alarmed {
		return false
	}
	e.alarmed = silent
	return true
}

// neverHeard reports whether the microphone was open for long and gave nothing.
func (e *ear) neverHeard(now time.Time) bool {
	open := e.opened
	if !e.open.IsZero() {
		open += now.Sub(e.open)
	}
	return !e.ever && open >= lastingSilence
}
