package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestMeetingPage(t *testing.T) {
	s := newTestServer(t, nil)
	for description, title := range map[string]string{
		"":                           "Meeting",
		"Weekly":                     "Weekly",
		" two\n\tlines ":             "two lines",
		"</title><script>x</script>": "&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;",
		"$1 & <title>":               "$1 &amp; &lt;title&gt;",
	} {
		room := s.reserve(t, description)
		a := s.do(t, request{path: "/meeting/" + room.ID + "/"})
		want := "<!doctype html><title>" + title + "</title><svg><title>icon</title></svg>"
		if a.StatusCode != 200 || a.body != want || a.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
			t.Errorf("%q: %d %q, want %q", description, a.StatusCode, a.body, want)
		}
	}
}

func TestMeetingWithoutBuild(t *testing.T) {
	s := newTestServer(t, func(_ *Config, d *Deps) { d.Pages = fstest.MapFS{".keep": {}} })
	for _, path := range []string{"/meeting/" + s.reserve(t, "").ID + "/", "/admin/"} {
		a := s.do(t, request{path: path})
		if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, "was not built") {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.body)
		}
	}
	a := s.do(t, request{path: "/meeting/none/", header: map[string]string{"Accept": "text/html"}})
	if a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "This meeting is over") {
		t.Errorf("no meeting: %d %q", a.StatusCode, a.body)
	}
}

// TestUnknownAndOver holds everything that belongs to a room to 404 when the
// room is unknown, and from the instant it is over.
func TestUnknownAndOver(t *testing.T) {
	s := newTestServer(t, nil)
	over := s.reserve(t, "over")
	s.pass(over.Duration - time.Millisecond)
	for path, status := range map[string]int{
		"/meeting/" + over.ID + "/":              200,
		"/meeting/" + over.ID + "/ice":           200,
		"/api/v1/rooms/" + over.ID + "/lobby":    200,
		"/api/v1/rooms/" + over.ID + "/ws":       http.StatusUpgradeRequired,
		"/api/v1/rooms/" + over.ID + "/lobby?x=": 200,
	} {
		if a := s.do(t, request{path: path}); a.StatusCode != status {
			t.Errorf("a millisecond before its end: %s: %d, want %d", path, a.StatusCode, status)
		}
	}
	s.pass(time.Millisecond)
	for name, id := range map[string]string{
		"over": over.ID, "unknown": "2.00000000-0000-4000-8000-000000000000", "hostile": "%27%20OR%201=1", "up": "..%2f..",
		"zero": "%00", "long": strings.Repeat("a", 4000),
	} {
		if a := s.do(t, request{path: "/meeting/" + id + "/"}); a.StatusCode != 404 || a.body != "" {
			t.Errorf("%s: page: %d %q, want 404 with an empty body", name, a.StatusCode, a.body)
		}
		browser := s.do(t, request{path: "/meeting/" + id + "/", header: map[string]string{"Accept": "text/html,*/*"}})
		if browser.StatusCode != 404 || !strings.Contains(browser.body, "<title>No meeting here</title><svg>") {
			t.Errorf("%s: page in a browser: %d %q", name, browser.StatusCode, browser.body)
		}
		wantError(t, name+": ice", s.do(t, request{path: "/meeting/" + id + "/ice"}), 404, "nothing here")
		wantProblem(t, name+": lobby", s.do(t, request{path: "/api/v1/rooms/" + id + "/lobby"}), 404)
		for _, path := range []string{"/api/v1/rooms/" + id + "/ws", "/meeting/" + id + "/"} {
			if _, res, err := s.dial(t, path, nil); err == nil || res == nil || res.StatusCode != 404 {
				t.Errorf("%s: socket %.60s: %v, %v, want 404", name, path, res, err)
			}
		}
	}
}

