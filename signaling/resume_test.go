package signaling

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/sfu"
	"plenum/signaling/protocol"
)

// resume opens a socket that takes up the session of c.
func (h *harness) resume(c *client, after int64) *client {
	h.t.Helper()
	again := h.dial()
	again.me, again.attempt = c.me, c.attempt+1
	again.send(protocol.Resume{
		Request: protocol.Request{ID: 2}, Token: c.me.ResumeToken, After: after, Attempt: again.attempt,
	})
	return again
}

// lose breaks the socket without a word.
func (c *client) lose() { _ = c.conn.CloseNow() }

func connected(want bool) func(protocol.Participant) bool {
	return func(p protocol.Participant) bool { return p.Connected == want }
}

func TestResume(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.join("Ann"), h.join("Bo") // events 1 and 2
	obs := h.media.opened().obs
	obs.SeatsChanged("p2", 4, []sfu.SeatRow{{Participant: "p1", Source: sfu.Camera}})
	obs.FloorChanged([]string{"p1"})
	await[protocol.Floor](bo, nil)
	bo.lose()
	ann.saw("p2", connected(false)) // event 3
	settles(t, &h.media.diary, "pause p2 true")
	for _, text := range []string{"one", "two"} { // events 4 and 5
		ann.send(protocol.SendChat{Text: text})
		await[protocol.Chat](ann, nil)
	}
	obs.SeatsChanged("p2", 5, []sfu.SeatRow{{Participant: "p1", Source: sfu.Camera, Video: true}})
	bo = h.resume(bo, 2)
	if got := expect[protocol.Resumed](bo); got.Re != 2 || got.Now == "" {
		t.Errorf("resumed: %+v", got)
	}
	if got := expect[protocol.Roster](bo); got.Seq != 3 || got.Changed[0].Connected {
		t.Errorf("first missed event: %+v", got)
	}
	if got := expect[protocol.Chat](bo); got.Seq != 4 || got.Text != "one" {
		t.Errorf("second missed event: %+v", got)
	}
	if got := expect[protocol.Chat](bo); got.Seq != 5 || got.Text != "two" {
		t.Errorf("third missed event: %+v", got)
	}
	if got := expect[protocol.Roster](bo); got.Seq != 6 || !got.Changed[0].Connected {
		t.Errorf("first live event: %+v", got)
	}
	if got := await[protocol.Seats](bo, nil); got.Epoch != 5 {
		t.Errorf("seats: %+v", got)
	}
	if got := expect[protocol.Floor](bo); len(got.Participants) != 1 {
		t.Errorf("floor: %+v", got)
	}
	ann.saw("p2", connected(true))
	settles(t, &h.media.diary, "pause p2 false")
	bo.send(protocol.SendChat{Text: "back"})
	if got := await[protocol.Chat](ann, nil); got.From != "p2" {
		t.Errorf("chat after resuming: %+v", got)
	}
}

func TestResumeReplacesALivingSocket(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.join("Ann")
	again := h.resume(ann, 1)
	expect[protocol.Resumed](again)
	ann.bye(protocol.ByeReplaced, websocket.StatusNormalClosure)
	again.send(protocol.SendChat{Text: "hi"})
	if got := expect[protocol.Chat](again); got.Seq != 2 { // so Ann was never shown as lost
		t.Errorf("chat: %+v", got)
	}
	for _, line := range h.media.read() {
		if strings.HasPrefix(line, "pause") {
			t.Errorf("media: %s", line)
		}
	}
	again.send(protocol.Resume{Request: protocol.Request{ID: 3}, Token: ann.me.ResumeToken, After: 1})
	again.refused(3, protocol.BadMessage)
}

// A page gives up on a socket and resumes on the next; then the first one's
// resume arrives after all.
func TestOvertakenResume(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.join("Ann")
	first := &client{me: ann.me}
	second := h.resume(&client{me: ann.me, attempt: 1}, 1)
	expect[protocol.Resumed](second)
	h.resume(first, 1).bye(protocol.ByeReplaced, websocket.StatusNormalClosure)
	second.send(protocol.SendChat{Text: "still here"})
	expect[protocol.Chat](second)
}

