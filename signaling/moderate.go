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

// asHost is as, for what only hosts may do. What is called action in the audit
// log was done, or refused.
func (r *liveRoom) asHost(session *session, socket *socket, what, action string, f func(host meeting.Participant) error) error {
	return r.as(session, socket, func() error {
		host, _ := r.meeting.Participant(session.id)
		err := error(refusal{code: protocol.Forbidden, message: "Only a host can " + what + "."})
		if r.meeting.May(session.id, meeting.MayModerate) {
			err = f(host)
		}
		r.audit(session, host, action, err, nil)
		return err
	})
}

// audit notes what a participant did to the room, or to whom details names.
func (r *liveRoom) audit(by *session, p meeting.Participant, action string, err error, details map[string]string) {
	e := rooms.AuditEntry{
		Kind: rooms.ActorParticipant, ActorID: p.ID, Actor: p.Name, Address: addressOf(by.guest), Action: "meeting." + action,
		Object: r.info.ID, Outcome: rooms.OutcomeOK, Details: details,
	}
	if err != nil {
		e.Outcome = rooms.OutcomeRefused
	}
	r.hub.audit(e)
}

func addressOf(g guest) string {
	if !g.addr.IsValid() {
		return ""
	}
	return g.addr.String()
}

func (r *liveRoom) hand(session *session, socket *socket, up bool) error {
	return r.as(session, socket, func() error {
		if up && !r.meeting.May(session.id, meeting.MayRaise) {
			return refusal{code: protocol.Forbidden, message: "The audience can't raise hands in this meeting."}
		}
		r.broadcast(r.meeting.Raise(session.id, up))
		return nil
	})
}

func (r *liveRoom) lock(session *session, socket *socket, on bool) error {
	return r.asHost(session, socket, "lock the meeting", onOff("lock", on), func(meeting.Participant) error {
		r.log.Info("room locked or unlocked", "by", session.id, "locked", on)
		r.broadcast(r.meeting.Lock(on))
		return nil
	})
}

// onOff names an action that has an opposite.
func onOff(action string, on bool) string {
	if on {
		return action
	}
	return "un" + action
}

func (r *liveRoom) moderate(session *session, socket *socket, m protocol.Moderate) error {
	return r.as(session, socket, func() error {
		host, _ := r.meeting.Participant(session.id)
		err := error(refusal{code: protocol.Forbidden, message: "Only a host can do that."})
		details := map[string]string{}
		if m.Participant != "" {
			details["participant"] = m.Participant
		}
		if m.Role != "" {
			details["role"] = string(m.Role)
		}
		if m.Ban {
			details["ban"] = "true"
		}
		if r.meeting.May(session.id, meeting.MayModerate) {
			if name := r.nameOf(m.Participant); name != "" {
				details["name"] = name
			}
			err = r.moderateBy(host, m)
		}
		r.audit(session, host, string(m.Action), err, details)
		return err
	})
}

// nameOf returns the name of somebody in the meeting or its lobby.
func (r *liveRoom) nameOf(id string) string {
	if p, ok := r.meeting.Participant(id); ok {
		return p.Name
	}
	w, _ := r.meeting.Waiter(id)
	return w.Name
}

// moderateBy does what host wants, who may be somebody outside the meeting: then
// it has a name but no id.
func (r *liveRoom) moderateBy(host meeting.Participant, m protocol.Moderate) error {
	r.log.Info("participant moderated", "by", host.ID, "participant", m.Participant, "action", string(m.Action))
	switch m.Action {
	case protocol.MuteAll:
		r.muteAll(host)
		return nil
	case protocol.Admit:
		return r.letIn(m.Participant)
	case protocol.AdmitAll:
		_, err := r.letAllIn(true)
		return err
	case protocol.Deny:
		return r.deny(m)
	default:
	}
	target, ok := r.meeting.Participant(m.Participant)
	if !ok {
		return refusal{code: protocol.NotHere, message: "This participant is not in the meeting."}
	}
	if target.ID == host.ID {
		return refusal{code: protocol.BadMessage, message: "moderate is for the other participants"}
	}
	r.act(host, r.sessions[target.ID], m)
	return nil
}

// deny sends somebody off who waits.
func (r *liveRoom) deny(m protocol.Moderate) error {
	s := r.waiting[m.Participant]
	if s == nil {
		return refusal{code: protocol.NotHere, message: "Nobody of this name waits any more."}
	}
	if m.Ban {
		r.books.remove(s, true)
	}
	r.expel(s, byeDenied)
	return nil
}

// switchLobby has guests wait from here on, or lets in all who do.
func (r *liveRoom) switchLobby(session *session, socket *socket, on bool) error {
	return r.asHost(session, socket, "open or close the lobby", onOff("lobby", on), func(meeting.Participant) error {
		r.setLobby(on)
		return nil
	})
}

