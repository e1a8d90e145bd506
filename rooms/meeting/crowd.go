package meeting

import "slices"

// held is what happened to the roster of a crowd and was not yet told.
type held struct {
	changed []Participant // one row for each, the newest
	left    []string
}

// note makes the event that tells of rows that came or changed and of who
// left. In a crowd it waits for Flush, so that many changes are one message to
// each of many; then the events are empty, not nil.
func (m *Meeting) note(changed []Participant, left []string) []Event {
	if len(m.roster) <= m.cfg.Crowd && !m.Waiting() {
		return m.events.add(RosterChanged{Changed: changed, Left: left})
	}
	for _, row := range changed {
		if i := slices.IndexFunc(m.held.changed, func(p Participant) bool { return p.ID == row.ID }); i >= 0 {
			m.held.changed[i] = row
			continue
		}
		m.held.changed = append(m.held.changed, row)
	}
	m.held.changed = slices.DeleteFunc(m.held.changed, func(p Participant) bool { return slices.Contains(left, p.ID) })
	m.held.left = append(m.held.left, left...)
	return []Event{}
}

// Waiting reports whether changes of the roster wait for Flush. They are part
// of Roster and Snapshot already.
func (m *Meeting) Waiting() bool { return len(m.held.changed)+len(m.held.left) > 0 }

// Flush tells what waits, with one event.
func (m *Meeting) Flush() []Event {
	if !m.Waiting() {
		return nil
	}
	c := RosterChanged{Changed: m.held.changed, Left: m.held.left}
	m.held = held{}
	return m.events.add(c)
}
