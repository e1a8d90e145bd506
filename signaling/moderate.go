package signaling

import (
	"context"
	"fmt"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/signaling/protocol"
)

// longest is how long a meeting may last, extensions included.
const longest = 24 * time.Hour

// asHost is as, for what only hosts may do.
func (r *liveRoom) asHost(session *session, socket *socket, what string, f func(host meeting.Participant) error) error {
	return r.as(session, socket, func() error {
		host, _ := r.meeting.Participant(session.id)
		if host.Role != meeting.Host {
			return refusal{protocol.Forbidden, "Only a host can " + what + "."}
		}
		return f(host)
	})
}

func (r *liveRoom) hand(session *session, socket *socket, up bool) error {
	return r.as(session, socket, func() error {
		r.broadcast(r.meeting.Raise(session.id, up))
		return nil
	})
}

func (r *liveRoom) lock(session *session, socket *socket, on bool) error {
	return r.asHost(session, socket, "lock the meeting", func(meeting.Participant) error {
		r.log.Info("room locked or unlocked", "by", session.id, "locked", on)
		r.broadcast(r.meeting.Lock(on))
		return nil
	})
}

func (r *liveRoom) moderate(session *session, socket *socket, m protocol.Moderate) error {
	return r.asHost(session, socket, "do that", func(host meeting.Participant) error { return r.moderateBy(host, m) })
}

// moderateBy does what host wants, who may be somebody outside the meeting: then
// it has a name but no id.
func (r *liveRoom) moderateBy(host meeting.Participant, m protocol.Moderate) error {
	if m.Action == protocol.MuteAll {
		r.muteAll(host)
		return nil
	}
	target, ok := r.meeting.Participant(m.Participant)
	if !ok {
		return refusal{protocol.NotHere, "This participant is not in the meeting."}
	}
	if target.ID == host.ID {
		return refusal{protocol.BadMessage, "moderate is for the other participants"}
	}
	r.log.Info("participant moderated", "by", host.ID, "participant", target.ID, "action", string(m.Action))
	r.act(host, r.sessions[target.ID], m.Action)
	return nil
}

func (r *liveRoom) muteAll(host meeting.Participant) {
	var others []string
	for id := range r.sessions {
		if id != host.ID {
			others = append(others, id)
		}
	}
	r.log.Info("everybody muted", "by", host.ID)
	r.hold(host, others, protocol.Mute)
}

// act does to a participant what a host wants.
func (r *liveRoom) act(host meeting.Participant, target *session, action protocol.Action) {
	switch action {
	case protocol.Mute, protocol.StopCamera, protocol.StopScreen:
		r.hold(host, []string{target.id}, action)
	case protocol.AskToUnmute:
		target.tell(action, host.Name)
	case protocol.LowerHand:
		if events := r.meeting.Raise(target.id, false); events != nil {
			r.broadcast(events)
			target.tell(action, host.Name)
		}
	case protocol.MakeHost:
		if events := r.meeting.SetRole(target.id, meeting.Host); events != nil {
			r.broadcast(events)
			target.tell(action, host.Name)
		}
	case protocol.Remove:
		r.removed[target.token] = struct{}{}
		r.scribe.leaves(target.id, rooms.ReasonRemoved, host.Name)
		if target.socket != nil {
			target.socket.finish(byeRemoved, false)
			target.socket = nil
		}
		r.remove(target)
		r.broadcast(r.meeting.Leave(target.id))
	case protocol.MuteAll: // concerns no single one
	}
}

// heldBy lists the sources that each holding action concerns.
var heldBy = map[protocol.Action][]meeting.Source{
	protocol.Mute:       {meeting.Microphone},
	protocol.StopCamera: {meeting.Camera},
	protocol.StopScreen: {meeting.Screen, meeting.ScreenAudio},
}

// hold turns sources of participants off. From here on media drops their
// packets; their pages are told, so that they turn the devices off too.
func (r *liveRoom) hold(host meeting.Participant, ids []string, action protocol.Action) {
	held, events := r.meeting.Hold(host.Name, ids, heldBy[action]...)
	for _, id := range held {
		for _, source := range heldBy[action] {
			r.setSource(r.sessions[id], sfu.Source(source), source == meeting.Microphone, source == meeting.Microphone)
		}
	}
	r.broadcast(events)
	for _, id := range held {
		r.sessions[id].tell(action, host.Name)
	}
}

// tell tells a page what a host did to its participant.
func (s *session) tell(action protocol.Action, by string) {
	if s.socket != nil {
		s.socket.answer(protocol.Moderated{Action: action, By: by})
	}
}

// orders are the words of hosts that a page has not yet followed: it may have
// been away when they came.
func (r *liveRoom) orders(id string) []protocol.Moderated {
	held := r.meeting.Held(id)
	var orders []protocol.Moderated
	for _, action := range []protocol.Action{protocol.Mute, protocol.StopCamera, protocol.StopScreen} {
		for _, source := range heldBy[action] {
			if by, ok := held[source]; ok {
				orders = append(orders, protocol.Moderated{Action: action, By: by})
				break
			}
		}
	}
	return orders
}

// extend moves the meeting's end, first in the store. It runs on the socket's
// goroutine, one at a time in a room: so that two extensions add up, and none
// undoes an end.
func (r *liveRoom) extend(ctx context.Context, session *session, socket *socket, minutes int) error {
	r.moving.Lock()
	defer r.moving.Unlock()
	var info rooms.Room
	var host meeting.Participant
	err := r.asHost(session, socket, "extend the meeting", func(p meeting.Participant) error {
		host, info = p, r.info
		info.End = info.End.Add(time.Duration(minutes) * time.Minute)
		if info.End.After(info.Start.Add(longest)) {
			return refusal{protocol.TooLong, "A meeting can last 24 hours at most."}
		}
		return nil
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.hub.store.SetRoomEnd(ctx, info.ID, info.End); err != nil {
		return fmt.Errorf("extend room: %w", err)
	}
	if r.do(func() { r.update(info) }) {
		r.log.Info("meeting extended", "by", session.id, "minutes", minutes)
		r.hub.ledger.Record(byHost(host.Name, rooms.RoomExtended, info))
		return nil
	}
	<-r.gone // it ended while the store was busy: so it stays
	if r.reason != "ended" {
		return errGone
	}
	if err := r.hub.store.SetRoomEnd(ctx, info.ID, time.Now().UTC()); err != nil {
		return fmt.Errorf("take back an extension: %w", err)
	}
	return errGone
}

// end ends the meeting for everybody, first in the store, so that nobody gets
// back in.
func (r *liveRoom) end(ctx context.Context, session *session, socket *socket) error {
	r.moving.Lock()
	defer r.moving.Unlock()
	var host meeting.Participant
	err := r.asHost(session, socket, "end the meeting", func(p meeting.Participant) error {
		host = p
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	if err := r.hub.store.SetRoomEnd(context.WithoutCancel(ctx), socket.info.ID, now); err != nil {
		return fmt.Errorf("end room: %w", err)
	}
	r.log.Info("meeting ended by its host", "by", session.id)
	info := socket.info
	info.End = now
	r.hub.ledger.Record(byHost(host.Name, rooms.RoomEnded, info))
	r.hub.EndRoom(ctx, socket.info.ID)
	return nil
}

// byHost is what a host did to the room itself.
func byHost(name string, kind rooms.EventKind, info rooms.Room) rooms.Event {
	e := rooms.NewEvent(info.ID, kind, time.Now())
	e.By, e.End = name, info.End
	return e
}
