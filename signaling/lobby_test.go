package signaling

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// newLobby returns a harness whose room has its lobby on.
func newLobby(t *testing.T, cfg Config) *harness {
	t.Helper()
	h := newHarness(t, cfg)
	h.room.Rules.Lobby = true
	return h
}

// knocks opens a socket and joins, to be told to wait.
func (h *harness) knocks(name string) (*client, protocol.Waiting) {
	h.t.Helper()
	c := h.dial()
	c.send(joinMessage(name, ""))
	return c, expect[protocol.Waiting](c)
}

// sees awaits a lobby with exactly these names, and returns their rows.
func (c *client) sees(names ...string) []protocol.Waiter {
	c.t.Helper()
	got := await(c, func(l protocol.LobbyList) bool {
		return slices.EqualFunc(l.Waiting, names, func(w protocol.Waiter, name string) bool { return w.Name == name })
	})
	return got.Waiting
}

// joins counts how often media was asked to let somebody in.
func joins(h *harness) (n int) {
	for _, line := range h.media.read() {
		if strings.HasPrefix(line, "join ") {
			n++
		}
	}
	return n
}

func TestLobby(t *testing.T) {
	h := newLobby(t, Config{})
	bo, waiting := h.knocks("Bo")
	if waiting.Re != 1 || waiting.HostPresent || waiting.Room.Title != "Plans" || waiting.Reason != protocol.WaitLobby ||
		waiting.Name != "Bo" || waiting.OfferWanted || waiting.ResumeToken == "" {
		t.Errorf("before any host: %+v", waiting)
	}
	ann := h.host()
	await(bo, func(w protocol.Waiting) bool { return w.HostPresent })
	rows := ann.sees("Bo")
	if rows[0].Reason != protocol.WaitLobby || rows[0].Role != protocol.Speaker || !rows[0].Connected {
		t.Errorf("Ann sees %+v", rows)
	}
	if joins(h) != 1 {
		t.Errorf("media let in %d, want Ann alone", joins(h))
	}
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: rows[0].ID})
	got := expect[protocol.Joined](bo)
	if got.Participant != rows[0].ID || got.Answer != "answer to offer of Bo" || len(got.Roster) != 2 || got.Re != 1 {
		t.Errorf("Bo joined as %+v", got)
	}
	ann.saw(rows[0].ID, func(p protocol.Participant) bool { return p.Role == protocol.Speaker })
	ann.sees()
	bo.send(protocol.SendChat{Text: "hi"})
	await[protocol.Chat](ann, nil)

	cy, _ := h.knocks("Cy")
	id := ann.sees("Cy")[0].ID
	ann.send(protocol.Moderate{Action: protocol.Deny, Participant: id})
	cy.bye(protocol.ByeDenied, websocket.StatusNormalClosure)
	ann.sees()
	cy, _ = h.knocks("Cy") // may knock again
	ann.send(protocol.Moderate{Action: protocol.Deny, Participant: ann.sees("Cy")[0].ID, Ban: true})
	cy.bye(protocol.ByeDenied, websocket.StatusNormalClosure)
}

func TestLobbyKeepsPlaces(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo, first := h.knocks("Bo")
	h.knocks("Cy")
	ann.sees("Bo", "Cy")
	_ = bo.conn.CloseNow()
	gone := await(ann, func(l protocol.LobbyList) bool { return len(l.Waiting) == 2 && !l.Waiting[0].Connected })
	bo = h.dial()
	bo.send(protocol.Resume{Request: protocol.Request{ID: 7}, Token: first.ResumeToken, Attempt: 1})
	if again := expect[protocol.Waiting](bo); again.Re != 7 || again.ResumeToken != first.ResumeToken {
		t.Errorf("back in the lobby: %+v", again)
	}
	back := await(ann, func(l protocol.LobbyList) bool { return len(l.Waiting) == 2 && l.Waiting[0].Connected })
	if back.Waiting[0].ID != gone.Waiting[0].ID {
		t.Errorf("Bo's place became %+v", back.Waiting)
	}
	// Admitted while away: in as soon as the page is back, with the offer it made before.
	_ = bo.conn.CloseNow()
	await(ann, func(l protocol.LobbyList) bool { return len(l.Waiting) == 2 && !l.Waiting[0].Connected })
	ann.send(protocol.Moderate{Action: protocol.AdmitAll})
	ann.sees()
	bo = h.dial()
	bo.send(protocol.Resume{Token: first.ResumeToken, Attempt: 2})
	expect[protocol.Waiting](bo)
	if got := expect[protocol.Joined](bo); got.Participant != gone.Waiting[0].ID || got.Answer != "answer to offer of Bo" {
		t.Errorf("Bo joined as %+v", got)
	}
}

