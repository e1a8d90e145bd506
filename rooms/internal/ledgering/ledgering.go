// Package ledgering decides what storing events brings with it: their numbers,
// the visits they change, and the deliveries they cause. Both stores read what
// it needs, ask it, and write what it says in the same transaction.
package ledgering

import (
	"plenum/rooms"
)

// A Head is what is known of a room before the new events.
type Head struct {
	CreatorID int64
	Seq       int64 // of its last event
}

// A Lane is the way of one room's events to one webhook.
type Lane struct {
	WebhookID int64
	Room      string
}

// A Hook is a webhook that is told of events.
type Hook struct {
	rooms.Webhook

	EveryRoom bool // AllRooms, and its user is an admin
}

// State is what the store holds.
type State struct {
	Pos    int64                  // of the last event of all
	Stored map[string]bool        // ids of events that are stored already
	Heads  map[string]Head        // rooms that exist
	Visits map[string]rooms.Visit // by id, those that the events are about
	Hooks  []Hook
	Busy   map[Lane]bool // lanes with a delivery whose turn it is
}

// A Queued is a delivery to be made.
type Queued struct {
	WebhookID int64
	Event     rooms.Event
	Turn      bool // it is the first of its lane
}

// A Plan is what is to be written.
type Plan struct {
	Events  []rooms.Event
	Seqs    map[string]int64 // last number of each room that has new events
	Visits  []rooms.Visit    // new and changed ones
	Queued  []Queued
	LastPos int64
}

// Make plans the storing of events that come from node. It may change s.
func Make(s State, node string, events []rooms.Event) Plan {
	p := Plan{Seqs: map[string]int64{}, LastPos: s.Pos}
	order := map[string]int{} // of visits in p.Visits
	for _, e := range events {
		head, known := s.Heads[e.Room]
		if !known || s.Stored[e.ID] {
			continue
		}
		s.Stored[e.ID] = true
		head.Seq++
		s.Heads[e.Room] = head
		p.LastPos++
		e = e.Storable()
		e.Seq, e.Pos = head.Seq, p.LastPos
		p.Events = append(p.Events, e)
		p.Seqs[e.Room] = e.Seq
		if v, changed := visitAfter(s.Visits, node, e); changed {
			s.Visits[v.ID] = v
			if _, there := order[v.ID]; !there {
				order[v.ID] = len(p.Visits)
				p.Visits = append(p.Visits, v)
			}
			p.Visits[order[v.ID]] = v
		}
		for _, h := range s.Hooks {
			if !h.Wants(e.Kind) || !h.EveryRoom && h.UserID != head.CreatorID {
				continue
			}
			lane := Lane{h.ID, e.Room}
			p.Queued = append(p.Queued, Queued{h.ID, e, !s.Busy[lane]})
			s.Busy[lane] = true
		}
	}
	return p
}

// visitAfter returns the visit that e is about, as it is from now on.
func visitAfter(visits map[string]rooms.Visit, node string, e rooms.Event) (v rooms.Visit, changed bool) {
	if e.Visit == "" {
		return rooms.Visit{}, false
	}
	old, known := visits[e.Visit]
	switch {
	case e.Kind == rooms.ParticipantJoined && !known:
		return e.Joins(node), true
	case known:
		v = old.After(e)
		return v, v != old
	}
	return rooms.Visit{}, false
}

// Names returns the distinct ids, rooms and visits that events speak of.
func Names(events []rooms.Event) (ids, roomIDs, visits []string) {
	seen := map[string]bool{}
	add := func(list *[]string, prefix, name string) {
		if name != "" && !seen[prefix+name] {
			seen[prefix+name] = true
			*list = append(*list, name)
		}
	}
	for _, e := range events {
		add(&ids, "e", e.ID)
		add(&roomIDs, "r", e.Room)
		add(&visits, "v", e.Visit)
	}
	return ids, roomIDs, visits
}
