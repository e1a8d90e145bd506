package signaling

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

func hostOf(h *harness) string { return rooms.HostToken(hostKey, h.room.ID) }

func mutes(id string) func(protocol.Roster) bool {
	return func(r protocol.Roster) bool {
		return slices.ContainsFunc(r.Changed, func(p protocol.Participant) bool {
			return p.ID == id && len(p.Sources) == 1 && p.Sources[0] == protocol.SourceState{Source: protocol.Microphone, Muted: true}
		})
	}
}

func TestMute(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo, cy := h.host(), h.join("Bo"), h.join("Cy")
	for _, c := range []*client{ann, bo, cy} {
		c.send(protocol.Publish{Source: protocol.Microphone, On: true})
		ann.saw(c.me.Participant, func(p protocol.Participant) bool { return len(p.Sources) == 1 })
	}
	ann.send(protocol.Moderate{Action: protocol.Mute, Participant: "p2"})
	await(cy, mutes("p2"))
	if got := await[protocol.Moderated](bo, nil); got.Action != protocol.Mute || got.By != "Ann" {
		t.Errorf("Bo heard %+v", got)
	}
	settles(t, &h.media.diary, "source p2 microphone on=true muted=true")

	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})              // crossed Ann's word
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true, Muted: true}) // follows it
	bo.send(protocol.SendChat{Text: "done"})
	await[protocol.Chat](cy, nil)
	if n := strings.Count(fmt.Sprint(h.media.read()), "source p2 microphone on=true muted=false"); n != 1 {
		t.Errorf("Bo's microphone was opened %d times, want only before the mute", n)
	}
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true}) // by Bo's own act
	cy.saw("p2", func(p protocol.Participant) bool { return !p.Sources[0].Muted })

	ann.send(protocol.Moderate{Action: protocol.MuteAll})
	got := await(cy, mutes("p3"))
	if len(got.Changed) != 2 {
		t.Errorf("muting everybody changed %+v, want Bo and Cy in one event", got.Changed)
	}
	await[protocol.Moderated](bo, nil)
	await[protocol.Moderated](cy, nil)
	if slices.Contains(h.media.read(), "source p1 microphone on=true muted=true") {
		t.Error("the host muted herself")
	}
}

func TestStopCameraAndScreen(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	for _, s := range []protocol.Source{protocol.Camera, protocol.Screen, protocol.ScreenAudio} {
		bo.send(protocol.Publish{Source: s, On: true})
	}
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 3 })
	ann.send(protocol.Moderate{Action: protocol.StopScreen, Participant: "p2"})
	ann.saw("p2", func(p protocol.Participant) bool {
		return len(p.Sources) == 1 && p.Sources[0].Source == protocol.Camera
	})
	ann.send(protocol.Moderate{Action: protocol.StopCamera, Participant: "p2"})
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 0 })
	for _, want := range []protocol.Action{protocol.StopScreen, protocol.StopCamera} {
		if got := await[protocol.Moderated](bo, nil); got.Action != want {
			t.Errorf("Bo heard %+v, want %s", got, want)
		}
	}
	settles(t, &h.media.diary, "source p2 camera on=false muted=false", "source p2 screen on=false muted=false",
		"source p2 screen_audio on=false muted=false")
}

// TestResumeAfterMute holds that who was away while a host muted everybody
// does not come back unmuted, and hears of it.
func TestResumeAfterMute(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})
	ann.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 1 })
	_ = bo.conn.CloseNow()
	ann.saw("p2", func(p protocol.Participant) bool { return !p.Connected })
	ann.send(protocol.Moderate{Action: protocol.MuteAll})
	await(ann, mutes("p2"))

	back := h.dial()
	back.send(protocol.Resume{Token: bo.me.ResumeToken, After: bo.me.Seq})
	expect[protocol.Resumed](back)
	if got := await[protocol.Moderated](back, nil); got.Action != protocol.Mute || got.By != "Ann" {
		t.Errorf("on coming back Bo heard %+v", got)
	}
	back.send(protocol.Publish{Source: protocol.Microphone, On: true}) // repeats what it last said
	back.send(protocol.SendChat{Text: "done"})
	await[protocol.Chat](ann, nil)
	if snap, _ := h.hub.Live(h.room.ID); !snap.Participants[1].Sources[0].Muted {
		t.Error("repeating publish undid the mute")
	}
}

