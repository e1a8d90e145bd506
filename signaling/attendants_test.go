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
