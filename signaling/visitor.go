package signaling

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/rooms/throttle"
	"plenum/signaling/protocol"
)

// A Visitor is who opened a meeting's socket, as far as HTTP tells.
type Visitor struct {
	Addr    netip.Addr      // the caller's, behind trusted proxies
	User    string          // who is logged in on our own page, or empty
	UserID  int64           // that user's id, or 0
	Revoked <-chan struct{} // closed when that login holds no more; nil is never
}

// A guest is who joins: what the page said, and what its link gave.
type guest struct {
	name     string
	role     meeting.Role
	device   string // the page's word for its browser; may be empty
	link     string // the link's id; empty for the plain link
	personal bool   // the link is for one person: it carries a name
	epoch    int64  // of the link
	addr     netip.Addr
	user     int64 // who is logged in; 0 is nobody
}

// A room's passcode may be tried this often before each further try waits.
const (
	passcodeTriesPerAddress = 5
	passcodeTriesPerRoom    = 200
)

// ownHostLink stands for the id of a room's own host link.
const ownHostLink = "host"

// entitled finds out as what a page may join. It runs on the socket's
// goroutine: checking a passcode takes milliseconds, and a link is looked up.
func (h *Hub) entitled(ctx context.Context, room rooms.Room, from Visitor, m protocol.Join, now time.Time) (guest, error) {
	g := guest{name: m.Name, device: m.Device, addr: from.Addr, user: from.UserID, role: meeting.Speaker}
	if now.Before(room.Start) {
		wait := room.Start.Sub(now)
		return g, refusal{
			code: protocol.NotOpen, message: "The meeting has not begun yet.",
			retryAfter: wait, opensAt: room.Start,
		}
	}
	if m.Token == "" {
		if room.Rules.GuestRole == rooms.GuestAudience {
			g.role = meeting.Audience
		}
		return g, h.checkPasscode(room, from, m.Passcode, now)
	}
	err := room.OpenHostToken(h.hostKey, m.Token)
	if err == nil {
		g.role, g.link, g.epoch = meeting.Host, ownHostLink, room.Rules.LinkEpoch
		return g, nil
	}
	if errors.Is(err, rooms.ErrLinkWrong) {
		var l rooms.Link
		l, err = h.cfg.Links.Open(room, m.Token, now)
		g.role, g.link, g.epoch, g.personal = meeting.Role(l.Role), l.ID, l.Epoch, l.Name != ""
		if g.personal {
			g.name = l.Name
		}
		if err == nil {
			err = h.store.UseLink(ctx, room.ID, l.ID, now)
		}
	}
	if errors.Is(err, rooms.ErrLinkExpired) {
		return g, refusal{code: protocol.LinkExpired, message: "The link is not valid any more. Ask for a new one."}
	}
	if errors.Is(err, rooms.ErrLinkWrong) {
		return g, refusal{code: protocol.Forbidden, message: "The link is not valid for this room."}
	}
	return g, err
}

func (h *Hub) checkPasscode(room rooms.Room, from Visitor, passcode string, now time.Time) error {
	if room.Rules.PasscodeHash == "" {
		return nil
	}
	if passcode == "" {
		return refusal{code: protocol.PasscodeNeeded, message: "This meeting asks for a passcode."}
	}
	address := throttle.Address(from.Addr)
	guess := throttle.Guess{
		{Name: "pair " + room.ID + " " + address, Limit: passcodeTriesPerAddress},
		{Name: "room " + room.ID, Limit: passcodeTriesPerRoom},
	}
	if wait := h.passcodes.Try(now, guess); wait > 0 {
		h.audit(rooms.AuditEntry{
			Kind: rooms.ActorNobody, Address: address, Action: "meeting.passcode", Object: room.ID,
			Outcome: rooms.OutcomeThrottled,
		})
		return wrongPasscode(wait)
	}
	if rooms.CheckPasscode(room.Rules.PasscodeHash, passcode) {
		h.passcodes.Pass(guess)
		return nil
	}
	h.audit(rooms.AuditEntry{
		Kind: rooms.ActorNobody, Address: address, Action: "meeting.passcode", Object: room.ID, Outcome: rooms.OutcomeRefused,
	})
	return wrongPasscode(h.passcodes.Wait(now, guess))
}

func wrongPasscode(wait time.Duration) refusal {
	r := refusal{code: protocol.PasscodeWrong, message: "This is not the passcode."}
	if wait > 0 {
		r.retryAfter = wait
		r.message = fmt.Sprintf("This is not the passcode. Try again in %d s.", seconds(wait))
	}
	return r
}

// seconds rounds a wait up to whole seconds.
func seconds(wait time.Duration) int { return int(math.Ceil(wait.Seconds())) }
