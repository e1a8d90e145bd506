package recording

import (
	"time"

	"plenum/sfu"
)

// Pause has nothing written until Resume; by is the name of who wants it. The
// files go on with silence and a picture that stands, so that they keep the time.
// What is said in the chat meanwhile is not recorded either.
func (r *Recorder) Pause(by string) {
	now := time.Now()
	if r.setPaused(true, now) {
		r.tell(event{Kind: evPaused, Name: by})
		for _, t := range r.list() {
			t.q.push(item{change: &change{at: now, reason: GapPaused}})
		}
	}
}

// Resume goes on after Pause, with each source as it is by now.
func (r *Recorder) Resume(by string) {
	now := time.Now()
	if !r.setPaused(false, now) {
		return
	}
	r.tell(event{Kind: evResumed, Name: by})
	r.mu.Lock()
	opened := r.opened
	r.opened = nil
	for _, t := range r.order {
		c := change{at: now, on: true}
		if shut, ok := r.shut[t.key]; ok {
			c = shut
			c.at = now
		}
		t.q.push(item{change: &c})
	}
	r.mu.Unlock()
	for k := range opened {
		r.track(slot{k, sfu.Opus})
	}
}

// setPaused notes whether nothing is to be written, and reports whether that is
// new. When it returns, no packet that comes later is taken.
func (r *Recorder) setPaused(paused bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason != "" || r.paused == paused {
		return false
	}
	r.paused = paused
	r.pausedAt.Store(0)
	if paused {
		r.opened = map[key]bool{}
		r.pausedAt.Store(max(1, int64(now.Sub(r.t0))))
	}
	return true
}

// holds reports whether the recording is paused.
func (r *Recorder) holds() bool { return r.pausedAt.Load() > 0 }

// A Pause is a stretch of which nothing was recorded because a host wanted so.
// ToUS is 0 while it lasts.
type Pause struct {
	FromUS int64  `json:"from_us"`
	ToUS   int64  `json:"to_us"`
	By     string `json:"by"`
}

// paused begins a pause of the manifest, or ends it.
func (m *Manifest) paused(e event) {
	if e.Kind == evPaused {
		m.Pauses = append(m.Pauses, Pause{FromUS: e.AtUS, By: e.Name})
		return
	}
	m.endPause(e.AtUS)
}

func (m *Manifest) endPause(at int64) {
	if n := len(m.Pauses); n > 0 && m.Pauses[n-1].ToUS == 0 {
		m.Pauses[n-1].ToUS = max(at, 1)
	}
}
