package signaling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plenum/sfu"
	"plenum/signaling/protocol"
)

// mediaWait is the longest time an offer may take to answer.
const mediaWait = 10 * time.Second

// handle carries out one message. It runs on the reading goroutine.
func (s *socket) handle(ctx context.Context, data []byte) {
	if !s.limit.Allow() {
		s.refuse(0, errTooMany)
		return
	}
	msg, id, err := decode(data)
	if err != nil {
		s.refuse(id, refusal{code: protocol.BadMessage, message: err.Error()})
		return
	}
	switch m := msg.(type) {
	case protocol.Join:
		err = s.join(ctx, m)
	case protocol.Resume:
		err = s.resume(m)
	case protocol.Offer:
		err = s.offer(ctx, m)
	default:
		err = s.command(ctx, msg)
	}
	if err != nil {
		s.fail(id, err)
	}
}

// command carries out a message that only a joined page may send.
func (s *socket) command(ctx context.Context, msg any) error {
	if s.session == nil || s.session.state.Load() == sessionOver {
		return errNotJoined
	}
	switch m := msg.(type) {
	case protocol.SetView:
		return s.withMedia(func(media MediaParticipant) { media.SetView(mediaTiles(m.View)) })
	case protocol.Seated:
		return s.withMedia(func(media MediaParticipant) { media.AckSeats(m.Epoch) })
	case protocol.Publish:
		return s.live.publish(s.session, s, m)
	case protocol.SendChat:
		return s.live.chat(s.session, s, m)
	case protocol.Record:
		return s.live.record(s.session, s, m)
	case protocol.Consent:
		return s.live.consent(s.session, s, m.Accept)
	case protocol.Hand:
		if !s.hands.Allow() {
			return errTooMany
		}
		return s.live.hand(s.session, s, m.Up)
	case protocol.React:
		if s.reactions.Allow() {
			return s.live.react(s.session, s, m.Emoji)
		}
	case protocol.Moderate:
		return s.live.moderate(s.session, s, m)
	case protocol.Spotlight:
		return s.live.spotlight(s.session, s, m)
	case protocol.Lock:
		return s.live.lock(s.session, s, m.On)
	case protocol.SetLobby:
		return s.live.switchLobby(s.session, s, m.On)
	case protocol.Extend:
		return s.live.extend(ctx, s.session, s, m.Minutes)
	case protocol.EndMeeting:
		return s.live.end(ctx, s.session, s)
	case protocol.Leave:
		return s.live.leave(s.session, s)
	}
	return nil
}

// withMedia runs f unless the session waits to be let in.
func (s *socket) withMedia(f func(MediaParticipant)) error {
	media := s.session.media()
	if media == nil {
		return errWaiting
	}
	f(media)
	return nil
}

// Refusals that are given in several places.
var (
	errTooMany   = refusal{code: protocol.TooMany, message: "Messages come too fast; this one was dropped."}
	errNotJoined = refusal{code: protocol.NotJoined, message: "The first message must be join or resume."}
	errJoined    = refusal{code: protocol.BadMessage, message: "This socket has joined already."}
)

func (s *socket) join(ctx context.Context, m protocol.Join) (err error) {
	waits := s.session != nil && s.session.state.Load() == sessionWaiting
	if s.session != nil && !waits && s.session.state.Load() != sessionOver {
		return errJoined
	}
	if !s.offers.Allow() {
		return errTooMany
	}
	if waits {
		return s.live.knockAgain(s.session, s, m)
	}
	s.live, s.session = nil, nil
	// While it is our turn the page can't be late; then each attempt has its time.
	s.idle.Stop()
	defer func() {
		if err != nil {
			s.idle.Reset(s.hub.cfg.JoinWait)
		}
	}()
	g, err := s.hub.entitled(ctx, *s.info.Load(), s.from, m, time.Now())
	if err != nil {
		return err
	}
	for {
		live, err := s.hub.enter(ctx, *s.info.Load())
		if err != nil {
			return err
		}
		switch session, err := live.join(ctx, s, m, g); {
		case err == nil:
			s.joined(live, session)
			return nil
		case !errors.Is(err, errGone):
			return err
		}
		select {
		case <-live.gone: // then ask for the room's next life
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *socket) resume(m protocol.Resume) error {
	if s.session != nil && s.session.state.Load() != sessionOver {
		return errJoined
	}
	expired := refusal{code: protocol.ResumeExpired, message: "The session is over. Join again."}
	live := s.hub.lookup(s.roomID)
	if live == nil {
		return expired
	}
	session, err := live.resume(s, m)
	if errors.Is(err, errGone) {
		return expired
	}
	if err != nil {
		return err
	}
	s.joined(live, session)
	return nil
}

func (s *socket) joined(live *liveRoom, session *session) {
	s.idle.Stop()
	s.live, s.session = live, session
	select {
	case <-s.from.Revoked: // while it joined; nil never is
		live.do(func() { live.expelSocket(s, byeRevoked) })
	default:
	}
}

func (s *socket) offer(ctx context.Context, m protocol.Offer) error {
	if s.session == nil || s.session.state.Load() == sessionOver {
		return errNotJoined
	}
	media := s.session.media()
	if media == nil {
		return errWaiting
	}
	if !s.offers.Allow() {
		return errTooMany
	}
	ctx, cancel := context.WithTimeout(ctx, mediaWait)
	defer cancel()
	answer, err := media.Reoffer(ctx, m.Offer, mediaSources(m.Sources))
	if err != nil {
		return offerError(err)
	}
	s.answer(protocol.Answer{Re: m.ID, Answer: answer})
	return nil
}

// offerError is what the page hears about an offer that was not answered.
func offerError(err error) error {
	switch {
	case errors.Is(err, sfu.ErrBadOffer):
		return refusal{code: protocol.BadOffer, message: err.Error()}
	case errors.Is(err, sfu.ErrClosed):
		return errGone
	}
	return fmt.Errorf("answer an offer: %w", err)
}
