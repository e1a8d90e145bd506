package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
)

var jsonHeader = map[string]string{"Content-Type": "application/json"}

type roomsAnswer struct {
	Rooms []roomBody `json:"rooms"`
	Next  string     `json:"next"`
}

func TestCreateRoom(t *testing.T) {
	s := newTestServer(t, nil)
	a := s.do(t, request{
		method: "POST", path: "/api/v1/rooms", as: "anna", header: jsonHeader,
		body: `{"duration":60,"timezone":"Europe/Berlin","description":"Plan <b>"}`,
	})
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	got := decode[roomBody](t, a)
	want := roomBody{
		ID: got.ID, Title: "Plan <b>", Description: "Plan <b>", Creator: creatorBody{2, "anna"},
		Start: "2018-04-03T12:14:21.276Z", End: "2018-04-03T13:14:21.276Z", Duration: 60, Timezone: "Europe/Berlin",
		MeetingURL: "/meeting/" + got.ID + "/",
		HostURL:    "/meeting/" + got.ID + "/#host=" + rooms.HostToken([]byte("key"), got.ID),
		Rules:      rulesOf(rooms.Rules{}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.store.RoomByID(t.Context(), got.ID); err != nil {
		t.Error(err)
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"zone by default":  {`{"duration":1}`, 201},
		"no duration":      {`{}`, 400},
		"text":             {`{"duration":"60"}`, 400},
		"fraction":         {`{"duration":60.5}`, 400},
		"exponent":         {`{"duration":1e9}`, 400},
		"NaN":              {`{"duration":NaN}`, 400},
		"negative":         {`{"duration":-1}`, 400},
		"too long":         {`{"duration":1441}`, 400},
		"zone":             {`{"duration":60,"timezone":"../../etc/passwd"}`, 400},
		"quoted zone":      {`{"duration":60,"timezone":"\"UTC\""}`, 400},
		"long description": {`{"duration":60,"description":"` + strings.Repeat("d", 3<<10) + `"}`, 400},
		"control":          {`{"duration":60,"description":"a\u0000b"}`, 400},
		"unknown field":    {`{"duration":60,"colour":"red"}`, 400},
		"no zone in start": {`{"duration":60,"start":"2018-04-04T12:14:21"}`, 400},
		"start is number":  {`{"duration":60,"start":1522757661}`, 400},
		"past":             {`{"duration":60,"start":"2018-04-03T12:00:00Z"}`, 400},
		"two lengths":      {`{"duration":60,"end":"2018-04-03T13:14:21Z"}`, 400},
		"crowd":            {`{"duration":60,"capacity":501}`, 400},
		"list":             {`[]`, 400},
		"nothing":          {``, 400},
	} {
		a := s.do(t, request{method: "POST", path: "/api/v1/rooms", as: "anna", header: jsonHeader, body: tt.body})
		if tt.status == 201 {
			if a.StatusCode != 201 {
				t.Errorf("%s: %d %q", name, a.StatusCode, a.body)
			}
			continue
		}
		wantProblem(t, name, a, tt.status)
	}
	if n := s.countRooms(t); n != 2 {
		t.Errorf("%d rooms, want 2", n)
	}
}

// TestActingNeedsOwnPage refuses every acting route to pages of other sites.
func TestActingNeedsOwnPage(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	s.recordings.add("01J", room.ID, s.anna.ID)
	s.attendants.list = []Attendant{{ChannelName: "a!b"}}
	acting := map[string]string{
		"/api/v1/rooms/" + room.ID: "DELETE", "/api/v1/rooms/" + room.ID + "/extend": "POST",
		"/api/v1/rooms": "POST", "/api/v1/rooms/" + room.ID + "/end": "POST", "/api/v1/attendants/a!b/push": "POST",
		"/api/v1/session": "POST", "/api/v1/recordings/01J": "DELETE",
	}
	for path, method := range acting {
		for name, header := range map[string][2]string{
			"cross-site": {"Sec-Fetch-Site", "cross-site"}, "same-site": {"Sec-Fetch-Site", "same-site"},
			"origin": {"Origin", "https://evil.example"}, "sandbox": {"Origin", "null"},
		} {
			a := s.do(t, request{method: method, path: path, as: "anna", body: "{}", header: map[string]string{
				header[0]: header[1], "Content-Type": "application/json",
			}})
			wantProblem(t, name+" "+path, a, 403)
		}
	}
	if got, err := s.store.RoomByID(t.Context(), room.ID); err != nil || !got.End.Equal(room.End) {
		t.Errorf("the room was ended: %v %v", got.End, err)
	}
}

func TestListRooms(t *testing.T) {
	s := newTestServer(t, nil)
	old := s.reserve(t, "old")
	s.pass(2 * time.Hour)
	mine := s.reserve(t, "")
	bens, err := rooms.Reservation{Minutes: 5, Timezone: "UTC"}.Reserve(s.ben, s.clock().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.CreateRoom(t.Context(), bens); err != nil {
		t.Fatal(err)
	}
	s.meetings.live[mine.ID] = Live{Participants: []Participant{{ID: "p1"}, {ID: "p2"}}, Recording: true}
	for name, tt := range map[string]struct {
		as, query string
		want      []string
	}{
		"admin":        {"admin", "", []string{bens.ID, mine.ID, old.ID}},
		"admin, open":  {"admin", "?state=open", []string{bens.ID, mine.ID}},
		"admin, ended": {"admin", "?state=ended", []string{old.ID}},
		"anna":         {"anna", "", []string{mine.ID, old.ID}},
		"anna, open":   {"anna", "?state=open", []string{mine.ID}},
		"ben, ended":   {"ben", "?state=ended", []string{}},
	} {
		a := s.do(t, request{path: "/api/v1/rooms" + tt.query, as: tt.as})
		got := decode[roomsAnswer](t, a)
		ids := []string{}
		for _, r := range got.Rooms {
			ids = append(ids, r.ID)
			if live := r.ID == mine.ID; (r.Participants == 2) != live || r.Recording != live {
				t.Errorf("%s: %d participants, recording %v in %s", name, r.Participants, r.Recording, r.ID)
			}
			if r.Title == "" {
				t.Errorf("%s: %s has no title", name, r.ID)
			}
		}
		if !slices.Equal(ids, tt.want) || got.Rooms == nil {
			t.Errorf("%s: %v, want %v", name, ids, tt.want)
		}
	}

	first := decode[roomsAnswer](t, s.do(t, request{path: "/api/v1/rooms?limit=2", as: "admin"}))
	second := decode[roomsAnswer](t, s.do(t, request{path: "/api/v1/rooms?limit=2&after=" + first.Next, as: "admin"}))
	if len(first.Rooms) != 2 || len(second.Rooms) != 1 || second.Next != "" || second.Rooms[0].ID != old.ID {
		t.Errorf("pages of %d and %d rooms, next %q", len(first.Rooms), len(second.Rooms), second.Next)
	}
	for _, query := range []string{"?state=x", "?after=!", "?limit=0", "?limit=501", "?limit=x", "?state=%zz"} {
		wantProblem(t, query, s.do(t, request{path: "/api/v1/rooms" + query, as: "admin"}), 400)
	}
	wantProblem(t, "nobody", s.do(t, request{path: "/api/v1/rooms"}), 401)
}

func TestEndRoom(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID + "/end"
	wantProblem(t, "nobody", s.do(t, request{method: "POST", path: path}), 401)
	wantProblem(t, "another host", s.do(t, request{method: "POST", path: path, as: "ben"}), 404)
	wantProblem(t, "unknown", s.do(t, request{method: "POST", path: "/api/v1/rooms/x/end", as: "admin"}), 404)
	wantProblem(t, "GET", s.do(t, request{path: path, as: "anna"}), 405)
	s.pass(time.Minute)
	for range 2 { // the second time changes nothing
		if a := s.do(t, request{method: "POST", path: path, as: "anna"}); a.StatusCode != 204 {
			t.Errorf("creator: %d %q", a.StatusCode, a.body)
		}
	}
	got, err := s.store.RoomByID(t.Context(), room.ID)
	if err != nil || !got.End.Equal(s.clock()) {
		t.Errorf("the room ends at %v (%v), want now, %v", got.End, err, s.clock())
	}
	if !slices.Equal(s.meetings.ended, []string{room.ID}) {
		t.Errorf("meetings ended: %v, want %s once", s.meetings.ended, room.ID)
	}
	if a := s.do(t, request{path: "/meeting/" + room.ID + "/"}); a.StatusCode != 404 {
		t.Errorf("the page after the end: %d", a.StatusCode)
	}
	other := s.reserve(t, "")
	if a := s.do(t, request{method: "POST", path: "/api/v1/rooms/" + other.ID + "/end", as: "admin"}); a.StatusCode != 204 {
		t.Errorf("admin: %d", a.StatusCode)
	}
}

func TestParticipantsAndLobby(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	path := "/api/v1/rooms/" + room.ID
	if a := s.do(t, request{path: path + "/participants", as: "anna"}); strings.TrimSpace(a.body) != `{"locked":false,"participants":[]}` {
		t.Errorf("an empty room: %d %q", a.StatusCode, a.body)
	}
	live := Live{Recording: true, Locked: true}
	for i := range 22 {
		live.Participants = append(live.Participants, Participant{
			ID: fmt.Sprint("p", i+1), Name: fmt.Sprint("Ann ", i+1), Role: "speaker", JoinedAt: s.clock(), Connected: i > 0,
		})
	}
	live.Participants[0].Sources, live.Participants[0].Hand = []Source{{"microphone", true}}, 3
	s.meetings.live[room.ID] = live

	a := s.do(t, request{path: path + "/participants", as: "admin"})
	const first = `{"locked":true,"participants":[{"id":"p1","name":"Ann 1","role":"speaker","joined_at":"2018-04-03T12:14:21.276Z","connected":false,` +
		`"sources":[{"source":"microphone","muted":true}],"hand":3},{"id":"p2",`
	if !strings.HasPrefix(a.body, first) || !strings.Contains(a.body, `"connected":true,"sources":[],"hand":0}`) {
		t.Errorf("participants: %d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "another host", s.do(t, request{path: path + "/participants", as: "ben"}), 404)
	wantProblem(t, "nobody", s.do(t, request{path: path + "/participants"}), 401)

	lobby := decode[lobbyBody](t, s.do(t, request{path: path + "/lobby"}))
	if len(lobby.Participants) != lobbyNames || lobby.Count != 22 || lobby.Participants[19] != "Ann 20" {
		t.Errorf("lobby: %d names of %d", len(lobby.Participants), lobby.Count)
	}
	lobby.Participants = nil
	want := lobbyBody{
		ID: room.ID, Title: "Plan", Host: "anna", StartsAt: "2018-04-03T12:14:21.276Z", EndsAt: "2018-04-03T13:14:21.276Z",
		Now: "2018-04-03T12:14:21.276Z", Count: 22, Recording: true, Locked: true,
		CalendarURL:     "/api/v1/rooms/" + room.ID + "/calendar.ics",
		RecordingPolicy: rooms.RecordManual, VideoCodecs: []string{"vp8"},
	}
	if diff := cmp.Diff(want, lobby); diff != "" {
		t.Errorf("lobby (-want +got):\n%s", diff)
	}
	empty := s.reserve(t, "")
	if a := s.do(t, request{path: "/api/v1/rooms/" + empty.ID + "/lobby"}); !strings.Contains(a.body, `"title":"Meeting"`) || !strings.Contains(a.body, `"participants":[]`) {
		t.Errorf("lobby of an empty room: %q", a.body)
	}
}

func TestRecordings(t *testing.T) {
	s := newTestServer(t, nil)
	s.recordings.add("01A", "2.room", s.anna.ID)
	s.recordings.add("01B", "3.room", s.ben.ID)
	for name, tt := range map[string]struct{ as, query, want string }{
		"admin":       {"admin", "", `{"recordings":[{"id":"01A","room":"2.room"},{"id":"01B","room":"3.room"}]}`},
		"admin, room": {"admin", "?room=3.room", `{"recordings":[{"id":"01B","room":"3.room"}]}`},
		"anna":        {"anna", "", `{"recordings":[{"id":"01A","room":"2.room"}]}`},
		"anna, ben's": {"anna", "?room=3.room", `{"recordings":[]}`},
	} {
		if a := s.do(t, request{path: "/api/v1/recordings" + tt.query, as: tt.as}); strings.TrimSpace(a.body) != tt.want {
			t.Errorf("%s: %d %q, want %s", name, a.StatusCode, a.body, tt.want)
		}
	}
	if a := s.do(t, request{path: "/api/v1/recordings/01A", as: "anna"}); strings.TrimSpace(a.body) != `{"id":"01A","room":"2.room"}` {
		t.Errorf("manifest: %d %q", a.StatusCode, a.body)
	}
	const file = "/files/p01-microphone-01.webm"
	for _, path := range []string{"", file} {
		wantProblem(t, "ben's for anna"+path, s.do(t, request{path: "/api/v1/recordings/01B" + path, as: "anna"}), 404)
		wantProblem(t, "unknown"+path, s.do(t, request{path: "/api/v1/recordings/01C" + path, as: "admin"}), 404)
		wantProblem(t, "nobody"+path, s.do(t, request{path: "/api/v1/recordings/01A" + path}), 401)
	}
	wantProblem(t, "another's delete", s.do(t, request{method: "DELETE", path: "/api/v1/recordings/01B", as: "anna"}), 404)

	s.recordings.busy["01A"] = true
	wantProblem(t, "while it runs", s.do(t, request{method: "DELETE", path: "/api/v1/recordings/01A", as: "anna"}), 409)
	s.recordings.busy["01A"] = false
	if a := s.do(t, request{method: "DELETE", path: "/api/v1/recordings/01A", as: "anna"}); a.StatusCode != 204 {
		t.Errorf("delete: %d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "deleted", s.do(t, request{path: "/api/v1/recordings/01A", as: "anna"}), 404)
	if got := s.recordings.audited("01A"); !slices.Equal(got, []string{"delete anna"}) {
		t.Errorf("audited %q", got)
	}
}

func TestRecordingFile(t *testing.T) {
	s := newTestServer(t, nil)
	s.recordings.add("01A", "2.room", s.anna.ID)
	const path = "/api/v1/recordings/01A/files/p01-microphone-01.webm"
	etag := `"` + strings.Repeat("ab", 32) + `"`
	whole := s.do(t, request{path: path, as: "anna"})
	const name = `; filename="Zo_ _Z_ _ 1.webm"; filename*=UTF-8''Zo%C3%AB%20%22Z%22%20%E2%80%93%201.webm`
	for header, want := range map[string]string{
		"Content-Type": `audio/webm; codecs="opus"`, "Etag": etag, "Accept-Ranges": "bytes", "Content-Length": "20",
		"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline" + name, "Last-Modified": "Tue, 03 Apr 2018 12:14:21 GMT",
	} {
		if got := whole.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if whole.StatusCode != 200 || whole.body != recorded {
		t.Errorf("the whole file: %d %q", whole.StatusCode, whole.body)
	}
	if got := s.do(t, request{path: path + "?download=1", as: "anna"}).Header.Get("Content-Disposition"); got != "attachment"+name {
		t.Errorf("download: %q", got)
	}
	for title, tt := range map[string]struct {
		header map[string]string
		status int
		body   string
	}{
		"range":           {map[string]string{"Range": "bytes=5-9"}, 206, "56789"},
		"from the end":    {map[string]string{"Range": "bytes=-3"}, 206, "hij"},
		"go on":           {map[string]string{"Range": "bytes=15-", "If-Range": etag}, 206, "fghij"},
		"changed":         {map[string]string{"Range": "bytes=15-", "If-Range": `"other"`}, 200, recorded},
		"outside":         {map[string]string{"Range": "bytes=20-"}, 416, ""},
		"not changed":     {map[string]string{"If-None-Match": etag}, 304, ""},
		"changed, whole":  {map[string]string{"If-None-Match": `"other"`}, 200, recorded},
		"not understood":  {map[string]string{"Range": "frames=1-2"}, 416, ""},
		"several at once": {map[string]string{"Range": "bytes=0-0,2-2"}, 206, ""},
	} {
		a := s.do(t, request{path: path, as: "anna", header: tt.header})
		if a.StatusCode != tt.status || (tt.body != "" && a.body != tt.body) {
			t.Errorf("%s: %d %q, want %d %q", title, a.StatusCode, a.body, tt.status, tt.body)
		}
	}
	for _, file := range []string{"manifest.json", "..%2fmanifest.json", "..%2f..%2f..%2fetc%2fpasswd", "%00", strings.Repeat("a", 4000)} {
		wantProblem(t, file, s.do(t, request{path: "/api/v1/recordings/01A/files/" + file, as: "anna"}), 404)
	}
	if a := s.do(t, request{method: "HEAD", path: path, as: "anna"}); a.StatusCode != 200 || a.Header.Get("Content-Length") != "20" || a.body != "" {
		t.Errorf("HEAD: %d %q", a.StatusCode, a.Header.Get("Content-Length"))
	}
	seen := map[string]int{}
	for _, line := range s.recordings.audited("01A") {
		seen[line]++
	}
	if want := map[string]int{"play anna p01-microphone-01.webm": 10, "download anna p01-microphone-01.webm": 1}; !maps.Equal(seen, want) {
		t.Errorf("audited %v, want %v", seen, want)
	}
}

func TestAttendantsAndPush(t *testing.T) {
	s := newTestServer(t, nil)
	if a := s.do(t, request{path: "/api/v1/attendants", as: "anna"}); strings.TrimSpace(a.body) != `{"attendants":[]}` {
		t.Errorf("nobody online: %q", a.body)
	}
	s.attendants.list = []Attendant{{
		ChannelName: "x!y", IP: "192.0.2.7", Port: 4711, Details: map[string]string{"my_id": "bob"}, ConnectedAt: s.clock(),
	}}
	const tail = `"user":"","details":{"my_id":"bob"},"connected_at":"2018-04-03T12:14:21.276Z"}]}`
	for as, want := range map[string]string{
		"admin": `{"attendants":[{"channel_name":"x!y","ip":"192.0.2.7","port":4711,` + tail,
		"anna":  `{"attendants":[{"channel_name":"x!y",` + tail,
	} {
		if a := s.do(t, request{path: "/api/v1/attendants", as: as}); strings.TrimSpace(a.body) != want {
			t.Errorf("%s: %q, want %s", as, a.body, want)
		}
	}
	for _, channel := range []string{"x!y", "x%21y"} {
		a := s.do(t, request{method: "POST", path: "/api/v1/attendants/" + channel + "/push", as: "anna", header: jsonHeader, body: `{"info":"hey man"}`})
		if a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"delivered":true}` {
			t.Errorf("%s: %d %q", channel, a.StatusCode, a.body)
		}
	}
	if got := s.attendants.pushedTo("x!y"); !slices.Equal(got, []string{"hey man", "hey man"}) {
		t.Errorf("pushed %q", got)
	}
	for name, tt := range map[string]struct {
		channel, body, as string
		status            int
	}{
		"offline":      {"nobody!here", `{"info":"x"}`, "anna", 404},
		"empty":        {"x!y", `{"info":""}`, "anna", 400},
		"missing":      {"x!y", `{}`, "anna", 400},
		"not a text":   {"x!y", `{"info":{}}`, "anna", 400},
		"not JSON":     {"x!y", `info=x`, "anna", 400},
		"not let in":   {"x!y", `{"info":"x"}`, "", 401},
		"far too long": {"x!y", `{"info":"` + strings.Repeat("x", maxBody) + `"}`, "anna", 413},
	} {
		wantProblem(t, name, s.do(t, request{
			method: "POST", path: "/api/v1/attendants/" + tt.channel + "/push", as: tt.as, header: jsonHeader, body: tt.body,
		}), tt.status)
	}
}