// TestJoinedLostOnTheWay takes the answer away from who was admitted: the page
// knows nothing but its place in the lobby, and must get all of it again.
func TestJoinedLostOnTheWay(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo, place := h.knocks("Bo")
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: ann.sees("Bo")[0].ID})
	ann.saw("p2", func(protocol.Participant) bool { return true })
	_ = bo.conn.CloseNow()
	ann.saw("p2", func(p protocol.Participant) bool { return !p.Connected })
	bo = h.dial()
	bo.send(protocol.Resume{Token: place.ResumeToken, After: 0, Attempt: 1})
	if got := expect[protocol.Joined](bo); got.Participant != "p2" || got.Answer != "answer to offer of Bo" || len(got.Roster) != 2 {
		t.Errorf("Bo got %+v", got)
	}
	ann.saw("p2", func(p protocol.Participant) bool { return p.Connected })
}

// TestLostWhileTakenIn breaks the socket while media answers.
func TestLostWhileTakenIn(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo, place := h.knocks("Bo")
	h.media.hold = make(chan struct{})
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: ann.sees("Bo")[0].ID})
	ann.sees()
	_ = bo.conn.CloseNow()
	live := h.hub.lookup(h.room.ID)
	eventually(t, func() bool {
		lost := false
		live.do(func() { lost = live.tokens[place.ResumeToken].socket == nil })
		return lost
	}, func() string { return "the socket's end was not noticed" })
	close(h.media.hold)
	settles(t, &h.media.diary, "leave p2")
	h.media.hold = nil
	bo = h.dial()
	bo.send(protocol.Resume{Token: place.ResumeToken, Attempt: 1})
	expect[protocol.Waiting](bo)
	if got := expect[protocol.Joined](bo); got.Participant != "p2" {
		t.Errorf("Bo joined as %+v", got)
	}
}

func TestAdmittedOfferCantBeAnswered(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo := h.dial()
	bad := joinMessage("Bo", "")
	bad.Offer = "bad"
	bo.send(bad)
	expect[protocol.Waiting](bo)
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: ann.sees("Bo")[0].ID})
	bo.refused(1, protocol.BadOffer)
	bo.send(joinMessage("Bo", "")) // tries again on the same socket
	expect[protocol.Waiting](bo)
	ann.sees("Bo")
}

func TestSendToLobby(t *testing.T) {
	h := newHarness(t, Config{}) // whether the room has its lobby on or not
	ann, bo := h.host(), h.dial()
	join := joinMessage("Bo", "")
	join.Device = "Bo's browser"
	bo.send(join)
	bo.me = expect[protocol.Joined](bo)
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 1 })
	ann.send(protocol.Moderate{Action: protocol.SendToLobby, Participant: "p2"})
	ann.sawLeave("p2")
	settles(t, &h.media.diary, "leave p2")
	back := await[protocol.Waiting](bo, nil)
	if back.Reason != protocol.WaitSentBack || back.ResumeToken != bo.me.ResumeToken || !back.HostPresent || !back.OfferWanted {
		t.Errorf("Bo was told %+v", back)
	}
	id := ann.sees("Bo")[0].ID
	for i, msg := range []any{
		protocol.Publish{Request: protocol.Request{ID: 10}, Source: protocol.Microphone, On: true},
		protocol.SendChat{Request: protocol.Request{ID: 11}, Text: "let me in"},
		protocol.SetView{Request: protocol.Request{ID: 12}, View: protocol.View{Tiles: []protocol.Tile{}}},
		protocol.Offer{Request: protocol.Request{ID: 13}, Offer: "x"},
	} {
		bo.send(msg)
		bo.refused(10+i, protocol.StillWaiting)
	}
	// Coming back by the plain link in the same browser does not get around it.
	cheat := h.dial()
	cheat.send(join)
	expect[protocol.Waiting](cheat)
	cheat.send(protocol.Leave{})
	cheat.bye(protocol.ByeLeft, websocket.StatusNormalClosure)

	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: id}) // before the page has a new offer
	fresh := joinMessage("Bo", "")
	fresh.Offer, fresh.ID = "second offer", 20
	bo.send(fresh)
	if w := expect[protocol.Waiting](bo); w.Re != 20 {
		t.Errorf("answer to the second join: %+v", w)
	}
	got := expect[protocol.Joined](bo)
	if got.Answer != "answer to second offer" || got.Participant != id || got.Roster[1].Sources == nil || len(got.Roster[1].Sources) != 0 {
		t.Errorf("Bo joined again as %+v", got)
	}
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})
	ann.saw(id, func(p protocol.Participant) bool { return len(p.Sources) == 1 })
}

