package meeting

import (
	"errors"
	"maps"
	"slices"
)

// ErrLocked is returned by Admit to guests while the room is locked.
var ErrLocked = errors.New("the room is locked")

// Raise puts a participant's hand up or takes it down. Hands that are up are
// numbered in the order they went up; a number is never given twice.
func (m *Meeting) Raise(id string, up bool) []Event {
	p := m.member(id)
	if p == nil || up == (p.Hand != 0) {
		return nil
	}
	p.Hand = 0
	if up {
		m.hands++
		p.Hand = m.hands
	}
	return m.changed(p)
}

// Hold turns sources of participants off on the word of by: a microphone is
// muted, all else goes off. They stay so until the participant's own page has
// said the same by Publish; what it says otherwise crossed the word and does
// not count. Hold returns whom it concerned, with one event for all.
func (m *Meeting) Hold(by string, ids []string, which ...Source) (held []string, events []Event) {
	var rows []Participant
	for _, p := range m.roster {
		if !slices.Contains(ids, p.ID) {
			continue
		}
		changed := false
		for _, s := range which {
			changed = p.hold(by, s) || changed
		}
		if changed {
			held = append(held, p.ID)
			rows = append(rows, p.snapshot())
		}
	}
	if rows == nil {
		return nil, nil
	}
	return held, m.note(rows, nil)
}

// hold turns one source off and reports whether it was on.
func (m *member) hold(by string, s Source) bool {
	at := m.source(s)
	if at < 0 || s == Microphone && m.Sources[at].Muted {
		return false
	}
	if s == Microphone {
		m.Sources[at].Muted = true
	} else {
		m.Sources = slices.Delete(m.Sources, at, at+1)
	}
	if m.held == nil {
		m.held = map[Source]string{}
	}
	m.held[s] = by
	return true
}

// source returns the index of s among the sources that are on, or -1.
func (m *member) source(s Source) int {
	return slices.IndexFunc(m.Sources, func(state SourceState) bool { return state.Source == s })
}

// Held returns the sources of a participant that were turned off by Hold and
// whose page has not yet said so itself, with the name of who did it.
func (m *Meeting) Held(id string) map[Source]string {
	p := m.member(id)
	if p == nil {
		return nil
	}
	return maps.Clone(p.held)
}

// Lock keeps guests out who have no place yet, or lets them in again.
func (m *Meeting) Lock(on bool) []Event {
	if m.info.Locked == on {
		return nil
	}
	m.info.Locked = on
	return m.events.add(RoomChanged{Info: m.info})
}
