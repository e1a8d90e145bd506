package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
)

// keyless are the POSTs that take no Idempotency-Key, and why.
var keyless = map[string]string{
	"openSession":         "nobody is logged in, whose key it could be; a second session costs nothing",
	"tryConnection":       "keeps nothing",
	"shareFile":           "asks for no login: it is a participant's, who sees in the chat whether it came",
	"endRoom":             "ended twice is ended",
	"moderateParticipant": "puts somebody into a state",
	"moderateRoom":        "puts a meeting into a state",
	"admitOrDeny":         "puts somebody into a state",
}

const aKey = "0f8b1c7e-6d1a-4f6e-9d0c-2f6f1f3c9a11"

// keyedCall is one route that takes a key, with a request for it.
type keyedCall struct {
	id     string
	wanted request // as admin, with the key
	other  request // another one with the same key
	secret bool
}

// keyedCalls has do called with every route that takes a key. It fails for a
// POST that takes none and has no reason for it.
func (s *testServer) keyedCalls(t *testing.T, do func(keyedCall)) {
	t.Helper()
	for _, path := range described(t).Paths {
		for _, o := range path.Value.Operations() {
			if o.Name != http.MethodPost {
				continue
			}
			key, takes := keyOf(o.Value)
			if takes == (keyless[o.Value.ID] != "") {
				t.Errorf("%s: takes a key: %v, reason why not: %q", o.Value.ID, takes, keyless[o.Value.ID])
			}
			if !takes {
				continue
			}
			r := request{method: o.Name, path: s.example(t, path.Name), as: "admin", header: map[string]string{"Idempotency-Key": aKey + o.Value.ID}}
			other := r
			if o.Value.Body == nil {
				other.path += "?x=1"
			} else {
				r.header["Content-Type"] = "application/json"
				r.body = exampleBody(t, o.Value)
				other.body = changed(t, r.body)
			}
			do(keyedCall{id: o.Value.ID, wanted: r, other: other, secret: strings.Contains(key.Description, "guess")})
		}
	}
}

// keyOf returns the description of an operation's Idempotency-Key, if it takes one.
func keyOf(o *operation) (parameter, bool) {
	i := slices.IndexFunc(o.Parameters, func(p parameter) bool { return p.Name == "Idempotency-Key" })
	if i < 0 {
		return parameter{}, false
	}
	return o.Parameters[i], true
}