func TestRemove(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	ann.send(protocol.Moderate{Action: protocol.Remove, Participant: "p2"})
	bo.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
	ann.sawLeave("p2")
	settles(t, &h.media.diary, "leave p2")
	again := h.dial()
	again.send(protocol.Resume{Token: bo.me.ResumeToken, After: bo.me.Seq})
	again.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)

	cy := h.join("Cy") // is away when she is removed
	_ = cy.conn.CloseNow()
	ann.saw("p3", func(p protocol.Participant) bool { return !p.Connected })
	ann.send(protocol.Moderate{Action: protocol.Remove, Participant: "p3"})
	ann.sawLeave("p3")
	again = h.dial()
	again.send(protocol.Resume{Token: cy.me.ResumeToken, After: cy.me.Seq})
	again.bye(protocol.ByeRemoved, websocket.StatusNormalClosure)
}

func TestHandsAndHosts(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	bo.send(protocol.Hand{Up: true})
	ann.saw("p2", func(p protocol.Participant) bool { return p.Hand == 1 })
	ann.send(protocol.Hand{Up: true})
	bo.saw("p1", func(p protocol.Participant) bool { return p.Hand == 2 })
	ann.send(protocol.Hand{Up: false})
	bo.saw("p1", func(p protocol.Participant) bool { return p.Hand == 0 })
	ann.send(protocol.Moderate{Action: protocol.LowerHand, Participant: "p2"})
	ann.send(protocol.Moderate{Action: protocol.LowerHand, Participant: "p2"}) // is down
	ann.send(protocol.Moderate{Action: protocol.AskToUnmute, Participant: "p2"})
	ann.send(protocol.Moderate{Action: protocol.MakeHost, Participant: "p2"})
	for _, want := range []protocol.Action{protocol.LowerHand, protocol.AskToUnmute, protocol.MakeHost} {
		if got := await[protocol.Moderated](bo, nil); got.Action != want {
			t.Errorf("Bo heard %+v, want %s", got, want)
		}
	}
	bo.send(protocol.Lock{On: true})
	if got := await[protocol.Room](ann, nil); !got.Locked {
		t.Errorf("room after Bo, now a host, locked it: %+v", got)
	}
}

func TestGuestsMayNot(t *testing.T) {
	h := newHarness(t, Config{})
	h.host()
	bo := h.join("Bo")
	for i, msg := range []any{
		protocol.Moderate{Request: protocol.Request{ID: 10}, Action: protocol.Mute, Participant: "p1"},
		protocol.Moderate{Request: protocol.Request{ID: 11}, Action: protocol.MuteAll},
		protocol.Moderate{Request: protocol.Request{ID: 12}, Action: protocol.MakeHost, Participant: "p2"},
		protocol.Lock{Request: protocol.Request{ID: 13}, On: true},
		protocol.Extend{Request: protocol.Request{ID: 14}, Minutes: 15},
	} {
		bo.send(msg)
		bo.refused(10+i, protocol.Forbidden)
	}
	if got := h.store.read(); len(got) != 0 {
		t.Errorf("the store saw %q", got)
	}
}

func TestModerateWhom(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	ann.send(protocol.Moderate{Request: protocol.Request{ID: 3}, Action: protocol.Mute, Participant: "p9"})
	ann.refused(3, protocol.NotHere)
	ann.send(protocol.Moderate{Request: protocol.Request{ID: 4}, Action: protocol.Remove, Participant: "p1"})
	ann.refused(4, protocol.BadMessage)
}

func TestLock(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	ann.send(protocol.Lock{On: true})
	if got := await[protocol.Room](bo, nil); !got.Locked {
		t.Errorf("room: %+v", got)
	}
	cy := h.dial()
	cy.send(joinMessage("Cy", ""))
	cy.refused(1, protocol.RoomLocked)
	if dee := h.joinWith("Dee", hostOf(h)); !dee.me.Room.Locked {
		t.Errorf("a host's way in: %+v", dee.me)
	}
	_ = bo.conn.CloseNow()
	ann.saw("p2", func(p protocol.Participant) bool { return !p.Connected })
	back := h.dial()
	back.send(protocol.Resume{Token: bo.me.ResumeToken, After: bo.me.Seq})
	expect[protocol.Resumed](back) // who is in stays in
	ann.send(protocol.Lock{On: false})
	await(back, func(r protocol.Room) bool { return !r.Locked })
	cy.send(joinMessage("Cy", ""))
	expect[protocol.Joined](cy)
}

