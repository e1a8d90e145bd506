package signaling

import (
	"errors"
	"time"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

// Why something can't be done in a meeting from outside it.
var (
	// ErrNotLive is returned when nobody is in the room.
	ErrNotLive = errors.New("nobody is in the room")
	// ErrNotHere is returned when no participant has the id.
	ErrNotHere = errors.New("the participant is not in the meeting")
	// ErrNoPlace is returned when somebody can't be admitted to a full room.
	ErrNoPlace = errors.New("the room is full")
)

// Moderate does in a live room what a host in it could do, on the word of by,
// whom those concerned are told of. It returns ErrNotLive, ErrNotHere or ErrNoPlace.
func (h *Hub) Moderate(roomID, by string, m protocol.Moderate) error {
	return h.inside(roomID, func(r *liveRoom) error {
		err := r.moderateBy(meeting.Participant{Name: by, Role: meeting.Host}, m)
		if why, ok := errors.AsType[refusal](err); ok {
			switch why.code {
			case protocol.NotHere:
				return ErrNotHere
			case protocol.RoomFull:
				return ErrNoPlace
			default:
			}
		}
		return err
	})
}

// Lock keeps new guests out of a live room, or lets them in again. It returns
// ErrNotLive.
func (h *Hub) Lock(roomID string, on bool) error {
	return h.inside(roomID, func(r *liveRoom) error {
		r.broadcast(r.meeting.Lock(on))
		return nil
	})
}

// Announce shows a text of from to everybody in a live room, or to one
// participant alone. Who is away just then is Gone and won't see it later. It
// returns ErrNotLive or ErrNotHere.
func (h *Hub) Announce(roomID, from, text, participant string) ([]Delivery, error) {
	var deliveries []Delivery
	err := h.inside(roomID, func(r *liveRoom) error {
		if _, here := r.meeting.Participant(participant); participant != "" && !here {
			return ErrNotHere
		}
		deliveries = r.announce(protocol.Announcement{
			From: from, Text: text, At: stamp(time.Now()), Private: participant != "",
		}, participant)
		return nil
	})
	return deliveries, err
}

// announce sends an announcement to those in the room, or to one of them.
func (r *liveRoom) announce(a protocol.Announcement, only string) []Delivery {
	msg := encode(a)
	var deliveries []Delivery
	var events []meeting.Event
	for _, p := range r.meeting.Roster() {
		if only != "" && p.ID != only {
			continue
		}
		s, outcome := r.sessions[p.ID], Delivered
		switch {
		case s == nil || s.socket == nil || s.socket.out.finished():
			outcome = Gone
		case !s.socket.out.push(msg):
			outcome = QueueFull
			r.log.Warn("socket cut off", "participant", s.id, "reason", "it does not read")
			s.socket.finish(byeSlow, true)
			events = append(events, r.detach(s, time.Now())...)
		}
		deliveries = append(deliveries, Delivery{p.ID, outcome})
	}
	r.broadcast(events)
	return deliveries
}

// inside runs f on the goroutine of a live room.
func (h *Hub) inside(roomID string, f func(r *liveRoom) error) error {
	live := h.lookup(roomID)
	if live == nil {
		return ErrNotLive
	}
	err := ErrNotLive
	live.do(func() { err = f(live) })
	return err
}
