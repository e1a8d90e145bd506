package signaling

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// tableGap is the least time between two seat tables on one socket. Speakers
// change seats in bursts; a page draws every 16 ms at best.
const tableGap = 20 * time.Millisecond

// A page may have this many messages refused at once, then one per strikeEvery.
const (
	strikeBurst = 10
	strikeEvery = 5 * time.Second
)

// Offers cost milliseconds of SDP work each. A page needs one to join, and few
// later: this many at once, then one per offerEvery.
const (
	offerBurst = 10
	offerEvery = 500 * time.Millisecond
)

// Raised hands and reactions go to everybody: of each this many at once, then
// one per gestureEvery.
const (
	gestureBurst = 10
	gestureEvery = 500 * time.Millisecond
)

// socket is one WebSocket of a page. It may join or resume one session.
type socket struct {
	hub    *Hub
	roomID string
	info   atomic.Pointer[rooms.Room] // as it is now
	from   Visitor
	log    *slog.Logger
	out    *outbox
	cancel context.CancelFunc // ends the socket at once
	alive  atomic.Int64       // when the page was last heard of, in ms since 1970

	// The rest belongs to the reading goroutine.
	conn      *websocket.Conn
	limit     *rate.Limiter
	offers    *rate.Limiter
	hands     *rate.Limiter
	reactions *rate.Limiter
	strikes   *rate.Limiter
	idle      *time.Timer // runs until the socket has joined
	live      *liveRoom   // nil until joined
	session   *session
}

func newSocket(h *Hub, room rooms.Room, from Visitor, cancel context.CancelFunc) *socket {
	perSecond := h.cfg.MessagesPerSecond
	s := &socket{
		hub: h, roomID: room.ID, from: from, log: h.log.With("room", room.ID), out: newOutbox(h.cfg.QueueLen), cancel: cancel,
		limit:     rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond))),
		offers:    rate.NewLimiter(rate.Every(offerEvery), offerBurst),
		hands:     rate.NewLimiter(rate.Every(gestureEvery), gestureBurst),
		reactions: rate.NewLimiter(rate.Every(gestureEvery), gestureBurst),
		strikes:   rate.NewLimiter(rate.Every(strikeEvery), strikeBurst),
	}
	s.info.Store(&room)
	return s
}

// renew tells the socket what its room is now. The hub's mutex is held.
func (s *socket) renew(room rooms.Room) {
	if room.Version >= s.info.Load().Version {
		s.info.Store(&room)
	}
}

// serve runs the socket until it ends and waits for its goroutines.
func (s *socket) serve(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(s.hub.cfg.MessageSize)
	s.conn = conn
	s.heard()
	s.idle = time.AfterFunc(s.hub.cfg.JoinWait, func() { s.finish(byeIdle, false) })
	var wg sync.WaitGroup
	wg.Go(func() { s.write(ctx) })
	wg.Go(func() { keepAlive(ctx, conn, s.hub.cfg.PingEvery, s.hub.cfg.PongWait, s.cancel) })
	if s.from.Revoked != nil {
		wg.Go(func() { s.endWithLogin(ctx) })
	}
	err := s.read(ctx)
	s.idle.Stop()
	if ctx.Err() == nil {
		s.heard() // the page hung up: until now it was there
	}
	if s.live != nil {
		s.live.lost(s.session, s, time.UnixMilli(s.alive.Load()))
	}
	s.log.Debug("socket ended", "err", err)
	s.cancel()
	wg.Wait()
	_ = conn.CloseNow() // it is closed in most cases
}

// endWithLogin sends the socket's participant off when the login it came with
// holds no more.
func (s *socket) endWithLogin(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.from.Revoked:
	}
	s.log.Info("login revoked in a meeting", "user", s.from.User)
	if live := s.hub.lookup(s.roomID); live != nil {
		live.do(func() { live.expelSocket(s, byeRevoked) })
	}
	s.finish(byeRevoked, false)
}

