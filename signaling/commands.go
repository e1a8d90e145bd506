package signaling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
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
		s.refuse(id, refusal{protocol.BadMessage, err.Error()})
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
	if s.session == nil {
		return errNotJoined
	}
	switch m := msg.(type) {
	case protocol.SetView:
		s.session.media.SetView(mediaTiles(m.View))
	case protocol.Seated:
		s.session.media.AckSeats(m.Epoch)
	case protocol.Publish:
		return s.live.publish(s.session, s, m)
	case protocol.SendChat:
		return s.live.chat(s.session, s, m.Text)
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
	case protocol.Lock:
		return s.live.lock(s.session, s, m.On)
	case protocol.Extend:
		return s.live.extend(ctx, s.session, s, m.Minutes)
	case protocol.EndMeeting:
		return s.live.end(ctx, s.session, s)
	case protocol.Leave:
		return s.live.leave(s.session, s)
	}
	return nil
}

// Refusals that are given in several places.
var (
	errTooMany   = refusal{protocol.TooMany, "Messages come too fast; this one was dropped."}
	errNotJoined = refusal{protocol.NotJoined, "The first message must be join or resume."}
	errJoined    = refusal{protocol.BadMessage, "This socket has joined already."}
)

func (s *socket) join(ctx context.Context, m protocol.Join) (err error) {
	if s.session != nil {
		return errJoined
	}
	if !s.offers.Allow() {
		return errTooMany
	}
	// While it is our turn the page can't be late; then each attempt has its time.
	s.idle.Stop()
	defer func() {
		if err != nil {
			s.idle.Reset(s.hub.cfg.JoinWait)
		}
	}()
	role := meeting.Speaker
	if m.Token != "" {
		if !rooms.CheckHostToken(s.hub.hostKey, s.info.ID, m.Token) {
			return refusal{protocol.Forbidden, "The host link is not valid for this room."}
		}
		role = meeting.Host
	}
	for {
		live, err := s.hub.enter(ctx, s.info)
		if err != nil {
			return err
		}
		switch session, err := live.join(ctx, s, m, role); {
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
	if s.session != nil {
		return errJoined
	}
	expired := refusal{protocol.ResumeExpired, "The session is over. Join again."}
	live := s.hub.lookup(s.info.ID)
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
	s.log = s.log.With("participant", session.id)
}

func (s *socket) offer(ctx context.Context, m protocol.Offer) error {
	if s.session == nil {
		return errNotJoined
	}
	if !s.offers.Allow() {
		return errTooMany
	}
	ctx, cancel := context.WithTimeout(ctx, mediaWait)
	defer cancel()
	answer, err := s.session.media.Reoffer(ctx, m.Offer, mediaSources(m.Sources))
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
		return refusal{protocol.BadOffer, err.Error()}
	case errors.Is(err, sfu.ErrClosed):
		return errGone
	}
	return fmt.Errorf("answer an offer: %w", err)
}
