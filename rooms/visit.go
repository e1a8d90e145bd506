package rooms

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Visit is one stay of a participant in a meeting: a row of the attendance.
// Drops that were resumed are part of it.
type Visit struct {
	ID            string
	Room          string
	Node          string // the server that holds it
	Participant   string // id within the meeting
	Name          string
	UserID        int64  // who was logged in; 0 is nobody
	UserName      string // filled on reading
	Role          string // the last one
	Joined        time.Time
	MediaUp       time.Time // zero: media never flowed
	Left          time.Time // zero: still there
	Reason        string    // why it ended
	Interruptions int
	InterruptedAt time.Time     // since when it is interrupted now; zero: it is not
	Away          time.Duration // in interruptions that are over
}

// Length returns how long the visit has lasted at now.
func (v Visit) Length(now time.Time) time.Duration {
	end := v.Left
	if end.IsZero() {
		end = now
	}
	return max(0, end.Sub(v.Joined))
}

// After returns the visit as it is after e, one of its events. What comes to a
// visit that has ended changes nothing, but for the word of its own server
// about one that was thought to have crashed.
func (v Visit) After(e Event) Visit {
	if !v.Left.IsZero() && (v.Reason != ReasonCrash || e.Kind != ParticipantLeft || e.Reason == ReasonCrash) {
		return v
	}
	switch e.Kind { //nolint:exhaustive // the others say nothing about a visit
	case ParticipantMediaUp:
		if v.MediaUp.IsZero() {
			v.MediaUp = e.At
		}
	case ParticipantInterrupted:
		if v.InterruptedAt.IsZero() {
			v.InterruptedAt = e.At
			v.Interruptions++
		}
	case ParticipantResumed:
		if !v.InterruptedAt.IsZero() {
			v.Away += max(0, e.At.Sub(v.InterruptedAt))
			v.InterruptedAt = time.Time{}
		}
	case ParticipantRole:
		v.Role = e.Role
	case ParticipantLeft:
		v.Left, v.Reason, v.InterruptedAt = e.At, e.Reason, time.Time{}
		if v.Left.Before(v.Joined) {
			v.Left = v.Joined
		}
	}
	return v
}

// Joins returns the visit that e, of kind ParticipantJoined, begins.
func (e Event) Joins(node string) Visit {
	return Visit{
		ID: e.Visit, Room: e.Room, Node: node, Participant: e.Participant, Name: e.Name, UserID: e.UserID,
		Role: e.Role, Joined: e.At,
	}
}

// A Person is whoever made one or more visits.
type Person struct {
	Name    string // as given last
	User    string // who was logged in
	Role    string // host if ever
	Visits  []Visit
	First   time.Time // first joined
	Last    time.Time // last left; zero: still there
	Present time.Duration
}

// sameBreath is how much two visits of one name may overlap and still be one
// person's: a page that came back before its old socket was known to be gone.
const sameBreath = 30 * time.Second

// People merges visits by person: by who was logged in, else by name. Who is
// there twice under one name at once counts as two, since a name proves
// nothing; who is there twice under one login is one, and the time counts once.
// Visits must be in order of joining; people come in order of first joining.
func People(visits []Visit, now time.Time) []Person {
	var people []*Person
	byUser, byName := map[int64]*Person{}, map[string][]*Person{}
	for _, v := range visits {
		var p *Person
		if v.UserID != 0 {
			p = byUser[v.UserID]
		} else {
			p = free(byName[nameKey(v.Name)], v, now)
		}
		if p == nil {
			p = &Person{First: v.Joined}
			people = append(people, p)
			if v.UserID != 0 {
				byUser[v.UserID] = p
			} else {
				byName[nameKey(v.Name)] = append(byName[nameKey(v.Name)], p)
			}
		}
		p.Visits = append(p.Visits, v)
	}
	out := make([]Person, len(people))
	for i, p := range people {
		out[i] = p.summed(now)
	}
	return out
}

// free returns the first of those who had left when v began, or were cut off.
func free(people []*Person, v Visit, now time.Time) *Person {
	for _, p := range people {
		last := p.Visits[len(p.Visits)-1]
		end := last.Joined.Add(last.Length(now))
		if !last.InterruptedAt.IsZero() {
			end = last.InterruptedAt
		}
		if !end.After(v.Joined.Add(sameBreath)) {
			return p
		}
	}
	return nil
}

// nameKey is what names are compared by.
func nameKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// summed fills in what follows from the visits.
func (p Person) summed(now time.Time) Person {
	var until time.Time // time is counted up to here
	for _, v := range p.Visits {
		p.Name, p.User = v.Name, cmp.Or(v.UserName, p.User)
		if p.Role != string(Host) {
			p.Role = v.Role
		}
		end := v.Joined.Add(v.Length(now))
		if from := latest(v.Joined, until); end.After(from) {
			p.Present += end.Sub(from)
			until = end
		}
		p.Last = latest(p.Last, v.Left)
	}
	if slices.ContainsFunc(p.Visits, func(v Visit) bool { return v.Left.IsZero() }) {
		p.Last = time.Time{}
	}
	return p
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
