package signaling

import (
	"errors"
	"time"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

var errMayNotChat = refusal{code: protocol.Forbidden, message: "The audience can't write in this meeting."}

func (r *liveRoom) chat(session *session, socket *socket, m protocol.SendChat) error {
	return r.as(session, socket, func() error { return r.say(session, m.To, m.Text, nil) })
}

// say takes a line, with a file or nil, to everybody or to one participant.
func (r *liveRoom) say(session *session, to, text string, file *meeting.File) error {
	if !r.meeting.May(session.id, meeting.MayChat) {
		return errMayNotChat
	}
	if to != "" {
		return r.tellOne(session, to, text, file)
	}
	r.broadcast(r.meeting.Say(time.Now(), session.id, text, file))
	if p, ok := r.meeting.Participant(session.id); ok && r.recorder() != nil {
		r.recorder().Chat(p.ID, p.Name, recordedLine(text, file))
	}
	return nil
}

// recordedLine is a line of the chat as a recording keeps it: a file lives no
// longer than the meeting, so of it the name is all there is.
func recordedLine(text string, file *meeting.File) string {
	if file == nil {
		return text
	}
	return "📎 " + file.Name
}

// tellOne takes a line to one participant. Nobody else hears of it, a recording
// neither.
func (r *liveRoom) tellOne(session *session, to, text string, file *meeting.File) error {
	own, theirs, err := r.meeting.Tell(time.Now(), session.id, to, text, file)
	if err != nil {
		return reachError(err)
	}
	session.sendDirect(own)
	r.sessions[to].sendDirect(theirs)
	return nil
}

// reachError is what the page hears when a line can't reach somebody.
func reachError(err error) error {
	switch {
	case errors.Is(err, meeting.ErrAbsent):
		return refusal{code: protocol.NotHere, message: "This participant is not in the meeting."}
	case errors.Is(err, meeting.ErrUnread):
		return refusal{code: protocol.Forbidden, message: "This participant does not see the chat."}
	case errors.Is(err, meeting.ErrAlone):
		return refusal{code: protocol.BadMessage, message: "to must be another participant"}
	}
	return err
}

// sendDirect sends a private line. Who has no socket gets it when it resumes.
func (s *session) sendDirect(line meeting.Direct) {
	if s.socket != nil {
		s.socket.answer(directMessage(line))
	}
}

func directMessage(d meeting.Direct) protocol.Direct {
	return protocol.Direct{Number: d.Number, ChatMessage: chatMessage(d.Message), To: d.To, ToName: d.ToName}
}

// spotlight shows somebody large to everybody.
func (r *liveRoom) spotlight(session *session, socket *socket, m protocol.Spotlight) error {
	action := "unspotlight"
	if m.On {
		action = "spotlight"
	}
	return r.asHost(session, socket, "put somebody in the spotlight", action, func(meeting.Participant) error {
		p, here := r.meeting.Participant(m.Participant)
		switch {
		case !here:
			return refusal{code: protocol.NotHere, message: "This participant is not in the meeting."}
		case m.On && p.Role == meeting.Audience:
			return refusal{code: protocol.Forbidden, message: "The audience has no picture to show."}
		}
		r.log.Info("spotlight moved", "by", session.id, "participant", p.ID, "on", m.On)
		r.broadcast(r.meeting.Spotlight(p.ID, m.On))
		return nil
	})
}
