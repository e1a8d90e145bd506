package recording

import (
	"time"

	"plenum/recording/frames"
	"plenum/recording/timeline"
	"plenum/sfu"
)

const (
	// idleAfter is how long a source may send nothing before its sound is taken
	// for silence; closedAfter is the same for a source known to be off or muted.
	idleAfter   = 5 * time.Second
	closedAfter = 500 * time.Millisecond
	// lossAtLeast is the shortest loss of sound that is told as a gap.
	lossAtLeast = 60 * time.Millisecond
	// keyEvery is how often a picture should have a keyframe, so that seeking in
	// it is quick: browsers send one only when asked.
	keyEvery = 30 * time.Second
	// freezeAtLeast is the shortest loss of pictures that is told as a gap.
	freezeAtLeast = 150 * time.Millisecond
	// pauseAtLeast tells a pause from a loss, by how long nothing arrived.
	pauseAtLeast = time.Second
)

// A key says which source a track records.
type key struct {
	participant string
	source      sfu.Source
}

func (k key) video() bool { return k.source == sfu.Camera || k.source == sfu.Screen }

// A desk is what a track needs of its recorder.
type desk interface {
	// open creates the track's file.
	open(t *track, at time.Duration, f frames.Frame) (*output, error)
	// gap tells of a stretch without media.
	gap(t *track, from, to time.Duration, why Reason)
	// keyframe asks for one.
	keyframe(k key, layer int)
	// discard throws the track and its file away.
	discard(t *track)
	// levels tells how loud a source was, from a time on.
	levels(t *track, from time.Duration, batch []byte)
}

// A track records one source. All but its queue belongs to the recorder's goroutine.
type track struct {
	slot
	q queue

	desk  desk
	t0    time.Time
	clock *timeline.Clock
	ladder
	first time.Time // arrival of the first packet since there is no current layer
	asks  asks
	out   *output
	past  []string // files that were finished before out
	dead  bool     // its file can't be written
	buf   []item

	closed   bool          // the source is off or muted
	closedAt time.Duration // since when
	leftAt   time.Duration // when the participant left, 0 if it didn't
	why      Reason        // of the open gap, if not ""
	from     time.Duration // when the gap began

	keyAt   time.Time // of the newest keyframe, or when one was last wished for
	packets int64
	ear     ear    // of a microphone
	sound   levels // of a source with sound
	lagged  bool   // packets were dropped since the recorder looked
}

// drain works off what the queue holds.
func (t *track) drain(now time.Time) error {
	items, overflow := t.q.take(t.buf)
	t.buf = items
	var failed error
	for i := range items {
		var err error
		switch it := &items[i]; {
		case it.change != nil && it.change.discard:
			t.desk.discard(t)
		case it.change != nil:
			err = t.turn(*it.change, now)
		case it.report != nil:
			t.report(it)
		case it.p != nil:
			t.packet(it)
		}
		if failed == nil {
			failed = err
		}
	}
	if overflow {
		t.overflowed(now)
	}
	if err := t.poll(now, false); failed == nil {
		failed = err
	}
	return failed
}

// turn takes a change of the source.
func (t *track) turn(c change, now time.Time) error {
	at := c.at.Sub(t.t0)
	open := c.on && !c.muted
	if t.source == sfu.Microphone && open == t.ear.open.IsZero() {
		t.ear.turn(open, c.at)
	}
	if c.left {
		t.leftAt = at
	} else if open {
		t.leftAt = 0
	}
	if open && !t.closed || !open && t.closed && t.why == c.reason {
		return nil
	}
	var err error
	if !t.closed {
		err = t.poll(now, true) // what is whole still belongs to the span
		t.pause()
		t.asks.row = 0
		t.closedAt = at
	}
	if t.why != "" && !open { // off while muted, or the other way round
		t.tell(at)
	}
	t.closed = !open
	if !open {
		t.why, t.from = c.reason, at
	}
	return err
}

// pause drops what the layers hold and lets them begin anew.
func (t *track) pause() {
	for _, l := range t.layers {
		l.asm.Restart()
		l.paused = true
	}
	t.target = nil
}