func TestMeetingNotYetOpen(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "early")
	s.pass(-time.Minute)
	if got, _, err := s.dial(t, "/api/v1/rooms/"+room.ID+"/ws", nil); err != nil || got != room.ID {
		t.Errorf("socket before the start: %q, %v; want one that can say when it opens", got, err)
	}
	if a := s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/lobby"}); a.StatusCode != 200 {
		t.Errorf("lobby before the start: %d", a.StatusCode)
	}
}

// TestMeetingRunsOver lets those back in whose meeting runs over its end, and
// nobody where none runs.
func TestMeetingRunsOver(t *testing.T) {
	s := newTestServer(t, func(c *Config, _ *Deps) { c.EndGrace = 10 * time.Minute })
	runs, empty := s.reserve(t, ""), s.reserve(t, "")
	s.meetings.live[runs.ID] = Live{}
	for name, tt := range map[string]struct {
		after  time.Duration
		room   string
		status int
	}{
		"before its end":      {59 * time.Minute, runs.ID, 101},
		"while it runs over":  {time.Hour, runs.ID, 101},
		"nobody is there":     {time.Hour, empty.ID, 404},
		"just before the end": {70*time.Minute - 1, runs.ID, 101},
		"at the hard end":     {70 * time.Minute, runs.ID, 404},
	} {
		start := s.clock()
		s.pass(tt.after)
		if _, res, _ := s.dial(t, "/api/v1/rooms/"+tt.room+"/ws", nil); res == nil || res.StatusCode != tt.status {
			t.Errorf("%s: %v, want %d", name, res, tt.status)
		}
		s.pass(-tt.after)
		if !s.clock().Equal(start) {
			t.Fatal("the clock did not go back")
		}
	}
	s.pass(time.Hour)
	if a := s.do(t, request{path: "/meeting/" + runs.ID + "/"}); a.StatusCode != 404 {
		t.Errorf("the page of a meeting that runs over: %d, want 404: nobody new gets in", a.StatusCode)
	}
}

func TestMeetingSocket(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	path := "/api/v1/rooms/" + room.ID + "/ws"
	for name, origin := range map[string]string{"no browser": "", "own page": s.URL} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		if text, _, err := s.dial(t, path, header); err != nil || text != room.ID {
			t.Errorf("%s: greeted with %q, %v", name, text, err)
		}
	}
	for _, origin := range []string{"https://evil.example", "null", "", "http://127.0.0.1", s.URL + ".evil.example"} {
		_, res, err := s.dial(t, path, http.Header{"Origin": {origin}})
		if err == nil || res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q: %v, %v, want 403", origin, res, err)
		}
	}
	if _, res, err := s.dial(t, "/meeting/"+room.ID+"/", nil); err == nil || res == nil || res.StatusCode != 400 {
		t.Errorf("the seed's socket: %v, %v, want 400", res, err)
	}
	wantProblem(t, "no socket", s.do(t, request{path: path}), http.StatusUpgradeRequired)
}

func TestICEServers(t *testing.T) {
	for name, tt := range map[string]struct {
		servers []ICEServer
		want    string
	}{
		"none": {nil, "[]"},
		"some": {
			[]ICEServer{{URLs: "stun:stun.example.org"}, {URLs: "turn:turn.example.org", Username: "u", Credential: "c"}},
			`[{"urls":"stun:stun.example.org"},{"urls":"turn:turn.example.org","username":"u","credential":"c"}]`,
		},
	} {
		s := newTestServer(t, func(c *Config, _ *Deps) { c.ICEServers = tt.servers })
		path := "/meeting/" + s.reserve(t, "").ID + "/ice"
		a := s.do(t, request{path: path})
		if a.StatusCode != 200 || strings.TrimSpace(a.body) != tt.want || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %q, want %s", name, a.StatusCode, a.Header.Get("Content-Type"), a.body, tt.want)
		}
		if a := s.do(t, request{path: path + "/"}); a.StatusCode != 404 {
			t.Errorf("%s: with a slash: %d, want 404", name, a.StatusCode)
		}
	}
}