// changed returns a body that asks for something else.
func changed(t *testing.T, body string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{"info": "something else", "description": "something else", "name": "something else", "minutes": 16} {
		if _, has := fields[name]; has {
			fields[name] = value
		}
	}
	if text, err := json.Marshal(fields); err == nil && !sameJSON(string(text), body) {
		return string(text)
	}
	fields["more"] = true // refused by who reads it
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sameJSON(a, b string) bool {
	var left, right any
	if json.Unmarshal([]byte(a), &left) != nil || json.Unmarshal([]byte(b), &right) != nil {
		return false
	}
	x, _ := json.Marshal(left)
	y, _ := json.Marshal(right)
	return bytes.Equal(x, y)
}

// TestEveryCreatingCallTakesAKey repeats every call that makes something: it
// is answered as it was, and done once.
func TestEveryCreatingCallTakesAKey(t *testing.T) {
	s := newTestServer(t, nil)
	s.do(t, request{path: "/api/v1/session", as: "admin"})
	calls := 0
	s.keyedCalls(t, func(call keyedCall) {
		calls++
		t.Run(call.id, func(t *testing.T) {
			first := s.do(t, call.wanted)
			if first.StatusCode >= 300 {
				t.Fatalf("first: %d %s", first.StatusCode, first.body)
			}
			before := s.made(t)
			again := s.do(t, call.wanted)
			if again.StatusCode != first.StatusCode || again.body != first.body ||
				again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("Etag") != first.Header.Get("Etag") {
				t.Errorf("again: %d %s %v\nfirst: %d %s %v", again.StatusCode, again.body, again.Header, first.StatusCode, first.body, first.Header)
			}
			wantProblem(t, "another body", s.do(t, call.other), 422)
			if after := s.made(t); !maps.Equal(before, after) {
				t.Errorf("it was done twice: %v, then %v", before, after)
			}
			short := call.wanted
			short.header = maps.Clone(call.wanted.header)
			short.header["Idempotency-Key"] = "short"
			if call.secret {
				wantProblem(t, "a key that can be guessed", s.do(t, short), 400)
			}
			short.header["Idempotency-Key"] = "not visible"
			if a := s.do(t, short); a.StatusCode != 400 {
				t.Errorf("a bad key: %d %s", a.StatusCode, a.body)
			}
		})
	})
	if calls < 15 {
		t.Errorf("only %d calls take a key", calls)
	}
}

// made counts what creating calls make.
func (s *testServer) made(t *testing.T) map[string]int {
	t.Helper()
	users, err1 := s.store.Users(t.Context())
	tokens, err2 := s.store.Tokens(t.Context(), 0)
	hooks, err3 := s.store.Webhooks(t.Context(), 0)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{"users": len(users), "tokens": len(tokens), "webhooks": len(hooks), "rooms": s.countRooms(t)}
	list, _, err := s.store.Rooms(t.Context(), rooms.RoomFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range list {
		links, err := s.store.Links(t.Context(), room, s.clock())
		if err != nil {
			t.Fatal(err)
		}
		count["links"] += len(links)
		count["minutes"] += int(room.Duration.Minutes())
		count["epochs"] += int(room.Rules.LinkEpoch)
	}
	for _, w := range hooks {
		all, err := s.store.Deliveries(t.Context(), rooms.DeliveryFilter{WebhookID: w.ID})
		if err != nil {
			t.Fatal(err)
		}
		count["deliveries"] += len(all)
	}
	s.recordings.mu.Lock()
	defer s.recordings.mu.Unlock()
	count["recording log"] = len(s.recordings.log)
	s.attendants.mu.Lock()
	defer s.attendants.mu.Unlock()
	for _, texts := range s.attendants.pushed {
		count["pushed"] += len(texts)
	}
	return count
}

func (s *testServer) newToken(t *testing.T, as, key string) answer {
	t.Helper()
	return s.post(t, as, "/api/v1/tokens", `{"name":"t","scopes":["read"]}`, "Idempotency-Key", key)
}

// TestKeyedAnswers looks at what a replay says beside its body.
func TestKeyedAnswers(t *testing.T) {
	s := newTestServer(t, nil)
	first, again := s.newToken(t, "anna", aKey), s.newToken(t, "anna", aKey)
	if first.Header.Get(replayed) != "" || again.Header.Get(replayed) != "true" {
		t.Errorf("%s is %q, then %q", replayed, first.Header.Get(replayed), again.Header.Get(replayed))
	}
	reordered := s.post(t, "anna", "/api/v1/tokens", "{\"scopes\": [\"read\"],\n \"name\": \"t\"}", "Idempotency-Key", aKey)
	if reordered.body != first.body {
		t.Errorf("the same in another order: %d %s", reordered.StatusCode, reordered.body)
	}
	if bens := s.newToken(t, "ben", aKey); bens.StatusCode != 201 || bens.body == first.body {
		t.Errorf("ben's key of the same name: %d %s", bens.StatusCode, bens.body)
	}
	var replays int
	for _, e := range s.entries(t, 6) { // two logins too
		if e.Action == "createToken" && e.Details["replayed"] == "true" && e.Object == strconv.FormatInt(decode[struct{ ID int64 }](t, first).ID, 10) {
			replays++
		}
	}
	if replays != 2 {
		t.Errorf("%d replays are in the audit log, want 2", replays)
	}
	s.pass(keyLasts)
	if later := s.newToken(t, "anna", aKey); later.StatusCode != 201 || later.body == first.body {
		t.Errorf("a day later: %d %s", later.StatusCode, later.body)
	}
}

// TestRefusedIsNotKept tries again under the same key what was refused.
func TestRefusedIsNotKept(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan")
	extend := func() answer {
		return s.post(t, "anna", "/api/v1/rooms/"+room.ID+"/extend", `{"minutes":1400}`, "Idempotency-Key", "k")
	}
	wantProblem(t, "longer than a day", extend(), 400)
	if err := s.store.SetRoomEnd(t.Context(), room.ID, s.clock().Add(1)); err != nil {
		t.Fatal(err)
	}
	a := extend()
	if a.StatusCode == 409 && strings.Contains(a.body, "Idempotency-Key") || a.StatusCode == 422 {
		t.Errorf("again: %d %s", a.StatusCode, a.body)
	}
}

// failingStore loses the database while a token is being made, and does not
// get to know whether it was.
type failingStore struct {
	rooms.Store
	fail error
}

func (s *failingStore) CreateToken(ctx context.Context, token rooms.Token) (rooms.Token, error) {
	made, err := s.Store.CreateToken(ctx, token)
	return made, errors.Join(err, s.fail)
}

// TestUnknownEnd repeats a request of which nobody knows whether it was done.
func TestUnknownEnd(t *testing.T) {
	var store *failingStore
	s := newTestServer(t, func(_ *Config, d *Deps) {
		store = &failingStore{d.Store, rooms.ErrUnavailable}
		d.Store = store
	})
	wantProblem(t, "the database is lost", s.newToken(t, "anna", aKey), 503)
	store.fail = nil
	wantProblem(t, "nobody knows", s.newToken(t, "anna", aKey), 409)
	if a := s.newToken(t, "anna", aKey+"2"); a.StatusCode != 201 {
		t.Errorf("a new key: %d %s", a.StatusCode, a.body)
	}
}

// TestKeyedAtOnce repeats a request while it is being done.
func TestKeyedAtOnce(t *testing.T) {
	s := newTestServer(t, nil)
	s.do(t, request{path: "/api/v1/session", as: "anna"})
	const callers = 16
	bodies := make(chan string, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() { bodies <- s.newToken(t, "anna", aKey).body })
	}
	wg.Wait()
	close(bodies)
	first := <-bodies
	for body := range bodies {
		if body != first {
			t.Errorf("answers differ: %s and %s", first, body)
		}
	}
	if all, err := s.store.Tokens(t.Context(), s.anna.ID); err != nil || len(all) != 1 {
		t.Errorf("%d tokens, %v", len(all), err)
	}
}

// hungUp makes a token while its caller goes away.
type hungUp struct {
	rooms.Store
	away func()
}

func (s *hungUp) CreateToken(ctx context.Context, token rooms.Token) (rooms.Token, error) {
	s.away()
	if ctx.Err() != nil {
		return token, ctx.Err()
	}
	return s.Store.CreateToken(ctx, token)
}

// TestCallerGoesAway has the caller of a keyed request go away in its middle,
// and ask again.
func TestCallerGoesAway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newTestServer(t, func(_ *Config, d *Deps) {
		d.Store = &hungUp{d.Store, cancel}
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/tokens", strings.NewReader(`{"name":"t","scopes":["read"]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("anna", annaPassword)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", aKey)
	if res, err := s.Client().Do(req); err == nil {
		res.Body.Close()
		t.Fatal("the caller did not go away")
	}
	again := s.newToken(t, "anna", aKey)
	if all, err := s.store.Tokens(t.Context(), s.anna.ID); again.StatusCode != 201 || err != nil || len(all) != 1 {
		t.Errorf("again: %d %s; %d tokens, %v", again.StatusCode, again.body, len(all), err)
	}
}

// TestKeyedAnswersAreSealed looks for what must not be in the store.
func TestKeyedAnswersAreSealed(t *testing.T) {
	var kept []string
	s := newTestServer(t, func(_ *Config, d *Deps) { d.Store = &readingStore{d.Store, &kept} })
	text := decode[struct{ Token string }](t, s.newToken(t, "anna", aKey)).Token
	s.post(t, "admin", "/api/v1/users", `{"username":"carl","password":"four plain words here"}`, "Idempotency-Key", aKey)
	if len(kept) != 4 {
		t.Fatalf("%d things were kept, want a digest and an answer of each", len(kept))
	}
	for _, what := range kept {
		for _, secret := range []string{text, strings.TrimPrefix(text, "plenum_"), "four plain", aKey, "carl"} {
			if strings.Contains(what, secret) {
				t.Errorf("%q is in the store", secret)
			}
		}
	}
	if _, err := s.api.unseal("another key, which was not used", []byte(kept[1])); err == nil {
		t.Error("an answer can be read without its key")
	}
}

// readingStore notes what is kept of keyed requests.
type readingStore struct {
	rooms.Store
	kept *[]string
}

func (s *readingStore) ClaimAnswer(ctx context.Context, key rooms.RequestKey, now time.Time) ([]byte, error) {
	*s.kept = append(*s.kept, key.Key+string(key.Digest))
	return s.Store.ClaimAnswer(ctx, key, now)
}

func (s *readingStore) KeepAnswer(ctx context.Context, key rooms.RequestKey, answer []byte) error {
	*s.kept = append(*s.kept, string(answer))
	return s.Store.KeepAnswer(ctx, key, answer)
}
