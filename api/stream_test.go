package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/api/eventjson"
	"plenum/rooms"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

func (s *testServer) recordAll(room string, names ...string) {
	for _, name := range names {
		e := rooms.NewEvent(room, rooms.RoomLocked, s.clock())
		e.By = name
		s.ledger.Record(e)
	}
}

func (s *testServer) settle(t *testing.T, room string) {
	t.Helper()
	await(t, "stored events", func() bool { return !s.ledger.Held(room) })
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) { // the interval of a poll
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

func TestEventPages(t *testing.T) {
	s := newTestServer(t, nil)
	room, other := s.reserve(t, ""), s.reserve(t, "")
	s.recordAll(room.ID, "a", "b", "c")
	s.recordAll(other.ID, "d")
	s.settle(t, "")
	type page struct {
		Events []eventjson.Body
		Next   int64
	}
	for query, want := range map[string]string{
		"/api/v1/rooms/" + room.ID + "/events":                 "abc 3",
		"/api/v1/rooms/" + room.ID + "/events?limit=2":         "ab 2",
		"/api/v1/rooms/" + room.ID + "/events?after=2":         "c 3",
		"/api/v1/rooms/" + room.ID + "/events?after=9&limit=5": " 9",
		"/api/v1/events":               "abcd 4",
		"/api/v1/events?after=3":       "d 4",
		"/api/v1/events?limit=1000":    "abcd 4",
		"/api/v1/events?after=0&limit": "abcd 4",
	} {
		got := decode[page](t, s.do(t, request{path: query, as: "anna"}))
		names := ""
		for _, e := range got.Events {
			names += e.By
		}
		if names = fmt.Sprint(names, " ", got.Next); names != want {
			t.Errorf("%s: %q, want %q", query, names, want)
		}
	}
	if got := decode[page](t, s.do(t, request{path: "/api/v1/events", as: "ben"})); len(got.Events) != 0 {
		t.Errorf("ben sees %+v", got)
	}
	for _, query := range []string{"?after=x", "?after=-1", "?limit=0", "?limit=1001", "?after=9223372036854775808", "?after=9223372036854775807"} {
		wantProblem(t, query, s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/events" + query, as: "anna"}), 400)
	}
}

// What is done to rooms by HTTP is told as well.
func TestRoomEventsOfTheAPI(t *testing.T) {
	s := newTestServer(t, nil)
	made := decode[roomBody](t, s.post(t, "anna", "/api/v1/rooms", `{"duration":60}`))
	path := "/api/v1/rooms/" + made.ID
	s.post(t, "anna", path+"/extend", `{"minutes":15}`)
	s.send(t, "PATCH", "anna", path, `{"description":"x"}`)
	s.send(t, "PATCH", "anna", path, `{"description":"x"}`) // changes nothing
	s.do(t, request{method: "DELETE", path: path, as: "anna"})
	s.do(t, request{method: "DELETE", path: path, as: "anna"})
	ended := decode[roomBody](t, s.post(t, "anna", "/api/v1/rooms", `{"duration":60}`))
	s.post(t, "admin", "/api/v1/rooms/"+ended.ID+"/end", "")
	s.settle(t, "")
	var got []string
	events, err := s.store.Events(t.Context(), rooms.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		got = append(got, string(e.Kind)+" by "+e.By)
	}
	want := []string{
		"room.reserved by anna", "room.extended by anna", "room.changed by anna", "room.cancelled by anna",
		"room.reserved by anna", "room.ended by admin",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// A reader follows a stream: server-sent events, or a socket.
type reader struct {
	events chan eventjson.Body // closed at the end
	ids    []string            // of server-sent events; to be read after the end
	end    string              // why it ended; to be read after the end
}

// sse opens a stream. It fails the test if that is refused.
func (s *testServer) sse(t *testing.T, path string, header ...string) *reader {
	t.Helper()
	res := s.openSSE(t, path, header...)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	r := &reader{events: make(chan eventjson.Body, 10_000)}
	go func() {
		defer close(r.events)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		kind := ""
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "":
				kind = ""
			case "event":
				kind = value
			case "id":
				r.ids = append(r.ids, value)
			case "data":
				if kind == "end" {
					r.end = value
					continue
				}
				var e eventjson.Body
				if json.Unmarshal([]byte(value), &e) != nil {
					r.end = "not JSON: " + value
					return
				}
				r.events <- e
			}
		}
	}()
	return r
}

func (s *testServer) openSSE(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.SetBasicAuth("anna", annaPassword)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		res.Body.Close()
	})
	return res
}

