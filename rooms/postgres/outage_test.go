package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plenum/rooms"
	"plenum/rooms/postgres/pgtest"
)

// Bars of issue 3: how long a caller waits, and how soon the store is well.
const (
	failWithin    = 2 * time.Second
	recoverWithin = 5 * time.Second
)

// writer stores rooms without pause, and remembers which were acknowledged.
type writer struct {
	store *Store
	user  rooms.User

	acknowledged []string
	failures     int
	slowest      time.Duration // of all calls
	odd          error         // a failure other than ErrUnavailable
}

func (w *writer) run(ctx context.Context, acknowledged *atomic.Int64) {
	for ctx.Err() == nil {
		r, err := rooms.Reservation{Minutes: 60, Timezone: "UTC"}.Reserve(w.user, time.Now())
		if err == nil {
			began := time.Now()
			err = w.store.CreateRoom(context.WithoutCancel(ctx), r)
			w.slowest = max(w.slowest, time.Since(began))
		}
		switch {
		case err == nil:
			w.acknowledged = append(w.acknowledged, r.ID)
			acknowledged.Add(1)
		case errors.Is(err, rooms.ErrUnavailable):
			w.failures++
			time.Sleep(5 * time.Millisecond) // a caller that tries again, without a busy loop
		default:
			w.odd = err
			return
		}
	}
}

// TestDatabaseIsKilled kills the whole server in the middle of writes, again
// and again. What was acknowledged is there, and the store recovers by itself.
func TestDatabaseIsKilled(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	server := pgtest.Start(t)
	store := open(t, server.Database(t)+"&synchronous_commit=off")
	user, err := store.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Host})
	if err != nil {
		t.Fatal(err)
	}
	var total, failures int
	var slowest, recovery time.Duration
	for round := range rounds {
		ctx, stop := context.WithCancel(t.Context())
		var count atomic.Int64
		writers := make([]writer, 6)
		var wg sync.WaitGroup
		for i := range writers {
			writers[i] = writer{store: store, user: user}
			wg.Go(func() { writers[i].run(ctx, &count) })
		}
		await(t, "writes", func() bool { return count.Load() >= int64(10+round) })
		server.Kill(t)
		if err := store.Ping(t.Context()); !errors.Is(err, rooms.ErrUnavailable) {
			t.Errorf("round %d: the server is dead: %v, want ErrUnavailable", round, err)
		}
		server.Restart(t)
		restarted, before := time.Now(), count.Load()
		await(t, "writes after the restart", func() bool { return count.Load() > before })
		recovery = max(recovery, time.Since(restarted))
		stop()
		wg.Wait()
		for i := range writers {
			w := &writers[i]
			if w.odd != nil {
				t.Errorf("round %d: a failure that is not ErrUnavailable: %v", round, w.odd)
			}
			total, failures, slowest = total+len(w.acknowledged), failures+w.failures, max(slowest, w.slowest)
			for _, id := range w.acknowledged {
				if _, err := store.RoomByID(t.Context(), id); err != nil {
					t.Errorf("round %d: acknowledged and lost: %v", round, err)
				}
			}
		}
	}
	if failures == 0 {
		t.Error("no write failed: the server was not killed in the middle of them")
	}
	if slowest > failWithin || recovery > recoverWithin {
		t.Errorf("the slowest call took %v, the slowest recovery %v; want %v and %v", slowest, recovery, failWithin, recoverWithin)
	}
	t.Logf("%d rounds: %d rooms acknowledged, %d calls failed, the slowest took %v, the slowest recovery %v",
		rounds, total, failures, slowest, recovery)
}

// TestDatabaseHangs freezes the server: connections are open, nobody answers.
func TestDatabaseHangs(t *testing.T) {
	server := pgtest.Start(t)
	url := server.Database(t)
	store := open(t, url)
	user, err := store.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Host})
	if err != nil {
		t.Fatal(err)
	}
	server.Freeze(t)

	var wg sync.WaitGroup
	hung := func(name string, call func(context.Context) error) {
		wg.Go(func() {
			began := time.Now()
			err := call(t.Context())
			if took := time.Since(began); !errors.Is(err, rooms.ErrUnavailable) || took > failWithin {
				t.Errorf("%s: %v after %v, want ErrUnavailable within %v", name, err, took, failWithin)
			}
		})
	}
	for range 4 { // more callers than the pool has connections
		hung("ping", store.Ping)
		hung("read", func(ctx context.Context) error {
			_, err := store.UserByID(ctx, user.ID)
			return err
		})
		hung("list", func(ctx context.Context) error {
			_, _, err := store.Rooms(ctx, rooms.RoomFilter{})
			return err
		})
		hung("write", func(ctx context.Context) error { return store.UpdateUser(ctx, user) })
	}
	hung("open", func(ctx context.Context) error {
		s, err := Open(ctx, url)
		if err == nil {
			err = s.Close()
		}
		return err
	})
	wg.Wait()

	server.Thaw(t)
	thawed := time.Now()
	await(t, "an answer after the thaw", func() bool { return store.UpdateUser(t.Context(), user) == nil })
	if took := time.Since(thawed); took > recoverWithin {
		t.Errorf("well %v after the database, want %v at most", took, recoverWithin)
	}
}

// TestCloseWhileDatabaseHangs sees Close return soon and leave nothing behind.
func TestCloseWhileDatabaseHangs(t *testing.T) {
	server := pgtest.Start(t)
	url := server.Database(t)
	before := goleak.IgnoreCurrent()
	store, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	server.Freeze(t)
	began := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := store.Ping(t.Context()); !errors.Is(err, rooms.ErrUnavailable) {
				t.Errorf("frozen: %v, want ErrUnavailable", err)
			}
		})
	}
	wg.Wait()
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > failWithin+time.Second {
		t.Errorf("failing and closing took %v", took)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	server.Thaw(t)
}

// await polls until done reports true, for longer than any bar allows.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * recoverWithin); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, 3*recoverWithin)
		}
	}
}
