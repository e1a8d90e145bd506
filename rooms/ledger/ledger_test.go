package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plenum/rooms"
	"plenum/rooms/internal/ledgering"
)

const room = "1.r"

// memory is a store that can be away, lie about what it did, or refuse.
type memory struct {
	mu      sync.Mutex // guards the rest
	away    bool
	liar    bool   // does it, and says it did not
	refuses string // name in an event that can't be stored
	calls   int
	biggest int // events in one call
	events  []rooms.Event
	visits  map[string]rooms.Visit
	nodes   map[string]time.Time
	pruned  []time.Time
}

func newMemory() *memory {
	return &memory{visits: map[string]rooms.Visit{}, nodes: map[string]time.Time{}}
}

var errRefused = errors.New("the store refuses it")

func (m *memory) AppendEvents(_ context.Context, node string, events []rooms.Event) ([]rooms.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	m.biggest = max(m.biggest, len(events))
	if m.away {
		return nil, fmt.Errorf("append: %w", rooms.ErrUnavailable)
	}
	if m.refuses != "" && slices.ContainsFunc(events, func(e rooms.Event) bool { return e.Name == m.refuses }) {
		return nil, errRefused
	}
	state := ledgering.State{
		Pos: int64(len(m.events)), Stored: map[string]bool{}, Visits: m.visits,
		Heads: map[string]ledgering.Head{room: {Seq: int64(len(m.events))}},
	}
	for _, e := range m.events {
		state.Stored[e.ID] = true
	}
	plan := ledgering.Make(state, node, events)
	m.events = append(m.events, plan.Events...)
	if m.liar {
		m.liar = false
		return nil, fmt.Errorf("append: %w", rooms.ErrUnavailable)
	}
	return plan.Events, nil
}

func (m *memory) Events(context.Context, rooms.EventFilter) ([]rooms.Event, error) { return nil, nil }

func (m *memory) Visits(context.Context, string) ([]rooms.Visit, error) { return nil, nil }

func (m *memory) OpenVisits(_ context.Context, node string) ([]rooms.Visit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, rooms.ErrUnavailable
	}
	var open []rooms.Visit
	for _, v := range m.visits {
		if v.Node == node && v.Left.IsZero() {
			open = append(open, v)
		}
	}
	slices.SortFunc(open, func(a, b rooms.Visit) int { return a.Joined.Compare(b.Joined) })
	return open, nil
}

func (m *memory) Beat(_ context.Context, node string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return rooms.ErrUnavailable
	}
	m.nodes[node] = at
	return nil
}

func (m *memory) Nodes(context.Context) ([]rooms.Node, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[string]bool{}
	var all []rooms.Node
	for _, v := range m.visits {
		if v.Left.IsZero() && !seen[v.Node] {
			seen[v.Node] = true
			all = append(all, rooms.Node{ID: v.Node, LastSeen: m.nodes[v.Node]})
		}
	}
	return all, nil
}

func (m *memory) PruneEvents(_ context.Context, before time.Time, _ int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pruned = append(m.pruned, before)
	return 0, nil
}

func (m *memory) PruneDeliveries(context.Context, time.Time, int) (int, error) { return 0, nil }

func (m *memory) set(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// names lists the names in the stored events.
func (m *memory) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for i, e := range m.events {
		if e.Seq != int64(i+1) {
			all = append(all, fmt.Sprintf("gap at %d", e.Seq))
		}
		all = append(all, e.Name)
	}
	return all
}

func (m *memory) visit(id string) rooms.Visit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.visits[id]
}

func event(kind rooms.EventKind, visit, name string) rooms.Event {
	e := rooms.NewEvent(room, kind, time.Now())
	e.Visit, e.Name = visit, name
	return e
}

func note(name string) rooms.Event { return event(rooms.RoomLocked, "", name) }

