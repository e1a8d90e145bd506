package recording

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"plenum/recording/frames"
	"plenum/recording/timeline"
	"plenum/recording/webm"
	"plenum/sfu"
	"plenum/sfu/packet"
)

const (
	// stepEvery is how often the recorder looks at its queues: media threads
	// never have to wake it.
	stepEvery  = 50 * time.Millisecond
	syncEvery  = 10 * time.Second
	guardEvery = 5 * time.Second
)

// The reasons a recorder stops for by itself.
const (
	stopDiskFull = "disk_full"
	stopFailed   = "failed"
	stopQuota    = "quota"
)

// A Recorder records one room. It must be stopped.
//
// One goroutine does everything that touches the disk; the methods and the tap
// only leave word for it.
type Recorder struct {
	lib   *Library
	log   *slog.Logger
	info  Info
	media Media
	ended func(reason string)
	id    string
	t0    time.Time // with a monotonic reading
	utc   time.Time

	dir     *os.Root
	journal journal
	stopTap func()

	quit chan struct{} // closed by Stop, for the loop
	done chan struct{} // closed by the loop

	mu       sync.RWMutex // guards what follows
	tracks   map[slot]*track
	order    []*track
	shut     map[key]change // sources that are off or muted
	news     []event
	manifest Manifest
	reason   string // why it stops; "" while it runs
	stopAt   time.Time
	failed   error
	told     map[string]bool // participants who know of it
	declined map[string]bool // participants who are not recorded
	paused   bool
	opened   map[key]bool // sources with sound that went on in the pause

	size     atomic.Int64 // bytes of all files so far
	beat     atomic.Int64 // when the loop last came round, ns since t0
	pausedAt atomic.Int64 // since when it is paused, ns since t0; 0 if it is not
	overflow atomic.Int64 // when packets were last dropped, ns since t0; 0 if never

	loop loop
}

// A loop is what only the recorder's goroutine touches.
type loop struct {
	clocks   map[string]*timeline.Clock
	broken   error // a write to the journal that failed
	lastSync time.Time
	lastLook time.Time
	synced   map[string]int64 // bytes of each file known to be on disk
	syncing  chan synced      // a sync under way; nil if none is
	tainted  map[string]bool  // files of which a sync has failed
	sealing  int              // files that are being finished while others go on
	sealed   chan sealed      // what became of them
	past     int64            // bytes of those that have been
	low      bool             // little disk space is left, as was told
}

// ID is the recording's id.
func (r *Recorder) ID() string { return r.id }

// StartedAt is the recording's zero, UTC.
func (r *Recorder) StartedAt() time.Time { return r.utc }

// Participant tells that somebody is in the room: called for all at the start
// and for each who joins. Left tells that somebody went.
func (r *Recorder) Participant(id, name string) {
	r.tell(event{Kind: evJoined, Participant: id, Name: name})
}

// Left tells that a participant has left.
func (r *Recorder) Left(id string) {
	now := time.Now()
	r.tell(event{Kind: evLeft, Participant: id})
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.order {
		if t.participant == id {
			r.shut[t.key] = change{reason: GapOff, left: true} // a resumed recording leaves it off
			t.q.push(item{change: &change{at: now, reason: GapOff, left: true}})
		}
	}
}

// Chat takes a line of the meeting's chat into the recording.
func (r *Recorder) Chat(participant, name, text string) {
	if r.holds() {
		return
	}
	r.tell(event{Kind: evChat, Participant: participant, Name: name, Text: text})
}

// Source tells what a participant's source does now; a gap between off or
// muted and on is written to the manifest with its reason.
func (r *Recorder) Source(participant string, s sfu.Source, on, muted bool) {
	c := &change{at: time.Now(), on: on, muted: muted, reason: GapMute}
	if !on {
		c.reason = GapOff
	}
	r.tell(event{Kind: evSource, Participant: participant, Source: s, On: on, Muted: muted})
	k := key{participant, s}
	if !k.video() && !r.holds() { // an ear that nothing reaches must know that it is open
		r.track(slot{k, sfu.Opus})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.shut, k); !on || muted {
		r.shut[k] = *c
	}
	if r.paused {
		if !k.video() {
			r.opened[k] = true
		}
		return // Resume tells
	}
	for _, t := range r.order {
		if t.key == k {
			t.q.push(item{change: c})
		}
	}
}

