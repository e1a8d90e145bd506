package meeting

import "plenum/rooms"

// Right is something a participant may or may not do.
type Right uint8

// The rights. What the audience may do, the room says.
const (
	MayPublish  Right = iota // turn a source on
	MayChat                  // write, to all or to one, and share files
	MayRaise                 // raise the own hand
	MayReact                 // react with an emoji
	MayModerate              // record, extend, lock and end the meeting, and moderate it
)

// May reports whether somebody on the roster has that right now.
func (m *Meeting) May(id string, what Right) bool {
	p := m.member(id)
	return p != nil && may(p.Role, what, m.info.Audience)
}

func may(role Role, what Right, audience rooms.AudienceRules) bool {
	switch role {
	case Host:
		return true
	case Speaker:
		return what != MayModerate
	case Audience:
		switch what {
		case MayChat:
			return !audience.NoChat
		case MayRaise:
			return !audience.NoHands
		case MayReact:
			return !audience.NoReactions
		case MayPublish, MayModerate:
		}
	}
	return false
}

// SetRole gives a participant another role. Whoever becomes audience has no
// source on any more.
func (m *Meeting) SetRole(id string, role Role) []Event {
	p := m.member(id)
	if p == nil || p.Role == role {
		return nil
	}
	p.become(role)
	return m.changed(p)
}

// HandOver makes a participant a host in the place of another, who becomes a
// speaker, with one event.
func (m *Meeting) HandOver(from, to string) []Event {
	old, heir := m.member(from), m.member(to)
	if old == nil || heir == nil || old == heir || old.Role != Host {
		return nil
	}
	old.become(Speaker)
	heir.become(Host)
	return m.note([]Participant{old.snapshot(), heir.snapshot()}, nil)
}

func (m *member) become(role Role) {
	m.Role = role
	if role == Audience {
		m.Sources, m.held, m.Spotlight = nil, nil, 0 // nothing of them is seen or heard
	}
}

// SetRules tells how the room is recorded and what its audience may do from
// here on.
func (m *Meeting) SetRules(recording rooms.RecordingPolicy, audience rooms.AudienceRules) []Event {
	if m.info.Recording == recording && m.info.Audience == audience {
		return nil
	}
	m.info.Recording, m.info.Audience = recording, audience
	return m.events.add(RoomChanged{Info: m.info})
}
