package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"plenum/sfu"
	"plenum/signaling/protocol"
)

func TestJoin(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	if ann.me.Re != 1 || ann.me.Participant != "p1" || ann.me.Role != protocol.Host || len(ann.me.ResumeToken) < 22 ||
		ann.me.Answer != "answer to offer of Ann" || ann.me.Room.Title != "Plans" {
		t.Errorf("joined: %+v", ann.me)
	}
	bo := h.join("  Bo\u202e\a ") // trimmed, no control characters
	if bo.me.Role != protocol.Speaker || bo.me.Seq != 2 || len(bo.me.Roster) != 2 || bo.me.Roster[1].Name != "Bo" {
		t.Errorf("joined: %+v", bo.me)
	}
	if got := expect[protocol.Roster](ann); got.Seq != 2 || got.Changed[0].ID != "p2" || got.Changed[0].Number != 2 {
		t.Errorf("roster at Ann: %+v", got)
	}
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true, Muted: true})
	for _, c := range []*client{ann, bo} {
		got := expect[protocol.Roster](c) // the first event at Bo: its own join came with joined
		want := []protocol.SourceState{{Source: protocol.Microphone, Muted: true}}
		if diff := cmp.Diff(want, got.Changed[0].Sources); diff != "" || got.Seq != 3 {
			t.Errorf("event %d (-want +got):\n%s", got.Seq, diff)
		}
	}
	snap, ok := h.hub.Live("1.r")
	if !ok || len(snap.Participants) != 2 || len(snap.Participants[1].Sources) != 1 {
		t.Errorf("Live = %+v, %v", snap, ok)
	}
	if _, ok := h.hub.Live("1.other"); ok {
		t.Error("a room without anybody is live")
	}
}

func TestCommands(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.join("Ann")
	ann.send(protocol.SendChat{Text: " <b>hi</b>\n\x00there "})
	if got := expect[protocol.Chat](ann); got.Text != "<b>hi</b>\nthere" || got.From != "p1" || got.Name != "Ann" {
		t.Errorf("chat: %+v", got)
	}
	bo := h.join("Bo")
	if len(bo.me.Chat) != 1 {
		t.Errorf("chat of a late joiner: %+v", bo.me.Chat)
	}
	expect[protocol.Roster](ann)
	ann.send(protocol.Offer{Request: protocol.Request{ID: 7}, Offer: "more"})
	if got := expect[protocol.Answer](ann); got.Re != 7 || got.Answer != "answer to more" {
		t.Errorf("answer: %+v", got)
	}
	ann.send(protocol.Offer{Request: protocol.Request{ID: 8}, Offer: "bad"})
	ann.refused(8, protocol.BadOffer)
	ann.send(protocol.SetView{View: protocol.View{Tiles: []protocol.Tile{{Participant: "p2", Source: "camera", Height: 90}}}})
	ann.send(protocol.Seated{Epoch: 5})
	ann.send(protocol.Publish{Source: protocol.Camera, On: true})
	ann.send(protocol.Publish{Source: protocol.Camera, On: true}) // changes nothing
	ann.send(protocol.Record{Request: protocol.Request{ID: 9}, On: true})
	expect[protocol.Roster](ann)
	ann.refused(9, protocol.Forbidden)
	ann.send(protocol.EndMeeting{Request: protocol.Request{ID: 10}})
	ann.refused(10, protocol.Forbidden)
	ann.send(protocol.Leave{})
	ann.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
	bo.sawLeave("p1")
	settles(t, &h.media.diary, "view p1 [{p2 camera 90}]", "seated p1 5", "source p1 camera on=true muted=false", "leave p1")
	if n := strings.Count(fmt.Sprint(h.media.read()), "source p1"); n != 1 {
		t.Errorf("%d calls of SetSource, want 1", n)
	}
}

