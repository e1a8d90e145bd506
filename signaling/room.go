package signaling

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/signaling/protocol"
)

// liveRoom is one life of a room: from the first who joins to the last who
// leaves. Its goroutine, run, owns all fields below in; others get at them by do.
type liveRoom struct {
	hub   *Hub
	ctx   context.Context // carries values, never ends
	log   *slog.Logger
	media MediaRoom
	gone  chan struct{} // closed by the hub when the room is out of its books
	in    *inbox

	info      rooms.Room
	meeting   *meeting.Meeting
	sessions  map[string]*session // by participant id
	tokens    map[string]*session // by resume token
	removed   map[string]struct{} // resume tokens of those whom a host removed
	reactions reactions
	floor     []string
	recording *recordingRun // nil while nothing is recorded
	over      bool
	reason    string         // why it is over, in the recorder's words
	wg        sync.WaitGroup // media of those who have left

	moving sync.Mutex // held while the room's end is being moved in the store
}

// session is one participant as the room's goroutine keeps it. Its id and
// media don't change once the participant has joined.
type session struct {
	id      string
	media   MediaParticipant
	token   string  // takes the session up again
	attempt int     // the last of the page to do so
	socket  *socket // nil while lost
	seats   seatTable
}

// roomTitle is what a room is called on the page.
func roomTitle(info rooms.Room) string {
	if info.Description == "" {
		return "Meeting"
	}
	return info.Description
}

func newRoom(ctx context.Context, h *Hub, info rooms.Room) *liveRoom {
	in := newInbox()
	return &liveRoom{
		hub: h, ctx: ctx, log: h.log.With("room", info.ID), media: h.media.NewRoom(info.ID, in),
		gone: make(chan struct{}), in: in, info: info,
		meeting: meeting.New(
			meeting.Info{ID: info.ID, Title: roomTitle(info), EndsAt: info.End},
			meeting.Config{
				Capacity: h.cfg.MaxParticipants, Events: h.cfg.EventBuffer, ResumeWindow: h.cfg.ResumeWindow,
			}),
		sessions: map[string]*session{}, tokens: map[string]*session{}, removed: map[string]struct{}{},
	}
}

// run is the room's goroutine. When it returns, the room has no media left.
func (r *liveRoom) run() {
	r.log.Info("room opened")
	timer := time.NewTimer(time.Until(r.meeting.Deadline()))
	defer timer.Stop()
	for !r.over {
		select {
		case <-r.in.wake:
			r.handle()
		case <-timer.C:
		}
		r.tick(time.Now())
		timer.Reset(time.Until(r.deadline()))
	}
	for _, f := range r.in.close() {
		f() // they find the room over
	}
	r.media.Close()
	r.wg.Wait()
	r.log.Info("room closed", "reason", r.reason)
}

func (r *liveRoom) handle() {
	calls, news := r.in.take()
	for _, f := range calls {
		f()
	}
	if r.over {
		return
	}
	for id, state := range news.links {
		r.link(id, state)
	}
	for id, table := range news.seats {
		if s := r.sessions[id]; s != nil && s.seats.epoch < table.epoch {
			s.seats = table
			s.sendSeats()
		}
	}
	if news.floor != nil {
		r.floor = news.floor
		for _, s := range r.sessions {
			s.sendFloor(r.floor)
		}
	}
	if r.meeting.Empty() {
		r.finish(byeEnded, "empty") // nobody hears the bye
	}
}

// tick does what time alone demands.
func (r *liveRoom) tick(now time.Time) {
	if r.over {
		return
	}
	if r.meeting.Ended(now) {
		r.finish(byeEnded, "ended")
		return
	}
	r.showReactions(now)
	gone, events := r.meeting.Expire(now)
	for _, id := range gone {
		r.log.Info("participant left", "participant", id, "reason", "lost")
		r.remove(r.sessions[id])
	}
	r.broadcast(events)
	if r.meeting.Empty() {
		r.finish(byeEnded, "empty")
	}
}

// deadline is when tick has to be called next, if nothing happens before.
func (r *liveRoom) deadline() time.Time {
	next := r.meeting.Deadline()
	if at := r.reactions.due; !at.IsZero() && at.Before(next) {
		return at
	}
	return next
}

// do runs f on the room's goroutine and waits for it. It reports false, and
// f has not run, when the room's life is over.
func (r *liveRoom) do(f func()) bool {
	ran := false
	done := make(chan struct{})
	called := r.in.call(func() {
		defer close(done)
		if !r.over {
			f()
			ran = true
		}
	})
	if !called {
		return false
	}
	<-done
	return ran
}

