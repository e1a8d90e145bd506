package api

import "testing"

func TestDerive(t *testing.T) {
	s := newTestServer(t, nil)
	s.recordings.add("01A", "2.room", s.anna.ID)
	ask := func(body string) answer {
		return s.do(t, request{
			method: "POST", path: "/api/v1/recordings/01A/derived", as: "anna", body: body,
			header: map[string]string{"Content-Type": "application/json"},
		})
	}
	if a := ask(`{"kind":"composite","options":{"layout":"speaker","format":"mp4","height":480}}`); a.StatusCode != 202 {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	for body, status := range map[string]int{
		`{"kind":"gif"}`: 400, `{}`: 400, `{"kind":"composite","options":{"height":9}}`: 400, `{"kind":"voices","x":1}`: 400,
		`{"kind":"participant","options":{"participant":"p9"}}`: 400, `{"kind":"sheet"}`: 409,
	} {
		wantProblem(t, body, ask(body), status)
	}
	wantProblem(t, "unknown job", s.do(t, request{path: "/api/v1/recordings/01A/derived/K", as: "anna"}), 404)
	wantProblem(t, "cancel an unknown job", s.do(t, request{method: "DELETE", path: "/api/v1/recordings/01A/derived/K", as: "anna"}), 404)
}