func TestPagesAndAssets(t *testing.T) {
	s := newTestServer(t, nil)
	for path, want := range map[string]struct {
		status      int
		kind, cache string
	}{
		"/admin/":                          {200, "text/html; charset=UTF-8", "no-cache"},
		"/admin/recordings/01J":            {200, "text/html; charset=UTF-8", "no-cache"},
		"/static/assets/app-B2x4Kq9_.js":   {200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/static/icon.svg":                 {200, "image/svg+xml", "no-cache"},
		"/static/meeting.html":             {200, "text/html; charset=utf-8", "no-cache"},
		"/static/":                         {404, "application/json", "no-store"},
		"/static/assets/":                  {404, "application/json", "no-store"},
		"/static/assets":                   {404, "application/json", "no-store"},
		"/static/.keep":                    {404, "application/json", "no-store"},
		"/static/../api.go":                {404, "application/json", "no-store"},
		"/static/..%2f..%2fetc%2fpasswd":   {404, "application/json", "no-store"},
		"/static/%2e%2e/%2e%2e/etc/passwd": {404, "application/json", "no-store"},
		"/nowhere":                         {404, "application/json", "no-store"},
		"/api/v1/nowhere":                  {404, "application/problem+json", "no-store"},
	} {
		a := s.do(t, request{path: path})
		if a.StatusCode != want.status || a.Header.Get("Content-Type") != want.kind || a.Header.Get("Cache-Control") != want.cache {
			t.Errorf("%s: %d %q %q, want %+v", path, a.StatusCode, a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"), want)
		}
	}
	if a := s.do(t, request{path: "/"}); a.StatusCode != 302 || a.Header.Get("Location") != "/admin/" {
		t.Errorf("/: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
}

func TestPackedAssets(t *testing.T) {
	s := newTestServer(t, nil)
	const path = "/static/assets/app-B2x4Kq9_.js"
	for accept, want := range map[string]struct{ encoding, body string }{
		"identity":          {"", "let plain"},
		"gzip":              {"gzip", "packed by gzip"},
		"gzip, deflate, br": {"br", "packed by brotli"},
		"br;q=0, gzip":      {"gzip", "packed by gzip"},
		"br; q=0.000":       {"", "let plain"},
		"GZIP;q=0.5":        {"gzip", "packed by gzip"},
		"x-gzip":            {"", "let plain"},
	} {
		a := s.do(t, request{path: path, header: map[string]string{"Accept-Encoding": accept}})
		if a.Header.Get("Content-Encoding") != want.encoding || a.body != want.body || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %q %q, want %+v", accept, a.Header.Get("Content-Encoding"), a.body, want)
		}
		again := s.do(t, request{path: path, header: map[string]string{"Accept-Encoding": accept, "If-None-Match": a.Header.Get("Etag")}})
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%q: asked again with its ETag: %d", accept, again.StatusCode)
		}
	}
}

func TestHeadReads(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	for path, status := range map[string]int{
		"/meeting/" + room.ID + "/": 200, "/meeting/" + room.ID + "/ice": 200, "/admin/": 200, "/healthz": 200,
		"/static/icon.svg": 200, "/online_attendants/": 401, "/meeting/none/": 404, "/api/v1/rooms": 401,
	} {
		if a := s.do(t, request{method: "HEAD", path: path}); a.StatusCode != status || a.body != "" {
			t.Errorf("HEAD %s: %d %q, want %d", path, a.StatusCode, a.body, status)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := newTestServer(t, nil)
	host := strings.TrimPrefix(s.URL, "http://")
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
			"media-src 'self' blob:; connect-src 'self' ws://" + host + " wss://" + host + "; font-src 'self'; base-uri 'none'; " +
			"form-action 'self'; frame-ancestors 'self'",
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "SAMEORIGIN",
		"Referrer-Policy":        "no-referrer",
		"Permissions-Policy":     "camera=(self), microphone=(self), display-capture=(self)",
	}
	for _, path := range []string{"/admin/", "/meeting/none/", "/reserve_room/", "/api/v1/rooms", "/static/icon.svg", "/nowhere"} {
		a := s.do(t, request{path: path})
		for name, value := range want {
			if a.Header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", path, name, a.Header.Get(name), value)
			}
		}
		if a.Header.Get("X-Request-ID") == "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: request id %q, CORS %q", path, a.Header.Get("X-Request-ID"), a.Header.Get("Access-Control-Allow-Origin"))
		}
	}
	if got := contentSecurityPolicy("a; script-src *"); strings.Contains(got, "*") {
		t.Errorf("a hostile host wrote the policy: %q", got)
	}
}