func numbered(from, to int) []string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func start(t *testing.T, cfg Config, store Store) (l *Ledger, stop func()) {
	t.Helper()
	if cfg.Node == "" {
		cfg.Node = "n1"
	}
	l = New(cfg, store, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return l, func() {
		cancel()
		<-done
	}
}

func wantNames(t *testing.T, m *memory, want []string) {
	t.Helper()
	if got := m.names(); !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// TestEventsWaitForTheStore records while the store is away. Nobody waits but
// the events, which come in order.
func TestEventsWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l, stop := start(t, Config{Batch: 10}, m)
		l.Record(note("0"))
		synctest.Wait()
		m.set(func(m *memory) { m.away = true })
		before := time.Now()
		for _, name := range numbered(1, 35) {
			l.Record(note(name))
		}
		if took := time.Since(before); took != 0 {
			t.Errorf("recording took %v of a clock that stands while somebody runs", took)
		}
		time.Sleep(time.Minute)
		wantNames(t, m, numbered(0, 1))
		if s := l.Stats(); s.Held != 34 || s.Stored != 1 || s.Lost != 0 || !l.Held(room) || l.Held("1.other") {
			t.Errorf("while the store is away: %+v", s)
		}
		calls := 0
		m.set(func(m *memory) { m.away, calls = false, m.calls })
		if calls > 60 {
			t.Errorf("%d attempts in a minute: it hammers the store", calls)
		}
		time.Sleep(2 * time.Second) // RetryMax
		synctest.Wait()
		wantNames(t, m, numbered(0, 35))
		if s := l.Stats(); s.Held != 0 || s.Stored != 35 || s.Lost != 0 || m.biggest > 10 {
			t.Errorf("after that: %+v, %d at once", s, m.biggest)
		}
		stop()
	})
}

// TestUnknownFateIsNoDuplicate has a store that did what it says it did not.
func TestUnknownFateIsNoDuplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.liar = true
		l, stop := start(t, Config{}, m)
		for _, name := range numbered(0, 3) {
			l.Record(note(name))
		}
		time.Sleep(time.Second)
		wantNames(t, m, numbered(0, 3))
		stop()
	})
}

// TestHeldIsBounded fills the ledger. Who joined in time can leave.
func TestHeldIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.away = true
		l, stop := start(t, Config{MostHeld: 3}, m)
		l.Record(event(rooms.ParticipantJoined, "a", "a joins"))
		l.Record(note("0"))
		l.Record(event(rooms.ParticipantJoined, "b", "b joins"))
		l.Record(event(rooms.ParticipantJoined, "c", "c joins")) // no room
		l.Record(event(rooms.ParticipantLeft, "c", "c leaves"))  // so this is of no use
		l.Record(event(rooms.ParticipantLeft, "a", "a leaves"))
		l.Record(note("1"))
		if s := l.Stats(); s.Lost != 3 || s.Held != 4 {
			t.Errorf("full: %+v, want 3 lost and 4 held", s)
		}
		m.set(func(m *memory) { m.away = false })
		time.Sleep(5 * time.Second)
		l.Record(event(rooms.ParticipantLeft, "b", "b leaves"))
		synctest.Wait()
		wantNames(t, m, []string{"a joins", "0", "b joins", "a leaves", "b leaves"})
		if m.visit("a").Left.IsZero() || m.visit("b").Left.IsZero() {
			t.Error("a visit is open for ever")
		}
		stop()
	})
}

// TestRefusedEventHoldsUpNobody has one event that the store never takes.
func TestRefusedEventHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.refuses = "bad"
		l, stop := start(t, Config{}, m)
		for _, name := range []string{"0", "bad", "1"} {
			l.Record(note(name))
		}
		time.Sleep(time.Minute)
		wantNames(t, m, numbered(0, 2))
		if s := l.Stats(); s.Lost != 1 {
			t.Errorf("%+v, want one lost", s)
		}
		stop()
	})
}

func TestTheEndIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l, stop := start(t, Config{}, m)
		synctest.Wait()
		l.Record(note("0"))
		stop()
		wantNames(t, m, numbered(0, 1))

		m.away = true
		l, stop = start(t, Config{}, m)
		l.Record(note("1"))
		before := time.Now()
		stop()
		if s := l.Stats(); s.Lost != 1 || time.Since(before) > 4*time.Second {
			t.Errorf("with the store away: %+v after %v, want one lost after FlushFor", s, time.Since(before))
		}
	})
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l, end := start(t, Config{}, m)
		mine, stop := l.Watch(room)
		all, stopAll := l.Watch("")
		other, stopOther := l.Watch("1.other")
		l.Record(note("0"))
		synctest.Wait()
		for name, tt := range map[string]struct {
			ch   <-chan struct{}
			want int
		}{"the room": {mine, 1}, "all": {all, 1}, "another": {other, 0}} {
			if len(tt.ch) != tt.want {
				t.Errorf("%s: %d tokens, want %d", name, len(tt.ch), tt.want)
			}
		}
		stop()
		stopAll()
		stopOther()
		if len(l.watchers) != 0 {
			t.Errorf("watchers left: %v", l.watchers)
		}
		end()
	})
}

