package recording

import (
	"fmt"
	"time"
)

const (
	// stuckAfter is how long the disk may keep the recorder waiting unremarked.
	stuckAfter = 3 * time.Second
	// calmAfter is how long nothing may be dropped until the alarm ends.
	calmAfter = 10 * time.Second
)

// guard looks now and then whether a recording has to end, and why.
func (r *Recorder) guard(now time.Time) (stop string) {
	if now.Sub(r.loop.lastLook) < guardEvery {
		return ""
	}
	r.loop.lastLook = now
	size := r.loop.past
	for _, t := range r.list() {
		if t.out != nil {
			size += t.out.w.Size()
		}
	}
	r.size.Store(size)
	if r.lib.exceeded(r.info, size, now.Sub(r.t0), r.id) != "" {
		return stopQuota
	}
	free, err := r.lib.free(r.lib.cfg.Dir)
	if err != nil {
		r.log.Warn("free space is unknown", "error", err)
		return ""
	}
	if low := free < r.lib.cfg.MinFree; low != r.loop.low {
		r.loop.low = low
		r.alarm(Alarm{Kind: AlarmDiskLow, On: low})
	}
	if free < r.lib.cfg.StopFree {
		return stopDiskFull
	}
	return ""
}

// alarm tells who wants to know.
func (r *Recorder) alarm(a Alarm) {
	r.log.Warn("recording alarm", "kind", a.Kind, "on", a.On, "participant", a.Participant, "source", a.Source)
	if r.info.Alarm != nil {
		r.info.Alarm(a)
	}
}

// watch notices a disk that doesn't answer: then the recorder's goroutine can't.
func (r *Recorder) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	stuck := false
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
		}
		now := r.since(time.Now())
		last := time.Duration(r.overflow.Load())
		bad := now-time.Duration(r.beat.Load()) >= stuckAfter || last > 0 && now-last < calmAfter
		if r.ending() {
			bad = false // finishing takes as long as it takes
		}
		if bad != stuck {
			stuck = bad
			r.alarm(Alarm{Kind: AlarmSlowDisk, On: bad})
		}
	}
}

func (r *Recorder) ending() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.reason != ""
}

// exceeded says which quota a recording of a size and length is beyond, if any.
// Except names the recording itself, whose size is told.
func (l *Library) exceeded(info Info, size int64, length time.Duration, except string) string {
	q := l.cfg.Quota
	if q == (Quota{}) {
		return ""
	}
	var room, user int64
	if q.RoomBytes > 0 || q.UserBytes > 0 {
		room, user = l.usage(info, except)
	}
	return q.exceeded(size, length, room+size, user+size)
}

// usage is how much the recordings of a room, and of its user, hold.
func (l *Library) usage(info Info, except string) (room, user int64) {
	count := func(roomID string, creator, n int64) {
		if roomID == info.Room {
			room += n
		}
		if creator == info.CreatorID {
			user += n
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, m := range l.kept {
		if id != except {
			count(m.Room, m.CreatorID, m.Bytes())
		}
	}
	for id, r := range l.running {
		if id != except {
			count(r.info.Room, r.info.CreatorID, r.size.Load())
		}
	}
	return room, user
}

// exceeded names the quota that is used up, or nothing.
func (q Quota) exceeded(size int64, length time.Duration, room, user int64) string {
	switch {
	case q.Bytes > 0 && size >= q.Bytes:
		return fmt.Sprintf("a recording may hold %d bytes", q.Bytes)
	case q.Length > 0 && length >= q.Length:
		return fmt.Sprintf("a recording may last %v", q.Length)
	case q.RoomBytes > 0 && room >= q.RoomBytes:
		return fmt.Sprintf("the recordings of a room may hold %d bytes", q.RoomBytes)
	case q.UserBytes > 0 && user >= q.UserBytes:
		return fmt.Sprintf("the recordings of a user may hold %d bytes", q.UserBytes)
	}
	return ""
}