// finish ends this life of the room. Everybody hears f; reason is for the recorder.
func (r *liveRoom) finish(f farewell, reason string) {
	if r.over {
		return
	}
	r.over, r.reason = true, reason
	r.stopRecording(reason, "", "")
	for _, s := range r.sessions {
		if s.socket != nil {
			s.socket.finish(f, false)
			s.socket = nil
		}
	}
}

func (r *liveRoom) update(info rooms.Room) {
	if info.Version < r.info.Version {
		return // overtaken by a later change
	}
	r.info = info
	r.broadcast(r.meeting.Change(roomTitle(info), info.End))
}

// broadcast sends events to everybody.
func (r *liveRoom) broadcast(events []meeting.Event) { r.broadcastBut(nil, events) }

// broadcastBut sends events to everybody but one. Who can't take them is lost,
// which makes further events; those are for all.
func (r *liveRoom) broadcastBut(but *session, events []meeting.Event) {
	for len(events) > 0 {
		var slow []*session
		for _, e := range events {
			msg := encode(eventMessage(e))
			for _, s := range r.sessions {
				if s != but && s.socket != nil && !s.socket.out.push(msg) {
					s.socket.finish(byeSlow, true)
					slow = append(slow, s)
				}
			}
		}
		but, events = nil, nil
		for _, s := range slow {
			if s.socket != nil { // not twice
				r.log.Warn("socket cut off", "participant", s.id, "reason", "it does not read")
				events = append(events, r.detach(s, 0)...)
			}
		}
	}
}

// detach notes that a session has no socket any more.
func (r *liveRoom) detach(s *session, silence time.Duration) []meeting.Event {
	s.socket = nil
	s.media.Pause(true)
	return r.meeting.Lost(time.Now().Add(-silence), s.id, meeting.Signalling)
}

// remove forgets a session that has left the meeting.
func (r *liveRoom) remove(s *session) {
	delete(r.sessions, s.id)
	delete(r.tokens, s.token)
	if rec := r.recorder(); rec != nil {
		rec.Left(s.id)
	}
	r.wg.Go(s.media.Leave)
}

func (r *liveRoom) link(id string, state sfu.LinkState) {
	switch state {
	case sfu.LinkUp:
		r.broadcast(r.meeting.Back(id, meeting.Media))
	case sfu.LinkInterrupted, sfu.LinkFailed:
		r.log.Info("media link lost", "participant", id, "state", string(state))
		r.broadcast(r.meeting.Lost(time.Now(), id, meeting.Media))
	case sfu.LinkConnecting: // says nothing about what was before
	}
}

func (s *session) sendSeats() {
	if s.socket != nil && s.seats.epoch > 0 {
		s.socket.out.setSeats(protocol.Seats{Epoch: s.seats.epoch, Seats: seatRows(s.seats.rows)})
	}
}

func (s *session) sendFloor(floor []string) {
	if s.socket != nil && floor != nil {
		s.socket.out.setFloor(protocol.Floor{Participants: floor})
	}
}

// as runs f on the room's goroutine. It returns errGone, and f has not run,
// when the session is over or goes on in another socket.
func (r *liveRoom) as(session *session, socket *socket, f func() error) error {
	err := errGone
	r.do(func() {
		if session.socket == socket {
			err = f()
		}
	})
	return err
}

func (r *liveRoom) publish(session *session, socket *socket, m protocol.Publish) error {
	return r.as(session, socket, func() error {
		events := r.meeting.Publish(session.id, meeting.Source(m.Source), m.On, m.Muted)
		if events == nil {
			return nil
		}
		r.setSource(session, sfu.Source(m.Source), m.On, m.Muted)
		r.broadcast(events)
		return nil
	})
}

// setSource tells media and recorder what a source does now.
func (r *liveRoom) setSource(session *session, source sfu.Source, on, muted bool) {
	session.media.SetSource(source, on, muted)
	if rec := r.recorder(); rec != nil {
		rec.Source(session.id, source, on, muted)
	}
}

func (r *liveRoom) chat(session *session, socket *socket, text string) error {
	return r.as(session, socket, func() error {
		r.broadcast(r.meeting.Say(time.Now(), session.id, text))
		return nil
	})
}

func (r *liveRoom) leave(session *session, socket *socket) error {
	return r.as(session, socket, func() error {
		r.log.Info("participant left", "participant", session.id, "reason", "left")
		session.socket = nil
		socket.finish(byeLeft, false)
		r.remove(session)
		r.broadcast(r.meeting.Leave(session.id))
		return nil
	})
}

// lost tells that a socket has ended, after a silence of so long. Its session
// waits to be resumed.
func (r *liveRoom) lost(session *session, socket *socket, silence time.Duration) {
	r.do(func() {
		if session.socket == socket {
			r.log.Info("session lost", "participant", session.id)
			r.broadcast(r.detach(session, silence))
		}
	})
}
