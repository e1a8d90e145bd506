package storetest

import (
	"errors"
	"testing"
	"time"

	"plenum/rooms"
)

func hook(t *testing.T, s rooms.Store, u rooms.User, change func(*rooms.Webhook)) rooms.Webhook {
	t.Helper()
	w := rooms.Webhook{
		UserID: u.ID, UserName: u.Name, Name: "x 'y'", URL: "https://example.org/" + u.Name, Secret: rooms.NewWebhookSecret(),
		Active: true, CreatedAt: start,
	}
	if change != nil {
		change(&w)
	}
	return must(s.CreateWebhook(t.Context(), w))(t)
}

func webhooks(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	one := hook(t, s, anna, func(w *rooms.Webhook) { w.Kinds = []rooms.EventKind{rooms.RoomEnded, rooms.ParticipantJoined} })
	two := hook(t, s, ben, func(w *rooms.Webhook) { w.AllRooms, w.Active = true, false })
	if one.ID == 0 || !one.CreatedAt.Equal(ms(start)) {
		t.Errorf("made %+v", one)
	}
	same(t, one, must(s.WebhookByID(t.Context(), one.ID))(t))
	same(t, []rooms.Webhook{one, two}, must(s.Webhooks(t.Context(), 0))(t))
	same(t, []rooms.Webhook{two}, must(s.Webhooks(t.Context(), ben.ID))(t))
	one.Name, one.URL, one.Secret, one.Kinds, one.AllRooms, one.Active = "", "https://example.net", "whsec_eA==", nil, true, false
	if err := s.UpdateWebhook(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	same(t, one, must(s.WebhookByID(t.Context(), one.ID))(t))
	if err := s.DeleteWebhook(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	_, read := s.WebhookByID(t.Context(), one.ID)
	_, ping := s.QueuePing(t.Context(), one.ID, rooms.NewEvent("", rooms.WebhookPing, start))
	for name, err := range map[string]error{
		"read": read, "update": s.UpdateWebhook(t.Context(), one), "delete": s.DeleteWebhook(t.Context(), one.ID), "ping": ping,
	} {
		if !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("%s of a deleted webhook: %v, want ErrNotFound", name, err)
		}
	}
	for range rooms.MaxWebhooks - 1 {
		hook(t, s, ben, nil)
	}
	if _, err := s.CreateWebhook(t.Context(), two); !errors.Is(err, rooms.ErrTooMany) {
		t.Errorf("one too many: %v, want ErrTooMany", err)
	}
	if err := s.DeleteUser(t.Context(), ben.ID); err != nil {
		t.Fatal(err)
	}
	if left := must(s.Webhooks(t.Context(), 0))(t); len(left) != 0 {
		t.Errorf("webhooks of nobody: %+v", left)
	}
}

// deliveryScope sees who is told of what.
func deliveryScope(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	boss := must(s.CreateUser(t.Context(), rooms.User{Name: "boss", Role: rooms.Admin, CreatedAt: start}))(t)
	gone := must(s.CreateUser(t.Context(), rooms.User{Name: "gone", Role: rooms.Admin, Disabled: true, CreatedAt: start}))(t)
	all := func(w *rooms.Webhook) { w.AllRooms = true }
	hooks := map[string]rooms.Webhook{
		"own":              hook(t, s, anna, nil),
		"own, other kinds": hook(t, s, anna, func(w *rooms.Webhook) { w.Kinds = []rooms.EventKind{rooms.RoomEnded} }),
		"own, that kind":   hook(t, s, anna, func(w *rooms.Webhook) { w.Kinds = []rooms.EventKind{rooms.RoomLocked} }),
		"own, resting":     hook(t, s, anna, func(w *rooms.Webhook) { w.Active = false }),
		"another's":        hook(t, s, ben, nil),
		"no admin's all":   hook(t, s, ben, all),
		"admin's own":      hook(t, s, boss, nil),
		"admin's all":      hook(t, s, boss, all),
		"disabled":         hook(t, s, gone, all),
	}
	r := room(anna, start, time.Hour)
	createRoom(t, s, r)
	appendAll(t, s, "n", (&script{r.ID, start}).event(rooms.RoomLocked))
	want := map[string]bool{"own": true, "own, that kind": true, "admin's all": true}
	for name, w := range hooks {
		got := must(s.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID}))(t)
		if told := len(got) == 1; told != want[name] || len(got) > 1 {
			t.Errorf("%s: %d deliveries, want told=%v", name, len(got), want[name])
		}
	}
	due, _, err := s.DueDeliveries(t.Context(), time.Now().Add(time.Minute), 10)
	if err != nil || len(due) != 3 || due[0].URL == "" || due[0].Secret == "" || due[0].Event.Kind != rooms.RoomLocked {
		t.Errorf("due: %+v, %v", due, err)
	}
	anna.Disabled = true
	if err := s.UpdateUser(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if due, _, err := s.DueDeliveries(t.Context(), time.Now().Add(time.Minute), 10); err != nil || len(due) != 1 {
		t.Errorf("due without anna: %+v, %v", due, err)
	}
}

