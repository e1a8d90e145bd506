package signaling

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/signaling/protocol"
)

// join takes somebody in, or into the lobby. It runs on the socket's
// goroutine: only the first and the last step enter the room's, so that SDP
// work holds up nobody.
func (r *liveRoom) join(ctx context.Context, s *socket, m protocol.Join, g guest) (*session, error) {
	joining := &session{token: rand.Text(), guest: g, uploads: newUploading(rand.Text())}
	var number uint32
	var waits bool
	err := errGone
	r.do(func() { number, waits, err = r.receive(joining, s, m) })
	if err != nil {
		return nil, err
	}
	if waits {
		return joining, nil
	}
	media, answer, err := r.joinMedia(ctx, joining.id, number, m)
	if err != nil {
		r.do(func() { r.abort(joining) })
		return nil, err
	}
	err = errGone
	r.do(func() {
		if r.sessions[joining.id] != joining {
			err = refusal{code: protocol.LinkExpired, message: "The link is not valid any more. Ask for a new one."}
			return
		}
		err = nil
		joining.setMedia(media)
		r.seat(joining, s, m.ID, answer)
	})
	if err != nil {
		media.Leave()
		return nil, err
	}
	return joining, nil
}

// receive decides what happens to who comes: kept out, sent to the lobby, or
// given a place.
func (r *liveRoom) receive(joining *session, s *socket, m protocol.Join) (number uint32, waits bool, err error) {
	g := joining.guest
	now := time.Now()
	switch {
	case r.books.removed(g):
		return 0, false, errRemoved
	case !now.Before(r.info.End): // it runs over
		return 0, false, errEnded
	case g.link != "" && (g.epoch < r.info.Rules.LinkEpoch || r.books.revokes(g.link)):
		return 0, false, refusal{code: protocol.LinkExpired, message: "The link is not valid any more. Ask for a new one."}
	case g.role != meeting.Host && (r.meeting.Info().Lobby || r.books.holds(g)):
		return 0, true, r.enqueue(now, joining, s, m)
	}
	number, err = r.admit(joining, g.name, g.role)
	return number, false, err
}

// admit keeps a place. The session is in the books from here on, so that what
// media tells about it before it has joined is not lost.
func (r *liveRoom) admit(joining *session, name string, role meeting.Role) (uint32, error) {
	id, number, err := r.meeting.Admit(name, role)
	if err != nil {
		return 0, placeError(err)
	}
	joining.id = id
	r.sessions[id] = joining
	r.scribe.expects(id, joining.guest.user)
	return number, nil
}

// placeError is what the page hears when there is no place for it.
func placeError(err error) error {
	switch {
	case errors.Is(err, meeting.ErrFull):
		return refusal{code: protocol.RoomFull, message: "The room is full."}
	case errors.Is(err, meeting.ErrLobbyFull):
		return refusal{code: protocol.RoomFull, message: "Too many are waiting already."}
	case errors.Is(err, meeting.ErrLocked):
		return refusal{code: protocol.RoomLocked, message: "A host has locked the meeting."}
	}
	return err
}

func (r *liveRoom) abort(joining *session) {
	joining.state.Store(sessionOver)
	if r.sessions[joining.id] == joining {
		delete(r.sessions, joining.id)
		r.meeting.Abort(joining.id)
		r.scribe.forgets(joining.id)
	}
}

func (r *liveRoom) joinMedia(
	ctx context.Context, id string, number uint32, m protocol.Join,
) (MediaParticipant, string, error) {
	ctx, cancel := context.WithTimeout(ctx, mediaWait)
	defer cancel()
	p, answer, err := r.media.Join(ctx, sfu.Entry{
		ID: id, Number: number, Offer: m.Offer, Sources: mediaSources(m.Sources), View: mediaTiles(m.View),
	})
	if err != nil {
		return nil, "", offerError(err)
	}
	return p, answer, nil
}

