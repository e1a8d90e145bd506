package signaling

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// What becomes of a message.
const (
	done     = protocol.ErrorCode("")
	silently = protocol.ErrorCode("done without a word") // its answer is another message, or it has no id
)

// TestEveryMessageOfEveryRole is the table of who may do what. Each message
// comes from somebody in each role, in a room of its own.
func TestEveryMessageOfEveryRole(t *testing.T) {
	request := protocol.Request{ID: 50}
	view := protocol.View{Tiles: []protocol.Tile{}}
	const host, speaker, audience, muted, waiting, removed = 0, 1, 2, 3, 4, 5
	roles := []string{"host", "speaker", "audience", "audience of a strict room", "waiting", "removed"}
	forbidden, wait, gone := protocol.Forbidden, protocol.StillWaiting, protocol.NotJoined
	table := map[string]struct {
		msg  any
		want [6]protocol.ErrorCode // by role
	}{
		"join":            {joinMessageWithID("Again", 50), [6]protocol.ErrorCode{protocol.BadMessage, protocol.BadMessage, protocol.BadMessage, protocol.BadMessage, silently, silently}},
		"resume":          {protocol.Resume{Request: request, Token: "x"}, [6]protocol.ErrorCode{protocol.BadMessage, protocol.BadMessage, protocol.BadMessage, protocol.BadMessage, protocol.BadMessage, protocol.ResumeExpired}},
		"offer":           {protocol.Offer{Request: request, Offer: "more"}, [6]protocol.ErrorCode{silently, silently, silently, silently, wait, gone}},
		"view":            {protocol.SetView{Request: request, View: view}, [6]protocol.ErrorCode{done, done, done, done, wait, gone}},
		"publish":         {protocol.Publish{Request: request, Source: protocol.Camera, On: true}, [6]protocol.ErrorCode{done, done, forbidden, forbidden, wait, gone}},
		"publish off":     {protocol.Publish{Request: request, Source: protocol.Camera}, [6]protocol.ErrorCode{done, done, done, done, wait, gone}},
		"seated":          {protocol.Seated{Epoch: 1}, [6]protocol.ErrorCode{done, done, done, done, silently, silently}},
		"chat":            {protocol.SendChat{Request: request, Text: "hi"}, [6]protocol.ErrorCode{done, done, done, forbidden, wait, gone}},
		"chat to one":     {protocol.SendChat{Request: request, Text: "hi", To: "p1"}, [6]protocol.ErrorCode{done, done, done, forbidden, wait, gone}},
		"spotlight":       {protocol.Spotlight{Request: request, Participant: "p1", On: true}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"hand":            {protocol.Hand{Request: request, Up: true}, [6]protocol.ErrorCode{done, done, done, forbidden, wait, gone}},
		"hand down":       {protocol.Hand{Request: request}, [6]protocol.ErrorCode{done, done, done, done, wait, gone}},
		"reaction":        {protocol.React{Request: request, Emoji: protocol.Party}, [6]protocol.ErrorCode{done, done, done, forbidden, wait, gone}},
		"record":          {protocol.Record{Request: request, On: true}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"lock":            {protocol.Lock{Request: request, On: true}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"lobby":           {protocol.SetLobby{Request: request, On: true}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"extend":          {protocol.Extend{Request: request, Minutes: 15}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"end":             {protocol.EndMeeting{Request: request}, [6]protocol.ErrorCode{silently, forbidden, forbidden, forbidden, wait, gone}},
		"consent":         {protocol.Consent{Request: request, Accept: true}, [6]protocol.ErrorCode{done, done, done, done, wait, gone}},
		"leave":           {protocol.Leave{}, [6]protocol.ErrorCode{silently, silently, silently, silently, silently, silently}},
		"moderate":        {protocol.Moderate{Request: request, Action: protocol.Mute, Participant: "p1"}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"moderate: all":   {protocol.Moderate{Request: request, Action: protocol.MuteAll}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"moderate: role":  {protocol.Moderate{Request: request, Action: protocol.SetRole, Participant: "p1", Role: protocol.Audience}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"moderate: heir":  {protocol.Moderate{Request: request, Action: protocol.HandOver, Participant: "p1"}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"moderate: admit": {protocol.Moderate{Request: request, Action: protocol.AdmitAll}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
		"moderate: out":   {protocol.Moderate{Request: request, Action: protocol.Remove, Participant: "p1"}, [6]protocol.ErrorCode{done, forbidden, forbidden, forbidden, wait, gone}},
	}
	kinds := map[string]bool{}
	for name, tt := range table {
		for kind, zero := range protocol.ClientMessages() {
			kinds[kind] = kinds[kind] || sameType(zero, tt.msg)
		}
		for role, want := range tt.want {
			t.Run(name+" by "+roles[role], func(t *testing.T) {
				h := newHarness(t, Config{Links: testLinks(t)})
				if role == muted {
					h.room.Rules.Audience = rooms.AudienceRules{NoChat: true, NoHands: true, NoReactions: true}
				}
				h.room.Start = time.Now()
				ann := h.host()
				var c *client
				switch role {
				case host:
					c = h.joinWith("Bea", hostOf(h))
				case speaker:
					c = h.join("Bo")
				case audience, muted:
					token, _, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkAudience})
					if err != nil {
						t.Fatal(err)
					}
					c = h.joinWith("Bo", token)
				case waiting:
					h.room.Rules.Lobby = true
					ann.send(protocol.SetLobby{On: true})
					await(ann, func(r protocol.Room) bool { return r.Lobby })
					c, _ = h.knocks("Bo")
				case removed:
					first := h.join("Bo")
					ann.send(protocol.Moderate{Action: protocol.Remove, Participant: "p2"})
					first.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
					c = h.dial() // all a removed page has is a new socket
				}
				h.tries(t, c, tt.msg, want)
			})
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(protocol.ClientMessages())) {
		if !kinds[kind] {
			t.Errorf("the table knows nothing of %s", kind)
		}
	}
}

// tries sends a message and sees what becomes of it.
func (h *harness) tries(t *testing.T, c *client, msg any, want protocol.ErrorCode) {
	t.Helper()
	c.send(msg)
	if want == silently {
		return // other tests look at what these do; that nothing breaks, the harness sees
	}
	// Messages are handled in order: what is refused in any case comes after
	// an answer to the one before.
	c.send(protocol.Moderate{Request: protocol.Request{ID: 51}, Action: protocol.Mute, Participant: "nobody"})
	first := await(c, func(e protocol.Error) bool { return e.Re == 50 || e.Re == 51 })
	switch {
	case want == done && first.Re == 50:
		t.Errorf("refused with %s, want done", first.Code)
	case want != done && (first.Re != 50 || first.Code != want):
		t.Errorf("answered %+v, want %s", first, want)
	}
}

func joinMessageWithID(name string, id int) protocol.Join {
	m := joinMessage(name, "")
	m.ID = id
	return m
}

func sameType(a, b any) bool { return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) }

func TestPasscode(t *testing.T) {
	h := newHarness(t, Config{Links: testLinks(t)})
	h.room.Rules.PasscodeHash = rooms.HashPasscode("open sesame")
	bo := h.dial()
	bo.send(joinMessage("Bo", ""))
	bo.refused(1, protocol.PasscodeNeeded)
	with := joinMessage("Bo", "")
	for range passcodeTriesPerAddress {
		with.Passcode = "open says me"
		bo.send(with)
		if got := expect[protocol.Error](bo); got.Code != protocol.PasscodeWrong {
			t.Fatalf("a wrong passcode: %+v", got)
		}
	}
	with.Passcode = "open sesame"
	bo.send(with)
	if got := expect[protocol.Error](bo); got.Code != protocol.PasscodeWrong || got.RetryAfter < 1 {
		t.Errorf("the right one while a guesser must wait: %+v", got)
	}
	h.host() // needs none
	token, _, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker})
	if err != nil {
		t.Fatal(err)
	}
	h.joinWith("Cy", token)
	eventually(t, func() bool {
		cy := h.dial()
		cy.send(with)
		_, joined := cy.next().(protocol.Joined)
		return joined
	}, func() string { return "the wait has no end" })
	if n := joins(h); n != 3 {
		t.Errorf("media let in %d, want 3", n)
	}
}

func TestLinks(t *testing.T) {
	now := time.Now()
	keys := testLinks(t)
	h := newHarness(t, Config{Links: keys})
	sign := func(room rooms.Room, l rooms.Link) string {
		token, _, err := keys.Sign(room, l)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	other := h.room
	other.ID = "1.other"
	for name, tt := range map[string]struct {
		token string
		code  protocol.ErrorCode // empty: it opens
		as    string
		role  protocol.Role
	}{
		"audience":        {sign(h.room, rooms.Link{Role: rooms.LinkAudience}), "", "Me", protocol.Audience},
		"host with name":  {sign(h.room, rooms.Link{Role: rooms.LinkHost, Name: "Zoë"}), "", "Zoë", protocol.Host},
		"lasts":           {sign(h.room, rooms.Link{Role: rooms.LinkSpeaker, Expires: now.Add(time.Hour)}), "", "Me", protocol.Speaker},
		"over":            {sign(h.room, rooms.Link{Role: rooms.LinkSpeaker, Expires: now.Add(-time.Second)}), protocol.LinkExpired, "", ""},
		"another room":    {sign(other, rooms.Link{Role: rooms.LinkHost}), protocol.Forbidden, "", ""},
		"made up":         {"AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", protocol.Forbidden, "", ""},
		"host of another": {rooms.HostToken(hostKey, "1.other"), protocol.Forbidden, "", ""},
	} {
		c := h.dial()
		c.send(joinMessage("Me", tt.token))
		if tt.code != "" {
			c.refused(1, tt.code)
			continue
		}
		got := expect[protocol.Joined](c)
		me := got.Roster[slices.IndexFunc(got.Roster, func(p protocol.Participant) bool { return p.ID == got.Participant })]
		if got.Role != tt.role || me.Name != tt.as {
			t.Errorf("%s: came in as %s, a %s", name, me.Name, got.Role)
		}
	}
}

func TestRevokeLinks(t *testing.T) {
	h := newHarness(t, Config{Links: testLinks(t)})
	token, _, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker})
	if err != nil {
		t.Fatal(err)
	}
	plain, ann, bo := h.join("Cy"), h.host(), h.joinWith("Bo", token)
	early := h.dial() // a socket that was open before
	changed := h.room
	changed.Version, changed.Rules.LinkEpoch = 2, 1
	h.hub.RevokeLinks(changed)
	ann.bye(protocol.ByeRevoked, websocket.StatusNormalClosure)
	bo.bye(protocol.ByeRevoked, websocket.StatusNormalClosure)
	plain.sawLeave(bo.me.Participant)
	for _, old := range []string{token, hostOf(h)} {
		early.send(joinMessage("Back", old))
		early.refused(1, protocol.LinkExpired)
	}
	early.send(joinMessage("Ann", changed.HostToken(hostKey)))
	if got := expect[protocol.Joined](early); got.Role != protocol.Host {
		t.Errorf("the new host link makes a %s", got.Role)
	}
	plain.send(protocol.SendChat{Text: "still here"})
	await[protocol.Chat](early, nil)
}

// TestRevokeOneLink revokes one of two links while somebody is in by each.
func TestRevokeOneLink(t *testing.T) {
	h := newHarness(t, Config{Links: testLinks(t)})
	sign := func() (token, id string) {
		t.Helper()
		token, link, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker})
		if err != nil {
			t.Fatal(err)
		}
		return token, link.ID
	}
	goes, id := sign()
	stays, _ := sign()
	ann, bo, cy := h.host(), h.joinWith("Bo", goes), h.joinWith("Cy", stays)
	h.store.revoked.Store(id, rooms.ErrLinkExpired)
	h.hub.RevokeLink(h.room, id)
	bo.bye(protocol.ByeRevoked, websocket.StatusNormalClosure)
	ann.sawLeave(bo.me.Participant)
	back := h.dial()
	back.send(joinMessage("Bo", goes))
	back.refused(1, protocol.LinkExpired)
	cy.send(protocol.SendChat{Text: "still here"})
	await[protocol.Chat](ann, nil)
	h.joinWith("Di", stays)
}

// TestRevokedBetweenCheckAndEntry revokes a link whose holder the store has let
// pass a moment ago, in a room that lives and in one that does not.
func TestRevokedBetweenCheckAndEntry(t *testing.T) {
	for name, live := range map[string]bool{"somebody is in": true, "nobody is": false} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{Links: testLinks(t)})
			token, link, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker})
			if err != nil {
				t.Fatal(err)
			}
			if live {
				h.join("Ann")
			}
			h.hub.RevokeLink(h.room, link.ID) // the store still says yes
			late := h.dial()
			late.send(joinMessage("Bo", token))
			late.refused(1, protocol.LinkExpired)
		})
	}
}

