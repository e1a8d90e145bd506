package signaling

import (
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
)

// Ledger keeps what happens in meetings, for good; package ledger has one.
type Ledger interface {
	// Record takes an event. It must not wait: the caller owns a meeting.
	Record(e rooms.Event)
}

// scribe tells the ledger what happens in one life of a room. It reads rows of
// the roster and the meeting's own events, which stay in memory for those who
// resume, and tells what has changed; to read one twice does no harm. The room's
// goroutine owns it.
type scribe struct {
	ledger  Ledger
	room    string
	present map[string]*stay // by participant id
	locked  bool
	record  string // id of the running recording
	on      bool   // a recording runs
	paused  bool   // it pauses
	started bool   // somebody has joined
	ended   bool
}

// stay is one participant as the scribe knows it.
type stay struct {
	visit  string
	row    meeting.Participant
	user   int64
	media  bool      // media has flowed
	lostAt time.Time // since when it has no socket; zero: it has one
	reason string    // why it leaves, once that is known
	by     string    // who removed it
}

func newScribe(ledger Ledger, room string) *scribe {
	return &scribe{ledger: ledger, room: room, present: map[string]*stay{}}
}

// expects tells who is about to join, before the meeting's event says so.
func (s *scribe) expects(id string, user int64) { s.present[id] = &stay{user: user} }

// forgets tells that who was expected does not come.
func (s *scribe) forgets(id string) {
	if p := s.present[id]; p != nil && p.visit == "" {
		delete(s.present, id)
	}
}

// leaves tells why a participant is about to leave, and at whose hands.
func (s *scribe) leaves(id, reason, by string) {
	if p := s.present[id]; p != nil {
		p.reason, p.by = reason, by
	}
}

// leavesFor tells the same, unless something more exact was told before.
func (s *scribe) leavesFor(id, reason string) {
	if p := s.present[id]; p != nil && p.reason == "" {
		p.reason = reason
	}
}

// lost tells when a participant was last heard of, before the meeting's event
// says that it is not connected; found, that it has a socket again.
func (s *scribe) lost(id string, at time.Time) {
	if p := s.present[id]; p != nil {
		p.lostAt = at
	}
}

func (s *scribe) found(id string) { s.lost(id, time.Time{}) }

// mediaUp tells that media flows.
func (s *scribe) mediaUp(now time.Time, id string) {
	p := s.present[id]
	if p == nil || p.media {
		return
	}
	p.media = true
	if p.visit != "" {
		s.tell(p, rooms.ParticipantMediaUp, now, nil)
	}
}

// read turns events of the meeting into those of the ledger.
func (s *scribe) read(now time.Time, events []meeting.Event) {
	for _, e := range events {
		switch c := e.Change.(type) {
		case meeting.RosterChanged:
			for _, row := range c.Changed {
				s.readRow(now, row)
			}
		case meeting.RecordingChanged:
			s.recording(now, c.Recording)
		case meeting.RoomChanged:
			if c.Locked != s.locked {
				s.locked = c.Locked
				kind := rooms.RoomUnlocked
				if c.Locked {
					kind = rooms.RoomLocked
				}
				s.note(kind, now, nil)
			}
		case meeting.ChatSent: // what people write is not the ledger's business
		}
	}
}

// readRow tells what has changed about a participant.
func (s *scribe) readRow(now time.Time, row meeting.Participant) {
	p := s.present[row.ID]
	if p == nil {
		return // has left already
	}
	before := p.row
	p.row = row
	if p.visit == "" {
		s.joined(p)
		return
	}
	if before.Role != row.Role {
		s.tell(p, rooms.ParticipantRole, now, nil)
	}
	switch {
	case before.Connected && !row.Connected:
		reason, at := rooms.ReasonMedia, now
		if !p.lostAt.IsZero() {
			reason, at = rooms.ReasonSignaling, p.lostAt
		}
		s.tell(p, rooms.ParticipantInterrupted, at, func(e *rooms.Event) { e.Reason = reason })
	case !before.Connected && row.Connected:
		s.tell(p, rooms.ParticipantResumed, now, nil)
	}
}

func (s *scribe) joined(p *stay) {
	if !s.started {
		s.started = true
		s.note(rooms.MeetingStarted, p.row.JoinedAt, nil)
	}
	p.visit = rooms.NewVisitID()
	s.tell(p, rooms.ParticipantJoined, p.row.JoinedAt, nil)
	if p.media {
		s.tell(p, rooms.ParticipantMediaUp, p.row.JoinedAt, nil)
	}
}

// left tells that a participant is gone from the roster.
func (s *scribe) left(now time.Time, id string) {
	p := s.present[id]
	if p == nil || p.visit == "" {
		return
	}
	delete(s.present, id)
	reason := p.reason
	if reason == "" {
		reason = rooms.ReasonLeft
	}
	if reason == rooms.ReasonLost && !p.lostAt.IsZero() {
		now = p.lostAt // when they really went
	}
	s.tell(p, rooms.ParticipantLeft, now, func(e *rooms.Event) { e.Reason, e.By = reason, p.by })
}

func (s *scribe) recording(now time.Time, r meeting.Recording) {
	switch {
	case r.On && r.ID != "" && s.record == "": // now it really runs
		s.on, s.record = true, r.ID
		s.note(rooms.RecordingStarted, r.StartedAt, func(e *rooms.Event) { e.By, e.Recording = r.By, r.ID })
	case r.On && r.Paused != s.paused && s.on:
		s.paused = r.Paused
		kind := rooms.RecordingResumed
		if r.Paused {
			kind = rooms.RecordingPaused
		}
		s.note(kind, now, func(e *rooms.Event) { e.By, e.Recording = r.PausedBy, r.ID })
	case !r.On && s.on:
		id := s.record
		s.on, s.paused, s.record = false, false, ""
		s.note(rooms.RecordingStopped, now, func(e *rooms.Event) { e.By, e.Recording, e.Reason = r.By, id, r.Notice.Text })
	}
}

// end tells that this life of the room is over. Whoever is still there leaves.
func (s *scribe) end(now time.Time, reason string) {
	if !s.started || s.ended {
		return
	}
	s.ended = true
	for id, p := range s.present {
		if p.visit == "" {
			continue
		}
		p.reason = reason
		if !p.lostAt.IsZero() {
			p.reason = rooms.ReasonLost
		}
		s.left(now, id)
	}
	s.note(rooms.MeetingEnded, now, func(e *rooms.Event) { e.Reason = reason })
}

func (s *scribe) tell(p *stay, kind rooms.EventKind, at time.Time, more func(*rooms.Event)) {
	s.note(kind, at, func(e *rooms.Event) {
		e.Visit, e.Participant, e.Name, e.UserID, e.Role = p.visit, p.row.ID, p.row.Name, p.user, string(p.row.Role)
		if more != nil {
			more(e)
		}
	})
}

// note hands an event to the ledger.
func (s *scribe) note(kind rooms.EventKind, at time.Time, more func(*rooms.Event)) {
	e := rooms.NewEvent(s.room, kind, at)
	if more != nil {
		more(&e)
	}
	s.ledger.Record(e)
}