// deliveryOrder walks one webhook's deliveries through all states.
func deliveryOrder(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	w := hook(t, s, u, nil)
	r1, r2 := room(u, start, time.Hour), room(u, start, time.Hour)
	createRoom(t, s, r1)
	createRoom(t, s, r2)
	one, two := &script{r1.ID, start}, &script{r2.ID, start}
	stored := appendAll(t, s, "n", one.event(rooms.RoomLocked), one.event(rooms.RoomUnlocked), two.event(rooms.RoomLocked))
	now := ms(time.Now().Add(time.Minute))
	check := func(what string, at time.Time, want ...rooms.Event) []rooms.DueDelivery {
		t.Helper()
		due, _, err := s.DueDeliveries(t.Context(), at, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []rooms.Event
		for _, d := range due {
			got = append(got, d.Event)
		}
		if names(got) != names(want) {
			t.Fatalf("%s: due are %q, want %q", what, names(got), names(want))
		}
		return due
	}
	due := check("first of each room", now, stored[0], stored[2])
	if capped, _, err := s.DueDeliveries(t.Context(), now, 1); err != nil || len(capped) != 1 {
		t.Errorf("at most one: %+v, %v", capped, err)
	}

	d := due[0].Delivery
	d.Attempts, d.LastAt, d.NextAt, d.Status, d.Problem = 1, now, now.Add(time.Hour), 500, "answered 500"
	finish(t, s, d)
	check("the failed one waits, and those behind it", now, stored[2])
	if _, next, err := s.DueDeliveries(t.Context(), now, 10); err != nil || !next.Equal(d.NextAt) {
		t.Errorf("next is %v, %v, want %v", next, err, d.NextAt)
	}
	check("its next attempt", d.NextAt, stored[2], stored[0])

	d.State, d.Attempts, d.NextAt = rooms.DeliveryDead, 2, time.Time{}
	finish(t, s, d)
	if err := s.FinishAttempt(t.Context(), d); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("finished twice: %v, want ErrNotFound", err)
	}
	check("the next of the room", now.Add(time.Second), stored[2], stored[1])
	dead := must(s.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID, State: rooms.DeliveryDead}))(t)
	same(t, []rooms.Delivery{d}, dead)

	// A dead one goes behind those that wait.
	later := appendAll(t, s, "n", one.event(rooms.RoomEnded))
	again := must(s.Redeliver(t.Context(), w.ID, d.ID, now.Add(2*time.Second)))(t)
	if again.State != rooms.DeliveryPending || again.Attempts != 0 || again.ID != d.ID || again.Event.ID != d.Event.ID {
		t.Errorf("queued again as %+v", again)
	}
	_, unknown := s.Redeliver(t.Context(), w.ID+1, d.ID, now)
	_, pending := s.Redeliver(t.Context(), w.ID, d.ID, now)
	if !errors.Is(unknown, rooms.ErrNotFound) || !errors.Is(pending, rooms.ErrStale) {
		t.Errorf("of another webhook: %v, want ErrNotFound; pending: %v, want ErrStale", unknown, pending)
	}
	for _, want := range []rooms.Event{stored[1], later[0], stored[0]} {
		due = check("one after the other", now.Add(time.Hour), stored[2], want)
		done := due[1].Delivery
		done.State, done.Attempts, done.LastAt, done.NextAt, done.Status, done.Problem = rooms.DeliveryDelivered, 1, now, time.Time{}, 204, ""
		finish(t, s, done)
	}
	check("the other room's", now.Add(time.Hour), stored[2])
	page := must(s.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID, Limit: 2}))(t)
	rest := must(s.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID, Before: page[1].ID}))(t)
	if len(page) != 2 || len(rest) != 2 || page[0].ID < page[1].ID || page[1].ID <= rest[0].ID {
		t.Errorf("pages %+v and %+v", page, rest)
	}
	if n := must(s.PruneDeliveries(t.Context(), now.Add(time.Hour), 2))(t); n != 2 {
		t.Errorf("pruned %d, want 2", n)
	}
	if n := must(s.PruneDeliveries(t.Context(), now.Add(time.Hour), 10))(t); n != 1 {
		t.Errorf("pruned %d, want 1: what is pending stays", n)
	}
}

func pings(t *testing.T, s rooms.Store) {
	w := hook(t, s, createUser(t, s, "anna"), func(w *rooms.Webhook) { w.Kinds = []rooms.EventKind{rooms.RoomEnded} })
	first := must(s.QueuePing(t.Context(), w.ID, rooms.NewEvent("", rooms.WebhookPing, start)))(t)
	second := must(s.QueuePing(t.Context(), w.ID, rooms.NewEvent("", rooms.WebhookPing, start)))(t)
	if first.NextAt.IsZero() || !second.NextAt.IsZero() {
		t.Errorf("queued %+v and %+v", first, second)
	}
	same(t, []rooms.Delivery{second, first}, must(s.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID}))(t))
	due, _, err := s.DueDeliveries(t.Context(), start.Add(time.Second), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due: %+v, %v", due, err)
	}
	same(t, first, due[0].Delivery)
	first.State, first.Attempts, first.LastAt, first.NextAt = rooms.DeliveryDead, 1, ms(start), time.Time{}
	finish(t, s, first)
	if again := must(s.Redeliver(t.Context(), w.ID, first.ID, start))(t); again.Event.Kind != rooms.WebhookPing {
		t.Errorf("again: %+v", again)
	}
}

func leases(t *testing.T, s rooms.Store) {
	for i, tt := range []struct {
		name, holder string
		ttl          time.Duration
		want         bool
	}{
		{"x", "a", time.Hour, true},
		{"x", "b", time.Hour, false},
		{"x", "a", time.Hour, true},
		{"y", "b", time.Hour, true},
		{"x", "a", 0, true},
		{"x", "b", time.Hour, true},
		{"x", "a", time.Hour, false},
	} {
		if got := must(s.Lease(t.Context(), tt.name, tt.holder, tt.ttl))(t); got != tt.want {
			t.Errorf("step %d: %v, want %v", i, got, tt.want)
		}
	}
}

func finish(t *testing.T, s rooms.Store, d rooms.Delivery) {
	t.Helper()
	if err := s.FinishAttempt(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}
