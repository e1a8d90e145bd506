package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
)

// entries waits until the audit log holds one more entry than want, and returns
// the newest first.
func (s *testServer) entries(t *testing.T, want int) []rooms.AuditEntry {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // the interval of a poll
		page, _, err := s.store.Audit(t.Context(), rooms.AuditFilter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) >= want {
			return page
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d entries, want %d: %+v", len(page), want, page)
		}
	}
}

type linkAnswer = roomLinkBody

// TestOneRoomLink makes two links, looks at the list of them, and revokes one.
func TestOneRoomLink(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	path := "/api/v1/rooms/" + room.ID + "/links"
	host := decode[linkAnswer](t, s.post(t, "anna", path, `{"role":"host","name":"Zoë","label":"for the chair","expires_at":"2018-04-03T13:00:00Z"}`))
	s.pass(time.Second)
	plain := decode[linkAnswer](t, s.post(t, "admin", path, `{"role":"speaker"}`))
	if err := s.store.UseLink(t.Context(), room.ID, plain.ID, s.clock()); err != nil {
		t.Fatal(err)
	}
	type list struct{ Links []linkAnswer }
	read := func() list {
		t.Helper()
		return decode[list](t, s.do(t, request{path: path, as: "anna"}))
	}
	plain.UsedAt = timestamp(s.clock())
	if diff := cmp.Diff(list{[]linkAnswer{host, plain}}, read()); diff != "" {
		t.Errorf("two links (-want +got):\n%s", diff)
	}
	if host.Label != "for the chair" || host.CreatedBy != "anna" || plain.CreatedBy != "admin" {
		t.Errorf("made %+v and %+v", host, plain)
	}
	wantProblem(t, "a long label", s.post(t, "anna", path, `{"role":"host","label":"`+strings.Repeat("ü", 101)+`"}`), 400)

	drop := request{method: "DELETE", path: path + "/" + plain.ID, as: "anna"}
	if a := s.do(t, drop); a.StatusCode != 204 {
		t.Fatalf("revoke: %d %s", a.StatusCode, a.body)
	}
	wantProblem(t, "revoke twice", s.do(t, drop), 404)
	if !slices.Equal(s.meetings.revoked, []string{room.ID + " " + plain.ID}) {
		t.Errorf("the meeting heard %q", s.meetings.revoked)
	}
	if diff := cmp.Diff(list{[]linkAnswer{host}}, read()); diff != "" {
		t.Errorf("one is left (-want +got):\n%s", diff)
	}
	if err := s.store.UseLink(t.Context(), room.ID, plain.ID, s.clock()); !errors.Is(err, rooms.ErrLinkExpired) {
		t.Errorf("the revoked link: %v", err)
	}
	s.pass(time.Hour - time.Minute)
	if left := read(); len(left.Links) != 0 {
		t.Errorf("after its end: %+v", left)
	}
}