func TestExtend(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.Start, h.room.End = time.Now(), time.Now().Add(2*time.Second) // would end within the test
	ann, bo := h.host(), h.join("Bo")
	ann.send(protocol.Extend{Minutes: 30})
	ann.send(protocol.Extend{Minutes: 15})
	want := stamp(h.room.End.Add(45 * time.Minute))
	await(bo, func(r protocol.Room) bool { return r.EndsAt == want })
	if got := h.store.read(); !slices.Equal(got, []string{"end 1.r", "end 1.r"}) {
		t.Errorf("the store saw %q", got)
	}
	for range 23 {
		ann.send(protocol.Extend{Minutes: 60})
	}
	ann.send(protocol.Extend{Request: protocol.Request{ID: 9}, Minutes: 30}) // 24 h 15 min
	await(ann, func(e protocol.Error) bool { return e.Re == 9 && e.Code == protocol.TooLong })
	eventually(t, func() bool { return time.Now().After(h.room.End) }, func() string { return "the clock stands" })
	bo.send(protocol.SendChat{Text: "still here"})
	await[protocol.Chat](ann, nil)
}

// endingStore ends the room from outside while an extension is being stored.
type endingStore struct {
	diary
	linkBook
	end func()
}

func (s *endingStore) SetRoomEnd(_ context.Context, _ string, end time.Time) error {
	if s.end != nil {
		s.end()
		s.end = nil
	}
	s.note("later=%v", time.Until(end) > time.Minute)
	return nil
}

func TestExtendLosesAgainstEnd(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.Start = time.Now()
	store := &endingStore{}
	store.end = func() { h.hub.EndRoom(t.Context(), h.room.ID) }
	h.hub.store = store
	ann := h.host()
	ann.send(protocol.Extend{Minutes: 30})
	ann.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
	settles(t, &store.diary, "later=true", "later=false")
}

func TestReactions(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.join("Ann"), h.join("Bo")
	for _, c := range []*client{ann, bo} {
		for range 40 { // more than the limit
			c.send(protocol.React{Emoji: protocol.Applause})
		}
	}
	total := 0
	for total < 2*gestureBurst {
		got := await[protocol.Reactions](bo, nil)
		for _, row := range got.Reactions {
			if row.Emoji != protocol.Applause || len(row.Participants) > 2 {
				t.Errorf("row %+v", row)
			}
			total += row.Count
		}
	}
	if total > 2*gestureBurst+4 {
		t.Errorf("%d reactions were shown, want about %d", total, 2*gestureBurst)
	}
	ann.send(protocol.Hand{Up: true}) // neither cut off nor out of hands
	bo.saw("p1", func(p protocol.Participant) bool { return p.Hand == 1 })
}

func TestHandsAreLimited(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.join("Ann")
	for i := range 2 * gestureBurst {
		ann.send(protocol.Hand{Request: protocol.Request{ID: i + 1}, Up: i%2 == 0})
	}
	await(ann, func(e protocol.Error) bool { return e.Code == protocol.TooMany && e.Re > gestureBurst })
}

func TestOfferSkipsWhoIsBehind(t *testing.T) {
	b := newOutbox(4)
	for range 3 {
		b.offer([]byte("reactions"))
	}
	if len(b.queue) != 2 {
		t.Errorf("%d messages wait, want no more than half of 4", len(b.queue))
	}
	if !b.push([]byte("event")) {
		t.Error("reactions left no room for an event")
	}
}

func TestReactionsGather(t *testing.T) {
	now := time.Now()
	var q reactions
	for i := range 30 {
		q.add(now, fmt.Sprintf("p%d", i%25), protocol.Heart, crowd+1)
	}
	q.add(now, "p1", protocol.Party, crowd+1)
	if got := q.take(now.Add(reactionGapCrowd - 1)); got != nil {
		t.Errorf("shown too early: %+v", got)
	}
	got := q.take(now.Add(reactionGapCrowd))
	if len(got) != 2 || got[0].Count != 30 || len(got[0].Participants) != maxReacting {
		t.Fatalf("shown: %+v", got)
	}
	if diff := cmp.Diff([]string{"p0", "p1", "p2", "p3", "p4"}, got[0].Participants[maxReacting-5:]); diff != "" {
		t.Errorf("the latest (-want +got):\n%s", diff)
	}
	if q.take(now.Add(time.Hour)) != nil {
		t.Error("shown twice")
	}
}
