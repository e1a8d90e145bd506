package meeting

// Event is one numbered change of a meeting. Numbers start at 1 and have no gap.
type Event struct {
	Seq    int64
	Change Change
}

// Change is what an event tells: RosterChanged, ChatSent, RecordingChanged or
// RoomChanged.
type Change interface{ change() }

// RosterChanged carries the rows that came or changed, and who left.
type RosterChanged struct {
	Changed []Participant
	Left    []string
}

// ChatSent tells that somebody wrote.
type ChatSent struct{ Message }

// RecordingChanged tells that a recording started or stopped.
type RecordingChanged struct{ Recording }

// RoomChanged tells that the room's title, end or lock changed.
type RoomChanged struct{ Info }

func (RosterChanged) change()    {}
func (ChatSent) change()         {}
func (RecordingChanged) change() {}
func (RoomChanged) change()      {}

// eventLog numbers events and keeps the last of them. Event seq lies at index
// (seq-1) modulo keep.
type eventLog struct {
	keep int
	seq  int64 // number of the last event
	ring []Event
}

func (l *eventLog) add(c Change) []Event {
	l.seq++
	e := Event{Seq: l.seq, Change: c}
	if len(l.ring) < l.keep {
		l.ring = append(l.ring, e)
	} else {
		l.ring[(l.seq-1)%int64(l.keep)] = e
	}
	return []Event{e}
}

func (l *eventLog) after(seq int64) ([]Event, bool) {
	if seq < l.seq-int64(len(l.ring)) || seq > l.seq || seq < 0 {
		return nil, false
	}
	out := make([]Event, 0, l.seq-seq)
	for n := seq; n < l.seq; n++ {
		out = append(out, l.ring[n%int64(l.keep)])
	}
	return out, true
}
