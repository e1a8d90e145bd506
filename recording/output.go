package recording

import (
	"time"

	"plenum/recording/webm"
)

const (
	// silenceStep is how long one silent frame lasts.
	silenceStep = 20 * time.Millisecond
	// shortestGap is what a frame may be late without a gap in front of it: times
	// follow the sender's clock, and wobble.
	shortestGap = 15 * time.Millisecond
	// flushAfter is how long a cluster may stay in memory.
	flushAfter = time.Second
	muxingApp  = "Plenum"
)

// opusSilence is a 20 ms CELT frame that decodes to nothing.
var opusSilence = []byte{0xF8, 0xFF, 0xFE}

// shortSilences are the same for what is left of a gap (RFC 6716 section 3.1).
var shortSilences = []struct {
	length time.Duration
	data   []byte
}{
	{10 * time.Millisecond, []byte{0xF0, 0xFF, 0xFE}},
	{5 * time.Millisecond, []byte{0xE8, 0xFF, 0xFE}},
	{2500 * time.Microsecond, []byte{0xE0, 0xFF, 0xFE}},
}

// An output is the file of a track. Its times are since the recording's zero.
type output struct {
	path  string
	f     trackFile
	w     *webm.Writer
	video bool

	start time.Duration // the file's zero
	last  time.Duration // of the newest frame
	end   time.Duration // of the newest frame's sound; for video the same as last
	real  time.Duration // the same, of what came in: silence of ours left out
	faked bool          // the newest frame is silence of ours
	owed  time.Duration // what filled gaps still lack, less than the shortest silence

	arrival time.Duration // of the newest frame that came in

	frames int64
	stale  int64 // frames that came when their place was taken
	dirty  time.Time
	size   int64 // of the file when dirty was set
}

// write appends a frame. Audio that leaves a hole is joined by silence, so that
// players without a timeline keep the time.
func (o *output) write(at, length time.Duration, key bool, data []byte) error {
	if !o.video && o.frames > 0 {
		if o.faked && at+length <= o.end {
			o.stale++ // the silence is written already
			return nil
		}
		if err := o.fill(at); err != nil {
			return err
		}
	}
	at = max(at, o.start)
	if o.frames > 0 {
		at = max(at, o.last+time.Millisecond)
	}
	if err := o.put(at, length, key, data); err != nil {
		return err
	}
	o.frames++
	o.real = o.end
	o.faked = false
	return nil
}

// silence fills the sound up to a time.
func (o *output) silence(to time.Duration) error {
	for to-o.end >= silenceStep {
		if err := o.put(o.end, silenceStep, true, opusSilence); err != nil {
			return err
		}
		o.faked = true
	}
	return nil
}

// fill fills a gap of the sound up to the frame behind it, to the sample: a
// decoder that counts samples and ignores times must not lose what a gap is
// longer than whole frames. A microphone that sends only now and then, as while
// nobody speaks, would be two hundredths too short by it.
func (o *output) fill(to time.Duration) error {
	if to-o.end < shortestGap {
		return nil
	}
	if err := o.silence(to); err != nil {
		return err
	}
	for _, s := range shortSilences {
		for to-o.end+o.owed >= s.length && to-o.end >= 2*time.Millisecond {
			if err := o.put(o.end, s.length, true, s.data); err != nil {
				return err
			}
			o.faked = true
		}
	}
	o.owed += to - o.end
	return nil
}

func (o *output) put(at, length time.Duration, key bool, data []byte) error {
	err := o.w.Write(webm.Frame{Time: at - o.start, Duration: length, Key: key, Data: data})
	o.last, o.end = at, at+length
	return err
}

// flush writes the open cluster if it has been open for long enough.
func (o *output) flush(now time.Time) error {
	switch {
	case !o.w.Pending():
		o.dirty = time.Time{}
	case o.dirty.IsZero() || o.w.Size() != o.size:
		o.dirty, o.size = now, o.w.Size()
	case now.Sub(o.dirty) >= flushAfter:
		o.dirty = time.Time{}
		return o.w.Flush()
	}
	return nil
}

// finish ends the file at a time, or with its last frame if that is later.
func (o *output) finish(end time.Duration, tags []webm.Tag) error {
	var err error
	if !o.video {
		err = o.silence(end)
	}
	if err == nil {
		o.w.Extend(end - o.start)
	}
	if failed := o.w.Finish(tags); failed != nil {
		return failed
	}
	return err
}