func (s *testServer) socket(t *testing.T, path string) *reader {
	t.Helper()
	header := http.Header{}
	req := &http.Request{Header: header}
	req.SetBasicAuth("anna", annaPassword)
	conn, res, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+path, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatalf("dial: %v %v", err, res)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	r := &reader{events: make(chan eventjson.Body, 10_000)}
	ctx := t.Context()
	go func() {
		defer close(r.events)
		for {
			_, text, err := conn.Read(ctx)
			if err != nil {
				r.end = strconv.Itoa(int(websocket.CloseStatus(err)))
				return
			}
			var e eventjson.Body
			if json.Unmarshal(text, &e) != nil {
				r.end = "not JSON: " + string(text)
				return
			}
			r.events <- e
		}
	}()
	return r
}

// next returns the next event, and false at the end.
func (r *reader) next(t *testing.T) (eventjson.Body, bool) {
	t.Helper()
	select {
	case e, ok := <-r.events:
		return e, ok
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return eventjson.Body{}, false
}

func (r *reader) want(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if e, ok := r.next(t); !ok || e.By != name {
			t.Fatalf("got %+v (%v), want %q", e, ok, name)
		}
	}
}

func (r *reader) wantEnd(t *testing.T, why string) {
	t.Helper()
	if e, ok := r.next(t); ok {
		t.Fatalf("got %+v, want the end", e)
	}
	if !strings.Contains(r.end, why) {
		t.Errorf("ended %q, want %q", r.end, why)
	}
}

func TestStreams(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID + "/events"
	s.recordAll(room.ID, "a", "b", "c")
	s.settle(t, "")
	readers := map[string]*reader{
		"sse": s.sse(t, path), "sse after": s.sse(t, path+"?after=2"), "all": s.sse(t, "/api/v1/events"),
		"again": s.sse(t, path+"?after=1", "Last-Event-ID", "2"), "socket": s.socket(t, path+"/ws"), "socket after": s.socket(t, path+"/ws?after=2"),
	}
	for _, name := range []string{"sse", "all", "socket"} {
		readers[name].want(t, "a", "b")
	}
	for _, r := range readers {
		r.want(t, "c")
	}
	s.recordAll(room.ID, "d", "e")
	for _, r := range readers {
		r.want(t, "d", "e")
	}
	s.pass(2 * time.Hour) // the room is over
	for name, r := range readers {
		switch {
		case name == "all":
		case strings.HasPrefix(name, "socket"):
			r.wantEnd(t, "1000")
		default:
			r.wantEnd(t, "over")
		}
	}
	if ids := readers["sse after"].ids; !slices.Equal(ids, []string{"3", "4", "5"}) {
		t.Errorf("ids %q", ids)
	}
	if res := s.openSSE(t, path+"?after=5"); res.StatusCode != http.StatusNoContent {
		t.Errorf("coming back for nothing: %d, want 204", res.StatusCode)
	}
	late := s.sse(t, path+"?after=4")
	late.want(t, "e")
	late.wantEnd(t, "over")
	s.api.Drain()
	readers["all"].wantEnd(t, "shutdown")
}

// TestStreamsHaveNoHole joins streams at any time while many record.
func TestStreamsHaveNoHole(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID + "/events"
	const writers, each = 4, 100
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				s.recordAll(room.ID, "x")
			}
		})
	}
	follow := func(r *reader, after int64) {
		wg.Go(func() {
			for seq := after + 1; seq <= writers*each; seq++ {
				select {
				case e := <-r.events:
					if e.Seq != seq {
						t.Errorf("number %d where %d was expected", e.Seq, seq)
						return
					}
				case <-time.After(patience):
					t.Errorf("number %d never came", seq)
					return
				}
			}
		})
	}
	for _, after := range []int64{0, 1, 50, 399} {
		follow(s.sse(t, fmt.Sprintf("%s?after=%d", path, after)), after)
		follow(s.socket(t, fmt.Sprintf("%s/ws?after=%d", path, after)), after)
	}
	wg.Wait()
}

