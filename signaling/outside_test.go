package signaling

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"plenum/signaling/protocol"
)

// TestModerateFromOutside holds that a caller from outside does what a host in
// the meeting can do, under its own name.
func TestModerateFromOutside(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	for _, c := range []*client{ann, bo} {
		c.send(protocol.Publish{Source: protocol.Microphone, On: true})
	}
	heard := func(p protocol.Participant) bool { return len(p.Sources) == 1 && !p.Sources[0].Muted }
	ann.saw("p2", heard)
	bo.saw("p1", heard)
	act := func(action protocol.Action, participant string) {
		t.Helper()
		if err := h.hub.Moderate(h.room.ID, "carl", protocol.Moderate{Action: action, Participant: participant}); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	hears := func(c *client, want protocol.Action) {
		t.Helper()
		if got := await[protocol.Moderated](c, nil); got.Action != want || got.By != "carl" {
			t.Errorf("heard %+v, want %s by carl", got, want)
		}
	}
	act(protocol.AskToUnmute, "p2")
	hears(bo, protocol.AskToUnmute)
	act(protocol.MuteAll, "") // also the host: nobody is spared on behalf of somebody who is not there
	hears(ann, protocol.Mute)
	hears(bo, protocol.Mute)
	settles(t, &h.media.diary, "source p1 microphone on=true muted=true", "source p2 microphone on=true muted=true")
	act(protocol.MakeHost, "p2")
	hears(bo, protocol.MakeHost)

	if err := h.hub.Lock(h.room.ID, true); err != nil {
		t.Error(err)
	}
	await(ann, func(r protocol.Room) bool { return r.Locked })
	if snap, _ := h.hub.Live(h.room.ID); !snap.Room.Locked {
		t.Error("the outside does not see the lock")
	}
	late := h.dial()
	late.send(joinMessage("Cy", ""))
	late.refused(1, protocol.RoomLocked)

	act(protocol.Remove, "p2")
	bo.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
	ann.sawLeave("p2")
	err := h.hub.Moderate(h.room.ID, "carl", protocol.Moderate{Action: protocol.Mute, Participant: "p2"})
	if !errors.Is(err, ErrNotHere) {
		t.Errorf("muting who has left: %v", err)
	}
}

func TestAnnounce(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo, cy := h.host(), h.join("Bo"), h.join("Cy")
	_ = cy.conn.CloseNow()
	ann.saw("p3", func(p protocol.Participant) bool { return !p.Connected })

	got, err := h.hub.Announce(h.room.ID, "carl", "Back at noon.", "")
	want := []Delivery{{"p1", Delivered}, {"p2", Delivered}, {"p3", Gone}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, c := range []*client{ann, bo} {
		if got := await[protocol.Announcement](c, nil); got.From != "carl" || got.Text != "Back at noon." || got.At == "" || got.Private {
			t.Errorf("heard %+v", got)
		}
	}
	got, err = h.hub.Announce(h.room.ID, "carl", "Closer!", "p2")
	if diff := cmp.Diff([]Delivery{{"p2", Delivered}}, got); diff != "" || err != nil {
		t.Errorf("to one: %v (-want +got):\n%s", err, diff)
	}
	if got := await[protocol.Announcement](bo, nil); !got.Private || got.Text != "Closer!" {
		t.Errorf("heard %+v", got)
	}
	bo.send(protocol.SendChat{Text: "ok"})
	for {
		switch got := ann.next().(type) {
		case protocol.Announcement:
			t.Errorf("Ann heard what was for Bo: %+v", got)
		case protocol.Chat:
			return
		}
	}
}

// TestAnnounceToDeaf cuts off who does not read, and tells the caller and the others.
func TestAnnounceToDeaf(t *testing.T) {
	h := newHarness(t, Config{QueueLen: 4})
	ann := h.host()
	deaf := h.dialDeaf()
	deaf.send(joinMessage("Bo", ""))
	ann.saw("p2", func(protocol.Participant) bool { return true })
	noise := make([]byte, 32<<10) // does not compress, so that what the connection holds by itself is soon full
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	text := hex.EncodeToString(noise)
	eventually(t, func() bool {
		got, err := h.hub.Announce(h.room.ID, "carl", text, "p2")
		return err == nil && slices.Contains(got, Delivery{"p2", QueueFull})
	}, func() string { return "announcements pile up without end" })
	ann.saw("p2", func(p protocol.Participant) bool { return !p.Connected })
}

func TestOutsideOfNothing(t *testing.T) {
	h := newHarness(t, Config{})
	err := h.hub.Moderate(h.room.ID, "carl", protocol.Moderate{Action: protocol.MuteAll})
	_, said := h.hub.Announce(h.room.ID, "carl", "hi", "")
	for _, err := range []error{err, said, h.hub.Lock(h.room.ID, true)} {
		if !errors.Is(err, ErrNotLive) {
			t.Errorf("in an empty room: %v", err)
		}
	}
	h.host()
	if _, err := h.hub.Announce(h.room.ID, "carl", "hi", "p9"); !errors.Is(err, ErrNotHere) {
		t.Errorf("to nobody: %v", err)
	}
}
