package api

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
	"plenum/rooms/throttle"
)

// logIn opens a session and returns its cookie as a request sends it.
func (s *testServer) logIn(t *testing.T, name, password string) string {
	t.Helper()
	a := s.openSession(t, name, password, "")
	if a.StatusCode != http.StatusOK || len(a.Cookies()) != 1 {
		t.Fatalf("log in as %s: %d %q", name, a.StatusCode, a.body)
	}
	return sessionCookie + "=" + a.Cookies()[0].Value
}

func (s *testServer) openSession(t *testing.T, name, password, cookie string) answer {
	t.Helper()
	return s.do(t, request{
		method: "POST", path: "/api/v1/session",
		body:   `{"username":` + strconv.Quote(name) + `,"password":` + strconv.Quote(password) + `}`,
		header: map[string]string{"Content-Type": "application/json", "Cookie": cookie},
	})
}

func (s *testServer) whoAmI(t *testing.T, cookie string) answer {
	t.Helper()
	return s.do(t, request{path: "/api/v1/session", header: map[string]string{"Cookie": cookie}})
}

func TestSession(t *testing.T) {
	s := newTestServer(t, nil)
	const who = `{"user":{"id":2,"name":"anna","role":"host"}}`
	first := s.openSession(t, "anna", annaPassword, "")
	if first.StatusCode != 200 || strings.TrimSpace(first.body) != who {
		t.Fatalf("log in: %d %q", first.StatusCode, first.body)
	}
	set := first.Cookies()[0]
	if set.Name != sessionCookie || !set.HttpOnly || set.SameSite != http.SameSiteStrictMode || set.Secure || set.Path != "/" || len(set.Value) != 43 {
		t.Errorf("cookie %+v", set)
	}
	cookie := sessionCookie + "=" + set.Value
	if a := s.whoAmI(t, cookie); a.StatusCode != 200 || strings.TrimSpace(a.body) != who {
		t.Errorf("logged in: %d %q", a.StatusCode, a.body)
	}

	rotated := sessionCookie + "=" + s.openSession(t, "anna", annaPassword, cookie).Cookies()[0].Value
	wantProblem(t, "after a new login, the old session", s.whoAmI(t, cookie), 401)
	if a := s.whoAmI(t, rotated); a.StatusCode != 200 {
		t.Errorf("after a new login: %d", a.StatusCode)
	}
	out := s.do(t, request{method: "DELETE", path: "/api/v1/session", header: map[string]string{"Cookie": rotated}})
	if out.StatusCode != 204 || out.Cookies()[0].MaxAge >= 0 {
		t.Errorf("log out: %d %v", out.StatusCode, out.Cookies())
	}
	wantProblem(t, "after logging out", s.whoAmI(t, rotated), 401)

	late := s.logIn(t, "anna", annaPassword)
	s.pass(12 * time.Hour)
	wantProblem(t, "after twelve hours", s.whoAmI(t, late), 401)
	wantProblem(t, "made-up cookie", s.whoAmI(t, sessionCookie+"=AAAA"), 401)
	wantProblem(t, "no cookie", s.whoAmI(t, ""), 401)
	if strings.Contains(s.log.String(), annaPassword) || strings.Contains(s.log.String(), set.Value) {
		t.Error("the log holds a password or a session token")
	}
}

// TestSessionEndsWithItsGrounds ends a session when what it was given for ends.
func TestSessionEndsWithItsGrounds(t *testing.T) {
	for name, change := range map[string]func(*rooms.User){
		"disabled":         func(u *rooms.User) { u.Disabled = true },
		"new password":     func(u *rooms.User) { u.PasswordHash += "x" },
		"another network":  func(u *rooms.User) { u.AllowFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} },
		"role is read new": func(u *rooms.User) { u.Role = rooms.Admin },
	} {
		s := newTestServer(t, nil)
		cookie := s.logIn(t, "anna", annaPassword)
		u := s.anna
		change(&u)
		if err := s.store.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		a := s.whoAmI(t, cookie)
		if u.Role == rooms.Admin {
			if !strings.Contains(a.body, `"admin"`) {
				t.Errorf("%s: %d %q", name, a.StatusCode, a.body)
			}
			continue
		}
		wantProblem(t, name, a, 401)
	}
}

