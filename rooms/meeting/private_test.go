package meeting

import (
	"errors"
	"fmt"
	"testing"

	"plenum/rooms"
)

func TestTell(t *testing.T) {
	m := newMeeting(Config{})
	ann, bo, cy := enter(t, m, "Ann", Host), enter(t, m, "Bo", Speaker), enter(t, m, "Cy", Audience)
	seq := m.Seq()
	own, theirs, err := m.Tell(start, ann, bo, "psst", &File{Name: "plan.pdf"})
	if err != nil || own.Number != 1 || theirs.Number != 1 || own.To != bo || theirs.ToName != "Bo" || theirs.From != ann ||
		theirs.Name != "Ann" || theirs.Text != "psst" || theirs.File.Name != "plan.pdf" || !theirs.At.Equal(start) {
		t.Fatalf("%+v, %+v, %v", own, theirs, err)
	}
	if own, theirs, err = m.Tell(start, cy, ann, "back", nil); err != nil || own.Number != 1 || theirs.Number != 2 {
		t.Errorf("%+v, %+v, %v", own, theirs, err)
	}
	if m.Seq() != seq || len(m.Snapshot().Chat) != 0 {
		t.Errorf("others hear of it: %d events, chat %v", m.Seq()-seq, m.Snapshot().Chat)
	}
	if got := m.DirectsAfter(ann, 1); len(got) != 1 || got[0].Text != "back" {
		t.Errorf("Ann missed %v", got)
	}
	if got := m.DirectsAfter(cy, 0); len(got) != 1 || got[0].Text != "back" {
		t.Errorf("Cy has %v", got)
	}
	for who, want := range map[string]error{ann: ErrAlone, "p9": ErrAbsent, "": ErrAbsent} {
		if _, _, err := m.Tell(start, ann, who, "x", nil); !errors.Is(err, want) {
			t.Errorf("to %q: %v, want %v", who, err, want)
		}
	}
	m.SetRules(rooms.RecordManual, rooms.AudienceRules{NoChat: true})
	if _, _, err := m.Tell(start, ann, cy, "x", nil); !errors.Is(err, ErrUnread) {
		t.Errorf("to who may not chat: %v", err)
	}
	for i := range keptDirects + 5 {
		if _, _, err := m.Tell(start, ann, bo, fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.DirectsAfter(bo, 0); len(got) != keptDirects || got[0].Number != 7 {
		t.Errorf("%d are kept, from number %d", len(got), got[0].Number)
	}
	m.Leave(bo)
	if _, _, err := m.Tell(start, ann, bo, "x", nil); !errors.Is(err, ErrAbsent) || m.DirectsAfter(bo, 0) != nil {
		t.Errorf("to who has left: %v", err)
	}
}

func TestSpotlight(t *testing.T) {
	m := newMeeting(Config{})
	var ids []string
	for i := range MostSpotlit + 1 {
		ids = append(ids, enter(t, m, fmt.Sprint(i), Speaker))
	}
	lit := func() (who []string) {
		for _, p := range m.spotlit() {
			who = append(who, p.ID)
		}
		return who
	}
	for _, id := range []string{ids[1], ids[0], ids[2], ids[3]} {
		if got := m.Spotlight(id, true); len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
	}
	if m.Spotlight(ids[0], true) != nil || m.Spotlight("p99", true) != nil || m.Spotlight(ids[4], false) != nil {
		t.Error("what changes nothing makes an event")
	}
	events := m.Spotlight(ids[4], true)
	rows := events[0].Change.(RosterChanged).Changed
	if len(events) != 1 || len(rows) != 2 || rows[0].ID != ids[1] || rows[0].Spotlight != 0 || rows[1].Spotlight != 5 {
		t.Errorf("one too many: %+v", events)
	}
	if got, want := fmt.Sprint(lit()), fmt.Sprint([]string{ids[0], ids[2], ids[3], ids[4]}); got != want {
		t.Errorf("lit: %s, want %s", got, want)
	}
	m.Leave(ids[0])
	m.SetRole(ids[2], Audience)
	m.Spotlight(ids[3], false)
	if got, want := fmt.Sprint(lit()), fmt.Sprint(ids[4:]); got != want {
		t.Errorf("lit: %s, want %s", got, want)
	}
	if m.Spotlight(ids[2], true) != nil {
		t.Error("the audience is in the spotlight")
	}
	for _, p := range m.Snapshot().Roster {
		if (p.Spotlight != 0) != (p.ID == ids[4]) {
			t.Errorf("who comes now is told %+v", p)
		}
	}
}
