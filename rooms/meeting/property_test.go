package meeting

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plenum/rooms"
)

// replica is what a client knows that has only read the events.
type replica struct {
	seq    int64
	room   Info
	roster []Participant
	rec    Recording
	chat   []Message
}

func (r *replica) apply(e Event) error {
	if e.Seq != r.seq+1 {
		return fmt.Errorf("event %d after %d", e.Seq, r.seq)
	}
	r.seq = e.Seq
	switch c := e.Change.(type) {
	case RosterChanged:
		r.roster = slices.DeleteFunc(r.roster, func(p Participant) bool { return slices.Contains(c.Left, p.ID) })
		for _, p := range c.Changed {
			if i := slices.IndexFunc(r.roster, func(q Participant) bool { return q.ID == p.ID }); i >= 0 {
				r.roster[i] = p
			} else {
				r.roster = append(r.roster, p)
			}
		}
	case ChatSent:
		r.chat = append(r.chat, c.Message)
	case RecordingChanged:
		r.rec = c.Recording
	case RoomChanged:
		r.room = c.Info
	}
	return nil
}

// script runs commands encoded in ops, two bytes each: what, and on whom.
type script struct {
	m       *Meeting
	now     time.Time
	pending []string
	numbers map[uint32]bool
	ids     int
	putBack map[string]bool
}

func (s *script) step(what, who byte) ([]Event, error) {
	s.now = s.now.Add(time.Duration(who) * 50 * time.Millisecond)
	id := fmt.Sprintf("p%d", int(who)%(s.ids+2))
	source := append(slices.Clone(sources), "unknown")[int(who)%5]
	if what >= lobbySteps {
		return s.lobbyStep(what-lobbySteps, who, id)
	}
	switch what % 19 {
	case 0, 1:
		id, n, err := s.m.Admit("name", Speaker)
		if err != nil {
			return nil, nil //nolint:nilerr // a full room is no event
		}
		if s.numbers[n] {
			return nil, fmt.Errorf("number %d given twice", n)
		}
		s.numbers[n] = true
		s.ids++
		s.pending = append(s.pending, id)
		return nil, nil
	case 2, 3:
		if len(s.pending) == 0 {
			return nil, nil
		}
		id, s.pending = s.pending[0], s.pending[1:]
		return s.m.Enter(s.now, id), nil
	case 4:
		if len(s.pending) > 0 {
			s.m.Abort(s.pending[0])
			s.pending = s.pending[1:]
		}
		return nil, nil
	case 5:
		return s.m.Leave(id), nil
	case 6:
		return s.m.Lost(s.now, id, Path(1+who%3)), nil
	case 7:
		return s.m.Back(id, Path(1+who%3)), nil
	case 8:
		return s.m.Publish(id, source, what&16 != 0, what&32 != 0), nil
	case 9:
		return s.m.Say(s.now, id, id, nil), nil
	case 10:
		return s.m.RecordingStarted(s.now, id, fmt.Sprint(who)), nil
	case 11:
		return s.m.RecordingStopped(id, Remark{}), nil
	case 12:
		return s.m.Change(id, s.now.Add(time.Hour)), nil
	case 13:
		return s.m.Raise(id, what&64 != 0), nil
	case 14, 15:
		held, events := s.m.Hold("Ann", []string{id, "p1"}, source)
		if (len(held) > 0) != (len(events) > 0) {
			return nil, fmt.Errorf("%d held with %d events", len(held), len(events))
		}
		return events, nil
	case 16:
		return s.m.SetRole(id, []Role{Host, Speaker, Audience}[who%3]), nil
	case 17:
		return s.m.Lock(who%3 == 0), nil
	default:
		gone, events := s.m.Expire(s.now)
		if (len(gone) > 0) != (len(events) > 0) {
			return nil, fmt.Errorf("%d expired with %d events", len(gone), len(events))
		}
		return events, nil
	}
}

// lobbySteps is the first of the commands that concern the lobby and rights.
const lobbySteps = 200

