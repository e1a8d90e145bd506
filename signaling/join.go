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

// join takes a participant in. It runs on the socket's goroutine: only the
// first and the last step enter the room's, so that SDP work holds up nobody.
func (r *liveRoom) join(ctx context.Context, s *socket, m protocol.Join, role meeting.Role) (*session, error) {
	joining := &session{token: rand.Text()}
	var number uint32
	err := errGone
	r.do(func() { number, err = r.admit(joining, m.Name, role, s.user) })
	if err != nil {
		return nil, err
	}
	media, answer, err := r.joinMedia(ctx, joining.id, number, m)
	if err != nil {
		r.do(func() { r.abort(joining) })
		return nil, err
	}
	joining.media = media
	if !r.do(func() { r.seat(joining, s, m.ID, answer) }) {
		media.Leave()
		return nil, errGone
	}
	return joining, nil
}

// admit keeps a place. The session is in the books from here on, so that what
// media tells about it before it has joined is not lost.
func (r *liveRoom) admit(joining *session, name string, role meeting.Role, user int64) (uint32, error) {
	if most := r.info.Capacity; most > 0 && len(r.sessions) >= most {
		return 0, refusal{protocol.RoomFull, "The room is full."}
	}
	id, number, err := r.meeting.Admit(name, role)
	if errors.Is(err, meeting.ErrFull) {
		return 0, refusal{protocol.RoomFull, "The room is full."}
	}
	if errors.Is(err, meeting.ErrLocked) {
		return 0, refusal{protocol.RoomLocked, "A host has locked the meeting."}
	}
	if err != nil {
		return 0, err
	}
	joining.id = id
	r.sessions[id] = joining
	r.scribe.expects(id, user)
	return number, nil
}

func (r *liveRoom) abort(joining *session) {
	delete(r.sessions, joining.id)
	r.meeting.Abort(joining.id)
	r.scribe.forgets(joining.id)
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
	now := time.Now()
	events := r.meeting.Enter(now, s.id)
	r.observe(s.id)
	r.tokens[s.token] = s
	snap := r.meeting.Snapshot()
	p, _ := r.meeting.Participant(s.id)
	s.socket = socket
	pages := rosterPages(snap.Roster, s.id)
	socket.out.begin(append([][]byte{encode(protocol.Joined{
		Re: re, Participant: s.id, ResumeToken: s.token, Role: protocol.Role(p.Role), Answer: answer,
		Room: roomState(snap.Room), Roster: pages[0].Rows, RosterMore: pages[0].More,
		Recording: recordingState(snap.Recording),
		Chat:      chatMessages(snap.Chat), Seq: snap.Seq, Now: stamp(now),
	})}, encodeAll(pages[1:])...))
	s.sendSeats()
	s.sendEncodings(s.wanted)
	s.sendFloor(floorMessage(r.floor))
	r.log.Info("participant joined", "participant", s.id, "role", string(p.Role))
	if rec := r.recorder(); rec != nil {
		rec.Participant(p.ID, p.Name)
		r.toldOfRecording(s)
	}
	r.broadcastBut(s, events)
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
	if _, removed := r.removed[m.Token]; removed {
		return nil, errRemoved
	}
	if s == nil {
		return nil, refusal{protocol.ResumeExpired, "The session is over. Join again."}
	}
	if m.Attempt < s.attempt {
		return nil, errOvertaken
	}
	s.attempt = m.Attempt
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
		return nil, refusal{protocol.ResumeExpired, "Too much has happened since. Join again."}
	}
	msgs := [][]byte{encode(protocol.Resumed{Re: m.ID, Now: stamp(time.Now())})}
	for _, e := range missed {
		msgs = append(msgs, encode(eventMessage(e)))
	}
	for _, order := range r.orders(s.id) {
		msgs = append(msgs, encode(order))
	}
	s.socket = socket
	r.scribe.found(s.id)
	socket.out.begin(msgs)
	if old == nil {
		s.media.Pause(false)
	}
	r.log.Info("session resumed", "participant", s.id, "missed", len(missed))
	r.toldOfRecording(s)
	events := r.meeting.Back(s.id, meeting.Signalling)
	r.observe(s.id)
	r.broadcast(events) // before the tables, which may be written at once
	s.sendSeats()
	s.sendEncodings(s.wanted)
	s.sendFloor(floorMessage(r.floor))
	return s, nil
}
