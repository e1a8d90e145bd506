package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// secret is what nobody but two may read.
const secret = "between the two of us"

// TestPrivateLine holds a private line to its two readers: others in the room,
// who comes later, who resumes and the recording know nothing of it.
func TestPrivateLine(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo, cy := h.host(), h.join("Bo"), h.join("Cy")
	startRecording(ann)
	await(cy, func(r protocol.Recording) bool { return r.ID != "" })
	ann.send(protocol.SendChat{Text: secret, To: "p2"})
	for _, c := range []*client{ann, bo} {
		got := await[protocol.Direct](c, nil)
		if got.Number != 1 || got.From != "p1" || got.Name != "Ann" || got.To != "p2" || got.ToName != "Bo" || got.Text != secret || got.At == "" {
			t.Errorf("the line: %+v", got)
		}
	}
	bo.send(protocol.SendChat{Text: "to all"})
	for {
		msg := cy.next()
		if text := fmt.Sprintf("%+v", msg); strings.Contains(text, secret) {
			t.Fatalf("somebody else got %s", text)
		}
		if line, is := msg.(protocol.Chat); is && line.Text == "to all" {
			break
		}
	}
	late := h.join("Dora")
	if text := fmt.Sprintf("%+v", late.me); strings.Contains(text, secret) || len(late.me.Chat) != 1 {
		t.Errorf("who comes later is told %s", text)
	}
	again := h.resume(cy, 0)
	expect[protocol.Resumed](again)
	for {
		msg := again.next()
		if text := fmt.Sprintf("%+v", msg); strings.Contains(text, secret) {
			t.Fatalf("who resumes got %s", text)
		}
		if line, is := msg.(protocol.Chat); is && line.Text == "to all" {
			break
		}
	}
	settles(t, &h.rec.diary, "chat p2 Bo to all")
	if lines := strings.Join(h.rec.read(), "\n"); strings.Contains(lines, secret) {
		t.Errorf("the recorder was told %s", lines)
	}
	for _, e := range h.ledger.read() {
		if strings.Contains(fmt.Sprintf("%+v", e), secret) {
			t.Errorf("the ledger was told %+v", e)
		}
	}
}

func TestPrivateLineIsRefused(t *testing.T) {
	h := newHarness(t, Config{Links: testLinks(t)})
	h.room.Rules.Audience = rooms.AudienceRules{NoChat: true}
	token, _, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkAudience})
	if err != nil {
		t.Fatal(err)
	}
	ann, bo, cy := h.host(), h.join("Bo"), h.joinWith("Cy", token)
	send := func(c *client, to string, want protocol.ErrorCode) {
		t.Helper()
		c.send(protocol.SendChat{Request: protocol.Request{ID: 7}, Text: "psst", To: to})
		if got := await(c, func(e protocol.Error) bool { return e.Re == 7 }); got.Code != want {
			t.Errorf("to %q: %+v, want %s", to, got, want)
		}
	}
	send(ann, "p9", protocol.NotHere)
	send(ann, "p1", protocol.BadMessage)
	send(ann, strings.Repeat("p", 65), protocol.BadMessage)
	send(ann, "p3", protocol.Forbidden) // could not answer, and has no chat on the page
	send(cy, "p1", protocol.Forbidden)
	bo.send(protocol.Leave{})
	ann.sawLeave("p2")
	send(ann, "p2", protocol.NotHere)
}

// TestMissedPrivateLines has somebody away while private lines come.
func TestMissedPrivateLines(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.join("Ann"), h.join("Bo")
	ann.send(protocol.SendChat{Text: "one", To: "p2"})
	await[protocol.Direct](bo, nil)
	bo.lose()
	ann.saw("p2", connected(false)) // event 3
	for _, text := range []string{"two", "three"} {
		ann.send(protocol.SendChat{Text: text, To: "p2"})
	}
	await(ann, func(d protocol.Direct) bool { return d.Text == "three" })
	again := h.dial()
	again.send(protocol.Resume{Token: bo.me.ResumeToken, After: 3, DirectAfter: 1, Attempt: 1})
	expect[protocol.Resumed](again)
	for i, text := range []string{"two", "three"} {
		if got := expect[protocol.Direct](again); got.Text != text || got.Number != int64(i+2) {
			t.Errorf("missed: %+v, want %q", got, text)
		}
	}
	again.send(protocol.Resume{Token: "x", DirectAfter: -1})
	await(again, func(e protocol.Error) bool { return e.Code == protocol.BadMessage })
}

func TestSpotlight(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	ann.send(protocol.Spotlight{Participant: "p2", On: true})
	bo.saw("p2", func(p protocol.Participant) bool { return p.Spotlight == 1 })
	late := h.join("Cy")
	if !slices.ContainsFunc(late.me.Roster, func(p protocol.Participant) bool { return p.ID == "p2" && p.Spotlight == 1 }) {
		t.Errorf("who comes later is told %+v", late.me.Roster)
	}
	ann.send(protocol.Spotlight{Participant: "p1", On: true}) // themselves
	bo.saw("p1", func(p protocol.Participant) bool { return p.Spotlight == 2 })
	ann.send(protocol.Spotlight{Participant: "p2"})
	bo.saw("p2", func(p protocol.Participant) bool { return p.Spotlight == 0 })
	bo.send(protocol.Spotlight{Request: protocol.Request{ID: 7}, Participant: "p2", On: true})
	await(bo, func(e protocol.Error) bool { return e.Re == 7 && e.Code == protocol.Forbidden })
	ann.send(protocol.Spotlight{Request: protocol.Request{ID: 8}, Participant: "p9", On: true})
	await(ann, func(e protocol.Error) bool { return e.Re == 8 && e.Code == protocol.NotHere })
	ann.send(protocol.Moderate{Action: protocol.SetRole, Participant: "p2", Role: protocol.Audience})
	bo.saw("p2", func(p protocol.Participant) bool { return p.Role == protocol.Audience })
	ann.send(protocol.Spotlight{Request: protocol.Request{ID: 9}, Participant: "p2", On: true})
	await(ann, func(e protocol.Error) bool { return e.Re == 9 && e.Code == protocol.Forbidden })
}
