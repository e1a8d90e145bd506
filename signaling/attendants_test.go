package signaling

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// register is an Attendants behind a real HTTP server.
type register struct {
	*Attendants
	url string
}

func newRegister(t *testing.T, cfg AttendantsConfig) *register {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	a := NewAttendants(cfg, slog.New(slog.DiscardHandler))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		details, err := ParseDetails(r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a.ServeAttendance(w, r, Attendant{IP: "192.0.2.1", Port: 4711, User: "ann", Details: details})
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := a.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		srv.Close()
	})
	return &register{Attendants: a, url: "ws" + strings.TrimPrefix(srv.URL, "http")}
}

// attend opens a socket and waits until it is number n in the register.
func (r *register) attend(t *testing.T, query string, n int) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), r.url+"/?"+query, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close() // always empty
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	r.counts(t, n)
	return conn
}

func (r *register) counts(t *testing.T, n int) {
	t.Helper()
	eventually(t, func() bool { return len(r.List()) == n },
		func() string { return fmt.Sprintf("%d attendants, want %d", len(r.List()), n) })
}

func TestAttendance(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	conn := r.attend(t, "my_id=bob&my_id=eve&blank=", 1)
	got := r.List()[0]
	if !regexp.MustCompile(`^plenum\.response\.[A-Za-z]{10}![A-Za-z]{10}$`).MatchString(got.ChannelName) {
		t.Errorf("channel name %q", got.ChannelName)
	}
	if got.IP != "192.0.2.1" || got.Port != 4711 || got.User != "ann" || time.Since(got.ConnectedAt) > time.Minute {
		t.Errorf("attendant: %+v", got)
	}
	if diff := cmp.Diff(map[string]string{"my_id": "bob"}, got.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	for _, frame := range [][]byte{[]byte("hello"), bytes.Repeat([]byte("x"), 1<<20)} { // both thrown away
		if err := conn.Write(t.Context(), websocket.MessageBinary, frame); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"hey man", "", `{"a":"ü"}`} {
		if err := r.Push(t.Context(), got.ChannelName, text); err != nil {
			t.Fatalf("Push(%q): %v", text, err)
		}
		if kind, data, err := conn.Read(t.Context()); err != nil || kind != websocket.MessageText || string(data) != text {
			t.Errorf("received %v %q, %v, want text %q", kind, data, err, text)
		}
	}
	if err := r.Push(t.Context(), got.ChannelName, "\xff"); err != nil {
		t.Fatal(err)
	}
	if _, data, err := conn.Read(t.Context()); err != nil || string(data) != "\uFFFD" {
		t.Errorf("received %q, %v", data, err)
	}
	if err := r.Push(t.Context(), "plenum.response.AAAAAAAAAA!AAAAAAAAAA", "x"); !errors.Is(err, ErrOffline) {
		t.Errorf("push to nobody: %v", err)
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	r.counts(t, 0)
	if err := r.Push(t.Context(), got.ChannelName, "x"); !errors.Is(err, ErrOffline) {
		t.Errorf("push after the socket closed: %v", err)
	}
}

func TestAttendantsAreListedOldestFirst(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	for n := range 5 {
		r.attend(t, fmt.Sprintf("n=%d", n), n+1)
	}
	for n, a := range r.List() {
		if a.Details["n"] != fmt.Sprint(n) {
			t.Errorf("place %d holds %s", n, a.Details["n"])
		}
	}
}

func TestAttendantThatDoesNotRead(t *testing.T) {
	r := newRegister(t, AttendantsConfig{QueueLen: 2})
	r.attend(t, "", 1)
	name, text := r.List()[0].ChannelName, strings.Repeat("x", 1<<20)
	eventually(t, func() bool { return errors.Is(r.Push(t.Context(), name, text), ErrOffline) },
		func() string { return "pushes pile up without end" })
	r.counts(t, 0)
}

// TestSend holds each target to whom it names, while attendants come and go.
func TestSend(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	conns := map[string]*websocket.Conn{}
	for n, query := range []string{"my_id=bob&team=x", "my_id=eve&team=x", "my_id=bob&team=y", ""} {
		conns[query] = r.attend(t, query, n+1)
	}
	names := map[string]string{} // channel name to query
	for _, a := range r.List() {
		for query := range conns {
			if got, _ := url.ParseQuery(query); len(got) == len(a.Details) && got.Get("my_id") == a.Details["my_id"] && got.Get("team") == a.Details["team"] {
				names[a.ChannelName] = query
			}
		}
	}
	details := func(pairs ...string) Target {
		to := Target{Details: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			to.Details[pairs[i]] = pairs[i+1]
		}
		return to
	}
	for name, tt := range map[string]struct {
		to   Target
		want []string
	}{
		"one field":        {details("my_id", "bob"), []string{"my_id=bob&team=x", "my_id=bob&team=y"}},
		"another":          {details("team", "x"), []string{"my_id=bob&team=x", "my_id=eve&team=x"}},
		"both":             {details("my_id", "bob", "team", "x"), []string{"my_id=bob&team=x"}},
		"a value of none":  {details("my_id", "zoe"), nil},
		"a field of none":  {details("my_id", "bob", "age", "7"), nil},
		"no value at all":  {details("age", ""), nil},
		"all":              {Target{All: true}, []string{"", "my_id=bob&team=x", "my_id=bob&team=y", "my_id=eve&team=x"}},
		"nobody":           {Target{}, nil},
		"an empty details": {details(), nil},
	} {
		var got []string
		for _, d := range r.Send(tt.to, name) {
			if d.Outcome != Delivered {
				t.Errorf("%s: %+v", name, d)
			}
			query := names[d.Recipient]
			got = append(got, query)
			if _, data, err := conns[query].Read(t.Context()); err != nil || string(data) != name {
				t.Errorf("%s: %s received %q, %v", name, query, data, err)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff([]Delivery{{"x!y", Gone}}, r.Send(Target{ChannelName: "x!y"}, "x")); diff != "" {
		t.Errorf("a channel of nobody (-want +got):\n%s", diff)
	}
	for _, conn := range conns {
		_ = conn.CloseNow()
	}
	r.counts(t, 0)
	if n := len(r.byDetail); n != 0 {
		t.Errorf("%d details are kept of nobody", n)
	}
}

// TestDeafAttendantDelaysNobody pushes to all while one of them never reads:
// the others get every text, and the deaf one is told of and closed.
func TestDeafAttendantDelaysNobody(t *testing.T) {
	r := newRegister(t, AttendantsConfig{QueueLen: 8})
	r.attend(t, "deaf=1", 1)
	conn := r.attend(t, "", 2)
	conn.SetReadLimit(-1)
	text := strings.Repeat("x", 256<<10)
	deaf := r.List()[0].ChannelName
	for full := false; !full; {
		for _, d := range r.Send(Target{All: true}, text) {
			switch {
			case d.Recipient != deaf && d.Outcome != Delivered:
				t.Fatalf("who reads got %+v", d)
			case d.Recipient == deaf && d.Outcome == QueueFull:
				full = true
			}
		}
		if _, data, err := conn.Read(t.Context()); err != nil || len(data) != len(text) {
			t.Fatalf("who reads received %d bytes, %v", len(data), err)
		}
	}
	r.counts(t, 1)
	if diff := cmp.Diff([]Delivery{{deaf, Gone}}, r.Send(Target{ChannelName: deaf}, "x")); diff != "" {
		t.Errorf("after it was closed (-want +got):\n%s", diff)
	}
}

// TestCloseWritesWhatIsQueued holds that a shutdown does not swallow texts.
func TestCloseWritesWhatIsQueued(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	conn := r.attend(t, "", 1)
	for n := range 50 {
		r.Send(Target{All: true}, fmt.Sprint(n))
	}
	done := make(chan error, 1)
	go func() { done <- r.Close(t.Context()) }()
	for n := range 50 {
		if _, data, err := conn.Read(t.Context()); err != nil || string(data) != fmt.Sprint(n) {
			t.Fatalf("text %d: %q, %v", n, data, err)
		}
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("closed with %v, want 1012", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestHalfOpenAttendantIsGone(t *testing.T) {
	r := newRegister(t, AttendantsConfig{PingEvery: time.Millisecond, PongWait: 20 * time.Millisecond})
	r.attend(t, "", 1) // reads nothing, so answers no ping
	r.counts(t, 0)
}

func TestAttendantsClose(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	conn := r.attend(t, "", 1)
	done := make(chan error, 1)
	go func() { done <- r.Close(t.Context()) }()
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("closed with %v, want 1012", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	refused(t, r.url)
}

func TestAttendantsCloseGivesUp(t *testing.T) {
	r := newRegister(t, AttendantsConfig{})
	r.attend(t, "", 1) // reads nothing, so answers no close frame
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v, want the deadline", err)
	}
	r.counts(t, 0)
}

func TestTooManyAttendants(t *testing.T) {
	r := newRegister(t, AttendantsConfig{Most: 1})
	r.attend(t, "", 1)
	refused(t, r.url)
}

func refused(t *testing.T, url string) {
	t.Helper()
	_, resp, err := websocket.Dial(t.Context(), url, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("dial: %v, %v, want 503", resp, err)
	}
	_ = resp.Body.Close() // read by nobody
	http.DefaultClient.CloseIdleConnections()
}

func TestParseDetails(t *testing.T) {
	many := url.Values{}
	for i := range 21 {
		many.Set(fmt.Sprint(i), "x")
	}
	few := url.Values{"blank": {""}}
	for i := range 20 {
		few.Set(fmt.Sprint(i), "x")
	}
	for name, tt := range map[string]struct {
		query url.Values
		want  int // details, -1 for an error
	}{
		"none":          {url.Values{}, 0},
		"first wins":    {url.Values{"a": {"1", "2"}}, 1},
		"blanks drop":   {url.Values{"a": {""}, "b": {}, "c": {"", "2"}}, 1},
		"as many":       {few, 20},
		"too many":      {many, -1},
		"as long":       {url.Values{"a": {strings.Repeat("x", 2047)}}, 1},
		"too long":      {url.Values{"a": {strings.Repeat("x", 2048)}}, -1},
		"bad value":     {url.Values{"a": {"\xff"}}, -1},
		"bad key":       {url.Values{"\xff": {"a"}}, -1},
		"bad but blank": {url.Values{"\xff": {""}}, 0},
	} {
		got, err := ParseDetails(tt.query)
		if (err != nil) != (tt.want < 0) || err == nil && len(got) != tt.want {
			t.Errorf("%s: %v, %v, want %d details", name, got, err, tt.want)
		}
	}
	if got, _ := ParseDetails(url.Values{"a": {"1", "2"}}); got["a"] != "1" {
		t.Errorf("of two values %q is kept, want the first", got["a"])
	}
}
