package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
)

// script makes events of one room.
type script struct {
	room string
	at   time.Time
}

func (s *script) event(kind rooms.EventKind, change ...func(*rooms.Event)) rooms.Event {
	s.at = s.at.Add(time.Second)
	e := rooms.NewEvent(s.room, kind, s.at)
	for _, f := range change {
		f(&e)
	}
	return e
}

func of(visit string) func(*rooms.Event) { return func(e *rooms.Event) { e.Visit = visit } }

func because(reason string) func(*rooms.Event) { return func(e *rooms.Event) { e.Reason = reason } }

func appendAll(t *testing.T, s rooms.Store, node string, events ...rooms.Event) []rooms.Event {
	t.Helper()
	return must(s.AppendEvents(t.Context(), node, events))(t)
}

func eventRoundTrip(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	full := rooms.Event{
		ID: "1b4e28ba-2fa1-11d2-883f-0016d3cca427", Room: r.ID, At: start, Kind: rooms.ParticipantJoined,
		Visit: rooms.NewVisitID(), Participant: "p1", Name: "=cmd|' /C calc'!A0\n\"Ж\" 𝄞 \x00\xff", UserID: u.ID,
		Role: "host", By: "Bo", Reason: "x", Recording: "01J", End: start.Add(time.Hour),
	}
	got := appendAll(t, s, "n1", full)
	want := full.Storable()
	want.Seq, want.Pos = 1, got[0].Pos
	same(t, []rooms.Event{want}, got)
	if want.Pos < 1 || !utf8.ValidString(want.Name) || strings.Contains(want.Name, "\x00") {
		t.Errorf("stored %+v", want)
	}
	same(t, got, must(s.Events(t.Context(), rooms.EventFilter{Room: r.ID}))(t))
	bare := rooms.NewEvent(r.ID, rooms.RoomLocked, start)
	got = appendAll(t, s, "n1", bare)
	same(t, got, must(s.Events(t.Context(), rooms.EventFilter{Room: r.ID, After: 1}))(t))
}