// TestStreamsAreRevoked takes the rights away in every way there is.
func TestStreamsAreRevoked(t *testing.T) {
	for name, revoke := range map[string]func(*testServer, newToken, string) error{
		"token deleted": func(s *testServer, token newToken, _ string) error {
			return s.store.DeleteToken(t.Context(), token.ID, 0)
		},
		"user disabled": func(s *testServer, _ newToken, _ string) error {
			u := s.anna
			u.Disabled = true
			return s.store.UpdateUser(t.Context(), u)
		},
		"password changed": func(s *testServer, _ newToken, _ string) error {
			u := s.anna
			u.PasswordHash += "x"
			return s.store.UpdateUser(t.Context(), u)
		},
	} {
		s := newTestServer(t, nil)
		room := s.reserve(t, "")
		path := "/api/v1/rooms/" + room.ID + "/events"
		token := s.makeToken(t, "anna", `{"name":"x","scopes":["read"]}`)
		byToken := s.sse(t, path, "Authorization", "Bearer "+token.Token)
		bySession := s.sse(t, path, "Authorization", "", "Cookie", s.logIn(t, "anna", annaPassword))
		byPassword, socket := s.sse(t, path), s.socket(t, path+"/ws")
		all := s.sse(t, "/api/v1/events")
		s.recordAll(room.ID, "a")
		for _, r := range []*reader{byToken, bySession, byPassword, socket, all} {
			r.want(t, "a")
		}
		if err := revoke(s, token, path); err != nil {
			t.Fatal(err)
		}
		switch name {
		case "token deleted":
			byToken.wantEnd(t, "revoked")
			s.recordAll(room.ID, "b")
			bySession.want(t, "b")
		case "user disabled":
			byToken.wantEnd(t, "revoked")
			bySession.wantEnd(t, "revoked")
			byPassword.wantEnd(t, "revoked")
			socket.wantEnd(t, "1008")
			all.wantEnd(t, "revoked")
		case "password changed":
			bySession.wantEnd(t, "revoked")
			byPassword.wantEnd(t, "revoked")
			s.recordAll(room.ID, "b")
			byToken.want(t, "b")
		}
	}
}

func TestAdminsStreamEndsWithTheRole(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	req := &http.Request{Header: http.Header{}}
	req.SetBasicAuth("admin", adminPassword)
	r := s.sse(t, "/api/v1/events", "Authorization", req.Header.Get("Authorization"))
	s.recordAll(room.ID, "a")
	r.want(t, "a")
	demoted := s.admin
	demoted.Role = rooms.Host
	if err := s.store.UpdateUser(t.Context(), demoted); err != nil {
		t.Fatal(err)
	}
	r.wantEnd(t, "revoked")
}

func TestEventSocketChecksItsCaller(t *testing.T) {
	s := newTestServer(t, nil)
	path := "/api/v1/rooms/" + s.reserve(t, "").ID + "/events/ws"
	for _, origin := range []string{"https://evil.example", "null", s.URL + ".evil.example"} {
		header := http.Header{"Origin": {origin}, "Cookie": {s.logIn(t, "anna", annaPassword)}}
		if _, res, err := s.dial(t, path, header); err == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("from %s: %v, want 403", origin, res.StatusCode)
		}
	}
	if _, res, err := s.dial(t, path, nil); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %v, want 401", res.StatusCode)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	s := newTestServer(t, nil)
	path := "/api/v1/rooms/" + s.reserve(t, "").ID + "/events"
	for range streamsPerUser {
		s.sse(t, path)
	}
	res := s.openSSE(t, path)
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d, want 429", res.StatusCode)
	}
	if page := s.do(t, request{path: path, as: "anna"}); page.StatusCode != http.StatusOK {
		t.Errorf("a page beside them: %d", page.StatusCode)
	}
	s.api.Drain()
	await(t, "places", func() bool {
		s.api.streams.mu.Lock()
		defer s.api.streams.mu.Unlock()
		return s.api.streams.total == 0 && len(s.api.streams.byUser) == 0
	})
}

// TestDeafStreamIsCutOff has a client that takes nothing: its stream ends, and
// all the while the server holds no more for it than a page.
func TestDeafStreamIsCutOff(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/rooms/"+room.ID+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("anna", annaPassword)
	req.Header.Set("Accept", "text/event-stream")
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 15)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 4<<10)
	for range 4096 { // 16 MB, more than any socket's buffer
		s.recordAll(room.ID, long)
	}
	await(t, "end of the stream", func() bool {
		s.api.streams.mu.Lock()
		defer s.api.streams.mu.Unlock()
		return s.api.streams.total == 0
	})
}
