package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
	"plenum/rooms/sqlite"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// quick is a configuration whose retries cost a test no time.
func quick() Config {
	return Config{
		Node: "n1", Insecure: true, Allow: loopback, RetryMin: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond,
		PollEvery: 50 * time.Millisecond,
	}
}

// world is a store with anna, who has rooms.
type world struct {
	store rooms.Store
	anna  rooms.User
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plenum.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	anna, err := store.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Host})
	if err != nil {
		t.Fatal(err)
	}
	return &world{store, anna}
}

func (w *world) room(t *testing.T) string {
	t.Helper()
	r, err := rooms.Reservation{Minutes: 60, Timezone: "UTC"}.Reserve(w.anna, time.Now())
	if err == nil {
		err = w.store.CreateRoom(t.Context(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func (w *world) hook(t *testing.T, url string) rooms.Webhook {
	t.Helper()
	h, err := w.store.CreateWebhook(t.Context(), rooms.Webhook{
		UserID: w.anna.ID, URL: url, Secret: rooms.NewWebhookSecret(), Active: true, CreatedAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// happen stores n events of each room.
func (w *world) happen(t *testing.T, n int, in ...string) []rooms.Event {
	t.Helper()
	var all []rooms.Event
	for range n {
		for _, room := range in {
			stored, err := w.store.AppendEvents(t.Context(), "n1", []rooms.Event{rooms.NewEvent(room, rooms.RoomLocked, time.Now())})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, stored...)
		}
	}
	return all
}

func (w *world) deliveries(t *testing.T, h rooms.Webhook, state rooms.DeliveryState) []rooms.Delivery {
	t.Helper()
	all, err := w.store.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: h.ID, State: state, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// work runs a worker until the test, or stop, ends it.
func (w *world) work(t *testing.T, cfg Config) (worker *Worker, stop func()) {
	t.Helper()
	worker = New(cfg, w.store, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := worker.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(stop)
	return worker, stop
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) { // the interval of a poll
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// message is one request as a receiver sees it.
type message struct {
	header http.Header
	body   []byte
	Type   rooms.EventKind `json:"type"`
	Data   struct {
		ID   string `json:"id"`
		Room string `json:"room"`
		Seq  int64  `json:"seq"`
	} `json:"data"`
}

// receiver is a real HTTP server that can be away and come back at its address.
type receiver struct {
	t      *testing.T
	addr   string
	server *http.Server

	mu     sync.Mutex // guards the rest
	got    []message
	answer func(http.ResponseWriter, *http.Request) // nil: 204
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, addr: "127.0.0.1:0"}
	r.up()
	t.Cleanup(r.down)
	return r
}

func (r *receiver) url() string { return "http://" + r.addr + "/hook?key=1" }

func (r *receiver) up() {
	r.t.Helper()
	var listener net.Listener
	await(r.t, "port", func() (ok bool) {
		var err error
		listener, err = (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", r.addr)
		return err == nil
	})
	r.addr = listener.Addr().String()
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: patience}
	server := r.server
	go func() { _ = server.Serve(listener) }() // ends with Close
}

func (r *receiver) down() { _ = r.server.Close() }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	m := message{header: req.Header.Clone()}
	var err error
	if m.body, err = io.ReadAll(req.Body); err == nil {
		err = json.Unmarshal(m.body, &m)
	}
	if err != nil {
		r.t.Errorf("message %q: %v", m.body, err)
	}
	r.mu.Lock()
	answer := r.answer
	r.got = append(r.got, m)
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) says(answer func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// wantAll checks that every event came once, those of a room in order.
func wantAll(t *testing.T, want []rooms.Event, got []message) {
	t.Helper()
	last, ids := map[string]int64{}, map[string]bool{}
	for _, m := range got {
		id := m.header.Get("webhook-id")
		if ids[id] || id != m.Data.ID {
			t.Errorf("event %s came as %s, or twice", m.Data.ID, id)
		}
		ids[id] = true
		if m.Data.Seq != last[m.Data.Room]+1 {
			t.Errorf("number %d of room %s came after %d", m.Data.Seq, m.Data.Room, last[m.Data.Room])
		}
		last[m.Data.Room] = m.Data.Seq
	}
	for _, e := range want {
		if !ids[e.ID] {
			t.Errorf("event %d of room %s never came", e.Seq, e.Room)
		}
	}
}

// TestReceiverIsDown has the receiver's machine gone, then its server failing,
// while events happen and Plenum itself is restarted. Once it is back everything
// comes, once, in order per room.
func TestReceiverIsDown(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	h := w.hook(t, r.url())
	in := []string{w.room(t), w.room(t), w.room(t)}
	want := w.happen(t, 2, in...)
	worker, stop := w.work(t, quick())
	await(t, "first events", func() bool { return len(r.messages()) == len(want) })

	r.down()
	want = append(want, w.happen(t, 10, in...)...)
	worker.Wake()
	await(t, "failed attempts", func() bool { return worker.Stats().Failed > 5 })
	stop()
	want = append(want, w.happen(t, 10, in...)...)
	worker, _ = w.work(t, quick())
	await(t, "failed attempts after the restart", func() bool { return worker.Stats().Failed > 5 })
	if pending := w.deliveries(t, h, rooms.DeliveryPending); len(pending) != 60 || pending[0].State != rooms.DeliveryPending {
		t.Errorf("%d deliveries wait, want 60", len(pending))
	}

	before := len(r.messages())
	r.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	r.up()
	await(t, "attempts that are answered 502", func() bool { return len(r.messages()) > before+5 })
	r.mu.Lock()
	r.got, r.answer = r.got[:before], nil
	r.mu.Unlock()
	await(t, "all events", func() bool { return len(w.deliveries(t, h, rooms.DeliveryPending)) == 0 })
	wantAll(t, want, r.messages())
	for _, d := range w.deliveries(t, h, "") {
		if d.State != rooms.DeliveryDelivered || d.Status != http.StatusNoContent || d.Problem != "" {
			t.Errorf("delivery %+v", d)
		}
	}
}

// TestSlowReceiverHoldsUpNobody has one receiver that never answers.
func TestSlowReceiverHoldsUpNobody(t *testing.T) {
	w, slow, quickOne := newWorld(t), newReceiver(t), newReceiver(t)
	over := make(chan struct{})
	defer close(over)
	slow.says(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	w.hook(t, slow.url())
	w.hook(t, quickOne.url())
	var in []string
	for range 2 * perWebhook {
		in = append(in, w.room(t))
	}
	want := w.happen(t, 2, in...)
	cfg := quick()
	cfg.Concurrency = 2 * perWebhook
	w.work(t, cfg)
	await(t, "events at the quick one", func() bool { return len(quickOne.messages()) == len(want) })
	wantAll(t, want, quickOne.messages())
	if n := len(slow.messages()); n > perWebhook {
		t.Errorf("%d attempts at once at the slow one, want %d", n, perWebhook)
	}
}

func TestMessageIsSigned(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	h := w.hook(t, r.url())
	ping, err := w.store.QueuePing(t.Context(), h.ID, rooms.NewEvent("", rooms.WebhookPing, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	w.work(t, quick())
	await(t, "ping", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 1 })
	m := r.messages()[0]
	// As a receiver does it, from the text of Standard Webhooks.
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.Secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(m.header.Get("webhook-id") + "." + m.header.Get("webhook-timestamp") + "." + string(m.body)))
	if got, want := m.header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
	if m.Type != rooms.WebhookPing || m.header.Get("webhook-id") != ping.Event.ID || m.header.Get("Content-Type") != "application/json" {
		t.Errorf("message %q with %v", m.body, m.header)
	}
	// The specification's own example.
	raw, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign(raw, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("the specification's example is signed %q", got)
	}
}

// TestAnswersThatDontCount has receivers that must not be believed or followed.
func TestAnswersThatDontCount(t *testing.T) {
	var elsewhere sync.Once
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Do(func() { followed = true }) }))
	defer other.Close()
	for name, tt := range map[string]struct {
		answer  http.HandlerFunc
		status  int
		problem string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, 307, "redirects are not followed"},
		"failure": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500, "answered 500"},
		"nothing": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "EOF"},
		"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "no answer in time"},
		"a huge head": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 4*mostHeader))
		}, 0, "server response headers exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), newReceiver(t)
			r.says(tt.answer)
			h := w.hook(t, r.url())
			w.happen(t, 1, w.room(t))
			cfg := quick()
			cfg.Timeout, cfg.GiveUp = 200*time.Millisecond, time.Nanosecond
			w.work(t, cfg)
			await(t, "outcome", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDead)) == 1 })
			d := w.deliveries(t, h, rooms.DeliveryDead)[0]
			if d.Status != tt.status || !strings.Contains(d.Problem, tt.problem) || d.Attempts != 1 {
				t.Errorf("delivery %+v, want %d %q", d, tt.status, tt.problem)
			}
			if strings.Contains(d.Problem, "key=1") {
				t.Errorf("the problem tells the address: %q", d.Problem)
			}
		})
	}
	t.Cleanup(func() {
		if followed {
			t.Error("a redirect was followed")
		}
	})
}

