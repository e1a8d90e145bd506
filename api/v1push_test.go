package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plenum/signaling"
)

// TestPushTargets pushes to whom each target names, as each role.
func TestPushTargets(t *testing.T) {
	s := newTestServer(t, nil)
	s.attendants.list = []Attendant{
		{ChannelName: "a!a", Details: map[string]string{"my_id": "bob"}},
		{ChannelName: "b!b", Details: map[string]string{"my_id": "eve"}},
	}
	room := s.reserve(t, "Plan")
	s.meetings.enter(room.ID, Participant{ID: "p1", Connected: true}, Participant{ID: "p2"})
	empty := s.reserve(t, "Empty")
	in := func(id, more string) string { return fmt.Sprintf(`{"to":{"room":%q%s},"info":"hi"}`, id, more) }
	for name, tt := range map[string]struct {
		as, body, want string
		status         int
	}{
		"a channel": {
			"ben", `{"to":{"channel":"a!a"},"info":"hi"}`,
			`{"delivered":1,"queue_full":0,"gone":0,"recipients":[{"recipient":"a!a","result":"delivered"}],"more":0}`, 200,
		},
		"a channel that is gone": {
			"ben", `{"to":{"channel":"c!c"},"info":"hi"}`,
			`{"delivered":0,"queue_full":0,"gone":1,"recipients":[{"recipient":"c!c","result":"gone"}],"more":0}`, 200,
		},
		"details": {
			"ben", `{"to":{"details":{"my_id":"bob"}},"info":"hi"}`,
			`{"delivered":1,"queue_full":0,"gone":0,"recipients":[{"recipient":"a!a","result":"delivered"}],"more":0}`, 200,
		},
		"details of nobody": {
			"ben", `{"to":{"details":{"my_id":"zoe"}},"info":"hi"}`,
			`{"delivered":0,"queue_full":0,"gone":0,"recipients":[],"more":0}`, 200,
		},
		"all as admin": {
			"admin", `{"to":{"all":true},"info":"hi"}`,
			`{"delivered":2,"queue_full":0,"gone":0,"recipients":[{"recipient":"a!a","result":"delivered"},{"recipient":"b!b","result":"delivered"}],"more":0}`, 200,
		},
		"all as host": {"ben", `{"to":{"all":true},"info":"hi"}`, "", 403},
		"a room": {
			"anna", in(room.ID, ""),
			`{"delivered":1,"queue_full":0,"gone":1,"recipients":[{"recipient":"p2","result":"gone"},{"recipient":"p1","result":"delivered"}],"more":0}`, 200,
		},
		"one in a room": {
			"admin", in(room.ID, `,"participant":"p1"`),
			`{"delivered":1,"queue_full":0,"gone":0,"recipients":[{"recipient":"p1","result":"delivered"}],"more":0}`, 200,
		},
		"nobody in a room":   {"anna", in(room.ID, `,"participant":"p9"`), "", 404},
		"an empty room":      {"anna", in(empty.ID, ""), `{"delivered":0,"queue_full":0,"gone":0,"recipients":[],"more":0}`, 200},
		"one in none":        {"anna", in(empty.ID, `,"participant":"p1"`), "", 404},
		"another's room":     {"ben", in(room.ID, ""), "", 404},
		"no room":            {"admin", in("1.x", ""), "", 404},
		"nobody's login":     {"", `{"to":{"channel":"a!a"},"info":"hi"}`, "", 401},
		"no target":          {"admin", `{"info":"hi"}`, "", 400},
		"two targets":        {"admin", `{"to":{"channel":"a!a","all":true},"info":"hi"}`, "", 400},
		"no details":         {"admin", `{"to":{"details":{}},"info":"hi"}`, "", 400},
		"details of numbers": {"admin", `{"to":{"details":{"n":1}},"info":"hi"}`, "", 400},
		"one in no room":     {"admin", `{"to":{"all":true,"participant":"p1"},"info":"hi"}`, "", 400},
		"an unknown target":  {"admin", `{"to":{"user":"bob"},"info":"hi"}`, "", 400},
		"no text":            {"admin", `{"to":{"channel":"a!a"}}`, "", 400},
		"null":               {"admin", `{"to":{"channel":"a!a"},"info":null}`, "", 400},
		"an empty text":      {"admin", `{"to":{"channel":"a!a"},"info":""}`, "", 400},
		"blanks for people":  {"anna", strings.Replace(in(room.ID, ""), `"hi"`, `"  "`, 1), "", 400},
		"much for people":    {"anna", strings.Replace(in(room.ID, ""), "hi", strings.Repeat("ü", 1001), 1), "", 400},
	} {
		a := s.post(t, tt.as, "/api/v1/push", tt.body)
		if tt.status != http.StatusOK {
			wantProblem(t, name, a, tt.status)
			continue
		}
		if got := strings.TrimSpace(a.body); a.StatusCode != tt.status || got != tt.want {
			t.Errorf("%s: %d %s\nwant %s", name, a.StatusCode, got, tt.want)
		}
	}
	if got := s.log.String(); strings.Contains(got, `"hi"`) {
		t.Error("the log tells what was pushed")
	}
}

