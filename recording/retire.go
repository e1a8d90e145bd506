package recording

import "time"

// retireAfter is how long a source's codec must have sent nothing, while another
// sends, until its file is finished: longer than a late packet is waited for.
const retireAfter = 1500 * time.Millisecond

// retire finishes the files of codecs that their sources have given up, beside
// what goes on.
func (r *Recorder) retire(now time.Time) {
	select {
	case s := <-r.loop.sealed:
		r.loop.sealing--
		r.noteSealed(s)
	default:
	}
	for _, t := range r.list() {
		if t.out == nil || t.dead || !t.video() || now.Sub(t.heard()) < retireAfter || !r.replaced(t) {
			continue
		}
		if err := t.poll(now, true); err != nil {
			r.bury(t, err)
			continue
		}
		o, stats := t.leave()
		r.loop.past += o.w.Size()
		r.loop.sealing++
		done, tags := r.loop.sealed, r.tags(t)
		go func() { done <- seal(o, o.last, tags, stats) }()
	}
}

// replaced reports whether a track's source now sends another codec.
func (r *Recorder) replaced(t *track) bool {
	for _, other := range r.list() {
		if other != t && other.key == t.key && other.heard().After(t.heard()) {
			return true
		}
	}
	return false
}

// heard is when the newest packet of a track came.
func (t *track) heard() (last time.Time) {
	for _, l := range t.layers {
		if l.last.After(last) {
			last = l.last
		}
	}
	return last
}

// leave lets go of the track's file and of all that led to it: when the codec
// comes back, it is as if for the first time.
func (t *track) leave() (*output, TrackStats) {
	o, stats := t.out, t.stats()
	if t.why != "" {
		t.tell(o.last)
	}
	t.pause()
	for _, l := range t.layers {
		t.clock.Drop(l.line)
	}
	t.past = append(t.past, o.path)
	t.ladder, t.out, t.asks, t.packets = ladder{}, nil, asks{}, 0
	t.first, t.keyAt = time.Time{}, time.Time{}
	return o, stats
}