// TestEndlessBodyIsCutOff has a receiver that answers for ever.
func TestEndlessBodyIsCutOff(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	r.says(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	h := w.hook(t, r.url())
	w.happen(t, 1, w.room(t))
	w.work(t, quick())
	await(t, "delivery", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 1 })
}

// TestDeadLetterIsSentAgain gives up one event; those behind it go on.
func TestDeadLetterIsSentAgain(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	r.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	h := w.hook(t, r.url())
	room := w.room(t)
	first := w.happen(t, 1, room)
	cfg := quick()
	cfg.GiveUp = 50 * time.Millisecond
	worker, _ := w.work(t, cfg)
	await(t, "dead letter", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDead)) == 1 })
	r.says(nil)
	second := w.happen(t, 1, room)
	worker.Wake()
	await(t, "the next event", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 1 })
	if _, err := w.store.Redeliver(t.Context(), h.ID, w.deliveries(t, h, rooms.DeliveryDead)[0].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	worker.Wake()
	await(t, "the dead one", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 2 })
	all := r.messages()
	if last := all[len(all)-2:]; last[0].Data.ID != second[0].ID || last[1].header.Get("webhook-id") != first[0].ID {
		t.Errorf("came %s and %s, want %s and the dead %s", last[0].Data.ID, last[1].Data.ID, second[0].ID, first[0].ID)
	}
	if s := worker.Stats(); s.Dead != 1 || s.Delivered != 2 {
		t.Errorf("counted %+v", s)
	}
}

// TestOneServerSends runs two workers on one store. The second takes over when
// the first ends.
func TestOneServerSends(t *testing.T) {
	w, r := newWorld(t), newReceiver(t)
	h := w.hook(t, r.url())
	room := w.room(t)
	one, stopOne := w.work(t, quick())
	want := w.happen(t, 20, room)
	one.Wake()
	await(t, "events", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 20 })
	cfg := quick()
	cfg.Node = "n2"
	two, _ := w.work(t, cfg)
	want = append(want, w.happen(t, 20, room)...)
	one.Wake()
	await(t, "more events", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 40 })
	if n := two.Stats().Delivered; n != 0 {
		t.Errorf("the second server sent %d beside the first", n)
	}
	stopOne()
	want = append(want, w.happen(t, 20, room)...)
	await(t, "events after the first has ended", func() bool { return len(w.deliveries(t, h, rooms.DeliveryDelivered)) == 60 })
	wantAll(t, want, r.messages())
	if n := two.Stats().Delivered; n != 20 {
		t.Errorf("the second server sent %d, want 20", n)
	}
}