// overflowed tells that packets were dropped because the disk was too slow.
func (t *track) overflowed(now time.Time) {
	t.pause()
	t.lagged = true
	if t.why == "" && t.out != nil {
		t.why, t.from = GapSlowDisk, min(now.Sub(t.t0), t.out.real)
	}
}

// tell closes the open gap.
func (t *track) tell(to time.Duration) {
	if t.out != nil && to > t.from {
		t.desk.gap(t, max(t.from, t.out.start), to, t.why)
	}
	t.why = ""
}

// at returns the layer an item belongs to, making it if need be.
func (t *track) at(it *item) *layer {
	l := t.find(it.layer)
	if l != nil && l.ssrc == it.ssrc {
		return l
	}
	if l == nil {
		l = &layer{number: it.layer, asm: frames.New(kinds[t.codec].format(), frames.Config{})}
		t.insert(l)
	} else { // a new SSRC is a new epoch of the same clock
		l.asm.Restart()
		t.clock.Drop(l.line)
		l.since = time.Time{}
	}
	l.ssrc, l.line = it.ssrc, t.clock.Line(it.rate)
	return l
}

func (t *track) report(it *item) {
	if t.closed {
		return
	}
	l := t.at(it)
	l.line.Report(it.report.NTP, it.report.Timestamp, it.report.Arrival.Sub(t.t0))
}

func (t *track) packet(it *item) {
	p := it.p
	if t.closed || t.dead {
		p.Release()
		return
	}
	t.packets++
	t.listen(it)
	l := t.at(it)
	l.seen(p.Arrival)
	if t.current == nil && t.first.IsZero() {
		t.first = p.Arrival
	}
	arrival := p.Arrival.Sub(t.t0)
	if l.paused {
		l.paused = false
		l.line.Restart(p.Timestamp, arrival)
	}
	l.line.Seen(p.Timestamp, arrival)
	if !t.feeds(l) {
		p.Release()
		return
	}
	if it.red {
		l.asm.PushRED(p)
		return
	}
	l.asm.Push(p)
}

// listen notes how loud a packet is.
func (t *track) listen(it *item) {
	if t.video() {
		return
	}
	p, size := it.p, len(it.p.Payload())
	if it.red {
		size = len(frames.UnwrapRED(it.p.Payload()))
	}
	t.ear.packet(p, size)
	if !p.HasLevel {
		return
	}
	if from, batch := t.sound.note(p.Arrival.Sub(t.t0), p.Level); batch != nil {
		t.desk.levels(t, from, batch)
	}
}

// next gives out a layer's next frame. Flush doesn't wait for what is missing.
func next(l *layer, now time.Time, flush bool) (frames.Frame, bool) {
	if flush {
		return l.asm.Flush()
	}
	return l.asm.Next(now)
}

// poll writes the frames that are whole.
func (t *track) poll(now time.Time, flush bool) error {
	if t.dead {
		return nil
	}
	if t.choose(now) {
		t.asks.anew() // the other layer's asks don't count
	}
	if t.current == nil {
		if err := t.begin(now, flush); err != nil || t.current == nil {
			t.ask(now)
			return err
		}
	}
	if t.target != nil {
		if err := t.climb(now, flush); err != nil {
			return err
		}
	}
	if err := t.pull(t.current, now, flush); err != nil {
		return err
	}
	t.ask(now)
	return nil
}

// begin looks for a first keyframe, on the highest layer or, after a while, on any.
func (t *track) begin(now time.Time, flush bool) error {
	for i, l := range t.layers {
		if i > 0 && !flush && now.Sub(t.first) < bestWithin {
			return nil
		}
		if f, ok := next(l, now, flush); ok {
			t.adopt(l)
			return t.write(l, f, false)
		}
	}
	return nil
}

// climb moves to the target layer if its keyframe is there.
func (t *track) climb(now time.Time, flush bool) error {
	l := t.target
	f, ok := next(l, now, flush)
	if !ok {
		return nil
	}
	t.adopt(l)
	return t.write(l, f, true)
}

func (t *track) pull(l *layer, now time.Time, flush bool) error {
	for {
		f, ok := next(l, now, flush)
		if !ok {
			return nil
		}
		if err := t.write(l, f, false); err != nil {
			return err
		}
	}
}