func TestRoomLinks(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	path := "/api/v1/rooms/" + room.ID
	a := s.post(t, "anna", path+"/links", `{"role":"audience","name":"Zoë","expires_at":"2018-04-03T13:00:00.9Z"}`)
	got := decode[linkAnswer](t, a)
	if a.StatusCode != 201 || got.URL != "/meeting/"+room.ID+"/#join="+got.Token || got.ExpiresAt != "2018-04-03T13:00:00.000Z" {
		t.Fatalf("made: %d %s", a.StatusCode, a.body)
	}
	link, err := s.api.deps.Links.Open(room, got.Token, s.clock())
	if err != nil || link.Role != rooms.LinkAudience || link.Name != "Zoë" || link.ID != got.ID {
		t.Errorf("the token is %+v, %v", link, err)
	}
	for name, body := range map[string]string{
		"no role": `{}`, "unknown role": `{"role":"admin"}`, "over": `{"role":"host","expires_at":"2018-04-03T12:00:00Z"}`,
		"bad name": `{"role":"host","name":"a\nb"}`, "unknown field": `{"role":"host","password":"x"}`,
	} {
		wantProblem(t, name, s.post(t, "anna", path+"/links", body), 400)
	}
	old := decode[roomBody](t, s.do(t, request{path: path, as: "anna"})).HostURL
	a = s.post(t, "anna", path+"/links/revoke", `{"end_sessions":true}`)
	after := decode[roomBody](t, a)
	if a.StatusCode != 200 || after.HostURL == old || a.Header.Get("Etag") != `"2"` {
		t.Errorf("revoked: %d %s", a.StatusCode, a.body)
	}
	now, err := s.store.RoomByID(t.Context(), room.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.api.deps.Links.Open(now, got.Token, s.clock()); err == nil {
		t.Error("the link opens after it was revoked")
	}
	if _, oldToken, _ := strings.Cut(old, "#host="); now.OpenHostToken([]byte("key"), oldToken) == nil {
		t.Error("the host link opens after it was revoked")
	}
	if s.post(t, "anna", path+"/links/revoke", `{}`); len(s.meetings.revoked) != 1 {
		t.Errorf("sessions were ended %d times, want only when asked for", len(s.meetings.revoked))
	}
	s.pass(2 * time.Hour)
	wantProblem(t, "a link to what is over", s.post(t, "anna", path+"/links", `{"role":"host"}`), 409)
}

func TestRules(t *testing.T) {
	s := newTestServer(t, nil)
	a := s.post(t, "anna", "/api/v1/rooms", `{"duration":60,"passcode":"open sesame","lobby":true,"recording_policy":"voice",`+
		`"guest_role":"audience","audience_may":["hand"]}`)
	got := decode[roomBody](t, a)
	if a.StatusCode != 201 || !got.HasPasscode || !got.Lobby || got.Rules.Recording != "voice" || got.GuestRole != "audience" ||
		!slices.Equal(got.AudienceMay, []rooms.AudienceRight{"hand"}) || strings.Contains(a.body, "sesame") {
		t.Fatalf("reserved: %d %s", a.StatusCode, a.body)
	}
	path := "/api/v1/rooms/" + got.ID
	if l := decode[lobbyBody](t, s.do(t, request{path: path + "/lobby"})); !l.HasPasscode || !l.Lobby || l.RecordingPolicy != "voice" {
		t.Errorf("before joining: %+v", l)
	}
	changed := s.do(t, request{method: "PATCH", path: path, as: "anna", body: `{"lobby":false}`, header: jsonHeader})
	if r := decode[roomBody](t, changed); r.Lobby || !r.HasPasscode || r.Rules.Recording != "voice" {
		t.Errorf("what was left out has changed: %s", changed.body)
	}
	changed = s.do(t, request{method: "PATCH", path: path, as: "anna", body: `{"passcode":"","audience_may":[]}`, header: jsonHeader})
	if r := decode[roomBody](t, changed); r.HasPasscode || len(r.AudienceMay) != 0 {
		t.Errorf("taken away: %s", changed.body)
	}
	for name, body := range map[string]string{
		"short passcode": `"passcode":"abc"`, "long passcode": `"passcode":"` + strings.Repeat("x", 65) + `"`,
		"control": `"passcode":"abcd\u0000"`, "policy": `"recording_policy":"always"`, "role": `"guest_role":"host"`,
		"right": `"audience_may":["publish"]`, "twice": `"audience_may":["hand","hand"]`, "no bool": `"lobby":"yes"`,
	} {
		wantProblem(t, name, s.post(t, "anna", "/api/v1/rooms", `{"duration":60,`+body+`}`), 400)
	}
	room, err := s.store.RoomByID(t.Context(), got.ID)
	if err != nil || room.Rules.PasscodeHash != "" {
		t.Errorf("%+v, %v", room.Rules, err)
	}
}

// TestPasscodeInAnIdempotentRequest repeats a request with a passcode, and looks
// at what the store keeps of it.
func TestPasscodeInAnIdempotentRequest(t *testing.T) {
	s := newTestServer(t, nil)
	reserve := func(passcode string) answer {
		return s.do(t, request{
			method: "POST", path: "/api/v1/rooms", as: "anna", body: `{"duration":60,"passcode":"` + passcode + `"}`,
			header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": "k"},
		})
	}
	first, again := decode[roomBody](t, reserve("1234")), decode[roomBody](t, reserve("1234"))
	if first.ID != again.ID {
		t.Error("the same request made two rooms")
	}
	wantProblem(t, "another passcode", reserve("1235"), 422)
	text := []byte(`{"Start":"0001-01-01T00:00:00Z","Minutes":60,"Passcode":"1234"}`)
	if slices.Equal(s.api.digest(text, true), s.api.digest(text, false)) {
		t.Error("a digest with a passcode can be guessed without the server's key")
	}
}

// TestEveryActingCallIsAudited calls every route that acts, and wants an entry
// of each: a new route is in the log without anybody thinking of it.
func TestEveryActingCallIsAudited(t *testing.T) {
	s := newTestServer(t, nil)
	s.do(t, request{path: "/api/v1/session", as: "admin"}) // logs in
	n := 1
	for _, path := range described(t).Paths {
		for _, o := range path.Value.Operations() {
			if o.Name == http.MethodGet || o.Value.ID == "openSession" || unaudited[o.Value.ID] {
				continue
			}
			r := request{method: o.Name, path: s.example(t, path.Name), as: "admin", header: map[string]string{}}
			if o.Value.Body != nil {
				r.header["Content-Type"] = "application/json"
				r.body = exampleBody(t, o.Value)
			}
			a := s.do(t, r)
			n++
			e := s.entries(t, n)[0]
			if e.Action != o.Value.ID || e.Details["status"] != strconv.Itoa(a.StatusCode) || e.Address != "127.0.0.1" || e.Outcome != outcomeOf(a.StatusCode) {
				t.Errorf("%s %s: %d is in the log as %+v", o.Name, path.Name, a.StatusCode, e)
			}
			if o.Value.ID != "closeSession" && (e.Kind != rooms.ActorUser || e.Actor != "admin") {
				t.Errorf("%s: by %s %q", o.Value.ID, e.Kind, e.Actor)
			}
			if strings.Contains(path.Name, "{") && e.Object == "" {
				t.Errorf("%s: on what?", o.Value.ID)
			}
		}
	}
	for _, path := range []string{"/reserve_room/?duration=60", "/notify_ws/a!b/?info=x"} {
		for _, method := range []string{"GET", "POST"} {
			s.do(t, request{method: method, path: path, as: "anna"})
		}
	}
	all := s.entries(t, n+5) // anna's login too
	kinds := map[string]int{}
	for _, e := range all {
		kinds[e.Action]++
	}
	if kinds["reserve_room"] != 2 || kinds["notify_ws"] != 2 {
		t.Errorf("the seed's routes in the log: %v", kinds)
	}
}

// TestAuditHoldsNoSecrets does everything that has a secret in it and looks for
// them in the log and in the audit log.
func TestAuditHoldsNoSecrets(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	secrets := []string{
		adminPassword, annaPassword, "wrong password 1", "s3cret as a name", "a brand new password", "another new password",
		"my passcode 77", rooms.HostToken([]byte("key"), room.ID), "pushed secret",
	}
	n := 0
	did := func(a answer) answer { n++; return a }
	s.openSession(t, "anna", annaPassword, "")
	s.openSession(t, "anna", "wrong password 1", "")
	s.openSession(t, "s3cret as a name", "wrong password 1", "") // the password in the wrong field
	s.do(t, request{path: "/api/v1/session", as: "admin"})
	n += 4
	did(s.post(t, "admin", "/api/v1/users", `{"username":"carl","password":"a brand new password"}`))
	did(s.do(t, request{
		method: "PATCH", path: "/api/v1/users/" + strconv.FormatInt(s.ben.ID, 10), as: "admin",
		body: `{"password":"another new password"}`, header: jsonHeader,
	}))
	token := decode[struct{ Token string }](t, did(s.post(t, "admin", "/api/v1/tokens", `{"name":"t","scopes":["write"]}`))).Token
	did(s.post(t, "admin", "/api/v1/rooms", `{"duration":60,"passcode":"my passcode 77"}`))
	link := decode[linkAnswer](t, did(s.post(t, "admin", "/api/v1/rooms/"+room.ID+"/links", `{"role":"host"}`)))
	did(s.do(t, request{path: "/notify_ws/a!b/?info=pushed+secret", as: "admin"}))
	did(s.do(t, request{method: "POST", path: "/api/v1/rooms", body: `{"duration":60}`, header: map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer " + token,
	}}))
	for _, e := range s.entries(t, n) {
		text := fmt.Sprintf("%+v", e)
		for _, secret := range append(secrets, token, link.Token) {
			if strings.Contains(text, secret) || strings.Contains(text, strings.ReplaceAll(secret, " ", "+")) {
				t.Errorf("the audit log holds %q: %s", secret, text)
			}
		}
	}
	for _, secret := range append(secrets, token, link.Token) {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestAuditOfLogins(t *testing.T) {
	s := newTestServer(t, nil)
	s.openSession(t, "anna", annaPassword, "")
	for range failuresPerPair {
		s.openSession(t, "Anna", "wrong", "")
	}
	s.openSession(t, "anna", "wrong", "")
	s.openSession(t, "nobody", "wrong", "")
	counts := map[string]int{}
	for _, e := range s.entries(t, failuresPerPair+3) {
		if e.Action != "login" {
			t.Errorf("entry %+v", e)
		}
		counts[string(e.Outcome)+" "+e.Object]++
	}
	want := map[string]int{"ok anna": 1, "refused anna": failuresPerPair, "throttled anna": 1, "refused ": 1}
	if !maps.Equal(counts, want) {
		t.Errorf("logins in the log: %v, want %v", counts, want)
	}
}

func TestListAudit(t *testing.T) {
	s := newTestServer(t, nil)
	for range 3 {
		s.post(t, "anna", "/api/v1/rooms", `{"duration":60}`)
	}
	s.entries(t, 4)
	type page struct {
		Entries []auditBody
		Next    string
	}
	first := decode[page](t, s.do(t, request{path: "/api/v1/audit?action=createRoom&actor=ANNA&limit=2", as: "admin"}))
	if len(first.Entries) != 2 || first.Next == "" || first.Entries[0].Actor.Name != "anna" || first.Entries[0].Object == "" {
		t.Fatalf("first page: %+v", first)
	}
	second := decode[page](t, s.do(t, request{path: "/api/v1/audit?action=createRoom&actor=ANNA&limit=2&after=" + first.Next, as: "admin"}))
	if len(second.Entries) != 1 || second.Next != "" {
		t.Errorf("second page: %+v", second)
	}
	one := first.Entries[0].Object
	if got := decode[page](t, s.do(t, request{path: "/api/v1/audit?object=" + one, as: "admin"})); len(got.Entries) != 1 {
		t.Errorf("by object: %+v", got)
	}
	for _, bad := range []string{"?after=x", "?after=-1", "?limit=0", "?limit=501", "?from=today", "?before=1", "?x=%zz"} {
		wantProblem(t, bad, s.do(t, request{path: "/api/v1/audit" + bad, as: "admin"}), 400)
	}
}

// TestNoiseIsBounded has nobody in particular call what it may not.
func TestNoiseIsBounded(t *testing.T) {
	s := newTestServer(t, nil)
	for range 3 * noiseBurst {
		s.do(t, request{method: "POST", path: "/api/v1/rooms", body: `{}`, header: jsonHeader})
	}
	s.stopBooks()
	page, _, err := s.store.Audit(t.Context(), rooms.AuditFilter{Limit: 500})
	if err != nil || len(page) < noiseBurst || len(page) > 2*noiseBurst+noisePerSecond {
		t.Errorf("%d entries of nobody's, %v", len(page), err)
	}
}

// watched has anna open sockets with a cookie, and returns what each is told by.
func TestLoginsThatHoldNoMore(t *testing.T) {
	for name, end := range map[string]func(*testServer) error{
		"disabled": func(s *testServer) error { return s.changeAnna(func(u *rooms.User) { u.Disabled = true }) },
		"another password": func(s *testServer) error {
			return s.changeAnna(func(u *rooms.User) { u.PasswordHash += "x" })
		},
		"may not call from here": func(s *testServer) error {
			return s.changeAnna(func(u *rooms.User) { u.AllowFrom = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, nil)
			room := s.reserve(t, "")
			cookie := s.logIn(t, "anna", annaPassword)
			header := http.Header{"Cookie": {cookie}, "Origin": {s.URL}}
			for _, path := range []string{"/api/v1/rooms/" + room.ID + "/ws", "/attendance/"} {
				if _, _, err := s.dial(t, path, header); err != nil {
					t.Fatal(err)
				}
			}
			s.meetings.mu.Lock()
			visitor := s.meetings.visited[0]
			s.meetings.mu.Unlock()
			if visitor.User != "anna" || visitor.UserID != s.anna.ID || visitor.Addr != netip.MustParseAddr("127.0.0.1") {
				t.Errorf("the meeting's visitor is %+v", visitor)
			}
			gone, cancel := s.revoked.Watch(rooms.Login{User: s.anna, Addr: netip.MustParseAddr("127.0.0.1")})
			defer cancel()
			still, cancelStill := s.revoked.Watch(rooms.Login{User: s.ben, Addr: netip.MustParseAddr("127.0.0.1")})
			defer cancelStill()
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			select {
			case <-gone: // without a Poke, as after a command in another process
			case <-time.After(10 * time.Second):
				t.Fatal("nobody was told")
			}
			select {
			case <-still:
				t.Error("ben's login was ended too")
			default:
			}
		})
	}
}

func (s *testServer) changeAnna(change func(*rooms.User)) error {
	u := s.anna
	change(&u)
	return s.store.UpdateUser(context.Background(), u) //nolint:forbidigo // the store is the test's own
}

// TestRevocationsOverTheAPI ends what lives by a token and by a user.
func TestRevocationsOverTheAPI(t *testing.T) {
	s := newTestServer(t, nil)
	made := decode[struct{ ID int64 }](t, s.post(t, "anna", "/api/v1/tokens", `{"name":"t","scopes":["read"]}`))
	here := netip.MustParseAddr("127.0.0.1")
	byToken, cancel := s.revoked.Watch(rooms.Login{User: s.anna, TokenID: made.ID, Addr: here})
	defer cancel()
	byPassword, cancel := s.revoked.Watch(rooms.Login{User: s.anna, Addr: here})
	defer cancel()
	told := func(name string, gone <-chan struct{}) {
		t.Helper()
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: nobody was told", name)
		}
	}
	s.do(t, request{method: "DELETE", path: "/api/v1/tokens/" + strconv.FormatInt(made.ID, 10), as: "anna"})
	told("token revoked", byToken)
	select {
	case <-byPassword:
		t.Error("with its token the user's own login ended")
	default:
	}
	s.do(t, request{
		method: "PATCH", path: "/api/v1/users/" + strconv.FormatInt(s.anna.ID, 10), as: "admin",
		body: `{"allow_from":["10.0.0.0/8"]}`, header: jsonHeader,
	})
	told("list of addresses narrowed", byPassword)
}

func TestPasswordsAreChecked(t *testing.T) {
	s := newTestServer(t, nil)
	for password, status := range map[string]int{
		"four plain words here": 201, "short": 400, "password123": 400, "caroline-1": 400, "aaaaaaaaaaaa": 400,
	} {
		a := s.post(t, "admin", "/api/v1/users", `{"username":"caroline","password":"`+password+`"}`)
		if a.StatusCode != status {
			t.Errorf("%q: %d %s, want %d", password, a.StatusCode, a.body, status)
		}
		if a.StatusCode == 201 {
			continue
		}
		if p := decode[problem](t, a); !strings.HasPrefix(p.Detail, "password ") || strings.Contains(p.Detail, password) {
			t.Errorf("%q: refused with %q", password, p.Detail)
		}
	}
}