func (r *liveRoom) setLobby(on bool) {
	r.broadcast(r.meeting.SetLobby(on))
	if on {
		return
	}
	if n, err := r.letAllIn(false); err != nil {
		r.log.Info("not all who waited got in", "admitted", n, "reason", err.Error())
	}
}

func (r *liveRoom) muteAll(host meeting.Participant) {
	var others []string
	for id, s := range r.sessions {
		if id != host.ID && s.state.Load() == sessionIn {
			others = append(others, id)
		}
	}
	r.hold(host, others, protocol.Mute)
}

// act does to a participant what a host wants.
func (r *liveRoom) act(host meeting.Participant, target *session, m protocol.Moderate) {
	switch m.Action {
	case protocol.Mute, protocol.StopCamera, protocol.StopScreen:
		r.hold(host, []string{target.id}, m.Action)
	case protocol.AskToUnmute:
		target.tell(m.Action, host.Name)
	case protocol.LowerHand:
		if events := r.meeting.Raise(target.id, false); events != nil {
			r.broadcast(events)
			target.tell(m.Action, host.Name)
		}
	case protocol.MakeHost:
		r.setRole(host, target, meeting.Host, m.Action)
	case protocol.SetRole:
		r.setRole(host, target, meeting.Role(m.Role), m.Action)
	case protocol.HandOver:
		if host.ID == "" { // nobody's place to take
			r.setRole(host, target, meeting.Host, protocol.MakeHost)
			return
		}
		r.broadcast(r.meeting.HandOver(host.ID, target.id))
		r.roleChanged(target)
		target.tellRole(m.Action, protocol.Host, host.Name)
	case protocol.Remove:
		r.books.remove(target, m.Ban)
		r.scribe.leaves(target.id, rooms.ReasonRemoved, host.Name)
		r.expel(target, byeRemoved)
	case protocol.SendToLobby:
		r.sendToLobby(target, host.Name)
	case protocol.MuteAll, protocol.Admit, protocol.AdmitAll, protocol.Deny: // concern nobody in the meeting
	}
}

// setRole gives a participant another role.
func (r *liveRoom) setRole(host meeting.Participant, target *session, role meeting.Role, action protocol.Action) {
	events := r.meeting.SetRole(target.id, role)
	if events == nil {
		return
	}
	r.roleChanged(target)
	r.broadcast(events)
	if action == protocol.MakeHost {
		target.tell(action, host.Name)
		return
	}
	target.tellRole(action, protocol.Role(role), host.Name)
}

// roleChanged brings media in line with a new role: what the audience sends is
// dropped from here on, and its sources are off.
func (r *liveRoom) roleChanged(s *session) {
	may := r.meeting.May(s.id, meeting.MayPublish)
	s.media().Bar(!may)
	if !may {
		for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen, sfu.ScreenAudio} {
			r.setSource(s, source, false, false)
		}
	}
	r.lobbyDue, s.lobbyTold = true, false
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

// tellRole tells a page that its participant has another role.
func (s *session) tellRole(action protocol.Action, role protocol.Role, by string) {
	if s.socket != nil {
		s.socket.answer(protocol.Moderated{Action: action, By: by, Role: role})
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
	var by meeting.Participant
	err := r.asHost(session, socket, "extend the meeting", "extend", func(host meeting.Participant) error {
		info, by = r.info, host
		info.End = info.End.Add(time.Duration(minutes) * time.Minute)
		if info.End.After(info.Start.Add(longest)) {
			return refusal{code: protocol.TooLong, message: "A meeting can last 24 hours at most."}
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
		r.log.Info("meeting extended", "by", by.ID, "minutes", minutes)
		r.hub.ledger.Record(byHost(by.Name, rooms.RoomExtended, info))
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
	var by meeting.Participant
	err := r.asHost(session, socket, "end the meeting", "end", func(host meeting.Participant) error {
		by = host
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	if err := r.hub.store.SetRoomEnd(context.WithoutCancel(ctx), socket.roomID, now); err != nil {
		return fmt.Errorf("end room: %w", err)
	}
	r.log.Info("meeting ended by its host", "by", by.ID)
	info := *socket.info.Load()
	info.End = now
	r.hub.ledger.Record(byHost(by.Name, rooms.RoomEnded, info))
	r.hub.EndRoom(ctx, socket.roomID)
	return nil
}

// byHost is what a host did to the room itself.
func byHost(name string, kind rooms.EventKind, info rooms.Room) rooms.Event {
	e := rooms.NewEvent(info.ID, kind, time.Now())
	e.By, e.End = name, info.End
	return e
}
