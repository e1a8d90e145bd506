package meeting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

func newMeeting(cfg Config) *Meeting {
	return New(Info{ID: "1.r", Title: "Plans", EndsAt: at(time.Hour)}, cfg)
}

func enter(t *testing.T, m *Meeting, name string, role Role) string {
	t.Helper()
	id, _, err := m.Admit(name, role)
	if err != nil {
		t.Fatalf("Admit(%s): %v", name, err)
	}
	if got := m.Enter(start, id); len(got) != 1 {
		t.Fatalf("Enter(%s) gave %d events, want 1", id, len(got))
	}
	return id
}

// ann is the row of the only participant in the table below.
func ann(edit func(*Participant)) Participant {
	p := Participant{
		ID: "p1", Number: 1, Name: "Ann", Role: Host,
		Sources: []SourceState{}, Connected: true, JoinedAt: start,
	}
	if edit != nil {
		edit(&p)
	}
	return p
}

func hold(m *Meeting, which ...Source) []Event {
	_, events := m.Hold("Bo", []string{"p1"}, which...)
	return events
}

func TestCommands(t *testing.T) {
	row := func(edit func(*Participant)) []Change {
		return []Change{RosterChanged{Changed: []Participant{ann(edit)}}}
	}
	on := func(s ...SourceState) func(*Participant) { return func(p *Participant) { p.Sources = s } }
	gone := func(p *Participant) { p.Connected = false }
	for name, tt := range map[string]struct {
		before func(m *Meeting)
		do     func(m *Meeting) []Event
		want   []Change
	}{
		"microphone on": {
			nil, func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, false) },
			row(on(SourceState{Microphone, false})),
		},
		"sources keep their order": {
			func(m *Meeting) { m.Publish("p1", Screen, true, false) },
			func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, true) },
			row(on(SourceState{Microphone, true}, SourceState{Screen, false})),
		},
		"unmute": {
			func(m *Meeting) { m.Publish("p1", Microphone, true, true) },
			func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, false) },
			row(on(SourceState{Microphone, false})),
		},
		"off": {
			func(m *Meeting) { m.Publish("p1", Camera, true, false) },
			func(m *Meeting) []Event { return m.Publish("p1", Camera, false, true) }, row(nil),
		},
		"off twice":      {nil, func(m *Meeting) []Event { return m.Publish("p1", Camera, false, false) }, nil},
		"unknown source": {nil, func(m *Meeting) []Event { return m.Publish("p1", "hologram", true, false) }, nil},
		"publish by nobody": {
			nil,
			func(m *Meeting) []Event { return m.Publish("p9", Camera, true, false) }, nil,
		},
		"lost": {nil, func(m *Meeting) []Event { return m.Lost(start, "p1", Media) }, row(gone)},
		"lost both ways is told once": {
			func(m *Meeting) { m.Lost(start, "p1", Media) },
			func(m *Meeting) []Event { return m.Lost(start, "p1", Signalling) }, nil,
		},
		"half back is not connected": {
			func(m *Meeting) { m.Lost(start, "p1", Media); m.Lost(start, "p1", Signalling) },
			func(m *Meeting) []Event { return m.Back("p1", Signalling) }, nil,
		},
		"back": {
			func(m *Meeting) { m.Lost(start, "p1", Signalling) },
			func(m *Meeting) []Event { return m.Back("p1", Signalling) }, row(nil),
		},
		"back without loss": {nil, func(m *Meeting) []Event { return m.Back("p1", Media) }, nil},
		"chat": {
			nil, func(m *Meeting) []Event { return m.Say(at(time.Second), "p1", "hi", nil) },
			[]Change{ChatSent{Message{From: "p1", Name: "Ann", Text: "hi", At: at(time.Second)}}},
		},
		"chat from nobody": {nil, func(m *Meeting) []Event { return m.Say(start, "p9", "hi", nil) }, nil},
		"recording": {
			nil, func(m *Meeting) []Event { return m.RecordingStarted(start, "Ann", "") },
			[]Change{RecordingChanged{Recording{On: true, StartedAt: start, By: "Ann"}}},
		},
		"recording stops with a notice": {
			func(m *Meeting) { m.RecordingStarted(start, "Ann", "r") },
			func(m *Meeting) []Event { return m.RecordingStopped("", Remark{Code: "disk_full", Text: "Disk full."}) },
			[]Change{RecordingChanged{Recording{Notice: Remark{Code: "disk_full", Text: "Disk full."}}}},
		},
		"recording pauses": {
			func(m *Meeting) { m.RecordingStarted(start, "Ann", "r") },
			func(m *Meeting) []Event { return m.RecordingPaused(true, "Bo") },
			[]Change{RecordingChanged{Recording{On: true, ID: "r", StartedAt: start, By: "Ann", Paused: true, PausedBy: "Bo"}}},
		},
		"recording goes on without a pause": {
			func(m *Meeting) { m.RecordingStarted(start, "Ann", "r") },
			func(m *Meeting) []Event { return m.RecordingPaused(false, "Bo") }, nil,
		},
		"pause without recording": {nil, func(m *Meeting) []Event { return m.RecordingPaused(true, "Ann") }, nil},
		"stop without recording":  {nil, func(m *Meeting) []Event { return m.RecordingStopped("Ann", Remark{}) }, nil},
		"end moved": {
			nil, func(m *Meeting) []Event { return m.Change("Plans", at(2*time.Hour)) },
			[]Change{RoomChanged{Info{ID: "1.r", Title: "Plans", EndsAt: at(2 * time.Hour)}}},
		},
		"end not moved": {nil, func(m *Meeting) []Event { return m.Change("Plans", at(time.Hour)) }, nil},
		"leave":         {nil, func(m *Meeting) []Event { return m.Leave("p1") }, []Change{RosterChanged{Left: []string{"p1"}}}},
		"leave twice": {
			func(m *Meeting) { m.Leave("p1") },
			func(m *Meeting) []Event { return m.Leave("p1") }, nil,
		},
		"enter twice":   {nil, func(m *Meeting) []Event { return m.Enter(start, "p1") }, nil},
		"enter unasked": {nil, func(m *Meeting) []Event { return m.Enter(start, "p2") }, nil},
		"expire too early": {
			func(m *Meeting) { m.Lost(start, "p1", Signalling) },
			func(m *Meeting) []Event { _, e := m.Expire(at(30*time.Second - 1)); return e }, nil,
		},
		"expire": {
			func(m *Meeting) { m.Lost(start, "p1", Signalling) },
			func(m *Meeting) []Event { _, e := m.Expire(at(30 * time.Second)); return e },
			[]Change{RosterChanged{Left: []string{"p1"}}},
		},
		"lost media alone does not expire": {
			func(m *Meeting) { m.Lost(start, "p1", Media) },
			func(m *Meeting) []Event { _, e := m.Expire(at(time.Hour)); return e }, nil,
		},
		"hand up": {
			nil, func(m *Meeting) []Event { return m.Raise("p1", true) },
			row(func(p *Participant) { p.Hand = 1 }),
		},
		"hand up twice": {
			func(m *Meeting) { m.Raise("p1", true) },
			func(m *Meeting) []Event { return m.Raise("p1", true) }, nil,
		},
		"hand down":         {func(m *Meeting) { m.Raise("p1", true) }, func(m *Meeting) []Event { return m.Raise("p1", false) }, row(nil)},
		"hand down unasked": {nil, func(m *Meeting) []Event { return m.Raise("p1", false) }, nil},
		"hand up again goes to the end": {
			func(m *Meeting) { m.Raise("p1", true); m.Raise("p1", false) },
			func(m *Meeting) []Event { return m.Raise("p1", true) },
			row(func(p *Participant) { p.Hand = 2 }),
		},
		"hand of nobody": {nil, func(m *Meeting) []Event { return m.Raise("p9", true) }, nil},
		"muted by a host": {
			func(m *Meeting) { m.Publish("p1", Microphone, true, false) },
			func(m *Meeting) []Event { return hold(m, Microphone) },
			row(on(SourceState{Microphone, true})),
		},
		"muted by a host when muted": {
			func(m *Meeting) { m.Publish("p1", Microphone, true, true) },
			func(m *Meeting) []Event { return hold(m, Microphone) }, nil,
		},
		"muted by a host when off": {nil, func(m *Meeting) []Event { return hold(m, Microphone) }, nil},
		"screen stopped by a host, with its sound": {
			func(m *Meeting) { m.Publish("p1", Screen, true, false); m.Publish("p1", ScreenAudio, true, false) },
			func(m *Meeting) []Event { return hold(m, Screen, ScreenAudio) }, row(nil),
		},
		"a word that crossed the mute": {
			func(m *Meeting) { m.Publish("p1", Microphone, true, false); hold(m, Microphone) },
			func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, false) }, nil,
		},
		"a word that crossed the stop": {
			func(m *Meeting) { m.Publish("p1", Camera, true, false); hold(m, Camera) },
			func(m *Meeting) []Event { return m.Publish("p1", Camera, true, true) }, nil,
		},
		"unmute after the page has muted too": {
			func(m *Meeting) {
				m.Publish("p1", Microphone, true, false)
				hold(m, Microphone)
				m.Publish("p1", Microphone, true, true)
			},
			func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, false) },
			row(on(SourceState{Microphone, false})),
		},
		"unmute after the page has turned off": {
			func(m *Meeting) {
				m.Publish("p1", Microphone, true, false)
				hold(m, Microphone)
				m.Publish("p1", Microphone, false, false)
			},
			func(m *Meeting) []Event { return m.Publish("p1", Microphone, true, false) },
			row(on(SourceState{Microphone, false})),
		},
		"hold of nobody": {nil, func(m *Meeting) []Event { _, e := m.Hold("Ann", []string{"p9"}, Camera); return e }, nil},
		"another role": {
			nil, func(m *Meeting) []Event { return m.SetRole("p1", Speaker) },
			row(func(p *Participant) { p.Role = Speaker }),
		},
		"the same role":  {nil, func(m *Meeting) []Event { return m.SetRole("p1", Host) }, nil},
		"role of nobody": {nil, func(m *Meeting) []Event { return m.SetRole("p9", Host) }, nil},
		"locked": {
			nil, func(m *Meeting) []Event { return m.Lock(true) },
			[]Change{RoomChanged{Info{ID: "1.r", Title: "Plans", EndsAt: at(time.Hour), Locked: true}}},
		},
		"locked twice": {func(m *Meeting) { m.Lock(true) }, func(m *Meeting) []Event { return m.Lock(true) }, nil},
		"a new end leaves the lock": {
			func(m *Meeting) { m.Lock(true) },
			func(m *Meeting) []Event { return m.Change("Plans", at(2*time.Hour)) },
			[]Change{RoomChanged{Info{ID: "1.r", Title: "Plans", EndsAt: at(2 * time.Hour), Locked: true}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeeting(Config{})
			enter(t, m, "Ann", Host)
			if tt.before != nil {
				tt.before(m)
			}
			var got []Change
			for _, e := range tt.do(m) {
				got = append(got, e.Change)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdmitKeepsPlaces(t *testing.T) {
	m := newMeeting(Config{Capacity: 2})
	enter(t, m, "Ann", Host)
	bo, number, err := m.Admit("Bo", Speaker)
	if err != nil || bo != "p2" || number != 2 {
		t.Fatalf("Admit = %q, %d, %v", bo, number, err)
	}
	if _, _, err := m.Admit("Cy", Speaker); !errors.Is(err, ErrFull) {
		t.Errorf("a place for Cy beside a pending Bo: %v, want ErrFull", err)
	}
	m.Abort(bo)
	if id := enter(t, m, "Cy", Speaker); id != "p3" {
		t.Errorf("after an abort the id is %s, want p3: ids are never given twice", id)
	}
	if m.Leave("p1"); m.Empty() {
		t.Error("empty with Cy in it")
	}
	if m.Leave("p3"); !m.Empty() {
		t.Error("not empty after everybody left")
	}
}

func TestDeadline(t *testing.T) {
	m := newMeeting(Config{})
	enter(t, m, "Ann", Host)
	enter(t, m, "Bo", Speaker)
	if got := m.Deadline(); !got.Equal(at(time.Hour)) {
		t.Errorf("deadline %v, want the end", got)
	}
	m.Lost(at(2*time.Second), "p2", Signalling)
	m.Lost(at(time.Second), "p1", Signalling)
	if got := m.Deadline(); !got.Equal(at(31 * time.Second)) {
		t.Errorf("deadline %v, want Ann's", got)
	}
	if gone, _ := m.Expire(at(31 * time.Second)); !slices.Equal(gone, []string{"p1"}) {
		t.Errorf("expired %v, want p1", gone)
	}
	if m.Ended(at(time.Hour-1)) || !m.Ended(at(time.Hour)) {
		t.Error("the end is the first instant at which the meeting is over")
	}
}

func TestAfter(t *testing.T) {
	m := newMeeting(Config{Events: 4})
	id := enter(t, m, "Ann", Host) // event 1
	for i := range 9 {
		m.Say(start, id, fmt.Sprint(i), nil) // events 2 to 10
	}
	for after, want := range map[int64][]int64{
		-1: nil, 0: nil, 5: nil, 11: nil,
		6: {7, 8, 9, 10}, 9: {10}, 10: {},
	} {
		events, ok := m.After(after)
		if ok != (want != nil) {
			t.Errorf("After(%d) ok = %v", after, ok)
		}
		var got []int64
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("After(%d) = %v, want %v", after, got, want)
		}
	}
}

func TestChatIsBounded(t *testing.T) {
	m := newMeeting(Config{Chat: 3, ChatBytes: 10})
	id := enter(t, m, "Ann", Host)
	for _, text := range []string{"1", "2", "3", "4"} {
		m.Say(start, id, text, nil)
	}
	texts := func() string {
		var all []string
		for _, c := range m.Snapshot().Chat {
			all = append(all, c.Text)
		}
		return strings.Join(all, " ")
	}
	if got := texts(); got != "2 3 4" {
		t.Errorf("chat by count: %q", got)
	}
	m.Say(start, id, "123456789", nil)
	if got := texts(); got != "4 123456789" {
		t.Errorf("chat by bytes: %q", got)
	}
	m.Say(start, id, "longer than all that is kept", nil)
	if got := texts(); got != "longer than all that is kept" {
		t.Errorf("the newest message is always kept: %q", got)
	}
}

func TestLockKeepsGuestsOut(t *testing.T) {
	m := newMeeting(Config{})
	enter(t, m, "Ann", Host)
	bo, _, err := m.Admit("Bo", Speaker)
	if err != nil {
		t.Fatal(err)
	}
	m.Lock(true)
	if _, _, err := m.Admit("Cy", Speaker); !errors.Is(err, ErrLocked) {
		t.Errorf("a guest at a locked room: %v, want ErrLocked", err)
	}
	enter(t, m, "Dee", Host)
	if got := m.Enter(start, bo); len(got) != 1 {
		t.Errorf("Bo, who had a place before the lock, made %d events", len(got))
	}
	m.Lock(false)
	enter(t, m, "Cy", Speaker)
}

func TestHoldTellsOfAllAtOnce(t *testing.T) {
	m := newMeeting(Config{})
	ids := []string{enter(t, m, "Ann", Host), enter(t, m, "Bo", Speaker), enter(t, m, "Cy", Speaker)}
	for _, id := range ids[:2] {
		m.Publish(id, Microphone, true, false)
	}
	held, events := m.Hold("Cy", ids, Microphone)
	if !slices.Equal(held, ids[:2]) || len(events) != 1 || len(events[0].Change.(RosterChanged).Changed) != 2 {
		t.Errorf("held %v with %+v, want Ann and Bo in one event", held, events)
	}
	if got := m.Held("p1"); got[Microphone] != "Cy" || len(m.Held("p3")) != 0 || m.Held("p9") != nil {
		t.Errorf("held of Ann: %v", got)
	}
}