func (s *script) lobbyStep(what, who byte, id string) ([]Event, error) {
	role := []Role{Host, Speaker, Audience}[who%3]
	switch what % 16 {
	case 0, 1:
		if _, err := s.m.Knock(s.now, "name", role); err == nil {
			s.ids++
		}
	case 2, 3:
		_, err := s.m.LetIn(s.now, id)
		if err != nil && !errors.Is(err, ErrFull) {
			return nil, err
		}
	case 4, 5:
		if n, ok := s.m.TakeIn(id); ok {
			if s.numbers[n] && !s.putBack[id] {
				return nil, fmt.Errorf("number %d given twice", n)
			}
			s.numbers[n] = true
			s.pending = append(s.pending, id)
		}
	case 6:
		if len(s.pending) > 0 {
			s.putBack[s.pending[0]] = true
			s.m.PutBack(s.now, s.pending[0]) // does nothing to who did not come out of the lobby
			if s.m.Admitted(s.pending[0]) {
				s.pending = s.pending[1:]
			}
		}
	case 7:
		waiting, events := s.m.SendToLobby(s.now, id)
		if (waiting != "") != (len(events) == 1) {
			return nil, fmt.Errorf("sent back as %q with %d events", waiting, len(events))
		}
		if waiting != "" {
			s.ids++
		}
		return events, nil
	case 8:
		s.m.Unwait(id)
	case 9:
		s.m.WaiterLost(s.now, id)
	case 10:
		s.m.WaiterBack(s.now, id)
	case 11:
		s.m.ExpireLobby(s.now)
	case 12:
		return s.m.SetLobby(who%2 == 0), nil
	case 13:
		return s.m.Spotlight(id, who%4 != 0), nil
	case 14:
		_, _, _ = s.m.Tell(s.now, "p1", id, "psst", nil) // changes nothing that others see
	default:
		if who%2 == 0 {
			return s.m.HandOver(id, "p1"), nil
		}
		return s.m.SetRules("", rooms.AudienceRules{NoChat: who%4 == 1, NoHands: who%8 == 3}), nil
	}
	return nil, nil
}

// check runs ops against a meeting and its replica.
func check(t *testing.T, ops []byte) {
	t.Helper()
	cfg := Config{Capacity: 6, Events: 8, Chat: 5, ResumeWindow: 5 * time.Second}
	m := newMeeting(cfg)
	s := &script{m: m, now: start, numbers: map[uint32]bool{}, putBack: map[string]bool{}}
	r := &replica{room: m.Snapshot().Room}
	var all []Event
	for i := 0; i+1 < len(ops); i += 2 {
		events, err := s.step(ops[i], ops[i+1])
		if err != nil {
			t.Fatalf("step %d: %v", i/2, err)
		}
		for _, e := range events {
			if err := r.apply(e); err != nil {
				t.Fatalf("step %d: %v", i/2, err)
			}
		}
		all = append(all, events...)
		same(t, m, r, cfg)
		if i%20 == 0 {
			replays(t, m, all, cfg)
		}
	}
	replays(t, m, all, cfg)
}

// same holds the meeting to what its events told.
func same(t *testing.T, m *Meeting, r *replica, cfg Config) {
	t.Helper()
	snap := m.Snapshot()
	want := Snapshot{Seq: r.seq, Room: r.room, Roster: r.roster, Recording: r.rec, Chat: r.chat[max(0, len(r.chat)-cfg.Chat):]}
	if diff := cmp.Diff(want, snap, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("events and snapshot differ (-events +snapshot):\n%s", diff)
	}
	hands := map[int64]bool{}
	var lit []int64
	for _, p := range snap.Roster {
		for source := range m.Held(p.ID) {
			if slices.ContainsFunc(p.Sources, func(s SourceState) bool { return s.Source == source && !s.Muted }) {
				t.Fatalf("%s of %s is on though a host turned it off", source, p.ID)
			}
		}
		if p.Hand < 0 || p.Hand > 0 && hands[p.Hand] {
			t.Fatalf("hand %d of %s is up twice, or less than 1", p.Hand, p.ID)
		}
		hands[p.Hand] = true
		lit = append(lit, p.Spotlight)
		if p.Spotlight != 0 && p.Role == Audience {
			t.Fatalf("%s is audience and in the spotlight", p.ID)
		}
	}
	lit = slices.DeleteFunc(lit, func(n int64) bool { return n == 0 })
	if slices.Sort(lit); len(lit) > MostSpotlit || len(slices.Compact(slices.Clone(lit))) != len(lit) {
		t.Fatalf("in the spotlight: %v", lit)
	}
	rights(t, m, snap)
	if len(snap.Roster)+len(m.pending)+m.admittedCount() > cfg.Capacity {
		t.Fatalf("%d in, %d entering and %d admitted in a room for %d", len(snap.Roster), len(m.pending), m.admittedCount(), cfg.Capacity)
	}
	if len(snap.Roster) > cfg.Capacity {
		t.Fatalf("%d in a room for %d", len(snap.Roster), cfg.Capacity)
	}
}

