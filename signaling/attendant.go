package signaling

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// attendantSocket is one attendant's end of the register. While nothing is
// pushed it costs one goroutine, the reader: the writer lives while there is
// something to write, the pinger while it waits for a pong.
type attendantSocket struct {
	Attendant
	cfg    AttendantsConfig
	conn   *websocket.Conn
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // writer and pinger

	mu      sync.Mutex // guards the rest
	queue   [][]byte
	writing bool        // there is a writer
	ended   bool        // nothing more is taken in
	parting bool        // the writer says goodbye when the queue is empty
	timer   *time.Timer // starts the pinger
}

func newAttendantSocket(ctx context.Context, conn *websocket.Conn, who Attendant, cfg AttendantsConfig) *attendantSocket {
	s := &attendantSocket{Attendant: who, cfg: cfg, conn: conn}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// serve reads until the socket ends, waits for its goroutines and returns why
// it ended.
func (s *attendantSocket) serve() error {
	s.mu.Lock()
	// The first ping comes at any time, so that those who came together don't
	// ping together for ever.
	s.timer = time.AfterFunc(rand.N(s.cfg.PingEvery), s.ping) //nolint:gosec // it spreads load and guards nothing
	if s.Revoked != nil {                                     // only who is logged in pays for a goroutine
		s.wg.Go(s.endWithLogin)
	}
	s.mu.Unlock()
	s.conn.SetReadLimit(-1) // what comes is thrown away piece by piece
	for {
		_, frame, err := s.conn.Reader(s.ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, frame)
		}
		if err != nil {
			s.cancel(err)
			break
		}
	}
	s.mu.Lock()
	s.ended = true
	s.timer.Stop()
	s.mu.Unlock()
	s.wg.Wait()
	_ = s.conn.CloseNow() // it is closed in most cases
	return context.Cause(s.ctx)
}

// endWithLogin closes the socket when the login it came with holds no more.
func (s *attendantSocket) endWithLogin() {
	select {
	case <-s.ctx.Done():
		return
	case <-s.Revoked:
	}
	s.mu.Lock()
	s.ended = true // nothing more is pushed to it
	s.mu.Unlock()
	_ = s.conn.Close(websocket.StatusPolicyViolation, "revoked") // the client may be gone already
	s.cancel(errRevoked)
}

// is reports whether all details are true of the attendant.
func (s *attendantSocket) is(details map[string]string) bool {
	for name, value := range details {
		if got, ok := s.Details[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// offer queues a text. A socket whose queue is full is ended.
func (s *attendantSocket) offer(text []byte) Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return Gone
	case len(s.queue) >= s.cfg.QueueLen:
		s.ended = true
		s.cancel(errSlow)
		return QueueFull
	}
	s.queue = append(s.queue, text)
	s.wakeLocked()
	return Delivered
}

// part ends the socket with a goodbye, after what is queued.
func (s *attendantSocket) part() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended, s.parting = true, true
	s.wakeLocked()
}

// wakeLocked sees to it that there is a writer.
func (s *attendantSocket) wakeLocked() {
	if !s.writing {
		s.writing = true
		s.wg.Go(s.write)
	}
}

// write sends what is queued and ends when nothing is.
func (s *attendantSocket) write() {
	for {
		text, ok := s.take()
		if !ok {
			return
		}
		if text == nil {
			_ = s.conn.Close(websocket.StatusServiceRestart, "shutdown") // the client may be gone already
			s.cancel(errClosed)
			return
		}
		if err := s.send(text); err != nil {
			s.cancel(err)
			return // and leaves writing set: there is nothing to write to
		}
	}
}

// take returns the next text, or nil for the goodbye. It reports false when
// there is neither; then the writer is gone.
func (s *attendantSocket) take() (text []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.queue) > 0:
		text, s.queue[0] = s.queue[0], nil
		s.queue = s.queue[1:]
		return text, true
	case s.parting:
		return nil, true
	}
	s.queue, s.writing = nil, false
	return nil, false
}

func (s *attendantSocket) send(text []byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.WriteWait)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// ping finds out whether somebody is there, and has itself called again.
func (s *attendantSocket) ping() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.PongWait)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		s.cancel(errSilent)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.timer.Reset(s.cfg.PingEvery)
	}
}