// tell leaves an event for the journal.
func (r *Recorder) tell(e event) {
	e.AtUS = r.since(time.Now()).Microseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason == "" {
		r.news = append(r.news, e)
	}
}

func (r *Recorder) since(at time.Time) time.Duration { return max(0, at.Sub(r.t0)) }

// track returns the track of a source's codec, or nil when the recorder has
// stopped or can't record it.
func (r *Recorder) track(k slot) *track {
	r.mu.RLock()
	t := r.tracks[k]
	r.mu.RUnlock()
	if t != nil {
		return t
	}
	if kind, known := kinds[k.codec]; !known || kind.video != k.video() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if t = r.tracks[k]; t == nil && r.reason == "" && r.mayRecordLocked(k.participant) {
		t = &track{slot: k, desk: r, t0: r.t0}
		t.q.limit = r.lib.cfg.QueueLen
		if c, shut := r.shut[k.key]; shut && k.video() {
			t.q.push(item{change: &c})
		}
		r.tracks[k] = t
		r.order = append(r.order, t)
	}
	return t
}

// tap is the recorder's ear in the room.
type tap struct{ r *Recorder }

// Packet takes p. It never waits for the disk.
func (a tap) Packet(s sfu.Stream, p *packet.Packet) {
	var t *track
	if !a.r.holds() {
		t = a.r.track(slotOf(s))
	}
	if t == nil {
		p.Release()
		return
	}
	t.q.push(item{p: p, red: s.Codec == sfu.RED, ssrc: s.SSRC, rate: s.ClockRate, layer: s.Layer})
}

// Report carries a sender report of the stream.
func (a tap) Report(s sfu.Stream, sr sfu.SenderReport) {
	if a.r.holds() {
		return
	}
	if t := a.r.track(slotOf(s)); t != nil {
		t.q.push(item{report: &sr, ssrc: s.SSRC, rate: s.ClockRate, layer: s.Layer})
	}
}

// Stop finishes the files and the manifest. Reason is "host", "empty", "ended"
// or "shutdown". If ctx ends first, finishing goes on behind its back.
func (r *Recorder) Stop(ctx context.Context, reason string) (Manifest, error) {
	if r.begin(reason) {
		close(r.quit)
	}
	select {
	case <-r.done:
		r.mu.RLock()
		defer r.mu.RUnlock()
		return r.manifest.clone(), r.failed
	case <-ctx.Done():
		return r.snapshot(), ctx.Err()
	}
}

// begin begins the end, if nobody has.
func (r *Recorder) begin(reason string) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason != "" {
		return false
	}
	r.reason, r.stopAt = reason, now
	return true
}

// snapshot is the manifest as of now.
func (r *Recorder) snapshot() Manifest {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.manifest.clone()
	if m.State == StateRecording {
		m.DurationUS = r.since(time.Now()).Microseconds()
	}
	return m
}

// run is the recorder's goroutine.
func (r *Recorder) run() {
	tick := time.NewTicker(stepEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.quit:
			r.finish()
			return
		case <-tick.C:
		}
		if reason := r.step(time.Now()); reason != "" && r.begin(reason) {
			r.log.Warn("recording stopped by itself", "reason", reason)
			r.finish()
			if r.ended != nil {
				r.ended(reason)
			}
			return
		}
	}
}

// step does what is due, and returns why the recording can't go on, if it can't.
func (r *Recorder) step(now time.Time) (stop string) {
	r.beat.Store(int64(now.Sub(r.t0)))
	r.journalNews()
	r.retire(now)
	for _, t := range r.list() {
		if err := r.work(t, now); errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return stopDiskFull
		} else if err != nil {
			r.bury(t, err)
		}
	}
	r.syncStep(now)
	if errors.Is(r.loop.broken, syscall.ENOSPC) || errors.Is(r.loop.broken, syscall.EDQUOT) {
		return stopDiskFull
	}
	if r.loop.broken != nil {
		r.log.Error("journal of the recording can't be written", "error", r.loop.broken)
		return stopFailed
	}
	return r.guard(now)
}

func (r *Recorder) list() []*track {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clip(r.order)
}