// fakeRelay gives itself a name and tells which host it was asked for.
type fakeRelay struct{}

func (fakeRelay) ICEServers(host string) ([]ICEServer, time.Duration) {
	return []ICEServer{{URLs: "turn:" + host, Username: "u", Credential: "c"}}, time.Hour
}

func TestOurOwnRelayIsListed(t *testing.T) {
	s := newTestServer(t, func(c *Config, d *Deps) {
		c.ICEServers, d.Relay = []ICEServer{{URLs: "stun:stun.example.org"}}, fakeRelay{}
	})
	id := s.reserve(t, "").ID
	host := hostName(strings.TrimPrefix(s.URL, "http://"))
	list := `[{"urls":"stun:stun.example.org"},{"urls":"turn:` + host + `","username":"u","credential":"c"}]`
	for path, want := range map[string]string{
		"/meeting/" + id + "/ice":      list,
		"/api/v1/rooms/" + id + "/ice": `{"ice_servers":` + list + `,"ttl_seconds":3600}`,
	} {
		a := s.do(t, request{path: path})
		if a.StatusCode != 200 || strings.TrimSpace(a.body) != want || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q, want %s", path, a.StatusCode, a.body, want)
		}
	}
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"meet.example.org": "meet.example.org", "meet.example.org:8007": "meet.example.org", "[2001:db8::1]:8007": "2001:db8::1",
		"[2001:db8::1]": "2001:db8::1", "192.0.2.1:1": "192.0.2.1", "": "", "a?transport=udp": "", "a b": "", "x\ny:1": "",
	} {
		if got := hostName(host); got != want {
			t.Errorf("hostName(%q) = %q, want %q", host, got, want)
		}
	}
}

// fakeTrials answers what it is told to.
type fakeTrials struct{}

func (fakeTrials) Trial(_ context.Context, offer string) (string, error) {
	switch offer {
	case "busy":
		return "", ErrTrials
	case "sdp":
		return "answer", nil
	}
	return "", ErrOffer
}

func TestTrial(t *testing.T) {
	s := newTestServer(t, func(_ *Config, d *Deps) { d.Trials = fakeTrials{} })
	path := "/api/v1/rooms/" + s.reserve(t, "").ID + "/trial"
	ask := func(path, body, origin string) answer {
		header := map[string]string{"Content-Type": "application/json"}
		if origin != "" {
			header["Origin"] = origin
		}
		return s.do(t, request{method: http.MethodPost, path: path, body: body, header: header})
	}
	if a := ask(path, `{"offer":"sdp"}`, s.URL); a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"answer":"answer"}` {
		t.Errorf("a trial: %d %q", a.StatusCode, a.body)
	}
	for name, tt := range map[string]struct {
		path, body, origin string
		want               int
	}{
		"no offer":       {path, `{"offer":"x"}`, "", 400},
		"no JSON":        {path, `x`, "", 400},
		"too many":       {path, `{"offer":"busy"}`, "", 503},
		"another site":   {path, `{"offer":"sdp"}`, "https://evil.example", 403},
		"no such room":   {"/api/v1/rooms/1.x/trial", `{"offer":"sdp"}`, "", 404},
		"something else": {path, `{"offer":"sdp","more":1}`, "", 400},
	} {
		wantProblem(t, name, ask(tt.path, tt.body, tt.origin), tt.want)
	}
}