// TestLinkCannotBeLookedUp has the store fail: nobody comes in by a link then.
func TestLinkCannotBeLookedUp(t *testing.T) {
	h := newHarness(t, Config{Links: testLinks(t)})
	token, link, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkSpeaker})
	if err != nil {
		t.Fatal(err)
	}
	h.store.revoked.Store(link.ID, rooms.ErrUnavailable)
	c := h.dial()
	c.send(joinMessage("Bo", token))
	c.refused(1, protocol.Internal)
	h.store.revoked.Delete(link.ID)
	h.joinWith("Bo", token)
}

func TestNotYetOpen(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.Start = time.Now().Add(time.Hour)
	bo := h.dial()
	bo.send(joinMessage("Bo", ""))
	got := expect[protocol.Error](bo)
	if got.Code != protocol.NotOpen || got.OpensAt != stamp(h.room.Start) || got.RetryAfter < 3599 || got.RetryAfter > 3600 {
		t.Errorf("before the start: %+v", got)
	}
	moved := h.room
	moved.Version, moved.Start = 2, time.Now().Add(-time.Second)
	h.hub.UpdateRoom(moved)
	bo.send(joinMessage("Bo", "")) // on the same socket
	expect[protocol.Joined](bo)
}

func TestMeetingRunsOver(t *testing.T) {
	h := newHarness(t, Config{EndGrace: 1200 * time.Millisecond})
	h.room.Start, h.room.End = time.Now(), time.Now().Add(400*time.Millisecond)
	bo := h.join("Bo")
	if got, want := bo.me.Room.ClosesAt, stamp(h.room.End.Add(1200*time.Millisecond)); got != want {
		t.Errorf("closes at %s, want %s", got, want)
	}
	late := h.dial()
	eventually(t, func() bool { return time.Now().After(h.room.End) }, func() string { return "the clock stands" })
	bo.send(protocol.SendChat{Text: "one more thing"})
	await[protocol.Chat](bo, nil)
	late.send(joinMessage("Late", "")) // nobody new
	late.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
	_ = bo.conn.CloseNow()
	back := h.dial()
	back.send(protocol.Resume{Token: bo.me.ResumeToken, After: bo.me.Seq}) // who was in may come back
	expect[protocol.Resumed](back)
	back.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
	if !time.Now().After(h.room.End.Add(1200 * time.Millisecond)) {
		t.Error("it ended before its grace was over")
	}
}