// crash leaves visits open as a server does that is killed: a is there, b was
// interrupted. It returns when the server was last heard of.
func crash(t *testing.T, m *memory, node string) (last time.Time) {
	t.Helper()
	gone := event(rooms.ParticipantInterrupted, node+"b", "b gone")
	_, err := m.AppendEvents(t.Context(), node, []rooms.Event{
		event(rooms.ParticipantJoined, node+"a", "a joins"), event(rooms.ParticipantJoined, node+"b", "b joins"), gone,
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	if err := m.Beat(t.Context(), node, time.Now()); err != nil {
		t.Fatal(err)
	}
	return time.Now()
}

// TestCrashLeavesNobodyBehind starts a server again that was killed.
func TestCrashLeavesNobodyBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		began := time.Now()
		seen := crash(t, m, "n1")
		time.Sleep(time.Hour)
		l, stop := start(t, Config{}, m)
		l.Record(note("after"))
		synctest.Wait()
		a, b := m.visit("n1a"), m.visit("n1b")
		if !a.Left.Equal(seen.Truncate(time.Millisecond)) || a.Reason != rooms.ReasonCrash {
			t.Errorf("a left at %v because of %q, want the last heartbeat %v", a.Left, a.Reason, seen)
		}
		if !b.Left.Equal(began.Truncate(time.Millisecond)) || b.Reason != rooms.ReasonCrash {
			t.Errorf("b left at %v because of %q, want when it was interrupted, %v", b.Left, b.Reason, began)
		}
		var kinds []rooms.EventKind
		for _, e := range m.events[3:] {
			kinds = append(kinds, e.Kind)
		}
		want := []rooms.EventKind{rooms.ParticipantLeft, rooms.ParticipantLeft, rooms.MeetingEnded, rooms.RoomLocked}
		if !slices.Equal(kinds, want) {
			t.Errorf("told %q, want %q", kinds, want)
		}
		stop()
	})
}

// TestOtherServersCrash has two servers find out that a third has died.
func TestOtherServersCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		seen := crash(t, m, "dead")
		_, stop1 := start(t, Config{Node: "n1"}, m)
		_, stop2 := start(t, Config{Node: "n2"}, m)
		time.Sleep(29 * time.Second)
		if !m.visit("deada").Left.IsZero() {
			t.Error("given up before DeadAfter")
		}
		m.set(func(m *memory) { m.away = true }) // now nobody can tell who lives
		time.Sleep(time.Minute)
		m.set(func(m *memory) { m.away = false })
		time.Sleep(20 * time.Second)
		if !m.visit("deada").Left.IsZero() {
			t.Error("given up right after the store was away")
		}
		time.Sleep(20 * time.Second)
		if v := m.visit("deada"); !v.Left.Equal(seen.Truncate(time.Millisecond)) || v.Reason != rooms.ReasonCrash {
			t.Errorf("left at %v because of %q, want %v", v.Left, v.Reason, seen)
		}
		if len(m.events) != 6 {
			t.Errorf("%d events, want 6: none twice", len(m.events))
		}
		stop1()
		stop2()
	})
}

func TestLivingServersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		one, stop1 := start(t, Config{Node: "n1"}, m)
		_, stop2 := start(t, Config{Node: "n2"}, m)
		one.Record(event(rooms.ParticipantJoined, "v", "a joins"))
		time.Sleep(time.Hour)
		if v := m.visit("v"); v.ID == "" || !v.Left.IsZero() {
			t.Errorf("visit %+v", v)
		}
		stop1()
		stop2()
	})
}

func TestOldIsPruned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		began := time.Now()
		_, stop := start(t, Config{KeepFor: 24 * time.Hour}, m)
		time.Sleep(90 * time.Minute)
		stop()
		want := []time.Time{began.Add(-24 * time.Hour), began.Add(-23 * time.Hour)}
		if !slices.EqualFunc(m.pruned, want, time.Time.Equal) {
			t.Errorf("pruned before %v, want %v", m.pruned, want)
		}
		m.pruned = nil
		_, stop = start(t, Config{}, m)
		time.Sleep(90 * time.Minute)
		stop()
		if m.pruned != nil {
			t.Errorf("pruned before %v, though all is kept", m.pruned)
		}
	})
}
