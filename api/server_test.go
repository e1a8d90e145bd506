package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"plenum/api/webhook"
	"plenum/rooms"
	"plenum/rooms/ledger"
	"plenum/rooms/sqlite"
	"plenum/signaling"
)

// Passwords of the users every test server has. Anna's holds a colon, which
// Basic auth must not cut at.
const (
	adminPassword = "admin password"
	annaPassword  = "anna:pass:word"
	benPassword   = "ben's password"
)

// built is a page's build as far as the server cares.
var built = fstest.MapFS{
	"meeting.html":              {Data: []byte("<!doctype html><title>Plenum</title><svg><title>icon</title></svg>")},
	"admin.html":                {Data: []byte("<!doctype html><title>Plenum admin</title>")},
	"assets/app-B2x4Kq9_.js":    {Data: []byte("let plain")},
	"assets/app-B2x4Kq9_.js.gz": {Data: []byte("packed by gzip")},
	"assets/app-B2x4Kq9_.js.br": {Data: []byte("packed by brotli")},
	"icon.svg":                  {Data: []byte("<svg/>")},
	".keep":                     {Data: nil},
}

// A testServer is the API over a real store and a real socket, with fakes for
// what is live.
type testServer struct {
	*httptest.Server
	api        *Server
	store      rooms.Store
	meetings   *fakeMeetings
	attendants *fakeAttendants
	recordings *fakeRecordings
	ledger     *ledger.Ledger
	webhooks   *fakeWebhooks
	files      *fakeFiles
	log        *logBuffer
	audited    *rooms.AuditLog
	revoked    *rooms.Revocations
	stopBooks  func() // writes what the audit log still holds

	mu  sync.Mutex
	now time.Time // guarded by mu

	admin, anna, ben rooms.User
}

func newTestServer(t *testing.T, change func(*Config, *Deps)) *testServer {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plenum.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{
		store:      store,
		meetings:   &fakeMeetings{live: map[string]Live{}},
		attendants: &fakeAttendants{pushed: map[string][]string{}},
		recordings: newFakeRecordings(),
		webhooks:   &fakeWebhooks{},
		files:      &fakeFiles{kept: map[string]keptFile{}},
		log:        &logBuffer{},
		now:        time.Date(2018, 4, 3, 12, 14, 21, 276_000_000, time.UTC),
	}
	s.ledger = ledger.New(ledger.Config{Node: "test", Now: s.clock}, store, slog.New(slog.DiscardHandler))
	hasher := rooms.NewHasher(rooms.HashCost{MemoryKiB: 8, Passes: 1})
	s.admin = s.addUser(t, hasher, "admin", adminPassword, rooms.Admin)
	s.anna = s.addUser(t, hasher, "anna", annaPassword, rooms.Host)
	s.ben = s.addUser(t, hasher, "ben", benPassword, rooms.Host)
	cfg := Config{Now: s.clock}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	links, err := rooms.NewLinkKeys(t.Context(), store, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.audited, s.revoked = rooms.NewAuditLog(store, 0, log), rooms.NewRevocations(store, s.clock, log)
	deps := Deps{
		Links: links, Audit: s.audited, Revoked: s.revoked, Trials: fakeTrials{}, Files: s.files,
		Store: store, Auth: rooms.NewAuthenticator(store, hasher, s.clock), HostKey: []byte("key"),
		Meetings: s.meetings, Attendants: s.attendants, Recordings: s.recordings,
		Ledger: s.ledger, Webhooks: s.webhooks, Jobs: fakeJobs{}, Figures: fakeFigures{},
		Pages: built, Metrics: prometheus.NewRegistry(),
	}
	if change != nil {
		change(&cfg, &deps)
	}
	s.runBooks(t)
	s.api = New(cfg, deps, log)
	s.Server = httptest.NewServer(s.api)
	writing, stopWriting := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() { _ = s.ledger.Run(writing) })                  // it returns nil
	s.Client().Transport.(*http.Transport).DisableCompression = true // we look at encodings ourselves
	s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		s.api.Drain()
		s.Close()
		stopWriting()
		writer.Wait()
		s.stopBooks()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// runBooks runs the audit log and the revocations until the test ends, before
// the store is closed.
func (s *testServer) runBooks(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = s.audited.Run(ctx) })
	running.Go(func() { _ = s.revoked.Run(ctx) })
	s.stopBooks = func() {
		stop()
		running.Wait()
	}
}