func TestRecordingPolicies(t *testing.T) {
	t.Run("automatic", func(t *testing.T) {
		h := newHarness(t, Config{})
		h.room.Rules.Recording = rooms.RecordAutomatic
		bo := h.join("Bo")
		await(bo, func(r protocol.Recording) bool { return r.On && r.ID != "" && r.By == "" })
		ann := h.host()
		ann.send(protocol.Record{On: false})
		await(bo, func(r protocol.Recording) bool { return !r.On })
		cy := h.join("Cy") // does not begin it again
		if cy.me.Recording.On {
			t.Error("a host's word did not last")
		}
	})
	t.Run("off", func(t *testing.T) {
		h := newHarness(t, Config{})
		ann := h.host()
		ann.send(protocol.Record{On: true})
		await(ann, func(r protocol.Recording) bool { return r.On && r.ID != "" })
		changed := h.room
		changed.Version, changed.Rules.Recording = 2, rooms.RecordOff
		h.hub.UpdateRoom(changed)
		await(ann, func(r protocol.Recording) bool {
			return !r.On && r.Notice != "" && r.NoticeCode == protocol.NoticePolicy
		})
		ann.send(protocol.Record{Request: protocol.Request{ID: 9}, On: true})
		await(ann, func(e protocol.Error) bool { return e.Re == 9 && e.Code == protocol.Forbidden })
	})
	t.Run("voice", func(t *testing.T) {
		h := newHarness(t, Config{})
		h.room.Rules.Recording = rooms.RecordVoice
		ann := h.host()
		ann.send(protocol.Publish{Source: protocol.Camera, On: true})
		ann.send(protocol.Record{On: true})
		await(ann, func(r protocol.Recording) bool { return r.ID != "" })
		ann.send(protocol.Publish{Source: protocol.Screen, On: true})
		ann.send(protocol.Publish{Source: protocol.Microphone, On: true})
		settles(t, &h.rec.diary, "source p1 microphone on=true muted=false")
		for _, line := range h.rec.read() {
			if line == "source p1 screen on=true muted=false" || line == "source p1 camera on=true muted=false" {
				t.Errorf("the recorder heard %q", line)
			}
		}
	})
}

