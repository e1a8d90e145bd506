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
	done := make(chan map[string]int64, 1)
	r.loop.syncing = done
	go func() {
		var wg sync.WaitGroup
		defer func() { done <- sizes }()
		defer wg.Wait()
		wg.Go(func() { _ = r.journal.f.Sync() }) // a journal that fails shows at its next write
		for name, f := range files {
			if f.Datasync() != nil {
				delete(sizes, name) // not safe yet; the next round tries again
			}
		}
	}()
}

// noteSynced writes down what a power cut can no longer take.
func (r *Recorder) noteSynced(sizes map[string]int64, now time.Time) {
	if len(sizes) == 0 {
		return
	}
	maps.Copy(r.loop.synced, sizes)
	r.note(event{AtUS: r.since(now).Microseconds(), Kind: evSynced, Synced: sizes})
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
	for _, t := range r.list() {
		if t.out != nil {
			r.seal(t, ends[t])
		}
	}
	r.mu.Lock()
	r.manifest.State = StateReady
	if len(r.manifest.Tracks) > 0 && !anyFinished(r.manifest) {
		r.manifest.State = StateFailed
	}
	m := r.manifest.clone()
	r.mu.Unlock()
	r.save()
	if err := errors.Join(r.journal.f.Sync(), r.journal.f.Close(), r.dir.Close()); err != nil {
		r.log.Warn("journal not closed cleanly", "error", err)
	}
	r.log.Info("recording finished", "reason", m.StopReason, "state", m.State, "tracks", len(m.Tracks), "duration_us", m.DurationUS)
}

func anyFinished(m Manifest) bool {
	for _, t := range m.Tracks {
		if t.State != TrackOpen {
			return true
		}
	}
	return false
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
	t.pause()
	return err
}

// seal finishes a track's file.
func (r *Recorder) seal(t *track, end time.Duration) {
	o := t.out
	err := o.finish(max(end, o.start), trackTags(r.id, t.participant, string(t.source)))
	if err != nil {
		// Finish may have succeeded in the room that the torn cluster left.
		r.log.Error("track ends early", "path", o.path, "error", err)
	}
	hash, size, sumErr := sum(o.f)
	err = errors.Join(sumErr, o.f.Close())
	if err != nil {
		r.log.Error("track not closed cleanly", "path", o.path, "error", err)
	}
	if !o.w.Finished() {
		return // the track stays open, and the next Open repairs it
	}
	width, height := o.w.Picture()
	stats := t.stats()
	r.note(event{
		AtUS: r.since(time.Now()).Microseconds(), Kind: evFinished, Path: o.path, DurationUS: o.w.Duration().Microseconds(),
		Bytes: size, SHA256: hash, TrackState: TrackFinal, Width: width, Height: height, Stats: &stats,
	})
}

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
