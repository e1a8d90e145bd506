// Package outage_test takes the database away from a real server in the middle
// of a meeting and of writes.
package outage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/load"
	"plenum/rooms/postgres/pgtest"
	"plenum/test/program"
)

// Bars of issue 3: how long a caller waits, and how soon the server is well.
const (
	failWithin    = 2 * time.Second
	recoverWithin = 5 * time.Second
)

const patience = 30 * time.Second

// people is how many take part in the meeting.
const (
	publishers  = 2
	subscribers = 3
	people      = publishers + subscribers
)

// TestDatabaseIsKilledUnderAMeeting kills PostgreSQL with SIGKILL while a
// meeting runs and rooms are being reserved. Callers get 503 problems soon, the
// meeting and the attendants notice nothing, and the server is well by itself
// once the database is back, with everything it acknowledged.
func TestDatabaseIsKilledUnderAMeeting(t *testing.T) {
	database := pgtest.Start(t)
	s := program.Start(t, program.Build(t), "--database-url", database.Database(t), "--log-level", "warn")
	attendant := attend(t, s)
	meeting := reserve(t, s)
	report := meet(t, s, meeting)
	callers := newCallers(s)
	callers.start(t, 6)
	s.Await(t, "reservations", patience, func() error { return callers.acknowledgedMore(10) })

	callers.doomed.Store(true)
	database.Kill(t)
	for _, path := range []string{"/api/v1/rooms", "/api/v1/rooms/" + meeting, "/api/v1/users", "/api/v1/rooms/" + meeting + "/participants"} {
		began := time.Now()
		_, err := s.Call(t, http.MethodGet, path, "")
		if took := time.Since(began); !unavailable(err) || took > failWithin {
			t.Errorf("without a database %s answers %v after %v", path, err, took)
		}
	}
	failed := callers.failed.Load()
	s.Await(t, "refusals of all callers", patience, func() error {
		if n := callers.failed.Load() - failed; n < 20 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	if _, err := s.Call(t, http.MethodGet, "/healthz", ""); err != nil {
		t.Errorf("the server says it is dead: %v", err)
	}
	if _, err := s.Call(t, http.MethodGet, "/readyz", ""); err == nil {
		t.Error("the server says it is ready without a database")
	}

	callers.seen = callers.count.Load() // nothing has been acknowledged since the kill
	database.Restart(t)
	restarted := time.Now()
	s.Await(t, "reservations after the database is back", recoverWithin, func() error { return callers.acknowledgedMore(1) })
	recovery := time.Since(restarted)
	callers.stop()
	if callers.slowest > failWithin {
		t.Errorf("the slowest call took %v, want %v", callers.slowest, failWithin)
	}
	if callers.odd != nil {
		t.Errorf("a call failed with something else than a 503 problem: %v", callers.odd)
	}
	for _, id := range callers.rooms {
		if _, err := s.Call(t, http.MethodGet, "/api/v1/rooms/"+id, ""); err != nil {
			t.Errorf("acknowledged and lost: %s: %v", id, err)
		}
	}
	t.Logf("%d rooms acknowledged, %d calls refused, the slowest took %v, the recovery %v",
		len(callers.rooms), callers.failed.Load(), callers.slowest, recovery)

	stillThere(t, s, attendant)
	rep := <-report
	if rep == nil {
		return // meet has said why
	}
	if rep.Joined != people || rep.Dropped != 0 || rep.Packets.Lost != 0 || rep.Pictures.Shown != rep.Pictures.Wanted {
		t.Errorf("the meeting: %d joined, %d dropped out %v, packets %+v, %d of %d pictures shown",
			rep.Joined, rep.Dropped, rep.Drops, rep.Packets, rep.Pictures.Shown, rep.Pictures.Wanted)
	}
	t.Logf("the meeting: %.0f s, %d packets received, none lost", rep.Seconds, rep.Packets.Received)
}

// meet has a meeting run, and returns once all are in it. What it was like comes
// when it is over.
func meet(t *testing.T, s *program.Server, room string) <-chan *load.Report {
	t.Helper()
	report := make(chan *load.Report, 1)
	go func() {
		rep, err := load.Run(t.Context(), load.Config{
			URL: s.URL, Meeting: s.URL + "/meeting/" + room + "/", Publishers: publishers, Subscribers: subscribers,
			Speaking: 1, View: publishers, Layers: 1, Bitrates: []int{100}, FPS: 10, Duration: 12 * time.Second,
		}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("the meeting: %v", err)
		}
		report <- rep
	}()
	s.Await(t, "the meeting", patience, func() error {
		body, err := s.Call(t, http.MethodGet, "/api/v1/rooms/"+room+"/participants", "")
		if err == nil && strings.Count(body, `"connected":true`) < people {
			err = errors.New("not all are there")
		}
		return err
	})
	return report
}

func attend(t *testing.T, s *program.Server) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/attendance/?my_id=bob", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// stillThere pushes to the attendant over the socket from before the outage.
func stillThere(t *testing.T, s *program.Server, conn *websocket.Conn) {
	t.Helper()
	if _, err := s.Call(t, http.MethodPost, "/api/v1/push", `{"to":{"details":{"my_id":"bob"}},"info":"still there?"}`); err != nil {
		t.Errorf("push after the outage: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, text, err := conn.Read(ctx); err != nil || string(text) != "still there?" {
		t.Errorf("the attendant received %q, %v", text, err)
	}
}

// callers reserve rooms without pause.
type callers struct {
	server *program.Server
	doomed atomic.Bool // the database is being killed
	count  atomic.Int64
	failed atomic.Int64
	cancel context.CancelFunc
	wg     sync.WaitGroup
	seen   int64 // of count, by acknowledgedMore

	mu      sync.Mutex // guards the rest while they run
	rooms   []string
	slowest time.Duration
	odd     error
}

func newCallers(s *program.Server) *callers { return &callers{server: s} }

func (c *callers) start(t *testing.T, n int) {
	t.Helper()
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(t.Context())
	t.Cleanup(c.stop)
	for range n {
		c.wg.Go(func() {
			for ctx.Err() == nil {
				c.call(t)
			}
		})
	}
}

func (c *callers) stop() {
	c.cancel()
	c.wg.Wait()
}

func (c *callers) call(t *testing.T) {
	t.Helper()
	began := time.Now()
	body, err := c.server.Call(t, http.MethodPost, "/api/v1/rooms", `{"duration":5}`)
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowest = max(c.slowest, took)
	switch {
	case err == nil:
		c.rooms = append(c.rooms, idOf(body))
		c.count.Add(1)
	case unavailable(err) && c.doomed.Load():
		c.failed.Add(1)
		time.Sleep(5 * time.Millisecond) // a caller that tries again, without a busy loop
	default:
		c.odd = err
	}
}

// acknowledgedMore reports whether n rooms were reserved since it last did.
func (c *callers) acknowledgedMore(n int64) error {
	now := c.count.Load()
	if c.seen+n > now {
		return fmt.Errorf("%d reservations", now-c.seen)
	}
	c.seen = now
	return nil
}

// unavailable reports whether an error is a 503 told as a problem.
func unavailable(err error) bool {
	e, ok := errors.AsType[*program.StatusError](err)
	return ok && e.Status == http.StatusServiceUnavailable && strings.HasPrefix(e.Type, "application/problem+json")
}

func reserve(t *testing.T, s *program.Server) string {
	t.Helper()
	body, err := s.Call(t, http.MethodPost, "/api/v1/rooms", `{"duration":60}`)
	if err != nil {
		t.Fatal(err)
	}
	return idOf(body)
}

// idOf reads the id of a reserved room.
func idOf(body string) string {
	var room struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(body), &room); err != nil {
		return "no id: " + err.Error()
	}
	return room.ID
}