func TestPushInfo(t *testing.T) {
	s := newTestServer(t, nil)
	s.attendants.list = []Attendant{{ChannelName: "a!a"}}
	var want []string
	for info, text := range map[string]string{
		`"hey man"`: "hey man", `{"a": [1, 2.50],\n"b": "ü"}`: `{"a":[1,2.50],"b":"ü"}`, `7`: "7", `true`: "true", `[]`: "[]", `"\""`: `"`,
	} {
		want = append(want, text)
		if a := s.post(t, "anna", "/api/v1/push", `{"to":{"channel":"a!a"},"info":`+strings.ReplaceAll(info, "\\n", "\n")+`}`); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", info, a.StatusCode, a.body)
		}
	}
	if diff := cmp.Diff(want, s.attendants.pushedTo("a!a")); diff != "" {
		t.Errorf("pushed (-want +got):\n%s", diff)
	}
}

// TestPushListsWhoMissedItFirst bounds the list, not the counts.
func TestPushListsWhoMissedItFirst(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	var people []Participant
	for i := range 300 {
		people = append(people, Participant{ID: fmt.Sprint("p", i+1), Connected: i != 250})
	}
	s.meetings.enter(room.ID, people...)
	for query, listed := range map[string]int{"": 100, "?limit=0": 0, "?limit=1": 1, "?limit=1000": 300} {
		a := s.post(t, "anna", "/api/v1/rooms/"+room.ID+"/message"+query, `{"info":"hi"}`)
		got := decode[pushedBody](t, a)
		if got.Delivered != 299 || got.Gone != 1 || len(got.Recipients) != listed || got.More != 300-listed {
			t.Errorf("%s: %d delivered, %d gone, %d listed, %d more", query, got.Delivered, got.Gone, len(got.Recipients), got.More)
		}
		if listed > 0 && got.Recipients[0] != (deliveryBody{"p251", signaling.Gone}) {
			t.Errorf("%s: first is %+v, want who is gone", query, got.Recipients[0])
		}
	}
	for _, bad := range []string{"-1", "1001", "x"} {
		wantProblem(t, bad, s.post(t, "anna", "/api/v1/rooms/"+room.ID+"/message?limit="+bad, `{"info":"hi"}`), 400)
	}
}

func TestPushOnce(t *testing.T) {
	s := newTestServer(t, nil)
	s.attendants.list = []Attendant{{ChannelName: "a!a"}}
	push := func(as, key, info string) answer {
		t.Helper()
		return s.post(t, as, "/api/v1/push", `{"to":{"channel":"a!a"},"info":"`+info+`"}`, "Idempotency-Key", key)
	}
	first := push("anna", "k", "one")
	s.attendants.list = nil // it would be gone now
	if again := push("anna", "k", "one"); first.StatusCode != 200 || again.body != first.body {
		t.Errorf("again: %d %s, first %s", again.StatusCode, again.body, first.body)
	}
	wantProblem(t, "another text", push("anna", "k", "two"), 422)
	wantProblem(t, "a bad key", push("anna", "a b", "one"), 400)
	s.attendants.list = []Attendant{{ChannelName: "a!a"}}
	push("ben", "k", "ben's")
	s.pass(keyLasts)
	push("anna", "k", "tomorrow's")
	if diff := cmp.Diff([]string{"one", "ben's", "tomorrow's"}, s.attendants.pushedTo("a!a")); diff != "" {
		t.Errorf("pushed (-want +got):\n%s", diff)
	}

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { push("anna", "together", "once") })
	}
	wg.Wait()
	if got := s.attendants.pushedTo("a!a"); len(got) != 4 {
		t.Errorf("20 at once pushed %d times", len(got)-3)
	}
}

// TestOnceForgets forgets what failed, and the oldest of too many keys.
func TestOnceForgets(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	say := func() answer {
		return s.post(t, "anna", "/api/v1/rooms/"+room.ID+"/participants/p1/message", `{"info":"hi"}`, "Idempotency-Key", "k")
	}
	wantProblem(t, "before p1 came", say(), 404)
	s.meetings.enter(room.ID, Participant{ID: "p1", Connected: true})
	if a := say(); a.StatusCode != 200 {
		t.Errorf("after p1 came: %d %s", a.StatusCode, a.body)
	}

	o, done := newOnceOnly(), 0
	func() {
		defer func() { _ = recover() }()
		_, _ = o.once(t.Context(), 2, "k", "x", s.clock(), func() ([]Delivery, error) { panic("ours") })
	}()
	if all, err := o.once(t.Context(), 2, "k", "x", s.clock(), func() ([]Delivery, error) { return []Delivery{{}}, nil }); len(all) != 1 || err != nil {
		t.Errorf("after a panic: %v, %v", all, err)
	}
	do := func() ([]Delivery, error) { done++; return nil, nil }
	for i := range mostKeys + 1 {
		if _, err := o.once(t.Context(), 1, fmt.Sprint(i), "x", s.clock(), do); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{fmt.Sprint(mostKeys), "0"} { // the newest is known, the oldest not
		if _, err := o.once(t.Context(), 1, key, "x", s.clock(), do); err != nil {
			t.Fatal(err)
		}
	}
	if done != mostKeys+2 || len(o.users[1].did) != mostKeys || len(o.users[1].order) != mostKeys {
		t.Errorf("%d done, %d keys kept", done, len(o.users[1].did))
	}
}
