package signaling

import (
	"context"
	"log/slog"
	"maps"
	"slices"
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
	sessions  map[string]*session // by participant id, those included that are entering
	waiting   map[string]*session // by id in the lobby
	tokens    map[string]*session // of both, by resume token
	books     *books
	reactions reactions
	sharing   sharing

	lobbyShown  int64     // the version of the lobby that hosts have been told
	lobbyDue    bool      // somebody may have become a host since
	hostPresent bool      // as those who wait have been told
	autoBegun   bool      // the policy has begun its recording in this life
	rosterDue   time.Time // when changes that wait are told; zero while none do
	scribe      *scribe
	floor       []string
	recording   *recordingRun // nil while nothing is recorded
	over        bool
	reason      string         // why it is over, in the recorder's words
	wg          sync.WaitGroup // media of those who have left

	moving sync.Mutex // held while the room's end is being moved in the store
}

// roomTitle is what a room is called on the page.
func roomTitle(info rooms.Room) string {
	if info.Description == "" {
		return "Meeting"
	}
	return info.Description
}

func newRoom(ctx context.Context, h *Hub, info rooms.Room, b *books) *liveRoom {
	in := newInbox()
	r := &liveRoom{
		hub: h, ctx: ctx, log: h.log.With("room", info.ID), media: h.media.NewRoom(info.ID, in),
		gone: make(chan struct{}), in: in, info: info,
		meeting: meeting.New(
			meeting.Info{
				ID: info.ID, Title: roomTitle(info), EndsAt: info.End, Lobby: info.Rules.Lobby,
				Recording: info.Rules.Recording, Audience: info.Rules.Audience,
			},
			meeting.Config{
				Capacity: h.cfg.MaxParticipants, Events: h.cfg.EventBuffer, ResumeWindow: h.cfg.ResumeWindow,
				Grace: h.cfg.EndGrace,
			}),
		scribe:   newScribe(h.ledger, info.ID),
		sessions: map[string]*session{}, waiting: map[string]*session{}, tokens: map[string]*session{}, books: b,
		sharing: newSharing(h.cfg.Files),
	}
	r.meeting.SetCapacity(info.Capacity)
	return r
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
		if !r.over {
			r.showLobby()
		}
		timer.Reset(time.Until(r.deadline()))
	}
	for _, f := range r.in.close() {
		f() // they find the room over
	}
	r.closeFiles()
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
	for id, wanted := range news.wanted {
		if s := r.sessions[id]; s != nil {
			s.want(wanted)
		}
	}
	for id, codecs := range news.codecs {
		if s := r.sessions[id]; s != nil {
			s.sendIn(codecs)
		}
	}
	if news.floor != nil {
		r.floor = news.floor
		msg := floorMessage(r.floor)
		for _, s := range r.sessions {
			s.sendFloor(msg)
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
	r.flushRoster(now)
	gone, events := r.meeting.Expire(now)
	for _, id := range gone {
		r.log.Info("participant left", "participant", id, "reason", "lost")
		r.scribe.leaves(id, rooms.ReasonLost, "")
		r.remove(r.sessions[id])
	}
	r.broadcast(events)
	for _, id := range r.meeting.ExpireLobby(now) {
		r.log.Info("somebody waits no more", "participant", id)
		s := r.waiting[id]
		if s.socket != nil {
			s.socket.finish(byeIdle, false)
			s.socket = nil
		}
		r.dropWaiting(s)
	}
	if r.meeting.Empty() {
		r.finish(byeEnded, "empty")
	}
}

// deadline is when tick has to be called next, if nothing happens before.
func (r *liveRoom) deadline() time.Time {
	next := r.meeting.Deadline()
	for _, at := range []time.Time{r.reactions.due, r.rosterDue} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
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
	r.stopRecording(reason, "", meeting.Remark{})
	r.scribe.end(time.Now(), reason)
	for _, s := range r.sessions {
		if s.socket != nil {
			s.socket.finish(f, false)
			s.socket = nil
		}
	}
	for _, s := range r.waiting {
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
	was := r.info
	r.info = info
	r.meeting.SetCapacity(info.Capacity)
	r.broadcast(r.meeting.Change(roomTitle(info), info.End))
	r.broadcast(r.meeting.SetRules(info.Rules.Recording, info.Rules.Audience))
	if info.Rules.Lobby != was.Rules.Lobby {
		r.setLobby(info.Rules.Lobby)
	}
	if roomTitle(info) != roomTitle(was) || !info.End.Equal(was.End) {
		r.tellAllWaiting()
	}
	r.recordByPolicy()
}

// detach notes that a session has had no socket since at.
func (r *liveRoom) detach(s *session, at time.Time) []meeting.Event {
	s.socket = nil
	s.media().Pause(true)
	r.scribe.lost(s.id, at)
	events := r.meeting.Lost(at, s.id, meeting.Signalling)
	r.observe(s.id)
	return events
}

// observe shows the scribe a row that may have changed: in a crowd the
// meeting's events tell of many changes as one.
func (r *liveRoom) observe(id string) {
	if row, here := r.meeting.Participant(id); here {
		r.scribe.readRow(time.Now(), row)
	}
}

// remove forgets a session that has left the meeting.
func (r *liveRoom) remove(s *session) {
	delete(r.sessions, s.id)
	delete(r.tokens, s.token)
	r.scribe.left(time.Now(), s.id)
	r.stopMedia(s)
	s.state.Store(sessionOver)
}

// stopMedia ends the media of a participant. No packet of it is forwarded or
// recorded any more.
func (r *liveRoom) stopMedia(s *session) {
	media := s.media()
	s.setMedia(nil)
	if rec := r.recorder(); rec != nil {
		rec.Left(s.id)
	}
	r.wg.Go(media.Leave)
}

// expel sends somebody off who is in the meeting, entering it or waiting.
func (r *liveRoom) expel(s *session, f farewell) {
	if s.socket != nil {
		s.socket.finish(f, false)
		s.socket = nil
	}
	switch s.state.Load() {
	case sessionWaiting:
		r.dropWaiting(s)
	case sessionIn:
		r.scribe.leavesFor(s.id, f.why())
		r.remove(s)
		r.broadcast(r.meeting.Leave(s.id))
	case sessionEntering: // whoever makes its media finds it gone
		r.abort(s)
		delete(r.tokens, s.token)
	}
}

// expelSocket does the same to the session of a socket, if it has one.
func (r *liveRoom) expelSocket(socket *socket, f farewell) {
	for _, s := range r.everybody() {
		if s.socket == socket {
			r.expel(s, f)
		}
	}
}

// everybody returns all sessions, those of who waits too.
func (r *liveRoom) everybody() []*session {
	return slices.AppendSeq(slices.Collect(maps.Values(r.sessions)), maps.Values(r.waiting))
}

// revokeLinks sends those off who came by a link of an earlier epoch.
func (r *liveRoom) revokeLinks(epoch int64) {
	r.revoke(func(g guest) bool { return g.link != "" && g.epoch < epoch })
}

// revokeLink sends those off who came by one link, and lets in nobody by it.
func (r *liveRoom) revokeLink(id string) {
	r.books.revoked[id] = struct{}{}
	r.revoke(func(g guest) bool { return g.link == id })
}

func (r *liveRoom) revoke(came func(guest) bool) {
	for _, s := range r.everybody() {
		if came(s.guest) {
			r.log.Info("participant left", "participant", s.id, "reason", "link revoked")
			r.expel(s, byeRevoked)
		}
	}
}

func (r *liveRoom) link(id string, state sfu.LinkState) {
	switch state {
	case sfu.LinkUp:
		r.scribe.mediaUp(time.Now(), id)
		events := r.meeting.Back(id, meeting.Media)
		r.observe(id)
		r.broadcast(events)
	case sfu.LinkInterrupted, sfu.LinkFailed:
		r.log.Info("media link lost", "participant", id, "state", string(state))
		events := r.meeting.Lost(time.Now(), id, meeting.Media)
		r.observe(id)
		r.broadcast(events)
	case sfu.LinkConnecting: // says nothing about what was before
	}
}

func (s *session) sendSeats() {
	if s.socket != nil && s.seats.epoch > 0 {
		s.socket.out.setSeats(protocol.Seats{Epoch: s.seats.epoch, Seats: seatRows(s.seats.rows)})
	}
}

// want tells the page how many layers of its sources are wanted from now on.
func (s *session) want(wanted map[sfu.Source]int) {
	if s.wanted == nil {
		s.wanted = map[sfu.Source]int{}
	}
	maps.Copy(s.wanted, wanted)
	s.sendEncodings(wanted)
}

func (s *session) sendEncodings(wanted map[sfu.Source]int) {
	if s.socket == nil {
		return
	}
	for source, layers := range wanted {
		s.socket.answer(protocol.Encodings{Source: protocol.Source(source), Layers: layers})
	}
}

// sendIn tells the page in which formats to send its sources from now on.
func (s *session) sendIn(codecs map[sfu.Source]sfu.Codec) {
	if s.codecs == nil {
		s.codecs = map[sfu.Source]sfu.Codec{}
	}
	maps.Copy(s.codecs, codecs)
	s.sendCodecs(codecs)
}

func (s *session) sendCodecs(codecs map[sfu.Source]sfu.Codec) {
	if s.socket == nil {
		return
	}
	for source, codec := range codecs {
		s.socket.answer(protocol.SourceCodec{Source: protocol.Source(source), Codec: protocol.VideoCodec(codec)})
	}
}

// floorMessage encodes a floor once for everybody; nil for none told yet.
func floorMessage(floor []string) []byte {
	if floor == nil {
		return nil
	}
	return encode(protocol.Floor{Participants: floor})
}

func (s *session) sendFloor(msg []byte) {
	if s.socket != nil && msg != nil {
		s.socket.out.setFloor(msg)
	}
}

// as runs f on the room's goroutine. It returns errGone, and f has not run,
// when the session is over or goes on in another socket, and errWaiting when
// it is not in the meeting.
func (r *liveRoom) as(session *session, socket *socket, f func() error) error {
	err := errGone
	r.do(func() {
		switch {
		case session.socket != socket:
		case session.state.Load() != sessionIn:
			err = errWaiting
		default:
			session.answer = "" // the page is there: it has it
			err = f()
		}
	})
	return err
}

func (r *liveRoom) publish(session *session, socket *socket, m protocol.Publish) error {
	return r.as(session, socket, func() error {
		if m.On && !r.meeting.May(session.id, meeting.MayPublish) {
			return refusal{code: protocol.Forbidden, message: "The audience can't publish. Raise your hand to speak."}
		}
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
	session.media().SetSource(source, on, muted)
	if rec := r.recorder(); rec != nil && r.recording.records(source) {
		rec.Source(session.id, source, on, muted)
	}
}

func (r *liveRoom) leave(session *session, socket *socket) error {
	err := errGone
	r.do(func() {
		if session.socket == socket {
			err = nil
			r.log.Info("participant left", "participant", session.id, "reason", "left")
			r.expel(session, byeLeft)
		}
	})
	return err
}

// lost tells that a socket has ended, and when its page was last heard of. Its
// session waits to be resumed.
func (r *liveRoom) lost(session *session, socket *socket, at time.Time) {
	r.do(func() {
		if session.socket != socket {
			return
		}
		r.log.Info("session lost", "participant", session.id)
		switch session.state.Load() {
		case sessionIn:
			r.broadcast(r.detach(session, at))
		case sessionWaiting:
			session.socket = nil
			r.meeting.WaiterLost(time.Now(), session.id)
		default:
			session.socket = nil
		}
	})
}
