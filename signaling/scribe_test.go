package signaling

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
	"plenum/sfu"
	"plenum/signaling/protocol"
)

// told returns what the ledger was told, in short.
func (l *fakeLedger) told() []string {
	var lines []string
	for _, e := range l.read() {
		line := string(e.Kind)
		for _, text := range []string{e.Participant, e.Name, e.Role, e.Reason} {
			if text != "" {
				line += " " + text
			}
		}
		if e.By != "" {
			line += " by " + e.By
		}
		if e.Recording != "" {
			line += " of " + e.Recording
		}
		lines = append(lines, line)
	}
	return lines
}

// wantTold waits until the ledger was told exactly this.
func (h *harness) wantTold(want ...string) []rooms.Event {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !slices.Equal(h.ledger.told(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("the ledger was told\n%s\nwant\n%s", strings.Join(h.ledger.told(), "\n"), strings.Join(want, "\n"))
		}
	}
	return h.ledger.read()
}

func TestLedgerHearsOfAMeeting(t *testing.T) {
	h := newHarness(t, Config{})
	h.room.Start = time.Now()
	ann := h.host()
	obs := h.media.opened().obs
	obs.LinkChanged("p1", sfu.LinkUp)
	h.wantTold("meeting.started", "participant.joined p1 Ann host", "participant.media_up p1 Ann host")
	bo := h.join("Bo")
	ann.saw("p2", connected(true))
	obs.LinkChanged("p2", sfu.LinkUp)
	h.wantTold("meeting.started", "participant.joined p1 Ann host", "participant.media_up p1 Ann host",
		"participant.joined p2 Bo speaker", "participant.media_up p2 Bo speaker")
	obs.LinkChanged("p2", sfu.LinkInterrupted)
	ann.saw("p2", connected(false))
	obs.LinkChanged("p2", sfu.LinkUp)
	ann.saw("p2", connected(true))
	bo.lose()
	ann.saw("p2", connected(false))
	bo = h.resume(bo, bo.me.Seq)
	ann.saw("p2", connected(true))
	ann.send(protocol.Lock{On: true})
	ann.send(protocol.Lock{On: true})
	ann.send(protocol.Lock{On: false})
	ann.send(protocol.Moderate{Action: protocol.MakeHost, Participant: "p2"})
	ann.saw("p2", func(p protocol.Participant) bool { return p.Role == "host" })
	ann.send(protocol.Record{On: true})
	await(ann, func(r protocol.Recording) bool { return r.ID != "" })
	ann.send(protocol.Record{On: false})
	await(ann, func(r protocol.Recording) bool { return !r.On })
	ann.send(protocol.Extend{Minutes: 15})
	await[protocol.Room](ann, nil)
	bo.send(protocol.Moderate{Action: protocol.Remove, Participant: "p1"})
	bo.sawLeave("p1")
	bo.send(protocol.Leave{})
	bo.bye(protocol.ByeLeft, 1000)
	events := h.wantTold("meeting.started", "participant.joined p1 Ann host", "participant.media_up p1 Ann host",
		"participant.joined p2 Bo speaker", "participant.media_up p2 Bo speaker",
		"participant.interrupted p2 Bo speaker media", "participant.resumed p2 Bo speaker",
		"participant.interrupted p2 Bo speaker signaling", "participant.resumed p2 Bo speaker",
		"room.locked", "room.unlocked", "participant.role_changed p2 Bo host",
		"recording.started by Ann of 01J", "recording.stopped by Ann of 01J", "room.extended by Ann",
		"participant.left p1 Ann host removed by Bo", "participant.left p2 Bo host left", "meeting.ended empty")
	visits := map[string]string{}
	ids := map[string]bool{}
	for _, e := range events {
		if e.Room != h.room.ID || e.At.IsZero() || ids[e.ID] {
			t.Errorf("event %+v", e)
		}
		ids[e.ID] = true
		if e.Participant != "" {
			if v, known := visits[e.Participant]; (known && v != e.Visit) || e.Visit == "" {
				t.Errorf("%s is visit %q and %q", e.Participant, v, e.Visit)
			}
			visits[e.Participant] = e.Visit
		}
	}
}

func TestLedgerHearsOfEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(*harness)
		want []string
	}{
		"by the API": {
			func(h *harness) { h.hub.EndRoom(h.t.Context(), h.room.ID) },
			[]string{"participant.left p1 Ann host ended", "meeting.ended ended"},
		},
		"by its time": {
			func(h *harness) { h.hub.UpdateRoom(rooms.Room{ID: h.room.ID, End: time.Now(), Version: 2}) },
			[]string{"participant.left p1 Ann host ended", "meeting.ended ended"},
		},
		"by shutdown": {
			func(h *harness) { _ = h.hub.Close(h.t.Context()) },
			[]string{"participant.left p1 Ann host shutdown", "meeting.ended shutdown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{})
			h.host()
			tt.end(h)
			h.wantTold(append([]string{"meeting.started", "participant.joined p1 Ann host"}, tt.want...)...)
		})
	}
}

