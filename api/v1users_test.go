package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plenum/rooms"
)

func TestUsers(t *testing.T) {
	s := newTestServer(t, nil)
	a := s.post(t, "admin", "/api/v1/users", `{"username":"carl","password":"carl's password","allow_from":["127.0.0.1","10.1.2.3/8"]}`)
	carl := decode[accountBody](t, a)
	if a.StatusCode != 201 || carl.Role != rooms.Host || !slices.Equal(carl.AllowFrom, []string{"127.0.0.1/32", "10.0.0.0/8"}) {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"taken":      {`{"username":"CARL","password":"another password"}`, 409},
		"weak":       {`{"username":"dora","password":"short"}`, 400},
		"bad name":   {`{"username":"d:ora","password":"another password"}`, 400},
		"bad role":   {`{"username":"dora","password":"another password","role":"root"}`, 400},
		"bad source": {`{"username":"dora","password":"another password","allow_from":["home"]}`, 400},
	} {
		wantProblem(t, name, s.post(t, "admin", "/api/v1/users", tt.body), tt.status)
	}
	cookie := s.logIn(t, "carl", "carl's password")
	path := fmt.Sprintf("/api/v1/users/%d", carl.ID)
	a = s.send(t, "PATCH", "admin", path, `{"role":"admin","allow_from":[]}`)
	if got := decode[accountBody](t, a); a.StatusCode != 200 || got.Role != rooms.Admin || len(got.AllowFrom) != 0 || got.Disabled {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if a := s.whoAmI(t, cookie); a.StatusCode != 200 || !strings.Contains(a.body, `"admin"`) {
		t.Errorf("the new role is not felt: %d %q", a.StatusCode, a.body)
	}
	if a := s.send(t, "PATCH", "admin", path, `{"password":"carl's new password"}`); a.StatusCode != 200 {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "session with the old password", s.whoAmI(t, cookie), 401)
	cookie = s.logIn(t, "carl", "carl's new password")
	if a := s.send(t, "PATCH", "admin", path, `{"disabled":true}`); a.StatusCode != 200 {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "disabled", s.whoAmI(t, cookie), 401)
	wantProblem(t, "weak password", s.send(t, "PATCH", "admin", path, `{"password":"x"}`), 400)
	wantProblem(t, "unknown user", s.send(t, "PATCH", "admin", "/api/v1/users/99", `{}`), 404)

	if a := s.do(t, request{path: "/api/v1/users", as: "admin"}); !strings.Contains(a.body, `"carl"`) ||
		strings.Contains(a.body, "argon2") {
		t.Errorf("the list: %s", a.body)
	}
	if a := s.do(t, request{method: "DELETE", path: path, as: "admin"}); a.StatusCode != 204 {
		t.Errorf("delete: %d %q", a.StatusCode, a.body)
	}
	s.reserve(t, "")
	wantProblem(t, "with rooms", s.do(t, request{method: "DELETE", path: fmt.Sprintf("/api/v1/users/%d", s.anna.ID), as: "admin"}), 409)

	log := s.log.String()
	for _, line := range []string{"user created", "user changed", "user deleted"} {
		if !strings.Contains(log, `"msg":"`+line+`","account":"carl"`) {
			t.Errorf("the log has no %q of carl's", line)
		}
	}
	if strings.Contains(log, "carl's") {
		t.Error("the log holds a password")
	}
}

func TestNobodyLocksHimselfOut(t *testing.T) {
	s := newTestServer(t, nil)
	path := fmt.Sprintf("/api/v1/users/%d", s.admin.ID)
	for _, body := range []string{`{"role":"host"}`, `{"disabled":true}`, `{"allow_from":["203.0.113.1"]}`} {
		wantProblem(t, body, s.send(t, "PATCH", "admin", path, body), 409)
	}
	wantProblem(t, "delete", s.do(t, request{method: "DELETE", path: path, as: "admin"}), 409)
	if a := s.send(t, "PATCH", "admin", path, `{"role":"admin","allow_from":["127.0.0.1"]}`); a.StatusCode != 200 {
		t.Errorf("what locks nobody out: %d %q", a.StatusCode, a.body)
	}
}