func TestLoginRefuses(t *testing.T) {
	s := newTestServer(t, nil)
	u := s.ben
	u.Disabled = true
	if err := s.store.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "wrong password", s.openSession(t, "anna", "wrong", ""), 401)
	wantProblem(t, "unknown user", s.openSession(t, "nobody", "wrong", ""), 401)
	wantProblem(t, "disabled user", s.openSession(t, "ben", benPassword, ""), 401)
	if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "ben"}); a.StatusCode != 401 {
		t.Errorf("disabled user on a seed route: %d", a.StatusCode)
	}
	for name, tt := range map[string]struct {
		kind, body string
		status     int
	}{
		"no JSON":       {"application/x-www-form-urlencoded", "username=anna", 415},
		"no type":       {"", "{}", 415},
		"broken":        {"application/json", "{", 400},
		"unknown field": {"application/json", `{"user":"anna"}`, 400},
		"wrong kind":    {"application/json", `{"username":1}`, 400},
		"two":           {"application/json", `{}{}`, 400},
		"endless":       {"application/json", `{"username":"` + strings.Repeat("x", maxBody) + `"}`, 413},
	} {
		wantProblem(t, name, s.do(t, request{
			method: "POST", path: "/api/v1/session", body: tt.body, header: map[string]string{"Content-Type": tt.kind},
		}), tt.status)
	}
}

// TestChallenge asks programs for Basic auth, and leaves pages their own form.
func TestChallenge(t *testing.T) {
	s := newTestServer(t, nil)
	if a := s.do(t, request{path: "/api/v1/rooms"}); a.Header.Get("WWW-Authenticate") != `Basic realm="meeting-room"` {
		t.Errorf("a program is challenged with %q", a.Header.Get("WWW-Authenticate"))
	}
	a := s.do(t, request{path: "/api/v1/rooms", header: map[string]string{"Sec-Fetch-Mode": "cors"}})
	if a.StatusCode != 401 || a.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("a page is challenged with %q", a.Header.Get("WWW-Authenticate"))
	}
}

func TestAllowedAddresses(t *testing.T) {
	for name, tt := range map[string]struct {
		allow, forwarded string
		trusted          string
		status           int
	}{
		"own network":         {"127.0.0.0/8", "", "", 200},
		"another network":     {"10.0.0.0/8", "", "", 401},
		"claimed, no proxy":   {"10.0.0.0/8", "10.1.2.3", "", 401},
		"behind the proxy":    {"10.0.0.0/8", "10.1.2.3", "127.0.0.1/32", 200},
		"claimed by proxied":  {"10.0.0.0/8", "10.1.2.3, 203.0.113.9", "127.0.0.1/32", 401},
		"behind two proxies":  {"10.0.0.0/8", "10.1.2.3, 192.0.2.1", "127.0.0.1/32 192.0.2.0/24", 200},
		"the proxy itself":    {"10.0.0.0/8", "", "127.0.0.1/32", 401},
		"garbage from within": {"10.0.0.0/8", "10.1.2.3, unknown", "127.0.0.1/32", 401},
	} {
		s := newTestServer(t, func(c *Config, _ *Deps) { c.TrustedProxies = prefixes(t, tt.trusted) })
		u := s.anna
		u.AllowFrom = prefixes(t, tt.allow)
		if err := s.store.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		header := map[string]string{}
		if tt.forwarded != "" {
			header["X-Forwarded-For"] = tt.forwarded
		}
		if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "anna", header: header}); a.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", name, a.StatusCode, tt.status)
		}
	}
}

func prefixes(t *testing.T, text string) []netip.Prefix {
	t.Helper()
	all, err := rooms.ParsePrefixes(strings.Fields(text))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCallerOf(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, tt := range map[string]struct {
		remote string
		header http.Header
		addr   string
		secure bool
	}{
		"direct":             {"192.0.2.1:99", nil, "192.0.2.1", false},
		"direct, lying":      {"192.0.2.1:99", http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"https"}}, "192.0.2.1", false},
		"mapped":             {"[::ffff:192.0.2.1]:99", nil, "192.0.2.1", false},
		"one proxy":          {"10.0.0.1:99", http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"https"}}, "1.2.3.4", true},
		"mapped proxy":       {"[::ffff:10.0.0.1]:99", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "1.2.3.4", false},
		"several headers":    {"10.0.0.1:99", http.Header{"X-Forwarded-For": {"6.6.6.6", "1.2.3.4", "10.0.0.2"}}, "1.2.3.4", false},
		"with ports":         {"10.0.0.1:99", http.Header{"X-Forwarded-For": {"1.2.3.4:5678"}}, "1.2.3.4", false},
		"version 6":          {"[fd00::1]:99", http.Header{"X-Forwarded-For": {"2001:db8::1"}}, "2001:db8::1", false},
		"version 6 brackets": {"[fd00::1]:99", http.Header{"X-Forwarded-For": {"[2001:db8::1]:80"}}, "2001:db8::1", false},
		"only proxies":       {"10.0.0.1:99", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3", false},
		"empty":              {"10.0.0.1:99", http.Header{"X-Forwarded-For": {""}}, "10.0.0.1", false},
		"garbage":            {"10.0.0.1:99", http.Header{"X-Forwarded-For": {"1.2.3.4, x, 10.0.0.2"}}, "10.0.0.2", false},
		"no address":         {"pipe", nil, "invalid IP", false},
	} {
		got := callerOf(&http.Request{RemoteAddr: tt.remote, Header: tt.header}, trusted)
		if got.addr.String() != tt.addr || got.secure != tt.secure {
			t.Errorf("%s: %+v, want %s, secure %v", name, got, tt.addr, tt.secure)
		}
	}
}