func TestLobbyIsTurnedOff(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo, _ := h.knocks("Bo")
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: ann.sees("Bo")[0].ID})
	expect[protocol.Joined](bo)
	ann.sees()
	ann.send(protocol.Moderate{Action: protocol.SendToLobby, Participant: "p2"})
	await[protocol.Waiting](bo, nil)
	cy, _ := h.knocks("Cy")
	ann.sees("Bo", "Cy")
	ann.send(protocol.SetLobby{On: false})
	expect[protocol.Joined](cy)
	ann.sees("Bo") // was sent back by a host, who must say so
	if dee := h.join("Dee"); dee.me.Room.Lobby {
		t.Errorf("Dee's room: %+v", dee.me.Room)
	}
	ann.send(protocol.SetLobby{On: true})
	await(ann, func(r protocol.Room) bool { return r.Lobby })
	h.knocks("Eve")
}

func TestLockAndLobby(t *testing.T) {
	h := newLobby(t, Config{})
	ann := h.host()
	bo, _ := h.knocks("Bo")
	id := ann.sees("Bo")[0].ID
	ann.send(protocol.Lock{On: true})
	await(ann, func(r protocol.Room) bool { return r.Locked })
	cy := h.dial()
	cy.send(joinMessage("Cy", ""))
	cy.refused(1, protocol.RoomLocked) // not even into the lobby
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: id})
	expect[protocol.Joined](bo) // who waited may still be let in
}

func TestLobbyAndCapacity(t *testing.T) {
	h := newLobby(t, Config{})
	h.room.Capacity = 2
	ann := h.host()
	var waiting []*client
	for _, name := range []string{"Bo", "Cy", "Dee"} { // the lobby holds more than the room
		c, _ := h.knocks(name)
		waiting = append(waiting, c)
	}
	rows := ann.sees("Bo", "Cy", "Dee")
	ann.send(protocol.Moderate{Request: protocol.Request{ID: 5}, Action: protocol.AdmitAll})
	expect[protocol.Joined](waiting[0])
	await(ann, func(e protocol.Error) bool { return e.Re == 5 && e.Code == protocol.RoomFull })
	ann.send(protocol.Moderate{Request: protocol.Request{ID: 6}, Action: protocol.Admit, Participant: rows[1].ID})
	await(ann, func(e protocol.Error) bool { return e.Re == 6 && e.Code == protocol.RoomFull })
	waiting[0].send(protocol.Leave{})
	ann.sawLeave("p2")
	ann.send(protocol.Moderate{Action: protocol.Admit, Participant: rows[1].ID})
	expect[protocol.Joined](waiting[1])
	ann.send(protocol.Moderate{Request: protocol.Request{ID: 7}, Action: protocol.Admit, Participant: "p99"})
	await(ann, func(e protocol.Error) bool { return e.Re == 7 && e.Code == protocol.NotHere })
}

func TestLobbyEndsWithTheRoom(t *testing.T) {
	h := newLobby(t, Config{})
	bo, _ := h.knocks("Bo")
	h.hub.EndRoom(t.Context(), h.room.ID)
	bo.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
}

func TestWhoWaitsIsGivenUp(t *testing.T) {
	h := newLobby(t, Config{ResumeWindow: 50 * time.Millisecond})
	bo, _ := h.knocks("Bo")
	_ = bo.conn.CloseNow()
	eventually(t, func() bool { n, _ := h.hub.Count(); return n == 0 }, func() string { return "the room outlives who waited" })
}

func TestLobbyMovesWithTheRoom(t *testing.T) {
	h := newLobby(t, Config{})
	bo, _ := h.knocks("Bo")
	changed := h.room
	changed.Version, changed.Description = 2, "Other plans"
	h.hub.UpdateRoom(changed)
	await(bo, func(w protocol.Waiting) bool { return w.Room.Title == "Other plans" })
	changed.Version, changed.Rules.Lobby = 3, false
	h.hub.UpdateRoom(changed)
	await[protocol.Joined](bo, nil)
}

