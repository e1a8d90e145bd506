package recording

import (
	"errors"
	"io/fs"
	"time"
)

// Told notes that a participant knows of the recording. With Info.AskConsent
// nothing of theirs is written before.
func (r *Recorder) Told(participant string) {
	r.mu.Lock()
	known := r.told[participant]
	r.told[participant] = true
	r.mu.Unlock()
	if !known {
		r.tell(event{Kind: evTold, Participant: participant})
	}
}

// Answer notes what a participant says to being recorded. Who declines is not
// recorded from then on, and what has been is thrown away; who accepts later is
// recorded again.
func (r *Recorder) Answer(participant string, accept bool) {
	answer := AnswerAccepted
	if !accept {
		answer = AnswerDeclined
	}
	r.tell(event{Kind: evAnswered, Participant: participant, Answer: answer})
	r.mu.Lock()
	defer r.mu.Unlock()
	if accept {
		delete(r.declined, participant)
		return
	}
	r.declined[participant] = true
	for k, t := range r.tracks {
		if k.participant == participant {
			delete(r.tracks, k) // nothing finds its way to it any more
			t.q.push(item{change: &change{at: time.Now(), discard: true}})
			t.q.close()
		}
	}
}

// mayRecordLocked reports whether a participant's media may be written.
func (r *Recorder) mayRecordLocked(participant string) bool {
	return !r.declined[participant] && (!r.info.AskConsent || r.told[participant])
}

// discard throws a track and its file away. It may be called again.
func (r *Recorder) discard(t *track) {
	t.dead = true
	t.pause()
	paths := t.past
	if t.past = nil; t.out != nil {
		if err := t.out.f.Close(); err != nil {
			r.log.Error("file of who declined is not closed", "path", t.out.path, "error", err)
		}
		paths = append(paths, t.out.path)
		t.out = nil
	}
	for _, path := range paths {
		if err := r.dir.Remove(path); err != nil {
			r.log.Error("file of who declined is not removed", "path", path, "error", err)
		}
		delete(r.loop.synced, path)
		r.note(event{AtUS: r.since(time.Now()).Microseconds(), Kind: evDiscarded, Path: path})
	}
}

// dropDeclined removes what a crash has left of those who declined.
func (w *wreck) dropDeclined() error {
	m := &w.manifest
	var kept []Track
	for _, t := range m.Tracks {
		if p := m.participant(t.Participant); p == nil || p.Consent == nil || p.Consent.Answer != AnswerDeclined {
			kept = append(kept, t)
			continue
		}
		if err := w.dir.Remove(t.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	m.Tracks = kept
	return nil
}