func TestBadMessages(t *testing.T) {
	h := newHarness(t, Config{})
	name := strings.Repeat("ä", 64)
	tiles := strings.Repeat(`{"participant":"p1","source":"camera","height":1},`, 201)
	for what, tt := range map[string]struct {
		message string
		re      int
		code    protocol.ErrorCode
	}{
		"not JSON":           {`hello`, 0, protocol.BadMessage},
		"not an object":      {`[1]`, 0, protocol.BadMessage},
		"no type":            {`{"id":3}`, 3, protocol.BadMessage},
		"unknown type":       {`{"type":"dance","id":3}`, 3, protocol.BadMessage},
		"server's type":      {`{"type":"joined","id":3}`, 3, protocol.BadMessage},
		"wrong field type":   {`{"type":"join","id":3,"name":5}`, 3, protocol.BadMessage},
		"negative id":        {`{"type":"chat","id":-1,"text":"x"}`, 0, protocol.BadMessage},
		"huge id":            {`{"type":"chat","id":9007199254740992,"text":"x"}`, 0, protocol.BadMessage},
		"not UTF-8":          {"{\"type\":\"chat\",\"text\":\"\xff\"}", 0, protocol.BadMessage},
		"chat before join":   {`{"type":"chat","id":3,"text":"hi"}`, 3, protocol.NotJoined},
		"offer before join":  {`{"type":"offer","id":3,"offer":"x","sources":{}}`, 3, protocol.NotJoined},
		"empty name":         {`{"type":"join","id":3,"name":" \u0007 ","offer":"x"}`, 3, protocol.BadMessage},
		"long name":          {`{"type":"join","id":3,"name":"` + name + `ä","offer":"x"}`, 3, protocol.BadMessage},
		"no offer":           {`{"type":"join","id":3,"name":"A"}`, 3, protocol.BadMessage},
		"long offer":         {`{"type":"join","id":3,"name":"A","offer":"` + strings.Repeat("x", 200<<10+1) + `"}`, 3, protocol.BadMessage},
		"unknown source":     {`{"type":"join","id":3,"name":"A","offer":"x","sources":{"0":"nose"}}`, 3, protocol.BadMessage},
		"source twice":       {`{"type":"join","id":3,"name":"A","offer":"x","sources":{"0":"camera","1":"camera"}}`, 3, protocol.BadMessage},
		"empty mid":          {`{"type":"join","id":3,"name":"A","offer":"x","sources":{"":"camera"}}`, 3, protocol.BadMessage},
		"tall tile":          {`{"type":"view","id":3,"tiles":[{"participant":"p1","source":"camera","height":4321}]}`, 3, protocol.BadMessage},
		"flat tile":          {`{"type":"view","id":3,"tiles":[{"participant":"p1","source":"camera","height":0}]}`, 3, protocol.BadMessage},
		"tile of sound":      {`{"type":"view","id":3,"tiles":[{"participant":"p1","source":"microphone","height":9}]}`, 3, protocol.BadMessage},
		"tile of nobody":     {`{"type":"view","id":3,"tiles":[{"source":"camera","height":9}]}`, 3, protocol.BadMessage},
		"many tiles":         {`{"type":"view","id":3,"tiles":[` + strings.TrimSuffix(tiles, ",") + `]}`, 3, protocol.BadMessage},
		"empty chat":         {`{"type":"chat","id":3,"text":" \n "}`, 3, protocol.BadMessage},
		"long chat":          {`{"type":"chat","id":3,"text":"` + strings.Repeat("x", 4001) + `"}`, 3, protocol.BadMessage},
		"publish nothing":    {`{"type":"publish","id":3,"on":true}`, 3, protocol.BadMessage},
		"unknown action":     {`{"type":"moderate","id":3,"action":"tickle","participant":"p1"}`, 3, protocol.BadMessage},
		"moderate nobody":    {`{"type":"moderate","id":3,"action":"mute"}`, 3, protocol.BadMessage},
		"mute all but whom":  {`{"type":"moderate","id":3,"action":"mute_all","participant":"p1"}`, 3, protocol.BadMessage},
		"unknown emoji":      {`{"type":"reaction","id":3,"emoji":"💩"}`, 3, protocol.BadMessage},
		"odd extension":      {`{"type":"extend","id":3,"minutes":45}`, 3, protocol.BadMessage},
		"hand before join":   {`{"type":"hand","id":3,"up":true}`, 3, protocol.NotJoined},
		"negative epoch":     {`{"type":"seated","epoch":-1}`, 0, protocol.BadMessage},
		"resume sans token":  {`{"type":"resume","id":3,"after":1}`, 3, protocol.BadMessage},
		"resume of nothing":  {`{"type":"resume","id":3,"token":"x","after":1}`, 3, protocol.ResumeExpired},
		"wrong host token":   {`{"type":"join","id":3,"name":"A","token":"x","offer":"x"}`, 3, protocol.Forbidden},
		"offer not answered": {`{"type":"join","id":3,"name":"A","offer":"bad"}`, 3, protocol.BadOffer},
		"media out of order": {`{"type":"join","id":3,"name":"A","offer":"broken"}`, 3, protocol.Internal},
	} {
		t.Run(what, func(t *testing.T) {
			c := h.dial()
			c.t = t
			c.sendRaw(tt.message)
			c.refused(tt.re, tt.code)
			c.sendRaw(`{"type":"join","id":4,"name":"` + name + `","offer":"x","surprise":{"deep":[1]}}`)
			if got := expect[protocol.Joined](c); got.Re != 4 || got.Roster[len(got.Roster)-1].Name != name {
				t.Errorf("joined after the refusal: %+v", got)
			}
			c.sendRaw(`{"type":"join","id":5,"name":"A","offer":"x"}`)
			c.refused(5, protocol.BadMessage)
			c.send(protocol.Leave{})
			c.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
		})
	}
}

