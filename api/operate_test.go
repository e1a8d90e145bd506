package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plenum/rooms"
)

func TestHealth(t *testing.T) {
	s := newTestServer(t, nil)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if a := s.do(t, request{path: path}); a.StatusCode != 200 || a.body != want {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.body)
		}
	}
	s.api.Drain()
	if a := s.do(t, request{path: "/readyz"}); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while draining: %d", a.StatusCode)
	}
	if a := s.do(t, request{path: "/healthz"}); a.StatusCode != 200 {
		t.Errorf("alive while draining: %d", a.StatusCode)
	}
}

func TestNotReadyWithoutStore(t *testing.T) {
	s := newTestServer(t, nil)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if a := s.do(t, request{path: "/readyz"}); a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, "store") {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	wantError(t, "a page", s.do(t, request{path: "/meeting/1.a/ice"}), 500, "logged")
	if !strings.Contains(s.log.String(), "request failed") {
		t.Error("the fault is not in the log")
	}
}

func TestMetrics(t *testing.T) {
	s := newTestServer(t, func(_ *Config, d *Deps) {
		own := prometheus.NewGauge(prometheus.GaugeOpts{Name: "plenum_rooms_live", Help: "x"})
		d.Metrics.MustRegister(own)
	})
	room := s.reserve(t, "")
	s.do(t, request{path: "/meeting/" + room.ID + "/"})
	s.do(t, request{path: "/made/up/" + room.ID})
	s.do(t, request{method: "BREW", path: "/"})
	a := s.do(t, request{path: "/metrics"})
	for _, want := range []string{
		`plenum_http_requests_total{method="GET",route="/meeting/:room/",status="200"} 1`,
		`plenum_http_requests_total{method="GET",route="unknown",status="404"} 1`,
		`method="other"`,
		`plenum_http_request_seconds_count{route="/meeting/:room/"} 1`,
		"plenum_rooms_live 0",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(a.body, room.ID) || strings.Contains(a.body, "BREW") {
		t.Error("metrics hold what callers make up")
	}
}

// TestPanics answers a panic with 500 and goes on.
func TestPanics(t *testing.T) {
	s := newTestServer(t, func(_ *Config, d *Deps) { d.Meetings = panickyMeetings{} })
	room := s.reserve(t, "")
	a := s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/lobby"})
	wantProblem(t, "panic", a, 500)
	if strings.Contains(a.body, "secret") {
		t.Errorf("the caller is told %q", a.body)
	}
	log := s.log.String()
	if !strings.Contains(log, `"msg":"panic","panic":"a secret"`) || !strings.Contains(log, "operate_test.go") {
		t.Error("the log lacks the panic or its stack")
	}
	if a := s.do(t, request{path: "/healthz"}); a.StatusCode != 200 {
		t.Errorf("after a panic: %d", a.StatusCode)
	}
}

type panickyMeetings struct{ Meetings }

func (panickyMeetings) Live(string) (Live, bool) { panic("a secret") }

// TestLogHoldsNoSecrets sends secrets every way a caller might.
func TestLogHoldsNoSecrets(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "")
	token := rooms.HostToken([]byte("key"), room.ID)
	for _, r := range []request{
		{path: "/reserve_room/?duration=60&description=hush-hush", as: "anna"},
		{path: "/reserve_room/?duration=hush-hush", as: "anna"},
		{path: "/reserve_room/?duration=60&password=hush-hush"},
		{path: "/notify_ws/a!b/?info=hush-hush", as: "anna"},
		{path: "/api/v1/rooms", as: "anna"},
		{path: "/api/v1/session", header: map[string]string{"Cookie": sessionCookie + "=hush-hush"}},
	} {
		s.do(t, r)
	}
	log := s.log.String()
	for _, secret := range []string{"hush-hush", annaPassword, token, "Basic "} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, `"msg":"request","method":"GET","path":"/reserve_room/","status":200`) || !strings.Contains(log, `"user":"anna"`) {
		t.Errorf("the log lacks the requests:\n%s", log)
	}
}

func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "br": true, "gzip, br": true, "br;q=1": true, "br;q=1.0": true, "br; q=0.1": true, "br;q=0": false, "br;q=0.0": false,
		"brx": false, "*": false, "BR": true,
	} {
		if got := accepts(header, "br"); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}