// TestModerationIsAudited looks for an entry of each thing a host did or was refused.
func TestModerationIsAudited(t *testing.T) {
	entries := make(chan rooms.AuditEntry, 100)
	h := newHarness(t, Config{Audit: func(e rooms.AuditEntry) { entries <- e }})
	h.room.Start = time.Now()
	ann, bo := h.host(), h.join("Bo")
	next := func(action string, outcome rooms.Outcome, actor string) rooms.AuditEntry {
		t.Helper()
		select {
		case e := <-entries:
			if e.Action != action || e.Outcome != outcome || e.Actor != actor || e.Object != "1.r" || e.At.IsZero() {
				t.Errorf("entry %+v, want %s %s by %s", e, action, outcome, actor)
			}
			return e
		case <-time.After(patience):
			t.Fatalf("no entry of %s", action)
		}
		return rooms.AuditEntry{}
	}
	bo.send(protocol.Lock{On: true})
	next("meeting.lock", rooms.OutcomeRefused, "Bo")
	bo.send(protocol.Moderate{Action: protocol.Mute, Participant: "p1"})
	next("meeting.mute", rooms.OutcomeRefused, "Bo")
	ann.send(protocol.Moderate{Action: protocol.SetRole, Participant: "p2", Role: protocol.Audience})
	if e := next("meeting.set_role", rooms.OutcomeOK, "Ann"); e.Details["name"] != "Bo" || e.Details["role"] != "audience" || e.ActorID != "p1" {
		t.Errorf("entry %+v", e)
	}
	ann.send(protocol.Record{On: true})
	next("meeting.record.start", rooms.OutcomeOK, "Ann")
	ann.send(protocol.Record{})
	next("meeting.record.stop", rooms.OutcomeOK, "Ann")
	ann.send(protocol.Lock{})
	next("meeting.unlock", rooms.OutcomeOK, "Ann")
	ann.send(protocol.Moderate{Action: protocol.Remove, Participant: "p2"})
	next("meeting.remove", rooms.OutcomeOK, "Ann")
	ann.send(protocol.Extend{Minutes: 15})
	next("meeting.extend", rooms.OutcomeOK, "Ann")
	ann.send(protocol.EndMeeting{})
	next("meeting.end", rooms.OutcomeOK, "Ann")
}
