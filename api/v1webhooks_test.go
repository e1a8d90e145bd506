package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
)

// addWebhook makes a webhook of anna's.
func (s *testServer) addWebhook(t *testing.T) rooms.Webhook {
	t.Helper()
	w, err := s.store.CreateWebhook(t.Context(), rooms.Webhook{
		UserID: s.anna.ID, UserName: s.anna.Name, URL: "https://example.org/", Secret: rooms.NewWebhookSecret(), Active: true, CreatedAt: s.clock(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// dropWebhooks deletes all of anna's.
func (s *testServer) dropWebhooks(t *testing.T) {
	t.Helper()
	all, err := s.store.Webhooks(t.Context(), s.anna.ID)
	for _, w := range all {
		err = errors.Join(err, s.store.DeleteWebhook(t.Context(), w.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// deadDelivery makes a delivery that was given up.
func (s *testServer) deadDelivery(t *testing.T, webhookID int64) rooms.Delivery {
	t.Helper()
	d, err := s.store.QueuePing(t.Context(), webhookID, rooms.NewEvent("", rooms.WebhookPing, s.clock()))
	if err != nil {
		t.Fatal(err)
	}
	d.State, d.Attempts, d.LastAt, d.NextAt, d.Status, d.Problem = rooms.DeliveryDead, 3, s.clock(), time.Time{}, 500, "answered 500"
	if err := s.store.FinishAttempt(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWebhooks(t *testing.T) {
	s := newTestServer(t, nil)
	a := s.post(t, "anna", "/api/v1/webhooks", `{"name":"x","url":"https://example.org/?key=hidden","events":["room.ended"]}`)
	made := decode[secretBody](t, a)
	if a.StatusCode != 201 || !strings.HasPrefix(made.Secret, "whsec_") || made.Rooms != "own" || !made.Active {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	path := fmt.Sprintf("/api/v1/webhooks/%d", made.ID)
	for _, p := range []string{path, "/api/v1/webhooks"} {
		if a := s.do(t, request{path: p, as: "anna"}); a.StatusCode != 200 || strings.Contains(a.body, made.Secret) || !strings.Contains(a.body, "room.ended") {
			t.Errorf("%s: %d %q", p, a.StatusCode, a.body)
		}
	}
	if list := s.do(t, request{path: "/api/v1/webhooks", as: "ben"}); list.body != "{\"webhooks\":[]}\n" {
		t.Errorf("ben sees %q", list.body)
	}
	if a := s.send(t, "PATCH", "anna", path, `{"events":[],"active":false}`); a.StatusCode != 200 || !strings.Contains(a.body, `"events":[]`) || !strings.Contains(a.body, `"active":false`) {
		t.Errorf("change: %d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "ping while it rests", s.post(t, "anna", path+"/ping", ""), 409)
	renewed := decode[secretBody](t, s.post(t, "anna", path+"/secret", ""))
	if renewed.Secret == made.Secret || !strings.HasPrefix(renewed.Secret, "whsec_") {
		t.Errorf("renewed secret %q", renewed.Secret)
	}
	if log := s.log.String(); strings.Contains(log, "hidden") || strings.Contains(log, "whsec_") || !strings.Contains(log, "webhook created") {
		t.Errorf("the log holds a secret, or nothing: %s", log)
	}
	if a := s.do(t, request{method: "DELETE", path: path, as: "anna"}); a.StatusCode != 204 {
		t.Errorf("delete: %d", a.StatusCode)
	}
}

func TestWebhooksRefused(t *testing.T) {
	s := newTestServer(t, nil)
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{}`, 400},
		{`{"url":"http://example.org"}`, 400},
		{`{"url":"ftp://example.org"}`, 400},
		{`{"url":"https://"}`, 400},
		{`{"url":"https://u:p@example.org"}`, 400},
		{`{"url":"https://example.org/#x"}`, 400},
		{`{"url":"https://example.org/ x"}`, 400},
		{`{"url":"https://127.0.0.1/"}`, 400},
		{`{"url":"https://[::ffff:10.0.0.1]/"}`, 400},
		{`{"url":"https://169.254.169.254/latest"}`, 400},
		{`{"url":"https://example.org/` + strings.Repeat("x", 2100) + `"}`, 400},
		{`{"url":"https://example.org/","events":["room.burnt"]}`, 400},
		{`{"url":"https://example.org/","events":["room.ended","room.ended"]}`, 400},
		{`{"url":"https://example.org/","rooms":"some"}`, 400},
		{`{"url":"https://example.org/","rooms":"all"}`, 403},
		{`{"url":"https://example.org/","name":"` + strings.Repeat("x", 101) + `"}`, 400},
		{`{"url":"https://example.org/","secret":"mine"}`, 400},
	} {
		wantProblem(t, tt.body, s.post(t, "anna", "/api/v1/webhooks", tt.body), tt.status)
	}
	if a := s.post(t, "admin", "/api/v1/webhooks", `{"url":"https://example.org/","rooms":"all"}`); a.StatusCode != 201 {
		t.Errorf("an admin's for all rooms: %d %q", a.StatusCode, a.body)
	}
	for range rooms.MaxWebhooks {
		s.addWebhook(t)
	}
	wantProblem(t, "one too many", s.post(t, "anna", "/api/v1/webhooks", `{"url":"https://example.org/"}`), 409)
	token := s.makeToken(t, "anna", `{"name":"x","scopes":["read","write"]}`)
	wantProblem(t, "with a token", s.with(t, token.Token, "POST", "/api/v1/webhooks", `{"url":"https://example.org/"}`), 403)
	if a := s.with(t, token.Token, "GET", "/api/v1/webhooks", ""); a.StatusCode != http.StatusOK {
		t.Errorf("list with a token: %d", a.StatusCode)
	}
}

func TestDeliveries(t *testing.T) {
	s := newTestServer(t, nil)
	w := s.addWebhook(t)
	path := fmt.Sprintf("/api/v1/webhooks/%d", w.ID)
	dead := s.deadDelivery(t, w.ID)
	type page struct {
		Deliveries []webhookDeliveryBody
		Next       int64
	}
	list := func(query string) page {
		t.Helper()
		return decode[page](t, s.do(t, request{path: path + "/deliveries" + query, as: "anna"}))
	}
	if got := list("?state=dead"); len(got.Deliveries) != 1 || got.Deliveries[0].Problem != "answered 500" || got.Next != 0 {
		t.Errorf("dead: %+v", got)
	}
	a := s.post(t, "anna", fmt.Sprintf("%s/deliveries/%d/redeliver", path, dead.ID), "")
	if again := decode[webhookDeliveryBody](t, a); a.StatusCode != 202 || again.State != rooms.DeliveryPending || again.Attempts != 0 || again.Event != dead.Event.ID {
		t.Errorf("redeliver: %d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "again at once", s.post(t, "anna", fmt.Sprintf("%s/deliveries/%d/redeliver", path, dead.ID), ""), 409)
	wantProblem(t, "no such delivery", s.post(t, "anna", path+"/deliveries/999/redeliver", ""), 404)
	if a := s.post(t, "anna", path+"/ping", ""); a.StatusCode != 202 || !strings.Contains(a.body, `"type":"webhook.ping"`) {
		t.Errorf("ping: %d %q", a.StatusCode, a.body)
	}
	if s.webhooks.woken.Load() != 2 {
		t.Errorf("the worker was woken %d times, want 2", s.webhooks.woken.Load())
	}
	first := list("?limit=1")
	if len(first.Deliveries) != 1 || first.Next == 0 || len(list(fmt.Sprintf("?before=%d", first.Next)).Deliveries) != 1 {
		t.Errorf("first page %+v", first)
	}
	for _, query := range []string{"?state=x", "?before=x", "?limit=0", "?limit=1001"} {
		wantProblem(t, query, s.do(t, request{path: path + "/deliveries" + query, as: "anna"}), 400)
	}
}