// work brings one track up to now.
func (r *Recorder) work(t *track, now time.Time) error {
	if t.clock == nil {
		t.clock = r.clock(t.participant)
	}
	err := t.drain(now)
	if t.lagged {
		r.overflow.Store(int64(now.Sub(r.t0)))
		t.lagged = false
	}
	if err != nil {
		return err
	}
	if err := t.idle(now); err != nil {
		return err
	}
	if t.source == sfu.Microphone && t.ear.changed(now) {
		r.alarm(Alarm{Kind: AlarmSilent, On: t.ear.alarmed, Participant: t.participant, Source: t.source})
	}
	if t.out == nil || t.dead {
		return nil
	}
	return t.out.flush(now)
}

// bury gives up a track whose file fails; the others go on.
func (r *Recorder) bury(t *track, err error) {
	r.log.Error("track can't be recorded", "participant", t.participant, "source", t.source, "error", err)
	t.dead = true
	t.pause()
	e := event{AtUS: r.since(time.Now()).Microseconds(), Kind: evProblem, Problem: ProblemDisk, Detail: reasonOf(err)}
	if t.out != nil {
		e.Path = t.out.path
	} else {
		e.Detail = trackID(t.participant, t.source) + ": " + e.Detail
	}
	r.note(e)
}

// reasonOf is an error in a few words, without our paths.
func reasonOf(err error) string {
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	return "the file can't be written"
}

func (r *Recorder) clock(participant string) *timeline.Clock {
	c := r.loop.clocks[participant]
	if c == nil {
		c = &timeline.Clock{}
		r.loop.clocks[participant] = c
	}
	return c
}

// journalNews writes down what the methods have left.
func (r *Recorder) journalNews() {
	r.mu.Lock()
	news := r.news
	r.news = nil
	r.mu.Unlock()
	for _, e := range news {
		r.note(e)
	}
}

// note writes an event to the journal and applies it.
func (r *Recorder) note(e event) {
	if err := r.journal.add(e); err != nil && r.loop.broken == nil {
		r.loop.broken = err
	}
	r.mu.Lock()
	r.manifest.apply(e)
	r.mu.Unlock()
}

// open creates a track's file with the size of its first frame.
func (r *Recorder) open(t *track, at time.Duration, f frames.Frame) (*output, error) {
	id := trackID(t.participant, t.source)
	r.mu.RLock()
	kind := kinds[t.codec]
	name := fileName(id, kind.suffix, func(s string) bool { return r.manifest.track(s) != nil })
	who := t.participant
	if p := r.manifest.participant(who); p != nil {
		who = p.Name
	}
	r.mu.RUnlock()
	file, err := r.lib.create(r.dir, name)
	if err != nil {
		return nil, err
	}
	track := webm.Track{Codec: kind.id, Name: who, Width: f.Width, Height: f.Height, Private: f.Private}
	if !kind.video {
		track = webm.Track{Codec: kind.id, Name: who, Channels: opusChannels}
	}
	w, err := webm.New(file, track, webm.Info{Title: r.info.Title, App: muxingApp, Date: r.utc.Add(at)})
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r.note(event{
		AtUS: at.Microseconds(), Kind: evTrack, Track: id, Participant: t.participant, Source: t.source,
		Codec: t.codec, Path: name, StartUS: at.Microseconds(), Width: f.Width, Height: f.Height,
	})
	return &output{path: name, f: file, w: w, video: t.video(), start: at, last: at, end: at, real: at}, nil
}

// opusChannels is what WebRTC always announces for Opus (RFC 7587 section 7).
const opusChannels = 2

// gap writes down a stretch without media.
func (r *Recorder) gap(t *track, from, to time.Duration, why Reason) {
	r.note(event{
		AtUS: to.Microseconds(), Kind: evGap, Path: t.out.path,
		FromUS: from.Microseconds(), ToUS: to.Microseconds(), Reason: why,
	})
}

// keyframe asks the room for one.
func (r *Recorder) keyframe(k key, layer int) {
	r.media.RequestKeyframe(k.participant, k.source, layer)
}

// levels writes down how loud a source was.
func (r *Recorder) levels(t *track, from time.Duration, batch []byte) {
	r.note(event{
		AtUS: from.Microseconds(), Kind: evLevels, Participant: t.participant, Source: t.source,
		FromUS: from.Microseconds(), Levels: batch,
	})
}
