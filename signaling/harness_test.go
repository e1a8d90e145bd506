package signaling

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

var hostKey = []byte("0123456789abcdef0123456789abcdef")

// harness is a hub with fakes around it, behind a real HTTP server.
type harness struct {
	t      *testing.T
	hub    *Hub
	media  *fakeMedia
	rec    *fakeRecorders
	store  *fakeStore
	ledger *fakeLedger
	room   rooms.Room
	url    string

	visitor Visitor // who opens the next socket
}

func newHarness(t *testing.T, cfg Config) *harness {
	t.Helper()
	h := &harness{t: t, media: &fakeMedia{}, rec: newFakeRecorders(), store: &fakeStore{}, ledger: &fakeLedger{}, room: rooms.Room{
		ID: "1.r", CreatorID: 1, Description: "Plans", End: time.Now().Add(time.Hour),
	}}
	return h.start(cfg)
}

// start serves the hub. It checks at the end of the test that no goroutine is left.
func (h *harness) start(cfg Config) *harness {
	h.t.Helper()
	h.t.Cleanup(func() { goleak.VerifyNone(h.t) })
	h.hub = NewHub(cfg, h.media, h.rec, hostKey, h.store, h.ledger, slog.New(slog.NewTextHandler(h.t.Output(), nil)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.hub.ServeMeeting(w, r, h.room, h.visitor)
	}))
	h.url = "ws" + strings.TrimPrefix(srv.URL, "http")
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), patience)
		defer cancel()
		if err := h.hub.Close(ctx); err != nil {
			h.t.Errorf("Close: %v", err)
		}
		srv.Close()
	})
	return h
}

// secrets hands out keys of links.
type secrets struct{}

func (secrets) Secret(_ context.Context, name string) ([]byte, error) {
	return []byte("the secret " + name), nil
}

func testLinks(t *testing.T) rooms.LinkKeys {
	t.Helper()
	keys, err := rooms.NewLinkKeys(t.Context(), secrets{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// client is a page. Its messages are read by its own goroutine.
type client struct {
	t     *testing.T
	conn  *websocket.Conn
	inbox chan any
	code  chan websocket.StatusCode // how the socket was closed
	me    protocol.Joined

	attempt int // to resume
}

func (h *harness) dial() *client {
	h.t.Helper()
	c := h.dialDeaf()
	c.listen()
	return c
}

// dialDeaf opens a socket whose messages nobody reads yet.
func (h *harness) dialDeaf() *client {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, h.url, &websocket.DialOptions{
		Subprotocols: []string{protocol.Version}, CompressionMode: websocket.CompressionNoContextTakeover,
	})
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close() // always empty
	}
	conn.SetReadLimit(-1)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: h.t, conn: conn, inbox: make(chan any, 4096), code: make(chan websocket.StatusCode, 1)}
}

func (c *client) listen() {
	ctx := context.WithoutCancel(c.t.Context())
	go func() {
		defer close(c.inbox)
		for {
			_, data, err := c.conn.Read(ctx)
			if err != nil {
				c.code <- websocket.CloseStatus(err)
				return
			}
			msg, err := protocol.DecodeServer(data)
			if err != nil {
				msg = fmt.Errorf("%w: %s", err, data)
			}
			c.inbox <- msg
		}
	}()
}

func (c *client) send(msg any) {
	c.t.Helper()
	data, err := protocol.Marshal(msg)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendRaw(string(data))
}

func (c *client) sendRaw(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("send %.60s: %v", text, err)
	}
}

// next returns the next message, whatever it is.
func (c *client) next() any {
	c.t.Helper()
	select {
	case msg, ok := <-c.inbox:
		if !ok {
			c.t.Fatal("the socket ended where a message was expected")
		}
		return msg
	case <-time.After(patience):
		c.t.Fatal("no message came")
	}
	return nil
}

// expect returns the next message, which must be a T.
func expect[T any](c *client) T {
	c.t.Helper()
	msg := c.next()
	got, ok := msg.(T)
	if !ok {
		c.t.Fatalf("got %T %+v, want %T", msg, msg, got)
	}
	return got
}

// await skips messages until a T comes for which ok holds.
func await[T any](c *client, ok func(T) bool) T {
	c.t.Helper()
	for {
		if got, is := c.next().(T); is && (ok == nil || ok(got)) {
			return got
		}
	}
}

// bye awaits the last message and the close code, in this order.
func (c *client) bye(want protocol.ByeReason, code websocket.StatusCode) {
	c.t.Helper()
	if got := await[protocol.Bye](c, nil); got.Reason != want || got.Message == "" {
		c.t.Fatalf("bye %+v, want %s with a message", got, want)
	}
	select {
	case got := <-c.code:
		if got != code {
			c.t.Errorf("close code %d, want %d", got, code)
		}
	case <-time.After(patience):
		c.t.Fatal("the socket was not closed after bye")
	}
	for msg := range c.inbox {
		c.t.Errorf("%T after bye", msg)
	}
}

func (c *client) refused(re int, code protocol.ErrorCode) {
	c.t.Helper()
	got := expect[protocol.Error](c)
	if got.Code != code || got.Re != re || got.Message == "" {
		c.t.Fatalf("got %+v, want %s in answer to %d", got, code, re)
	}
}

func joinMessage(name, token string) protocol.Join {
	return protocol.Join{
		Request: protocol.Request{ID: 1}, Name: name, Token: token, Offer: "offer of " + name,
		Sources: map[string]protocol.Source{"0": protocol.Microphone}, View: protocol.View{Tiles: []protocol.Tile{}},
	}
}

// join opens a socket and joins as a guest.
func (h *harness) join(name string) *client { h.t.Helper(); return h.joinWith(name, "") }

// host opens a socket on which Ann joins as a host.
func (h *harness) host() *client {
	h.t.Helper()
	return h.joinWith("Ann", rooms.HostToken(hostKey, h.room.ID))
}

func (h *harness) joinWith(name, token string) *client {
	h.t.Helper()
	c := h.dial()
	c.send(joinMessage(name, token))
	c.me = expect[protocol.Joined](c)
	return c
}

// saw awaits a roster event in which a participant is as ok wants it.
func (c *client) saw(id string, ok func(protocol.Participant) bool) {
	c.t.Helper()
	await(c, func(r protocol.Roster) bool {
		return slices.ContainsFunc(r.Changed, func(p protocol.Participant) bool { return p.ID == id && ok(p) })
	})
}

func (c *client) sawLeave(id string) {
	c.t.Helper()
	await(c, func(r protocol.Roster) bool { return slices.Contains(r.Left, id) })
}

// settles waits until what is noted contains want.
func settles(t *testing.T, d *diary, want ...string) {
	t.Helper()
	eventually(t, func() bool {
		lines := d.read()
		return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(lines, w) })
	}, func() string { return fmt.Sprintf("%q never came; noted: %q", want, d.read()) })
}

// eventually polls until ok holds.
func eventually(t *testing.T, ok func() bool, complain func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal(complain())
		}
		time.Sleep(time.Millisecond) // the interval of a poll
	}
}