// rights holds the meeting to what nobody may: the audience never publishes,
// and who waits is nobody in the meeting.
func rights(t *testing.T, m *Meeting, snap Snapshot) {
	t.Helper()
	in := map[string]bool{}
	for _, p := range snap.Roster {
		in[p.ID] = true
		if p.Role == Audience && (len(p.Sources) > 0 || m.May(p.ID, MayPublish) || m.May(p.ID, MayModerate)) {
			t.Fatalf("%s is audience and has %v", p.ID, p.Sources)
		}
		if p.Role != Host && m.May(p.ID, MayModerate) {
			t.Fatalf("%s, a %s, may moderate", p.ID, p.Role)
		}
	}
	for _, w := range m.lobby {
		if in[w.ID] || m.pending[w.ID] != nil {
			t.Fatalf("%s waits and is in", w.ID)
		}
		for right := range MayModerate + 1 {
			if m.May(w.ID, right) {
				t.Fatalf("%s waits and may %d", w.ID, right)
			}
		}
		for _, source := range sources {
			if m.Publish(w.ID, source, true, false) != nil {
				t.Fatalf("%s waits and publishes %s", w.ID, source)
			}
		}
	}
}

// replays holds After to the events that were told.
func replays(t *testing.T, m *Meeting, all []Event, cfg Config) {
	t.Helper()
	for seq := range m.Seq() + 2 {
		got, ok := m.After(seq)
		if want := seq <= m.Seq() && m.Seq()-seq <= int64(cfg.Events); ok != want {
			t.Fatalf("After(%d) of %d events: ok = %v", seq, m.Seq(), ok)
		}
		if !ok {
			continue
		}
		if diff := cmp.Diff(all[seq:], got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("After(%d) differs from what was told (-told +replayed):\n%s", seq, diff)
		}
	}
}

func TestRandomCommands(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 200)
		for i := range ops {
			ops[i] = byte(rng.UintN(256))
		}
		check(t, ops)
	}
}

func FuzzMeeting(f *testing.F) {
	f.Add([]byte{0, 0, 2, 0, 27, 1, 9, 1, 6, 1, 18, 200})                     // one joins, publishes, writes, is lost, expires
	f.Add([]byte{0, 0, 0, 0, 2, 0, 4, 0, 10, 1, 11, 1, 12, 3, 5, 1})          // one aborts, a recording, a new end, a leave
	f.Add([]byte{0, 0, 2, 0, 6, 3, 7, 1, 7, 2, 27, 1, 122, 1})                // lost both ways, back one by one
	f.Add([]byte{0, 0, 2, 0, 27, 0, 14, 0, 27, 0, 122, 0, 27, 0})             // muted by a host, insists, says so, unmutes
	f.Add([]byte{0, 0, 2, 0, 70, 1, 13, 1, 70, 1, 16, 0, 17, 0, 0, 0})        // a hand up and down, a new host, a lock
	f.Add([]byte{200, 1, 202, 1, 204, 1, 2, 0, 8, 1, 207, 1, 202, 2, 204, 2}) // one waits, is let in, speaks, is sent back, let in again
	f.Add([]byte{200, 1, 202, 1, 204, 1, 206, 0, 210, 1, 204, 1, 2, 0})       // the connection breaks while one is taken in
	f.Add([]byte{200, 1, 209, 1, 202, 1, 211, 255, 212, 0, 12, 1, 5, 1})      // one is lost while admitted, and given up
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 400 {
			t.Skip("longer than it needs to be")
		}
		check(t, ops)
	})
}