func TestResumeTooLate(t *testing.T) {
	h := newHarness(t, Config{ResumeWindow: 20 * time.Millisecond})
	ann, bo := h.join("Ann"), h.join("Bo")
	bo.lose()
	ann.saw("p2", connected(false))
	ann.sawLeave("p2")
	settles(t, &h.media.diary, "leave p2")
	again := h.resume(bo, 2)
	again.refused(2, protocol.ResumeExpired)
	again.send(joinMessage("Bo", ""))
	if got := expect[protocol.Joined](again); got.Participant != "p3" {
		t.Errorf("joined anew as %s, want p3", got.Participant)
	}
}

func TestResumeOfTooMuch(t *testing.T) {
	for name, after := range map[string]int64{"events no longer kept": 0, "events yet to come": 99} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{EventBuffer: 2})
			ann, bo := h.join("Ann"), h.join("Bo")
			bo.lose()
			ann.saw("p2", connected(false)) // event 3
			again := h.resume(bo, after)
			again.refused(2, protocol.ResumeExpired)
			ann.sawLeave("p2") // no ghost is left behind
		})
	}
}

func TestReplayMayExceedTheQueue(t *testing.T) {
	h := newHarness(t, Config{QueueLen: 8, EventBuffer: 200, MessagesPerSecond: 1e6})
	ann, bo := h.join("Ann"), h.join("Bo")
	bo.lose()
	ann.saw("p2", connected(false)) // event 3
	for range 100 {
		ann.send(protocol.SendChat{Text: "x"})
		await[protocol.Chat](ann, nil)
	}
	bo = h.resume(bo, 2)
	expect[protocol.Resumed](bo)
	expect[protocol.Roster](bo)
	for seq := int64(4); seq < 104; seq++ {
		if got := expect[protocol.Chat](bo); got.Seq != seq {
			t.Fatalf("event %d, want %d", got.Seq, seq)
		}
	}
}

func TestLastToBeLostEndsTheRoom(t *testing.T) {
	h := newHarness(t, Config{ResumeWindow: 20 * time.Millisecond})
	ann := h.host()
	ann.send(protocol.Record{On: true})
	await(ann, func(r protocol.Recording) bool { return r.ID != "" })
	ann.lose()
	settles(t, &h.media.diary, "close 1.r")
	settles(t, &h.rec.diary, "left p1", "stop empty")
	eventually(t, func() bool { n, _ := h.hub.Count(); return n == 0 }, func() string { return "the room lives on" })
	again := h.resume(ann, 1)
	again.refused(2, protocol.ResumeExpired)
}

func TestHalfOpenSocketIsLost(t *testing.T) {
	wait := 500 * time.Millisecond
	h := newHarness(t, Config{PingEvery: 10 * time.Millisecond, PongWait: wait, ResumeWindow: wait})
	ann := h.join("Ann")
	deaf := h.dialDeaf() // reads nothing, so answers no ping
	deaf.send(joinMessage("Bo", ""))
	ann.saw("p2", connected(false))
	ann.sawLeave("p2")
}

// A page hears how many layers are wanted, and again when it comes back.
func TestEncodings(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.join("Ann"), h.join("Bo")
	obs := h.media.opened().obs
	obs.LayersWanted("p2", sfu.Camera, 1)
	want := protocol.Encodings{Source: protocol.Camera, Layers: 1}
	if got := await[protocol.Encodings](bo, nil); got != want {
		t.Errorf("bo got %+v, want %+v", got, want)
	}
	bo.lose()
	ann.saw("p2", connected(false))
	want.Layers = 3
	obs.LayersWanted("p2", sfu.Camera, 3)
	obs.LayersWanted("nobody", sfu.Camera, 2)
	bo = h.resume(bo, 2)
	await(bo, func(e protocol.Encodings) bool { return e == want })
	bo.lose()
	ann.saw("p2", connected(true))
	ann.saw("p2", connected(false))
	bo = h.resume(bo, 2)
	await(bo, func(e protocol.Encodings) bool { return e == want })
}