func TestSecureCookieBehindTLS(t *testing.T) {
	s := newTestServer(t, func(c *Config, _ *Deps) { c.TrustedProxies = prefixes(t, "127.0.0.1") })
	a := s.do(t, request{
		method: "POST", path: "/api/v1/session", body: `{"username":"admin","password":"` + adminPassword + `"}`,
		header: map[string]string{"Content-Type": "application/json", "X-Forwarded-Proto": "https"},
	})
	if a.StatusCode != 200 || !a.Cookies()[0].Secure {
		t.Errorf("%d %v, want a Secure cookie", a.StatusCode, a.Cookies())
	}
}

// TestGuessingIsSlow guesses until the throttle holds, and sees that who was
// right a moment ago is let in all the same.
func TestGuessingIsSlow(t *testing.T) {
	s := newTestServer(t, nil)
	if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "anna"}); a.StatusCode != 200 {
		t.Fatalf("reserve: %d", a.StatusCode)
	}
	for range failuresPerPair {
		wantProblem(t, "guess", s.openSession(t, "anna", "guess", ""), 401)
	}
	slow := s.openSession(t, "anna", "guess", "")
	wantProblem(t, "guess too many", slow, http.StatusTooManyRequests)
	if slow.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q, want 1", slow.Header.Get("Retry-After"))
	}
	bad := map[string]string{"Authorization": "Basic YW5uYTp4"} // anna:x
	wantError(t, "guess at a seed route", s.do(t, request{path: "/reserve_room/", header: bad}), 429, "too many")
	if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "anna"}); a.StatusCode != 200 {
		t.Errorf("the right password, known already: %d", a.StatusCode)
	}
	if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "ben"}); a.StatusCode != 200 {
		t.Errorf("another user: %d", a.StatusCode)
	}
	s.pass(time.Second)
	wantProblem(t, "a second later", s.openSession(t, "anna", "guess", ""), 401)
	s.pass(time.Second)
	wantProblem(t, "the wait has doubled", s.openSession(t, "anna", annaPassword+"x", ""), 429)
	s.pass(time.Second)
	if a := s.openSession(t, "anna", annaPassword, ""); a.StatusCode != 200 {
		t.Errorf("the right password after the wait: %d %q", a.StatusCode, a.body)
	}
}

func TestLoginGuess(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")

	th := throttle.New(throttle.Config{})
	for i := range failuresPerAddress {
		th.Try(now, loginGuess(here, strconv.Itoa(i)))
	}
	if th.Wait(now, loginGuess(here, "somebody else")) == 0 {
		t.Error("an address may guess names for ever")
	}
	if th.Wait(now, loginGuess(there, "somebody else")) != 0 {
		t.Error("another address waits for it")
	}

	th = throttle.New(throttle.Config{})
	for i := range failuresPerName {
		th.Try(now, loginGuess(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), "Anna"))
	}
	if th.Wait(now, loginGuess(there, "ANNA")) == 0 {
		t.Error("a name may be guessed from everywhere for ever")
	}
}

// TestSessionsAreBounded opens more sessions than are kept.
func TestSessionsAreBounded(t *testing.T) {
	s := newSessions(time.Hour)
	now := time.Unix(0, 0)
	first := s.start(rooms.User{ID: 1}, now)
	for i := range mostSessions {
		s.start(rooms.User{ID: 2}, now.Add(time.Duration(i+1)*time.Millisecond))
	}
	if _, ok := s.find(first, now); ok || len(s.open) != mostSessions {
		t.Errorf("%d sessions are kept, the oldest among them: %v", len(s.open), ok)
	}
}