// eventNumbers sees that numbers have no gap, whatever is sent again or unknown.
func eventNumbers(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	r1, r2 := room(anna, start, time.Hour), room(ben, start, time.Hour)
	createRoom(t, s, r1)
	createRoom(t, s, r2)
	one, two := &script{r1.ID, start}, &script{r2.ID, start}
	a, b, c := one.event(rooms.RoomLocked), two.event(rooms.RoomLocked), one.event(rooms.RoomUnlocked)
	stray := (&script{"9.none", start}).event(rooms.RoomLocked)
	if got := appendAll(t, s, "n", a, stray, b, c, a); len(got) != 3 {
		t.Errorf("stored %+v, want three", got)
	}
	d := one.event(rooms.RoomEnded)
	if got := appendAll(t, s, "n", b, c, d); len(got) != 1 || got[0].ID != d.ID || got[0].Seq != 3 {
		t.Errorf("sent again: stored %+v, want one with number 3", got)
	}
	if got := appendAll(t, s, "n"); len(got) != 0 {
		t.Errorf("nothing stored as %+v", got)
	}
	for name, tt := range map[string]struct {
		filter rooms.EventFilter
		want   []string
	}{
		"one room":          {rooms.EventFilter{Room: r1.ID}, []string{a.ID, c.ID, d.ID}},
		"after":             {rooms.EventFilter{Room: r1.ID, After: 1}, []string{c.ID, d.ID}},
		"a page":            {rooms.EventFilter{Room: r1.ID, After: 1, Limit: 1}, []string{c.ID}},
		"after the last":    {rooms.EventFilter{Room: r1.ID, After: 3}, nil},
		"all":               {rooms.EventFilter{}, []string{a.ID, b.ID, c.ID, d.ID}},
		"anna's":            {rooms.EventFilter{CreatorID: anna.ID}, []string{a.ID, c.ID, d.ID}},
		"another's room":    {rooms.EventFilter{CreatorID: anna.ID, Room: r2.ID}, nil},
		"a room of nobody":  {rooms.EventFilter{Room: "9.none"}, nil},
		"no room at all":    {rooms.EventFilter{Room: "\x00"}, nil},
		"a page of anna's":  {rooms.EventFilter{CreatorID: anna.ID, Limit: 2}, []string{a.ID, c.ID}},
		"all after a place": {rooms.EventFilter{After: must(s.Events(t.Context(), rooms.EventFilter{}))(t)[1].Pos}, []string{c.ID, d.ID}},
	} {
		var got []string
		for _, e := range must(s.Events(t.Context(), tt.filter))(t) {
			got = append(got, e.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// eventRaces has many store at once while others read on: what readers saw has
// no hole and nothing twice.
func eventRaces(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	const writers, batches, each = 4, 6, 5
	const total = writers * batches * each
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			script := &script{r.ID, start}
			for range batches {
				var batch []rooms.Event
				for range each {
					batch = append(batch, script.event(rooms.RoomLocked))
				}
				if _, err := s.AppendEvents(t.Context(), "n", batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	follow := func(filter rooms.EventFilter, number func(rooms.Event) int64) {
		wg.Go(func() {
			for seen := 0; seen < total; {
				page, err := s.Events(t.Context(), filter)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range page {
					if number(e) != filter.After+1 {
						t.Errorf("number %d after %d", number(e), filter.After)
					}
					filter.After = number(e)
					seen++
				}
			}
		})
	}
	follow(rooms.EventFilter{Room: r.ID, Limit: 7}, func(e rooms.Event) int64 { return e.Seq })
	follow(rooms.EventFilter{Limit: 7}, func(e rooms.Event) int64 { return e.Pos })
	wg.Wait()
}

func visits(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	sc := &script{r.ID, ms(start)}
	ann, bo := rooms.NewVisitID(), rooms.NewVisitID()
	joined := sc.event(rooms.ParticipantJoined, of(ann), func(e *rooms.Event) {
		e.Participant, e.Name, e.Role, e.UserID = "p1", "Ann", "guest", u.ID
	})
	boJoined := sc.event(rooms.ParticipantJoined, of(bo), func(e *rooms.Event) { e.Participant, e.Name, e.Role = "p2", "Bo", "guest" })
	up := sc.event(rooms.ParticipantMediaUp, of(ann))
	again := sc.event(rooms.ParticipantMediaUp, of(ann))
	gone := sc.event(rooms.ParticipantInterrupted, of(ann))
	appendAll(t, s, "n1", joined, boJoined, up, again, gone)
	want := rooms.Visit{
		ID: ann, Room: r.ID, Node: "n1", Participant: "p1", Name: "Ann", UserID: u.ID, UserName: "anna", Role: "guest",
		Joined: joined.At, MediaUp: up.At, Interruptions: 1, InterruptedAt: gone.At,
	}
	bos := rooms.Visit{ID: bo, Room: r.ID, Node: "n1", Participant: "p2", Name: "Bo", Role: "guest", Joined: boJoined.At}
	same(t, []rooms.Visit{want, bos}, must(s.Visits(t.Context(), r.ID))(t))
	same(t, []rooms.Visit{want, bos}, must(s.OpenVisits(t.Context(), "n1"))(t))
	same(t, []rooms.Visit(nil), must(s.OpenVisits(t.Context(), "n2"))(t))

	back := sc.event(rooms.ParticipantResumed, of(ann))
	host := sc.event(rooms.ParticipantRole, of(ann), func(e *rooms.Event) { e.Role = "host" })
	left := sc.event(rooms.ParticipantLeft, of(ann), because(rooms.ReasonLeft))
	late := sc.event(rooms.ParticipantLeft, of(ann), because(rooms.ReasonLost))
	appendAll(t, s, "n1", back, host, left, late)
	want.Role, want.Left, want.Reason, want.InterruptedAt, want.Away = "host", left.At, rooms.ReasonLeft, time.Time{}, time.Second
	same(t, []rooms.Visit{want, bos}, must(s.Visits(t.Context(), r.ID))(t))
	same(t, []rooms.Visit{bos}, must(s.OpenVisits(t.Context(), "n1"))(t))

	// A server thought dead says how it really was.
	crash := sc.event(rooms.ParticipantLeft, of(bo), because(rooms.ReasonCrash))
	truth := sc.event(rooms.ParticipantLeft, of(bo), because(rooms.ReasonEnded))
	appendAll(t, s, "n2", crash)
	appendAll(t, s, "n1", truth)
	bos.Left, bos.Reason = truth.At, rooms.ReasonEnded
	same(t, []rooms.Visit{want, bos}, must(s.Visits(t.Context(), r.ID))(t))
	same(t, []rooms.Visit(nil), must(s.Visits(t.Context(), "9.none"))(t))
}

func nodes(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	sc := &script{r.ID, start}
	for _, node := range []string{"n1", "n2"} {
		appendAll(t, s, node, sc.event(rooms.ParticipantJoined, of(rooms.NewVisitID())))
	}
	for _, at := range []time.Time{start, start.Add(time.Minute)} {
		for _, node := range []string{"n1", "idle"} {
			if err := s.Beat(t.Context(), node, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := must(s.Nodes(t.Context()))(t)
	slices.SortFunc(got, func(a, b rooms.Node) int { return strings.Compare(a.ID, b.ID) })
	same(t, []rooms.Node{{ID: "n1", LastSeen: ms(start.Add(time.Minute))}, {ID: "n2"}}, got)
}

func pruneEvents(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	hook(t, s, u, nil)
	sc := &script{r.ID, start}
	old, open := rooms.NewVisitID(), rooms.NewVisitID()
	appendAll(t, s, "n", sc.event(rooms.ParticipantJoined, of(old)), sc.event(rooms.ParticipantLeft, of(old)),
		sc.event(rooms.ParticipantJoined, of(open)))
	before := sc.at
	fresh := appendAll(t, s, "n", sc.event(rooms.ParticipantMediaUp, of(open)))
	total := 0
	for {
		n := must(s.PruneEvents(t.Context(), before, 2))(t)
		if n == 0 {
			break
		}
		total += n
	}
	if total != 3 { // two events and the visit that ended; the third event is not older
		t.Errorf("deleted %d, want 3", total)
	}
	if n := must(s.PruneEvents(t.Context(), sc.at, 10))(t); n != 1 {
		t.Errorf("deleted %d, want 1", n)
	}
	same(t, fresh, must(s.Events(t.Context(), rooms.EventFilter{Room: r.ID}))(t))
	if left := must(s.Visits(t.Context(), r.ID))(t); len(left) != 1 || left[0].ID != open {
		t.Errorf("visits left: %+v", left)
	}
	// Its turn has come, as those before it are gone.
	due, _, err := s.DueDeliveries(t.Context(), time.Now().Add(time.Hour), 10)
	if err != nil || len(due) != 1 || due[0].Event.ID != fresh[0].ID {
		t.Errorf("due after pruning: %+v, %v", due, err)
	}
	if must(s.PruneEvents(t.Context(), sc.at.Add(time.Hour), 10))(t) != 1 {
		t.Error("the last event stayed")
	}
	if next := appendAll(t, s, "n", sc.event(rooms.RoomLocked)); next[0].Seq != 5 {
		t.Errorf("the number after pruning all is %d, want 5", next[0].Seq)
	}
}

func names(events []rooms.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%s#%d", e.Kind, e.Seq))
	}
	return strings.Join(all, " ")
}