func TestCutOffForMisbehaviour(t *testing.T) {
	t.Run("nonsense", func(t *testing.T) {
		c := newHarness(t, Config{}).dial()
		for range strikeBurst + 1 {
			c.sendRaw("nonsense")
		}
		c.bye(protocol.ByeKicked, websocket.StatusPolicyViolation)
	})
	t.Run("too fast", func(t *testing.T) {
		h := newHarness(t, Config{MessagesPerSecond: 1})
		c := h.join("Ann")
		c.send(protocol.Seated{})
		c.send(protocol.Seated{Epoch: 1})
		c.refused(0, protocol.TooMany)
		for range strikeBurst {
			c.send(protocol.Seated{})
		}
		c.bye(protocol.ByeKicked, websocket.StatusPolicyViolation)
	})
	t.Run("too many offers", func(t *testing.T) {
		c := newHarness(t, Config{}).join("Ann")
		for range offerBurst - 1 { // one was for joining
			c.send(protocol.Offer{Offer: "more"})
			expect[protocol.Answer](c)
		}
		for range 3 * offerBurst { // the socket ends on the way
			_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"offer","offer":"more"}`))
		}
		await[protocol.Error](c, func(e protocol.Error) bool { return e.Code == protocol.TooMany })
		c.bye(protocol.ByeKicked, websocket.StatusPolicyViolation)
	})
	t.Run("binary", func(t *testing.T) {
		c := newHarness(t, Config{}).dial()
		if err := c.conn.Write(t.Context(), websocket.MessageBinary, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		c.refused(0, protocol.BadMessage)
	})
	t.Run("too big", func(t *testing.T) {
		c := newHarness(t, Config{}).dial()
		c.sendRaw(strings.Repeat("x", 256<<10+1))
		if code := <-c.code; code != websocket.StatusMessageTooBig {
			t.Errorf("close code %d, want 1009", code)
		}
	})
	t.Run("silent", func(t *testing.T) {
		c := newHarness(t, Config{JoinWait: time.Millisecond}).dial()
		c.bye(protocol.ByeKicked, websocket.StatusPolicyViolation)
	})
}

// TestSlowJoin has the server take longer over a join than a page may take to
// send it: that is not the page's fault.
func TestSlowJoin(t *testing.T) {
	h := newHarness(t, Config{JoinWait: 100 * time.Millisecond})
	h.media.hold = make(chan struct{})
	time.AfterFunc(300*time.Millisecond, func() { close(h.media.hold) })
	if ann := h.join("Ann"); ann.me.Participant != "p1" {
		t.Errorf("joined: %+v", ann.me)
	}
}

func TestUpgradeNeedsTheSubprotocol(t *testing.T) {
	h := newHarness(t, Config{})
	_, resp, err := websocket.Dial(t.Context(), h.url, &websocket.DialOptions{Subprotocols: []string{"plenum.v2"}})
	if err == nil || resp == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("dial with another subprotocol: %v, %v", resp, err)
	}
	_ = resp.Body.Close() // read by nobody
	http.DefaultClient.CloseIdleConnections()
}

func TestFullRoom(t *testing.T) {
	h := newHarness(t, Config{MaxParticipants: 1})
	ann := h.join("Ann")
	bo := h.dial()
	bo.send(joinMessage("Bo", ""))
	bo.refused(1, protocol.RoomFull)
	ann.send(protocol.Leave{})
	ann.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
	bo.send(joinMessage("Bo", "")) // the room's next life, if the first is over already
	if got := expect[protocol.Joined](bo); len(got.Roster) != 1 {
		t.Errorf("roster %+v, want Bo alone", got.Roster)
	}
}

// TestCapacity holds a room to its own limit, and to a new one at once.
func TestCapacity(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.Capacity = 1
	h.join("Ann")
	bo := h.dial()
	bo.send(joinMessage("Bo", ""))
	bo.refused(1, protocol.RoomFull)
	larger := h.room
	larger.Capacity = 2
	h.hub.UpdateRoom(larger)
	bo.send(joinMessage("Bo", ""))
	if got := expect[protocol.Joined](bo); len(got.Roster) != 2 {
		t.Errorf("roster %+v, want Ann and Bo", got.Roster)
	}
}

func TestNextLifeOfARoom(t *testing.T) {
	h := newHarness(t, Config{})
	for range 3 {
		c := h.join("Ann")
		if c.me.Participant != "p1" || c.me.Seq != 1 {
			t.Errorf("joined as %s at %d, want p1 at 1", c.me.Participant, c.me.Seq)
		}
		c.send(protocol.Leave{})
		c.bye(protocol.ByeLeft, websocket.StatusNormalClosure)
	}
	eventually(t, func() bool { n, _ := h.hub.Count(); return n == 0 }, func() string { return "the room lives on" })
	want := slices.Repeat([]string{"open 1.r", "join p1 1", "leave p1", "close 1.r"}, 3)
	got := h.media.read()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("media calls (-want +got):\n%s", diff)
	}
}

func TestSeatsWaitForJoined(t *testing.T) {
	h := newHarness(t, Config{})
	h.media.early = true
	ann := h.join("Ann") // fails when seats come first
	if got := expect[protocol.Seats](ann); got.Epoch != 1 || len(got.Seats) != 1 {
		t.Errorf("seats: %+v", got)
	}
}

func TestTablesAreCoalesced(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.join("Ann")
	obs := h.media.opened().obs
	const last = 500
	for epoch := int64(1); epoch <= last; epoch++ {
		obs.SeatsChanged("p1", epoch, []sfu.SeatRow{{Participant: "p2", Source: sfu.Camera, Video: true, From: 7, HasFrom: true}})
		obs.FloorChanged([]string{fmt.Sprintf("p%d", epoch)})
	}
	var epochs []int64
	var floors []string
	for len(epochs) == 0 || epochs[len(epochs)-1] != last || len(floors) == 0 || floors[len(floors)-1] != "p500" {
		switch m := ann.next().(type) {
		case protocol.Seats:
			epochs = append(epochs, m.Epoch)
			if m.Seats[0].From == nil || *m.Seats[0].From != 7 || m.Seats[0].Source != protocol.Camera {
				t.Fatalf("seat: %+v", m.Seats[0])
			}
		case protocol.Floor:
			floors = append(floors, m.Participants[0])
		}
	}
	if !slices.IsSorted(epochs) || len(epochs) > last/2 {
		t.Errorf("%d tables for %d changes, in order %v", len(epochs), last, slices.IsSorted(epochs))
	}
	obs.SeatsChanged("p9", 1, nil) // nobody
	obs.FloorChanged(nil)
	if got := expect[protocol.Floor](ann); len(got.Participants) != 0 {
		t.Errorf("floor: %+v, want nobody", got)
	}
	bo := h.join("Bo")
	if got := expect[protocol.Floor](bo); got.Participants == nil {
		t.Errorf("floor of a late joiner: %+v", got)
	}
}

func TestLinkState(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.join("Ann"), h.join("Bo")
	obs := h.media.opened().obs
	for _, tt := range []struct {
		state sfu.LinkState
		want  bool
	}{{sfu.LinkInterrupted, false}, {sfu.LinkUp, true}, {sfu.LinkFailed, false}, {sfu.LinkUp, true}} {
		obs.LinkChanged("p2", sfu.LinkConnecting) // says nothing
		obs.LinkChanged("p2", tt.state)
		ann.saw("p2", func(p protocol.Participant) bool { return p.Connected == tt.want })
		bo.saw("p2", func(p protocol.Participant) bool { return p.Connected == tt.want })
	}
	obs.LinkChanged("p1", sfu.LinkFailed)
	bo.saw("p1", connected(false))
}

func TestSlowSocketIsCutOff(t *testing.T) {
	h := newHarness(t, Config{QueueLen: 4, CloseWait: 50 * time.Millisecond, MessagesPerSecond: 1e6})
	ann := h.join("Ann")
	deaf := h.dialDeaf()
	deaf.send(joinMessage("Bo", ""))
	ann.saw("p2", func(protocol.Participant) bool { return true })
	line := protocol.SendChat{Text: strings.Repeat("x", maxText)}
	for lost := false; !lost; { // fill what the kernel buffers, then the queue
		ann.send(line)
		lost = await(ann, func(any) bool { return true }) != nil && hasLost(h, "p2")
	}
	ann.saw("p2", func(p protocol.Participant) bool { return !p.Connected })
	settles(t, &h.media.diary, "pause p2 true")
	eventually(t, func() bool { _, n := h.hub.Count(); return n == 1 }, func() string { return "the deaf socket lives on" })
}

func hasLost(h *harness, id string) bool {
	snap, _ := h.hub.Live(h.room.ID)
	for _, p := range snap.Participants {
		if p.ID == id {
			return !p.Connected
		}
	}
	return false
}

func TestEnd(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, h *harness, ann *client){
		"by its host": func(t *testing.T, h *harness, ann *client) {
			t.Helper()
			ann.send(protocol.EndMeeting{})
			settles(t, &h.store.diary, "end 1.r")
		},
		"from outside": func(t *testing.T, h *harness, _ *client) { t.Helper(); h.hub.EndRoom(t.Context(), "1.r") },
		"by the clock": func(t *testing.T, h *harness, ann *client) {
			t.Helper()
			room := h.room
			room.End, room.Description = time.Now().Add(300*time.Millisecond), ""
			h.hub.UpdateRoom(room)
			if got := expect[protocol.Room](ann); got.Title != "Meeting" || got.EndsAt != stamp(room.End) {
				t.Errorf("room: %+v", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{})
			ann := h.host()
			ann.send(protocol.Record{On: true})
			await(ann, func(r protocol.Recording) bool { return r.ID != "" })
			waiting := h.dial()
			end(t, h, ann)
			ann.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
			settles(t, &h.rec.diary, "stop ended")
			settles(t, &h.media.diary, "close 1.r")
			h.hub.EndRoom(t.Context(), "1.r") // nothing left to end but the socket that waits
			waiting.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
			late := h.dial() // opened by one who still knew the room as open
			late.send(joinMessage("Cy", ""))
			late.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
		})
	}
}

func TestEndThatCantBeStored(t *testing.T) {
	h := newHarness(t, Config{})
	h.store.err = errors.New("disk on fire")
	ann := h.host()
	ann.send(protocol.EndMeeting{Request: protocol.Request{ID: 3}})
	ann.refused(3, protocol.Internal)
	if _, ok := h.hub.Live("1.r"); !ok {
		t.Error("the meeting ended all the same")
	}
}

func TestRoomIsOverBeforeTheJoin(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.End = time.Now()
	c := h.dial()
	c.send(joinMessage("Ann", ""))
	c.bye(protocol.ByeEnded, websocket.StatusNormalClosure)
}

func TestClose(t *testing.T) {
	h := newHarness(t, Config{})
	ann, waiting := h.host(), h.dial()
	ann.send(protocol.Record{On: true})
	await(ann, func(r protocol.Recording) bool { return r.ID != "" })
	if err := h.hub.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	ann.bye(protocol.ByeShutdown, websocket.StatusServiceRestart)
	waiting.bye(protocol.ByeShutdown, websocket.StatusServiceRestart)
	if got := h.rec.read(); got[len(got)-1] != "stop shutdown" {
		t.Errorf("Close returned before the recording was finished: %q", got)
	}
	_, resp, err := websocket.Dial(t.Context(), h.url, &websocket.DialOptions{Subprotocols: []string{protocol.Version}})
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("dial after Close: %v", err)
	}
	_ = resp.Body.Close() // read by nobody
	http.DefaultClient.CloseIdleConnections()
}

func TestCloseDuringAJoin(t *testing.T) {
	h := newHarness(t, Config{})
	h.media.hold = make(chan struct{})
	ann := h.dial()
	ann.send(joinMessage("Ann", ""))
	settles(t, &h.media.diary, "open 1.r")
	done := make(chan error, 1)
	go func() { done <- h.hub.Close(t.Context()) }()
	eventually(t, func() bool { n, _ := h.hub.Count(); return n == 0 }, func() string { return "the room lives on" })
	close(h.media.hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ann.bye(protocol.ByeShutdown, websocket.StatusServiceRestart)
	settles(t, &h.media.diary, "leave p1")
}

func TestCloseGivesUp(t *testing.T) {
	h := newHarness(t, Config{})
	h.rec.hold = make(chan struct{})
	ann := h.host()
	ann.send(protocol.Record{On: true})
	expect[protocol.Recording](ann)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := h.hub.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v, want the deadline", err)
	}
	close(h.rec.hold)
	settles(t, &h.rec.diary, "stop shutdown")
}