// seat puts an admitted participant on the roster: joined goes out before
// anything else that concerns it.
func (r *liveRoom) seat(s *session, socket *socket, re int, answer string) {
	events := r.meeting.Enter(time.Now(), s.id)
	r.observe(s.id)
	p, _ := r.meeting.Participant(s.id)
	if p.Role == meeting.Audience {
		s.media().Bar(true) // before the page can send anything: it has no answer yet
	}
	r.tokens[s.token] = s
	s.state.Store(sessionIn)
	s.socket, s.attempt = socket, 0
	r.greet(s, re, answer)
	r.log.Info("participant joined", "participant", s.id, "role", string(p.Role))
	if rec := r.recorder(); rec != nil {
		rec.Participant(p.ID, p.Name)
		r.toldOfRecording(s)
	}
	r.broadcastBut(s, events)
	r.recordByPolicy()
}

// greet sends joined, with all that has happened so far.
func (r *liveRoom) greet(s *session, re int, answer string) {
	snap := r.meeting.Snapshot()
	p, _ := r.meeting.Participant(s.id)
	pages := rosterPages(snap.Roster, s.id)
	s.socket.out.begin(append([][]byte{encode(protocol.Joined{
		Re: re, Participant: s.id, ResumeToken: s.token, Role: protocol.Role(p.Role), Answer: answer,
		Room: roomState(snap.Room), Roster: pages[0].Rows, RosterMore: pages[0].More,
		Recording: recordingState(snap.Recording),
		Chat:      chatMessages(snap.Chat), Files: r.fileTerms(s), Seq: snap.Seq, Now: stamp(time.Now()),
	})}, encodeAll(pages[1:])...))
	s.sendSeats()
	s.sendEncodings(s.wanted)
	s.sendCodecs(s.codecs)
	s.sendFloor(floorMessage(r.floor))
	r.lobbyDue, s.lobbyTold = true, false
}

// resume gives a session to another socket, which first gets what it missed.
func (r *liveRoom) resume(socket *socket, m protocol.Resume) (*session, error) {
	var found *session
	err := errGone
	r.do(func() { found, err = r.takeUp(socket, m) })
	return found, err
}

func (r *liveRoom) takeUp(socket *socket, m protocol.Resume) (*session, error) {
	s := r.tokens[m.Token]
	if _, removed := r.books.tokens[m.Token]; removed {
		return nil, errRemoved
	}
	if s == nil {
		return nil, refusal{code: protocol.ResumeExpired, message: "The session is over. Join again."}
	}
	if m.Attempt < s.attempt {
		return nil, errOvertaken
	}
	s.attempt = m.Attempt
	if s.state.Load() != sessionIn {
		return s, r.takeUpWaiting(s, socket, m)
	}
	missed, ok := r.meeting.After(m.After)
	old := s.socket
	if old != nil {
		old.finish(byeReplaced, false)
	}
	if !ok { // the page will join anew: don't leave its former self behind
		r.log.Info("participant left", "participant", s.id, "reason", "missed too much")
		s.socket = nil
		r.scribe.leaves(s.id, rooms.ReasonLost, "")
		r.remove(s)
		r.broadcast(r.meeting.Leave(s.id))
		return nil, refusal{code: protocol.ResumeExpired, message: "Too much has happened since. Join again."}
	}
	s.socket = socket
	if old == nil {
		s.media().Pause(false)
	}
	if m.After == 0 && s.answer != "" { // joined was lost on the way out of the lobby
		r.greet(s, m.ID, s.answer)
		r.broadcast(r.meeting.Back(s.id, meeting.Signalling))
		return s, nil
	}
	msgs := [][]byte{encode(protocol.Resumed{Re: m.ID, Now: stamp(time.Now())})}
	for _, e := range missed {
		msgs = append(msgs, encode(eventMessage(e)))
	}
	for _, line := range r.meeting.DirectsAfter(s.id, m.DirectAfter) {
		msgs = append(msgs, encode(directMessage(line)))
	}
	for _, order := range r.orders(s.id) {
		msgs = append(msgs, encode(order))
	}
	r.scribe.found(s.id)
	socket.out.begin(msgs)
	r.lobbyDue, s.lobbyTold = true, false
	r.log.Info("session resumed", "participant", s.id, "missed", len(missed))
	r.toldOfRecording(s)
	events := r.meeting.Back(s.id, meeting.Signalling)
	r.observe(s.id)
	r.broadcast(events) // before the tables, which may be written at once
	s.sendSeats()
	s.sendEncodings(s.wanted)
	s.sendCodecs(s.codecs)
	s.sendFloor(floorMessage(r.floor))
	return s, nil
}
