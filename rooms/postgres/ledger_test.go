package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
	"plenum/rooms/ledger"
	"plenum/rooms/postgres/pgtest"
)

// TestLedgerOutlivesTheDatabase records a meeting's events while the database
// is killed again and again. Recording never waits, and in the end every event
// is there once, in order.
func TestLedgerOutlivesTheDatabase(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	server := pgtest.Start(t)
	store := open(t, server.Database(t))
	user, err := store.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Host})
	if err != nil {
		t.Fatal(err)
	}
	room, err := rooms.Reservation{Minutes: 60, Timezone: "UTC"}.Reserve(user, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.CreateRoom(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	book := ledger.New(ledger.Config{Node: "n1"}, store, slog.New(slog.NewTextHandler(t.Output(), nil)))
	running, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	writers.Go(func() { _ = book.Run(running) }) // it returns nil

	recorded := 0
	var slowest time.Duration
	record := func(n int) {
		for range n {
			e := rooms.NewEvent(room.ID, rooms.RoomLocked, time.Now())
			e.By = fmt.Sprint(recorded)
			began := time.Now()
			book.Record(e)
			slowest = max(slowest, time.Since(began))
			recorded++
		}
	}
	for range rounds {
		before := book.Stats().Stored
		record(500)
		await(t, "events stored before the kill", func() bool { return book.Stats().Stored > before })
		record(500)
		server.Kill(t) // in the middle of them
		record(500)
		server.Restart(t)
		record(100)
	}
	restarted := time.Now()
	await(t, "events stored after the last restart", func() bool { return !book.Held("") })
	t.Logf("%d events; the last was stored %v after the restart, the slowest Record took %v", recorded, time.Since(restarted), slowest)
	stop()
	writers.Wait()
	if s := book.Stats(); s.Lost != 0 {
		t.Errorf("%d events lost", s.Lost)
	}
	next := 0
	for filter := (rooms.EventFilter{Room: room.ID, Limit: rooms.MostEvents}); ; {
		page, err := store.Events(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if e.Seq != filter.After+1 || e.By != fmt.Sprint(next) {
				t.Fatalf("number %d is event %s, want %d and %d", e.Seq, e.By, filter.After+1, next)
			}
			filter.After = e.Seq
			next++
		}
		if len(page) == 0 {
			break
		}
	}
	if next != recorded {
		t.Errorf("%d events stored, want %d", next, recorded)
	}
}
