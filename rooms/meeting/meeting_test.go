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
			nil, func(m *Meeting) []Event { return m.Say(at(time.Second), "p1", "hi") },
			[]Change{ChatSent{Message{From: "p1", Name: "Ann", Text: "hi", At: at(time.Second)}}},
		},
		"chat from nobody": {nil, func(m *Meeting) []Event { return m.Say(start, "p9", "hi") }, nil},
		"recording": {
			nil, func(m *Meeting) []Event { return m.RecordingStarted(start, "Ann", "") },
			[]Change{RecordingChanged{Recording{On: true, StartedAt: start, By: "Ann"}}},
		},
		"recording stops with a notice": {
			func(m *Meeting) { m.RecordingStarted(start, "Ann", "r") },
			func(m *Meeting) []Event { return m.RecordingStopped("", "Disk full.") },
			[]Change{RecordingChanged{Recording{Notice: "Disk full."}}},
		},
		"stop without recording": {nil, func(m *Meeting) []Event { return m.RecordingStopped("Ann", "") }, nil},
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
	bo, number, err := m.Admit("Bo", Guest)
	if err != nil || bo != "p2" || number != 2 {
		t.Fatalf("Admit = %q, %d, %v", bo, number, err)
	}
	if _, _, err := m.Admit("Cy", Guest); !errors.Is(err, ErrFull) {
		t.Errorf("a place for Cy beside a pending Bo: %v, want ErrFull", err)
	}
	m.Abort(bo)
	if id := enter(t, m, "Cy", Guest); id != "p3" {
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
	enter(t, m, "Bo", Guest)
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
		m.Say(start, id, fmt.Sprint(i)) // events 2 to 10
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
		m.Say(start, id, text)
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
	m.Say(start, id, "123456789")
	if got := texts(); got != "4 123456789" {
		t.Errorf("chat by bytes: %q", got)
	}
	m.Say(start, id, "longer than all that is kept")
	if got := texts(); got != "longer than all that is kept" {
		t.Errorf("the newest message is always kept: %q", got)
	}
}