// TestRemovedStaysOut tries every way back in.
func TestRemovedStaysOut(t *testing.T) {
	keys := testLinks(t)
	h := newHarness(t, Config{Links: keys})
	ann := h.host()
	link := func(name string) string {
		token, _, err := keys.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	shared, personal := link(""), link("Bo")
	come := func(token, device string) *client {
		c := h.dial()
		m := joinMessage("Bo", token)
		m.Device = device
		c.send(m)
		return c
	}
	leaves := func(c *client) {
		t.Helper()
		expect[protocol.Joined](c)
		c.send(protocol.Leave{})
		c.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
	}
	kick := func(c *client, ban bool) {
		t.Helper()
		id := expect[protocol.Joined](c).Participant
		ann.send(protocol.Moderate{Action: protocol.Remove, Participant: id, Ban: ban})
		c.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
	}
	kick(come("", "A"), false)
	come("", "A").bye(protocol.ByeRemoved, websocket.StatusNormalClosure) // same browser
	come(shared, "A").bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
	leaves(come("", "B"))       // another browser: nobody can tell
	leaves(come(personal, "A")) // a host's word that Bo is welcome
	kick(come(personal, "C"), false)
	come(personal, "D").bye(protocol.ByeRemoved, websocket.StatusNormalClosure) // a link for one person
	kick(come(shared, "E"), false)
	leaves(come(shared, "F")) // a link for many goes on for the others
	kick(come(shared, "G"), true)
	come(shared, "H").bye(protocol.ByeRemoved, websocket.StatusNormalClosure)

	ann.send(protocol.Leave{})
	ann.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
	eventually(t, func() bool { n, _ := h.hub.Count(); return n == 0 }, func() string { return "the room lives on" })
	come("", "A").bye(protocol.ByeRemoved, websocket.StatusNormalClosure) // remembered beyond a life of the room
}

func TestRevokedLogin(t *testing.T) {
	for name, lobby := range map[string]bool{"in the meeting": false, "in the lobby": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{})
			h.room.Rules.Lobby = lobby
			ann := h.host()
			gone := make(chan struct{})
			h.visitor = Visitor{Addr: netip.MustParseAddr("192.0.2.1"), User: "bo", UserID: 7, Revoked: gone}
			bo := h.dial()
			bo.send(joinMessage("Bo", ""))
			if lobby {
				expect[protocol.Waiting](bo)
				ann.sees("Bo")
			} else {
				expect[protocol.Joined](bo)
			}
			close(gone)
			bo.bye(protocol.ByeRevoked, websocket.StatusNormalClosure)
			if lobby {
				ann.sees()
			} else {
				ann.sawLeave("p2")
				settles(t, &h.media.diary, "leave p2")
			}
		})
	}
}

func TestHandOver(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	cy, _ := h.join("Cy"), ann
	ann.send(protocol.Moderate{Action: protocol.HandOver, Participant: "p2"})
	got := await(cy, func(r protocol.Roster) bool { return len(r.Changed) == 2 })
	if got.Changed[0].ID != "p1" || got.Changed[0].Role != protocol.Speaker || got.Changed[1].Role != protocol.Host {
		t.Errorf("handed over: %+v", got.Changed)
	}
	if m := await[protocol.Moderated](bo, nil); m.Action != protocol.HandOver || m.Role != protocol.Host || m.By != "Ann" {
		t.Errorf("Bo heard %+v", m)
	}
	ann.send(protocol.Lock{Request: protocol.Request{ID: 4}, On: true})
	await(ann, func(e protocol.Error) bool { return e.Re == 4 && e.Code == protocol.Forbidden })
	bo.send(protocol.Lock{On: true})
	await(cy, func(r protocol.Room) bool { return r.Locked })
}

func TestAudienceIsBarred(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})
	bo.send(protocol.Publish{Source: protocol.Camera, On: true})
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 2 })
	ann.send(protocol.Moderate{Action: protocol.SetRole, Participant: "p2", Role: protocol.Audience})
	ann.saw("p2", func(p protocol.Participant) bool { return p.Role == protocol.Audience && len(p.Sources) == 0 })
	settles(t, &h.media.diary, "bar p2 true", "source p2 microphone on=false muted=false", "source p2 camera on=false muted=false")
	if m := await[protocol.Moderated](bo, nil); m.Action != protocol.SetRole || m.Role != protocol.Audience {
		t.Errorf("Bo heard %+v", m)
	}
	bo.send(protocol.Publish{Request: protocol.Request{ID: 3}, Source: protocol.Camera, On: true})
	await(bo, func(e protocol.Error) bool { return e.Re == 3 && e.Code == protocol.Forbidden })
	bo.send(protocol.Publish{Source: protocol.Camera}) // follows the host's word
	ann.send(protocol.Moderate{Action: protocol.SetRole, Participant: "p2", Role: protocol.Speaker})
	ann.saw("p2", func(p protocol.Participant) bool { return p.Role == protocol.Speaker })
	settles(t, &h.media.diary, "bar p2 false")
	bo.send(protocol.Publish{Source: protocol.Camera, On: true})
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 1 })

	h.room.Rules.GuestRole = rooms.GuestAudience
	if cy := h.join("Cy"); cy.me.Role != protocol.Audience {
		t.Errorf("Cy came by the plain link as %s", cy.me.Role)
	}
	settles(t, &h.media.diary, "bar p3 true")
	if n := strings.Count(fmt.Sprint(h.media.read()), "p3 microphone on=true"); n != 0 {
		t.Errorf("the audience's microphone was opened %d times", n)
	}
}
