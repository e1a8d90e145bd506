package signaling

import (
	"slices"
	"time"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

// Reactions wait a moment, so that a burst of applause is one message.
const (
	reactionGap      = 100 * time.Millisecond
	reactionGapCrowd = 500 * time.Millisecond
	crowd            = 50 // participants from which on the longer gap holds
	maxReacting      = 20 // participants named per emoji
)

// reactions are the emojis that wait to be shown, in the order they came.
type reactions struct {
	rows []protocol.Reaction
	due  time.Time // when they are shown; zero while none waits
}

// add notes that a participant reacted.
func (q *reactions) add(now time.Time, participant string, emoji protocol.Emoji, participants int) {
	if q.due.IsZero() {
		q.due = now.Add(reactionGap)
		if participants > crowd {
			q.due = now.Add(reactionGapCrowd)
		}
	}
	at := slices.IndexFunc(q.rows, func(r protocol.Reaction) bool { return r.Emoji == emoji })
	if at < 0 {
		q.rows = append(q.rows, protocol.Reaction{Emoji: emoji})
		at = len(q.rows) - 1
	}
	row := &q.rows[at]
	row.Count++
	row.Participants = slices.DeleteFunc(row.Participants, func(id string) bool { return id == participant })
	row.Participants = append(row.Participants, participant)
	if len(row.Participants) > maxReacting {
		row.Participants = row.Participants[1:]
	}
}

// take returns what is due at now and forgets it.
func (q *reactions) take(now time.Time) []protocol.Reaction {
	if q.due.IsZero() || now.Before(q.due) {
		return nil
	}
	rows := q.rows
	*q = reactions{}
	return rows
}

func (r *liveRoom) react(session *session, socket *socket, emoji protocol.Emoji) error {
	return r.as(session, socket, func() error {
		if !r.meeting.May(session.id, meeting.MayReact) {
			return refusal{code: protocol.Forbidden, message: "The audience can't react in this meeting."}
		}
		r.reactions.add(time.Now(), session.id, emoji, len(r.sessions))
		return nil
	})
}

// showReactions sends what is due. Who is behind with reading does without.
func (r *liveRoom) showReactions(now time.Time) {
	rows := r.reactions.take(now)
	if rows == nil {
		return
	}
	msg := encode(protocol.Reactions{Reactions: rows})
	for _, s := range r.sessions {
		if s.socket != nil {
			s.socket.out.offer(msg)
		}
	}
}