func (s *testServer) addUser(t *testing.T, h *rooms.Hasher, name, password string, role rooms.Role) rooms.User {
	t.Helper()
	phc, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.store.CreateUser(t.Context(), rooms.User{Name: name, PasswordHash: phc, Role: role, CreatedAt: s.now})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (s *testServer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *testServer) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// reserve makes a room of anna's.
func (s *testServer) reserve(t *testing.T, description string) rooms.Room {
	t.Helper()
	room, err := rooms.Reservation{Minutes: 60, Timezone: "UTC", Description: description}.Reserve(s.anna, s.clock())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.CreateRoom(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	return room
}

func (s *testServer) countRooms(t *testing.T) int {
	t.Helper()
	list, _, err := s.store.Rooms(t.Context(), rooms.RoomFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// A request is sent as it is written here.
type request struct {
	method, path string
	body         string
	header       map[string]string
	as           string // admin, anna or ben: Basic auth
}

// An answer is a response read to its end.
type answer struct {
	*http.Response
	body string
}

func (s *testServer) do(t *testing.T, r request) answer {
	t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, s.URL+r.path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if r.as != "" {
		req.SetBasicAuth(r.as, map[string]string{"admin": adminPassword, "anna": annaPassword, "ben": benPassword}[r.as])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res, string(got)}
	if err := asDescribed(a); err != nil {
		t.Errorf("%s %s as %q: %d %.300s: %v", r.method, r.path, r.as, a.StatusCode, a.body, err)
	}
	return a
}

// decode reads a JSON answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%s %s answered %d %q: %v", a.Request.Method, a.Request.URL, a.StatusCode, a.body, err)
	}
	return v
}

// wantProblem checks that an answer under /api/ is a problem of this status.
func wantProblem(t *testing.T, name string, a answer, status int) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %s %q, want problem %d", name, a.StatusCode, a.Header.Get("Content-Type"), a.body, status)
		return
	}
	p := decode[problem](t, a)
	if p.Status != status || p.Title == "" || p.Detail == "" || p.Type == "" {
		t.Errorf("%s: problem %+v", name, p)
	}
}

// wantError checks that a seed route's answer is a JSON error that speaks of about.
func wantError(t *testing.T, name string, a answer, status int, about string) {
	t.Helper()
	if a.StatusCode != status || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		t.Errorf("%s: %d %s %q, want JSON error %d", name, a.StatusCode, a.Header.Get("Content-Type"), a.body, status)
		return
	}
	if text := decode[map[string]string](t, a)["error"]; !strings.Contains(text, about) {
		t.Errorf("%s: error %q says nothing about %q", name, text, about)
	}
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// fakeMeetings answers sockets with the room's id.
type fakeMeetings struct {
	mu    sync.Mutex
	live  map[string]Live // guarded by mu
	ended []string        // guarded by mu
	heard []rooms.Room    // guarded by mu

	visited []Visitor // guarded by mu
	revoked []string  // guarded by mu
	acts    []string  // guarded by mu
}

func (m *fakeMeetings) ServeMeeting(w http.ResponseWriter, r *http.Request, room rooms.Room, from Visitor) {
	m.mu.Lock()
	m.visited = append(m.visited, from)
	m.mu.Unlock()
	greet(w, r, room.ID)
}

func (m *fakeMeetings) RevokeLinks(room rooms.Room) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = append(m.revoked, room.ID)
}

func (m *fakeMeetings) RevokeLink(room rooms.Room, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = append(m.revoked, room.ID+" "+id)
}

func (m *fakeMeetings) Live(roomID string) (Live, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live, ok := m.live[roomID]
	return live, ok
}

// enter has somebody in a room.
func (m *fakeMeetings) enter(roomID string, who ...Participant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live[roomID] = Live{Participants: who}
}

func (m *fakeMeetings) UpdateRoom(room rooms.Room) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, room)
}

func (m *fakeMeetings) EndRoom(_ context.Context, roomID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = append(m.ended, roomID)
}

// fakeWebhooks counts how often it is woken. It allows what Config{} does.
type fakeWebhooks struct {
	webhook.Config

	woken atomic.Int64
}

func (f *fakeWebhooks) Wake() { f.woken.Add(1) }

// greet upgrades a request, says one thing and hangs up.
func greet(w http.ResponseWriter, r *http.Request, text string) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	_ = conn.Write(r.Context(), websocket.MessageText, []byte(text))
	_ = conn.Close(websocket.StatusNormalClosure, "")
}

// fakeAttendants has whoever is in list, and greets sockets with what the API
// found out about them.
type fakeAttendants struct {
	mu     sync.Mutex
	list   []Attendant         // guarded by mu
	pushed map[string][]string // guarded by mu
}

func (f *fakeAttendants) ServeAttendance(w http.ResponseWriter, r *http.Request, a Attendant) {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	greet(w, r, string(text))
}

func (f *fakeAttendants) List() []Attendant {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list
}

func (f *fakeAttendants) Push(_ context.Context, channel, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.list {
		if a.ChannelName == channel {
			f.pushed[channel] = append(f.pushed[channel], text)
			return nil
		}
	}
	return fmt.Errorf("push to %q: %w", channel, ErrOffline)
}

func (f *fakeAttendants) Send(to AttendantTarget, text string) []Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Delivery
	for _, a := range f.list {
		hit := to.All || a.ChannelName == to.ChannelName
		for name, value := range to.Details {
			hit = a.Details[name] == value
		}
		if hit {
			f.pushed[a.ChannelName] = append(f.pushed[a.ChannelName], text)
			all = append(all, Delivery{Recipient: a.ChannelName, Outcome: signaling.Delivered})
		}
	}
	if all == nil && to.ChannelName != "" {
		all = []Delivery{{Recipient: to.ChannelName, Outcome: signaling.Gone}}
	}
	return all
}

func (f *fakeAttendants) pushedTo(channel string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pushed[channel]
}

// dial opens a socket and returns what it is greeted with.
func (s *testServer) dial(t *testing.T, path string, header http.Header) (string, *http.Response, error) {
	t.Helper()
	conn, res, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+path,
		&websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return "", res, err
	}
	defer conn.CloseNow()
	_, text, err := conn.Read(t.Context())
	return string(text), res, err
}

func queryOf(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
