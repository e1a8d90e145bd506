package recording

import (
	"errors"
	"maps"
	"sync"
	"time"

	"plenum/recording/webm"
)

// syncStep brings the files to the disk every ten seconds, on a goroutine of
// its own: the disk may take its time.
func (r *Recorder) syncStep(now time.Time) {
	if r.loop.syncing != nil {
		select {
		case done := <-r.loop.syncing:
			r.loop.syncing = nil
			r.noteSynced(done, now)
		default:
		}
		return
	}
	if now.Sub(r.loop.lastSync) < syncEvery {
		return
	}
	r.loop.lastSync = now
	files := map[string]trackFile{}
	sizes := map[string]int64{}
	for _, t := range r.list() {
		if t.out == nil || t.dead || t.out.w.Size() == r.loop.synced[t.out.path] {
			continue
		}
		if err := t.out.w.PatchDuration(); err != nil {
			r.bury(t, err)
			continue
		}
		files[t.out.path], sizes[t.out.path] = t.out.f, t.out.w.Size()
	}
	done := make(chan synced, 1)
	r.loop.syncing = done
	go func() {
		var wg sync.WaitGroup
		res := synced{sizes: sizes, failed: map[string]error{}}
		defer func() { done <- res }()
		defer wg.Wait()
		wg.Go(func() { res.journal = r.journal.f.Sync() })
		for name, f := range files {
			if err := f.Datasync(); err != nil {
				res.failed[name] = err
				delete(sizes, name)
			}
		}
	}()
}

// synced is what a sync has brought to the disk: the sizes of files.
type synced struct {
	sizes   map[string]int64
	failed  map[string]error
	journal error
}

// noteSynced writes down what a power cut can no longer take. After a sync that
// failed nothing more is said of the file: the kernel forgets which pages it
// could not write, so that the next sync succeeds without them.
func (r *Recorder) noteSynced(s synced, now time.Time) {
	for name, err := range s.failed {
		if r.loop.tainted[name] || !r.keeps(name) {
			continue
		}
		r.loop.tainted[name] = true
		r.log.Error("file can't be brought to the disk", "path", name, "error", err)
		r.note(event{AtUS: r.since(now).Microseconds(), Kind: evProblem, Problem: ProblemDisk, Path: name, Detail: reasonOf(err)})
	}
	if s.journal != nil {
		r.log.Error("journal can't be brought to the disk", "error", s.journal)
	}
	maps.DeleteFunc(s.sizes, func(name string, _ int64) bool { return r.loop.tainted[name] || !r.keeps(name) })
	if len(s.sizes) == 0 {
		return
	}
	maps.Copy(r.loop.synced, s.sizes)
	r.note(event{AtUS: r.since(now).Microseconds(), Kind: evSynced, Synced: s.sizes})
}

// keeps reports whether a file still belongs to the recording.
func (r *Recorder) keeps(path string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.manifest.track(path) != nil
}

// finish completes the files, the journal and the manifest. It is the last
// thing the recorder's goroutine does.
func (r *Recorder) finish() {
	defer close(r.done)
	defer r.lib.forget(r)
	r.stopTap()
	if r.loop.syncing != nil {
		<-r.loop.syncing
	}
	r.journalNews()
	r.mu.RLock()
	stopAt, reason := r.stopAt, r.reason
	r.mu.RUnlock()
	stop := r.since(stopAt)
	ends := map[*track]time.Duration{}
	for _, t := range r.list() {
		t.q.close()
		if err := r.last(t, stopAt); err != nil {
			r.log.Error("last frames of a track are lost", "participant", t.participant, "source", t.source, "error", err)
		}
		ends[t] = t.end(stop)
	}
	r.note(event{AtUS: stop.Microseconds(), Kind: evStopped, StopReason: reason})
	r.save()
	for ; r.loop.sealing > 0; r.loop.sealing-- {
		r.noteSealed(<-r.loop.sealed)
	}
	for _, t := range r.list() {
		if t.out != nil {
			r.noteSealed(seal(t.out, ends[t], r.tags(t), t.stats()))
		}
	}
	r.judge(stopAt)
	r.save()
	if err := errors.Join(r.journal.f.Sync(), r.journal.f.Close(), r.dir.Close()); err != nil {
		r.log.Warn("journal not closed cleanly", "error", err)
	}
	m := r.snapshot()
	r.log.Info("recording finished", "reason", m.StopReason, "state", m.State, "tracks", len(m.Tracks),
		"problems", len(m.Problems), "duration_us", m.DurationUS)
	r.lib.Audit(Entry{Action: ActionStop, Recording: r.id, Room: m.Room, Detail: m.StopReason})
}