func TestLedgerHearsWhoEnded(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	ann.send(protocol.EndMeeting{})
	ann.bye(protocol.ByeEnded, 1000)
	h.wantTold("meeting.started", "participant.joined p1 Ann host", "room.ended by Ann",
		"participant.left p1 Ann host ended", "meeting.ended ended")
}

// TestLostAreGoneWhenTheyWent has one page break off and never come back.
func TestLostAreGoneWhenTheyWent(t *testing.T) {
	h := newHarness(t, Config{ResumeWindow: 50 * time.Millisecond})
	h.join("Ann").lose()
	events := h.wantTold("meeting.started", "participant.joined p1 Ann speaker",
		"participant.interrupted p1 Ann speaker signaling", "participant.left p1 Ann speaker lost", "meeting.ended empty")
	if gone, left := events[2].At, events[3].At; !gone.Equal(left) {
		t.Errorf("interrupted at %v, left at %v: want the same", gone, left)
	}
	if late := events[4].At.Sub(events[3].At); late < 50*time.Millisecond {
		t.Errorf("the room was empty %v after that, want the resume window", late)
	}
}

// TestLoggedInAreKnown has the one who serves the socket say who is logged in.
func TestLoggedInAreKnown(t *testing.T) {
	h := newHarness(t, Config{})
	h.visitor = Visitor{UserID: 7}
	h.join("Ann").lose()
	events := h.wantTold("meeting.started", "participant.joined p1 Ann speaker", "participant.interrupted p1 Ann speaker signaling")
	if events[1].UserID != 7 || events[2].UserID != 7 {
		t.Errorf("events %+v", events)
	}
}

// TestHalfOpenSocketsAreFound holds the numbers of the default to their
// promise, and a small hub to what they mean.
func TestHalfOpenSocketsAreFound(t *testing.T) {
	cfg := Config{}.withDefaults()
	if found := cfg.PingEvery + cfg.PongWait; found >= cfg.ResumeWindow || cfg.ResumeWindow > 30*time.Second {
		t.Errorf("a half-open socket is found after %v and its participant gone after %v", found, cfg.ResumeWindow)
	}
}

func TestHalfOpenParticipantIsGone(t *testing.T) {
	const every, wait, window = 20 * time.Millisecond, 30 * time.Millisecond, 200 * time.Millisecond
	h := &harness{t: t, media: &fakeMedia{}, rec: newFakeRecorders(), store: &fakeStore{}, ledger: &fakeLedger{}, room: rooms.Room{
		ID: "1.r", CreatorID: 1, End: time.Now().Add(time.Hour),
	}}
	h.hub = NewHub(Config{PingEvery: every, PongWait: wait, ResumeWindow: window}, h.media, h.rec, hostKey, h.store, h.ledger,
		slog.New(slog.NewTextHandler(t.Output(), nil)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.hub.ServeMeeting(w, r, h.room, Visitor{}) }))
	defer srv.Close()
	h.url = "ws" + strings.TrimPrefix(srv.URL, "http")
	deaf := h.dialDeaf() // never reads, so it never answers a ping
	deaf.send(joinMessage("Ann", ""))
	events := h.wantTold("meeting.started", "participant.joined p1 Ann speaker",
		"participant.interrupted p1 Ann speaker signaling", "participant.left p1 Ann speaker lost", "meeting.ended empty")
	joined, gone, left, ended := events[1].At, events[2].At, events[3].At, events[4].At
	if gone.After(joined) || !left.Equal(gone) {
		t.Errorf("joined at %v, gone at %v, left at %v: want when the page was last heard of", joined, gone, left)
	}
	if after := ended.Sub(left); after < window {
		t.Errorf("off the roster %v after that, want %v", after, window)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := h.hub.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestLedgerHearsOfACrowd has so many in a room that changes of the roster are
// told together. The ledger hears of each all the same.
func TestLedgerHearsOfACrowd(t *testing.T) {
	h := newHarness(t, Config{})
	const crowd = 105 // more than are told one by one
	for i := range crowd {
		h.join(fmt.Sprint("guest ", i))
	}
	for i := range 5 { // in and out between two looks at the roster
		c := h.join(fmt.Sprint("brief ", i))
		c.send(protocol.Leave{})
		c.bye(protocol.ByeLeft, 1000)
	}
	gone := h.join("gone")
	gone.lose()
	back := h.resume(gone, gone.me.Seq)
	await[protocol.Resumed](back, nil)
	h.hub.EndRoom(t.Context(), h.room.ID)
	visits := map[string][]string{} // what was told of each
	for _, e := range h.ledger.read() {
		if e.Visit != "" {
			visits[e.Name] = append(visits[e.Name], strings.TrimPrefix(string(e.Kind), "participant."))
		}
	}
	if len(visits) != crowd+6 {
		t.Errorf("%d visits, want %d", len(visits), crowd+6)
	}
	for name, told := range visits {
		want := []string{"joined", "left"}
		if name == "gone" && len(told) == 4 { // the resume may overtake the loss
			want = []string{"joined", "interrupted", "resumed", "left"}
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s: %q, want %q", name, told, want)
		}
	}
}
