package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (s *testServer) post(t *testing.T, as, path, body string, header ...string) answer {
	t.Helper()
	return s.send(t, "POST", as, path, body, header...)
}

// send sends a JSON body, with more header fields in pairs.
func (s *testServer) send(t *testing.T, method, as, path, body string, header ...string) answer {
	t.Helper()
	all := map[string]string{"Content-Type": "application/json"}
	for i := 0; i < len(header); i += 2 {
		all[header[i]] = header[i+1]
	}
	return s.do(t, request{method: method, path: path, as: as, body: body, header: all})
}

func TestReserveAhead(t *testing.T) {
	s := newTestServer(t, nil)
	a := s.post(t, "anna", "/api/v1/rooms",
		`{"start":"2018-04-05T10:00:00+02:00","end":"2018-04-05T11:30:00+02:00","timezone":"Europe/Berlin","capacity":12}`)
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	got := decode[roomBody](t, a)
	if got.Start != "2018-04-05T08:00:00.000Z" || got.End != "2018-04-05T09:30:00.000Z" || got.Duration != 90 || got.Capacity != 12 {
		t.Errorf("reserved %+v", got)
	}
	if a.Header.Get("Location") != "/api/v1/rooms/"+got.ID || a.Header.Get("Etag") != `"1"` {
		t.Errorf("location %q, tag %q", a.Header.Get("Location"), a.Header.Get("Etag"))
	}
	shown := s.do(t, request{path: "/api/v1/rooms/" + got.ID, as: "anna"})
	if diff := cmp.Diff(got, decode[roomBody](t, shown)); diff != "" || shown.Header.Get("Etag") != `"1"` {
		t.Errorf("shown with %s (-made +shown):\n%s", shown.Header.Get("Etag"), diff)
	}
	if a := s.do(t, request{path: "/api/v1/rooms/" + got.ID + "/lobby"}); a.StatusCode != http.StatusOK {
		t.Errorf("lobby before the start: %d", a.StatusCode)
	}
	socket := s.do(t, request{path: "/api/v1/rooms/" + got.ID + "/ws"})
	wantProblem(t, "socket before the start", socket, http.StatusUpgradeRequired)
	for query, want := range map[string]int{
		"?from=2018-04-05T08:00:00Z": 1, "?from=2018-04-05T08:00:01Z": 0, "?before=2018-04-05T08:00:00Z": 0,
		"?before=2018-04-05T08:00:01Z&state=open": 1, "?creator=2": 1,
	} {
		a := s.do(t, request{path: "/api/v1/rooms" + query, as: "anna"})
		if n := len(decode[roomsAnswer](t, a).Rooms); n != want {
			t.Errorf("%s lists %d rooms, want %d", query, n, want)
		}
	}
	for query, status := range map[string]int{"?from=today": 400, "?creator=me": 400, "?creator=3": 404} {
		wantProblem(t, query, s.do(t, request{path: "/api/v1/rooms" + query, as: "anna"}), status)
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := newTestServer(t, nil)
	body := `{"start":"2018-04-03T12:15:00Z","duration":30}`
	first := s.post(t, "anna", "/api/v1/rooms", body, "Idempotency-Key", "k1")
	s.pass(10 * time.Minute) // the start is in the past by now
	again := s.post(t, "anna", "/api/v1/rooms", body, "Idempotency-Key", "k1")
	if first.StatusCode != 201 || again.StatusCode != 201 || first.body != again.body ||
		first.Header.Get("Etag") != again.Header.Get("Etag") {
		t.Errorf("%d %q, then %d %q", first.StatusCode, first.body, again.StatusCode, again.body)
	}
	other := s.post(t, "anna", "/api/v1/rooms", `{"duration":31}`, "Idempotency-Key", "k1")
	wantProblem(t, "other body", other, http.StatusUnprocessableEntity)
	wantProblem(t, "key too long", s.post(t, "anna", "/api/v1/rooms", `{"duration":31}`,
		"Idempotency-Key", strings.Repeat("k", 256)), http.StatusBadRequest)
	wantProblem(t, "bad request", s.post(t, "anna", "/api/v1/rooms", `{"duration":0}`, "Idempotency-Key", "k2"), 400)
	if a := s.post(t, "ben", "/api/v1/rooms", `{"duration":31}`, "Idempotency-Key", "k1"); a.StatusCode != 201 {
		t.Errorf("the same key of another user: %d %q", a.StatusCode, a.body)
	}
	if n := s.countRooms(t); n != 2 {
		t.Errorf("%d rooms, want 2", n)
	}
	if n := strings.Count(s.log.String(), "room reserved"); n != 2 {
		t.Errorf("%d reservations are logged, want 2", n)
	}
	s.pass(24 * time.Hour)
	if a := s.post(t, "anna", "/api/v1/rooms", `{"duration":31}`, "Idempotency-Key", "k1"); a.StatusCode != 201 {
		t.Errorf("the key after a day: %d %q", a.StatusCode, a.body)
	}
}

func TestChangeRoom(t *testing.T) {
	s := newTestServer(t, nil)
	path := "/api/v1/rooms/" + decode[roomBody](t, s.post(t, "anna", "/api/v1/rooms",
		`{"start":"2018-04-05T08:00:00Z","duration":60}`)).ID
	a := s.send(t, "PATCH", "anna", path, `{"description":"New","start":"2018-04-05T09:00:00Z"}`, "If-Match", `"1"`)
	got := decode[roomBody](t, a)
	if a.StatusCode != 200 || a.Header.Get("Etag") != `"2"` || got.Title != "New" || got.End != "2018-04-05T10:00:00.000Z" {
		t.Errorf("%d %s %+v", a.StatusCode, a.Header.Get("Etag"), got)
	}
	for name, tt := range map[string]struct {
		as, body, match string
		status          int
	}{
		"old version":   {"anna", `{"description":"Newer"}`, `"1"`, 412},
		"weak tag":      {"anna", `{"description":"Newer"}`, `W/"2"`, 412},
		"foreign":       {"ben", `{"description":"Newer"}`, `"2"`, 404},
		"bad field":     {"anna", `{"duration":0}`, "", 400},
		"unknown field": {"anna", `{"timezone":"UTC"}`, "", 400},
		"both lengths":  {"anna", `{"duration":5,"end":"2018-04-05T10:00:00Z"}`, "", 400},
	} {
		var header []string
		if tt.match != "" {
			header = []string{"If-Match", tt.match}
		}
		wantProblem(t, name, s.send(t, "PATCH", tt.as, path, tt.body, header...), tt.status)
	}
	for i, match := range []string{`*`, `"1", "3"`} {
		a := s.send(t, "PATCH", "admin", path, fmt.Sprintf(`{"capacity":%d}`, i+5), "If-Match", match)
		if got := decode[roomBody](t, a); a.StatusCode != 200 || got.Capacity != i+5 {
			t.Errorf("%s: %d %q", match, a.StatusCode, a.body)
		}
	}
	s.pass(time.Date(2018, 4, 5, 9, 30, 0, 0, time.UTC).Sub(s.clock()))
	wantProblem(t, "times of a running meeting", s.send(t, "PATCH", "anna", path, `{"duration":5}`), 409)
	if a := s.send(t, "PATCH", "anna", path, `{"description":"Now"}`); a.StatusCode != 200 {
		t.Errorf("title of a running meeting: %d %q", a.StatusCode, a.body)
	}
	if last := s.meetings.heard[len(s.meetings.heard)-1]; last.Description != "Now" {
		t.Errorf("the meeting heard of %+v", last)
	}
	s.pass(time.Hour)
	wantProblem(t, "what is over", s.send(t, "PATCH", "anna", path, `{"description":"x"}`), 409)
}

func TestExtendRoom(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID + "/extend"
	a := s.post(t, "anna", path, `{"minutes":15}`)
	if got := decode[roomBody](t, a); a.StatusCode != 200 || got.Duration != 75 || got.End != "2018-04-03T13:29:21.276Z" {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if heard := s.meetings.heard; len(heard) != 1 || !heard[0].End.Equal(room.End.Add(15*time.Minute)) {
		t.Errorf("the meeting heard %+v", heard)
	}
	wantProblem(t, "overtaken", s.post(t, "anna", path, `{"minutes":15}`, "If-Match", `"1"`), 412)
	wantProblem(t, "no time", s.post(t, "anna", path, `{"minutes":0}`), 400)
	wantProblem(t, "too long", s.post(t, "anna", path, `{"minutes":1440}`), 400)
	wantProblem(t, "foreign", s.post(t, "ben", path, `{"minutes":15}`), 404)
	s.pass(2 * time.Hour)
	wantProblem(t, "over", s.post(t, "anna", path, `{"minutes":15}`), 409)
}

func TestCancelRoom(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID
	wantProblem(t, "foreign", s.do(t, request{method: "DELETE", path: path, as: "ben"}), 404)
	wantProblem(t, "overtaken", s.send(t, "DELETE", "anna", path, "", "If-Match", `"9"`), 412)
	s.pass(time.Minute)
	for range 2 {
		if a := s.do(t, request{method: "DELETE", path: path, as: "anna"}); a.StatusCode != 204 {
			t.Errorf("%d %q", a.StatusCode, a.body)
		}
	}
	if len(s.meetings.ended) == 0 || s.meetings.ended[0] != room.ID {
		t.Errorf("ended %q", s.meetings.ended)
	}
	got := decode[roomBody](t, s.do(t, request{path: path, as: "anna"}))
	if !got.Cancelled || got.End != "2018-04-03T12:15:21.276Z" || got.Duration != 60 {
		t.Errorf("cancelled %+v", got)
	}
	if a := s.do(t, request{path: meetingURL(room.ID)}); a.StatusCode != 404 {
		t.Error("a cancelled room has a page")
	}
	over := s.reserve(t, "")
	s.pass(2 * time.Hour)
	if a := s.do(t, request{method: "DELETE", path: "/api/v1/rooms/" + over.ID, as: "anna"}); a.StatusCode != 204 {
		t.Errorf("what is over: %d", a.StatusCode)
	}
	if got := decode[roomBody](t, s.do(t, request{path: "/api/v1/rooms/" + over.ID, as: "anna"})); got.Cancelled {
		t.Error("what is over was cancelled")
	}
}

func TestCalendarFile(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Köln: \"Plan\"")
	lobby := decode[lobbyBody](t, s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/lobby"}))
	a := s.do(t, request{path: lobby.CalendarURL})
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/calendar; charset=utf-8; method=REQUEST" ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="K_ln: _Plan_.ics"`) {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	unfolded := strings.ReplaceAll(a.body, "\r\n ", "")
	for _, want := range []string{"\r\nDTSTART:20180403T121421Z\r\n", "\r\nURL:" + s.URL + meetingURL(room.ID) + "\r\n"} {
		if !strings.Contains(unfolded, want) {
			t.Errorf("no %q in\n%s", want, a.body)
		}
	}
	if strings.Contains(unfolded, "#host=") {
		t.Error("the file makes everybody host")
	}
	if a := s.do(t, request{method: "DELETE", path: "/api/v1/rooms/" + room.ID, as: "anna"}); a.StatusCode != 204 {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	if a := s.do(t, request{path: lobby.CalendarURL}); a.StatusCode != 200 || !strings.Contains(a.body, "METHOD:CANCEL\r\n") {
		t.Errorf("cancelled: %d %q", a.StatusCode, a.body)
	}
	s.pass(time.Hour)
	wantProblem(t, "after its time", s.do(t, request{path: lobby.CalendarURL}), 404)
	over := s.reserve(t, "")
	s.pass(time.Hour)
	wantProblem(t, "over", s.do(t, request{path: calendarURL(over.ID)}), 404)
	wantProblem(t, "unknown", s.do(t, request{path: calendarURL("1.none")}), 404)
}
