package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// sockets returns the paths of all routes that are WebSockets, with examples in
// them: those that ask for an upgrade when they get none. A route that is added
// can't be forgotten here.
func (s *testServer) sockets(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, r := range s.api.echo.Routes() {
		if r.Method != http.MethodGet || strings.HasSuffix(r.Path, "*") {
			continue
		}
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, isParam := strings.CutPrefix(part, ":"); isParam {
				parts[i] = "{" + name + "}"
			}
		}
		path := s.example(t, strings.Join(parts, "/"))
		if a := s.do(t, request{path: path, as: "admin"}); a.StatusCode == http.StatusUpgradeRequired {
			found = append(found, path)
		}
	}
	return found
}

// TestSocketsRefuseOtherSites opens every socket there is as other sites' pages
// would, with an admin's credentials.
func TestSocketsRefuseOtherSites(t *testing.T) {
	s := newTestServer(t, nil)
	all := s.sockets(t)
	for _, known := range []string{"/attendance/", "/ws"} {
		if !slices.ContainsFunc(all, func(path string) bool { return strings.HasSuffix(path, known) }) {
			t.Errorf("no socket at …%s was found among %q", known, all)
		}
	}
	login := s.logIn(t, "admin", adminPassword)
	for _, path := range all {
		open := func(origins ...string) (*http.Response, error) {
			header := http.Header{"Cookie": {login}}
			if origins != nil {
				header["Origin"] = origins
			}
			conn, res, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+path,
				&websocket.DialOptions{HTTPHeader: header})
			if err == nil {
				_ = conn.CloseNow() // it is of no more use
			}
			return res, err
		}
		for _, evil := range [][]string{
			{"https://evil.example"}, {"null"}, {""}, {"http://127.0.0.1"}, {s.URL + ".evil.example"}, {"https://evil.example", s.URL}, {s.URL, "https://evil.example"},
		} {
			if res, err := open(evil...); err == nil || res == nil || res.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %q: %v, %v, want 403", path, evil, res, err)
			}
		}
		for _, good := range [][]string{nil, {s.URL}} {
			if res, err := open(good...); err != nil {
				t.Errorf("%s from %q: %v, %v", path, good, res, err)
			}
		}
	}
}

// TestAttendanceOrigins lets in the pages that the operator names.
func TestAttendanceOrigins(t *testing.T) {
	for name, tt := range map[string]struct {
		allowed []string
		origin  string
		want    bool
	}{
		"the one named":    {[]string{"https://app.example"}, "https://app.example", true},
		"another port":     {[]string{"https://app.example"}, "https://app.example:8443", false},
		"without TLS":      {[]string{"https://app.example"}, "http://app.example", false},
		"a longer name":    {[]string{"https://app.example"}, "https://app.example.evil", false},
		"every site":       {[]string{"*"}, "https://evil.example", true},
		"a sandbox":        {[]string{"*"}, "null", true},
		"nobody named":     {nil, "https://app.example", false},
		"a star in a name": {[]string{"https://*.example"}, "https://app.example", false},
	} {
		s := newTestServer(t, func(c *Config, _ *Deps) { c.AttendanceOrigins = tt.allowed })
		_, res, err := s.dial(t, "/attendance/", http.Header{"Origin": {tt.origin}})
		if (err == nil) != tt.want || !tt.want && res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
}
