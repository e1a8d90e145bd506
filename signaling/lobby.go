package signaling

import (
	"context"
	"errors"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

// errWaiting refuses what only those in the meeting may do.
var errWaiting = refusal{code: protocol.StillWaiting, message: "A host must let you in first."}

// enqueue puts who joins into the lobby. Its offer is kept, not answered.
func (r *liveRoom) enqueue(now time.Time, s *session, socket *socket, m protocol.Join) error {
	id, err := r.meeting.Knock(now, s.guest.name, s.guest.role)
	if err != nil {
		return placeError(err)
	}
	s.id, s.socket, s.entry = id, socket, m
	s.state.Store(sessionWaiting)
	r.waiting[id], r.tokens[s.token] = s, s
	r.log.Info("somebody waits in the lobby", "participant", id)
	r.tellWaiting(s, m.ID)
	return nil
}

// knockAgain takes a further join of who waits: with the offer that a page
// makes anew after it was sent back.
func (r *liveRoom) knockAgain(s *session, socket *socket, m protocol.Join) error {
	err := errGone
	r.do(func() {
		switch {
		case s.socket != socket:
		case s.state.Load() != sessionWaiting:
			err = errJoined
		default:
			err = nil
			s.entry = m
			r.tellWaiting(s, m.ID)
			r.takeIn(s)
		}
	})
	return err
}

// tellWaiting sends waiting to one who waits.
func (r *liveRoom) tellWaiting(s *session, re int) {
	w, ok := r.meeting.Waiter(s.id)
	if !ok || s.socket == nil {
		return
	}
	s.socket.answer(protocol.Waiting{
		Re: re, ResumeToken: s.token, Name: w.Name, Reason: protocol.WaitReason(w.Reason),
		Room:        protocol.WaitingRoom{ID: r.info.ID, Title: roomTitle(r.info), EndsAt: stamp(r.info.End)},
		OfferWanted: s.entry.Offer == "", HostPresent: r.meeting.HostPresent(), Now: stamp(time.Now()),
	})
}

// tellAllWaiting tells those who wait that something has changed for all.
func (r *liveRoom) tellAllWaiting() {
	for _, s := range r.waiting {
		r.tellWaiting(s, 0)
	}
}

// letIn admits one who waits. Media begins when its page is there to answer.
func (r *liveRoom) letIn(id string) error {
	s := r.waiting[id]
	if s == nil {
		return refusal{code: protocol.NotHere, message: "Nobody of this name waits any more."}
	}
	if _, err := r.meeting.LetIn(time.Now(), id); err != nil {
		return placeError(err)
	}
	r.books.release(s.guest)
	r.takeIn(s)
	return nil
}

// letAllIn admits those who wait, first come first served. Who was sent back
// is only let in by a host who says so.
func (r *liveRoom) letAllIn(sentBackToo bool) (admitted int, err error) {
	rows, _ := r.meeting.Lobby()
	for _, w := range rows {
		if w.Reason == meeting.SentBack && !sentBackToo {
			continue
		}
		if err = r.letIn(w.ID); err != nil {
			return admitted, err
		}
		admitted++
	}
	return admitted, nil
}

// takeIn makes the media connection of one who was admitted, beside the room's
// goroutine, if its page is there and has made an offer.
func (r *liveRoom) takeIn(s *session) {
	if s.socket == nil || s.entry.Offer == "" || !r.meeting.Admitted(s.id) {
		return
	}
	number, ok := r.meeting.TakeIn(s.id)
	if !ok {
		return
	}
	delete(r.waiting, s.id)
	r.sessions[s.id] = s
	r.scribe.expects(s.id, s.guest.user)
	s.state.Store(sessionEntering)
	id, entry := s.id, s.entry
	r.wg.Go(func() {
		media, answer, err := r.joinMedia(r.ctx, id, number, entry)
		if !r.in.call(func() { r.tookIn(s, media, answer, err) }) && err == nil {
			media.Leave()
		}
	})
}

// tookIn hears how the media connection of one who was admitted came about.
func (r *liveRoom) tookIn(s *session, media MediaParticipant, answer string, err error) {
	switch {
	case r.over || r.sessions[s.id] != s:
		if err == nil {
			r.wg.Go(media.Leave)
		}
	case err != nil:
		r.refuseAdmitted(s, err)
	case s.socket == nil: // lost meanwhile: it begins again when the page is back
		r.wg.Go(media.Leave)
		delete(r.sessions, s.id)
		r.scribe.forgets(s.id)
		r.meeting.PutBack(time.Now(), s.id)
		r.waiting[s.id] = s
		s.state.Store(sessionWaiting)
	default:
		s.setMedia(media)
		s.answer = answer
		re := s.entry.ID
		s.entry = protocol.Join{}
		r.seat(s, s.socket, re, answer)
	}
}

// refuseAdmitted tells a page that its offer can't be answered. It may join anew.
func (r *liveRoom) refuseAdmitted(s *session, err error) {
	why, ok := errors.AsType[refusal](err)
	if !ok {
		if !errors.Is(err, errGone) && !errors.Is(err, context.Canceled) {
			r.log.Error("who was admitted could not join", "participant", s.id, "err", err)
		}
		why = refusal{code: protocol.Internal, message: "Something went wrong on the server."}
	}
	r.abort(s)
	delete(r.tokens, s.token)
	if s.socket != nil {
		s.socket.answer(why.answer(s.entry.ID))
		s.socket.idle.Reset(r.hub.cfg.JoinWait)
	}
}

// takeUpWaiting gives the place of one who waits to another socket.
func (r *liveRoom) takeUpWaiting(s *session, socket *socket, m protocol.Resume) error {
	if s.state.Load() == sessionOver {
		return refusal{code: protocol.ResumeExpired, message: "The session is over. Join again."}
	}
	if s.socket != nil {
		s.socket.finish(byeReplaced, false)
	}
	s.socket = socket
	if s.state.Load() == sessionEntering {
		return nil // joined is on its way
	}
	r.meeting.WaiterBack(time.Now(), s.id)
	s.entry.ID = m.ID
	r.tellWaiting(s, m.ID)
	r.takeIn(s)
	return nil
}

// sendToLobby takes a participant out of the meeting. All its media ends here.
func (r *liveRoom) sendToLobby(s *session, by string) {
	r.scribe.leaves(s.id, rooms.ReasonLobby, by)
	r.scribe.left(time.Now(), s.id)
	r.stopMedia(s)
	delete(r.sessions, s.id)
	id, events := r.meeting.SendToLobby(time.Now(), s.id)
	s.id, s.seats, s.answer, s.entry = id, seatTable{}, "", protocol.Join{}
	s.attempt = 0
	r.waiting[id] = s
	s.state.Store(sessionWaiting)
	r.books.hold(s.guest)
	r.broadcastBut(nil, events)
	r.tellWaiting(s, 0)
}

// dropWaiting forgets one who waits.
func (r *liveRoom) dropWaiting(s *session) {
	delete(r.waiting, s.id)
	delete(r.tokens, s.token)
	r.meeting.Unwait(s.id)
	s.state.Store(sessionOver)
}

// showLobby sends the list of who waits to hosts, and to those who wait
// whether a host is there, when that has changed.
func (r *liveRoom) showLobby() {
	rows, version := r.meeting.Lobby()
	if r.lobbyDue || version != r.lobbyShown {
		r.lobbyDue, r.lobbyShown = false, version
		list := encode(lobbyList(rows))
		for id, s := range r.sessions {
			host := s.state.Load() == sessionIn && r.meeting.May(id, meeting.MayModerate)
			if host && s.socket != nil && (len(rows) > 0 || s.lobbyTold) {
				s.socket.out.setLobby(list)
				s.lobbyTold = len(rows) > 0
			}
		}
	}
	if present := r.meeting.HostPresent(); present != r.hostPresent {
		r.hostPresent = present
		r.tellAllWaiting()
	}
}

func lobbyList(rows []meeting.Waiter) protocol.LobbyList {
	list := protocol.LobbyList{Waiting: make([]protocol.Waiter, len(rows))}
	for i, w := range rows {
		list.Waiting[i] = protocol.Waiter{
			ID: w.ID, Name: w.Name, Role: protocol.Role(w.Role), Reason: protocol.WaitReason(w.Reason),
			Since: stamp(w.Since), Connected: w.Connected,
		}
	}
	return list
}