// write puts a frame on the timeline and into the file.
func (t *track) write(l *layer, f frames.Frame, switched bool) error {
	arrival := f.Arrival.Sub(t.t0)
	step := f.Broken || t.why != "" || t.video() && f.Key
	at := l.line.Time(f.Timestamp, arrival, step)
	if at < 0 && !t.video() {
		return nil // said before the recording began, and only arrived after
	}
	at = max(0, at) // what follows of a picture needs its first frames
	length := time.Duration(f.Samples) * time.Second / 48000
	if t.out == nil {
		out, err := t.desk.open(t, at, f)
		if err != nil {
			return err
		}
		t.out, t.why = out, ""
	}
	t.account(l, at, f, switched)
	if f.Key {
		t.keyAt = f.Arrival
	}
	if f.Width > 0 {
		t.out.w.Grow(f.Width, f.Height)
	}
	t.out.arrival, t.ear.wrote = arrival, f.Arrival
	return t.out.write(at, length, f.Key, f.Data)
}

// account tells of the gap in front of a frame, if there is one.
func (t *track) account(l *layer, at time.Duration, f frames.Frame, switched bool) {
	o := t.out
	missing := at - o.real
	paused := missing >= pauseAtLeast && l.since.Sub(t.t0) > o.arrival
	switch {
	case o.frames == 0:
	case t.why != "":
		t.tell(at)
	case switched && missing >= pauseAtLeast, f.Broken && paused:
		t.desk.gap(t, o.real, at, GapPause)
	case f.Broken && !switched && (t.video() && missing >= freezeAtLeast || !t.video() && missing >= lossAtLeast):
		t.desk.gap(t, o.real, at, GapLoss)
	}
}

// idle fills sound that doesn't come with silence, so that the file keeps up
// with the clock.
func (t *track) idle(now time.Time) error {
	if t.out == nil || t.dead || t.video() || t.leftAt > 0 {
		return nil
	}
	at := now.Sub(t.t0)
	switch {
	case t.closed:
		return t.out.silence(at - closedAfter)
	case at-t.out.arrival >= idleAfter:
		return t.out.silence(at - idleAfter)
	}
	return nil
}

// end closes the last gap and returns when the track's file ends, if the
// recording does at stop. Sound goes on, as silence, until its participant left;
// a picture ends when its source does.
func (t *track) end(stop time.Duration) time.Duration {
	if t.leftAt > 0 {
		stop = min(stop, t.leftAt)
	}
	if t.closed && t.video() {
		stop = min(stop, t.closedAt)
	}
	if t.why != "" {
		t.tell(stop)
	}
	return stop
}

// stats sums up what came in.
func (t *track) stats() TrackStats {
	s := TrackStats{Packets: t.packets, KeyframeRequests: t.asks.total}
	for _, l := range t.layers {
		a := l.asm.Stats()
		s.Lost += a.Lost
		s.DroppedFrames += a.Dropped
	}
	if t.out != nil {
		s.Frames = t.out.frames
		s.DroppedFrames += t.out.stale
	}
	return s
}

// asks paces keyframe requests.
type asks struct {
	last  time.Time
	row   int // asked in a row, in vain so far
	total int64
}

// anew begins to ask something else.
func (a *asks) anew() { a.row, a.last = 0, time.Time{} }

// due reports whether it is time to ask, and if so counts it.
func (a *asks) due(now time.Time) bool {
	wait := 500 * time.Millisecond
	switch {
	case a.row > 5:
		wait = 5 * time.Second
	case a.row > 0:
		wait = time.Second
	}
	if now.Sub(a.last) < wait {
		return false
	}
	a.last = now
	a.row++
	a.total++
	return true
}

// ask asks for a keyframe if nothing can be written without one.
func (t *track) ask(now time.Time) {
	if !t.video() || t.closed {
		return
	}
	l := t.current
	switch {
	case t.target != nil:
		l = t.target
	case l == nil && len(t.layers) > 0:
		l = t.layers[0]
	case l == nil:
		return
	case !l.asm.NeedsKeyframe():
		t.asks.row = 0
		if t.out == nil || now.Sub(t.keyAt) < keyEvery {
			return
		}
		t.keyAt = now // one ask is enough: it is a wish
	}
	if l.silent(now) < goneAfter && t.asks.due(now) {
		t.desk.keyframe(t.key, l.number)
	}
}