// judge checks what was made and settles the recording's state.
func (r *Recorder) judge(stopAt time.Time) {
	m := r.snapshot()
	problems := examine(m)
	for _, t := range r.list() {
		problems = append(problems, t.problems(stopAt)...)
	}
	for _, t := range m.Tracks {
		if t.State == TrackOpen {
			continue
		}
		if err := inspect(r.dir, t); err != nil {
			r.log.Error("file is not what was written", "path", t.Path, "error", err)
			problems = append(problems, Problem{Code: ProblemUnreadable, Track: t.Path, Detail: err.Error()})
		}
	}
	at := r.since(time.Now()).Microseconds()
	for _, p := range problems {
		r.note(event{AtUS: at, Kind: evProblem, Problem: p.Code, Path: p.Track, Detail: p.Detail})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.manifest.State = r.manifest.verdict()
}

// last writes what a track still holds and lets go of the rest.
func (r *Recorder) last(t *track, now time.Time) error {
	if t.clock == nil {
		t.clock = r.clock(t.participant)
	}
	err := t.drain(now)
	if err == nil {
		err = t.poll(now, true)
	}
	if from, batch := t.sound.take(); len(batch) > 0 {
		r.levels(t, from, batch)
	}
	t.pause()
	return err
}

// A sealed is what became of a file.
type sealed struct {
	o       *output
	state   TrackState
	length  time.Duration
	size    int64
	hash    string
	stats   TrackStats
	rescued bool  // it could not be finished, but repaired
	lost    error // neither
	early   error // its end is missing
	closing error
}

// seal finishes a file. It touches nothing of the recorder's, so that it may run
// beside it.
func seal(o *output, end time.Duration, tags []webm.Tag, stats TrackStats) sealed {
	s := sealed{o: o, state: TrackFinal, stats: stats}
	s.early = o.finish(max(end, o.start), tags)
	if s.length = o.w.Duration(); !o.w.Finished() {
		s.state = TrackRepaired
		s.length, s.lost = rescue(o, tags)
		s.rescued = s.lost == nil
	}
	hash, size, err := sum(o.f)
	s.hash, s.size = hash, size
	s.closing = errors.Join(err, o.f.Close())
	return s
}

// rescue completes a file that could not be finished, as after a crash.
func rescue(o *output, tags []webm.Tag) (time.Duration, error) {
	_, size, err := sum(o.f)
	if err != nil {
		return 0, err
	}
	rep, err := webm.Repair(o.f, size, tags)
	return rep.Duration, err
}

// noteSealed writes down what became of a file.
func (r *Recorder) noteSealed(s sealed) {
	path, at := s.o.path, r.since(time.Now()).Microseconds()
	if s.early != nil { // Finish may have succeeded in the room that the torn cluster left
		r.log.Error("track ends early", "path", path, "error", s.early)
	}
	if s.rescued {
		r.note(event{AtUS: at, Kind: evProblem, Problem: ProblemDisk, Path: path, Detail: "the file could not be finished and was repaired"})
	}
	if s.closing != nil {
		r.log.Error("track not closed cleanly", "path", path, "error", s.closing)
	}
	if s.lost != nil {
		r.log.Error("track can't be finished; the next start tries to repair it", "path", path, "error", s.lost)
		return
	}
	width, height := s.o.w.Picture()
	r.note(event{
		AtUS: at, Kind: evFinished, Path: path, DurationUS: s.length.Microseconds(),
		Bytes: s.size, SHA256: s.hash, TrackState: s.state, Width: width, Height: height, Stats: &s.stats,
	})
}

func (r *Recorder) tags(t *track) []webm.Tag { return trackTags(r.id, t.participant, string(t.source)) }

func trackTags(id, participant, source string) []webm.Tag {
	return []webm.Tag{
		{Name: "RECORDING", Value: id},
		{Name: "PARTICIPANT", Value: participant},
		{Name: "SOURCE", Value: source},
	}
}

// save writes the manifest. A failure is told to Stop's caller.
func (r *Recorder) save() {
	if err := saveManifest(r.dir, r.snapshot()); err != nil {
		r.mu.Lock()
		r.failed = err
		r.mu.Unlock()
	}
}
