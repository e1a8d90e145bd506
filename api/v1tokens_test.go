package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
)

type newToken struct {
	tokenBody
	Token string `json:"token"`
}

func (s *testServer) makeToken(t *testing.T, as, body string) newToken {
	t.Helper()
	a := s.post(t, as, "/api/v1/tokens", body)
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	return decode[newToken](t, a)
}

// with sends a request with a token.
func (s *testServer) with(t *testing.T, token, method, path, body string) answer {
	t.Helper()
	return s.send(t, method, "", path, body, "Authorization", "Bearer "+token)
}

func TestTokenScopes(t *testing.T) {
	s := newTestServer(t, nil)
	s.attendants.list = []Attendant{{ChannelName: "a!b"}}
	room := s.reserve(t, "")
	s.meetings.enter(room.ID, Participant{ID: "p1"})
	const (
		see    = "GET /api/v1/rooms"
		do     = "POST /api/v1/rooms"
		push   = "POST /api/v1/attendants/a!b/push"
		tokens = "GET /api/v1/tokens"
		token  = "POST /api/v1/tokens"
		users  = "GET /api/v1/users"
		user   = "POST /api/v1/users"
		pushes = "POST /api/v1/push"
	)
	say := "POST /api/v1/rooms/" + room.ID + "/message"
	sayOne := "POST /api/v1/rooms/" + room.ID + "/participants/p1/message"
	mute := "POST /api/v1/rooms/" + room.ID + "/moderate"
	body := map[string]string{
		do: `{"duration":5}`, push: `{"info":"hey"}`, pushes: `{"to":{"channel":"a!b"},"info":"hey"}`,
		say: `{"info":"hey"}`, sayOne: `{"info":"hey"}`, mute: `{"action":"mute_all"}`,
	}
	for scope, want := range map[string]map[string]int{
		"read":  {see: 200, do: 403, push: 403, pushes: 403, say: 403, sayOne: 403, mute: 403, tokens: 403, token: 403, users: 403, user: 403},
		"write": {see: 403, do: 201, push: 403, pushes: 403, say: 403, sayOne: 403, mute: 200, tokens: 403, token: 403, users: 403, user: 403},
		"push":  {see: 403, do: 403, push: 200, pushes: 200, say: 200, sayOne: 200, mute: 403, tokens: 403, token: 403, users: 403, user: 403},
	} {
		made := s.makeToken(t, "anna", fmt.Sprintf(`{"name":"x","scopes":[%q]}`, scope))
		for route, status := range want {
			method, path, _ := strings.Cut(route, " ")
			if a := s.with(t, made.Token, method, path, body[route]); a.StatusCode != status {
				t.Errorf("%s with the scope %s: %d %q, want %d", route, scope, a.StatusCode, a.body, status)
			}
		}
	}
	all := s.makeToken(t, "admin", `{"name":"x","scopes":["read","write","push"]}`)
	for route, status := range map[string]int{see: 200, users: 200, user: 403, tokens: 403, token: 403} {
		method, path, _ := strings.Cut(route, " ")
		if a := s.with(t, all.Token, method, path, `{}`); a.StatusCode != status {
			t.Errorf("%s with an admin's token: %d %q, want %d", route, a.StatusCode, a.body, status)
		}
	}
	bens := s.makeToken(t, "ben", `{"name":"x","scopes":["write"]}`)
	wantProblem(t, "another's room", s.with(t, bens.Token, "DELETE", "/api/v1/rooms/"+room.ID, ""), 404)
}

func TestTokenEnds(t *testing.T) {
	s := newTestServer(t, nil)
	const body = `{"name":"x","scopes":["read"],"expires_at":"2018-04-03T13:14:21Z"}`
	works := func(name string, token newToken, want int) {
		t.Helper()
		if a := s.with(t, token.Token, "GET", "/api/v1/rooms", ""); a.StatusCode != want {
			t.Errorf("%s: %d %q, want %d", name, a.StatusCode, a.body, want)
		}
	}
	update := func(change func(*rooms.User)) {
		t.Helper()
		changed := s.anna
		change(&changed)
		if err := s.store.UpdateUser(t.Context(), changed); err != nil {
			t.Fatal(err)
		}
	}
	token := s.makeToken(t, "anna", body)
	if token.ExpiresAt != "2018-04-03T13:14:21.000Z" || token.User.Name != "anna" {
		t.Errorf("made %+v", token)
	}
	works("new", token, 200)
	update(func(u *rooms.User) { u.Disabled = true })
	works("user disabled", token, 401)
	update(func(u *rooms.User) { u.AllowFrom, _ = rooms.ParsePrefixes([]string{"203.0.113.1"}) })
	works("user may not call from here", token, 401)
	update(func(*rooms.User) {})
	works("user as before", token, 200)
	wrong := token
	wrong.Token = token.Token[:len(token.Token)-1] + "!"
	works("one character off", wrong, 401)
	wrong.Token = ""
	works("nothing", wrong, 401)

	path := fmt.Sprintf("/api/v1/tokens/%d", token.ID)
	wantProblem(t, "revoked by another", s.do(t, request{method: "DELETE", path: path, as: "ben"}), 404)
	wantProblem(t, "no number", s.do(t, request{method: "DELETE", path: "/api/v1/tokens/x", as: "anna"}), 404)
	if a := s.do(t, request{method: "DELETE", path: path, as: "anna"}); a.StatusCode != 204 {
		t.Errorf("revoke: %d", a.StatusCode)
	}
	works("revoked", token, 401)
	second := s.makeToken(t, "anna", body)
	s.pass(time.Hour)
	works("expired", second, 401)

	// A wrong token is not made up for by a right session.
	cookie := s.logIn(t, "anna", annaPassword)
	a := s.do(t, request{path: "/api/v1/rooms", header: map[string]string{"Cookie": cookie, "Authorization": "Bearer x"}})
	wantProblem(t, "wrong token with a session", a, 401)
}

func TestTokensAreSecret(t *testing.T) {
	s := newTestServer(t, nil)
	token := s.makeToken(t, "anna", `{"name":"build","scopes":["read"]}`)
	s.with(t, token.Token, "GET", "/api/v1/rooms", "")
	list := func(as string) string { return s.do(t, request{path: "/api/v1/tokens", as: as}).body }
	if body := list("anna"); !strings.Contains(body, `"build"`) || strings.Contains(body, token.Token) {
		t.Errorf("anna's tokens: %s", body)
	}
	if body := list("ben"); strings.Contains(body, "build") {
		t.Errorf("ben sees %s", body)
	}
	if body := list("admin"); !strings.Contains(body, "build") {
		t.Errorf("the admin sees %s", body)
	}
	if strings.Contains(s.log.String(), token.Token) || !strings.Contains(s.log.String(), "token created") {
		t.Error("the log holds the token, or nothing of it")
	}
	for name, body := range map[string]string{
		"no scope": `{"name":"x","scopes":[]}`, "no name": `{"scopes":["read"]}`, "unknown": `{"name":"x","scopes":["all"]}`,
		"expired": `{"name":"x","scopes":["read"],"expires_at":"2018-04-03T12:14:21Z"}`,
	} {
		wantProblem(t, name, s.post(t, "anna", "/api/v1/tokens", body), 400)
	}
}
