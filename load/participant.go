package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"plenum/signaling/protocol"
)

// Bounds of one participant's doings.
const (
	joinTimeout  = 30 * time.Second
	writeTimeout = 10 * time.Second
	leaveTimeout = 5 * time.Second
	messageLimit = 16 << 20 // bytes; the roster of a full room must fit
)

// A participant is one participant of the load.
type participant struct {
	name    string
	plan    plan
	watches bool // has a view

	conn    *connection
	socket  *websocket.Conn
	id      string
	began   time.Duration // when it dialled
	joined  time.Duration // how long until its media connection was up
	leaving atomic.Bool
	heard   chan struct{}  // closed when its reader has ended
	live    sync.WaitGroup // its reader and its publisher
	sender  *publisher     // nil without sources
}

// join brings the participant into the meeting, with a view of tiles. When it
// fails, nothing is left of the participant.
func (c *participant) join(ctx context.Context, r *runner, tiles []protocol.Tile, speaking func(time.Duration) bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	if c.conn, err = newConnection(r.local, r.clock, r.certs, c.plan); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.end()
		}
	}()
	offer, sources, err := c.conn.offer()
	if err != nil {
		return err
	}
	c.conn.account.want(len(tiles))
	c.began = r.clock.now()
	if err := c.dial(ctx, r); err != nil {
		return err
	}
	joined, err := c.ask(ctx, protocol.Join{
		Request: protocol.Request{ID: 1}, Name: c.name, Offer: offer, Sources: sources, View: protocol.View{Tiles: tiles},
	})
	if err != nil {
		return err
	}
	c.id = joined.Participant
	c.heard = make(chan struct{})
	c.live.Go(func() { c.read(r) }) // from now on: the server may send seats at once
	if err := c.conn.accept(ctx, joined.Answer); err != nil {
		return err
	}
	c.joined = r.clock.now() - c.began
	return c.publish(r, speaking)
}

func (c *participant) dial(ctx context.Context, r *runner) error {
	conn, res, err := websocket.Dial(ctx, r.target.socketURL(), &websocket.DialOptions{ //nolint:bodyclose // Dial closes it
		HTTPClient: r.http, Subprotocols: []string{protocol.Version},
		CompressionMode: websocket.CompressionNoContextTakeover,
	})
	if err != nil {
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			return fmt.Errorf("open the meeting's socket: %s", res.Status)
		}
		return fmt.Errorf("open the meeting's socket: %w", err)
	}
	conn.SetReadLimit(messageLimit)
	c.socket = conn
	return nil
}

// ask sends join and reads its answer.
func (c *participant) ask(ctx context.Context, join protocol.Join) (protocol.Joined, error) {
	if err := c.send(ctx, join); err != nil {
		return protocol.Joined{}, err
	}
	_, data, err := c.socket.Read(ctx)
	if err != nil {
		return protocol.Joined{}, fmt.Errorf("wait for the answer to join: %w", err)
	}
	msg, err := protocol.DecodeServer(data)
	if err != nil {
		return protocol.Joined{}, fmt.Errorf("read the answer to join: %w", err)
	}
	switch m := msg.(type) {
	case protocol.Joined:
		return m, nil
	case protocol.Error:
		return protocol.Joined{}, fmt.Errorf("join was refused: %s: %s", m.Code, m.Message)
	case protocol.Bye:
		return protocol.Joined{}, fmt.Errorf("join was refused: %s", m.Reason)
	default:
		return protocol.Joined{}, fmt.Errorf("join was answered with %T", msg)
	}
}

// publish turns the participant's sources on and begins to send.
func (c *participant) publish(r *runner, speaking func(time.Duration) bool) error {
	if len(c.conn.outlets) == 0 {
		return nil
	}
	var err error
	if c.sender, err = newPublisher(c.conn, r.cfg, speaking); err != nil {
		return err
	}
	for source, has := range map[protocol.Source]bool{protocol.Microphone: c.plan.microphone, protocol.Camera: c.plan.layers > 0} {
		if has {
			if err := c.send(r.always, protocol.Publish{Source: source, On: true}); err != nil {
				return err
			}
		}
	}
	c.live.Go(func() { c.sender.run(r.sending) })
	return nil
}

func (c *participant) send(ctx context.Context, msg any) error {
	data, err := protocol.Marshal(msg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := c.socket.Write(ctx, websocket.MessageText, data); err != nil {
		return fmt.Errorf("write to the meeting's socket: %w", err)
	}
	return nil
}

// read handles what the server says until the socket ends.
func (c *participant) read(r *runner) {
	defer close(c.heard)
	err := c.listen(r.always)
	if !c.leaving.Load() {
		r.drop(c, err)
	}
}

func (c *participant) listen(ctx context.Context) error {
	for {
		_, data, err := c.socket.Read(ctx)
		if err != nil {
			return fmt.Errorf("read from the meeting's socket: %w", err)
		}
		if !concerns(data) {
			continue
		}
		msg, err := protocol.DecodeServer(data)
		if err != nil {
			return err
		}
		switch m := msg.(type) {
		case protocol.Seats:
			c.conn.account.seated(m.Seats)
			err = c.send(ctx, protocol.Seated{Epoch: m.Epoch})
		case protocol.Encodings:
			c.conn.encode(m.Source, m.Layers)
		case protocol.Error:
			err = fmt.Errorf("the server refused a message: %s: %s", m.Code, m.Message)
		case protocol.Bye:
			err = errors.New("the server said bye: " + string(m.Reason))
		}
		if err != nil {
			return err
		}
	}
}

// concerns reports whether a message is one a client of ours acts on. In a
// large room most are roster rows, which would cost much to read.
func concerns(data []byte) bool {
	rest, ok := bytes.CutPrefix(data, []byte(`{"type":"`))
	if !ok {
		return true // in another order; then it has to be read
	}
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	switch string(name) {
	case "roster", "roster_page", "floor", "chat", "recording", "room":
		return false
	}
	return true
}

// look changes the participant's view.
func (c *participant) look(ctx context.Context, tiles []protocol.Tile) error {
	c.conn.account.want(len(tiles))
	return c.send(ctx, protocol.SetView{View: protocol.View{Tiles: tiles}})
}

// leave ends the participation in good order. Sending must have ended, or be
// about to: the publisher stops with it.
func (c *participant) leave(ctx context.Context) {
	c.leaving.Store(true)
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	if c.send(ctx, protocol.Leave{}) == nil {
		select { // for the bye
		case <-c.heard:
		case <-ctx.Done():
		}
	}
	c.end()
}

// end gives back all that the participant holds, and waits for its goroutines.
func (c *participant) end() {
	c.leaving.Store(true)
	if c.socket != nil {
		_ = c.socket.CloseNow() // the other side may be gone
	}
	_ = c.conn.close()
	c.live.Wait()
}