// read handles messages until the socket ends, and returns why it ended.
func (s *socket) read(ctx context.Context) error {
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return err
		}
		s.heard()
		if s.out.finished() {
			continue // the page has not yet heard our bye
		}
		if kind != websocket.MessageText {
			s.refuse(0, refusal{code: protocol.BadMessage, message: "messages are text frames"})
			continue
		}
		s.handle(ctx, data)
	}
}

// heard notes that the page gave a sign of life.
func (s *socket) heard() { s.alive.Store(time.Now().UnixMilli()) }

// write sends what the outbox holds until the farewell is sent or ctx ends.
func (s *socket) write(ctx context.Context) {
	defer s.cancel()
	var tablesAt time.Time // when tables were last written
	gap := time.NewTimer(0)
	defer gap.Stop()
	for {
		p := s.out.take(time.Since(tablesAt) >= tableGap)
		msg := p.message
		switch {
		case p.last != nil:
			s.part(ctx, *p.last)
			return
		case p.table != nil:
			msg, tablesAt = encode(p.table), time.Now()
		case p.floor != nil:
			msg, tablesAt = p.floor, time.Now()
		case p.held:
			gap.Reset(tableGap - time.Since(tablesAt))
		}
		if msg != nil {
			if s.send(ctx, msg) != nil {
				return
			}
			continue
		}
		select {
		case <-s.out.wake:
		case <-gap.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *socket) send(ctx context.Context, msg []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.hub.cfg.WriteWait)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, msg)
}

// part says bye and closes the connection. A reason is at most 125 bytes.
func (s *socket) part(ctx context.Context, f farewell) {
	if s.send(ctx, encode(f.bye())) == nil {
		_ = s.conn.Close(f.code, string(f.reason)) // the page may be gone already
	}
}

// finish ends the socket with a farewell, at the latest after CloseWait. It may
// be called from any goroutine; the first call counts.
func (s *socket) finish(f farewell, drop bool) {
	if s.out.finish(f, drop) {
		time.AfterFunc(s.hub.cfg.CloseWait, s.cancel)
	}
}

// keepAlive pings until ctx ends or no pong comes in time; then it calls cut.
func keepAlive(ctx context.Context, conn *websocket.Conn, every, wait time.Duration, cut func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ping, cancel := context.WithTimeout(ctx, wait)
		err := conn.Ping(ping)
		cancel()
		if err != nil {
			cut()
			return
		}
	}
}

// answer queues a message to this socket alone.
func (s *socket) answer(msg any) {
	if !s.out.push(encode(msg)) {
		s.finish(byeSlow, true)
	}
}

// refuse answers a message with an error. A page that keeps sending what must
// be refused is cut off.
func (s *socket) refuse(id int, why refusal) {
	s.answer(why.answer(id))
	if !s.strikes.Allow() {
		s.log.Warn("socket cut off", "reason", "too many refused messages", "last", string(why.code))
		s.finish(byeViolated, false)
	}
}

// fail answers a message that could not be carried out.
func (s *socket) fail(id int, err error) {
	if why, ok := errors.AsType[refusal](err); ok {
		s.refuse(id, why)
		return
	}
	switch {
	case errors.Is(err, errEnded):
		s.finish(byeEnded, false)
	case errors.Is(err, errOvertaken):
		s.finish(byeReplaced, false)
	case errors.Is(err, errRemoved):
		s.finish(byeRemoved, false)
	case errors.Is(err, errShutdown):
		s.finish(byeShutdown, false)
	case errors.Is(err, errGone), errors.Is(err, context.Canceled): // a farewell is on its way, or the socket is gone
	default:
		s.log.Error("message not carried out", "err", err)
		s.refuse(id, refusal{code: protocol.Internal, message: "Something went wrong on the server."})
	}
}

// encode returns a message of ours as it goes on the wire.
func encode(msg any) []byte {
	data, err := protocol.Marshal(msg)
	if err != nil {
		panic("signaling: " + err.Error()) // our messages always encode
	}
	return data
}
