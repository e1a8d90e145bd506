package meeting

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Who reads the events of a crowd knows the roster as soon as nothing waits,
// and never needs more than one event for what waited.
func TestACrowdsRosterFollows(t *testing.T) {
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 1))
		now := time.Unix(0, 0)
		m := New(Info{EndsAt: now.Add(time.Hour)}, Config{Crowd: 3, Events: 1 << 20})
		late := replica{seq: -1} // who joins half way
		known := replica{room: m.info}
		for step := range 400 {
			id := fmt.Sprintf("p%d", rng.IntN(12))
			var events []Event
			switch rng.IntN(6) {
			case 0:
				in, _, err := m.Admit("name", Speaker)
				if err != nil {
					t.Fatal(err)
				}
				events = m.Enter(now, in)
			case 1:
				events = m.Publish(id, Camera, rng.IntN(2) == 0, false)
			case 2:
				events = m.Leave(id)
			case 3:
				events = m.Lost(now, id, Media)
			case 4:
				_, events = m.Hold("Ann", []string{id, "p1", "p2"}, Camera)
			case 5:
				if events = m.Flush(); len(events) > 1 || m.Waiting() {
					t.Fatalf("seed %d: %d events, still waiting: %v", seed, len(events), m.Waiting())
				}
			}
			for _, e := range events {
				for _, r := range []*replica{&known, &late} {
					if r.seq < 0 {
						continue
					}
					if err := r.apply(e); err != nil {
						t.Fatal(err)
					}
				}
			}
			if step == 200 {
				snap := m.Snapshot()
				late = replica{seq: snap.Seq, room: snap.Room, roster: snap.Roster}
			}
			if m.Waiting() {
				continue
			}
			for who, r := range map[string]replica{"from the start": known, "who came late": late} {
				if d := cmp.Diff(m.Roster(), r.roster, cmpopts.EquateEmpty(), byID); r.seq >= 0 && d != "" {
					t.Fatalf("seed %d, step %d: %s has another roster:\n%s", seed, step, who, d)
				}
			}
		}
	}
}

var byID = cmpopts.SortSlices(func(a, b Participant) bool { return a.Number < b.Number })

// A command that counted is told from one that did not, also when its event waits.
func TestWhatWaitsIsNotNil(t *testing.T) {
	m := New(Info{EndsAt: time.Unix(1e9, 0)}, Config{Crowd: 1})
	for range 3 {
		id, _, _ := m.Admit("name", Speaker)
		m.Enter(time.Unix(0, 0), id)
	}
	if events := m.Publish("p1", Camera, true, false); events == nil || len(events) > 0 {
		t.Errorf("a change that waits: %#v, want empty", events)
	}
	if events := m.Publish("p1", Camera, true, false); events != nil {
		t.Errorf("no change: %#v, want nil", events)
	}
	if got := m.Flush(); len(got) != 1 || len(got[0].Change.(RosterChanged).Changed) != 3 {
		t.Errorf("flushed %+v, want one event with a row for each", got)
	}
}
